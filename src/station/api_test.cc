#include <gtest/gtest.h>

#include "station/api_request.h"
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

TEST(ApiRequest, NumbersAreDigitsAndNothingElse) {
  EXPECT_EQ(parse_number("0", "x", 7).value(), 0u);
  EXPECT_EQ(parse_number("007", "x", 7).value(), 7u);
  EXPECT_EQ(parse_number("18446744073709551615", "x", UINT64_MAX).value(), UINT64_MAX);
  for (const char* bad : {"", "8", "-1", "+1", " 1", "1 ", "0x1", "1e0", "18446744073709551616"})
    EXPECT_FALSE(parse_number(bad, "x", 7).has_value()) << bad;
}

TEST(ApiRequest, OfADocument) {
  const auto asked = parse_target("/documents?whose=far&piece=16&length=0");
  ASSERT_TRUE(asked.has_value());
  EXPECT_FALSE(parse_whose(*asked).value());
  EXPECT_EQ(first_piece(*asked).value(), 16u);
  EXPECT_EQ(document_length(*asked).value(), 0u);
  const auto bare = parse_target("/documents?whose=both");
  ASSERT_TRUE(bare.has_value());
  EXPECT_FALSE(parse_whose(*bare).has_value());
  EXPECT_EQ(first_piece(*bare).value(), 0u);
  EXPECT_FALSE(document_length(*bare).has_value());
  EXPECT_EQ(parse_root(std::string(64, 'a')).value()[31], 0xaa);
  for (const std::size_t size : {0, 62, 63, 65, 66}) EXPECT_FALSE(parse_root(std::string(size, 'a')).has_value()) << size;
}

TEST(ApiRequest, OfACouriersFile) {
  const auto asked = [](const char* text) { return parse_courier_asked(Json::parse(text)); };
  EXPECT_FALSE(asked("{}").value().has_value());
  const auto act = asked(R"({"line":"navy","index":4})").value();
  ASSERT_TRUE(act.has_value());
  EXPECT_EQ(act->line, "navy");
  EXPECT_EQ(act->index, 4u);
  EXPECT_FALSE(act->waiting.has_value());
  for (const char* bad : {"[]", R"({"line":"navy"})", R"({"index":4})", R"({"index":4,"waiting":5})", R"({"waiting":5})",
                          R"({"line":"navy","index":4,"waiting":5})", R"({"line":"navy","index":-4})", R"({"line":7,"index":4})",
                          R"({"line":"navy","index":4611686018427387904})", R"({"line":"navy","index":4,"more":1})"})
    EXPECT_FALSE(asked(bad).has_value()) << bad;
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
