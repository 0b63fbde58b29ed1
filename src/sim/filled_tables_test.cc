// What a counterpart can write without end on the accord line, and what that must not take away: each of these tables is
// bounded, and whoever fills his part of it has filled his own.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/quiet_pair.h"

namespace detente::sim {
namespace {

using record::Whose;
constexpr std::uint64_t kFlood = 10'000;  // more than any of them keeps of a side, but the book of proposals

class FilledTables : public testing::Test {
 protected:
  static const core::PairIdentity& started(QuietPair& pair) {
    pair.start();
    return pair.station(0).peer(PeerId{0}).identity();
  }
  line::ActPlace note(Whose whose, record::Entry entry, const std::optional<line::ActPlace>& on = {}) {
    entry.header.body_form = record::BodyForm::kCbor;
    entry.header.line = kAccordLine;
    if (on) entry.header.references = {{on->side == agreements_.side_of(whose) ? Whose::kAuthors : Whose::kOthers, on->epoch, on->index, {}}};
    const bool own = whose == Whose::kAuthors;
    const record::EpochId epoch{own ? std::uint8_t{1} : std::uint8_t{2}};
    const std::uint64_t index = next_[own ? 0 : 1]++;
    if (next_[own ? 1 : 0] > 0) entry.header.seen = record::LogPosition{{own ? std::uint8_t{2} : std::uint8_t{1}}, next_[own ? 1 : 0], {}};
    agreements_.note(whose, epoch, index, entry);
    return agreements_.place(whose, epoch, index);
  }
  static record::Entry of_kind(record::Kind kind, Bytes body) {
    record::Entry out;
    out.header.kind = kind;
    out.body = std::move(body);
    return out;
  }
  line::ActPlace lift(Whose whose, std::uint16_t line) {
    return note(whose, of_kind(record::kRestorationTest,
                               line::restoration_test_body({line::RestorationTestOf::kLift, {}, "", {{LineId{line}, 1}}})));
  }
  line::ActPlace text(Whose whose, const line::ActPlace& on) {
    return note(whose, of_kind(record::kRestorationTest, line::restoration_test_body({line::RestorationTestOf::kText, {}, ""})), on);
  }
  line::ActPlace propose(Whose whose, line::Matter matter) {
    line::Proposal proposal{matter, {}, {}, {}, ""};
    if (matter != line::Matter::kOther) proposal.instant = WallTime{2'000'000'000};
    if (matter == line::Matter::kRestoration) proposal.content = line::restoration_content({{LineId{1}, line::kText}});
    return note(whose, of_kind(record::kProposal, line::proposal_body(proposal)));
  }
  void answer(Whose whose, const line::ActPlace& on, line::AnswerAct act) {
    note(whose, of_kind(record::kProposalAnswer, line::answer_body({act, ""})), on);
  }
  std::vector<std::string> alarms() {
    SeededRandom keys(1), jitter(1);
    core::EffectQueue effects;
    core::Context context{pair_.now(0), effects, keys, jitter, pair_.store(0)};
    agreements_.tell_of_a_full_book(context);
    std::vector<std::string> out;
    for (const core::Effect& effect : effects.take())
      if (const auto* notify = std::get_if<core::Notify>(&effect))
        if (const auto* alarm = std::get_if<core::Alarm>(&notify->event)) out.push_back(alarm->text);
    return out;
  }

  QuietPair pair_{7, PairOptions()};
  std::size_t asked_ = 0;  // whether an act counts, which is a look at its signatures
  core::Agreements agreements_{started(pair_), true, [this](Whose, const record::Entry&, const std::optional<line::ActPlace>&) {
                                 ++asked_;
                                 return true;
                               }, nullptr};
  std::uint64_t next_[2] = {0, 0};
};

TEST_F(FilledTables, TestsOfTheOtherSideDisplaceNoneOfThisSidesAndTheNewestCount) {
  const line::ActPlace ours = lift(Whose::kAuthors, 1);
  const line::ActPlace on_ours = text(Whose::kOthers, ours);
  const line::ActPlace agreement = propose(Whose::kAuthors, line::Matter::kRestoration);
  const line::ActPlace own_test = text(Whose::kAuthors, agreement);
  const line::ActPlace first = lift(Whose::kOthers, 2);
  for (std::uint64_t i = 0; i < kFlood; ++i) lift(Whose::kOthers, 2);
  ASSERT_NE(agreements_.lift_tests().find(ours), nullptr);
  EXPECT_EQ(agreements_.test(agreement, Whose::kAuthors, line::RestorationTestOf::kText)->at, own_test);
  EXPECT_EQ(agreements_.lift_tests().find(first), nullptr) << "theirs are bounded";
  EXPECT_LT(agreements_.lift_tests().all().size(), kFlood);
  EXPECT_EQ(agreements_.test(ours, Whose::kOthers, line::RestorationTestOf::kText), nullptr) << on_ours.index << " is their own, and old";
  const line::ActPlace again = lift(Whose::kAuthors, 1);
  const line::ActPlace newest = text(Whose::kOthers, again);
  ASSERT_NE(agreements_.test(again, Whose::kOthers, line::RestorationTestOf::kText), nullptr);
  EXPECT_EQ(agreements_.test(again, Whose::kOthers, line::RestorationTestOf::kText)->at, newest);
  EXPECT_EQ(agreements_.lift_tests().all().rbegin()->second.at, again);
}

TEST_F(FilledTables, ReportsAdoptionsAndReleasesOfTheOtherSideLeaveRoomForWhatIsMeant) {
  const line::ActPlace agreement = propose(Whose::kAuthors, line::Matter::kRestoration);
  const line::ActPlace announcement = propose(Whose::kAuthors, line::Matter::kAnnouncement);
  const auto report = of_kind(record::kRestorationReport, line::restoration_report_body({line::RestorationEnd::kTimeOver, {{LineId{1}}}, {}}));
  note(Whose::kAuthors, report, agreement);
  for (std::uint64_t i = 0; i < kFlood; ++i) {
    const line::ActPlace nothing{1, {9}, i};
    note(Whose::kOthers, report, nothing);
    Digest digest{};
    digest[0] = static_cast<std::uint8_t>(i);
    digest[1] = static_cast<std::uint8_t>(i >> 8);
    note(Whose::kOthers, of_kind(record::kAdoption, line::adoption_body({2, digest})));
    note(Whose::kOthers, of_kind(record::kRelease, line::release_body({WallTime{5}, {}})), nothing);
    EXPECT_EQ(agreements_.released(nothing, Whose::kOthers), nullptr) << "of no proposal of an announcement";
  }
  EXPECT_TRUE(agreements_.reported(agreement, Whose::kAuthors));
  note(Whose::kOthers, report, agreement);
  EXPECT_TRUE(agreements_.reported(agreement, Whose::kOthers));
  const Digest accord{7, 7, 7};
  note(Whose::kOthers, of_kind(record::kAdoption, line::adoption_body({2, accord})));
  EXPECT_NE(agreements_.adopted(Whose::kOthers, accord), nullptr);
  EXPECT_LT(agreements_.their_adoptions().size(), kFlood);
  note(Whose::kOthers, of_kind(record::kRelease, line::release_body({WallTime{5}, accord})), announcement);
  EXPECT_NE(agreements_.released(announcement, Whose::kOthers), nullptr);
}

TEST_F(FilledTables, WhoeverFillsTheBookOfProposalsTakesNoneFromTheOtherAndIsNamedBefore) {
  const line::ActPlace ours = propose(Whose::kAuthors, line::Matter::kRestoration);
  answer(Whose::kOthers, ours, line::AnswerAct::kAccept);
  ASSERT_EQ(agreements_.restorations().size(), 1u);
  const std::size_t most = line::BookLimits().proposals;
  for (std::size_t i = 0; i < most - most / 8; ++i) {
    if (i % 1'000 == 0) {
      EXPECT_TRUE(alarms().empty());
    }
    propose(Whose::kOthers, i % 2 == 0 ? line::Matter::kRestoration : line::Matter::kOther);
    ASSERT_EQ(agreements_.restorations().size(), 1u) << "asked after every entry, as a station does";
  }
  const std::vector<std::string> told = alarms();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_NE(told.front().find("the other side has written so much"), std::string::npos) << told.front();
  EXPECT_TRUE(alarms().empty()) << "once";
  const std::size_t asked = asked_;
  for (std::size_t i = 0; i < most; ++i) propose(Whose::kOthers, line::Matter::kRestoration);
  EXPECT_EQ(asked_, asked + most / 8) << "what has no room is not looked at";
  answer(Whose::kAuthors, ours, line::AnswerAct::kWithdraw);
  EXPECT_TRUE(agreements_.restorations().empty()) << "a withdrawal counts, however much the other side wrote";
  const line::ActPlace later = propose(Whose::kAuthors, line::Matter::kOther);
  EXPECT_EQ(agreements_.book().outcome(later)->state, line::ProposalState::kOffered);
}

}  // namespace
}  // namespace detente::sim
