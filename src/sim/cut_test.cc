// Lines that one side or both have cut: what crosses them, what does not, and what becomes of what waited.
// spec/cut.md.
#include "sim/acting_pair_for_test.h"
#include "wire/cbor.h"

namespace detente::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class CutLine : public ActingPair {
 protected:
  CutLine() : ActingPair(31) {}
  // Only its first packets cross; what comes afterwards is carried.
  std::pair<Digest, Bytes> send_the_beginning_of_a_document(std::size_t side) {
    Bytes bytes(2'000'000);
    SeededRandom(5).fill(bytes);
    auto lose = std::make_shared<bool>(true);
    pair_.tamper = [side, lose, crossed = std::size_t{0}](std::size_t from, Bytes datagram) mutable -> std::optional<Bytes> {
      if (from == side && ++crossed > 200 && datagram.size() > 200 && *lose) return std::nullopt;
      return datagram;
    };
    const Digest root = pair_.send_document(side, kCutLine, bytes);
    pair_.run(std::chrono::milliseconds(50));
    *lose = false;
    return {root, std::move(bytes)};
  }
  // North's disk forgets that south has cut the line: south refuses what it writes on.
  void forget_the_cut() {
    pair_.stop(1);
    const record::LineKey accord{pair_.pair().lineage(), kAccordLine};
    record::Batch forget;
    forget.fence = *pair_.store(1).claim(accord);
    Bytes none = {0x83, 0x01, 0x50};  // no cuts, and a log of zeros
    none.resize(none.size() + 16);
    none.push_back(0x80);
    const std::string key = "register/" + to_hex(pair_.pair().lineage()) + "/south/theirs/1";
    ASSERT_TRUE(pair_.store(1).value(key));
    forget.writes.push_back(record::PutValue{key, none});
    ASSERT_TRUE(pair_.store(1).commit(std::vector{forget}));
    pair_.start(1);
    pair_.settle();
  }
};

TEST_F(CutLine, IsCutAlsoWhereTheAccordLineTakesNoMoreMessages) {
  lose_[0] = lose_[1] = true;
  std::size_t letters = 0;
  while (letters < 2000 && say(0, "a letter", false, kAccordLine)) ++letters;
  ASSERT_LT(letters, 2000u);
  record::Entry warning;
  warning.header.time = pair_.now(0).wall;
  warning.header.precedence = record::Precedence::kFlash;
  warning.body = to_bytes(as_bytes(std::string_view("a warning")));
  EXPECT_TRUE(pair_.submit(0, std::move(warning)));
  cut(0, {{}, line::kAllMedia, {}, "nothing is answered"});
  EXPECT_FALSE(open(0));
  lose_[0] = lose_[1] = false;
  pair_.run(minutes(2));
  EXPECT_FALSE(open(1)) << "it goes ahead of what waited";
  EXPECT_EQ(registers(1).closed(kCutLine, line::kText)->cut.reason, "nothing is answered");
}

TEST_F(CutLine, IsClosedForBothAndTheOthersGoOn) {
  ASSERT_TRUE(say(0, "before"));
  cut(0, {{}, line::kAllMedia, {}, "the leaflets"});
  for (std::size_t side : {0u, 1u}) {
    EXPECT_FALSE(open(side)) << side;
    EXPECT_FALSE(say(side, "not on this line")) << side;
    EXPECT_TRUE(say(side, "on another", false, kOther)) << side;
  }
  EXPECT_EQ(held(1), 1u);
  EXPECT_EQ(held(1, kOther), 1u);
  const auto closed = registers(1).closed(kCutLine, line::kText);
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->whose, record::Whose::kOthers);
  EXPECT_EQ(closed->cut.reason, "the leaflets");
  EXPECT_EQ(closed->cut.author, OfficerId{1});
}

