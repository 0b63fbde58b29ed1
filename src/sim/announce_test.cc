// Announcements that both sides have agreed on: each is released once, by each station's own clock and not before; who is
// asked when that clock is not known; what a withdrawal stops, and what it crosses. spec/announcement.md.
#include "sim/acting_pair_for_test.h"

namespace detente::sim {
namespace {

using core::AnnouncementChanged;
using record::AnnouncementMode;
using Asks = core::Announcements::Asks;
using Stage = core::Announcements::Stage;
using What = AnnouncementChanged::What;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class Announced : public ActingPair {
 protected:
  Announced() : ActingPair(53) {
    own_.core = "The lines are open again.";
    own_.mode = AnnouncementMode::kUnseen;
    own_.text = text(0);
  }

  static Digest text(std::size_t side) { return record::announced_text_digest({}, as_bytes(side == 0 ? "South says." : "North says.")); }
  std::uint32_t seconds_from_now(Duration ahead) {
    return pair_.now(0).wall.seconds + static_cast<std::uint32_t>(std::chrono::duration_cast<seconds>(ahead).count());
  }
  record::Entry offer_entry(std::size_t side, const record::Announcement& what, Duration ahead) {
    line::Proposal proposal;
    proposal.matter = line::Matter::kAnnouncement;
    proposal.content = record::announcement_content(what);
    proposal.instant = WallTime{seconds_from_now(ahead)};
    return signed_entry(side, record::kProposal, line::proposal_body(proposal));
  }
  record::LogPosition offer(std::size_t side, const record::Announcement& what, Duration ahead) {
    const auto done = pair_.submit(side, offer_entry(side, what, ahead));
    EXPECT_TRUE(done) << done.error().message;
    pair_.settle();
    return newest(side);
  }
  // South drafts, north counters with both texts, and south accepts: what stands at the end is north's.
  line::ActPlace agree(Duration ahead) {
    const record::LogPosition first = offer(0, own_, ahead);
    record::Announcement both = own_;
    both.text = text(1);
    both.other = text(0);
    EXPECT_TRUE(refer(1, offer_entry(1, both, ahead), 0, first));
    counter_ = newest(1);
    const auto accepted = answer(0, line::AnswerAct::kAccept, 1, counter_);
    EXPECT_TRUE(accepted) << accepted.error().message;
    return {1, counter_.epoch, counter_.size - 1};
  }
  // What the station above does; how often it was told.
  std::size_t release_what_is_due(std::size_t side) {
    std::size_t out = 0;
    for (const AnnouncementChanged& one : told<AnnouncementChanged>(side)) {
      if (one.what != What::kDue) continue;
      ++out;
      pair_.announcement_released(side, one.at);
    }
    pair_.settle();
    return out;
  }
  std::size_t asks(std::size_t side) {
    std::size_t out = 0;
    for (const AnnouncementChanged& one : told<AnnouncementChanged>(side)) out += one.what == What::kAsks ? 1 : 0;
    return out;
  }
  core::Announcements::State state(std::size_t side, const line::ActPlace& at) { return peer(side).announcements().state(at); }
  const core::Agreements::Released* released(std::size_t side, std::size_t by, const line::ActPlace& at) {
    return peer(side).agreements().released(at, by == side ? record::Whose::kAuthors : record::Whose::kOthers);
  }

  record::Announcement own_;
  record::LogPosition counter_;
};

TEST_F(Announced, IsReleasedByBothAtTheInstantAndNotASecondBefore) {
  const line::ActPlace at = agree(minutes(30));
  const WallTime instant{seconds_from_now(minutes(30))};
  pair_.run(minutes(30) - std::chrono::milliseconds(1));
  for (std::size_t side : {0u, 1u}) {
    EXPECT_EQ(state(side, at).stage, Stage::kArmed);
    EXPECT_EQ(release_what_is_due(side), 0u) << "before the instant";
  }
  pair_.run(std::chrono::milliseconds(200));
  for (std::size_t side : {0u, 1u}) {
    EXPECT_EQ(state(side, at).due_at, instant);
    EXPECT_EQ(release_what_is_due(side), 1u);
  }
  pair_.run(minutes(1));
  for (std::size_t side : {0u, 1u})
    for (std::size_t by : {0u, 1u}) {
      ASSERT_NE(released(side, by, at), nullptr) << "both know of both";
      EXPECT_EQ(released(side, by, at)->what, (line::Release{instant, text(by)}));
    }
  EXPECT_FALSE(peer(0).agreements().release_crossed(at));
}

TEST_F(Announced, EachReleasesByItsOwnClock) {
  pair_.ahead_seconds[1] = 10;
  const line::ActPlace at = agree(minutes(5));
  pair_.run(minutes(5) - seconds(5));
  EXPECT_EQ(release_what_is_due(1), 1u) << "there it is the instant";
  EXPECT_EQ(release_what_is_due(0), 0u);
  pair_.run(seconds(6));
  EXPECT_EQ(release_what_is_due(0), 1u);
  EXPECT_EQ(state(0, at).due_at, state(1, at).due_at);
}

TEST_F(Announced, IsReleasedOnceAlsoWhenTheStationStartsAgain) {
  const line::ActPlace at = agree(minutes(5));
  pair_.run(minutes(6));
  EXPECT_EQ(release_what_is_due(0), 1u);
  restart(0);
  pair_.run(minutes(5));
  EXPECT_EQ(release_what_is_due(0), 0u);
  EXPECT_EQ(state(0, at).stage, Stage::kReleased);
}

TEST_F(Announced, IsToldOnceMoreWhenTheStationDiedBeforeTheTextWasOut) {
  const line::ActPlace at = agree(minutes(5));
  const WallTime instant{seconds_from_now(minutes(5))};
  pair_.run(minutes(6));
  EXPECT_EQ(state(0, at).stage, Stage::kDue);
  pair_.take_events(0);  // it was told, and nothing came of it
  restart(0);
  EXPECT_EQ(release_what_is_due(0), 1u);
  EXPECT_EQ(state(0, at).due_at, instant) << "the hour at which it fell due, so that the file is the same";
  pair_.run(minutes(1));
  EXPECT_EQ(accord_entries(0, record::kRelease).size(), 1u);
}

TEST_F(Announced, ThatCouldNotBePutOutIsReleasedWhenItCanAndBothSeeThatItIsLate) {
  const line::ActPlace at = agree(minutes(5));
  const WallTime instant{seconds_from_now(minutes(5))};
  pair_.run(minutes(6));
  pair_.take_events(0);  // it was told, and could not
  pair_.run(minutes(2));
  EXPECT_EQ(released(1, 0, at), nullptr) << "nothing is said to be out that is not";
  pair_.announcement_due_again(0, at);
  const WallTime now{seconds_from_now(Duration(0))};
  pair_.settle();
  EXPECT_EQ(release_what_is_due(0), 1u);
  EXPECT_EQ(state(0, at).due_at, now);
  pair_.run(minutes(1));
  ASSERT_NE(released(1, 0, at), nullptr);
  EXPECT_EQ(released(1, 0, at)->what.at, now);
  EXPECT_GT(now, instant);
  pair_.announcement_due_again(0, at);
  pair_.settle();
  EXPECT_EQ(release_what_is_due(0), 0u) << "what is out stays out";
}

TEST_F(Announced, IsToldToTheOtherSideAlsoWhenTheStationDiedOverThat) {
  const line::ActPlace at = agree(minutes(5));
  pair_.run(minutes(6));
  std::size_t taken = 0;
  pair_.disk = [&](std::size_t side) { return side == 0 && taken++ > 0 ? QuietPair::Disk::kBusy : QuietPair::Disk::kTakes; };
  EXPECT_EQ(release_what_is_due(0), 1u);
  pair_.disk = {};
  EXPECT_EQ(released(0, 0, at), nullptr);
  restart(0);
  pair_.run(minutes(1));
  EXPECT_EQ(release_what_is_due(0), 0u) << "it is out";
  ASSERT_NE(released(1, 0, at), nullptr);
  restart(0);
  pair_.run(minutes(1));
  EXPECT_EQ(accord_entries(0, record::kRelease).size(), 1u);
}

TEST_F(Announced, IsReleasedLateByAStationThatWasNotThere) {
  const line::ActPlace at = agree(minutes(5));
  const WallTime instant{seconds_from_now(minutes(5))};
  pair_.stop(0);
  pair_.run(hours(3));
  pair_.clock_known[0] = false;
  pair_.start(0);
  pair_.run(seconds(1));
  EXPECT_EQ(release_what_is_due(0), 1u) << "it was armed before it died";
  pair_.run(minutes(1));
  EXPECT_GE(state(0, at).due_at.seconds, instant.seconds + 3 * 3600 - 300);
  ASSERT_NE(released(1, 0, at), nullptr);
  EXPECT_EQ(released(1, 0, at)->what.at, state(0, at).due_at) << "late, and the other side sees it";
}

TEST_F(Announced, OfYesterdayIsReleasedByAPersonAlone) {
  const line::ActPlace at = agree(minutes(5));
  pair_.stop(0);
  pair_.run(hours(25));
  pair_.start(0);
  pair_.run(minutes(1));
  EXPECT_EQ(state(0, at).stage, Stage::kArmed);
  EXPECT_EQ(state(0, at).asks, Asks::kLate);
  ASSERT_TRUE(pair_.release_announcement(0, at));
  pair_.settle();
  EXPECT_EQ(release_what_is_due(0), 1u);
}

TEST_F(Announced, AsksAPersonWhereTheClockIsNotKnown) {
  pair_.clock_known[0] = false;
  const line::ActPlace at = agree(minutes(30));
  pair_.run(minutes(1));
  EXPECT_EQ(asks(0), 1u) << "once, and before the instant";
  pair_.run(minutes(30));
  EXPECT_EQ(release_what_is_due(0), 0u);
  EXPECT_EQ(release_what_is_due(1), 1u) << "its clock is known";
  ASSERT_TRUE(pair_.release_announcement(0, at));
  pair_.settle();
  EXPECT_EQ(release_what_is_due(0), 1u);
  EXPECT_GT(state(0, at).due_at.seconds, seconds_from_now(Duration(0)) - 5);
  EXPECT_FALSE(pair_.release_announcement(0, at)) << "once";
}

TEST_F(Announced, APersonsWordBeforeTheInstantReleasesNothingBeforeIt) {
  pair_.clock_known[0] = false;
  const line::ActPlace at = agree(minutes(30));
  pair_.run(minutes(1));
  ASSERT_TRUE(pair_.release_announcement(0, at));
  pair_.run(minutes(28));
  EXPECT_EQ(release_what_is_due(0), 0u);
  pair_.run(minutes(2));
  EXPECT_EQ(release_what_is_due(0), 1u);
}

TEST_F(Announced, IsArmedWhenTheClockBecomesKnownInTime) {
  pair_.clock_known[0] = false;
  const line::ActPlace at = agree(minutes(30));
  pair_.run(minutes(1));
  EXPECT_EQ(state(0, at).asks, Asks::kClock);
  pair_.clock_known[0] = true;
  pair_.run(seconds(5));
  EXPECT_EQ(state(0, at).stage, Stage::kArmed);
  EXPECT_EQ(state(0, at).asks, Asks::kNobody);
}

TEST_F(Announced, ThatWasWithdrawnInTimeIsReleasedByNobody) {
  const line::ActPlace at = agree(minutes(30));
  pair_.run(minutes(1));
  ASSERT_TRUE(answer(0, line::AnswerAct::kWithdraw, 1, counter_));
  pair_.run(hours(1));
  for (std::size_t side : {0u, 1u}) EXPECT_EQ(release_what_is_due(side), 0u) << side;
  EXPECT_FALSE(peer(1).agreements().release_crossed(at));
  EXPECT_FALSE(pair_.release_announcement(0, at)) << "nothing is agreed any more";
}

TEST_F(Announced, AWithdrawalThatFindsNoPathStopsItsOwnSideAndBothSeeThatItCrossed) {
  const line::ActPlace at = agree(minutes(30));
  pair_.run(minutes(1));
  lose_[0] = lose_[1] = true;
  pair_.run(minutes(10));
  ASSERT_TRUE(answer(0, line::AnswerAct::kWithdraw, 1, counter_));
  pair_.run(minutes(30));
  EXPECT_EQ(release_what_is_due(0), 0u) << "at once, whatever travels";
  EXPECT_EQ(release_what_is_due(1), 1u) << "it could not know";
  lose_[0] = lose_[1] = false;
  pair_.run(minutes(30));
  for (std::size_t side : {0u, 1u}) {
    EXPECT_EQ(peer(side).agreements().book().outcome(at)->state, line::ProposalState::kWithdrawn);
    EXPECT_TRUE(peer(side).agreements().release_crossed(at)) << side;
    EXPECT_NE(released(side, 1, at), nullptr);
  }
}

TEST_F(Announced, WhatWasReleasedStaysReleased) {
  const line::ActPlace at = agree(minutes(5));
  pair_.run(minutes(6));
  for (std::size_t side : {0u, 1u}) EXPECT_EQ(release_what_is_due(side), 1u);
  pair_.run(minutes(1));
  ASSERT_TRUE(answer(0, line::AnswerAct::kWithdraw, 1, counter_));
  pair_.run(minutes(1));
  EXPECT_EQ(state(0, at).stage, Stage::kReleased);
  EXPECT_FALSE(peer(0).agreements().release_crossed(at)) << "whoever withdrew did so afterwards";
}

// Both of them wait for a path, and get their place when there is one again.
TEST_F(Announced, AWithdrawalAndAReleaseThatWaitedForEachOtherHaveCrossed) {
  const line::ActPlace at = agree(minutes(30));
  pair_.stop(1);
  ASSERT_TRUE(answer(0, line::AnswerAct::kWithdraw, 1, counter_));
  pair_.stop(0);
  pair_.start(1);
  pair_.run(minutes(31));
  EXPECT_EQ(release_what_is_due(1), 1u);
  pair_.start(0);
  pair_.run(minutes(10));
  EXPECT_EQ(release_what_is_due(0), 0u);
  for (std::size_t side : {0u, 1u}) {
    EXPECT_EQ(peer(side).agreements().book().outcome(at)->state, line::ProposalState::kWithdrawn);
    EXPECT_TRUE(peer(side).agreements().release_crossed(at)) << side;
  }
}

// A withdrawal that went with the disk stands at the other side alone.
TEST_F(Announced, ADiskThatWentBackReleasesNothingWithoutAPerson) {
  const line::ActPlace at = agree(minutes(30));
  pair_.run(minutes(1));
  const auto backup = pair_.store(0).snapshot();
  ASSERT_TRUE(answer(0, line::AnswerAct::kWithdraw, 1, counter_));
  pair_.run(minutes(1));
  pair_.stop(0);
  pair_.store(0).restore(backup);
  pair_.start(0);
  pair_.run(minutes(5));
  EXPECT_EQ(state(0, at).asks, Asks::kRestored);
  EXPECT_TRUE(state(0, at).restored);
  pair_.run(minutes(30));
  for (std::size_t side : {0u, 1u}) EXPECT_EQ(release_what_is_due(side), 0u) << side;
}

TEST_F(Announced, ADiskThatWentBackBeforeTheReleaseDoesNotRepeatIt) {
  const line::ActPlace at = agree(minutes(30));
  pair_.run(minutes(1));
  const auto backup = pair_.store(0).snapshot();
  pair_.run(minutes(30));
  EXPECT_EQ(release_what_is_due(0), 1u);
  pair_.run(minutes(1));
  pair_.stop(0);
  pair_.store(0).restore(backup);
  pair_.start(0);
  pair_.run(minutes(5));
  EXPECT_EQ(release_what_is_due(0), 0u);
  EXPECT_EQ(state(0, at).asks, Asks::kRestored);
  restart(0);
  pair_.run(minutes(1));
  EXPECT_EQ(release_what_is_due(0), 0u) << "whoever starts it again";
  ASSERT_TRUE(pair_.release_announcement(0, at)) << "a person knows that it is not out";
  pair_.settle();
  EXPECT_EQ(release_what_is_due(0), 1u);
}

TEST_F(Announced, OneSidesTextAloneIsNotAccepted) {
  const record::LogPosition first = offer(0, own_, minutes(30));
  const auto accepted = answer(1, line::AnswerAct::kAccept, 0, first);
  ASSERT_FALSE(accepted);
  EXPECT_EQ(accepted.error().fault, Fault::kState);
}

TEST_F(Announced, OneIdenticalTextIsAcceptedAtOnceAndTravelsWithTheProposal) {
  own_.mode = AnnouncementMode::kIdentical;
  const Bytes bytes = to_bytes(as_bytes("Both say."));
  record::Entry entry = offer_entry(0, own_, minutes(30));
  entry.header.attachments = {{pair_.hand_over(0, kAccordLine, bytes), bytes.size(), "text/plain", ""}};
  const Digest root = entry.header.attachments.front().digest;
  ASSERT_TRUE(pair_.submit(0, std::move(entry)));
  pair_.run(seconds(10));
  EXPECT_EQ(pair_.document(1, root), bytes) << "the accord line carries it";
  const record::LogPosition first = newest(0);
  ASSERT_TRUE(answer(1, line::AnswerAct::kAccept, 0, first));
  pair_.run(minutes(31));
  for (std::size_t side : {0u, 1u}) EXPECT_EQ(release_what_is_due(side), 1u);
}

// The other side's station may have let it through: this one does not agree.
TEST_F(Announced, OfADateFarAwayIsNotAccepted) {
  pair_.ahead_seconds[0] = 40 * 86'400;
  record::Announcement both = own_;
  both.other = text(1);
  const record::LogPosition far = offer(0, both, hours(24 * 399));
  const auto accepted = answer(1, line::AnswerAct::kAccept, 0, far);
  ASSERT_FALSE(accepted);
  EXPECT_EQ(accepted.error().fault, Fault::kMalformed);
}

TEST_F(Announced, SeveralAreEachReleasedByThemselves) {
  const line::ActPlace first = agree(minutes(5));
  const line::ActPlace second = agree(minutes(10));
  pair_.run(minutes(11));
  EXPECT_EQ(release_what_is_due(0), 2u);
  EXPECT_EQ(state(0, first).stage, Stage::kReleased);
  EXPECT_EQ(state(0, second).stage, Stage::kReleased);
}

}  // namespace
}  // namespace detente::sim
