// Two stations, and between them somebody who has no key: he changes, loses, repeats and reorders
// what they send each other, and sends bytes of his own. Nothing that is not authentic is answered,
// stored, told or remembered; and when he goes, the line delivers. spec/session.md section 4.
#include <sanitizer/allocator_interface.h>

#include "fuzz.h"
#include "sim/quiet_pair.h"

namespace detente::fuzz {

namespace {

constexpr LineId kWest{1};
constexpr std::size_t kDatagramsMax = 48;  // that he injects in one run

class Meddler {
 public:
  explicit Meddler(ByteView input) : choices_(input) {
    pair_.tamper = [this](std::size_t from, Bytes datagram) {
      return meddle(from, std::move(datagram));
    };
  }

  // While they call each other and talk.
  void on_the_way() {
    meddling_ = true;
    pair_.start();
    for (int round = 0; round < 3; ++round) {
      static_cast<void>(pair_.say(choices_.below(2), kWest, "Good morning."));
      pair_.run(std::chrono::milliseconds(700));
    }
    meddling_ = false;
  }

  // What he sends himself, once they are quiet: copies of what came through, and inventions.
  void inject() {
    pair_.run(std::chrono::seconds(5));
    const std::size_t before = __sanitizer_get_current_allocated_bytes();
    for (std::size_t i = 0; i < kDatagramsMax && !choices_.empty(); ++i) {
      const std::size_t to = choices_.below(2);
      switch (choices_.below(4)) {
        case 0: deliver_to(to, choices_.piece()); break;
        case 2:  // in the header, where numbers decide before any key does
          if (!delivered_[to].empty()) {
            Bytes datagram = pick(to);
            datagram[choices_.below(std::min<std::size_t>(12, datagram.size()))] ^=
                static_cast<std::uint8_t>(1 + choices_.below(255));
            deliver_to(to, datagram);
          }
          break;
        case 1:
          if (!delivered_[to].empty()) deliver_to(to, pick(to));
          break;
        default:
          if (!delivered_[to].empty()) deliver_to(to, changed(pick(to), choices_));
      }
    }
    FUZZ_EXPECT(__sanitizer_get_current_allocated_bytes() <= before + 4096);
  }

  void expect_delivery() {
    for (std::size_t from = 0; from < 2; ++from) {
      static_cast<void>(pair_.take_events(0)), static_cast<void>(pair_.take_events(1));
      FUZZ_EXPECT(pair_.say(from, kWest, "And now?").has_value());
      bool arrived = false, receipted = false;
      // What was lost before doubled the patience with the path: up to 30 seconds.
      for (int i = 0; i < 20 && !(arrived && receipted); ++i) {
        pair_.run(std::chrono::seconds(i < 4 ? 1 : 5));
        arrived = told_of<core::EntryArrived>(1 - from) || arrived;
        receipted = told_of<core::ReceiptVerified>(from) || receipted;
      }
      FUZZ_EXPECT(arrived && receipted);
    }
  }

 private:
  std::optional<Bytes> meddle(std::size_t from, Bytes datagram) {
    const std::size_t to = 1 - from;
    if (meddling_ && !choices_.empty()) {
      switch (choices_.below(6)) {
        case 0: return std::nullopt;
        case 1: return changed(datagram, choices_);
        case 2:  // one that was held back instead, this one later
          std::swap(held_[to], datagram);
          if (datagram.empty()) return std::nullopt;
          break;
        case 3:
          if (!delivered_[to].empty()) return pick(to);
          break;
        default: break;
      }
    }
    delivered_[to].push_back(datagram);
    return datagram;
  }

  Bytes pick(std::size_t to) { return delivered_[to][choices_.below(delivered_[to].size())]; }

  void deliver_to(std::size_t to, ByteView datagram) {
    core::Station& station = pair_.station(to);
    FUZZ_EXPECT(station.take_effects().empty());
    const auto deadline = station.next_deadline();
    station.on_datagram(pair_.now(to), core::SocketId{0}, datagram);
    FUZZ_EXPECT(station.take_effects().empty());
    FUZZ_EXPECT(station.next_deadline() == deadline);
  }

  template <typename Event>
  bool told_of(std::size_t side) {
    bool found = false;
    for (const core::DeskEvent& event : pair_.take_events(side))
      found = found || std::holds_alternative<Event>(event);
    return found;
  }

  Choices choices_;
  sim::QuietPair pair_{1};
  bool meddling_ = false;
  std::vector<Bytes> delivered_[2];  // to each side
  Bytes held_[2];
};

}  // namespace

void run(ByteView input) {
  Meddler meddler(input);
  meddler.on_the_way();
  meddler.inject();
  meddler.expect_delivery();
}

Seeds seeds() {
  Bytes swaps, changes(1, 0), quiet, headers(48, 5);
  for (std::uint8_t i = 0; i < 24; ++i) {
    append(swaps, Bytes{2, 5, 3, i});
    append(headers, Bytes{0, 2, 0, i, 0x7f, 1, 2, 0, i, 0x10});
    append(changes, Bytes{1, i, 3, static_cast<std::uint8_t>(i * 7)});
  }
  quiet = Bytes(40, 5);
  append(quiet, Bytes{0, 0, 3, 0x40, 1, 2, 1, 1, 0, 2, 3, 0, 5, 9, 1, 2, 0, 0, 3, 1});
  return {{"swaps", swaps},
          {"changes", changes},
          {"quiet", quiet},
          {"headers", headers},
          {"lossy", Bytes(60, 0)}};
}

}  // namespace detente::fuzz
