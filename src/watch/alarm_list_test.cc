#include "watch/alarm_list.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace detente::watch {
namespace {

constexpr std::uint32_t kMinute = 60, kStart = 1795510800;
const AlarmSubject kSilence{"silence", "north/liaison"};

WallTime minutes_after(std::uint32_t minutes) { return {kStart + minutes * kMinute}; }
AlarmRaised silence(std::uint32_t minutes, std::string words = "no answer") {
  return {kSilence, std::move(words), minutes_after(minutes)};
}
AlarmAcknowledged seen(AlarmId id, std::uint32_t minutes) {
  return {id, {"Kim", minutes_after(minutes), "called by telephone"}};
}

// "1:15 2:5", alarm and step.
std::string shown(const std::vector<AlarmEscalated>& steps) {
  std::string out;
  for (const AlarmEscalated& step : steps)
    out += (out.empty() ? "" : " ") + std::to_string(step.id) + ":" +
           std::to_string(step.after_minutes);
  return out;
}

std::vector<AlarmId> ids(const std::vector<ListedAlarm>& alarms) {
  std::vector<AlarmId> out;
  for (const ListedAlarm& alarm : alarms) out.push_back(alarm.id);
  return out;
}

TEST(AlarmList, CountsWhatIsOpenAndRaisesNothingTwice) {
  AlarmList list;
  EXPECT_TRUE(list.raise(silence(0)).anew);
  for (std::uint32_t i = 1; i < 826; ++i) {
    const auto again = list.raise(silence(i, "silence " + std::to_string(i + 1)));
    EXPECT_FALSE(again.anew);
    EXPECT_EQ(again.id, 1u);
  }
  const ListedAlarm alarm = list.find(1).value();
  EXPECT_EQ(alarm.count, 826u);
  EXPECT_EQ(alarm.words, "silence 826");
  EXPECT_EQ(alarm.raised_at, minutes_after(0));
  EXPECT_EQ(alarm.last_at, minutes_after(825));
  EXPECT_EQ(list.raise({{"silence", "north/navy"}, "", minutes_after(1)}).id, 2u) << "of another line";
  EXPECT_EQ(list.raise({{"own-disk", ""}, "", minutes_after(1)}).id, 3u) << "of another kind";
  EXPECT_EQ(ids(list.open()), (std::vector<AlarmId>{1, 2, 3}));
  EXPECT_EQ(list.unacknowledged(), 3u);
}

TEST(AlarmList, IsOpenUntilItsCauseIsGoneAndSomebodySawIt) {
  AlarmList list;
  list.raise(silence(0));
  ASSERT_TRUE(list.acknowledge(seen(1, 5)));
  EXPECT_TRUE(list.find(1)->is_open()) << "it goes on";
  EXPECT_EQ(list.unacknowledged(), 0u);
  EXPECT_FALSE(list.raise(silence(10)).anew) << "acknowledged and still there: counted";
  EXPECT_EQ(list.find(1)->acknowledged->officer, "Kim") << "and stays acknowledged";
  EXPECT_EQ(list.end({kSilence, minutes_after(20)}), AlarmId{1});
  EXPECT_FALSE(list.find(1)->is_open());
  EXPECT_EQ(list.end({kSilence, minutes_after(21)}), std::nullopt);
  EXPECT_EQ(list.raise(silence(30)).id, 2u) << "a new one";
  EXPECT_EQ(ids(list.open()), std::vector<AlarmId>{2});
  EXPECT_EQ(ids(list.closed()), std::vector<AlarmId>{1});
}

TEST(AlarmList, OneThatCameBackBeforeAnybodyLookedIsTheSame) {
  AlarmList list;
  list.raise(silence(0));
  list.end({kSilence, minutes_after(1)});
  EXPECT_TRUE(list.find(1)->is_open()) << "nobody saw it";
  EXPECT_FALSE(list.raise(silence(2)).anew);
  EXPECT_EQ(list.find(1)->ended_at, std::nullopt);
  EXPECT_EQ(list.find(1)->count, 2u);
  list.end({kSilence, minutes_after(3)});
  ASSERT_TRUE(list.acknowledge(seen(1, 4)));
  EXPECT_EQ(list.find(1)->ended_at, minutes_after(3));
  EXPECT_TRUE(list.open().empty());
}

TEST(AlarmList, OneThatCameBackIsToldFromTheFirstStepOn) {
  AlarmList list({0, 30});
  list.raise(silence(0));
  EXPECT_EQ(shown(list.due(minutes_after(40))), "1:0 1:30");
  list.end({kSilence, minutes_after(50)});
  list.raise(silence(1000));
  EXPECT_EQ(shown(list.due(minutes_after(1000))), "1:0") << "nobody acknowledged the first: the second is told all the same";
  EXPECT_EQ(shown(list.due(minutes_after(1029))), "");
  EXPECT_EQ(shown(list.due(minutes_after(1030))), "1:30");
  AlarmList restless({30});
  std::string told;
  for (std::uint32_t i = 0; i < 6; ++i) {
    restless.raise(silence(i * 10));
    restless.end({kSilence, minutes_after(i * 10 + 5)});
    told += shown(restless.due(minutes_after(i * 10 + 5)));
  }
  EXPECT_EQ(told, "1:30") << "what comes and goes is told, too";
}

TEST(AlarmList, WhatHappenedAtOneMomentIsOverWhenSomebodySawIt) {
  AlarmList list({0});
  const AlarmSubject about{"own-disk", "north/liaison"};
  list.raise({about, "older copy", minutes_after(0), true});
  EXPECT_EQ(list.find(1)->ended_at, std::nullopt) << "nobody saw it";
  EXPECT_EQ(shown(list.due(minutes_after(1))), "1:0");
  EXPECT_FALSE(list.raise({about, "older copy", minutes_after(2), true}).anew);
  EXPECT_EQ(shown(list.due(minutes_after(2))), "1:0") << "another of the kind is told, too";
  ASSERT_TRUE(list.acknowledge(seen(1, 3)));
  EXPECT_EQ(list.find(1)->ended_at, minutes_after(3));
  EXPECT_TRUE(list.open().empty());
  EXPECT_EQ(list.raise({about, "older copy", minutes_after(4), true}).id, 2u);
}

// Of the log of a former version, where it ended in its own second or never.
TEST(AlarmList, OneThatBecomesAMomentIsSeenAnewAndEnds) {
  AlarmList list({0});
  const AlarmSubject about{"bad-entry", "north"};
  list.raise({about, "not signed", minutes_after(0)});
  ASSERT_TRUE(list.acknowledge(seen(1, 1)));
  EXPECT_FALSE(list.raise({about, "not signed", minutes_after(2), true}).anew);
  EXPECT_EQ(list.find(1)->acknowledged, std::nullopt) << "nobody has seen this one";
  ASSERT_TRUE(list.acknowledge(seen(1, 3)));
  EXPECT_TRUE(list.open().empty());
  EXPECT_TRUE(list.raise({about, "not signed", minutes_after(4), true}).anew);
}

TEST(AlarmList, AcknowledgesOnceByAPerson) {
  AlarmList list;
  list.raise(silence(0));
  EXPECT_EQ(list.acknowledge(seen(2, 1)).error().fault, Fault::kNotFound);
  EXPECT_EQ(list.acknowledge({1, {"", minutes_after(1), ""}}).error().fault, Fault::kMalformed);
  EXPECT_EQ(
      list.acknowledge({1, {"Kim", minutes_after(1), std::string(kAlarmNoteBytesMax + 1, 'x')}}).error().fault,
      Fault::kLimit);
  EXPECT_EQ(list.unacknowledged(), 1u);
  ASSERT_TRUE(list.acknowledge(seen(1, 1)));
  const auto again = list.acknowledge({1, {"Pak", minutes_after(2), ""}});
  EXPECT_EQ(again.error().fault, Fault::kState);
  EXPECT_NE(again.error().message.find("Kim"), std::string::npos);
  EXPECT_EQ(list.find(1)->acknowledged, seen(1, 1).by);
}

TEST(AlarmList, EscalatesStepByStepUntilSomebodySawIt) {
  AlarmList list({30, 5, 0, 5});
  list.raise(silence(0));
  EXPECT_EQ(shown(list.due(minutes_after(0))), "1:0");
  EXPECT_EQ(shown(list.due(minutes_after(4))), "");
  list.raise({{"own-disk", ""}, "", minutes_after(4)});
  EXPECT_EQ(shown(list.due(minutes_after(5))), "1:5 2:0");
  EXPECT_EQ(shown(list.due(minutes_after(5))), "");
  list.end({kSilence, minutes_after(6)});
  ASSERT_TRUE(list.acknowledge(seen(2, 6)));
  EXPECT_EQ(shown(list.due(minutes_after(100))), "1:30") << "what is gone was still seen by nobody";
  EXPECT_EQ(list.find(1)->told_steps, 3u);
  EXPECT_EQ(list.find(2)->told_steps, 1u);
  EXPECT_EQ(shown(list.due(minutes_after(100000))), "");
}

TEST(AlarmList, AClockThatIsSetBackTellsNothingTwiceAndPutsNothingOff) {
  AlarmList list({10, 20});
  list.raise(silence(1000));
  EXPECT_EQ(shown(list.due(minutes_after(1010))), "1:10");
  EXPECT_EQ(shown(list.due(minutes_after(0))), "") << "back by most of a day";
  EXPECT_EQ(shown(list.due(minutes_after(5))), "");
  EXPECT_EQ(shown(list.due(minutes_after(9))), "");
  EXPECT_EQ(shown(list.due(minutes_after(10))), "1:20") << "10 minutes before and 10 after";
  for (const std::uint32_t minutes : {1010u, 0u, 5000u, 1020u})
    EXPECT_EQ(shown(list.due(minutes_after(minutes))), "") << minutes;
}

TEST(AlarmList, OneRaisedByAClockThatWasAheadEscalatesAllTheSame) {
  AlarmList list({10});
  list.raise(silence(5000));
  EXPECT_EQ(shown(list.due(minutes_after(1))), "");
  EXPECT_EQ(shown(list.due(minutes_after(11))), "1:10");
}

TEST(AlarmList, AfterARestartItTellsWhatFellDueMeanwhileAndNothingElse) {
  std::vector<AlarmFact> facts = {silence(0)};
  AlarmList before({5, 15, 60});
  for (const AlarmFact& fact : facts) before.add(fact);
  for (const AlarmEscalated& step : before.due(minutes_after(7))) facts.emplace_back(step);
  AlarmList after({5, 15, 60});
  for (const AlarmFact& fact : facts) after.add(fact);
  EXPECT_EQ(shown(after.due(minutes_after(20))), "1:15");
  AlarmList changed({3, 20});  // station.toml was changed
  for (const AlarmFact& fact : facts) changed.add(fact);
  EXPECT_EQ(shown(changed.due(minutes_after(20))), "1:20") << "a step before one that was told is past";
}

TEST(AlarmList, KeepsEveryOpenOneAndTheNewestClosed) {
  AlarmList list;
  const AlarmSubject old{"silence", "north/old"};
  list.raise({old, "", minutes_after(0)});
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const auto raised = list.raise(silence(i));
    list.end({kSilence, minutes_after(i)});
    ASSERT_TRUE(list.acknowledge(seen(raised.id, i)));
  }
  EXPECT_EQ(list.closed().size(), kClosedAlarmsKept);
  EXPECT_EQ(list.closed().front().id, 1001u);
  EXPECT_EQ(list.closed().back().id, 1001u - kClosedAlarmsKept + 1);
  EXPECT_EQ(list.find(2), std::nullopt);
  EXPECT_EQ(list.acknowledge(seen(2, 5000)).error().fault, Fault::kNotFound);
  EXPECT_EQ(ids(list.open()), std::vector<AlarmId>{1});
}