TEST_F(CutLine, TakesEffectAtHomeAlthoughNothingCanBeSent) {
  lose_[0] = lose_[1] = true;
  cut(0);
  EXPECT_FALSE(open(0));
  EXPECT_FALSE(say(0, "not on this line"));
  EXPECT_TRUE(open(1)) << "nobody can know it there";
  restart(0);
  EXPECT_FALSE(open(0));
  lose_[0] = lose_[1] = false;
  pair_.run(minutes(5));
  EXPECT_FALSE(open(1));
}

TEST_F(CutLine, StaysCutOverRestartsAndIsLiftedByItsAuthorAlone) {
  cut(0);
  restart(0);
  restart(1);
  pair_.run(minutes(1));
  EXPECT_FALSE(open(0));
  EXPECT_FALSE(open(1));
  EXPECT_FALSE(act(1, line::clear_body({{{kCutLine, 1}}, {}}))) << "the other side's register is the other side's";
  lift(0);
  EXPECT_TRUE(open(0));
  EXPECT_TRUE(open(1));
  EXPECT_TRUE(say(1, "after"));
  EXPECT_EQ(held(0), 1u);
}

TEST_F(CutLine, ByBothIsOpenOnlyWhenBothHaveCleared) {
  cut(0);
  cut(1);
  EXPECT_EQ(registers(0).closed(kCutLine, line::kText)->whose, record::Whose::kAuthors);
  lift(0);
  EXPECT_FALSE(open(0));
  EXPECT_FALSE(open(1));
  EXPECT_EQ(registers(0).closed(kCutLine, line::kText)->whose, record::Whose::kOthers);
  lift(1);
  EXPECT_TRUE(open(0));
  EXPECT_TRUE(open(1));
}

TEST_F(CutLine, AnOldActChangesNothing) {
  const Bytes first = line::cut_body({{{kCutLine, 1}}, line::kAllMedia, {}, ""});
  ASSERT_TRUE(act(0, first));
  pair_.settle();
  lift(0);
  EXPECT_FALSE(act(0, first)) << "signed for the first cut";
  EXPECT_FALSE(act(0, line::clear_body({{{kCutLine, 1}}, {}}))) << "nothing is cut";
  EXPECT_TRUE(open(0));
}

// One of two messages waits for the path when the line is cut: it goes back, and one that asks for it stays.
TEST_F(CutLine, WhatWaitedGoesBackOrIsHeld) {
  lose_[0] = lose_[1] = true;
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(say(0, "fills the window"));
  ASSERT_TRUE(say(0, "goes back"));
  ASSERT_TRUE(say(0, "held", true));
  told<core::Alarm>(0);
  cut(0);
  const auto failed = told<core::SubmissionFailed>(0);
  EXPECT_GE(failed.size(), 1u);
  for (const auto& one : failed) EXPECT_NE(one.error.message.find("given back"), std::string::npos) << one.error.message;
  EXPECT_EQ(peer(0).line(kCutLine)->queued(), 1u);
  restart(0);
  EXPECT_EQ(peer(0).line(kCutLine)->queued(), 1u);
  EXPECT_TRUE(say(0, "held, too", true));
  lose_[0] = lose_[1] = false;
  pair_.run(minutes(5));
  const std::uint64_t before = held(1);
  EXPECT_EQ(peer(0).line(kCutLine)->queued(), 2u) << "nothing was sent on a line that is cut";
  lift(0);
  pair_.run(minutes(5));
  EXPECT_EQ(peer(0).line(kCutLine)->queued(), 0u);
  EXPECT_EQ(held(1), std::max<std::uint64_t>(before, receipted(0)));
  EXPECT_EQ(receipted(0), peer(0).line(kCutLine)->own().durable_size());
}

// A circuit test passes and waits for its receipt behind what may not be sent again; nobody is woken for that at once,
// without end.
TEST_F(CutLine, ATestBehindWhatWaitsIsTriedNowAndThen) {
  lose_[0] = lose_[1] = true;
  ASSERT_TRUE(say(0, "not receipted"));
  cut(0);
  record::Entry test = signed_entry(0, record::kCircuitTest, wire::CborWriter().null().take());
  test.header.line = kCutLine;
  test.header.entry_class = record::EntryClass::kTest;
  ASSERT_TRUE(pair_.submit(0, std::move(test)));
  pair_.run(minutes(30));
  lose_[0] = lose_[1] = false;
  pair_.run(minutes(5));
  lift(0);
  pair_.run(minutes(5));
  EXPECT_EQ(receipted(0), peer(0).line(kCutLine)->own().durable_size());
}

