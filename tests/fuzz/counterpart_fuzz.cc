// A hostile counterpart: it has the keys of its side and says over a good session what it likes.
// North is honest; what it says to South is opened, changed at the level of frames and sealed
// again. South neither crashes nor fills up, answers a packet with a few at most, and on a provable
// line holds nothing that North did not sign.
#include <sanitizer/allocator_interface.h>

#include <map>

#include "fuzz.h"
#include "link/session.h"
#include "sim/quiet_pair.h"
#include "wire/frame.h"

namespace detente::fuzz {

namespace {

constexpr std::size_t kSouth = 0, kNorth = 1;
constexpr LineId kWest{1}, kQuiet{2};
constexpr PathId kPath{1};
constexpr std::size_t kFramesMax = 128;  // that are of its own making in one run
constexpr std::size_t kMemoryMax = 4u << 20;
constexpr std::uint64_t kAnswersMax = 16;  // packets of South a packet of North, on average

// Stands in the middle with both sides' keys: one session with each, of one call.
class Relay {
 public:
  // What goes on to the other side in place of a datagram; `edit` makes one payload another, and
  // an empty one is lost.
  template <typename Edit>
  std::optional<Bytes> pass(std::size_t from, Now now, ByteView datagram, Edit edit) {
    if (link::parse_first_packet(datagram)) return on_first(from, datagram);
    if (const auto reply = link::parse_reply_packet(datagram)) return on_reply(from, now, *reply);
    const auto packet = wire::parse_packet(datagram);
    if (!packet) return std::nullopt;
    for (Call& call : calls_) {
      if (!call.ends[from]) continue;
      const auto opened = call.ends[from]->open(now.mono, kPath, *packet);
      if (opened.outcome != link::PathReceiver::Outcome::kOk) continue;
      const Bytes payload = edit(translated(from, opened.payload));
      std::uint64_t counter = 0;
      if (payload.empty()) return std::nullopt;
      return call.ends[1 - from]->seal(kPath, payload, counter).value();
    }
    return std::nullopt;
  }

 private:
  struct Call {
    std::size_t caller;
    Bytes first;  // as the caller sent it
    link::OutgoingHandshake onward;
    std::optional<link::Session> ends[2];  // with South, with North
  };

  std::optional<Bytes> on_first(std::size_t from, ByteView datagram) {
    const core::LinkSetup& caller = setups_[from].link;
    const link::FirstPacket first = *link::parse_first_packet(datagram);
    calls_.push_back(
        {from,
         to_bytes(datagram),
         link::OutgoingHandshake::start(caller.pair, caller.keys.ours, first.counter,
                                        first.first_of_life, caller.first_psk.view(), random_),
         {}});
    return calls_.back().onward.first_packet();
  }

  std::optional<Bytes> on_reply(std::size_t from, Now now, const link::ReplyPacket& reply) {
    for (Call& call : calls_) {
      if (call.caller == from || call.ends[from]) continue;
      auto finished = call.onward.finish(reply.noise);
      if (!finished) continue;
      const core::LinkSetup& caller = setups_[call.caller].link;
      const core::LinkSetup& callee = setups_[from].link;
      auto answer = link::answer_first_packet(callee.pair, callee.keys.ours,
                                              *link::parse_first_packet(call.first),
                                              callee.first_psk.view(), finished->payload, random_);
      FUZZ_EXPECT(answer.has_value());
      const link::FirstCounter counter = call.onward.counter();
      call.ends[from].emplace(caller.pair, std::move(finished->handshake), crypto::Role::kInitiator,
                              counter, now.mono);
      call.ends[1 - from].emplace(callee.pair, std::move(answer->handshake),
                                  crypto::Role::kResponder, counter, now.mono);
      return answer->reply;
    }
    return std::nullopt;
  }

  // A contact frame names sessions by ids, which are others on the other side of the relay.
  Bytes translated(std::size_t from, ByteView payload) const {
    std::vector<wire::Frame> frames = wire::parse_frames(payload).frames;
    for (wire::Frame& frame : frames) {
      if (frame.type != wire::FrameType::kContact) continue;
      for (std::size_t at = 5; at + 2 <= frame.body.size(); at += 2) {
        for (const Call& call : calls_) {
          if (!call.ends[from]) continue;
          if (call.ends[from]->tag() != read_be(ByteView(frame.body).subspan(at, 2))) continue;
          frame.body[at] = static_cast<std::uint8_t>(call.ends[1 - from]->tag() >> 8);
          frame.body[at + 1] = static_cast<std::uint8_t>(call.ends[1 - from]->tag());
          break;
        }
      }
    }
    return wire::encode_frames(frames);
  }

