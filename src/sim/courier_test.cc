// Two stations without any path that come to the same record by files alone: twice, late, on lines that are cut, and
// what is refused. spec/courier.md.
#include "sim/courier_for_test.h"

namespace detente::sim {
namespace {

using std::chrono::minutes;

TEST_F(Files, AMessageAndItsReceiptAfterThePathDied) {
  meet();
  say(0, "carried");
  EXPECT_EQ(line(0).queued() + line(0).own().unreceipted().size(), 1u);
  const core::CourierLine there = carry(0);
  EXPECT_EQ(there.taken, 1u);
  EXPECT_EQ(held(1), 1u);
  EXPECT_TRUE(carry(1).receipt);
  EXPECT_EQ(receipted(0), 1u);
  expect_same_record();
  EXPECT_TRUE(alarms(0).empty());
  EXPECT_TRUE(alarms(1).empty());
}

TEST_F(Files, StationsThatNeverHeardEachOtherMeetByThreeFiles) {
  dark_ = true;
  pair_.start();
  say(0, "waits for contact");
  const core::CourierPacked first = pack(0);
  EXPECT_EQ(first.entries, 0u);
  EXPECT_EQ(first.waiting, 1u);
  EXPECT_FALSE(first.contact);
  EXPECT_EQ(take(1, first.file).kind, core::CourierKind::kUnheard);
  EXPECT_TRUE(carry(1).contact);
  EXPECT_TRUE(contact(0));
  EXPECT_FALSE(contact(1));
  EXPECT_EQ(carry(0).taken, 1u);
  EXPECT_TRUE(contact(1));
  EXPECT_TRUE(carry(1).receipt);
  expect_same_record();
}

TEST_F(Files, ADeniableLineGoesByFilesToo) {
  meet_by_files();
  say(0, "between us", kDeniable);
  EXPECT_EQ(carry(0, kDeniable).taken, 1u);
  EXPECT_TRUE(carry(1, kDeniable).receipt);
  EXPECT_EQ(receipted(0, kDeniable), 1u);
  expect_same_record(kDeniable);
}

TEST_F(Files, TwiceIsSaidAndChangesNothing) {
  meet();
  say(0, "once");
  const Bytes file = pack(0).file;
  EXPECT_EQ(take(1, file).kind, core::CourierKind::kNew);
  const core::CourierTaken again = take(1, file);
  EXPECT_EQ(again.kind, core::CourierKind::kRepeated);
  EXPECT_EQ(again.lines.at(1).known, 1u);
  EXPECT_EQ(again.lines.at(1).taken, 0u);
  EXPECT_EQ(held(1), 1u);
  EXPECT_TRUE(alarms(1).empty());
}

TEST_F(Files, AnOlderOneAfterANewerChangesNothing) {
  meet();
  say(0, "one");
  const Bytes older = pack(0).file;
  say(1, "answer");
  take(0, pack(1).file);
  say(0, "two");
  take(1, pack(0).file);
  take(0, pack(1).file);
  ASSERT_EQ(held(1), 2u);
  ASSERT_EQ(receipted(0), 2u);
  alarms(0);
  alarms(1);
  EXPECT_EQ(take(1, older).kind, core::CourierKind::kOlder);
  EXPECT_TRUE(alarms(1).empty()) << "its log state is of before";
  expect_same_record();
}

TEST_F(Files, AWindowFullGoesAtATime) {
  meet_by_files();
  for (int i = 0; i < 100; ++i) say(0, "entry " + std::to_string(i));
  const core::CourierPacked packed = pack(0);
  EXPECT_EQ(packed.entries, 64u);
  EXPECT_EQ(packed.waiting, 36u);
  take(1, packed.file);
  carry(1);
  carry(0);
  EXPECT_EQ(held(1), 100u);
}

// A path that comes back finds what files carried, and sends none of it again.
TEST_F(Files, PathsAndFilesGoTogether) {
  meet();
  say(0, "by file");
  carry(0);
  carry(1);
  say(0, "placed for a file that is lost");
  pack(0);
  dark_ = false;
  pair_.run(minutes(10));
  EXPECT_EQ(held(1), 2u);
  EXPECT_EQ(receipted(0), 2u);
  say(1, "by path");
  EXPECT_EQ(held(0), 1u);
  const core::CourierPacked after = pack(0);
  EXPECT_EQ(after.entries, 0u);
  EXPECT_EQ(take(1, after.file).kind, core::CourierKind::kNew);
  expect_same_record();
  EXPECT_TRUE(alarms(0).empty());
  EXPECT_TRUE(alarms(1).empty());
}

// It was under way when the paths came back, and shows what its station held before that.
TEST_F(Files, OneThatPathsHaveOvertakenTellsOfNoLostDisk) {
  meet_by_files();
  say(0, "by file");
  carry(0);
  const Bytes under_way = pack(1).file;
  take(0, under_way);
  const Bytes overtaken = pack(1).file;
  dark_ = false;
  pair_.run(minutes(10));
  say(0, "by path");
  ASSERT_EQ(receipted(0), 2u);
  expect_no_alarm();
  take(0, overtaken);
  EXPECT_TRUE(alarms(0).empty());
  expect_same_record();
}

TEST_F(Files, WhatIsNotOfTheOtherStationIsRefused) {
  meet_by_files();
  const Bytes own = pack(0).file;
  EXPECT_NE(refused(0, own).message.find("was made here"), std::string::npos);
  Bytes cut_off = own;
  cut_off.resize(own.size() / 2);
  EXPECT_EQ(refused(1, cut_off).fault, Fault::kMalformed);
  Bytes flipped = own;
  flipped[own.size() - 100] ^= 1;
  EXPECT_EQ(refused(1, flipped).fault, Fault::kAuthentication);
  EXPECT_EQ(alarms(1).size(), 1u);
  QuietPair others(99);
  others.tamper = [](std::size_t, const Bytes&) -> std::optional<Bytes> { return std::nullopt; };
  others.start();
  EXPECT_EQ(refused(1, others.pack(0)->file).fault, Fault::kConflict);
}

// The secret moved on where the last word of a path arrived, and the path died: both still read each other.
TEST_F(Files, ASecretThatIsAStepBehindFollowsAFile) {
  PairOptions options;
  options.policy.secret_step_seconds = 60;
  options.policy.fresh_handshake = std::chrono::minutes(2);
  QuietPair pair(5, options);
  pair.start();
  pair.run(minutes(1));
  bool replies_only = false;
  pair.tamper = [&](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
    // South's calls and north's replies pass; nothing shows north that its reply came.
    const bool call = (datagram[0] & 0xef) == 0x01;
    if (replies_only && !(from == 0 ? call : datagram[0] == 0x02)) return std::nullopt;
    return datagram;
  };
  replies_only = true;
  const auto epoch = [&](std::size_t side) { return pair.station(side).peer(PeerId{0}).link().psk_epoch(); };
  for (int i = 0; i < 100 && epoch(0) == epoch(1); ++i) pair.run(std::chrono::seconds(10));
  ASSERT_NE(epoch(0), epoch(1));
  pair.tamper = [](std::size_t, const Bytes&) -> std::optional<Bytes> { return std::nullopt; };
  const std::size_t behind = epoch(0) < epoch(1) ? 0 : 1;
  const auto old = pair.pack(behind);
  ASSERT_TRUE(old);
  const auto refused = pair.take(1 - behind, old->file);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::kState);
  ASSERT_TRUE(pair.take(behind, pair.pack(1 - behind)->file));
  EXPECT_EQ(epoch(0), epoch(1));
  EXPECT_TRUE(pair.take(1 - behind, pair.pack(behind)->file));
}

TEST_F(Files, ACutActGoesByItsOwnFileAheadOfWhatIsMissing) {
  meet_by_files();
  // On the accord line a routine act waits below the cut.
  record::Entry routine;
  routine.header.time = pair_.now(0).wall;
  routine.header.kind = record::kOutage;
  routine.header.body_form = record::BodyForm::kCbor;
  routine.body = {0x82, 0x1a, 0x69, 0x80, 0x00, 0x00, 0x1a, 0x69, 0x80, 0x10, 0x00};
  ASSERT_TRUE(pair_.submit(0, routine));
  carry(0, kAccordLine);  // the log is known there
  ASSERT_TRUE(pair_.submit(0, routine));
  pack(0);  // placed, and its file is lost
  record::Entry cut = cut_of_the_line(0, "by hand");
  ASSERT_TRUE(pair_.submit(0, cut));
  pack(0);
  const auto act = pair_.pack(0, core::CourierAct{kAccordLine, 2});
  ASSERT_TRUE(act) << act.error().message;
  EXPECT_EQ(act->entries, 1u);
  const core::CourierTaken taken = take(1, act->file);
  ASSERT_EQ(taken.lines.size(), 1u);
  EXPECT_EQ(taken.lines[0].early, 1u);
  EXPECT_EQ(taken.lines[0].missing, std::pair(std::uint64_t{1}, std::uint64_t{1}));
  EXPECT_NE(pair_.station(1).peer(PeerId{0}).registers().closed_media(kLine), 0) << "in force early";
  carry(0, kAccordLine);
  EXPECT_EQ(held(1, kAccordLine), 3u);
}

TEST_F(Files, AnEntryThatIsNotNextSaysWhatComesFirst) {
  meet_by_files();
  for (int i = 0; i < 3; ++i) {
    say(0, "entry " + std::to_string(i));
    pack(0);
  }
  const auto act = pair_.pack(0, core::CourierAct{kLine, 2});
  ASSERT_TRUE(act);
  const core::CourierTaken taken = take(1, act->file);
  ASSERT_EQ(taken.lines.size(), 1u);
  EXPECT_EQ(taken.lines[0].taken + taken.lines[0].early, 0u);
  EXPECT_EQ(taken.lines[0].missing, std::pair(std::uint64_t{0}, std::uint64_t{1}));
  EXPECT_FALSE(pair_.pack(0, core::CourierAct{kLine, 3}));
  carry(0);
  EXPECT_EQ(held(1), 3u);
}

// Ordinary entries of a line that is cut stay where they are; acts and receipts pass.
TEST_F(Files, OnALineThatIsCutOnlyWhatPassesGoes) {
  meet_by_files();
  say(0, "placed before the cut");
  pack(0);
  record::Entry cut = cut_of_the_line(1, "");
  ASSERT_TRUE(pair_.submit(1, cut));
  carry(1, kAccordLine);
  const core::CourierPacked packed = pack(0);
  EXPECT_EQ(packed.entries, 0u);
  take(1, packed.file);
  EXPECT_EQ(held(1), 0u);
  EXPECT_EQ(receipted(1, kAccordLine), 1u);
  cut.header.time = pair_.now(1).wall;
  cut.signatures = {{OfficerId{1}, 2, 1, {}}};
  cut.body = line::clear_body({{{kLine, 1}}, {}});
  ASSERT_TRUE(pair_.submit(1, cut));
  for (std::size_t side : {1u, 0u, 1u, 0u}) {
    pair_.run(std::chrono::seconds(2));  // its tests are looked at once a second
    carry(side, kAccordLine);
  }
  pair_.run(std::chrono::seconds(2));
  const core::LiftRun& lift = pair_.station(1).peer(PeerId{0}).lifts().runs().back();
  EXPECT_EQ(lift.lines.front().passed & line::kText, line::kText) << "its test and the answer went by file";
  EXPECT_FALSE(lift.end || lift.cleared) << "no path has shown that it works";
  EXPECT_EQ(held(1), 0u);
}

}  // namespace
}  // namespace detente::sim