// A cut of documents alone: one that has its place stops no text behind it; its bytes wait.
TEST_F(CutLine, OfDocumentsStopsNoTextBehindOne) {
  for (const std::size_t cutter : {0u, 1u}) {
    lose_[0] = true;
    pair_.send_document(0, kCutLine, as_bytes("a map, drawn by " + std::to_string(cutter)));
    cut(cutter, {{}, line::kDocument, {}, ""});
    lose_[0] = false;
    pair_.run(minutes(2));
    EXPECT_TRUE(say(0, "a text"));
    pair_.run(minutes(2));
    EXPECT_EQ(receipted(0), peer(0).line(kCutLine)->own().durable_size()) << cutter;
    EXPECT_TRUE(told<core::DocumentArrived>(1).empty()) << cutter;
    lift(cutter);
    pair_.run(minutes(2));
    std::size_t arrived = 0;
    for (const auto& one : told<core::DocumentArrived>(1)) arrived += one.line == kCutLine ? 1 : 0;
    EXPECT_EQ(arrived, 1u) << cutter;
  }
}

// It left before its author knew of the cut: in the record, and it names the older cut epoch.
TEST_F(CutLine, WhatCrossedWithTheCutIsRecorded) {
  lose_[1] = true;  // our cut arrives late there: nothing of north's answers comes, so south's own word is first
  lose_[0] = true;
  cut(0);
  ASSERT_TRUE(say(1, "crossed"));
  lose_[1] = false;
  pair_.run(seconds(20));
  EXPECT_FALSE(open(0));
  EXPECT_EQ(held(0), 1u);
  const auto log = peer(0).line(kCutLine)->far().key();
  const auto stored = pair_.store(0).entries(log, 0, 1, 1);
  ASSERT_EQ(stored.size(), 1u);
  EXPECT_EQ(record::decode_entry(stored.front().bytes)->header.cut_epoch, 0u);
}

TEST_F(CutLine, ACutBesideOneInForceOpensNothing) {
  cut(0, {{}, line::kAllMedia, {}, "the first"});
  cut(0, {{}, line::kDocument, {}, "the second"});
  for (std::size_t side : {0u, 1u}) {
    EXPECT_FALSE(open(side)) << side;
    EXPECT_EQ(registers(side).closed(kCutLine, line::kText)->cut.reason, "the first");
    EXPECT_EQ(registers(side).closed(kCutLine, line::kText)->newest.reason, "the first") << "the second is of documents";
    EXPECT_EQ(registers(side).closed(kCutLine, line::kDocument)->newest.reason, "the second");
    EXPECT_NE(core::closed_words(*registers(side).closed(kCutLine, line::kAllMedia), "west", "north").find("and anew at"), std::string::npos);
  }
  const line::CutAct later{{{kCutLine, 3}}, line::kAllMedia, WallTime{pair_.now(0).wall.seconds + 600}, ""};
  EXPECT_FALSE(act(0, line::cut_body(later))) << "an hour is announced for a line that is cut already";
  lift(0);
  for (std::size_t side : {0u, 1u}) EXPECT_TRUE(open(side) && open(side, line::kDocument)) << side;
}

