#include "station/last_heard.h"

#include <gtest/gtest.h>

namespace detente::station {
namespace {

TEST(LastHeard, WhatIsWrittenIsRead) {
  const std::map<std::string, WallTime> heard = {{"east", {1}}, {"north", {1'800'000'000}}};
  EXPECT_EQ(last_heard_text(heard), "east 1\nnorth 1800000000\n");
  EXPECT_EQ(parse_last_heard(last_heard_text(heard)), heard);
}

TEST(LastHeard, WhatIsNoLineIsLeftOut) {
  const std::map<std::string, WallTime> north = {{"north", {5}}};
  EXPECT_EQ(parse_last_heard("\n 7\nwest\nwest x\nwest 9x\nwest 99999999999\nnorth 5\neast 6"), north);
  EXPECT_TRUE(parse_last_heard("").empty());
}

}  // namespace
}  // namespace detente::station
