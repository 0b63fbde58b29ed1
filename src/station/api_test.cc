#include <gtest/gtest.h>

#include "station/api_http.h"
#include "station/events.h"

namespace detente::station {
namespace {

TEST(ApiTarget, SegmentsAndQueryAreDecoded) {
  const auto out =
      parse_target("/v1/counterparts/north/lines/a%2Fb%20c/entries?since=4&whose=far&x");
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(out->path,
            (std::vector<std::string>{"v1", "counterparts", "north", "lines", "a/b c", "entries"}));
  EXPECT_EQ(out->query.at("since"), "4");
  EXPECT_EQ(out->query.at("whose"), "far");
  EXPECT_EQ(out->query.at("x"), "");
}

TEST(ApiTarget, RefusesBadEscapesAndTooMuch) {
  std::string deep, wide = "/v1?";
  for (int i = 0; i < 40; ++i) {
    deep += "/x";
    wide += "k" + std::to_string(i) + "=1&";
  }
  for (const std::string& bad :
       {std::string("v1"), std::string(""), std::string("/%"), std::string("/%4"),
        std::string("/%zz"), std::string("/x?a=%f"), deep, wide})
    EXPECT_FALSE(parse_target(bad).has_value()) << bad;
}

Json tell_x() { return {{"event", "x"}}; }

TEST(Events, AreNumberedAndGivenOnce) {
  EventRing ring("run");
  for (int i = 1; i <= 5; ++i) ring.add(tell_x, WallTime{10});
  Json out = ring.after(2, 2);
  EXPECT_EQ(out["events"].size(), 2u);
  EXPECT_EQ(out["events"][0]["id"], 3);
  EXPECT_EQ(out["next"], 4);
  EXPECT_EQ(out["missed"], false);
  EXPECT_EQ(ring.after(5, 10)["events"].size(), 0u);
  EXPECT_EQ(ring.after(5, 10)["next"], 5);
}

TEST(Events, SayWhenSomethingIsNoLongerThere) {
  EventRing ring("run");
  EXPECT_EQ(ring.after(0, 10)["missed"], false);
  EXPECT_EQ(ring.after(99, 10)["missed"], true);  // of another run
  for (int i = 0; i < 5000; ++i) ring.add(tell_x, WallTime{10});
  EXPECT_EQ(ring.after(0, 10)["missed"], true);
  EXPECT_EQ(ring.after(4990, 100)["missed"], false);
  EXPECT_EQ(ring.after(4990, 100)["events"].size(), 10u);
}

// A number of a former run means nothing in this one, also where it is not too large.
TEST(Events, OfAnotherRunAreAllGivenAndCalledMissed) {
  EventRing ring("second");
  for (int i = 0; i < 5; ++i) ring.add(tell_x, WallTime{10});
  const Json other = ring.after(3, 10, "first");
  EXPECT_EQ(other["missed"], true);
  EXPECT_EQ(other["events"].size(), 5u);
  EXPECT_EQ(other["run"], "second");
  const Json same = ring.after(3, 10, "second");
  EXPECT_EQ(same["missed"], false);
  EXPECT_EQ(same["events"].size(), 2u);
  EXPECT_FALSE(ring.is_this("first"));
  EXPECT_TRUE(ring.is_this("second") && ring.is_this(""));
}

TEST(Events, ArePutIntoWordsForThoseWhoRead) {
  EventRing ring("run");
  int told = 0;
  const auto tell = [&] { return Json{{"event", "x"}, {"number", ++told}}; };
  for (int i = 0; i < 3; ++i) ring.add(tell, WallTime{10});
  EXPECT_EQ(told, 0);
  EXPECT_EQ(ring.after(2, 10)["events"][0]["number"], 1);
  EXPECT_EQ(told, 1);
}

TEST(Events, WakeThoseWhoWaitOnce) {
  EventRing ring("run");
  int woken = 0;
  ring.when_more([&] { ++woken; });
  ring.add(tell_x, WallTime{1});
  ring.add(tell_x, WallTime{1});
  EXPECT_EQ(woken, 1);
}

TEST(AlarmGate, LetsSomeThroughAndCountsTheRest) {
  AlarmGate gate;
  std::uint64_t silent = 0;
  unsigned told = 0;
  for (int i = 0; i < 1000; ++i)
    told += gate.let_through(PeerId{0}, core::AlarmKind::kBadEntry, Instant{i}, silent);
  EXPECT_EQ(told, 10u);
  // Another kind and another counterpart are not held up by it.
  EXPECT_TRUE(gate.let_through(PeerId{0}, core::AlarmKind::kStore, Instant{1000}, silent));
  EXPECT_TRUE(gate.let_through(PeerId{1}, core::AlarmKind::kBadEntry, Instant{1000}, silent));
  EXPECT_TRUE(gate.let_through(PeerId{0}, core::AlarmKind::kBadEntry, Instant{7'000'000}, silent));
  EXPECT_EQ(silent, 990u);
  // And where each line has its own, no other line.
  EXPECT_TRUE(gate.let_through(PeerId{0}, core::AlarmKind::kBadEntry, Instant{7'000'001}, silent, LineId{1}));
  EXPECT_FALSE(gate.let_through(PeerId{0}, core::AlarmKind::kBadEntry, Instant{7'000'001}, silent));
}

}  // namespace
}  // namespace detente::station
