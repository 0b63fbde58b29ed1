#include "io/zone_tail.h"

#include <gtest/gtest.h>

#include <string>

namespace detente::io {
namespace {

// "2040-03-11T07:00:00Z -14400 EDT", one a line.
std::string shown(std::string_view rule, const char* from, const char* until) {
  const auto tail = ZoneTail::parse(rule);
  if (!tail) return "none";
  std::string out;
  for (const auto& period : tail->periods(parse_utc(from).value(), parse_utc(until).value()))
    out += format_utc(period.begin) + " " + std::to_string(period.offset_seconds) + " " +
           period.abbreviation + "\n";
  return out;
}

std::string year_2040(std::string_view rule) {
  return shown(rule, "2040-01-01T00:00:00Z", "2041-01-01T00:00:00Z");
}

TEST(ZoneTail, NorthAndSouth) {
  EXPECT_EQ(year_2040("EST5EDT,M3.2.0,M11.1.0"),
            "2040-01-01T00:00:00Z -18000 EST\n2040-03-11T07:00:00Z -14400 EDT\n"
            "2040-11-04T06:00:00Z -18000 EST\n");
  EXPECT_EQ(year_2040("CET-1CEST,M3.5.0,M10.5.0/3"),
            "2040-01-01T00:00:00Z 3600 CET\n2040-03-25T01:00:00Z 7200 CEST\n"
            "2040-10-28T01:00:00Z 3600 CET\n");
  EXPECT_EQ(year_2040("AEST-10AEDT,M10.1.0,M4.1.0/3"),
            "2040-01-01T00:00:00Z 39600 AEDT\n2040-03-31T16:00:00Z 36000 AEST\n"
            "2040-10-06T16:00:00Z 39600 AEDT\n");
}

TEST(ZoneTail, EveryForm) {
  EXPECT_EQ(year_2040("KST-9"), "2040-01-01T00:00:00Z 32400 KST\n");
  EXPECT_EQ(year_2040("<+0545>-5:45"), "2040-01-01T00:00:00Z 20700 +0545\n");
  // Greenland: an hour before the day begins.
  EXPECT_EQ(year_2040("<-02>2<-01>,M3.5.0/-1,M10.5.0/0"),
            "2040-01-01T00:00:00Z -7200 -02\n2040-03-25T01:00:00Z -3600 -01\n"
            "2040-10-28T01:00:00Z -7200 -02\n");
  // An offset of its own; winter is the exception (Dublin).
  EXPECT_EQ(year_2040("IST-1GMT0,M10.5.0,M3.5.0/1"),
            "2040-01-01T00:00:00Z 0 GMT\n2040-03-25T01:00:00Z 3600 IST\n"
            "2040-10-28T01:00:00Z 0 GMT\n");
  // 2040 has a leap day: J60 is 1 March, 59 is 29 February.
  EXPECT_EQ(year_2040("AAA0BBB,J60/0,59/0"),
            "2040-01-01T00:00:00Z 3600 BBB\n2040-02-28T23:00:00Z 0 AAA\n"
            "2040-03-01T00:00:00Z 3600 BBB\n");
  // Summer for ever.
  EXPECT_EQ(shown("XXX3EDT4,0/0,J365/23", "2040-05-01T00:00:00Z", "2040-06-01T00:00:00Z"),
            "2040-05-01T00:00:00Z -14400 EDT\n");
}

TEST(ZoneTail, RefusesWhatIsNone) {
  for (const char* text :
       {"", "E", "EST", "EST5EDT", "EST5EDT,", "EST5EDT,M3.2.0", "EST5EDT,M13.2.0,M11.1.0",
        "EST5EDT,M3.6.0,M11.1.0", "EST5EDT,M3.2.7,M11.1.0", "EST5EDT,M3.2.0/168,M11.1.0",
        "EST5EDT,M3.2.0,M11.1.0x", "EST25", "<+09", "EST5EDT,J0,J365", "EST99999999999999999999"})
    EXPECT_FALSE(ZoneTail::parse(text)) << text;
}

}  // namespace
}  // namespace detente::io
