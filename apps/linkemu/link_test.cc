#include "link.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace detente::linkemu {
namespace {

using nlohmann::json;

constexpr Instant kNow{0};

Result<Settings> with(const char* name, const char* value) {
  Settings out;
  DETENTE_TRY_VOID(set_property(out, Carried::kDatagrams, name, value));
  return out;
}

TEST(Settings, ValuesAsPeopleWriteThem) {
  EXPECT_EQ(with("rate", "300")->rate_bps, 300u);
  EXPECT_EQ(with("rate", "64k")->rate_bps, 64'000u);
  EXPECT_EQ(with("rate", "1.5M")->rate_bps, 1'500'000u);
  EXPECT_EQ(with("rate", "off")->rate_bps, 0u);
  EXPECT_EQ(with("delay", "200ms")->delay.count(), 200'000);
  EXPECT_EQ(with("delay", "200")->delay.count(), 200'000);
  EXPECT_EQ(with("delay", "1.5s")->delay.count(), 1'500'000);
  EXPECT_EQ(with("jitter", "50us")->jitter.count(), 50);
  EXPECT_EQ(with("loss", "20")->loss_ppm, 200'000u);
  EXPECT_EQ(with("loss", "0.5%")->loss_ppm, 5'000u);
  EXPECT_EQ(with("queue", "64k")->queue_bytes, 65'536u);
  EXPECT_EQ(with("mtu", "576")->mtu_bytes, 576u);
  EXPECT_TRUE(with("blackhole", "on")->blackhole);
}

TEST(Settings, WhatIsNoValueIsRefused) {
  const std::pair<const char*, const char*> wrong[] = {
      {"rate", ""},       {"rate", "fast"},   {"rate", "-1"},
      {"rate", "0.1"},    {"rate", "1T"},     {"rate", "1e300"},
      {"rate", "nan"},    {"rate", "inf"},    {"rate", "999999999999"},
      {"delay", "2h"},    {"delay", "3601s"}, {"delay", "ms"},
      {"loss", "101"},    {"loss", "20 %"},   {"loss", "-0.1"},
      {"mtu", "67"},      {"mtu", "65536"},   {"queue", "2G"},
      {"blackhole", "1"}, {"blackhole", ""}};
  for (const auto& [name, value] : wrong) {
    const auto settings = with(name, value);
    ASSERT_FALSE(settings) << name << " " << value;
    EXPECT_TRUE(settings.error().message.starts_with(name)) << settings.error().message;
  }
  EXPECT_EQ(with("lose", "20").error().fault, Fault::kNotFound);
}

TEST(Settings, AStreamTakesOnlyWhatMakesSense) {
  for (const Property& property : properties()) {
    Settings settings;
    const std::string_view value = std::string_view(property.name) == "blackhole" ? "on" : "100";
    EXPECT_TRUE(set_property(settings, Carried::kDatagrams, property.name, value)) << property.name;
    const auto stream = set_property(settings, Carried::kStream, property.name, value);
    EXPECT_EQ(stream.has_value(), property.for_streams) << property.name;
    if (!stream) {
      EXPECT_EQ(stream.error().fault, Fault::kUnsupported);
    }
  }
}

// What `show` says can be given to `set` again.
TEST(Settings, TextsReadBack) {
  Settings settings, again;
  ASSERT_TRUE(set_properties(settings, Carried::kDatagrams,
                             "rate=2400,queue=999,delay=1.25ms,jitter=7us,loss=12.5,duplicate=0.01,"
                             "flip=100,reorder=3,reorder-extra=2s,mtu=576,blackhole=on"));
  for (const Property& property : properties())
    ASSERT_TRUE(set_property(again, Carried::kDatagrams, property.name, property.text(settings)))
        << property.name << " " << property.text(settings);
  EXPECT_EQ(again, settings);
  EXPECT_FALSE(set_properties(settings, Carried::kDatagrams, "loss=20,delay"));
}

TEST(Commands, ChangeOneDirectionOrBoth) {
  Link link({}, {}, 1);
  EXPECT_EQ(answer_command(link, kNow, "set a-b loss 20 delay 200ms").line, "ok");
  EXPECT_EQ(answer_command(link, kNow, "  set both \t blackhole on\r").line, "ok");
  const json shown = json::parse(answer_command(link, kNow, "show").line);
  EXPECT_EQ(shown["seed"], 1);
  EXPECT_EQ(shown["a-b"]["loss"], "20");
  EXPECT_EQ(shown["a-b"]["delay"], "200ms");
  EXPECT_EQ(shown["b-a"]["loss"], "0");
  EXPECT_EQ(shown["b-a"]["blackhole"], "on");
  EXPECT_TRUE(answer_command(link, kNow, "quit").quit);
}

TEST(Commands, WhatIsWrongChangesNothing) {
  Link link({}, {}, 1);
  const std::string before = link.settings_json();
  for (const char* command :
       {"", "   ", "help", "set", "set a-b", "set a-b loss", "set a-c loss 20", "set both loss 200",
        "set both loss 20 delay", "set both loss 20 delay x", "stats now", "quit now"}) {
    const Answer answer = answer_command(link, kNow, command);
    EXPECT_TRUE(answer.line.starts_with("error: ")) << command << ": " << answer.line;
    EXPECT_EQ(answer.line.find('\n'), std::string::npos);
    EXPECT_FALSE(answer.quit);
  }
  EXPECT_EQ(link.settings_json(), before);
}

TEST(Commands, StatsCountEachDirection) {
  Link link({}, {Carried::kDatagrams, 28}, 1);
  ASSERT_EQ(answer_command(link, kNow, "set b-a mtu 576").line, "ok");
  link.channel(Direction::kAToB).push(kNow, {Bytes(100)});
  ASSERT_TRUE(link.channel(Direction::kAToB).pop_due(kNow));
  link.channel(Direction::kAToB).count_no_receiver();
  link.channel(Direction::kBToA).push(kNow, {Bytes(600)});
  const json stats = json::parse(answer_command(link, kNow, "stats").line);
  EXPECT_EQ(stats["a-b"]["packets_out"], 1);
  EXPECT_EQ(stats["a-b"]["bytes_out"], 128);
  EXPECT_EQ(stats["a-b"]["dropped"]["no_receiver"], 1);
  EXPECT_EQ(stats["b-a"]["packets_in"], 1);
  EXPECT_EQ(stats["b-a"]["dropped"]["mtu"], 1);
  EXPECT_EQ(stats["b-a"]["packets_out"], 0);
}

// The fate of what goes one way does not depend on what comes the other way.
TEST(Link, DirectionsDrawForThemselves) {
  LinkSettings settings;
  for (const Direction d : kDirections) settings[d].loss_ppm = 500'000;
  const auto run = [&](int answers) {
    Link link(settings, {}, 9);
    std::vector<bool> out;
    for (int i = 0; i < 100; ++i) {
      link.channel(Direction::kAToB).push(kNow, {Bytes(10)});
      for (int k = 0; k < answers; ++k) link.channel(Direction::kBToA).push(kNow, {Bytes(10)});
      out.push_back(link.channel(Direction::kAToB).pop_due(kNow).has_value());
    }
    return out;
  };
  EXPECT_EQ(run(0), run(3));
}

}  // namespace
}  // namespace detente::linkemu
