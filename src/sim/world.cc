#include "sim/world.h"

#include <algorithm>
#include <deque>

#include "base/check.h"
#include "crypto/hash.h"

namespace detente::sim {

namespace {

constexpr std::uint32_t kStartOfTime = 1770000000;  // what honest clocks show at virtual time 0
constexpr Duration kHealing = std::chrono::minutes(10);

// A message's text names its writer and number, so that the checkers know it again.
std::string text_of(std::size_t node, std::uint64_t number) {
  return "message " + std::to_string(number) + " of " + Pair::name(node) +
         ": vessels keep to the agreed corridor, nothing further.";
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  for (std::size_t i = std::string_view("message ").size(); i < text.size() && text[i] != ' '; ++i)
    number = number * 10 + static_cast<std::uint64_t>(text[i] - '0');
  return number;
}

}  // namespace

struct World::Node {
  explicit Node(std::uint64_t seed) : keys(seed), jitter(seed + 1) {}
  SeededRandom keys;
  SeededRandom jitter;
  MemoryStore store;
  std::unique_ptr<core::Station> station;
  std::uint64_t life = 0;     // counts starts; events of an earlier life are void
  std::int64_t started_at = 0;
  std::int64_t clock_offset = 0;  // seconds that its clock is wrong by
  std::int64_t disk_free_at = 0;
  std::deque<core::Persist> pending;  // issued, not yet completed
  std::int64_t armed_for = INT64_MAX;
  std::int64_t cut_off_until = 0;  // nothing that it sends arrives before
  std::uint64_t written = 0;
  std::map<std::pair<LineId, core::SubmissionId>, std::uint64_t> submissions;  // number by id, this life
  std::set<std::uint64_t> taken;      // numbers that are durable here
  std::set<std::uint64_t> delivered;  // numbers of the other side that arrived here
  std::set<std::tuple<LineId, record::EpochId, std::uint64_t>> arrived;
  std::map<std::pair<LineId, record::Precedence>, std::uint64_t> newest_arrived;
  // What the other side's verified receipts cover, by line: it must be on that side's disk for ever.
  std::map<LineId, std::pair<record::EpochId, std::uint64_t>> acknowledged;
  // Every checkpoint that was durable here, by origin and size: two that differ are a lie.
  std::map<std::pair<record::LogKey, std::uint64_t>, Digest> checkpoints;
};

World::World(Options options)
    : options_(std::move(options)), random_(options_.seed), pair_(options_.seed, options_.pair) {
  for (std::size_t i = 0; i < 2; ++i)
    nodes_.push_back(std::make_unique<Node>(options_.seed * 1000 + i * 10));
}

World::~World() = default;

void World::schedule(Duration after, std::function<void()> run) {
  queue_.push({time_ + after.count(), sequence_++, std::move(run)});
}

void World::trace(std::string_view what, std::size_t node, ByteView bytes) {
  Bytes stamp;
  append_be(stamp, static_cast<std::uint64_t>(time_), 8);
  append_be(stamp, node, 1);
  digest_ = crypto::sha256({ByteView(digest_), as_bytes(what), ByteView(stamp), bytes});
  ++report_.events;
}

void World::violation(std::string what) {
  if (report_.violations.size() < 20)
    report_.violations.push_back("at " + std::to_string(time_ / 1000000) + " s: " + std::move(what));
}

Duration World::draw_delay(Duration least, Duration most) {
  return least + Duration(static_cast<std::int64_t>(
                     random_.below(static_cast<std::uint64_t>((most - least).count()) + 1)));
}

Duration World::draw_interval(Duration mean) {
  return draw_delay(mean / 4, mean * 2 - mean / 4);
}

Now World::now(const Node& node) const {
  const std::int64_t wall = kStartOfTime + time_ / 1000000 + node.clock_offset;
  return {Instant{time_ - node.started_at},
          WallTime{static_cast<std::uint32_t>(std::clamp<std::int64_t>(wall, 0, UINT32_MAX))}};
}

// --- one station ------------------------------------------------------------

void World::start(std::size_t index) {
  Node& node = *nodes_[index];
  ++node.life;
  node.started_at = time_;
  node.armed_for = INT64_MAX;
  node.station = std::make_unique<core::Station>(node.keys, node.jitter, node.store);
  node.station->add_peer(pair_.setup(index));
  const Result<void> started = node.station->start(now(node));
  if (!started) violation("a station does not start: " + started.error().message);
  trace("start", index);
  carry_out(index);
}

void World::crash(std::size_t index) {
  Node& node = *nodes_[index];
  if (!node.station) return;
  node.station.reset();
  node.submissions.clear();
  // What was under way is lost, or durable without anybody having been told so.
  const std::uint64_t durable = random_.below(node.pending.size() + 1);
  for (std::uint64_t i = 0; i < durable; ++i)
    static_cast<void>(complete(index, node.pending[i]));
  node.pending.clear();
  node.disk_free_at = time_;
  ++node.life;
  ++report_.crashes;
  trace("crash", index);
  check_acknowledged(index);
  schedule(draw_delay(std::chrono::seconds(1), std::chrono::minutes(5)), [this, index] {
    if (!nodes_[index]->station) start(index);
  });
}

void World::carry_out(std::size_t index) {
  Node& node = *nodes_[index];
  for (core::Effect& effect : node.station->take_effects()) {
    if (auto* datagram = std::get_if<core::SendDatagram>(&effect)) send(index, *datagram);
    if (auto* commit = std::get_if<core::Persist>(&effect)) persist(index, std::move(*commit));
    if (auto* notify = std::get_if<core::Notify>(&effect)) on_event(index, notify->event);
  }
  arm(index);
}

void World::arm(std::size_t index) {
  Node& node = *nodes_[index];
  const auto deadline = node.station->next_deadline();
  if (!deadline) return;
  const std::int64_t at = std::max(time_, node.started_at + deadline->micros);
  if (at >= node.armed_for && node.armed_for > time_) return;
  node.armed_for = at;
  schedule(Duration(at - time_), [this, index, life = node.life] {
    Node& then = *nodes_[index];
    if (!then.station || then.life != life) return;
    if (then.armed_for <= time_) then.armed_for = INT64_MAX;
    const auto due = then.station->next_deadline();
    if (due && then.started_at + due->micros <= time_) then.station->on_deadline(now(then));
    carry_out(index);
  });
}

void World::send(std::size_t index, const core::SendDatagram& datagram) {
  const Faults& faults = options_.faults;
  ++report_.sent;
  trace("send", index, datagram.datagram);
  const bool lossy = !healed_;
  const std::uint64_t loss = random_.below(1000);
  const std::uint64_t duplicate = random_.below(1000);
  const std::uint64_t flip = random_.below(1000);
  if (lossy && (loss < faults.loss_per_mille || nodes_[index]->cut_off_until > time_)) {
    ++report_.dropped;
    return;
  }
  Bytes bytes = datagram.datagram;
  if (lossy && flip < faults.flip_per_mille) {
    const std::uint64_t at = random_.below(bytes.size());
    const std::uint64_t bit = random_.below(8);
    bytes[at] ^= static_cast<std::uint8_t>(1u << bit);
  }
  const int copies = lossy && duplicate < faults.duplicate_per_mille ? 2 : 1;
  for (int copy = 0; copy < copies; ++copy) {
    const Duration delay = draw_delay(faults.delay_min, faults.delay_max);
    const core::SocketId socket{static_cast<std::uint16_t>(datagram.path.value - 1)};
    schedule(delay, [this, other = 1 - index, socket, bytes] {
      Node& receiver = *nodes_[other];
      if (!receiver.station) return;
      trace("receive", other, bytes);
      receiver.station->on_datagram(now(receiver), socket, bytes);
      carry_out(other);
    });
  }
}

void World::persist(std::size_t index, core::Persist commit) {
  Node& node = *nodes_[index];
  const Duration takes = draw_delay(std::chrono::milliseconds(1), options_.faults.disk_max);
  node.disk_free_at = std::max(node.disk_free_at, time_) + takes.count();
  node.pending.push_back(std::move(commit));
  schedule(Duration(node.disk_free_at - time_), [this, index, life = node.life] {
    Node& then = *nodes_[index];
    if (!then.station || then.life != life) return;
    const core::Persist commit = std::move(then.pending.front());
    then.pending.pop_front();
    const Result<void> done = complete(index, commit);
    if (done) {
      then.station->on_persisted(now(then), commit.token);
    } else {
      violation("the disk refused a commit: " + done.error().message);
      then.station->on_persist_failed(now(then), commit.token, done.error());
    }
    carry_out(index);
  });
}

Result<void> World::complete(std::size_t index, const core::Persist& commit) {
  Node& node = *nodes_[index];
  const Result<void> done = node.store.commit(commit.batches);
  trace(done ? "durable" : "refused", index);
  if (!done) return done;
  for (const record::Batch& batch : commit.batches)
    for (const record::Write& write : batch.writes)
      if (const auto* put = std::get_if<record::PutCheckpoint>(&write)) {
        const auto [held, fresh] = node.checkpoints.emplace(
            std::pair(put->log, put->checkpoint.size), put->checkpoint.root);
        if (!fresh && held->second != put->checkpoint.root)
          violation("two checkpoints of one size that differ");
      }
  return done;
}

// --- people -------------------------------------------------------------------

void World::plan_messages(std::size_t index) {
  schedule(draw_interval(options_.message_every), [this, index] {
    if (healed_) return;
    write_message(index);
    plan_messages(index);
  });
}

void World::write_message(std::size_t index) {
  Node& node = *nodes_[index];
  const std::uint64_t burst = 1 + (random_.below(10) == 0 ? random_.below(20) : 0);
  for (std::uint64_t i = 0; i < burst && node.station; ++i) {
    record::Entry entry;
    entry.header.line = LineId{static_cast<std::uint16_t>(1 + random_.below(2))};
    entry.header.precedence = static_cast<record::Precedence>(random_.below(4));
    entry.header.time = now(node).wall;
    const std::uint64_t number = node.written++;
    entry.body = to_bytes(as_bytes(text_of(index, number)));
    const LineId line = entry.header.line;
    const auto id = node.station->submit(now(node), PeerId{0}, line, std::move(entry));
    if (id) node.submissions[{line, *id}] = number;
    trace("write", index);
    carry_out(index);
  }
}

void World::on_event(std::size_t index, const core::DeskEvent& event) {
  Node& node = *nodes_[index];
  Node& other = *nodes_[1 - index];
  const auto take = [&](LineId line, core::SubmissionId id) {
    const auto it = node.submissions.find({line, id});
    if (it != node.submissions.end() && node.taken.insert(it->second).second) ++report_.submitted;
  };
  if (const auto* placed = std::get_if<core::EntryPlaced>(&event)) take(placed->line, placed->submission);
  if (const auto* queued = std::get_if<core::EntryQueued>(&event)) take(queued->line, queued->submission);
  if (const auto* receipt = std::get_if<core::ReceiptVerified>(&event)) {
    node.acknowledged[receipt->line] = {receipt->epoch, receipt->size};
    ++report_.receipted;
    check_acknowledged(1 - index);
  }
  if (const auto* alarm = std::get_if<core::Alarm>(&event))
    if (alarm->kind == core::AlarmKind::kEquivocation || alarm->kind == core::AlarmKind::kWeForgot ||
        alarm->kind == core::AlarmKind::kPeerForgot || alarm->kind == core::AlarmKind::kInnerSeal)
      violation("an alarm between two honest stations: " + alarm->text);
  if (const auto* arrived = std::get_if<core::EntryArrived>(&event)) {
    if (!node.arrived.insert({arrived->line, arrived->epoch, arrived->index}).second)
      violation("one entry was shown twice");
    const record::LogKey log{{pair_.lineage(), arrived->line}, false,
                             std::string(Pair::name(1 - index)) + "/main", arrived->epoch};
    auto stored = node.store.entries(log, arrived->index, arrived->index + 1, 1);
    if (stored.empty())
      for (record::StoredEntry& early : node.store.early_entries(log))
        if (early.index == arrived->index) stored.push_back(early);
    if (stored.empty()) return violation("what was shown is not on disk");
    const Result<record::Entry> entry = record::decode_entry(stored.front().bytes);
    const std::string text = entry ? as_string(entry->body) : std::string();
    const std::uint64_t number = number_of(text);
    if (number < other.written && text == text_of(1 - index, number)) {
      if (!node.delivered.insert(number).second) violation("one message was delivered twice");
      ++report_.delivered;
      const auto key = std::pair(arrived->line, entry->header.precedence);
      const auto newest = node.newest_arrived.find(key);
      if (newest != node.newest_arrived.end() && number < newest->second)
        violation("out of order within a precedence");
      node.newest_arrived[key] = number;
      return;
    }
    violation("a text arrived that nobody wrote");
  }
}

// --- faults -------------------------------------------------------------------

void World::plan_crash(std::size_t index) {
  if (options_.faults.crash_every.count() == 0) return;
  schedule(draw_interval(options_.faults.crash_every), [this, index] {
    if (healed_) return;
    crash(index);
    plan_crash(index);
  });
}

void World::plan_partition() {
  if (options_.faults.partition_every.count() == 0) return;
  schedule(draw_interval(options_.faults.partition_every), [this] {
    if (healed_) return;
    Node& node = *nodes_[random_.below(2)];
    node.cut_off_until = time_ + draw_delay(std::chrono::seconds(5), std::chrono::minutes(10)).count();
    plan_partition();
  });
}

void World::plan_clock_step(std::size_t index) {
  if (options_.faults.clock_step_every.count() == 0) return;
  schedule(draw_interval(options_.faults.clock_step_every), [this, index] {
    if (healed_) return;
    const auto step = static_cast<std::int64_t>(random_.below(2 * 86400));
    nodes_[index]->clock_offset = step - 86400;
    plan_clock_step(index);
  });
}

// --- checks -------------------------------------------------------------------

// What the other side was told that this disk holds must be on this disk.
void World::check_acknowledged(std::size_t index) {
  const Node& holder = *nodes_[index];
  for (const auto& [line, acknowledged] : nodes_[1 - index]->acknowledged) {
    std::uint64_t held = 0;
    for (const record::Reader::LogInfo& info : holder.store.logs({pair_.lineage(), line}))
      if (!info.log.own && info.log.epoch == acknowledged.first) held = info.size;
    if (held < acknowledged.second)
      violation("acknowledged " + std::to_string(acknowledged.second) + " entries, the disk has " +
                std::to_string(held));
  }
}

void World::check_end() {
  for (std::size_t index = 0; index < 2; ++index) {
    const Node& writer = *nodes_[index];
    const Node& reader = *nodes_[1 - index];
    check_acknowledged(index);
    for (std::uint64_t number : writer.taken)
      if (reader.delivered.count(number) == 0)
        violation("message " + std::to_string(number) + " of " + Pair::name(index) +
                  " was taken and never arrived");
    for (const auto& [id, line] : writer.station->peer(PeerId{0}).lines())
      if (line->queued() != 0 || !line->own().unreceipted().empty())
        violation(std::string(Pair::name(index)) + " still waits on line " + line->setup().name);
    for (const record::Reader::LogInfo& info : writer.store.logs({pair_.lineage(), LineId{1}})) {
      if (!info.log.own) continue;
      record::LogKey theirs = info.log;
      theirs.own = false;
      const auto mine = record::root_at(*writer.store.tiles(info.log), info.size);
      const auto held = record::root_at(*reader.store.tiles(theirs), info.size);
      if (mine != held) violation("the two records do not agree");
    }
  }
}

void World::run_until(std::int64_t micros) {
  while (!queue_.empty() && queue_.top().at <= micros) {
    Event event = queue_.top();
    queue_.pop();
    time_ = event.at;
    event.run();
  }
  time_ = micros;
}

Report World::run() {
  for (std::size_t index = 0; index < 2; ++index) {
    start(index);
    plan_messages(index);
    plan_crash(index);
    plan_clock_step(index);
  }
  plan_partition();
  run_until(options_.duration.count());
  healed_ = true;
  for (std::size_t index = 0; index < 2; ++index)
    if (!nodes_[index]->station) start(index);
  run_until(time_ + kHealing.count());
  check_end();
  report_.trace = to_hex(digest_);
  return report_;
}

}  // namespace detente::sim
