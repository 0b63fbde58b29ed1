// Logs that a station has left since its disk is not the one that it last ran on.
#include <gtest/gtest.h>

#include "sim/contact_for_test.h"

namespace detente::sim {
namespace {

// Seed 2443 of thirty days: the other side's full disk took nothing of the new log, at the next start it still named the old
// one, and what the new log had without a receipt was left with it, without a word.
TEST(LeftLog, ANewLogThatTheOtherSideHasNotTakenYetIsNotLeftAfterAStart) {
  for (const LineId line : {kLine, LineId{2}}) {
    QuietPair pair(2443);
    pair.start();
    ASSERT_TRUE(pair.say(0, line, "Before the disk was lost."));
    pair.run(std::chrono::seconds(5));
    put_back(pair, 0, MemoryStore().snapshot());
    bool full = true;
    pair.disk = [&](std::size_t side) { return side == 1 && full ? QuietPair::Disk::kFull : QuietPair::Disk::kTakes; };
    pair.start(0);
    pair.run(std::chrono::seconds(10));
    ASSERT_TRUE(pair.say(0, line, "In the new log."));
    pair.run(std::chrono::seconds(10));
    const core::OwnLog* own = &pair.station(0).peer(PeerId{0}).line(line)->own();
    const record::EpochId epoch = own->key().epoch;
    ASSERT_EQ(own->unreceipted().size(), 2u) << "its opening and the message";
    for (int life = 0; life < 2; ++life) {
      pair.stop(0);
      pair.run(std::chrono::minutes(1));
      pair.start(0);
      pair.run(std::chrono::seconds(10));
      own = &pair.station(0).peer(PeerId{0}).line(line)->own();
      EXPECT_EQ(own->key().epoch, epoch) << "another log was begun in life " << life;
    }
    full = false;
    pair.run(std::chrono::minutes(2));
    EXPECT_EQ(texts_held(pair, 1, line), (std::multiset<std::string>{"Before the disk was lost.", "In the new log."}));
    EXPECT_TRUE(own->unreceipted().empty());
    EXPECT_EQ(alarms(pair.take_events(1), core::AlarmKind::kEquivocation), 0u);
  }
}

// An older copy of it is one all the same: the other side names more of the new log than it has.
TEST(LeftLog, AnOlderCopyOfANewLogIsLeftToo) {
  QuietPair pair(2444);
  pair.start();
  ASSERT_TRUE(pair.say(0, kLine, "Before the disk was lost."));
  pair.run(std::chrono::seconds(5));
  put_back(pair, 0, MemoryStore().snapshot());
  pair.start(0);
  pair.run(std::chrono::seconds(10));
  const auto copy = pair.store(0).snapshot();
  ASSERT_TRUE(pair.say(0, kLine, "In the new log."));
  pair.run(std::chrono::seconds(10));
  const record::EpochId epoch = pair.station(0).peer(PeerId{0}).line(kLine)->own().key().epoch;
  put_back(pair, 0, copy);
  pair.start(0);
  pair.run(std::chrono::seconds(10));
  EXPECT_NE(pair.station(0).peer(PeerId{0}).line(kLine)->own().key().epoch, epoch);
}

TEST(LeftLog, WhatALeftLogHasWithoutAReceiptIsTold) {
  for (const bool by_hand : {false, true}) {
    QuietPair pair(2445);
    pair.start();
    ASSERT_TRUE(pair.say(0, kLine, "With a receipt."));
    pair.run(std::chrono::seconds(5));
    for (const PathId path : {PathId{1}, PathId{2}}) pair.cut(path, true);
    ASSERT_TRUE(pair.say(0, kLine, "Placed, and nobody knows whether it came.", record::Precedence::kFlash));
    pair.run(std::chrono::milliseconds(100));
    ASSERT_EQ(pair.station(0).peer(PeerId{0}).line(kLine)->own().unreceipted().size(), 1u);
    const auto copy = pair.store(0).snapshot();
    for (const PathId path : {PathId{1}, PathId{2}}) pair.cut(path, false);
    pair.run(std::chrono::minutes(1));
    ASSERT_TRUE(pair.say(0, kLine, "After the copy."));
    pair.run(std::chrono::seconds(5));
    put_back(pair, 0, copy);
    pair.take_events(0);
    pair.after_restore[0] = by_hand;
    pair.start(0);
    pair.run(std::chrono::minutes(1));
    std::size_t told = 0;
    for (const core::Alarm& alarm : alarms_of(pair.take_events(0), core::AlarmKind::kWeForgot))
      told += alarm.text.find("of 1 entry of this station here, from number 1 on, nobody has a receipt") == std::string::npos ? 0 : 1;
    EXPECT_EQ(told, 1u) << by_hand;
  }
}

// What a person restored begins its new log before it could ask: what the one before it lost is told at the first contact, and
// only where there is any.
TEST(LeftLog, WhatARestoredDiskLacksIsTold) {
  for (const bool lost : {true, false}) {
    QuietPair pair(2446);
    pair.start();
    ASSERT_TRUE(pair.say(0, kLine, "On both disks."));
    pair.run(std::chrono::seconds(5));
    const auto copy = pair.store(0).snapshot();
    if (lost) {
      ASSERT_TRUE(pair.say(0, kLine, "After the copy."));
      ASSERT_TRUE(pair.say(0, kLine, "And once more."));
      pair.run(std::chrono::seconds(5));
    }
    put_back(pair, 0, copy);
    pair.take_events(0);
    pair.after_restore[0] = true;
    pair.start(0);
    pair.run(std::chrono::minutes(1));
    const std::vector<core::Alarm> told = alarms_of(pair.take_events(0), core::AlarmKind::kWeForgot);
    ASSERT_EQ(told.size(), lost ? 1u : 0u);
    if (!lost) continue;
    EXPECT_EQ(told[0].line, kLine);
    EXPECT_NE(told[0].text.find("holds 3 entries of the log that this station had"), std::string::npos) << told[0].text;
    EXPECT_NE(told[0].text.find("this disk has only 1 of them"), std::string::npos) << told[0].text;
  }
}

}  // namespace
}  // namespace detente::sim
