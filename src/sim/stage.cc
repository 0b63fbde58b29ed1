#include "sim/stage.h"

#include <algorithm>

#include "base/check.h"
#include "crypto/hash.h"
#include "sim/moments.h"
#include "wire/packet.h"

namespace detente::sim {

namespace {

constexpr OfficerId kOfficer{1};
constexpr std::size_t kLinesOfItself = 3;           // that a pair has where none are asked for
constexpr std::size_t kViolationsMax = 20;
constexpr std::size_t kRecordedMax = 64;
constexpr Duration kQueueMax = std::chrono::seconds(5);  // of a slow path, in time

}  // namespace

Stage::Stage(std::uint64_t seed, const PairOptions& pair, const NetworkFaults& network)
    : random_(seed), pair_(seed, pair), lines_(pair.lines.empty() ? kLinesOfItself : pair.lines.size()), network_(network) {
  for (std::size_t i = 0; i < 2; ++i)
    nodes_.push_back(std::make_unique<Node>(i, seed * 1000 + i * 10, pair_, *this));
  for (std::size_t i = 0; i < 2; ++i) nodes_[i]->set_other(*nodes_[1 - i]);
  // A generation of keys that is two behind is gone: where keys change with every few packets, so are late packets.
  check_opening_ = pair.policy.rekey_packets > 1000 && network.delay_max < std::chrono::seconds(5);
  for (std::size_t path = 1; path <= pair.paths; ++path) {
    const bool slow = network.slow_paths && random_.below(3) == 0;
    const std::uint64_t rate = slow ? 9600u << random_.below(8) : 0;
    const auto loss = static_cast<std::uint32_t>(random_.below(network.loss_per_mille * 2 + 1));
    const Duration delay = draw_delay(network.delay_min, network.delay_max);
    for (std::size_t node = 0; node < 2; ++node)
      wires_[{node, PathId{static_cast<std::uint8_t>(path)}}] = {
          pair.paths == 1 ? network.loss_per_mille : loss, network.delay_min, delay, rate, 0, 0};
  }
}

Stage::~Stage() = default;

// --- time and chance -------------------------------------------------------------

void Stage::schedule(Duration after, std::function<void()> run) {
  queue_.push({time_ + after.count(), sequence_++, std::move(run)});
}

void Stage::schedule_for_life(std::size_t index, Duration after, std::function<void(Node&)> run) {
  schedule(after, [this, index, life = nodes_[index]->life, run = std::move(run)] {
    Node& node = *nodes_[index];
    if (!node.station || node.life != life) return;
    run(node);
    carry_out(index);
  });
}

void Stage::plan(Duration mean, std::function<void()> what) {
  if (mean.count() == 0) return;
  schedule(draw_interval(mean), [this, mean, what] {
    if (healed_) return;
    what();
    plan(mean, what);
  });
}

void Stage::trace(std::string_view what, std::size_t node, ByteView bytes) {
  Bytes stamp;
  append_be(stamp, static_cast<std::uint64_t>(time_), 8);
  append_be(stamp, node, 1);
  digest_ = crypto::sha256({ByteView(digest_), as_bytes(what), ByteView(stamp), bytes});
  ++report_.events;
}

void Stage::violation(std::string what) {
  if (report_.violations.size() < kViolationsMax)
    report_.violations.push_back("at " + std::to_string(time_ / 1000000) + " s: " + std::move(what));
}

Duration Stage::draw_delay(Duration least, Duration most) {
  return least + Duration(static_cast<std::int64_t>(
                     random_.below(static_cast<std::uint64_t>((most - least).count()) + 1)));
}

Duration Stage::draw_interval(Duration mean) { return draw_delay(mean / 4, mean * 2 - mean / 4); }

Now Stage::now(const Node& node) const {
  const std::int64_t wall = kStartOfTime + time_ / 1000000 + node.clock_offset;
  return {Instant{time_ - node.started_at},
          WallTime{static_cast<std::uint32_t>(std::clamp<std::int64_t>(wall, 0, UINT32_MAX))}};
}

// --- one station -------------------------------------------------------------------

void Stage::start(std::size_t index) {
  Node& node = *nodes_[index];
  if (node.station) return;
  if (const Result<void> sound = node.store.check(); !sound) {
    repair(index);
  }
  node.began();
  node.read_inbox(lines_);
  node.read_receipts(lines_);
  node.station = std::make_unique<core::Station>(node.keys, node.jitter, node.store);
  node.station->set_audit(&node);
  node.station->add_peer(setup(index));
  const Result<void> started = node.station->start(now(node));
  trace("start", index);
  if (!started) {  // a full disk gives no claim; it is tried again
    if (node.disk_full_until <= time_) violation("a station does not start: " + started.error().message);
    node.ended();
    return schedule(std::chrono::minutes(1), [this, index] { start(index); });
  }
  carry_out(index);
}

void Stage::crash(std::size_t index, Duration least_down) {
  Node& node = *nodes_[index];
  if (!node.station) return;
  // What was under way is lost, or durable without anybody having been told so.
  const std::uint64_t durable = random_.below(node.pending.size() + 1);
  if (node.store.damaged()) least_down = std::max(least_down, kRestoring);
  for (std::uint64_t i = 0; i < durable; ++i) static_cast<void>(node.commit(node.pending[i]));
  node.pending.clear();
  node.ended();
  ++report_.crashes;
  trace("crash", index);
  node.check_acknowledged();
  schedule(draw_delay(least_down, least_down + std::chrono::minutes(5)), [this, index] { start(index); });
}

void Stage::carry_out(std::size_t index) {
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
    told(index, notify->event);
  }
  arm(index);
}

