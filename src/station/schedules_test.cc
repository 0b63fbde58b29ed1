#include "station/schedules.h"

#include <gtest/gtest.h>

#include "accord/accord_for_test.h"
#include "base/civil.h"

namespace detente::station {
namespace {

namespace test = accord::test;

Result<std::vector<std::string>> checked(const accord::Annex& annex) {
  accord::Accord accord = test::accord();
  accord.not_before = test::kMorning;
  const std::vector<std::string> texts = {accord::write_annex(annex).value()};
  return check_schedules(accord, texts);
}

TEST(Schedules, ThoseOfAnAccord) {
  const std::vector<accord::Annex> annexes = {test::annex_with_hours()};
  const ZonesHere here = load_zones(annexes, test::kMorning);
  EXPECT_TRUE(here.missing.empty());
  ASSERT_EQ(here.zones.size(), 2u);
  EXPECT_EQ(format_utc(here.zones.at("Asia/Seoul")->from()), "2025-01-01T00:00:00Z");
  EXPECT_EQ(format_utc(here.zones.at("Asia/Seoul")->until()), "2075-01-01T00:00:00Z");
  accord::Accord accord = test::accord();
  accord.not_before = test::kMorning;  // 24 November 2026
  const auto schedule = schedule_of(accord, annexes[0], here.zones).value();
  EXPECT_EQ(format_utc(schedule.next({0})->at), "2026-11-24T00:00:00Z");
  const auto good = checked(annexes[0]);
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_TRUE(good->empty());
}

TEST(Schedules, AnUnknownZoneIsSaidAndStopsNobody) {
  accord::Annex annex = test::annex_with_hours();
  annex.check_calls[2].zone = "Asia/Seol";
  const auto said = checked(annex);
  ASSERT_TRUE(said) << said.error().message;
  ASSERT_EQ(said->size(), 1u);
  EXPECT_NE(said->front().find("\"Asia/Seol\": this machine has none"), std::string::npos);
}

TEST(Schedules, RefusesWithTheLine) {
  accord::Annex overlapping = test::annex_with_hours();
  overlapping.check_calls[2] = {15, "UTC", 0x01};  // 09:15 in Seoul
  const auto overlap = checked(overlapping);
  ASSERT_FALSE(overlap);
  EXPECT_NE(overlap.error().message.find("line \"liaison\": check calls overlap"),
            std::string::npos)
      << overlap.error().message;
  accord::Annex foreign = test::annex_with_hours();
  foreign.check_calls[2].caller = "east";
  const auto side = checked(foreign);
  ASSERT_FALSE(side);
  EXPECT_NE(side.error().message.find("its sides are south and north"), std::string::npos);
}

}  // namespace
}  // namespace detente::station
