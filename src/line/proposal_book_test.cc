#include "line/proposal_book.h"

#include <gtest/gtest.h>

#include "line/proposal_logs_for_test.h"

namespace detente::line {
namespace {

using Ps = ProposalState;

Ps state_of(const ProposalBook& book, const ActPlace& proposal) { return book.outcome(proposal)->state; }

TEST(ProposalBook, AnOfferIsAnsweredOnce) {
  TwoLogs logs;
  const ActPlace offer = logs.offer(0);
  EXPECT_EQ(state_of(logs.book(), offer), Ps::kOffered);
  logs.deliver();
  logs.answer(1, offer, AnswerAct::kAccept);
  logs.answer(1, offer, AnswerAct::kReject);
  EXPECT_EQ(state_of(logs.book(), offer), Ps::kAccepted);
  EXPECT_FALSE(logs.book().outcome({0, {}, 99}));
  EXPECT_EQ(logs.book().proposals(), std::vector<ActPlace>{offer});
}

TEST(ProposalBook, WithdrawalAndAcceptanceThatCrossed) {
  TwoLogs logs;
  const ActPlace offer = logs.offer(0);
  logs.deliver();
  logs.answer(1, offer, AnswerAct::kAccept);
  logs.answer(0, offer, AnswerAct::kWithdraw);
  const Outcome now = *logs.book().outcome(offer);
  EXPECT_EQ(now.state, Ps::kWithdrawn);
  EXPECT_TRUE(now.crossed);
}

TEST(ProposalBook, AnAgreementIsLeftByEitherWithoutACrossing) {
  for (const std::uint8_t side : {std::uint8_t{0}, std::uint8_t{1}}) {
    TwoLogs logs;
    const ActPlace offer = logs.offer(0);
    logs.deliver();
    logs.answer(1, offer, AnswerAct::kAccept);
    logs.deliver();
    const ActPlace left = logs.answer(side, offer, AnswerAct::kWithdraw);
    const Outcome now = *logs.book().outcome(offer);
    EXPECT_EQ(now.state, Ps::kWithdrawn);
    EXPECT_EQ(now.decided_at, left);
    EXPECT_FALSE(now.crossed);
    EXPECT_NE(logs.book().accepted_at(offer), std::nullopt) << "it had been accepted";
  }
  TwoLogs logs;
  EXPECT_EQ(logs.book().accepted_at(logs.offer(0)), std::nullopt);
}

TEST(ProposalBook, AnIndexThatStandsInTwoEpochsNamesNeither) {
  TwoLogs logs;
  logs.pass(0, WallTime{1});
  const ActPlace first = logs.offer(0), alone = logs.offer(0);
  const ActPlace theirs = logs.offer(1);
  EXPECT_FALSE(logs.book().shares_index(first));
  logs.new_epoch(0);
  const ActPlace again = logs.offer(0);
  ASSERT_EQ(again.index, first.index);
  EXPECT_TRUE(logs.book().shares_index(first));
  EXPECT_TRUE(logs.book().shares_index(again));
  EXPECT_FALSE(logs.book().shares_index(alone));
  EXPECT_FALSE(logs.book().shares_index(theirs)) << "the other side's log";
}

TEST(ProposalBook, TheOtherSideCannotWithdrawWhatItHasNotAccepted) {
  TwoLogs logs;
  const ActPlace offer = logs.offer(0);
  logs.deliver();
  logs.answer(1, offer, AnswerAct::kWithdraw);
  EXPECT_EQ(state_of(logs.book(), offer), Ps::kOffered);
}

TEST(ProposalBook, RejectionAndWithdrawalThatCrossedAreAWithdrawal) {
  TwoLogs logs;
  const ActPlace offer = logs.offer(1);
  logs.deliver();
  logs.answer(0, offer, AnswerAct::kReject);
  EXPECT_EQ(state_of(logs.book(), offer), Ps::kRejected);
  logs.answer(1, offer, AnswerAct::kWithdraw);
  const Outcome now = *logs.book().outcome(offer);
  EXPECT_EQ(now.state, Ps::kWithdrawn);
  EXPECT_FALSE(now.crossed) << "nobody thought that it was agreed";
}

TEST(ProposalBook, OfAcceptanceAndCounterOfferTheFirstInTheLogCounts) {
  TwoLogs logs;
  const ActPlace offer = logs.offer(0);
  logs.deliver();
  const ActPlace counter = logs.counter(1, offer);
  logs.answer(1, offer, AnswerAct::kAccept);
  EXPECT_EQ(state_of(logs.book(), offer), Ps::kReplaced);
  EXPECT_EQ(state_of(logs.book(), counter), Ps::kOffered);
  logs.deliver();
  logs.answer(0, counter, AnswerAct::kAccept);
  EXPECT_EQ(state_of(logs.book(), counter), Ps::kAccepted);
}

TEST(ProposalBook, ACounterOfferThatCrossedWithTheWithdrawalStandsForItself) {
  TwoLogs logs;
  const ActPlace offer = logs.offer(0);
  logs.deliver();
  const ActPlace counter = logs.counter(1, offer);
  logs.answer(0, offer, AnswerAct::kWithdraw);
  EXPECT_EQ(state_of(logs.book(), offer), Ps::kWithdrawn);
  EXPECT_EQ(state_of(logs.book(), counter), Ps::kOffered);
}

TEST(ProposalBook, AnAnswerThatCannotHaveSeenTheProposalCountsForNothing) {
  TwoLogs logs;
  const ActPlace offer = logs.offer(0);
  logs.answer(1, offer, AnswerAct::kAccept);
  EXPECT_EQ(state_of(logs.book(), offer), Ps::kOffered);
}

TEST(ProposalBook, AnAnswerOfAnotherClassCountsForNothing) {
  TwoLogs logs;
  logs.entry_class = record::EntryClass::kDrill;
  const ActPlace offer = logs.offer(0);
  logs.deliver();
  logs.entry_class = record::EntryClass::kLive;
  logs.answer(1, offer, AnswerAct::kAccept);
  EXPECT_EQ(state_of(logs.book(), offer), Ps::kOffered);
  logs.entry_class = record::EntryClass::kDrill;
  logs.answer(1, offer, AnswerAct::kAccept);
  EXPECT_EQ(state_of(logs.book(), offer), Ps::kAccepted);
}

TEST(ProposalBook, ItLapsesByTheClockOfWhoHadToAnswer) {
  TwoLogs logs;
  const ActPlace offer = logs.offer(0, WallTime{100});
  logs.deliver();
  logs.pass(0, WallTime{500});
  EXPECT_EQ(state_of(logs.book(), offer), Ps::kOffered) << "the author's clock alone decides nothing";
  const ActPlace late = logs.pass(1, WallTime{100});
  EXPECT_EQ(state_of(logs.book(), offer), Ps::kLapsed);
  EXPECT_EQ(logs.book().outcome(offer)->decided_at, late);
}

TEST(ProposalBook, AnAnswerThatIsDatedBackIsLate) {
  TwoLogs logs;
  const ActPlace offer = logs.offer(0, WallTime{100});
  logs.deliver();
  logs.pass(1, WallTime{120});
  logs.now = WallTime{50};
  logs.answer(1, offer, AnswerAct::kAccept);
  EXPECT_EQ(state_of(logs.book(), offer), Ps::kLapsed);
}

TEST(ProposalBook, AnAnswerThatHadSeenALateEntryOfTheAuthorIsLate) {
  TwoLogs logs;
  const ActPlace offer = logs.offer(0, WallTime{100});
  logs.pass(0, WallTime{110});
  logs.deliver();
  logs.now = WallTime{50};
  logs.answer(1, offer, AnswerAct::kAccept);
  EXPECT_EQ(state_of(logs.book(), offer), Ps::kLapsed);
}

TEST(ProposalBook, AClockThatWasOnceWrongSpoilsNoLaterProposal) {
  TwoLogs logs;
  logs.pass(0, WallTime{4'000'000'000});
  logs.pass(1, WallTime{4'000'000'000});
  logs.deliver();
  logs.now = WallTime{10};
  const ActPlace offer = logs.offer(0, WallTime{100});
  logs.deliver();
  logs.answer(1, offer, AnswerAct::kAccept);
  EXPECT_EQ(state_of(logs.book(), offer), Ps::kAccepted);
}

TEST(ProposalBook, WhatWasAgreedInTimeDoesNotLapse) {
  TwoLogs logs;
  const ActPlace offer = logs.offer(0, WallTime{100});
  logs.deliver();
  logs.answer(1, offer, AnswerAct::kAccept);
  logs.pass(1, WallTime{500});
  EXPECT_EQ(state_of(logs.book(), offer), Ps::kAccepted);
}

TEST(ProposalBook, ADiskThatWasLostDividesNothing) {
  TwoLogs logs;
  const ActPlace offer = logs.offer(0, WallTime{100});
  logs.new_epoch(0);
  logs.pass(0, WallTime{11});
  logs.deliver();
  logs.new_epoch(1);
  logs.answer(1, offer, AnswerAct::kAccept);
  EXPECT_EQ(state_of(logs.book(), offer), Ps::kAccepted) << "seen by way of the epoch after it";
  logs.deliver();
  logs.answer(0, offer, AnswerAct::kWithdraw);
  EXPECT_EQ(state_of(logs.book(), offer), Ps::kWithdrawn) << "by its author's later epoch";
}

TEST(ProposalBook, EpochsThatNameEachOtherInARingEnd) {
  ProposalBook book;
  for (std::uint8_t i = 1; i <= 2; ++i) {
    Sighting first;
    first.at = {0, {i}, 0};
    first.before = LogPart{{static_cast<std::uint8_t>(3 - i)}, 5};
    ASSERT_TRUE(book.add(first));
  }
  Sighting offer;
  offer.at = {0, {1}, 1};
  offer.proposal = Proposal{};
  ASSERT_TRUE(book.add(offer));
  Sighting answer;
  answer.at = {1, {9}, 0};
  answer.seen = LogPart{{7}, 5};
  answer.on = offer.at;
  answer.answer = Answer{};
  ASSERT_TRUE(book.add(answer));
  EXPECT_EQ(state_of(book, offer.at), Ps::kOffered);
}

TEST(ProposalBook, AThirdSideIsRefused) {
  ProposalBook book;
  Sighting third;
  third.at.side = 2;
  EXPECT_FALSE(book.add(third));
}

TEST(ProposalBook, OfTwoAgreementsTheNewerCounts) {
  TwoLogs logs;
  const auto any = [](const Proposal&) { return true; };
  const ActPlace monday = logs.offer(0, {}, WallTime{1'000});
  logs.deliver();
  logs.answer(1, monday, AnswerAct::kAccept);
  logs.deliver();
  EXPECT_EQ(logs.book().agreed(Matter::kOther, any), monday);
  const ActPlace tuesday = logs.offer(1, {}, WallTime{2'000});
  logs.deliver();
  logs.answer(0, tuesday, AnswerAct::kAccept);
  EXPECT_EQ(logs.book().agreed(Matter::kOther, any), tuesday);
  EXPECT_FALSE(logs.book().agreed(Matter::kRestoration, any));
  EXPECT_FALSE(logs.book().agreed(Matter::kOther, [](const Proposal&) { return false; }));
}

TEST(ProposalBook, OfTwoAgreementsThatCrossedTheEarlierInstantCountsAndElseTheFirstSides) {
  for (const std::uint32_t second : {500u, 1'000u, 2'000u}) {
    TwoLogs logs;
    const ActPlace first_sides = logs.offer(0, {}, WallTime{1'000});
    const ActPlace second_sides = logs.offer(1, {}, WallTime{second});
    logs.deliver();
    logs.answer(1, first_sides, AnswerAct::kAccept);
    logs.answer(0, second_sides, AnswerAct::kAccept);
    const auto one = logs.book().agreed(Matter::kOther, [](const Proposal&) { return true; });
    EXPECT_EQ(one, second < 1'000 ? second_sides : first_sides);
  }
}

TEST(ProposalBook, AnEntryIsReadForWhatItSays) {
  record::Entry entry;
  entry.header.kind = record::kProposalAnswer;
  entry.header.body_form = record::BodyForm::kCbor;
  entry.header.time = WallTime{7};
  entry.header.seen = record::LogPosition{{2}, 5, {}};
  entry.header.references = {{record::Whose::kOthers, {2}, 4, {}}};
  entry.body = answer_body({AnswerAct::kReject, "no"});
  const Sighting seen = sighting_of(1, {3}, 8, entry, true);
  EXPECT_EQ(seen.at, (ActPlace{1, {3}, 8}));
  EXPECT_EQ(seen.on, (ActPlace{0, {2}, 4}));
  EXPECT_EQ(seen.answer, (Answer{AnswerAct::kReject, "no"}));
  EXPECT_EQ(seen.seen, (LogPart{{2}, 5}));
  EXPECT_EQ(seen.time, WallTime{7});
  EXPECT_FALSE(sighting_of(1, {3}, 8, entry, false).answer) << "without a signature it counts for nothing";
  entry.body.push_back(0);
  EXPECT_FALSE(sighting_of(1, {3}, 8, entry, true).answer);
}

// Its name is drawn by lot, and says nothing of what was first.
TEST(ProposalBook, ALifeThatKnowsOfNoneBeforeStandsBehindThoseThatBeganEarlier) {
  for (const std::uint8_t name : {std::uint8_t{3}, std::uint8_t{200}}) {
    TwoLogs logs;
    logs.pass(0, WallTime{10});
    logs.new_epoch(0);
    logs.now = WallTime{20};
    const ActPlace offer = logs.offer(0);
    logs.deliver();
    logs.answer(1, offer, AnswerAct::kAccept);
    logs.deliver();
    logs.now = WallTime{500};
    logs.lose_everything(0, {name});
    logs.deliver();
    logs.answer(0, offer, AnswerAct::kWithdraw);
    EXPECT_EQ(logs.book().outcome(offer)->state, ProposalState::kWithdrawn) << int{name};
    const ActPlace later = logs.offer(0);
    EXPECT_EQ(logs.book().proposals(), (std::vector<ActPlace>{offer, later})) << int{name};
  }
}

// --- what a side may fill ------------------------------------------------------------

TEST(ProposalBook, EntriesBeyondItsBoundAreRefusedAndActsAreNot) {
  TwoLogs logs;
  ProposalBook book({10, 10, 28, 64});  // eight for the life that the first names
  std::size_t added = 0;
  const auto add_new = [&] {
    Result<void> last;
    for (; added < logs.all().size(); ++added) last = book.add(logs.all()[added]);
    return last;
  };
  const ActPlace offer = logs.offer(0);
  logs.deliver();
  for (int i = 0; i < 20; ++i) {
    logs.pass(1, WallTime{1});
    EXPECT_EQ(book.nearly_full(1).has_value(), i >= 17) << i;
    EXPECT_TRUE(add_new().has_value());
  }
  EXPECT_EQ(book.nearly_full(1), Filled::kEntries);
  EXPECT_FALSE(book.nearly_full(0));
  logs.pass(1, WallTime{1});
  ASSERT_FALSE(add_new().has_value());
  logs.pass(0, WallTime{1});
  EXPECT_TRUE(add_new().has_value()) << "the other side's part";
  logs.answer(1, offer, AnswerAct::kAccept);
  ASSERT_TRUE(add_new().has_value());
  EXPECT_EQ(book.outcome(offer)->state, Ps::kAccepted);
  logs.new_epoch(1);
  ASSERT_TRUE(add_new().has_value()) << "where a life stands is known";
  logs.answer(1, offer, AnswerAct::kWithdraw);
  ASSERT_TRUE(add_new().has_value());
  EXPECT_EQ(book.outcome(offer)->state, Ps::kWithdrawn);
}

TEST(ProposalBook, ActsBeyondTheirBoundAreRefusedOfThatSideAlone) {
  TwoLogs logs;
  ProposalBook book({4, 2, 100, 64});
  const ActPlace ours = logs.offer(0);
  logs.deliver();
  for (int i = 0; i < 4; ++i) logs.offer(1);
  for (const Sighting& one : logs.all()) ASSERT_TRUE(book.add(one));
  EXPECT_EQ(book.nearly_full(1), Filled::kActs);
  logs.offer(1);
  const auto refused = book.add(logs.all().back());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::kLimit);
  for (const bool taken : {true, true, false}) {
    logs.answer(1, ours, AnswerAct::kAccept);
    EXPECT_EQ(book.add(logs.all().back()).has_value(), taken);
  }
  EXPECT_EQ(book.outcome(ours)->state, Ps::kAccepted);
  logs.answer(0, ours, AnswerAct::kWithdraw);
  ASSERT_TRUE(book.add(logs.all().back()));
  EXPECT_EQ(book.outcome(ours)->state, Ps::kWithdrawn);
}

// A start reads all proposals first: what was left out of a full book then must be left out now, and nothing else.
TEST(ProposalBook, AFullBookLeavesTheSameOutWhereProposalsAreReadFirst) {
  TwoLogs logs;
  const ActPlace ours = logs.offer(0), other = logs.offer(0);
  logs.deliver();
  for (int i = 0; i < 3; ++i) logs.offer(1);
  logs.answer(1, ours, AnswerAct::kAccept);
  for (int i = 0; i < 3; ++i) logs.offer(1);
  logs.answer(1, other, AnswerAct::kReject);
  logs.answer(1, other, AnswerAct::kAccept);
  ProposalBook live({4, 2, 100, 64}), read({4, 2, 100, 64});
  for (const Sighting& one : logs.all()) static_cast<void>(live.add(one));
  for (const bool proposals : {true, false})
    for (const Sighting& one : logs.all())
      if (one.proposal.has_value() == proposals) static_cast<void>(read.add(one));
  EXPECT_EQ(live.proposals(), read.proposals());
  EXPECT_EQ(live.proposals().size(), 6u);
  for (const ActPlace& at : live.proposals()) EXPECT_EQ(live.outcome(at)->state, read.outcome(at)->state) << int{at.side} << at.index;
  EXPECT_EQ(live.outcome(ours)->state, Ps::kAccepted);
  EXPECT_EQ(live.outcome(other)->state, Ps::kRejected);
}

// The same where a side makes its entries stand before others, by lies.
TEST(ProposalBook, IsAskedAfterEveryEntryOfALogThatSeemsToStandBeforeAnother) {
  TwoLogs logs;
  const ActPlace ours = logs.offer(0, WallTime{90'000});
  for (std::uint32_t i = 0; i < 10'000; ++i) logs.offer(1, WallTime{1 + i % 2});
  std::vector<Sighting> all = logs.all();
  Sighting far = all.front();  // a life of theirs that began later, and one of ours of which they say to have seen all
  far.at = {1, {77}, 0};
  far.time = WallTime{50'000};
  far.proposal.reset();
  far.seen = LogPart{ours.epoch, ~std::uint64_t{0}};
  all.insert(all.begin() + 1, far);
  for (std::uint32_t i = 0; i < 6'000; ++i) {
    Sighting next = far;
    const auto side = static_cast<std::uint8_t>(i % 2);
    next.at = {side, side == 0 ? ours.epoch : record::EpochId{11}, 10'000 + i};
    next.time = WallTime{i};
    next.seen = side == 0 ? std::optional<LogPart>() : LogPart{ours.epoch, 1};
    all.push_back(next);
  }
  ProposalBook book;
  for (const Sighting& one : all) {
    ASSERT_TRUE(book.add(one));
    ASSERT_TRUE(book.accepted(Matter::kOther).empty());
  }
  EXPECT_EQ(book.outcome(ours)->state, Ps::kOffered);
}

TEST(ProposalBook, LivesBeyondTheirBoundAreRefused) {
  TwoLogs logs;
  ProposalBook book({10, 10, 100, 8});
  for (int life = 0; life < 8; ++life) {
    logs.new_epoch(1);
    EXPECT_EQ(book.nearly_full(1), life == 7 ? std::optional(Filled::kLives) : std::nullopt) << life;
    ASSERT_TRUE(book.add(logs.all().back()));
  }
  logs.pass(1, WallTime{3});
  EXPECT_TRUE(book.add(logs.all().back()));
  logs.new_epoch(1);
  EXPECT_FALSE(book.add(logs.all().back()));
  logs.new_epoch(0);
  EXPECT_TRUE(book.add(logs.all().back()));
}

// A start reads proposals first, which stand behind and between what comes then.
TEST(ProposalBook, IsReadInTwoPassesOverALongLog) {
  TwoLogs logs;
  for (std::uint32_t i = 0; i < 200'000; ++i) {
    if (i % 1'000 == 999) logs.offer(1, WallTime{i + 500});
    else logs.pass(1, WallTime{i});
  }
  ProposalBook book;
  for (const bool proposals : {true, false})
    for (const Sighting& one : logs.all())
      if (one.proposal.has_value() == proposals) {
        ASSERT_TRUE(book.add(one));
      }
  EXPECT_EQ(book.proposals().size(), 200u);
  EXPECT_TRUE(book.accepted(Matter::kOther).empty());
}

// Each names a life of the other side's that nobody knows of.
TEST(ProposalBook, LivesThatNobodyHasCostTheirAuthorHisRoom) {
  ProposalBook book;
  Sighting one;
  std::uint32_t taken = 0;
  for (; taken < 100'000; ++taken) {
    one.at = {1, {5}, taken};
    record::EpochId named{6};
    for (std::size_t i = 1; i < 4; ++i) named[i] = static_cast<std::uint8_t>(taken >> (8 * i));
    named[4] = static_cast<std::uint8_t>(taken);
    one.seen = LogPart{named, 1};
    if (!book.add(one)) break;
  }
  EXPECT_GT(taken, 10'000u);
  EXPECT_LT(taken, 50'000u);
}

// What costs a step of the whole log for each open proposal and each entry would not come to its end here.
TEST(ProposalBook, IsAskedAfterEveryEntryOfALongLog) {
  TwoLogs logs;
  constexpr std::uint32_t kOffers = 1'000, kEntries = 50'000;
  for (std::uint32_t i = 0; i < kOffers; ++i) logs.offer(i % 2, WallTime{kEntries + i});
  logs.deliver();
  for (std::uint32_t i = 1; i < kEntries; ++i) {
    logs.pass(i % 2, WallTime{i});
    if (i % 16 == 0) logs.deliver();
  }
  ProposalBook book;
  std::uint64_t changes = 0;
  for (const Sighting& one : logs.all()) {
    ASSERT_TRUE(book.add(one));
    if (!one.proposal && book.changes() != changes) ++changes;
    ASSERT_TRUE(book.accepted(Matter::kOther).empty());
  }
  const std::uint64_t before = book.changes();
  const auto add = [&book](const TwoLogs& from, std::size_t first) {
    for (std::size_t i = first; i < from.all().size(); ++i) ASSERT_TRUE(book.add(from.all()[i]));
  };
  std::size_t first = logs.all().size();
  logs.pass(1, WallTime{kEntries - 1});
  add(logs, first);
  EXPECT_EQ(book.changes(), before) << "nothing is late";
  first = logs.all().size();
  logs.deliver();
  logs.pass(1, WallTime{kEntries + kOffers / 2});
  logs.deliver();
  logs.pass(0, WallTime{1});
  add(logs, first);
  EXPECT_GT(book.changes(), before);
  for (const ActPlace& at : book.proposals()) {
    const bool late = lapse_of(*book.find(at))->seconds <= kEntries + kOffers / 2;
    EXPECT_EQ(book.outcome(at)->state, late ? Ps::kLapsed : Ps::kOffered) << int{at.side} << ' ' << at.index;
  }
}

}  // namespace
}  // namespace detente::line
