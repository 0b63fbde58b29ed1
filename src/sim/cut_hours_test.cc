// Cuts that are announced for an hour: each has its own, and that it came is never undone. spec/cut.md section 1.
#include "sim/acting_pair_for_test.h"

namespace detente::sim {
namespace {

using std::chrono::minutes;

class CutHour : public ActingPair {
 protected:
  CutHour() : ActingPair(37) {}
};

TEST_F(CutHour, IsAnnouncedAndTheLineIsOpenUntilThen) {
  line::CutAct at_noon;
  at_noon.effective = WallTime{pair_.now(0).wall.seconds + 3600};
  cut(0, at_noon);
  EXPECT_TRUE(open(0));
  EXPECT_TRUE(open(1));
  EXPECT_TRUE(say(1, "still open"));
  restart(1);
  pair_.run(minutes(59));
  EXPECT_TRUE(open(0));
  pair_.run(minutes(2));
  EXPECT_FALSE(open(0));
  EXPECT_FALSE(open(1));
  EXPECT_FALSE(say(1, "too late"));
  EXPECT_FALSE(told<core::RegisterChanged>(1).empty());
}

TEST_F(CutHour, OfEachMediumIsItsOwn) {
  const std::uint32_t now = pair_.now(0).wall.seconds;
  cut(0, {{}, line::kText, WallTime{now + 3600}, ""});
  cut(0, {{}, line::kDocument, WallTime{now + 600}, ""});
  pair_.run(minutes(11));
  for (std::size_t side : {0u, 1u}) {
    EXPECT_FALSE(open(side, line::kDocument)) << side;
    EXPECT_TRUE(open(side, line::kText)) << side << ": its hour has not come";
  }
  restart(0);
  EXPECT_TRUE(open(0, line::kText));
  pair_.run(minutes(50));
  for (std::size_t side : {0u, 1u}) EXPECT_FALSE(open(side, line::kText)) << side;
}

TEST_F(CutHour, ThatCameStandsWhenTheStationStartsWithItsClockSetBack) {
  pair_.ahead_seconds[0] = pair_.ahead_seconds[1] = 7200;
  line::CutAct soon;
  soon.effective = WallTime{pair_.now(0).wall.seconds + 600};
  cut(0, soon);
  pair_.run(minutes(11));
  for (std::size_t side : {0u, 1u}) {
    ASSERT_FALSE(open(side)) << side;
    pair_.ahead_seconds[side] = 0;
    restart(side);
    EXPECT_FALSE(open(side)) << side;
  }
  lift(0);
  for (std::size_t side : {0u, 1u}) EXPECT_TRUE(open(side)) << side;
  line::CutAct anew;
  anew.effective = WallTime{pair_.now(0).wall.seconds + 600};
  cut(0, anew);
  for (std::size_t side : {0u, 1u}) EXPECT_TRUE(open(side)) << side << ": another act has an hour of its own";
}

// The timer comes up to a second after the hour; an act on another line, in between, looks at all hours.
TEST_F(CutHour, ThatCameBesideAnActOnAnotherLineIsInForce) {
  const auto run_to = [this](std::int64_t micros) { pair_.run(Duration(micros - pair_.now(0).mono.micros)); };
  const std::int64_t began = pair_.now(0).mono.micros / 1'000'000 * 1'000'000 + 1'000'000;
  run_to(began + 900'000);
  line::CutAct soon;
  soon.effective = WallTime{pair_.now(0).wall.seconds + 20};
  cut(0, soon);
  run_to(began + 20'300'000);
  ASSERT_GE(pair_.now(0).wall, *soon.effective);
  pair_.take_events(0);
  pair_.take_events(1);
  line::CutAct other{{{kOther, 1}}, line::kAllMedia, {}, ""};
  ASSERT_TRUE(act(0, line::cut_body(other)));
  pair_.settle();
  for (std::size_t side : {0u, 1u}) {
    EXPECT_FALSE(open(side)) << side;
    EXPECT_FALSE(say(side, "too late")) << side;
    const auto changed = told<core::RegisterChanged>(side);
    EXPECT_TRUE(std::any_of(changed.begin(), changed.end(), [](const core::RegisterChanged& one) { return one.line == kCutLine; })) << side;
  }
}

// A disk that went back gives its cuts numbers that it has used before.
TEST_F(CutHour, IsOfTheActAndNotOfANumberThatWasUsedBefore) {
  const auto before = pair_.store(0).snapshot();
  line::CutAct soon;
  soon.effective = WallTime{pair_.now(0).wall.seconds + 600};
  cut(0, soon);
  pair_.run(minutes(11));
  ASSERT_FALSE(open(1));
  lift(0);
  pair_.stop(0);
  pair_.store(0).restore(before);
  pair_.start(0);
  pair_.run(minutes(2));
  line::CutAct later{{{kCutLine, 1}}, line::kAllMedia, WallTime{pair_.now(0).wall.seconds + 600}, ""};
  ASSERT_TRUE(act(0, line::cut_body(later)));
  pair_.run(minutes(2));
  EXPECT_EQ(registers(1).theirs(kCutLine).cuts.back().effective, later.effective);
  for (std::size_t side : {0u, 1u}) EXPECT_TRUE(open(side)) << side;
  pair_.run(minutes(10));
  for (std::size_t side : {0u, 1u}) EXPECT_FALSE(open(side)) << side;
}

TEST_F(CutHour, IsTakenBackBeforeItCame) {
  line::CutAct later;
  later.effective = WallTime{pair_.now(0).wall.seconds + 3600};
  cut(0, later);
  lift(0);
  pair_.run(minutes(120));
  EXPECT_TRUE(open(0));
  EXPECT_TRUE(open(1));
}

// More than are kept, at a station whose clock is set back when hours have come: what was shut by then stays so.
TEST_F(CutHour, ThatCameStandsWhenCutsWithoutEndAreFoldedBehindAStepBack) {
  for (const std::uint32_t hour : {650u, 630u}) {
    core::Registers held(pair_.station(0).peer(PeerId{0}).identity(), {});
    core::EffectQueue effects;
    SeededRandom keys(1), jitter(2);
    std::uint64_t taken = 0;
    const auto context_at = [&](std::uint32_t seconds) {
      return core::Context{{pair_.now(0).mono, WallTime{pair_.now(0).wall.seconds + seconds}}, effects, keys, jitter, pair_.store(0)};
    };
    core::Context before = context_at(0), after = context_at(700);
    const auto take = [&](line::MediaMask media, std::uint32_t seconds) {
      record::Entry entry;
      entry.header.kind = record::kRegister;
      entry.header.time = before.now.wall;
      entry.body = line::cut_body({{{kCutLine, ++taken}}, media, WallTime{before.now.wall.seconds + seconds}, ""});
      record::Batch batch;
      core::RegisterChanges changes;
      held.note(before, record::Whose::kOthers, line::ActPlace{1, record::EpochId{1}, taken}, entry, batch, changes);
      held.apply(before, changes);
    };
    for (std::uint32_t i = 0; i < 31; ++i) take(line::kText, 600 + i);
    take(line::kDocument, 640);
    held.advance(after);
    ASSERT_EQ(held.closed_media(kCutLine), line::kText | line::kDocument);
    take(line::kDocument, hour);  // the clock reads an earlier time by now
    ASSERT_EQ(held.theirs(kCutLine).cuts.size(), 32u);
    EXPECT_EQ(held.closed_media(kCutLine), line::kText | line::kDocument) << hour;
  }
}

// By a station that does not keep to the rules: nothing is announced, and what was cut before stands.
TEST_F(CutHour, BeyondSeventyTwoHoursIsAnActThatCountsForNothing) {
  core::Registers held(pair_.station(0).peer(PeerId{0}).identity(), {});
  core::EffectQueue effects;
  SeededRandom keys(1), jitter(2);
  core::Context now{pair_.now(0), effects, keys, jitter, pair_.store(0)};
  const std::uint32_t signed_at = now.now.wall.seconds, reach = line::kAnnouncedSecondsMax;
  std::uint64_t index = 0;
  const auto take = [&](std::uint64_t cut_epoch, std::uint32_t hour) {
    record::Entry entry;
    entry.header.kind = record::kRegister;
    entry.header.time = WallTime{signed_at};
    entry.body = line::cut_body({{{kCutLine, cut_epoch}}, line::kAllMedia, WallTime{hour}, ""});
    record::Batch batch;
    core::RegisterChanges changes;
    held.note(now, record::Whose::kOthers, line::ActPlace{1, record::EpochId{1}, index++}, entry, batch, changes);
    held.apply(now, changes);
    return changes.size();
  };
  EXPECT_EQ(take(1, signed_at + reach + 1), 0u);
  EXPECT_EQ(take(1, UINT32_MAX), 0u);
  EXPECT_TRUE(held.theirs(kCutLine).cuts.empty());
  EXPECT_EQ(take(1, signed_at + reach), 1u);
  EXPECT_EQ(take(2, signed_at + reach + 1), 0u) << "nor beside one that counts";
  EXPECT_EQ(held.theirs(kCutLine).cut_epoch(), 1u);
}

// What its own desk would refuse: hour behind hour, none of which covers another.
TEST_F(CutHour, WithoutEndAreHeldAsOneThatShutsAsMuch) {
  core::Registers held(pair_.station(0).peer(PeerId{0}).identity(), {});
  core::EffectQueue effects;
  SeededRandom keys(1), jitter(2);
  const auto context_at = [&](std::uint32_t seconds) {
    return core::Context{{pair_.now(0).mono, WallTime{pair_.now(0).wall.seconds + seconds}}, effects, keys, jitter, pair_.store(0)};
  };
  core::Context now = context_at(0);
  const auto take = [&](const Bytes& body) {
    record::Entry entry;
    entry.header.kind = record::kRegister;
    entry.header.time = now.now.wall;
    entry.body = body;
    record::Batch batch;
    core::RegisterChanges changes;
    held.note(now, record::Whose::kOthers, line::ActPlace{1, record::EpochId{1}, 0}, entry, batch, changes);
    held.apply(now, changes);
  };
  constexpr std::uint64_t kActs = 500;
  for (std::uint64_t i = 1; i <= kActs; ++i)
    take(line::cut_body({{{kCutLine, i}}, line::kAllMedia, WallTime{now.now.wall.seconds + 600 + static_cast<std::uint32_t>(i)}, ""}));
  const auto& cuts = held.theirs(kCutLine).cuts;
  EXPECT_LE(cuts.size(), 32u);
  EXPECT_EQ(held.theirs(kCutLine).cut_epoch(), kActs);
  EXPECT_EQ(held.closed_media(kCutLine), 0) << "no hour has come";
  core::Context later = context_at(700);
  held.advance(later);
  EXPECT_EQ(held.closed_media(kCutLine), line::kAllMedia);
  take(line::clear_body({{{kCutLine, kActs - 1}}, {}}));
  EXPECT_EQ(held.closed_media(kCutLine), line::kAllMedia) << "the newest binds";
  take(line::clear_body({{{kCutLine, kActs}}, {}}));
  EXPECT_EQ(held.closed_media(kCutLine), 0);
}

}  // namespace
}  // namespace detente::sim
