// Transport packets between two ends with real keys: the input says what is sealed, delivered,
// repeated, changed and rekeyed. Nothing opens but what was sealed, once. spec/packet.md.
#include <set>

#include "fuzz.h"
#include "link/path_keys.h"
#include "wire/frame.h"

namespace detente::fuzz {

namespace {

const link::Layers& layers() {
  static const link::Layers* const out =
      new link::Layers{crypto::AeadAlgorithm::load("ChaCha20-Poly1305").value(),
                       crypto::AeadAlgorithm::load("ARIA-256-GCM").value()};
  return *out;
}

class Ends {
 public:
  void seal(ByteView payload) {
    Held held{{}, to_bytes(payload), 0};
    held.packet = sender_.seal(7, payload, held.counter).value();
    FUZZ_EXPECT(held.packet.size() <= payload.size() + 7 + 32);
    held_.push_back(std::move(held));
  }
  bool any() const { return !held_.empty(); }
  std::size_t count() const { return held_.size(); }
  ByteView packet(std::size_t i) const { return held_[i].packet; }

  void deliver(std::size_t i) {
    const Held& held = held_[i];
    const auto opened = open(held.packet);
    const bool fresh = delivered_.insert(held.counter).second;
    // Honest packets are never lost to reordering here: far fewer than the window, keys in force.
    if (fresh && !rekeyed_) FUZZ_EXPECT(opened.outcome == link::PathReceiver::Outcome::kOk);
    if (opened.outcome != link::PathReceiver::Outcome::kOk) {
      FUZZ_EXPECT(opened.payload.empty());
      return;
    }
    FUZZ_EXPECT(fresh && opened.counter == held.counter && opened.payload == held.payload);
    opened_.insert(held.counter);
    sender_.confirm(held.counter);
    const wire::ParsedFrames parsed = wire::parse_frames(opened.payload);
    FUZZ_EXPECT(parsed.frames.size() <= opened.payload.size());
  }

  // Bytes that no honest sender made.
  void refuse(ByteView forged) {
    const auto opened = open(forged);
    // A counter that was opened is refused before anything is verified; no other forgery gets so far.
    const bool seen = opened.outcome == link::PathReceiver::Outcome::kReplay && opened_.count(opened.counter) > 0;
    FUZZ_EXPECT((opened.outcome == link::PathReceiver::Outcome::kNotOurs || seen) && opened.payload.empty());
  }

  void rekey() {
    rekeyed_ = true;
    now_ = now_ + std::chrono::seconds(1);
    sender_.rekey_if_due(now_, 1, std::chrono::hours(1));
  }

 private:
  struct Held {
    Bytes packet, payload;
    std::uint64_t counter;
  };
  link::PathReceiver::Opened open(ByteView datagram) {
    const auto parsed = wire::parse_packet(datagram);
    if (!parsed) return {};
    FUZZ_EXPECT(equal(wire::encode_packet_header(parsed->header), parsed->header_bytes));
    FUZZ_EXPECT(equal(concat(parsed->header_bytes, parsed->sealed), datagram));
    return receiver_.open(now_, *parsed);
  }

  Bytes secret_ = Bytes(32, 0x5a);
  Instant now_;
  link::PathSender sender_{now_, secret_, PathId{1}, layers()};
  link::PathReceiver receiver_{secret_, PathId{1}, layers()};
  std::vector<Held> held_;
  std::set<std::uint64_t> delivered_;
  std::set<std::uint64_t> opened_;
  bool rekeyed_ = false;
};

}  // namespace

void run(ByteView input) {
  Choices choices(input);
  Ends ends;
  for (int step = 0; step < 64 && !choices.empty(); ++step) {
    switch (choices.below(6)) {
      case 0: ends.seal(choices.piece()); break;
      case 1:
        if (ends.any()) ends.deliver(choices.below(ends.count()));
        break;
      case 2:
        if (ends.any()) ends.refuse(changed(ends.packet(choices.below(ends.count())), choices));
        break;
      case 3: ends.refuse(choices.piece()); break;
      case 4: ends.rekey(); break;
      default:  // two packets made one: a header over another's sealed bytes
        if (ends.count() > 1) {
          const ByteView a = ends.packet(choices.below(ends.count()));
          const ByteView b = ends.packet(choices.below(ends.count()));
          if (a.data() != b.data()) ends.refuse(concat(a.first(4), b.subspan(4)));
        }
    }
  }
}

Seeds seeds() {
  return {{"one", {0, 3, 8, 0, 1, 1, 0}},
          {"changed", {0, 3, 8, 0, 1, 2, 0, 5, 3, 1, 1, 0}},
          {"raw", {3, 25, 0x40, 0, 7, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
          {"rekeyed", {0, 1, 8, 1, 0, 4, 0, 1, 8, 1, 1, 4, 0, 0, 1, 2, 1, 0}},
          {"header_of_an_opened_one", {0, 1, 8, 1, 0, 4, 0, 1, 0, 1, 0x21, 8, 1, 0x3d}},
          {"mixed", {0, 1, 8, 0, 2, 8, 8, 5, 0, 1, 1, 1, 1, 0}}};
}

}  // namespace detente::fuzz
