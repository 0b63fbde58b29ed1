#include "watch/line_hours.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "watch/schedule_for_test.h"

namespace detente::watch {
namespace {

using accord::CallKind;
using test::kEveryDay;
using test::kWorkingDays;
using test::schedule;
using test::utc;

// 09:00 to 17:00 in Seoul (00:00 to 08:00 UTC) on working days; 5 May 2027, a Wednesday, is none.
Schedule liaison() {
  return schedule({{540, "Asia/Seoul", kWorkingDays, CallKind::kOpening},
                   {720, "Asia/Seoul", kWorkingDays},
                   {1020, "Asia/Seoul", kWorkingDays, CallKind::kClosing}},
                  {2027, 1, 4}, {{{0, 5, 5}}});
}

std::string at(const Schedule& line, const char* time,
               const std::optional<HoursExtension>& extension = std::nullopt) {
  return words(line, line_hours(line, utc(time), extension), utc(time), extension);
}

TEST(LineHours, BoundedByOpeningAndClosing) {
  const Schedule line = liaison();
  EXPECT_EQ(at(line, "2027-05-03T23:59:59Z"), "closed until 09:00 by both");
  EXPECT_EQ(at(line, "2027-05-04T00:00:00Z"), "open until 17:00");
  EXPECT_EQ(at(line, "2027-05-04T03:30:00Z"), "open until 17:00");
  EXPECT_EQ(at(line, "2027-05-04T07:59:59Z"), "open until 17:00");
  // The next day is a holiday; Friday's closing lasts until Monday.
  EXPECT_EQ(at(line, "2027-05-04T08:00:00Z"), "closed until 2027-05-06 09:00 by both");
  EXPECT_EQ(at(line, "2027-05-05T03:00:00Z"), "closed until 09:00 by both");
  EXPECT_EQ(at(line, "2027-05-07T08:00:00Z"), "closed until 2027-05-10 09:00 by both");
  const LineHours weekend = line_hours(line, utc("2027-05-08T12:00:00Z"));
  EXPECT_EQ(format_utc(*weekend.since), "2027-05-07T08:00:00Z");
  EXPECT_EQ(format_utc(*weekend.until), "2027-05-10T00:00:00Z");
  EXPECT_FALSE(weekend.is_open());
}

TEST(LineHours, BeforeTheFirstOpening) {
  const LineHours before = line_hours(liaison(), utc("2026-06-01T00:00:00Z"));
  EXPECT_EQ(before.state, OpenState::kClosed);
  EXPECT_FALSE(before.since);
  EXPECT_EQ(format_utc(*before.until), "2027-01-04T00:00:00Z");
}

TEST(LineHours, WithoutOpeningCallsAlwaysOpen) {
  const Schedule line = schedule({{540, "Asia/Seoul", kEveryDay}}, {2027, 1, 1});
  EXPECT_EQ(at(line, "2027-05-08T18:00:00Z"), "open at all hours");
  EXPECT_TRUE(line_hours(line, utc("2027-05-08T18:00:00Z")).is_open());
  EXPECT_FALSE(
      extend_hours(line, utc("2027-05-08T18:00:00Z"), utc("2027-05-08T19:00:00Z"), {"Kim", "Pak"}));
}

TEST(LineHours, TwoNineOClocksOpenAtTheEarlierAndCloseAtTheLater) {
  accord::CheckCall opening{540, "Asia/Seoul", kEveryDay, CallKind::kOpening};
  accord::CheckCall closing{1020, "Asia/Seoul", kEveryDay, CallKind::kClosing};
  opening.own_hours = {{"north", 540, "Asia/Pyongyang"}};
  closing.own_hours = {{"north", 1020, "Asia/Pyongyang"}};
  const Schedule line = schedule({opening, closing}, {2016, 1, 1});
  // On both days of a turn: whoever calls, the line is open for both from the earlier hour.
  for (const char* day : {"2016-03-01", "2016-03-02"}) {
    const std::string date(day);
    EXPECT_FALSE(line_hours(line, utc((date + "T23:59:59Z").c_str())).is_open());
    EXPECT_TRUE(line_hours(line, utc((date + "T00:00:00Z").c_str())).is_open());
    EXPECT_TRUE(line_hours(line, utc((date + "T08:29:59Z").c_str())).is_open());
    EXPECT_FALSE(line_hours(line, utc((date + "T08:30:00Z").c_str())).is_open());
  }
}

TEST(LineHours, ExtendedForOneNight) {
  const Schedule line = liaison();
  const WallTime afternoon = utc("2027-05-03T06:00:00Z");
  const auto night = extend_hours(line, afternoon, utc("2027-05-03T13:00:00Z"), {"Kim", "Pak"});
  ASSERT_TRUE(night) << night.error().message;
  EXPECT_EQ(format_utc(night->from), "2027-05-03T08:00:00Z") << "from the closing call on";
  EXPECT_EQ(at(line, "2027-05-03T07:59:59Z", *night), "open until 17:00");
  EXPECT_EQ(at(line, "2027-05-03T08:00:00Z", *night), "open until 22:00, extended by Kim and Pak");
  EXPECT_EQ(at(line, "2027-05-03T12:59:59Z", *night), "open until 22:00, extended by Kim and Pak");
  EXPECT_EQ(at(line, "2027-05-03T13:00:00Z", *night), "closed until 09:00 by both");
  EXPECT_EQ(line_hours(line, utc("2027-05-03T14:00:00Z"), *night).since,
            utc("2027-05-03T13:00:00Z"));
  EXPECT_EQ(at(line, "2027-05-04T09:00:00Z", *night), "closed until 2027-05-06 09:00 by both")
      << "the next night is not extended";
  // When it is closed, from now on.
  const WallTime evening = utc("2027-05-03T10:00:00Z");
  EXPECT_EQ(extend_hours(line, evening, utc("2027-05-03T13:00:00Z"), {"Kim", "Pak"})->from,
            evening);
}

TEST(LineHours, ExtensionsThatAreRefused) {
  const Schedule line = liaison();
  const auto message = [&](const char* now, const char* until,
                           std::array<std::string, 2> officers) {
    const auto made = extend_hours(line, utc(now), utc(until), std::move(officers));
    return made ? std::string("made") : made.error().message;
  };
  const auto names = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos ? "yes" : text;
  };
  EXPECT_EQ(names(message("2027-05-03T06:00:00Z", "2027-05-03T13:00:00Z", {"Kim", ""}),
                  "an officer of each side"),
            "yes");
  for (const char* now : {"2027-05-03T06:00:00Z", "2027-05-03T10:00:00Z"})  // open, closed
    EXPECT_EQ(names(message(now, "2027-05-03T05:59:59Z", {"Kim", "Pak"}), "that hour has passed"), "yes");
  EXPECT_EQ(names(message("2027-05-03T06:00:00Z", "2027-05-03T07:00:00Z", {"Kim", "Pak"}),
                  "open until 17:00 anyway"),
            "yes");
  EXPECT_EQ(names(message("2027-05-03T06:00:00Z", "2027-05-04T00:00:01Z", {"Kim", "Pak"}),
                  "opens at 09:00 anyway"),
            "yes");
  EXPECT_EQ(names(message("2027-05-03T06:00:00Z", "2027-05-04T00:00:00Z", {"Kim", "Pak"}), "made"),
            "yes");
  EXPECT_EQ(
      names(message("2027-05-07T06:00:00Z", "2027-05-08T08:00:01Z", {"Kim", "Pak"}), "at most 24"),
      "yes");
  EXPECT_EQ(names(message("2027-05-08T06:00:00Z", "2027-05-08T05:00:00Z", {"Kim", "Pak"}),
                  "name a later hour"),
            "yes");
}

// Against a walk from the first opening on.
RC_GTEST_PROP(LineHours, LastTurnDecides, ()) {
  const Schedule line = liaison();
  const WallTime from = utc("2027-01-03T00:00:00Z");
  const WallTime time{*rc::gen::inRange<std::uint32_t>(from.seconds, from.seconds + 200 * 86400)};
  bool open = false;
  std::optional<WallTime> since;
  for (const PlannedCall& call : line.planned(from, {time.seconds + 1}))
    if (call.kind != CallKind::kOrdinary) {
      open = call.kind == CallKind::kOpening;
      since = call.at;
    }
  const LineHours hours = line_hours(line, time);
  RC_ASSERT(hours.is_open() == open);
  RC_ASSERT(hours.since == since);
  RC_ASSERT(hours.until.has_value());
  RC_ASSERT(line_hours(line, *hours.until).is_open() != open);
  RC_ASSERT(line_hours(line, {hours.until->seconds - 1}).is_open() == open);
}

}  // namespace
}  // namespace detente::watch
