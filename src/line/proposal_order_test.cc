// Whatever order two logs arrive in, the book comes to the same, and to what a
// slow reading of spec/acts.md section 4 gives.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

#include "line/drawn_for_test.h"
#include "line/proposal_logs_for_test.h"

namespace detente::line {
namespace {

using Ps = ProposalState;

// An entry, and by number which entries of the other side were on its author's disk.
struct Written {
  Sighting entry;
  std::set<std::size_t> saw;
};

// Two sides that write for a while: offers, counter-offers, answers of every kind, other entries, lost disks,
// clocks that go forward and back, deliveries now and then.
std::vector<Written> a_history() {
  TwoLogs logs;
  std::vector<Written> out;
  std::set<std::size_t> here[2];
  std::vector<ActPlace> offers;
  const auto steps = drawn(1, 40);
  for (std::uint32_t i = 0; i < steps; ++i) {
    const auto side = static_cast<std::uint8_t>(drawn(0, 2));
    const auto deed = drawn(0, 12);
    logs.now = WallTime{drawn(1, 40)};
    if (deed < 3) {
      logs.deliver(side);
      for (std::size_t k = 0; k < out.size(); ++k)
        if (out[k].entry.at.side != side) here[side].insert(k);
      continue;
    }
    if (deed == 3) {
      logs.new_epoch(side);
    } else if (deed == 4) {
      logs.pass(side, logs.now);
    } else if (deed < 7 || offers.empty()) {
      std::optional<WallTime> lapse;
      if (drawn(0, 2) == 1) lapse = WallTime{drawn(20, 60)};
      offers.push_back(logs.offer(side, lapse));
    } else {
      const ActPlace on = offers[drawn(0, static_cast<std::uint32_t>(offers.size()))];
      if (deed == 7)
        offers.push_back(logs.counter(side, on));
      else
        logs.answer(side, on, static_cast<AnswerAct>(drawn(0, 3)));
    }
    out.push_back({logs.all().back(), here[side]});
  }
  return out;
}

// Section 4 with sets instead of epochs and sizes: `proposal` and everything else by its number.
class SlowReading {
 public:
  SlowReading(const std::vector<Written>& all, std::size_t proposal) : all_(all), proposal_(proposal) {}

  Ps state() const {
    std::vector<std::size_t> author, other;
    for (std::size_t i = 0; i < all_.size(); ++i) {
      if (all_[i].entry.on != offer().at) continue;
      const bool own = all_[i].entry.at.side == offer().at.side;
      if (own && i > proposal_) author.push_back(i);
      if (!own && all_[i].saw.contains(proposal_)) other.push_back(i);
    }
    Ps state = Ps::kOffered;
    std::size_t done = 0;
    for (const std::size_t one : author) {
      const std::set<std::size_t>& saw = all_[one].saw;
      for (; done < other.size() && saw.contains(other[done]); ++done) take(state, other[done], Actor::kOther);
      if (lapsed(state, [&](std::size_t late) { return saw.contains(late); })) state = Ps::kLapsed;
      take(state, one, Actor::kAuthor);
    }
    for (; done < other.size(); ++done) take(state, other[done], Actor::kOther);
    if (lapsed(state, [](std::size_t) { return true; })) state = Ps::kLapsed;
    return state;
  }

 private:
  const Sighting& offer() const { return all_[proposal_].entry; }

  bool is_late(std::size_t number) const {
    const auto lapse = offer().proposal->lapse;
    const Written& one = all_[number];
    if (!lapse || one.entry.at.side == offer().at.side || !one.saw.contains(proposal_)) return false;
    if (one.entry.time >= *lapse) return true;
    return std::any_of(one.saw.begin(), one.saw.end(),
                       [&](std::size_t i) { return i >= proposal_ && all_[i].entry.time >= *lapse; });
  }
  template <typename Known>
  bool lapsed(Ps state, Known known) const {
    for (std::size_t i = 0; i < all_.size(); ++i)
      if (state == Ps::kOffered && is_late(i) && known(i)) return true;
    return false;
  }
  void take(Ps& state, std::size_t number, Actor by) const {
    // What the other side does after its log was late finds nothing open any more.
    if (by == Actor::kOther && lapsed(state, [&](std::size_t late) { return late <= number; })) state = Ps::kLapsed;
    const Sighting& one = all_[number].entry;
    const ProposalAct act = one.answer ? act_of(one.answer->act) : ProposalAct::kCounter;
    state = step(state, act, by).value_or(state);
  }

