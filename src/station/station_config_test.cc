#include "station/station_config.h"

#include <gtest/gtest.h>

namespace detente::station {
namespace {

StationConfig example() {
  StationConfig config;
  config.counterparts = {{"north",
                          "main",
                          {{"fibre", {"127.0.0.1", 7001}, {"::1", 7002}},
                           {"radio", {"127.0.0.1", 7003}, {"station.example", 65535}}}},
                         {"west", "reserve", {{"fibre", {"127.0.0.1", 7001}, {"192.0.2.1", 1}}}}};
  config.counterparts[0].line_burst_mib = 8;
  config.counterparts[0].line_mib_a_day = 512;
  config.providers = {"/usr/lib/own.so"};
  return config;
}

TEST(StationConfig, WritesWhatItReads) {
  for (const StationConfig& config : {example(), StationConfig()}) {
    const auto text = write_station_config(config);
    ASSERT_TRUE(text) << text.error().message;
    const auto read = parse_station_config(*text);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, config);
    EXPECT_EQ(*write_station_config(*read), *text);
  }
}

TEST(StationConfig, FindsByName) {
  const StationConfig config = example();
  EXPECT_EQ(config.counterpart("west")->their_post, "reserve");
  EXPECT_EQ(config.counterpart("east"), nullptr);
  EXPECT_EQ(config.counterpart("north")->path("radio")->peer.text(), "station.example:65535");
  EXPECT_EQ(config.counterpart("north")->path("none"), nullptr);
}

TEST(StationConfig, RefusesContradictions) {
  const auto refused = [](auto change) {
    StationConfig config = example();
    change(config);
    return !check_station_config(config) && !write_station_config(config);
  };
  EXPECT_FALSE(refused([](StationConfig&) {}));
  EXPECT_TRUE(refused([](StationConfig& c) { c.post = "Main"; }));
  EXPECT_TRUE(refused([](StationConfig& c) { c.counterparts[1].name = "north"; }));
  EXPECT_TRUE(refused([](StationConfig& c) { c.counterparts[0].name = "../x"; }));
  EXPECT_TRUE(refused([](StationConfig& c) { c.counterparts[0].paths[1].name = "fibre"; }));
  EXPECT_TRUE(refused([](StationConfig& c) { c.counterparts[0].paths[1].listen.port = 7001; }));
  EXPECT_TRUE(refused([](StationConfig& c) { c.providers = {"own.so"}; }));
}

TEST(StationConfig, RefusesUnknownKeysAndFormats) {
  const std::string text = *write_station_config(example());
  EXPECT_FALSE(parse_station_config(text + "speed = 3\n"));
  EXPECT_FALSE(parse_station_config("format = \"detente-station/2\"\npost = \"main\"\n"));
  EXPECT_FALSE(parse_station_config("post = \"main\"\n"));
  EXPECT_FALSE(parse_station_config(""));
}

TEST(Address, ReadsItsOwnText) {
  for (const char* text : {"127.0.0.1:1", "[::1]:65535", "[fe80::1%eth0]:7", "host-1.example:80"}) {
    const auto address = parse_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->text(), text);
  }
}

TEST(Address, RefusesOthers) {
  for (const char* text :
       {"", ":", "7001", "127.0.0.1", "127.0.0.1:", ":7001", "127.0.0.1:0", "::1:7001",
        "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1: 7", "127.0.0.1:7x", "127.0.0.1:07",
        "[127.0.0.1]:7", "[]:7", "a b:7", "[::1:7", "a\n:7"})
    EXPECT_FALSE(parse_address(text)) << text;
}

}  // namespace
}  // namespace detente::station
