#include "sim/path_figures.h"

#include <algorithm>
#include <deque>

#include "base/check.h"
#include "sim/memory_store.h"
#include "sim/moments.h"
#include "sim/pair.h"

namespace detente::sim {

namespace {

constexpr Duration kBetween = std::chrono::seconds(1);
constexpr Duration kCommit = std::chrono::microseconds(500);
constexpr Duration kAgain = std::chrono::milliseconds(1);  // a deadline that is past after it was served
constexpr int kMessages = 30;  // on either side of the cut
constexpr LineId kLine{1};
constexpr std::size_t kPaths = 2;

// Two stations, each with its disk; datagrams are `one_way` under way, commits take kCommit.
class DelayedPair {
 public:
  DelayedPair(std::uint64_t seed, Duration one_way) : pair_(seed, options()), one_way_(one_way) {
    for (std::size_t i = 0; i < 2; ++i) {
      sides_.emplace_back(seed * 2 + i + 1);
      sides_[i].station = std::make_unique<core::Station>(sides_[i].keys, sides_[i].jitter, sides_[i].store);
      sides_[i].station->add_peer(pair_.setup(i));
      DETENTE_CHECK(sides_[i].station->start(now()).has_value());
      collect(i);
    }
  }

  Now now() const {
    return {time_, WallTime{kStartOfTime + static_cast<std::uint32_t>(time_.micros / 1'000'000)}};
  }
  core::Station& station(std::size_t side) { return *sides_[side].station; }
  void cut(PathId path, bool is) { cut_[path.value] = is; }
  // What happened at a side, each with its moment, since the last call.
  std::vector<std::pair<Instant, core::DeskEvent>> take_events(std::size_t side) {
    return std::exchange(sides_[side].events, {});
  }

  void say(record::Precedence precedence) {
    record::Entry entry;
    entry.header.line = kLine;
    entry.header.precedence = precedence;
    entry.header.time = now().wall;
    entry.body = to_bytes(as_bytes("The patrol boats have returned to harbour."));
    DETENTE_CHECK(sides_[0].station->submit(now(), PeerId{0}, kLine, std::move(entry)).has_value());
    collect(0);
  }

  void run_until(Instant end) {
    for (;;) {
      Instant due = end;
      for (const Side& side : sides_) due = std::min(due, side.deadline.value_or(end));
      if (!network_.empty()) due = std::min(due, network_.front().at);
      for (const Side& side : sides_)
        if (!side.commits.empty()) due = std::min(due, side.commits.front().at);
      if (due >= end) break;
      time_ = std::max(time_, due);
      step();
    }
    time_ = end;
  }

 private:
  struct Commit {
    Instant at;
    core::Persist persist;
  };
  struct UnderWay {
    Instant at;
    std::size_t to;
    PathId path;
    Bytes datagram;
  };
  struct Side {
    explicit Side(std::uint64_t seed) : keys(seed), jitter(seed) {}
    SeededRandom keys;
    SeededRandom jitter;
    MemoryStore store;
    std::unique_ptr<core::Station> station;
    std::optional<Instant> deadline;
    std::deque<Commit> commits;
    std::vector<std::pair<Instant, core::DeskEvent>> events;
  };

  static PairOptions options() {
    PairOptions out;
    out.paths = kPaths;
    return out;
  }

  void collect(std::size_t index) {
    Side& side = sides_[index];
    for (core::Effect& effect : side.station->take_effects()) {
      if (auto* send = std::get_if<core::SendDatagram>(&effect)) {
        if (!cut_[send->path.value])
          network_.push_back({time_ + one_way_, 1 - index, send->path, std::move(send->datagram)});
      } else if (auto* persist = std::get_if<core::Persist>(&effect)) {
        side.commits.push_back({time_ + kCommit, std::move(*persist)});
      } else {
        side.events.emplace_back(time_, std::move(std::get<core::Notify>(effect).event));
      }
    }
    side.deadline = side.station->next_deadline();
    if (side.deadline) side.deadline = std::max(*side.deadline, time_);
  }

  // Everything that is due now.
  void step() {
    while (!network_.empty() && network_.front().at <= time_) {
      const UnderWay next = std::move(network_.front());
      network_.pop_front();
      if (cut_[next.path.value]) continue;  // what was under way is gone, too
      const core::SocketId socket{static_cast<std::uint16_t>(next.path.value - 1)};
      static_cast<void>(sides_[next.to].station->on_datagram(now(), socket, next.datagram));
      collect(next.to);
    }
    for (std::size_t i = 0; i < sides_.size(); ++i) {
      Side& side = sides_[i];
      while (!side.commits.empty() && side.commits.front().at <= time_) {
        const core::Persist persist = std::move(side.commits.front().persist);
        side.commits.pop_front();
        DETENTE_CHECK(side.store.commit(persist.batches).has_value());
        side.station->on_persisted(now(), persist.token);
        collect(i);
      }
      if (!side.deadline || *side.deadline > time_) continue;
      side.station->on_deadline(now());
      collect(i);
      if (side.deadline) side.deadline = std::max(*side.deadline, time_ + kAgain);
    }
  }