// However many come after it, none but a clear ends a cut.
TEST_F(CutLine, StaysCutBehindAnyNumberOfLaterCutsOfOneMedium) {
  cut(0, {{}, line::kAllMedia, {}, "of all"});
  for (int i = 0; i < 40; ++i) cut(0, {{}, line::kDocument, {}, "of documents"});
  pair_.run(minutes(1));
  for (std::size_t side : {0u, 1u}) {
    EXPECT_FALSE(open(side)) << side;
    EXPECT_FALSE(open(side, line::kVoice)) << side;
    ASSERT_TRUE(registers(side).closed(kCutLine, line::kText)) << side;
    EXPECT_EQ(registers(side).closed(kCutLine, line::kText)->cut.reason, "of all") << side;
  }
  restart(0);
  EXPECT_FALSE(open(0));
  lift(0);
  for (std::size_t side : {0u, 1u}) EXPECT_EQ(registers(side).closed_media(kCutLine), 0) << side;
}

// A FLASH comes ahead of the one before it: the first cut's end after the second cut.
TEST_F(CutLine, ActsThatComeInAnotherOrderSayTheSame) {
  lose_[0] = true;
  cut(0, {{}, line::kDocument, {}, "the first"});
  lose_[0] = false;
  cut(0, {{}, line::kText, {}, "the second"});
  EXPECT_FALSE(open(1));
  pair_.run(minutes(2));
  EXPECT_EQ(registers(1).closed_media(kCutLine), line::kText | line::kDocument);
  EXPECT_EQ(registers(1).theirs(kCutLine).cuts.size(), 2u);
  EXPECT_EQ(registers(1).theirs(kCutLine).cuts.front().reason, "the first");
  lift(0);
  pair_.run(minutes(1));
  EXPECT_EQ(registers(1).closed_media(kCutLine), 0);
}

TEST_F(CutLine, MayBeCutInOneMedium) {
  cut(0, {{}, line::kDocument, {}, ""});
  EXPECT_TRUE(open(1, line::kText));
  EXPECT_FALSE(open(1, line::kDocument));
  EXPECT_TRUE(say(1, "text goes on"));
  EXPECT_EQ(held(0), 1u);
}

