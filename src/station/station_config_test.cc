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
  config.vigilance_minutes = 60;
  config.chiefs = {"duty-chief", "commander"};
  config.vigilance_grace_minutes = 3;
  config.rules.signers[0] = 2;
  config.rules.signers[2] = 4;
  config.rules.mandate[0] = config.rules.mandate[3] = true;
  config.hooks = {{HookOn::kAlarm, {"/usr/local/bin/bell", "--for", "a \"b\" \\c"}, "", {}, 0, 20},
                  {HookOn::kSignOfLife, {}, "duty@example.org", {"liaison", "north/navy"}, 0, 300},
                  {HookOn::kEscalation, {}, "chief", {}, 15, 1}};
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
  EXPECT_TRUE(refused([](StationConfig& c) { c.chiefs = {"Duty Chief"}; }));
  EXPECT_TRUE(refused([](StationConfig& c) { c.vigilance_minutes = 4; }));
  EXPECT_TRUE(refused([](StationConfig& c) { c.rules.signers[1] = 0; }));
  EXPECT_TRUE(refused([](StationConfig& c) { c.rules.signers[1] = 5; }));
  EXPECT_TRUE(refused([](StationConfig& c) { c.vigilance_minutes = 721; }));
  EXPECT_TRUE(refused([](StationConfig& c) { c.vigilance_grace_minutes = 0; }));
  EXPECT_TRUE(refused([](StationConfig& c) { c.vigilance_grace_minutes = 61; }));
}

TEST(StationConfig, HooksNameLinesThatThereAre) {
  const std::vector<std::string> known{"north/navy", "east/liaison"};
  const auto good = [&](std::vector<std::string> lines) {
    return check_hook_lines({HookConfig{}, {.command = {"/bin/true"}, .lines = std::move(lines)}}, known);
  };
  EXPECT_TRUE(good({}));
  EXPECT_TRUE(good({"navy", "liaison", "east/liaison"}));
  for (const char* wrong : {"nayv", "north", "east/navy", "north/liaison", "vy", "/navy"}) {
    const auto refused = good({"navy", wrong});
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().fault, Fault::kConflict);
    EXPECT_NE(refused.error().message.find("hook 2 (on alarm) names the line " + std::string(wrong)), std::string::npos);
  }
}

TEST(StationConfig, RefusesHooksThatCannotWork) {
  const auto refused = [](auto change) {
    StationConfig config = example();
    change(config.hooks[1]);
    return !check_station_config(config) && !write_station_config(config);
  };
  EXPECT_FALSE(refused([](HookConfig&) {}));
  EXPECT_TRUE(refused([](HookConfig& h) { h.mail = ""; }));
  EXPECT_TRUE(refused([](HookConfig& h) { h.command = {"/bin/true"}; })) << "one of two";
  EXPECT_TRUE(refused([](HookConfig& h) { h = {.command = {"bell"}}; }));
  EXPECT_TRUE(refused([](HookConfig& h) { h = {.command = {"/bin/sh", "a\nb"}}; }));
  EXPECT_TRUE(refused([](HookConfig& h) { h.mail = "a@b\nBcc: c@d"; }));
  EXPECT_TRUE(refused([](HookConfig& h) { h.lines = {"north/"}; }));
  EXPECT_TRUE(refused([](HookConfig& h) { h.lines = {"north/navy/x"}; }));
  EXPECT_TRUE(refused([](HookConfig& h) { h.lines = {""}; }));
  EXPECT_TRUE(refused([](HookConfig& h) { h.after_minutes = 5; })) << "of an escalation alone";
  EXPECT_TRUE(refused([](HookConfig& h) { h.timeout_seconds = 0; }));
  EXPECT_TRUE(refused([](HookConfig& h) { h.timeout_seconds = 301; }));
  EXPECT_TRUE(refused([](HookConfig& h) {
    h.on = HookOn::kEscalation;
    h.after_minutes = 1441;
  }));
  StationConfig many;
  many.hooks.assign(kHooksMax + 1, example().hooks[0]);
  EXPECT_FALSE(check_station_config(many));
}

TEST(StationConfig, ReadsHooksAsPeopleWriteThem) {
  const std::string head = "format = \"detente-station/1\"\npost = \"main\"\n";
  const auto read = [&](const std::string& hook) { return parse_station_config(head + hook); };
  const auto least = read("vigilance_minutes = 0\n[[hooks]]\non = \"alarm\"\ncommand = [\"/bin/true\"]\n");
  ASSERT_TRUE(least) << least.error().message;
  EXPECT_EQ(least->hooks, (std::vector<HookConfig>{{.command = {"/bin/true"}}}));
  EXPECT_EQ(least->vigilance_minutes, 0u);
  EXPECT_EQ(least->vigilance_grace_minutes, 5u);
  EXPECT_TRUE(read("[[hooks]]\non = \"announcement\"\nmail = \"root\"\n"));
  EXPECT_TRUE(read("[[hooks]]\non = \"escalation\"\nafter_minutes = 0\nmail = \"root\"\n"));
  for (const char* bad : {"on = \"alarms\"\nmail = \"root\"", "mail = \"root\"", "on = \"alarm\"",
                          "on = \"alarm\"\ncommand = \"/bin/true\"",
                          "on = \"alarm\"\ncommand = []",
                          "on = \"alarm\"\nmail = \"root\"\nshell = true",
                          "on = \"alarm\"\nmail = \"root\"\ntimeout_seconds = 0",
                          "on = \"escalation\"\nmail = \"root\"\nafter_minutes = -1"}) {
    const auto wrong = read(std::string("[[hooks]]\n") + bad + "\n");
    ASSERT_FALSE(wrong) << bad;
    EXPECT_NE(wrong.error().message.find("station.toml"), std::string::npos);
  }
}

TEST(StationConfig, AHookIsForItsLines) {
  const HookConfig hook{.lines = {"liaison", "north/navy"}};
  EXPECT_TRUE(hook.concerns("north", "liaison"));
  EXPECT_TRUE(hook.concerns("west", "liaison"));
  EXPECT_TRUE(hook.concerns("north", "navy"));
  EXPECT_FALSE(hook.concerns("west", "navy"));
  EXPECT_FALSE(hook.concerns("north", ""));
  EXPECT_TRUE(hook.concerns("", "")) << "of no line";
  EXPECT_TRUE(HookConfig().concerns("west", "navy"));
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
        "[127.0.0.1]:7", "999.1.1.1:5", "1.2.3:5", "10:5", "[2001:db8::1::2]:5", "[::g]:5", "[]:7", "a b:7", "[::1:7", "a\n:7"})
    EXPECT_FALSE(parse_address(text)) << text;
}

}  // namespace
}  // namespace detente::station