  const std::vector<Written>& all_;
  std::size_t proposal_;
};

ProposalBook book_of(const std::vector<Written>& entries) {
  ProposalBook out;
  for (const Written& one : entries) RC_ASSERT(out.add(one.entry).has_value());
  return out;
}

template <typename T>
void shuffle(std::vector<T>& items) {
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[drawn(0, static_cast<std::uint32_t>(i))]);
}

// Each log in its own order, merged as one station happened to get them.
std::vector<Written> as_a_station_got_them(const std::vector<Written>& all, std::uint8_t first) {
  std::vector<Written> logs[2], out;
  for (const Written& one : all) logs[one.entry.at.side].push_back(one);
  std::size_t at[2] = {0, 0};
  while (out.size() < all.size()) {
    const std::size_t side = at[first] == logs[first].size() ? 1 - first
                             : at[1 - first] == logs[1 - first].size() || drawn(0, 2) == 1 ? first
                                                                                                    : 1 - first;
    out.push_back(logs[side][at[side]++]);
  }
  return out;
}

RC_GTEST_PROP(ProposalOrder, AnyOrderOfArrivalGivesTheSameAndBothSidesAgree, ()) {
  const std::vector<Written> all = a_history();
  std::vector<Written> shuffled = all;
  shuffle(shuffled);
  const ProposalBook here = book_of(as_a_station_got_them(all, 0));
  const ProposalBook there = book_of(as_a_station_got_them(all, 1));
  const ProposalBook anyhow = book_of(shuffled);
  const auto any = [](const Proposal&) { return true; };
  RC_ASSERT(here.proposals() == there.proposals());
  RC_ASSERT(here.proposals() == anyhow.proposals());
  RC_ASSERT(here.agreed(Matter::kOther, any) == there.agreed(Matter::kOther, any));
  RC_ASSERT(here.agreed(Matter::kOther, any) == anyhow.agreed(Matter::kOther, any));
  for (const ActPlace& place : here.proposals())
    for (const ProposalBook* other : {&there, &anyhow}) {
      RC_ASSERT(here.outcome(place)->state == other->outcome(place)->state);
      RC_ASSERT(here.outcome(place)->decided_at == other->outcome(place)->decided_at);
      RC_ASSERT(here.outcome(place)->crossed == other->outcome(place)->crossed);
    }
}

// What an entry cannot have changed is not computed again: a book that is asked after every entry says what one does that
// is asked at the end.
RC_GTEST_PROP(ProposalOrder, ABookThatIsAskedAfterEveryEntryForgetsWhatThatEntryChanged, ()) {
  std::vector<Written> all = as_a_station_got_them(a_history(), 0);
  if (drawn(0, 2) == 0) shuffle(all);
  ProposalBook asked;
  std::vector<Written> here;
  for (const Written& one : all) {
    here.push_back(one);
    RC_ASSERT(asked.add(one.entry).has_value());
    const ProposalBook fresh = book_of(here);
    RC_ASSERT(asked.proposals() == fresh.proposals());
    for (const ActPlace& place : fresh.proposals()) {
      const Outcome was = *asked.outcome(place), is = *fresh.outcome(place);
      RC_ASSERT(was.state == is.state);
      RC_ASSERT(was.decided_at == is.decided_at);
      RC_ASSERT(was.crossed == is.crossed);
      RC_ASSERT(was.accepted_at == is.accepted_at);
    }
  }
}

TEST(ProposalOrder, AnEntryOfAnEarlierLifeThatComesLastUndoesWhatTheLaterOneSaid) {
  TwoLogs logs;
  logs.pass(1, WallTime{1});
  const ActPlace offer = logs.offer(0, WallTime{10});
  logs.deliver();
  const ActPlace late = logs.pass(1, WallTime{12});
  logs.now = WallTime{5};
  logs.lose_everything(1, {99});
  logs.answer(1, offer, AnswerAct::kAccept);
  ProposalBook book;
  for (const Sighting& one : logs.all())
    if (one.at != late) static_cast<void>(book.add(one));
  ASSERT_EQ(book.outcome(offer)->state, Ps::kAccepted);
  ASSERT_TRUE(book.add(*std::find_if(logs.all().begin(), logs.all().end(), [&](const Sighting& one) { return one.at == late; })));
  EXPECT_EQ(book.outcome(offer)->state, Ps::kLapsed);
}

TEST(ProposalOrder, ALateEntryThatTheAnswerHadSeenUndoesItWhenItComes) {
  TwoLogs logs;
  const ActPlace offer = logs.offer(0, WallTime{10});
  const ActPlace late = logs.pass(0, WallTime{12});
  logs.deliver();
  logs.now = WallTime{5};
  logs.answer(1, offer, AnswerAct::kAccept);
  ProposalBook book;
  for (const Sighting& one : logs.all())
    if (one.at != late) static_cast<void>(book.add(one));
  ASSERT_EQ(book.outcome(offer)->state, Ps::kAccepted);
  ASSERT_TRUE(book.precedes({0, {99}, 0}, offer)) << "the order of the lives is known before the entry comes";
  for (const Sighting& one : logs.all()) static_cast<void>(book.add(one));
  EXPECT_EQ(book.outcome(offer)->state, Ps::kLapsed);
}

TEST(ProposalOrder, AnEntryThatWasSeenByWayOfARingOfLivesCountsWhenItComes) {
  const record::EpochId last{20}, first{10};
  const auto at = [](std::uint8_t side, record::EpochId epoch, std::uint64_t index, std::uint32_t time) {
    Sighting out;
    out.at = {side, epoch, index};
    out.time = WallTime{time};
    return out;
  };
  Sighting a = at(1, last, 0, 1), b = at(1, first, 0, 1), offer = at(1, last, 1, 1), late = at(1, last, 2, 12), yes = at(0, {30}, 0, 5);
  a.before = LogPart{first, 1};
  b.before = LogPart{last, 3};
  offer.proposal = Proposal{Matter::kOther, {}, {}, WallTime{10}, ""};
  yes.seen = LogPart{first, 1};
  yes.answer = Answer{AnswerAct::kAccept, ""};
  yes.on = offer.at;
  ProposalBook book;
  for (const Sighting& one : {a, b, offer, yes}) ASSERT_TRUE(book.add(one));
  ASSERT_EQ(book.outcome(offer.at)->state, Ps::kAccepted);
  ASSERT_TRUE(book.precedes(b.at, a.at)) << "the order of the lives is known before the entry comes";
  ASSERT_TRUE(book.add(late));
  EXPECT_EQ(book.outcome(offer.at)->state, Ps::kLapsed);
}

RC_GTEST_PROP(ProposalOrder, TheBookSaysWhatASlowReadingSays, ()) {
  const std::vector<Written> all = a_history();
  const ProposalBook book = book_of(all);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!all[i].entry.proposal) continue;
    const Ps state = book.outcome(all[i].entry.at)->state;
    RC_ASSERT(state == SlowReading(all, i).state());
  }
}

// What a side had on its disk when it wrote one of its entries, and what became of it later.
RC_GTEST_PROP(ProposalOrder, WhatASideOnceTookForAgreedIsUndoneByAWithdrawalAlone, ()) {
  const std::vector<Written> all = a_history();
  const ProposalBook whole = book_of(all);
  for (std::size_t now = 0; now < all.size(); ++now) {
    std::vector<Written> held;
    for (std::size_t i = 0; i <= now; ++i)
      if (all[i].entry.at.side == all[now].entry.at.side || all[now].saw.contains(i)) held.push_back(all[i]);
    const ProposalBook then = book_of(held);
    for (const ActPlace& place : then.proposals()) {
      if (then.outcome(place)->state != Ps::kAccepted) continue;
      const Ps later = whole.outcome(place)->state;
      RC_ASSERT(later == Ps::kAccepted || later == Ps::kWithdrawn);
    }
  }
}

}  // namespace
}  // namespace detente::line