TEST_F(CutLine, ADocumentStopsWithTheCutAndGoesOnAfterIt) {
  const auto [root, bytes] = send_the_beginning_of_a_document(0);
  ASSERT_FALSE(pair_.document(1, root));
  cut(1, {{}, line::kDocument, {}, ""});
  pair_.take_bytes();
  pair_.run(minutes(5));
  EXPECT_FALSE(pair_.document(1, root));
  EXPECT_LT(pair_.take_bytes(), 100'000u);
  EXPECT_TRUE(say(0, "text goes on"));
  lift(1);
  pair_.run(minutes(1));
  EXPECT_EQ(pair_.document(1, root), bytes);
}

// Offers of what a cut holds back drew no answer, and took the places of others until the twelfth of each was made.
TEST_F(CutLine, WhatItHoldsBackIsNotOfferedAndTakesNoPlaceOfAnother) {
  lose_[1] = true;  // nobody asks for these
  std::vector<std::pair<Digest, Bytes>> held_back;
  for (std::uint8_t i = 0; i < 20; ++i) {
    held_back.emplace_back(Digest{}, Bytes(300, i));
    held_back.back().first = pair_.send_document(0, kCutLine, held_back.back().second);
  }
  cut(0, {{}, line::kDocument, {}, ""});
  lose_[1] = false;
  pair_.run(minutes(1));
  // The last in the order of their roots. It arrives, and the word that it did does not.
  Bytes bytes(300, 0xee);
  for (unsigned i = 0; record::blob_root(bytes)[0] != 0xff; ++i) {
    bytes[0] = static_cast<std::uint8_t>(i);
    bytes[1] = static_cast<std::uint8_t>(i >> 8);
  }
  const Digest root = record::blob_root(bytes);
  pair_.tamper = [this, root](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
    if (from == 1 && pair_.document(1, root)) return std::nullopt;
    return datagram;
  };
  pair_.send_document(0, kOther, bytes);
  pair_.run(std::chrono::seconds(2));
  ASSERT_EQ(pair_.document(1, root), bytes);
  pair_.tamper = {};
  told<core::DocumentConfirmed>(0);
  restart(0);
  pair_.run(std::chrono::seconds(10));
  const auto confirmed = told<core::DocumentConfirmed>(0);
  ASSERT_EQ(confirmed.size(), 1u);
  EXPECT_EQ(confirmed.front().root, root);
  for (const auto& [one, its] : held_back) EXPECT_FALSE(pair_.document(1, one));
  EXPECT_EQ(peer(0).documents().unconfirmed(kCutLine).count, 20u);
  EXPECT_TRUE(peer(0).documents().is_cut(kCutLine));
  pair_.run(std::chrono::hours(6));
  lift(0);
  pair_.run(minutes(1));
  for (const auto& [one, its] : held_back) EXPECT_EQ(pair_.document(1, one), its);
  EXPECT_EQ(peer(0).documents().unconfirmed(kCutLine).count, 0u);
}

// A counterpart that had receipted the cut and writes on: refused, said once, and taken when the line is open again.
TEST_F(CutLine, WhatIsWrittenOnItAllTheSameIsRefusedAndSaidOnce) {
  cut(0);
  forget_the_cut();
  told<core::Alarm>(0);
  ASSERT_TRUE(say(1, "written all the same"));
  ASSERT_TRUE(say(1, "and again"));
  pair_.run(minutes(3));
  EXPECT_EQ(held(0), 0u);
  std::size_t alarms = 0;
  for (const auto& alarm : told<core::Alarm>(0)) alarms += alarm.kind == core::AlarmKind::kCut ? 1 : 0;
  EXPECT_EQ(alarms, 1u);
  lift(0);
  pair_.run(minutes(3));
  EXPECT_EQ(held(0), 2u);
}

// Seed 1 of thirty days: its author took the line for open, offered it, and was asked for all of it again and again.
TEST_F(CutLine, ADocumentIsNotAskedForByWhoHoldsItsLineCut) {
  const auto [root, bytes] = send_the_beginning_of_a_document(1);
  cut(0, {{}, line::kDocument, {}, ""});
  forget_the_cut();
  pair_.take_bytes();
  pair_.run(minutes(30));
  EXPECT_FALSE(pair_.document(0, root));
  EXPECT_LT(pair_.take_bytes(), 100'000u);
  lift(0);
  pair_.run(minutes(1));
  EXPECT_EQ(pair_.document(0, root), bytes);
}

// What is refused is tried now and then, with little, and takes no session down with it again and again.
TEST_F(CutLine, WhatIsRefusedForHoursCostsLittle) {
  cut(0);
  forget_the_cut();
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(say(1, "written all the same " + std::string(200, 'x') + std::to_string(i)));
  pair_.run(minutes(10));
  told<core::LinkChanged>(1);
  pair_.take_bytes();
  pair_.run(std::chrono::hours(6));
  EXPECT_EQ(held(0), 0u);
  EXPECT_LT(pair_.take_bytes(), 6u * 250'000);
  EXPECT_LT(told<core::LinkChanged>(1).size(), 6u * 25);
  lift(0);
  pair_.run(minutes(3));
  EXPECT_EQ(held(0), 40u);
}

TEST_F(CutLine, WhatWasPlacedBeforeTheCutWasKnownGoesWhenItIsLifted) {
  ASSERT_TRUE(say(0, "before"));
  lose_[0] = true;  // south's word gets its place and does not leave
  ASSERT_TRUE(say(0, "placed before the cut was known"));
  lose_[0] = false;
  cut(1);
  pair_.run(minutes(10));
  EXPECT_EQ(held(1), 1u) << "south knows of the cut and sends no more";
  lift(1);
  pair_.run(minutes(10));
  EXPECT_EQ(held(1), 2u);
  EXPECT_EQ(receipted(0), 2u);
}

// --- in the dark: spec/cut.md section 5 --------------------------------------------------

class DarkCut : public CutLine {
 protected:
  DarkCut() {
    pair_.tamper = [this](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
      ++sent_[from];
      return datagram;
    };
  }
  void cut_in_the_dark(std::optional<WallTime> effective = {}) {
    line::CutAct how;
    for (const LineId line : {kCutLine, kOther}) how.lines.push_back({line, registers(0).own(line).cut_epoch() + 1});
    how.effective = effective;
    how.dark = true;
    ASSERT_TRUE(act(0, line::cut_body(how)));
    pair_.settle();
    sent_[0] = sent_[1] = 0;
  }
  void carry(std::size_t from) {
    const auto file = pair_.pack(from);
    ASSERT_TRUE(file) << file.error().message;
    const auto taken = pair_.take(1 - from, file->file);
    ASSERT_TRUE(taken) << taken.error().message;
  }
  void lift_all() {
    line::ClearAct clear;
    for (const LineId line : {kCutLine, kOther}) clear.lines.push_back({line, registers(0).own(line).cut_epoch()});
    ASSERT_TRUE(act(0, line::clear_body(clear)));
    pair_.run(minutes(2));
  }
  std::size_t sent_[2] = {0, 0};
};

TEST_F(DarkCut, SendsAndAnswersNothingNotEvenTheActAndGoesByFileAlone) {
  cut_in_the_dark();
  pair_.run(std::chrono::hours(2));
  EXPECT_EQ(sent_[0], 0u);
  EXPECT_GT(sent_[1], 10u) << "the other side goes on calling";
  EXPECT_TRUE(open(1)) << "nobody has told it";
  EXPECT_FALSE(peer(0).link().up());
  carry(0);
  EXPECT_FALSE(open(1));
  EXPECT_TRUE(registers(1).dark(record::Whose::kOthers, kCutLine));
  EXPECT_EQ(sent_[0], 0u);
  lift_all();
  EXPECT_TRUE(open(0) && open(1));
  EXPECT_TRUE(say(1, "after"));
  EXPECT_EQ(held(0), 1u);
}

TEST_F(DarkCut, IsAnnouncedByPathAndBeginsAtItsHour) {
  cut_in_the_dark(WallTime{pair_.now(0).wall.seconds + 600});
  pair_.run(minutes(1));
  EXPECT_TRUE(open(1));
  EXPECT_NE(registers(1).theirs(kCutLine).open_cut(), nullptr);
  EXPECT_GT(sent_[0], 0u);
  pair_.run(minutes(10));
  sent_[0] = 0;
  pair_.run(std::chrono::hours(1));
  EXPECT_EQ(sent_[0], 0u);
  EXPECT_FALSE(open(1));
}

TEST_F(DarkCut, StaysDarkOverARestartAndIsLiftedAtHome) {
  cut_in_the_dark();
  restart(0);
  sent_[0] = 0;
  pair_.run(std::chrono::hours(1));
  EXPECT_EQ(sent_[0], 0u);
  lift_all();
  EXPECT_TRUE(open(0) && open(1));
}

TEST_F(DarkCut, OfOneLineBesideAnOpenOneIsAnOrdinaryCut) {
  cut(0, {{}, line::kAllMedia, {}, "", true});
  pair_.run(minutes(1));
  EXPECT_FALSE(open(1));
  EXPECT_TRUE(say(1, "on another", false, kOther));
}

// What completes the agreement here is this station's own acceptance, and nothing comes after it that would wake it.
TEST_F(DarkCut, EndsByARestorationThatFilesAgreedOn) {
  cut_in_the_dark();
  carry(0);
  line::Proposal proposal;
  proposal.matter = line::Matter::kRestoration;
  proposal.content = line::restoration_content({{kCutLine, line::kAllMedia}});
  proposal.instant = WallTime{pair_.now(1).wall.seconds + 7200};
  const record::LogPosition at = propose(1, proposal);
  carry(1);
  ASSERT_TRUE(answer(0, line::AnswerAct::kAccept, 1, at));
  carry(0);
  pair_.run(minutes(100));
  EXPECT_EQ(sent_[0], 0u);
  pair_.run(minutes(30));
  EXPECT_TRUE(open(0) && open(1));
  EXPECT_TRUE(say(1, "after"));
}

}  // namespace
}  // namespace detente::sim