// Facts drawn at random, taken one by one with looks between, against the same ones replayed.
TEST(AlarmList, ReplayGivesTheSame) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SeededRandom random(seed);
    const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random.below(n)); };
    AlarmList live({1, 60});
    std::vector<AlarmFact> facts;
    std::uint32_t minutes = 100000;
    for (int i = 0; i < 2000; ++i) {
      minutes += below(5);
      if (below(50) == 0) minutes -= below(3000);
      const AlarmSubject about{"k" + std::to_string(below(3)), "l" + std::to_string(below(4))};
      const AlarmId id = below(500);
      AlarmFact fact = AlarmRaised{about, "words " + std::to_string(i), minutes_after(minutes)};
      switch (below(4)) {
        case 0: fact = AlarmEnded{about, minutes_after(minutes)}; break;
        case 1: fact = seen(id, minutes); break;
        case 2:
          for (const AlarmEscalated& step : live.due(minutes_after(minutes))) facts.emplace_back(step);
          continue;
        default: break;
      }
      live.add(fact);
      facts.push_back(fact);
    }
    AlarmList replayed({1, 60});
    for (const AlarmFact& fact : facts) replayed.add(fact);
    EXPECT_EQ(replayed.open(), live.open()) << "seed " << seed;
    EXPECT_EQ(replayed.closed(), live.closed()) << "seed " << seed;
  }
}

TEST(AlarmList, WordsOfARowThatGrowsAreThoseOfNowAndStayAsItEnded) {
  AlarmList list;
  const AlarmSubject row{"silence", "north/liaison"};
  list.raise({row, "1 call", {60}});
  list.reword(row, "5 calls");
  list.reword({"silence", "north/navy"}, "no such alarm");
  EXPECT_EQ(list.open().front().words, "5 calls");
  EXPECT_EQ(list.open().front().count, 1u) << "it was raised once";
  list.end({row, {120}, "6 calls"});
  list.reword(row, "7 calls");
  EXPECT_EQ(list.open().front().words, "6 calls") << "its cause is gone";
}

}  // namespace
}  // namespace detente::watch