  sim::Pair keys_{1};
  std::array<core::PeerSetup, 2> setups_ = {keys_.setup(kSouth), keys_.setup(kNorth)};
  SeededRandom random_{5};
  std::deque<Call> calls_;
};

class Hostile {
 public:
  explicit Hostile(ByteView input) : choices_(input) {
    pair_.tamper = [this](std::size_t from, Bytes datagram) {
      ++packets_[from];
      return relay_.pass(from, pair_.now(from), datagram, [&](const Bytes& payload) {
        return from == kNorth && hostile_ ? edit(payload) : payload;
      });
    };
  }

  void talk() {
    const std::size_t before = __sanitizer_get_current_allocated_bytes();
    pair_.start();
    hostile_ = true;
    for (int round = 0; round < 4; ++round) {
      const LineId line = choices_.below(2) == 0 ? kWest : kQuiet;
      const auto precedence = static_cast<record::Precedence>(choices_.below(4));
      static_cast<void>(pair_.say(choices_.below(2), line, "Understood.", precedence));
      static_cast<void>(pair_.say(kNorth, kWest, "Good morning.", precedence));
      pair_.run(std::chrono::milliseconds(400));
      FUZZ_EXPECT(packets_[kSouth] <= 64 + kAnswersMax * packets_[kNorth]);
    }
    pair_.run(std::chrono::seconds(2));
    FUZZ_EXPECT(__sanitizer_get_current_allocated_bytes() <= before + kMemoryMax);
  }

  // South's copy of North's provable logs is North's own, as far as it goes.
  void compare() {
    const Digest& lineage = pair_.pair().lineage();
    for (const LineId line : {kAccordLine, kWest}) {
      const record::LineKey key{lineage, line};
      std::map<record::EpochId, record::LogKey> signed_by_north;
      for (const auto& info : pair_.store(kNorth).logs(key))
        if (info.log.own) signed_by_north.emplace(info.log.epoch, info.log);
      for (const auto& info : pair_.store(kSouth).logs(key)) {
        if (info.log.own) continue;
        const auto kept = pair_.store(kSouth).entries(info.log, 0, UINT64_MAX, 1000);
        if (kept.empty()) continue;
        const auto origin = signed_by_north.find(info.log.epoch);
        FUZZ_EXPECT(origin != signed_by_north.end());
        const auto made = pair_.store(kNorth).entries(origin->second, 0, UINT64_MAX, 1000);
        FUZZ_EXPECT(kept.size() <= made.size());
        for (std::size_t i = 0; i < kept.size(); ++i)
          FUZZ_EXPECT(kept[i].bytes == made[i].bytes && kept[i].leaf == made[i].leaf);
      }
    }
  }

 private:
  Bytes edit(const Bytes& payload) {
    if (choices_.empty() || made_ >= kFramesMax) return payload;
    ++made_;
    std::vector<wire::Frame> frames = wire::parse_frames(payload).frames;
    seen_.insert(seen_.end(), frames.begin(), frames.end());
    switch (choices_.below(8)) {
      case 0: return to_bytes(choices_.piece());  // no frames at all, perhaps
      case 1: return {};
      case 2: return changed(payload, choices_);
      case 3:  // a frame of any type and body
        frames.push_back({static_cast<wire::FrameType>(1 + choices_.below(14)),
                          static_cast<wire::FrameClass>(choices_.below(3)), false,
                          to_bytes(choices_.piece())});
        break;
      case 4:  // one frame changed inside
        if (!frames.empty()) {
          Bytes& body = frames[choices_.below(frames.size())].body;
          body = changed(body, choices_);
        }
        break;
      case 5:  // one that it sent before, as it was or changed
        if (!seen_.empty()) frames.push_back(seen_[choices_.below(seen_.size())]);
        if (!seen_.empty() && choices_.below(2) == 1)
          frames.back().body = changed(frames.back().body, choices_);
        break;
      case 6: std::reverse(frames.begin(), frames.end()); break;
      default: return payload;
    }
    return wire::encode_frames(frames);
  }

  Choices choices_;
  Relay relay_;
  sim::QuietPair pair_{1};
  bool hostile_ = false;
  std::size_t made_ = 0;
  std::vector<wire::Frame> seen_;
  std::uint64_t packets_[2] = {};
};

}  // namespace

void run(ByteView input) {
  Hostile hostile(input);
  hostile.talk();
  hostile.compare();
}

Seeds seeds() {
  Seeds out;
  for (std::uint8_t kind = 0; kind < 8; ++kind) {
    Bytes one;
    for (std::uint8_t i = 0; i < 32; ++i)
      append(one, Bytes{kind, i, 3, static_cast<std::uint8_t>(i * 5), 7});
    out["kind-" + std::to_string(kind)] = one;
  }
  return out;
}

}  // namespace detente::fuzz
