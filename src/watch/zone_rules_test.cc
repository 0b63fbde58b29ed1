#include "watch/zone_rules.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "watch/zones_for_test.h"

namespace detente::watch {
namespace {

using test::utc;

LocalTime local(std::int32_t year, std::uint32_t month, std::uint32_t day, std::uint32_t hour,
                std::uint32_t minute) {
  return LocalTime::at({year, month, day}, hour * 60 + minute);
}

std::string utc_of(const ZoneRules& zone, LocalTime time) {
  const auto found = zone.to_utc(time);
  return found ? format_utc(*found) : "none";
}

TEST(ZoneRules, PyongyangWentBackHalfAnHourAndOnAgain) {
  const auto zone = test::pyongyang();
  EXPECT_EQ(utc_of(*zone, local(2015, 8, 14, 9, 0)), "2015-08-14T00:00:00Z");
  EXPECT_EQ(utc_of(*zone, local(2015, 8, 15, 9, 0)), "2015-08-15T00:30:00Z");
  EXPECT_EQ(utc_of(*zone, local(2018, 5, 4, 9, 0)), "2018-05-04T00:30:00Z");
  EXPECT_EQ(utc_of(*zone, local(2018, 5, 5, 9, 0)), "2018-05-05T00:00:00Z");
  // 23:30 to 24:00 of 14 August came twice: the first one counts.
  EXPECT_EQ(utc_of(*zone, local(2015, 8, 14, 23, 45)), "2015-08-14T14:45:00Z");
  // 23:30 to 24:00 of 4 May did not come: the jump counts.
  EXPECT_EQ(utc_of(*zone, local(2018, 5, 4, 23, 45)), "2018-05-04T15:00:00Z");
  EXPECT_EQ(format_local(*zone->to_local(utc("2015-08-14T14:59:59Z"))), "2015-08-14 23:59");
  EXPECT_EQ(format_local(*zone->to_local(utc("2015-08-14T15:00:00Z"))), "2015-08-14 23:30");
}

TEST(ZoneRules, DaylightSavingAtBothChanges) {
  const auto zone = test::berlin();
  EXPECT_EQ(utc_of(*zone, local(2027, 3, 28, 1, 59)), "2027-03-28T00:59:00Z");
  EXPECT_EQ(utc_of(*zone, local(2027, 3, 28, 2, 0)), "2027-03-28T01:00:00Z");
  EXPECT_EQ(utc_of(*zone, local(2027, 3, 28, 2, 30)), "2027-03-28T01:00:00Z");
  EXPECT_EQ(utc_of(*zone, local(2027, 3, 28, 3, 0)), "2027-03-28T01:00:00Z");
  EXPECT_EQ(utc_of(*zone, local(2027, 10, 31, 2, 0)), "2027-10-31T00:00:00Z");
  EXPECT_EQ(utc_of(*zone, local(2027, 10, 31, 2, 30)), "2027-10-31T00:30:00Z");
  EXPECT_EQ(utc_of(*zone, local(2027, 10, 31, 3, 0)), "2027-10-31T02:00:00Z");
}

TEST(ZoneRules, ADayThatNeverCame) {
  // Samoa left out 30 December 2011.
  const auto zone = test::zone("Pacific/Apia", {{utc("2011-09-24T14:00:00Z"), -10 * 3600, ""},
                                                {utc("2011-12-30T10:00:00Z"), 14 * 3600, ""}});
  EXPECT_EQ(utc_of(*zone, local(2011, 12, 29, 23, 59)), "2011-12-30T09:59:00Z");
  EXPECT_EQ(utc_of(*zone, local(2011, 12, 30, 9, 0)), "2011-12-30T10:00:00Z");
  EXPECT_EQ(utc_of(*zone, local(2011, 12, 31, 9, 0)), "2011-12-30T19:00:00Z");
}

TEST(ZoneRules, NothingOutsideTheSpan) {
  const auto zone = test::seoul();
  EXPECT_FALSE(zone->to_local(utc("2009-12-31T23:59:59Z")));
  EXPECT_TRUE(zone->to_local(utc("2010-01-01T00:00:00Z")));
  EXPECT_FALSE(zone->to_local(utc("2080-01-01T00:00:00Z")));
  EXPECT_EQ(utc_of(*zone, local(2010, 1, 1, 8, 59)), "none");
  EXPECT_EQ(utc_of(*zone, local(2010, 1, 1, 9, 0)), "2010-01-01T00:00:00Z");
  EXPECT_EQ(utc_of(*zone, local(2080, 1, 1, 8, 59)), "2079-12-31T23:59:00Z");
  EXPECT_EQ(utc_of(*zone, local(2080, 1, 1, 9, 0)), "none");
}

TEST(ZoneRules, DigestIsOfWhatDecides) {
  const auto kst = test::zone("A/B", {{{100}, 9 * 3600, "KST"}, {{200}, -1830, "x"}}, {1000});
  EXPECT_EQ(kst->canonical_text(),
            "detente-zone/1\nA/B\n1970-01-01T00:01:40Z 1970-01-01T00:16:40Z\n"
            "1970-01-01T00:01:40Z +09:00:00\n1970-01-01T00:03:20Z -00:30:30\n");
  EXPECT_EQ(to_hex(kst->digest()),
            "7a6e98664959f398e264973e0e611b052ac9fdf316a142e6b470cf4937b44376");
  const auto named = test::zone(
      "A/B", {{{100}, 9 * 3600, "+09"}, {{150}, 9 * 3600, "KST"}, {{200}, -1830, "y"}}, {1000});
  EXPECT_EQ(named->digest(), kst->digest()) << "an abbreviation is no difference";
  const auto later = test::zone("A/B", {{{100}, 9 * 3600, "KST"}, {{201}, -1830, "x"}}, {1000});
  const auto shorter = test::zone("A/B", {{{100}, 9 * 3600, "KST"}, {{200}, -1830, "x"}}, {999});
  EXPECT_NE(later->digest(), kst->digest());
  EXPECT_NE(shorter->digest(), kst->digest());
}

TEST(ZoneRules, RefusesRulesThatAreNone) {
  const auto refused = [](WallTime from, WallTime until, std::vector<ZonePeriod> periods) {
    return !ZoneRules::make("A/B", from, until, std::move(periods));
  };
  EXPECT_FALSE(refused({10}, {20}, {{{10}, 0, ""}}));
  EXPECT_TRUE(refused({10}, {10}, {{{10}, 0, ""}}));
  EXPECT_TRUE(refused({10}, {20}, {}));
  EXPECT_TRUE(refused({10}, {20}, {{{11}, 0, ""}}));
  EXPECT_TRUE(refused({10}, {20}, {{{10}, 0, ""}, {{10}, 1, ""}}));
  EXPECT_TRUE(refused({10}, {20}, {{{10}, 0, ""}, {{20}, 1, ""}}));
  EXPECT_TRUE(refused({10}, {20}, {{{10}, 64801, ""}}));
  EXPECT_TRUE(refused({10}, {20}, {{{10}, 0, "\x1b[31m"}}));
}

RC_GTEST_PROP(ZoneRules, ThereAndBack, ()) {
  const auto book = test::zones();
  const auto at = *rc::gen::inRange<std::uint32_t>(0, static_cast<std::uint32_t>(book.size()));
  const ZoneRules& zone = *std::next(book.begin(), at)->second;
  const WallTime time{*rc::gen::inRange<std::uint32_t>(zone.from().seconds, zone.until().seconds)};
  const auto shown = zone.to_local(time);
  RC_ASSERT(shown.has_value());
  const auto back = zone.to_utc(*shown);
  RC_ASSERT(back.has_value());
  // The same instant, or an earlier one at which the clock showed the same.
  RC_ASSERT(*back <= time);
  RC_ASSERT(*zone.to_local(*back) == *shown);
}

// Against a search second by second around every change of the clock.
RC_GTEST_PROP(ZoneRules, FirstInstantThatShowsIt, ()) {
  const auto book = test::zones();
  const auto at = *rc::gen::inRange<std::size_t>(0, book.size());
  const ZoneRules& zone = *std::next(book.begin(), static_cast<std::ptrdiff_t>(at))->second;
  const auto change = *rc::gen::inRange<std::size_t>(0, zone.periods().size());
  const std::int64_t near = zone.periods()[change].begin.seconds;
  const auto away = *rc::gen::inRange<std::int64_t>(-7200, 7200);
  const LocalTime wanted{near + zone.periods()[change].offset_seconds + away};
  std::optional<WallTime> slow;
  for (std::int64_t t = std::max<std::int64_t>(near - 20000, zone.from().seconds);
       t < near + 20000 && !slow; ++t)
    if (zone.to_local({static_cast<std::uint32_t>(t)}) >= wanted)
      slow = WallTime{static_cast<std::uint32_t>(t)};
  if (wanted < *zone.to_local(zone.from())) slow.reset();
  RC_ASSERT(zone.to_utc(wanted) == slow);
}

}  // namespace
}  // namespace detente::watch
