// What a file may not do that was made in a life that is over: of a station that began anew, with its disk or with a
// copy of last month's. spec/courier.md section 3.
#include "sim/courier_for_test.h"

namespace detente::sim {
namespace {

using std::chrono::minutes;

class FilesOfLives : public Files {};

TEST_F(FilesOfLives, ARestartTakesNothingBeforeTheOtherSideHasHeardOfIt) {
  meet();
  say(0, "one");
  const Bytes file = pack(0).file;
  restart(1);
  EXPECT_EQ(take(1, file).kind, core::CourierKind::kUnheard);
  EXPECT_EQ(held(1), 0u);
  carry(1);
  EXPECT_EQ(carry(0).taken, 1u);
}

// It may be copied back, and would cosign less than it had.
TEST_F(FilesOfLives, ARestartGivesNoReceiptBeforeContact) {
  meet();
  say(1, "one");
  carry(1);
  EXPECT_GT(pack(0).receipts, 0u);
  restart(0);
  EXPECT_FALSE(contact(0));
  EXPECT_EQ(pack(0).receipts, 0u);
}

// The danger of a disk that was copied back: what its former life sent is still in a bag.
TEST_F(FilesOfLives, AFileOfAFormerLifeIsRefusedOnceTheNewLifeWasHeardOf) {
  for (const bool by_path_before : {false, true}) {
    if (by_path_before) {
      dark_ = false;
      pair_.run(minutes(5));
      go_dark();
    } else {
      meet_by_files();
    }
    const auto backup = pair_.store(0).snapshot();
    say(0, "of the former life");
    const Bytes former = pack(0).file;
    pair_.stop(0);
    pair_.store(0).restore(backup);
    pair_.run(minutes(1));
    pair_.start(0);
    pair_.settle();
    say(0, "of the new life");
    carry(0);
    carry(1);
    carry(0);
    carry(1);
    carry(0);
    EXPECT_TRUE(contact(0));
    EXPECT_EQ(refused(1, former).fault, Fault::kState);
    carry(1);
    expect_same_record();
    expect_no_alarm();
  }
}

// The clock of the disk that was copied back is behind, so what is in the bag has the higher number.
TEST_F(FilesOfLives, AFormerLifeWithAHigherNumberIsNotTakenEither) {
  meet_by_files();
  say(0, "in the backup");
  carry(0);
  carry(1);
  const auto backup = pair_.store(0).snapshot();
  say(0, "of the former life");
  Bytes former;
  for (int i = 0; i < 50; ++i) former = pack(0).file;  // numbers run ahead of the clock
  pair_.stop(0);
  pair_.store(0).restore(backup);
  pair_.start(0);
  pair_.settle();
  // The first is refused; the other side's file says which numbers it has taken, and the next is above them.
  EXPECT_EQ(refused(1, pack(0).file).fault, Fault::kState);
  carry(1);
  carry(0);
  carry(1);
  ASSERT_TRUE(contact(0));
  say(0, "of the new life");
  EXPECT_EQ(take(1, former).kind, core::CourierKind::kUnheard);
  EXPECT_EQ(refused(1, pack(0).file).fault, Fault::kState);
  for (int i = 0; i < 4; ++i) {
    carry(1);
    carry(0);
  }
  EXPECT_EQ(refused(1, former).fault, Fault::kState);
  carry(1);
  expect_same_record();
  expect_no_alarm();
}

// The former life had heard the present challenge; the new one is the first that is met.
TEST_F(FilesOfLives, AFormerLifeThatAnswersIsNotTakenAfterTheNewOne) {
  meet();
  take(0, pack(1).file);
  const auto backup = pair_.store(0).snapshot();
  say(0, "of the former life");
  Bytes former;
  for (int i = 0; i < 500; ++i) former = pack(0).file;  // numbers run ahead of the clock
  pair_.stop(0);
  pair_.store(0).restore(backup);
  pair_.start(0);
  pair_.settle();
  carry(0);
  carry(1);
  ASSERT_TRUE(contact(0));
  say(0, "of the new life");
  EXPECT_EQ(take(1, former).kind, core::CourierKind::kUnheard);
  EXPECT_EQ(take(1, former).kind, core::CourierKind::kUnheard) << "nor when it comes again";
  EXPECT_EQ(held(1), 0u);
}

// Met on a path, a new life voids what its former one could still answer.
TEST_F(FilesOfLives, AFileOfAFormerLifeIsVoidOnceThePathShowedTheNewOne) {
  meet_by_files();
  say(0, "in the backup");
  carry(0);
  carry(1);
  const auto backup = pair_.store(0).snapshot();
  say(0, "of the former life");
  const Bytes former = pack(0).file;
  pair_.stop(0);
  pair_.store(0).restore(backup);
  dark_ = false;
  pair_.start(0);
  pair_.run(minutes(5));
  ASSERT_TRUE(contact(0));
  say(0, "of the new life");
  EXPECT_EQ(take(1, former).kind, core::CourierKind::kUnheard);
  EXPECT_EQ(carry(0).known, 0u) << "its session is known at both ends";
  pair_.run(minutes(5));
  expect_same_record();
  expect_no_alarm();
}

// The same the other way: the file of the former life came first, so the disk learns that it is an older copy.
TEST_F(FilesOfLives, ADiskThatWasCopiedBackLearnsItFromAFileAndOpensANewEpoch) {
  meet_by_files();
  say(0, "kept");
  carry(0);
  carry(1);
  const auto backup = pair_.store(0).snapshot();
  say(0, "lost here");
  carry(0);
  pair_.stop(0);
  pair_.store(0).restore(backup);
  pair_.run(minutes(1));
  pair_.start(0);
  pair_.settle();
  const record::EpochId before = line(0).own().key().epoch;
  carry(0);
  carry(1);
  EXPECT_NE(line(0).own().key().epoch, before);
  carry(0);
  say(0, "after");
  carry(0);
  EXPECT_EQ(line(1).far().key().epoch, line(0).own().key().epoch);
  EXPECT_EQ(held(1), line(0).own().durable_size());
  EXPECT_EQ(held(1), 2u) << "the opening, and what was said after it";
  for (const std::string& alarm : alarms(1))
    EXPECT_EQ(alarm.find("do not agree"), std::string::npos) << alarm;
}

// What a network held back must not come on the session of a life that a file has shown to be over.
TEST_F(FilesOfLives, ASessionOfAFormerLifeIsLeftWhenAFileShowsANewOne) {
  pair_.start();
  pair_.run(minutes(1));
  say(0, "in the backup");
  const auto backup = pair_.store(0).snapshot();
  std::vector<Bytes> held_back;
  pair_.tamper = [&](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
    if (from == 0) held_back.push_back(std::move(datagram));
    return std::nullopt;
  };
  say(0, "held back on the path");
  pair_.stop(0);
  pair_.store(0).restore(backup);
  pair_.start(0);
  pair_.settle();
  carry(0);
  carry(1);
  say(0, "of the new life");
  carry(0);
  carry(1);
  carry(0);
  ASSERT_EQ(held(1), 2u);
  const auto before = leaves(1, false);
  alarms(1);
  for (const Bytes& datagram : held_back) pair_.station(1).on_datagram(pair_.now(1), core::SocketId{0}, datagram);
  pack(1);  // collects what it did
  EXPECT_EQ(leaves(1, false), before);
  EXPECT_TRUE(alarms(1).empty());
  expect_same_record();
}

TEST_F(FilesOfLives, ALostDiskGetsItsCopyBackByFiles) {
  meet_by_files();
  const auto backup = pair_.store(1).snapshot();
  for (int i = 0; i < 5; ++i) say(0, "entry " + std::to_string(i));
  carry(0);
  carry(1);
  ASSERT_EQ(receipted(0), 5u);
  pair_.stop(1);
  pair_.store(1).restore(backup);
  pair_.run(minutes(1));
  pair_.start(1);
  pair_.settle();
  ASSERT_EQ(held(1), 0u);
  carry(1);
  carry(0);
  carry(1);
  carry(0);
  EXPECT_EQ(held(1), 5u);
  expect_same_record();
}

}  // namespace
}  // namespace detente::sim
