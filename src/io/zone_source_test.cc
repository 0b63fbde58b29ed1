// Against the machine's own zone data, for changes that no newer data can alter.
#include "io/zone_source.h"

#include <gtest/gtest.h>

#include <string>

#include "base/civil.h"

namespace detente::io {
namespace {

WallTime utc(const char* text) { return parse_utc(text).value(); }

std::string local(const watch::ZoneRules& zone, const char* time) {
  return watch::format_local(zone.to_local(utc(time)).value());
}

TEST(ZoneSource, PyongyangOf2015And2018) {
  const auto zone =
      load_zone("Asia/Pyongyang", utc("2015-01-01T00:00:00Z"), utc("2019-01-01T00:00:00Z"));
  ASSERT_TRUE(zone) << zone.error().message;
  ASSERT_EQ(zone->periods().size(), 3u);
  EXPECT_EQ(format_utc(zone->periods()[1].begin), "2015-08-14T15:00:00Z");
  EXPECT_EQ(zone->periods()[1].offset_seconds, 8 * 3600 + 1800);
  EXPECT_EQ(format_utc(zone->periods()[2].begin), "2018-05-04T15:00:00Z");
  EXPECT_EQ(zone->periods()[2].offset_seconds, 9 * 3600);
}

// 2030 is listed in the file, 2046 and 2105 follow from its last line.
TEST(ZoneSource, SummersAfterTheListedOnes) {
  const auto zone =
      load_zone("America/New_York", utc("2020-01-01T00:00:00Z"), utc("2106-01-01T00:00:00Z"));
  ASSERT_TRUE(zone) << zone.error().message;
  EXPECT_EQ(zone->periods().size(), 2u * 86 + 1);
  EXPECT_EQ(local(*zone, "2030-07-01T13:00:00Z"), "2030-07-01 09:00");
  EXPECT_EQ(local(*zone, "2046-07-01T13:00:00Z"), "2046-07-01 09:00");
  EXPECT_EQ(local(*zone, "2046-12-01T14:00:00Z"), "2046-12-01 09:00");
  EXPECT_EQ(local(*zone, "2105-07-01T13:00:00Z"), "2105-07-01 09:00");
  // South of the equator summer crosses the year's end.
  const auto sydney =
      load_zone("Australia/Sydney", utc("2050-01-01T00:00:00Z"), utc("2051-01-01T00:00:00Z"));
  ASSERT_TRUE(sydney) << sydney.error().message;
  EXPECT_EQ(sydney->periods().size(), 3u);
  EXPECT_EQ(local(*sydney, "2050-01-01T00:00:00Z"), "2050-01-01 11:00");
  EXPECT_EQ(local(*sydney, "2050-07-01T00:00:00Z"), "2050-07-01 10:00");
}

TEST(ZoneSource, ZonesWithoutChanges) {
  for (const char* name : {"UTC", "Etc/GMT-9", "Asia/Kolkata"}) {
    const auto zone = load_zone(name, utc("2020-01-01T00:00:00Z"), utc("2100-01-01T00:00:00Z"));
    ASSERT_TRUE(zone) << zone.error().message;
    EXPECT_EQ(zone->periods().size(), 1u) << name;
  }
}

TEST(ZoneSource, UnknownOnesSayWhatToDo) {
  for (const char* name :
       {"Asia/Seol", "", "../../../etc/passwd", "Asia", "tzdata.zi", "zone.tab"}) {
    const auto zone = load_zone(name, utc("2020-01-01T00:00:00Z"), utc("2030-01-01T00:00:00Z"));
    ASSERT_FALSE(zone) << name;
    EXPECT_EQ(zone.error().fault, Fault::kNotFound) << name << ": " << zone.error().message;
    EXPECT_NE(zone.error().message.find("update the zone data"), std::string::npos);
    EXPECT_NE(zone.error().message.find(name), std::string::npos);
  }
}

}  // namespace
}  // namespace detente::io
