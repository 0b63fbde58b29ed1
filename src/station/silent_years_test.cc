// Twenty years of check calls that nobody answers: what a station keeps of them stays small, alarms stay
// a handful, and the first answer counts at once. With the zone changes of Pyongyang in 2015 and 2018, and
// with a zone that has daylight-saving time.
#include <gtest/gtest.h>

#include "base/civil.h"
#include "io/zone_source.h"
#include "station/line_watch.h"
#include "watch/zones_for_test.h"

namespace detente::station {
namespace {

using watch::test::utc;

constexpr std::uint32_t kHour = 3600, kDay = 86400;

struct Years {
  std::string zone, their_zone;
};

class SilentYears : public testing::TestWithParam<Years> {
 protected:
  SilentYears() : from_(utc("2008-01-01T00:00:00Z")), until_(utc("2028-01-01T00:00:00Z")) {}

  watch::Schedule schedule() {
    watch::ZoneBook zones;
    for (const std::string& name : {GetParam().zone, GetParam().their_zone})
      zones[name] = std::make_shared<const watch::ZoneRules>(
          io::load_zone(name, utc("2007-01-01T00:00:00Z"), utc("2057-01-01T00:00:00Z")).value());
    accord::Annex annex;
    for (const std::uint16_t minute : {std::uint16_t{540}, std::uint16_t{960}})
      annex.check_calls.push_back({minute, GetParam().zone, 0x7f, accord::CallKind::kOrdinary, "",
                                   {{"north", minute, GetParam().their_zone}}, {}});
    return watch::Schedule::make(annex, {"south", "north"}, {2008, 1, 1}, zones).value();
  }
  WatchAct act(bool own, line::CallDeed deed, const watch::CallId& id, WallTime time) {
    WatchAct out;
    out.own = own;
    out.place.index = index_++;
    out.at = time;
    out.officer = own ? "kim 1" : "ri 1";
    out.body = line::CallAct{deed, static_cast<std::uint32_t>(id.day), id.entry, ""};
    return out;
  }
  // An hour of the watch: this side's officer makes the call when it is our turn.
  void hour(LineWatch& watch, WallTime now) {
    ASSERT_TRUE(watch.advance(now));
    for (const watch::BookEvent& event : watch.take_events()) {
      if (event.kind == watch::BookEvent::Kind::kAlarm) ++alarms_;
      if (event.kind == watch::BookEvent::Kind::kClosed) ++closed_;
    }
    const auto open = watch.open_call(now);
    if (!open || open->call.caller != watch.own() || now < open->call.at ||
        open->facts.of(watch.own(), watch::FactKind::kCalled))
      return;
    const WatchAct call = act(true, line::CallDeed::kCalled, open->call.id, now);
    facts_.emplace_back(*watch.call_fact(call));
    ASSERT_TRUE(watch.take(call, now));
    ++called_;
  }

  const WallTime from_, until_;
  std::uint64_t index_ = 0;
  std::size_t alarms_ = 0, closed_ = 0, called_ = 0;
  std::vector<watch::BookFact> facts_;
};

TEST_P(SilentYears, CostLittleAndEndWithTheFirstAnswer) {
  auto watch = std::make_unique<LineWatch>(schedule(), watch::SideIndex{0}, 10u);
  watch->begin(from_, {}, from_);
  std::uint32_t hours = 0;
  for (WallTime now = from_; now < until_; now.seconds += kHour / 4) {
    hour(*watch, now);
    ASSERT_LE(watch->book()->live_calls(), 2u * (watch::CallBook::kLiveDays + 4));
    // Every third year the machine is renewed: all is made again from what was noted.
    if (++hours % (4 * 24 * 365 * 3) != 0) continue;
    watch = std::make_unique<LineWatch>(schedule(), watch::SideIndex{0}, 10u);
    watch->begin(from_, facts_, now);
  }
  const std::size_t days = (until_.seconds - from_.seconds) / kDay;
  EXPECT_NEAR(static_cast<double>(closed_), 2.0 * static_cast<double>(days), 2) << "each call ended once";
  EXPECT_NEAR(static_cast<double>(called_), static_cast<double>(days), 2) << "in turn";
  EXPECT_LE(alarms_, 4u + closed_ / 365 + 1);
  EXPECT_GE(alarms_, 20u);
  EXPECT_NEAR(static_cast<double>(watch->book()->silence().row()), static_cast<double>(closed_), 1);
  EXPECT_LE(watch->book()->folded_days() * sizeof(watch::DayCounts), 12u * (days + 2));

  // The first answer, to the next call that is ours.
  WallTime now = until_;
  std::optional<watch::BookCall> open;
  for (; !open || open->call.caller != 0 || !open->facts.of(0, watch::FactKind::kCalled); now.seconds += kHour / 4) {
    hour(*watch, now);
    open = watch->open_call(now);
  }
  ASSERT_TRUE(watch->take(act(false, line::CallDeed::kAnswered, open->call.id, now), now));
  std::size_t life = 0;
  for (const watch::BookEvent& event : watch->take_events())
    if (event.alarm && event.alarm->kind == watch::AlarmKind::kSignOfLife) ++life;
  EXPECT_EQ(life, 1u);
  EXPECT_EQ(watch->book()->silence().row(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Zones, SilentYears,
                         testing::Values(Years{"Asia/Seoul", "Asia/Pyongyang"},
                                         Years{"Europe/Berlin", "America/New_York"}));

}  // namespace
}  // namespace detente::station
