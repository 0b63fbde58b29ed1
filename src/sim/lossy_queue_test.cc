// What waits on both sides crosses two paths that lose a fifth of all packets: twice 200 ms, 576 bytes, most of a text in two packets.
#include <gtest/gtest.h>

#include "sim/names_for_test.h"
#include "sim/quiet_pair.h"

namespace detente::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kMessages = 450;
constexpr std::size_t kPacketMost = 548;  // 576 with the headers of IP and UDP
constexpr Duration kRoundTrip = milliseconds(400);
constexpr record::Precedence kPrecedences[] = {record::Precedence::kRoutine, record::Precedence::kRoutine, record::Precedence::kPriority,
                                               record::Precedence::kImmediate, record::Precedence::kFlash};

class LossyQueue {
 public:
  explicit LossyQueue(std::uint64_t seed) : pair_(seed, two_paths()), chance_(seed) {
    pair_.delay = [](std::size_t, std::size_t) { return kRoundTrip / 2; };
    pair_.start();
    pair_.run(seconds(30));
    pair_.tamper = [this](std::size_t, Bytes datagram) -> std::optional<Bytes> {
      const bool lost = datagram.size() > kPacketMost || chance_.below(5) == 0;
      return lost ? std::nullopt : std::optional(std::move(datagram));
    };
    for (std::size_t side : {0u, 1u}) static_cast<void>(pair_.take_events(side));
  }
  // Until all of it has its receipt.
  Duration run() {
    std::uint64_t said = 0;
    Duration took{0};
    for (; took < seconds(300) && !(said == kMessages && all_receipted()); took += milliseconds(40)) {
      if (said < kMessages) {
        for (std::size_t side : {0u, 1u}) EXPECT_TRUE(pair_.say(side, kLine, text(), kPrecedences[chance_.below(5)]));
        ++said;
      }
      pair_.run(milliseconds(40));
      for (std::size_t side : {0u, 1u}) watch(side);
    }
    EXPECT_TRUE(all_receipted());
    return took;
  }
  unsigned downs = 0;  // that a side called the link down
  Duration longest{0};  // that a side took the round trip for

 private:
  static PairOptions two_paths() {
    PairOptions options;
    options.paths = 2;
    return options;
  }
  // Of 800 characters, or of less than 60, that do not compress.
  std::string text() {
    constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out;
    const std::size_t size = chance_.below(5) < 2 ? 800 : 1 + chance_.below(59);
    while (out.size() < size) out += kLetters[chance_.below(kLetters.size())];
    return out;
  }
  void watch(std::size_t side) {
    for (const core::DeskEvent& event : pair_.take_events(side))
      if (const auto* link = std::get_if<core::LinkChanged>(&event)) downs += link->up ? 0 : 1;
    for (const core::PathState& path : peer(side).link().paths().all())
      longest = std::max(longest, path.flow.round_trip().smoothed());
  }
  const core::Peer& peer(std::size_t side) { return pair_.station(side).peer(PeerId{0}); }
  bool all_receipted() {
    return peer(0).line(kLine)->own().receipted_size() >= kMessages && peer(1).line(kLine)->own().receipted_size() >= kMessages;
  }

  QuietPair pair_;
  SeededRandom chance_;
};

// It took 48 to 60 s of these 18 s of messages, and each side called the link down up to eight times, while it heard the other.
TEST(LossyQueues, GoAsFastAsTheirWindowAndTheLinkIsNotCalledDown) {
  Duration all{0};
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    LossyQueue queue(seed);
    const Duration took = queue.run();
    all += took;
    EXPECT_EQ(queue.downs, 0u) << seed;
    EXPECT_LT(queue.longest, kRoundTrip * 5 / 4) << seed;
    std::printf("seed %llu: settled in %.1f s\n", static_cast<unsigned long long>(seed), static_cast<double>(took.count()) / 1e6);
  }
  EXPECT_LT(all / 6, seconds(45));
}

}  // namespace
}  // namespace detente::sim
