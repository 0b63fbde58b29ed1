#include "sim/world.h"

#include <algorithm>

#include "base/check.h"
#include "crypto/hash.h"
#include "wire/packet.h"

namespace detente::sim {

namespace {

constexpr std::uint32_t kStartOfTime = 1770000000;  // what honest clocks show at virtual time 0
constexpr Duration kHealing = std::chrono::minutes(10);
constexpr std::size_t kLines = 3;
constexpr std::uint32_t kWokenMost = 100'000;
constexpr std::int64_t kSameMoment = 20;  // microseconds: to be woken so soon again and again leads nowhere
constexpr std::uint64_t kDocumentEvery = 10;  // bursts of messages: one in twenty messages
constexpr std::size_t kViolationsMax = 20;
constexpr std::size_t kRecordedMax = 64;
constexpr Duration kQueueMax = std::chrono::seconds(5);  // of a slow path, in time

}  // namespace

World::World(Options options)
    : options_(std::move(options)), random_(options_.seed), pair_(options_.seed, options_.pair) {
  for (std::size_t i = 0; i < 2; ++i)
    nodes_.push_back(std::make_unique<Node>(i, options_.seed * 1000 + i * 10, pair_, *this));
  for (std::size_t i = 0; i < 2; ++i) nodes_[i]->set_other(*nodes_[1 - i]);
  const Faults& faults = options_.faults;
  // A generation of keys that is two behind is gone: where keys change with every few packets, so are late packets.
  check_opening_ = options_.pair.policy.rekey_packets > 1000 && faults.delay_max < std::chrono::seconds(5);
  for (std::size_t path = 1; path <= options_.pair.paths; ++path) {
    const bool slow = faults.slow_paths && random_.below(3) == 0;
    const std::uint64_t rate = slow ? 9600u << random_.below(8) : 0;
    const auto loss = static_cast<std::uint32_t>(random_.below(faults.loss_per_mille * 2 + 1));
    const Duration delay = draw_delay(faults.delay_min, faults.delay_max);
    for (std::size_t node = 0; node < 2; ++node)
      wires_[{node, PathId{static_cast<std::uint8_t>(path)}}] = {
          options_.pair.paths == 1 ? faults.loss_per_mille : loss, faults.delay_min, delay, rate, 0, 0};
  }
}

World::~World() = default;

// --- time and chance -------------------------------------------------------------

void World::schedule(Duration after, std::function<void()> run) {
  queue_.push({time_ + after.count(), sequence_++, std::move(run)});
}

void World::schedule_for_life(std::size_t index, Duration after, std::function<void(Node&)> run) {
  schedule(after, [this, index, life = nodes_[index]->life, run = std::move(run)] {
    Node& node = *nodes_[index];
    if (!node.station || node.life != life) return;
    run(node);
    carry_out(index);
  });
}

void World::plan(Duration mean, std::function<void()> what) {
  if (mean.count() == 0) return;
  schedule(draw_interval(mean), [this, mean, what] {
    if (healed_) return;
    what();
    plan(mean, what);
  });
}

void World::trace(std::string_view what, std::size_t node, ByteView bytes) {
  Bytes stamp;
  append_be(stamp, static_cast<std::uint64_t>(time_), 8);
  append_be(stamp, node, 1);
  digest_ = crypto::sha256({ByteView(digest_), as_bytes(what), ByteView(stamp), bytes});
  ++report_.events;
}

void World::violation(std::string what) {
  if (report_.violations.size() < kViolationsMax)
    report_.violations.push_back("at " + std::to_string(time_ / 1000000) + " s: " + std::move(what));
}

Duration World::draw_delay(Duration least, Duration most) {
  return least + Duration(static_cast<std::int64_t>(
                     random_.below(static_cast<std::uint64_t>((most - least).count()) + 1)));
}

Duration World::draw_interval(Duration mean) { return draw_delay(mean / 4, mean * 2 - mean / 4); }

Now World::now(const Node& node) const {
  const std::int64_t wall = kStartOfTime + time_ / 1000000 + node.clock_offset;
  return {Instant{time_ - node.started_at},
          WallTime{static_cast<std::uint32_t>(std::clamp<std::int64_t>(wall, 0, UINT32_MAX))}};
}

// --- one station -------------------------------------------------------------------

void World::start(std::size_t index) {
  Node& node = *nodes_[index];
  if (node.station) return;
  if (const Result<void> sound = node.store.check(); !sound) {
    // What a person does whose station refuses to start: the newest backup.
    restore(index, 0);
  }
  node.began();
  node.read_inbox(kLines);
  node.station = std::make_unique<core::Station>(node.keys, node.jitter, node.store);
  node.station->set_audit(&node);
  node.station->add_peer(pair_.setup(index));
  const Result<void> started = node.station->start(now(node));
  trace("start", index);
  if (!started) {  // a full disk gives no claim; it is tried again
    if (node.disk_full_until <= time_) violation("a station does not start: " + started.error().message);
    node.ended();
    return schedule(std::chrono::minutes(1), [this, index] { start(index); });
  }
  carry_out(index);
}

void World::crash(std::size_t index, Duration least_down) {
  Node& node = *nodes_[index];
  if (!node.station) return;
  // What was under way is lost, or durable without anybody having been told so.
  const std::uint64_t durable = random_.below(node.pending.size() + 1);
  for (std::uint64_t i = 0; i < durable; ++i) static_cast<void>(node.commit(node.pending[i]));
  node.pending.clear();
  node.ended();
  ++report_.crashes;
  trace("crash", index);
  node.check_acknowledged();
  schedule(draw_delay(least_down, least_down + std::chrono::minutes(5)), [this, index] { start(index); });
}

void World::carry_out(std::size_t index) {
  Node& node = *nodes_[index];
  const bool dark = in_the_dark(node);
  const bool silent = std::exchange(node.dark, dark) && dark;  // what left in the step that began it was before it
  for (core::Effect& effect : node.station->take_effects()) {
    if (auto* datagram = std::get_if<core::SendDatagram>(&effect)) {
      if (silent) violation(std::string(Pair::name(index)) + " sends in the dark");
      send(index, *datagram);
    }
    if (auto* commit = std::get_if<core::Persist>(&effect)) persist(index, std::move(*commit));
    auto* notify = std::get_if<core::Notify>(&effect);
    if (notify == nullptr) continue;
    node.on_event(notify->event);
    if (const auto* stored = std::get_if<core::DocumentStored>(&notify->event)) name_later(index, *stored);
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
  schedule_for_life(index, Duration(at - time_), [this, index](Node& then) {
    if (then.armed_for <= time_) then.armed_for = INT64_MAX;
    const auto due = then.station->next_deadline();
    if (!due || then.started_at + due->micros > time_) return;
    then.woken = time_ - std::exchange(then.woken_at, time_) <= kSameMoment ? then.woken + 1 : 0;
    if (then.woken < kWokenMost) return then.station->on_deadline(now(then));
    violation(std::string(Pair::name(index)) + " asks to be woken at a moment that has come, without end");
    options_.stop_at_first_violation = true;  // nothing else would ever happen
  });
}

void World::persist(std::size_t index, core::Persist commit) {
  Node& node = *nodes_[index];
  const Duration takes = draw_delay(std::chrono::milliseconds(1), options_.faults.disk_max);
  node.disk_free_at = std::max(node.disk_free_at, time_) + takes.count();
  node.pending.push_back(std::move(commit));
  schedule_for_life(index, Duration(node.disk_free_at - time_), [this, index, asked = time_](Node& then) {
    const core::Persist first = std::move(then.pending.front());
    then.pending.pop_front();
    const Result<void> done = then.commit(first);
    trace(done ? "durable" : "refused", index);
    if (done) return then.station->on_persisted(now(then), first.token);
    // A full disk takes nothing, and what was asked for on top of that falls with it.
    const bool full = done.error().fault == Fault::kIo && then.disk_full_until != 0;
    if (full) then.refused_at = time_;
    if (!full && asked > then.refused_at)
      violation("the disk refused a commit: " + done.error().message);
    ++report_.refused;
    then.station->on_persist_failed(now(then), first.token, done.error());
  });
}

// --- the network ---------------------------------------------------------------------

void World::send(std::size_t index, const core::SendDatagram& datagram, bool by_zombie) {
  const Faults& faults = options_.faults;
  Node& node = *nodes_[index];
  ++report_.sent;
  trace("send", index, datagram.datagram);
  node.on_send(datagram.datagram);
  Wire& wire = wires_.at({index, datagram.path});
  const std::uint64_t loss = random_.below(1000);
  const std::uint64_t duplicate = random_.below(1000);
  const std::uint64_t flip = random_.below(1000);
  const std::uint64_t keep = random_.below(16);
  const auto flight = std::make_shared<Flight>();
  flight->socket = core::SocketId{static_cast<std::uint16_t>(datagram.path.value - 1)};
  flight->datagram = datagram.datagram;
  const bool call = !wire::parse_packet(datagram.datagram);
  if (!call && !by_zombie) flight->sealed = node.next_sealed();
  if (keep == 0 || call) {
    auto& kept = recorded_[1 - index];
    if (kept.size() >= kRecordedMax) {
      const std::uint64_t which = random_.below(kept.size());
      kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(which));
    }
    kept.push_back(flight);
  }
  if (!healed_ && (loss < wire.loss_per_mille || wire.cut_until > time_)) {
    ++report_.dropped;
    return;
  }
  std::int64_t leaves = time_;
  if (wire.rate_bps > 0) {
    leaves = std::max(wire.free_at, time_) +
             static_cast<std::int64_t>(datagram.datagram.size() * 8 * 1000000 / wire.rate_bps);
    if (leaves - time_ > kQueueMax.count()) {
      ++report_.dropped;
      return;
    }
    wire.free_at = leaves;
  }
  const int copies = !healed_ && duplicate < faults.duplicate_per_mille ? 2 : 1;
  for (int copy = 0; copy < copies; ++copy) {
    const Duration delay = Duration(leaves - time_) + draw_delay(wire.delay_min, wire.delay_max);
    if (!healed_ && copy == 0 && flip < faults.flip_per_mille) {
      auto damaged = std::make_shared<Flight>(*flight);
      const std::uint64_t at = random_.below(damaged->datagram.size());
      const std::uint64_t bit = random_.below(8);
      damaged->datagram[at] ^= static_cast<std::uint8_t>(1u << bit);
      damaged->sealed.reset();
      schedule(delay, [this, other = 1 - index, damaged] { arrive(other, *damaged); });
      continue;
    }
    schedule(delay, [this, other = 1 - index, flight] { arrive(other, *flight); });
  }
}

// A whole packet of a session that both have must open, once, unless so many overtook it that its short
// counter is read as another (spec/packet.md section 2).
bool World::must_open(const Node& receiver, const Flight& flight) const {
  const auto packet = wire::parse_packet(flight.datagram);
  if (!check_opening_ || !flight.sealed || flight.taken || !packet) return false;
  if (!receiver.station->peer(PeerId{0}).has_session(packet->header.session)) return false;
  const auto distance = receiver.distance(*flight.sealed);
  const std::uint64_t readable = std::uint64_t{1} << (8 * packet->header.counter_bytes - 1);
  return distance && *distance + 1 < std::min<std::uint64_t>(readable, 1024);
}

void World::arrive(std::size_t to, Flight& flight) {
  Node& receiver = *nodes_[to];
  if (!receiver.station) return;
  trace("receive", to, flight.datagram);
  const bool must = must_open(receiver, flight);
  const auto heard = receiver.station->on_datagram(now(receiver), flight.socket, flight.datagram);
  if (heard) {
    flight.taken = true;
  } else if (must) {
    const auto packet = wire::parse_packet(flight.datagram);
    violation("packet " + std::to_string(flight.sealed->counter) + " on path " +
              std::to_string(flight.sealed->path.value) + " to " + Pair::name(to) +
              " was not opened, although both have its session; key phase " +
              std::to_string(packet->header.key_phase) + ", " +
              std::to_string(receiver.distance(*flight.sealed).value_or(0)) + " from the newest");
  }
  carry_out(to);
}

void World::replay() {
  const std::size_t to = random_.below(2);
  if (recorded_[to].empty()) return;
  Flight& old = *recorded_[to][random_.below(recorded_[to].size())];
  old.sealed.reset();  // perhaps too old to be opened, and never to be taken twice
  arrive(to, old);
}

// --- people ----------------------------------------------------------------------------

void World::write_message(std::size_t index) {
  Node& node = *nodes_[index];
  const std::uint64_t burst = 1 + (random_.below(10) == 0 ? random_.below(20) : 0);
  for (std::uint64_t i = 0; i < burst && node.station; ++i) {
    const LineId line{static_cast<std::uint16_t>(1 + random_.below(2))};
    const auto precedence = static_cast<record::Precedence>(random_.below(4));
    record::Entry entry;
    entry.header.line = line;
    entry.header.precedence = precedence;
    submit(index, std::move(entry));
  }
  if (random_.below(kDocumentEvery) == 0) write_document(index);
}

bool World::submit(std::size_t index, record::Entry entry) {
  Node& node = *nodes_[index];
  const LineId line = entry.header.line;
  const record::Precedence precedence = entry.header.precedence;
  entry.header.time = now(node).wall;
  const std::uint64_t number = node.written++;
  entry.body = to_bytes(as_bytes(text_of(index, number)));
  if (!entry.header.attachments.empty()) node.documents.named(entry.header.attachments.front().digest, number);
  const auto id = node.station->submit(now(node), PeerId{0}, line, std::move(entry));
  if (id) node.wrote(line, *id, number, precedence);
  trace("write", index);
  carry_out(index);
  return id.has_value();
}

// --- the run -----------------------------------------------------------------------------

void World::run_until(std::int64_t micros) {
  while (!queue_.empty() && queue_.top().at <= micros) {
    if (options_.stop_at_first_violation && !report_.violations.empty()) return;
    Event event = queue_.top();
    queue_.pop();
    time_ = event.at;
    event.run();
  }
  time_ = micros;
}

void World::check_end() {
  for (auto& node : nodes_) {
    if (!node->station) return violation("a station is down after all was healed");
    node->check_converged(kLines);
    node->check_registers(kLines);
  }
}

Report World::run() {
  for (std::size_t index = 0; index < 2; ++index) {
    nodes_[index]->keep_snapshot();
    start(index);
  }
  plan_faults();
  run_until(options_.duration.count());
  healed_ = true;
  for (auto& node : nodes_) {
    node->store.set_full(false);
    node->disk_full_until = 0;
  }
  for (auto& [key, wire] : wires_) wire.rate_bps = 0;
  for (std::size_t index = 0; index < 2; ++index) start(index);
  open_all_lines();
  // Where every packet overtakes others by up to twenty seconds, reordering looks like loss all the time, the window
  // stays at a few packets a round trip, and a document takes an hour.
  const bool far = options_.faults.delay_max > std::chrono::seconds(5);
  run_until(time_ + (kHealing * (far ? 72 : 1)).count());
  if (!options_.stop_at_first_violation || report_.violations.empty()) check_end();
  for (const auto& node : nodes_) {
    report_.submitted += node->submitted;
    report_.delivered += node->delivered_count;
    report_.receipted += node->receipted;
    report_.documents_sent += node->documents.named_count;
    report_.documents_arrived += node->documents.arrived_count;
    report_.documents_confirmed += node->documents.confirmed_count;
    report_.documents_lost += node->documents.lost();
  }
  report_.trace = to_hex(digest_);
  return report_;
}

}  // namespace detente::sim