void Stage::arm(std::size_t index) {
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
    stop_at_first_violation_ = true;  // nothing else would ever happen
  });
}

void Stage::persist(std::size_t index, core::Persist commit) {
  Node& node = *nodes_[index];
  const Duration takes = draw_delay(std::chrono::milliseconds(1), network_.disk_max);
  node.disk_free_at = std::max(node.disk_free_at, time_) + takes.count();
  node.pending.push_back(std::move(commit));
  schedule_for_life(index, Duration(node.disk_free_at - time_), [this, index, asked = time_](Node& then) {
    const core::Persist first = std::move(then.pending.front());
    then.pending.pop_front();
    const Result<void> done = then.commit(first);
    trace(done ? "durable" : "refused", index);
    if (done) return then.station->on_persisted(now(then), first.token);
    // A full disk takes nothing, nor does one that is known to be damaged; what was asked for on top of that falls with it.
    const bool shut = done.error().fault == Fault::kIo && (then.disk_full_until != 0 || then.store.damage_found());
    if (shut) then.refused_at = time_;
    if (!shut && asked > then.refused_at)
      violation("the disk refused a commit: " + done.error().message);
    ++report_.refused;
    then.station->on_persist_failed(now(then), first.token, done.error());
  });
}

// Every line but the accord line is cut in the dark by this side, and none is being restored.
bool Stage::in_the_dark(const Node& node) {
  const core::Peer& peer = node.station->peer(PeerId{0});
  for (const auto& [line, is] : peer.lines()) {
    if (line == kAccordLine) continue;
    if (!peer.registers().dark(record::Whose::kAuthors, line) || peer.restorations().restoring(line) || peer.lifts().lifting(line)) return false;
  }
  return peer.lines().size() > 1;
}

void Stage::repair(std::size_t index) { violation(std::string(Pair::name(index)) + ": its disk is not as it was written"); }

// --- the network ---------------------------------------------------------------------

