#include <gtest/gtest.h>

#include "station/api.h"

namespace detente::station {
namespace {

constexpr Instant kStart{1'000'000'000};
constexpr std::uint32_t kWall = 1'800'000'000;

Instant after(std::int64_t ms) { return kStart + std::chrono::milliseconds(ms); }

struct OnePath {
  core::Paths paths;
  PathConfig config{"radio", {"127.0.0.1", 7001}, {"127.0.0.1", 7002}};
  std::optional<watch::Trouble> moved = {};

  explicit OnePath(link::PathTerms terms = {}) : paths({PathId{1}}, {{PathId{1}, terms}}) {}
  Json json(std::int64_t ms) const {
    const Now now{after(ms), WallTime{kWall + static_cast<std::uint32_t>(ms / 1000)}};
    return path_json({config, accord::PathKind::kUdp, *paths.find(PathId{1}), true, now, moved});
  }
  core::PathState& state() { return paths.at(PathId{1}); }
};

TEST(PathJson, WhereNothingIsKnownNothingIsSaid) {
  const Json json = OnePath().json(0);
  EXPECT_EQ(json["name"], "radio");
  EXPECT_EQ(json["kind"], "udp");
  EXPECT_EQ(json["listen"], "127.0.0.1:7001");
  EXPECT_EQ(json["peer"], "127.0.0.1:7002");
  for (const auto& value : {json["in"]["heard_ms"], json["out"]["arrived_ms"],
                            json["out"]["suspect_since"], json["round_trip_ms"],
                            json["loss_per_mille"], json["rate_bps"]})
    EXPECT_TRUE(value.is_null()) << json.dump();
  EXPECT_EQ(json["out"]["suspect"], false);
  EXPECT_EQ(json["in_flight_bytes"], 0);
  EXPECT_EQ(json["packet_bytes"], core::kPacketBytesBase);
}

TEST(PathJson, OneThatMovedIsShownBesideWhereItIsConfigured) {
  OnePath path;
  EXPECT_TRUE(path.json(0)["heard_from"].is_null());
  path.moved = watch::Trouble{after(1000), after(1000), "127.0.0.1:47777"};
  const Json json = path.json(9000);
  EXPECT_EQ(json["peer"], "127.0.0.1:7002");
  EXPECT_EQ(json["heard_from"], "127.0.0.1:47777");
  EXPECT_EQ(json["heard_from_since"], kWall + 1);
}

TEST(PathJson, EachDirectionIsItsOwn) {
  OnePath path;
  path.paths.heard(after(0), PathId{1});
  EXPECT_EQ(path.json(2500)["in"]["heard_ms"], 2500);
  EXPECT_TRUE(path.json(2500)["out"]["arrived_ms"].is_null());
  path.state().flow.probed(Instant{}, std::chrono::milliseconds(40));
  path.paths.confirmed(after(3000), PathId{1});
  const Json json = path.json(3250);
  EXPECT_EQ(json["in"]["heard_ms"], 3250);
  EXPECT_EQ(json["out"]["arrived_ms"], 250);
  EXPECT_EQ(json["round_trip_ms"], 40.0);
  EXPECT_EQ(json["loss_per_mille"], 0);
}

TEST(PathJson, SuspicionSaysSinceWhenAndEnds) {
  OnePath path;
  path.paths.confirmed(after(0), PathId{1});
  path.state().flow.probe_lost();
  path.paths.timed_out(after(4000), PathId{1});
  const Json json = path.json(9000);
  EXPECT_EQ(json["out"]["suspect"], true);
  EXPECT_EQ(json["out"]["suspect_ms"], 5000);
  EXPECT_EQ(json["out"]["suspect_since"], kWall + 4);
  EXPECT_EQ(json["out"]["arrived_ms"], 9000);
  EXPECT_GT(json["loss_per_mille"], 0);
  path.paths.confirmed(after(10000), PathId{1});
  EXPECT_EQ(path.json(10000)["out"]["suspect"], false);
  EXPECT_TRUE(path.json(10000)["out"]["suspect_since"].is_null());
}

TEST(PathJson, APathOfAConfiguredRateIsHeldToThat) {
  const Json json = OnePath({300, 128}).json(0);
  EXPECT_EQ(json["rate_bps"], 300);
  EXPECT_TRUE(json["window_bytes"].is_null());
  EXPECT_EQ(json["packet_bytes"], 128);
  EXPECT_GT(OnePath().json(0)["window_bytes"], 0);
}

}  // namespace
}  // namespace detente::station
