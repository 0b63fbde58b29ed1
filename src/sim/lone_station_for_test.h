// One station, South's, against somebody who holds keys of North's and does with them what no station does. For tests of calls.
#pragma once

#include <functional>

#include "base/check.h"
#include "sim/memory_store.h"
#include "sim/pair.h"

namespace detente::sim {

class LoneStation {
 public:
  explicit LoneStation(std::uint64_t seed, PairOptions options = {})
      : pair(seed, std::move(options)), north(pair.setup(1)), random(seed + 3), keys_(seed + 1), jitter_(seed + 2) {}

  void start() { start(pair.setup(0)); }
  void start(core::PeerSetup setup) {
    station_ = std::make_unique<core::Station>(keys_, jitter_, store);
    station_->add_peer(std::move(setup));
    DETENTE_CHECK(station_->start(now()).has_value());
    settle();
  }
  void run(Duration span) {
    const Instant end = time_ + span;
    settle();
    while (time_ < end) {
      const auto due = station_->next_deadline();
      time_ = std::min(end, std::max(time_ + std::chrono::milliseconds(1), due.value_or(end)));
      if (due && *due <= time_) station_->on_deadline(now());
      settle();
    }
  }
  // What comes to it; what it sends then goes to `sent`.
  void give(ByteView datagram) {
    station_->on_datagram(now(), core::SocketId{0}, datagram);
    settle();
  }
  // A call with North's keys but for the psk: it reads if that is the pair's.
  link::OutgoingHandshake call(link::FirstCounter counter, ByteView psk, bool first_of_life = false) {
    auto out = link::OutgoingHandshake::start(north.link.pair, north.link.keys.ours, counter, first_of_life, psk, random);
    give(out.first_packet());
    return out;
  }
  // A call that is answered, and gone on with by its first packet.
  void establish(link::FirstCounter counter, bool first_of_life = false) {
    std::optional<link::ReplyPacket> reply;
    Bytes kept;
    const auto before = std::exchange(sent, [&](ByteView datagram) {
      if (!link::parse_reply_packet(datagram)) return;
      kept = to_bytes(datagram);
      reply = link::parse_reply_packet(kept);
    });
    const auto attempt = call(counter, psk(), first_of_life);
    sent = before;
    DETENTE_CHECK(reply.has_value());
    auto finished = attempt.finish(reply->noise);
    DETENTE_CHECK(finished.has_value());
    session.emplace(north.link.pair, std::move(finished->handshake), crypto::Role::kInitiator, counter, now().mono);
    std::uint64_t number = 0;
    give(*session->seal(PathId{1}, wire::encode_frames({{wire::FrameType::kCover, wire::FrameClass::kLive, false, {}}}), number));
  }
  ByteView psk() const { return north.link.first_psk.view(); }
  record::LinkState state() const { return *store.link_state(pair.lineage(), Pair::name(1)); }
  Now now() const { return {time_, WallTime{1770000000 + static_cast<std::uint32_t>(time_.micros / 1000000)}}; }
  const core::Link& link() const { return station_->peer(PeerId{0}).link(); }
  core::Station& station() { return *station_; }

  Pair pair;
  core::PeerSetup north;
  SeededRandom random;
  MemoryStore store;
  std::function<void(ByteView datagram)> sent;
  std::vector<core::DeskEvent> events;
  std::optional<link::Session> session;

 private:
  void settle() {
    if (std::exchange(settling_, true)) return;  // what `sent` gives is taken below
    for (auto effects = station_->take_effects(); !effects.empty(); effects = station_->take_effects())
      for (core::Effect& effect : effects) {
        if (auto* datagram = std::get_if<core::SendDatagram>(&effect)) {
          if (sent) sent(datagram->datagram);
        } else if (auto* notify = std::get_if<core::Notify>(&effect)) {
          events.push_back(std::move(notify->event));
        } else if (auto* commit = std::get_if<core::Persist>(&effect)) {
          DETENTE_CHECK(store.commit(commit->batches).has_value());
          station_->on_persisted(now(), commit->token);
        }
      }
    settling_ = false;
  }

  SeededRandom keys_, jitter_;
  std::unique_ptr<core::Station> station_;
  Instant time_;
  bool settling_ = false;
};

}  // namespace detente::sim