void Stage::send(std::size_t index, const core::SendDatagram& datagram, bool by_zombie) {
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
    report_.slowed += leaves > time_ ? 1 : 0;
    wire.free_at = leaves;
  }
  const int copies = !healed_ && duplicate < network_.duplicate_per_mille ? 2 : 1;
  report_.duplicated += copies == 2 ? 1 : 0;
  for (int copy = 0; copy < copies; ++copy) {
    const Duration delay = Duration(leaves - time_) + draw_delay(wire.delay_min, wire.delay_max);
    report_.reordered += time_ + delay.count() < wire.arrives_last ? 1 : 0;
    wire.arrives_last = std::max(wire.arrives_last, time_ + delay.count());
    if (!healed_ && copy == 0 && flip < network_.flip_per_mille) {
      auto damaged = std::make_shared<Flight>(*flight);
      const std::uint64_t at = random_.below(damaged->datagram.size());
      const std::uint64_t bit = random_.below(8);
      damaged->datagram[at] ^= static_cast<std::uint8_t>(1u << bit);
      damaged->sealed.reset();
      ++report_.flipped;
      schedule(delay, [this, other = 1 - index, damaged] { arrive(other, *damaged); });
      continue;
    }
    schedule(delay, [this, other = 1 - index, flight] { arrive(other, *flight); });
  }
}

// A whole packet of a session that both have must open, once, unless so many overtook it that its short
// counter is read as another (spec/packet.md section 2).
bool Stage::must_open(const Node& receiver, const Flight& flight) const {
  const auto packet = wire::parse_packet(flight.datagram);
  if (!check_opening_ || !flight.sealed || flight.taken || !packet) return false;
  // By its tag another session may be meant: one in some 65,000.
  if (!receiver.station->peer(PeerId{0}).link().has_session_of(flight.sealed->session)) return false;
  const auto distance = receiver.distance(*flight.sealed);
  const std::uint64_t readable = std::uint64_t{1} << (8 * packet->header.counter_bytes - 1);
  return distance && *distance + 1 < std::min<std::uint64_t>(readable, 1024);
}

void Stage::arrive(std::size_t to, Flight& flight) {
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

void Stage::replay() {
  const std::size_t to = random_.below(2);
  if (recorded_[to].empty()) return;
  Flight& old = *recorded_[to][random_.below(recorded_[to].size())];
  ++report_.replayed;
  old.sealed.reset();  // perhaps too old to be opened, and never to be taken twice
  arrive(to, old);
}

// --- people ----------------------------------------------------------------------------

std::optional<std::uint64_t> Stage::submit(std::size_t index, record::Entry entry) {
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
  return id ? std::optional(number) : std::nullopt;
}

bool Stage::act(std::size_t index, record::Kind kind, Bytes body, std::vector<record::Reference> references) {
  record::Entry entry;
  entry.header.line = kAccordLine;
  entry.header.kind = kind;
  entry.header.references = std::move(references);
  entry.header.precedence = record::Precedence::kFlash;
  entry.body = std::move(body);
  return sign(index, std::move(entry));
}

bool Stage::sign(std::size_t index, record::Entry entry) {
  Node& node = *nodes_[index];
  const LineId line = entry.header.line;
  entry.header.body_form = record::BodyForm::kCbor;
  entry.header.time = now(node).wall;
  entry.header.author = kOfficer;
  entry.signatures.push_back({kOfficer, ++signed_acts_, 1, {}});
  const bool taken = node.station->submit(now(node), PeerId{0}, line, std::move(entry)).has_value();
  trace(taken ? "act" : "act refused", index);
  carry_out(index);
  return taken;
}

// --- the run -----------------------------------------------------------------------------

void Stage::run_until(std::int64_t micros) {
  while (!queue_.empty() && queue_.top().at <= micros) {
    if (stopped()) return;
    Event event = queue_.top();
    queue_.pop();
    time_ = event.at;
    event.run();
  }
  time_ = micros;
}

void Stage::close_report() {
  for (const auto& node : nodes_) {
    report_.submitted += node->submitted;
    report_.delivered += node->delivered_count;
    report_.receipted += node->receipted;
  }
  report_.trace = to_hex(digest_);
}

}  // namespace detente::sim