  Pair pair_;
  Duration one_way_;
  std::deque<Side> sides_;
  std::deque<UnderWay> network_;  // one delay for all: in the order of their arrival
  bool cut_[kPaths + 1] = {};
  Instant time_;
};

// When each message was written, delivered and receipted.
class Ledger {
 public:
  explicit Ledger(DelayedPair& pair) : pair_(pair) {}

  void write(record::Precedence precedence) {
    messages_.push_back({pair_.now().mono, {}, {}});
    pair_.say(precedence);
  }
  void read() {
    for (const auto& [at, event] : pair_.take_events(1))
      if (const auto* arrived = std::get_if<core::EntryArrived>(&event))
        if (arrived->line == kLine && arrived->index < messages_.size())
          messages_[arrived->index].delivered = at;
    for (const auto& [at, event] : pair_.take_events(0))
      if (const auto* receipt = std::get_if<core::ReceiptVerified>(&event))
        for (std::size_t i = 0; receipt->line == kLine && i < receipt->size; ++i)
          if (!messages_[i].receipted) messages_[i].receipted = at;
  }
  // Those written in from..to.
  Duration longest(Instant from, Instant to, bool receipt) const {
    Duration out{0};
    for (const Message& message : messages_) {
      const auto& end = receipt ? message.receipted : message.delivered;
      if (message.written >= from && message.written < to && end)
        out = std::max(out, *end - message.written);
    }
    return out;
  }
  std::optional<Instant> first_delivery_after(Instant at) const {
    std::optional<Instant> out;
    for (const Message& message : messages_)
      if (message.delivered && *message.delivered > at)
        out = std::min(out.value_or(*message.delivered), *message.delivered);
    return out;
  }
  std::uint64_t written() const { return messages_.size(); }
  std::uint64_t lost() const {
    return static_cast<std::uint64_t>(std::count_if(messages_.begin(), messages_.end(), [](const Message& m) {
      return !m.delivered || !m.receipted;
    }));
  }

 private:
  struct Message {
    Instant written;
    std::optional<Instant> delivered, receipted;
  };
  DelayedPair& pair_;
  std::vector<Message> messages_;  // by index: nothing else is written on the line
};

}  // namespace

CutFigures cut_figures(const CutSetting& setting) {
  DelayedPair pair(setting.seed, setting.one_way);
  Ledger ledger(pair);
  Instant next = Instant{} + std::chrono::seconds(10);
  const auto write_for = [&](int messages) {
    for (int i = 0; i < messages; ++i, next = next + kBetween) {
      pair.run_until(next);
      ledger.write(setting.precedence);
    }
  };
  write_for(10);  // both know each other's epochs and the round trips
  const Instant measured_from = next;
  write_for(kMessages);
  const Instant last_before = next - kBetween;
  pair.run_until(last_before + setting.after_message);

  CutFigures out;
  const core::PathState& best = pair.station(0).peer(PeerId{0}).link().paths().choose();
  out.timeout = best.flow.round_trip().timeout(0);
  const auto cut = [&, was_best = best.id](bool is) {
    for (std::size_t i = 1; i <= kPaths; ++i) {
      const PathId path{static_cast<std::uint8_t>(i)};
      if (setting.all_paths || path == was_best) pair.cut(path, is);
    }
  };
  cut(true);
  std::optional<Instant> healed;
  if (setting.healed_after.count() > 0) {
    healed = pair.now().mono + setting.healed_after;
    write_for(static_cast<int>(setting.healed_after / kBetween));
    pair.run_until(*healed);
    cut(false);
  }
  write_for(kMessages);
  pair.run_until(next + std::chrono::minutes(10));
  ledger.read();
  if (healed) {
    const auto first = ledger.first_delivery_after(*healed);
    out.first_after_healing = first ? *first - *healed : Duration::max();
  }
  out.delivered_before = ledger.longest(measured_from, last_before, false);
  out.receipted_before = ledger.longest(measured_from, last_before, true);
  out.delivered_after = ledger.longest(last_before, next, false);
  out.receipted_after = ledger.longest(last_before, next, true);
  out.written = ledger.written();
  out.lost = ledger.lost();
  return out;
}

}  // namespace detente::sim
