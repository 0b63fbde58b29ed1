// Cuts that their own side lifts: the act waits for its tests, and opens what they have passed for. spec/cut.md
// section 4, spec/restoration.md section 5.
#include "sim/acting_pair_for_test.h"

namespace detente::sim {
namespace {

using line::RestorationEnd;
using line::RestorationTestOf;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class Lifted : public ActingPair {
 protected:
  explicit Lifted(PairOptions options = {}) : ActingPair(53, std::move(options)) {}
  void sign() {
    const auto done = sign_lift(0);
    ASSERT_TRUE(done) << done.error().message;
    pair_.settle();
  }
  const core::LiftRun& run(std::size_t side = 0) { return peer(side).lifts().runs().back(); }
  std::string told_why(std::size_t side = 0) {
    std::string out;
    for (const core::Alarm& alarm : told<core::Alarm>(side))
      if (alarm.kind == core::AlarmKind::kLift) out += alarm.text;
    return out;
  }
  std::optional<RestorationEnd> reported() {
    const auto found = report(0);
    return found ? std::optional(found->end) : std::nullopt;
  }
  void expect_cut() {
    for (std::size_t side : {0u, 1u}) EXPECT_FALSE(open(side)) << side;
  }
  void expect_open() {
    for (std::size_t side : {0u, 1u}) EXPECT_TRUE(open(side)) << side;
  }
};

TEST_F(Lifted, OpensWhenItsTestsHavePassedBothWays) {
  cut(0);
  sign();
  pair_.run(seconds(3));
  expect_open();
  EXPECT_TRUE(say(1, "after"));
  std::vector<record::Kind> own;
  const record::LogKey& log = peer(0).line(kAccordLine)->own().key();
  for (const record::StoredEntry& stored : pair_.store(0).entries(log, 0, UINT64_MAX, 100))
    own.push_back(record::decode_entry(stored.bytes)->header.kind);
  EXPECT_EQ(own, (std::vector<record::Kind>{record::kRegister, record::kRestorationTest, record::kRestorationTest, record::kRegister,
                                            record::kRestorationReport}));
  EXPECT_EQ(accord_entries(1, record::kRestorationTest).size(), 2u) << "text and a document of the other side's";
  EXPECT_EQ(accord_entries(0, record::kRegister).back().signatures.size(), 1u) << "the officer's own act";
  EXPECT_EQ(report(0)->lines, (std::vector<line::ReportedLine>{{kCutLine, line::kText | line::kDocument, true, 0, 0}}));
  EXPECT_EQ(reported(), RestorationEnd::kLifted);
  pair_.run(seconds(5));
  EXPECT_EQ(run(1).end, RestorationEnd::kLifted) << "the other side saw it";
}

TEST_F(Lifted, OverADeadPathOpensNothingAndGoesBackToItsOfficer) {
  cut(0);
  pair_.run(seconds(1));
  lose_[0] = lose_[1] = true;
  sign();
  pair_.run(hours(1));
  EXPECT_TRUE(peer(0).lifts().lifting(kCutLine));
  EXPECT_FALSE(open(0)) << "restoring is still cut";
  EXPECT_FALSE(say(0, "ordinary"));
  EXPECT_FALSE(sign_lift(0)) << "it is being lifted";
  told<core::SubmissionFailed>(0);
  pair_.run(minutes(61));
  const auto events = pair_.take_events(0);
  std::string words;
  for (const core::DeskEvent& event : events)
    if (const auto* failed = std::get_if<core::SubmissionFailed>(&event); failed != nullptr && failed->error.message.find("the lift") == 0)
      words = failed->error.message;
  EXPECT_NE(words.find("text and documents did not pass both ways"), std::string::npos) << words;
  EXPECT_NE(words.find("path 1: nothing is heard"), std::string::npos) << words;
  EXPECT_FALSE(peer(0).lifts().lifting(kCutLine));
  lose_[0] = lose_[1] = false;
  pair_.run(hours(1));
  expect_cut();
  EXPECT_EQ(peer(0).line(kAccordLine)->queued(), 0u);
  lift(0);
  expect_open();
}

TEST_F(Lifted, WithoutDocumentsTheLineThatIsToCarryThemStaysCut) {
  cut(0);
  pair_.tamper = [](std::size_t, Bytes datagram) -> std::optional<Bytes> {
    if (datagram.size() > 420) return std::nullopt;
    return datagram;
  };
  sign();
  pair_.run(hours(3));
  expect_cut();
  EXPECT_NE(told_why().find("military-west: documents did not pass both ways"), std::string::npos) << run().why;
  EXPECT_EQ(report(0)->lines.front().tested, line::kText);
  EXPECT_EQ(reported(), RestorationEnd::kTimeOver);
  EXPECT_EQ(run(1).end, RestorationEnd::kTimeOver);
}

TEST_F(Lifted, TestsAnewAtEachTry) {
  cut(0);
  lift(0);
  expect_open();
  cut(0);
  lose_[1] = true;
  sign();
  pair_.run(minutes(1));
  EXPECT_EQ(run().lines.front().passed, 0) << "what passed for the cut before tells nothing of now";
  ASSERT_TRUE(pair_.take_back_lift(0, kCutLine));
  EXPECT_FALSE(pair_.take_back_lift(0, kCutLine));
  EXPECT_NE(told_why().find("it was taken back"), std::string::npos);
  EXPECT_FALSE(open(0));
  sign();
  pair_.run(minutes(1));
  EXPECT_EQ(run().lines.front().passed, 0) << "nor what was sent for the try before";
  lose_[1] = false;
  pair_.run(minutes(5));
  expect_open();
}

TEST_F(Lifted, OfAStationThatDiesInItsTestsLeavesTheCutAndTellsTheOfficer) {
  cut(0);
  lose_[1] = true;
  sign();
  pair_.run(minutes(1));
  ASSERT_TRUE(peer(0).lifts().lifting(kCutLine));
  told<core::Alarm>(0);
  restart(0);
  EXPECT_NE(told_why().find("started anew while its tests ran"), std::string::npos);
  EXPECT_FALSE(peer(0).lifts().lifting(kCutLine));
  lose_[1] = false;
  pair_.run(hours(3));
  expect_cut();
  EXPECT_EQ(reported(), RestorationEnd::kStopped);
  EXPECT_EQ(accord_entries(0, record::kRestorationReport).size(), 1u);
  restart(0);
  EXPECT_EQ(told_why(), "") << "it is told once";
  lift(0);
  expect_open();
}

TEST_F(Lifted, IsAnsweredByAStationThatWasNotThere) {
  cut(0);
  lose_[1] = true;
  sign();
  pair_.run(minutes(1));
  pair_.stop(1);
  lose_[1] = false;
  pair_.run(minutes(5));
  pair_.start(1);
  pair_.run(minutes(5));
  expect_open();
}

TEST_F(Lifted, CrossedWithACutOfTheOtherSideLeavesThatOne) {
  cut(0);
  lose_[0] = lose_[1] = true;
  sign();
  cut(1);
  lose_[0] = lose_[1] = false;
  pair_.run(minutes(5));
  for (std::size_t side : {0u, 1u}) {
    const auto closed = registers(side).closed(kCutLine, line::kText);
    ASSERT_TRUE(closed) << side;
    EXPECT_EQ(closed->whose, side == 0 ? record::Whose::kOthers : record::Whose::kAuthors);
  }
  EXPECT_EQ(reported(), RestorationEnd::kLifted);
  EXPECT_FALSE(report(0)->lines.front().open) << "the line is not";
}

TEST_F(Lifted, ByBothSidesAtOnceOpens) {
  cut(0);
  cut(1);
  ASSERT_TRUE(sign_lift(0));
  ASSERT_TRUE(sign_lift(1));
  pair_.run(minutes(1));
  expect_open();
}

TEST_F(Lifted, ACutInItsTestsStands) {
  cut(0);
  lose_[1] = true;
  sign();
  pair_.run(minutes(1));
  cut(0, {{}, line::kText, {}, ""});
  EXPECT_NE(told_why().find("cut anew"), std::string::npos);
  lose_[1] = false;
  pair_.run(hours(1));
  expect_cut();
  EXPECT_EQ(registers(1).theirs(kCutLine).cut_epoch(), 2u);
  EXPECT_EQ(reported(), RestorationEnd::kTakenBack);
}

TEST_F(Lifted, OfSeveralLinesWaitsForAllOfThem) {
  line::CutAct both{{{kCutLine, 1}, {kOther, 1}}, line::kAllMedia, {}, ""};
  ASSERT_TRUE(act(0, line::cut_body(both)));
  pair_.settle();
  ASSERT_TRUE(act(0, line::clear_body({{{kCutLine, 1}, {kOther, 1}}, {}})));
  EXPECT_FALSE(sign_lift(0)) << "one of its lines is being lifted";
  pair_.run(seconds(5));
  expect_open();
  EXPECT_EQ(registers(1).closed_media(kOther), 0);
}

// What was given back stays given back, whatever the disk does.
TEST_F(Lifted, ADiskThatTakesNothingOpensNothingAndTriesAgain) {
  cut(0);
  bool full = false;
  pair_.disk = [&](std::size_t side) { return full && side == 0 ? QuietPair::Disk::kFull : QuietPair::Disk::kTakes; };
  sign();
  full = true;
  pair_.run(minutes(5));
  EXPECT_FALSE(open(0));
  full = false;
  pair_.run(minutes(5));
  expect_open();
}

TEST_F(Lifted, InTheDarkTheStationSpeaksWhileItIsTestedAndFallsSilentAgain) {
  std::size_t sent = 0;
  line::CutAct dark{{{kCutLine, 1}, {kOther, 1}}, line::kAllMedia, {}, "", true};
  ASSERT_TRUE(act(0, line::cut_body(dark)));
  pair_.settle();
  pair_.tamper = [&](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
    if (from == 0) ++sent;
    if (lose_[from]) return std::nullopt;
    return datagram;
  };
  pair_.run(hours(1));
  EXPECT_EQ(sent, 0u);
  lose_[1] = true;
  sign();
  pair_.run(minutes(1));
  EXPECT_GT(sent, 0u);
  ASSERT_TRUE(pair_.take_back_lift(0, kCutLine));
  sent = 0;
  pair_.run(hours(1));
  EXPECT_EQ(sent, 0u);
  lose_[1] = false;
  lift(0);
  pair_.run(minutes(2));
  expect_open();
}

// Neither with each second's look nor with each packet of the other side's.
TEST_F(Lifted, OverAFullDiskAsksItNowAndThen) {
  cut(0);
  bool full = false;
  pair_.disk = [&](std::size_t side) { return side == 0 && full ? QuietPair::Disk::kFull : QuietPair::Disk::kTakes; };
  lose_[1] = true;
  sign();
  full = true;
  lose_[1] = false;
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(say(1, "a word", false, kOther));
    pair_.run(std::chrono::milliseconds(100));
  }
  std::size_t refused = 0;
  for (const core::DeskEvent& event : pair_.take_events(0))
    refused += std::holds_alternative<core::DocumentFailed>(event) || std::holds_alternative<core::SubmissionFailed>(event);
  EXPECT_GE(refused, 10u);
  EXPECT_LE(refused, 2u * 31) << "in thirty seconds";
  full = false;
  pair_.run(minutes(2));
  expect_open();
}

class LiftedOften : public Lifted {
 protected:
  void first_test(std::uint64_t cut_epoch) {
    record::Entry first = signed_entry(1, record::kRestorationTest,
                                       line::restoration_test_body({RestorationTestOf::kLift, {}, "", {{kCutLine, cut_epoch}}}));
    first.header.entry_class = record::EntryClass::kTest;
    ASSERT_TRUE(pair_.submit(1, std::move(first)));
  }
  // Of side 0: the cut epochs whose first test it has answered.
  std::size_t answered() { return accord_entries(0, record::kRestorationTest).size(); }
  std::uint64_t newest_taken_up() { return run(0).registers.front().cut_epoch; }
  std::size_t alarms() {
    std::size_t out = 0;
    for (const core::Alarm& alarm : told<core::Alarm>(0)) out += alarm.kind == core::AlarmKind::kRate ? 1 : 0;
    return out;
  }
};

// A counterpart that lifts without end draws an answer in 30 s beyond the first ones, and one alarm.
TEST_F(LiftedOften, MoreThanAPersonLiftsIsNotAnswered) {
  told<core::Alarm>(0);
  for (std::uint64_t i = 1; i <= 400; ++i) {
    first_test(i);
    pair_.run(seconds(2));
  }
  EXPECT_GE(answered(), 16u + 800 / 30);
  EXPECT_LE(answered(), 16u + 800 / 30 + 1);
  EXPECT_EQ(alarms(), 1u);
}

// Each draws two entries, which stay in the log of who answers for ever.
TEST_F(LiftedOften, ThoseOfAWholeDayDrawABoundedNumberOfAnswers) {
  told<core::Alarm>(0);
  for (std::uint64_t i = 1; i <= 24 * 60; ++i) {
    first_test(i);
    pair_.run(minutes(1));
  }
  EXPECT_GE(answered(), 96u + 95);
  EXPECT_LE(answered(), 96u + 96);
  EXPECT_GE(alarms(), 1u);
}

// Seeds 41 to 43 of thirty days: what a disk that went back gets again within a second is no flood, and the newest is
// what its author waits for.
TEST_F(LiftedOften, AllThatComesAgainAtOnceIsNoFlood) {
  lose_[1] = true;
  for (std::uint64_t i = 1; i <= 40; ++i) first_test(i);
  pair_.run(minutes(1));
  told<core::Alarm>(0);
  lose_[1] = false;
  pair_.run(minutes(2));
  EXPECT_LE(answered(), 16u + 1);
  EXPECT_EQ(newest_taken_up(), 40u);
  first_test(41);
  pair_.run(minutes(1));
  EXPECT_EQ(newest_taken_up(), 41u);
  pair_.run(minutes(30));
  EXPECT_EQ(alarms(), 0u);
}

class LiftedWithDesks : public Lifted {
 protected:
  LiftedWithDesks() : Lifted(with_desks()) {}
  static PairOptions with_desks() {
    PairOptions options;
    options.lines = {{kAccordLine, "accord", true, record::Precedence::kFlash, 1000, {}},
                     {kCutLine, "liaison", true, record::Precedence::kFlash, 1000, {}, true, true}};
    return options;
  }
  record::Entry word(std::size_t side) {
    record::Entry entry = signed_entry(side, record::kRestorationTest,
                                       line::restoration_test_body({RestorationTestOf::kDesk, {kCutLine}, "read you well"}));
    entry.header.entry_class = record::EntryClass::kTest;
    return entry;
  }
  void speak(std::size_t side) {
    const line::ActPlace at = *run().at;
    const auto stored = pair_.store(0).entries(peer(0).line(kAccordLine)->own().key(), at.index, at.index + 1, 1);
    const auto done = refer(side, word(side), 0, {at.epoch, at.index + 1, stored.front().leaf});
    EXPECT_TRUE(done) << done.error().message;
  }
};

TEST_F(LiftedWithDesks, WaitsForAWordOfBoth) {
  cut(0);
  sign();
  pair_.run(minutes(10));
  expect_cut();
  speak(0);
  pair_.run(minutes(10));
  expect_cut();
  speak(1);
  pair_.run(minutes(1));
  expect_open();
}

TEST_F(LiftedWithDesks, IsNotNeededWhereAnAgreementOpensTheLineFirst) {
  cut(0);
  const record::LogPosition proposal = propose_to_restore(0, minutes(1));
  ASSERT_TRUE(answer(1, line::AnswerAct::kAccept, 0, proposal));
  sign();
  pair_.run(minutes(2));
  expect_cut();
  for (std::size_t side : {0u, 1u}) ASSERT_TRUE(refer(side, word(side), 0, proposal));
  pair_.run(minutes(1));
  expect_open();
  EXPECT_TRUE(peer(0).line(kAccordLine)->held_lifts().empty()) << "it went back";
  EXPECT_EQ(registers(1).theirs(kCutLine).cuts.back().ground, line::ClearGround::kRestored);
  EXPECT_EQ(told_why(), "") << "nothing fell back";
  cut(0);
  sign();
  EXPECT_TRUE(peer(0).lifts().lifting(kCutLine)) << "another cut is lifted by another act";
}

}  // namespace
}  // namespace detente::sim
