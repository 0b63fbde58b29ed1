#include "sim/idle_lines.h"

#include <algorithm>
#include <deque>

#include "base/check.h"
#include "sim/memory_store.h"
#include "sim/moments.h"
#include "sim/pair.h"

namespace detente::sim {

namespace {

constexpr Duration kOneWay = std::chrono::milliseconds(10);
constexpr Duration kServedAgain = std::chrono::milliseconds(1);
constexpr Duration kSettle = std::chrono::seconds(60);

PairOptions options(std::size_t lines) {
  PairOptions out;
  out.lines.push_back({kAccordLine, "accord", true, record::Precedence::kFlash, 1000, {}});
  for (std::size_t i = 1; i <= lines; ++i)
    out.lines.push_back({LineId{static_cast<std::uint16_t>(i)}, "line-" + std::to_string(i), i % 2 == 1,
                         record::Precedence::kFlash, 1000, {}});
  return out;
}

}  // namespace

struct IdleLines::State {
  // One station of either kind.
  struct End {
    End(std::uint64_t seed, record::Store& store)
        : keys(seed), jitter(seed), disk(&store), station(keys, jitter, store) {}
    SeededRandom keys;
    SeededRandom jitter;
    record::Store* disk;
    core::Station station;
    std::optional<Instant> deadline;
    bool started = false;
  };
  struct UnderWay {
    Instant at;
    std::size_t peer;  // counterpart's number
    bool to_near;
    Bytes datagram;
  };

  IdleSetting setting;
  std::deque<Pair> pairs;
  std::deque<MemoryStore> stores;
  std::deque<End> fars;
  std::optional<End> near;
  std::deque<UnderWay> network;
  std::uint64_t datagrams = 0;
  Instant time;

  Now now() const {
    return {time, WallTime{kStartOfTime + static_cast<std::uint32_t>(time.micros / 1'000'000)}};
  }
  void begin(End& end) {
    DETENTE_CHECK(end.station.start(now()).has_value());
    end.started = true;
  }
  // Commits at once; `peer` is that of a far end.
  void collect(End& end, std::optional<std::size_t> peer) {
    std::vector<core::Effect> effects = end.station.take_effects();
    while (!effects.empty()) {
      std::vector<std::uint64_t> tokens;
      std::vector<record::Batch> batches;
      for (core::Effect& effect : effects) {
        if (auto* send = std::get_if<core::SendDatagram>(&effect)) {
          ++datagrams;
          network.push_back({time + kOneWay, peer.value_or(send->peer.value), peer.has_value(),
                             std::move(send->datagram)});
        } else if (auto* persist = std::get_if<core::Persist>(&effect)) {
          tokens.push_back(persist->token);
          std::move(persist->batches.begin(), persist->batches.end(), std::back_inserter(batches));
        }
      }
      if (!tokens.empty()) DETENTE_CHECK(end.disk->commit(batches).has_value());
      for (std::uint64_t token : tokens) end.station.on_persisted(now(), token);
      effects = end.station.take_effects();
    }
    end.deadline = end.station.next_deadline();
  }
  void say(End& end, PeerId peer) {
    for (std::size_t line = 1; line <= setting.lines_each; ++line) {
      record::Entry entry;
      entry.header.line = LineId{static_cast<std::uint16_t>(line)};
      entry.header.time = now().wall;
      entry.body = to_bytes(as_bytes("Good morning. The line is staffed."));
      const LineId id = entry.header.line;
      DETENTE_CHECK(end.station.submit(now(), peer, id, std::move(entry)).has_value());
    }
  }
};

IdleLines::IdleLines(const IdleSetting& setting, record::Store& near_store)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.setting = setting;
  s.near.emplace(setting.seed, near_store);
  for (std::size_t i = 0; i < setting.counterparts; ++i) {
    s.pairs.emplace_back(setting.seed * 1000 + i, options(setting.lines_each));
    s.stores.emplace_back();
    s.fars.emplace_back(setting.seed * 1000 + i, s.stores.back());
    s.fars.back().station.add_peer(s.pairs.back().setup(1));
    s.begin(s.fars.back());
    s.collect(s.fars.back(), i);
  }
  s.network.clear();  // nobody is there yet
  s.datagrams = 0;
}

IdleLines::~IdleLines() = default;

void IdleLines::start() {
  State& s = *state_;
  for (std::size_t i = 0; i < s.pairs.size(); ++i) {
    const PeerId peer{static_cast<std::uint16_t>(i)};
    core::PeerSetup setup = s.pairs[i].setup(0, peer);
    setup.sockets = {{core::SocketId{peer.value}, PathId{1}}};
    s.near->station.add_peer(std::move(setup));
  }
  s.begin(*s.near);
  s.collect(*s.near, std::nullopt);
  run(kSettle);
  for (std::size_t i = 0; i < s.fars.size(); ++i) {
    s.say(*s.near, PeerId{static_cast<std::uint16_t>(i)});
    s.collect(*s.near, std::nullopt);
    s.say(s.fars[i], PeerId{0});
    s.collect(s.fars[i], i);
  }
  run(kSettle);
}

void IdleLines::run(Duration span) {
  State& s = *state_;
  const Instant end = s.time + span;
  const auto near_work = [&](const auto& work) {
    if (before_near) before_near();
    work();
    s.collect(*s.near, std::nullopt);
    if (after_near) after_near();
  };
  for (;;) {
    Instant due = end;
    if (!s.network.empty()) due = std::min(due, s.network.front().at);
    if (s.near->started) due = std::min(due, s.near->deadline.value_or(end));
    for (const State::End& far : s.fars) due = std::min(due, far.deadline.value_or(end));
    if (due >= end) break;
    s.time = std::max(s.time, due);
    while (!s.network.empty() && s.network.front().at <= s.time) {
      const State::UnderWay next = std::move(s.network.front());
      s.network.pop_front();
      if (!next.to_near) {
        static_cast<void>(s.fars[next.peer].station.on_datagram(s.now(), core::SocketId{0}, next.datagram));
        s.collect(s.fars[next.peer], next.peer);
      } else if (s.near->started) {
        near_work([&] {
          const core::SocketId socket{static_cast<std::uint16_t>(next.peer)};
          static_cast<void>(s.near->station.on_datagram(s.now(), socket, next.datagram));
        });
      }
    }
    const auto serve = [&](State::End& one) { one.station.on_deadline(s.now()); };
    const auto again = [&](State::End& one) {
      if (one.deadline) one.deadline = std::max(*one.deadline, s.time + kServedAgain);
    };
    if (s.near->started && s.near->deadline && *s.near->deadline <= s.time) {
      near_work([&] { serve(*s.near); });
      again(*s.near);
    }
    for (std::size_t i = 0; i < s.fars.size(); ++i) {
      if (!s.fars[i].deadline || *s.fars[i].deadline > s.time) continue;
      serve(s.fars[i]);
      s.collect(s.fars[i], i);
      again(s.fars[i]);
    }
  }
  s.time = end;
}

std::size_t IdleLines::lines_up() const {
  std::size_t out = 0;
  for (std::size_t i = 0; i < state_->pairs.size(); ++i) {
    const core::Peer& peer = state_->near->station.peer(PeerId{static_cast<std::uint16_t>(i)});
    if (!peer.link().up()) continue;
    for (const auto& [id, line] : peer.lines())
      out += id != kAccordLine && line->own().receipted_size() == 1 && line->far().durable_size() == 1;
  }
  return out;
}

std::uint64_t IdleLines::datagrams() const { return state_->datagrams; }

}  // namespace detente::sim
