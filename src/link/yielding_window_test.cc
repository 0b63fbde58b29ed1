#include "link/yielding_window.h"

#include <gtest/gtest.h>

#include <deque>

#include "link/path_flow.h"

namespace detente::link {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A document that never ends over one bearer with a queue that drops nothing.
struct Bearer {
  std::uint64_t rate_bps;
  Duration base;          // of a round trip, beside the bearer's time
  std::size_t packet = 1200;
  PathFlow flow{};
  Instant now{}, free_at{};
  std::uint64_t next = 0;
  struct UnderWay {
    Instant back;
    std::uint64_t counter;
  };
  std::deque<UnderWay> under_way{};
  std::uint64_t arrived = 0;
  Duration waited{}, longest{};

  void run(Duration span) {
    const Instant end = now + span;
    while (now < end) {
      while (flow.may_send_document(now)) {
        flow.sent(now, next, packet, true);
        const Instant begins = std::max(free_at, now);
        waited += begins - now;
        longest = std::max(longest, begins - now);
        free_at = begins + Duration(static_cast<std::int64_t>(packet * 8 * 1000000 / rate_bps));
        under_way.push_back({free_at + base, next++});
      }
      const auto paced = flow.may_send_document_at();
      Instant then = end;
      if (paced && *paced > now) then = std::min(then, *paced);
      if (!under_way.empty()) then = std::min(then, std::max(now, under_way.front().back));
      now = then;
      if (under_way.empty() || under_way.front().back > now) continue;
      flow.acknowledged_range(now, under_way.front().counter, under_way.front().counter, Duration(0), true);
      under_way.pop_front();
      ++arrived;
    }
  }
  void count_anew() {
    arrived = 0;
    waited = longest = Duration(0);
  }
};

struct Case {
  std::uint64_t rate_bps;
  Duration base;
  double share;  // of the bearer that the document must have
};

TEST(YieldingWindow, FillsTheBearerAndHardlyItsQueue) {
  for (const Case& one : {Case{64'000, milliseconds(40), 0.6}, Case{256'000, milliseconds(40), 0.7}, Case{1'000'000, milliseconds(20), 0.8},
                          Case{10'000'000, milliseconds(20), 0.8}, Case{20'000'000, milliseconds(200), 0.6}}) {
    Bearer bearer{one.rate_bps, one.base};
    bearer.run(seconds(20));
    bearer.count_anew();
    bearer.run(seconds(60));
    const double share = static_cast<double>(bearer.arrived * bearer.packet * 8) / (60.0 * static_cast<double>(one.rate_bps));
    EXPECT_GT(share, one.share) << one.rate_bps;
    const Duration packet_time(static_cast<std::int64_t>(bearer.packet * 8 * 1000000 / one.rate_bps));
    EXPECT_LT(bearer.waited / static_cast<std::int64_t>(bearer.arrived), milliseconds(60) + packet_time) << one.rate_bps;
    EXPECT_LT(bearer.longest, milliseconds(120) + 2 * packet_time) << one.rate_bps;
  }
}

TEST(YieldingWindow, ALongerWayIsNoQueueForLong) {
  Bearer bearer{10'000'000, milliseconds(20)};
  bearer.run(seconds(30));
  bearer.base = milliseconds(220);
  bearer.run(seconds(60));  // the slowdowns find out
  bearer.count_anew();
  bearer.run(seconds(30));
  EXPECT_GT(static_cast<double>(bearer.arrived * bearer.packet * 8) / 30.0, 5e6);
}

// From its first packet on: another waits behind it in a trial alone.
TEST(YieldingWindow, OnePacketIsUnderWayWhereOneTakesLong) {
  for (const std::uint64_t rate : {2'400u, 9'600u}) {
    Bearer bearer{rate, milliseconds(100), 508};
    bearer.flow.probed(Instant{}, milliseconds(120));
    const Duration packet_time(static_cast<std::int64_t>(bearer.packet * 8 * 1000000 / rate));
    bearer.run(seconds(60));
    EXPECT_LE(bearer.longest, packet_time) << rate;
    EXPECT_FALSE(bearer.flow.quick(1200)) << rate;
    bearer.count_anew();
    bearer.run(seconds(600));
    EXPECT_GT(static_cast<double>(bearer.arrived * bearer.packet * 8) / 600.0, static_cast<double>(rate) * 0.8);
    EXPECT_LE(bearer.longest, packet_time) << rate;
    EXPECT_LT(bearer.waited / static_cast<std::int64_t>(bearer.arrived), packet_time / 16) << rate;
  }
}

// A long way is not a slow bearer.
TEST(YieldingWindow, ALongWayIsFilledFromOnePacketOn) {
  Bearer bearer{1'000'000, milliseconds(600), 508};
  bearer.flow.probed(Instant{}, milliseconds(601));
  EXPECT_FALSE(bearer.flow.quick(1200));
  bearer.run(seconds(10));
  EXPECT_TRUE(bearer.flow.quick(1200));
  bearer.count_anew();
  bearer.run(seconds(60));
  EXPECT_GT(static_cast<double>(bearer.arrived * bearer.packet * 8) / 60.0, 3e5);
}

}  // namespace
}  // namespace detente::link
