// Entries that no honest side writes: hours that jump, sizes of logs that nobody has, lives that name each other in rings.
// Both sides hold the same of them, so both must compute the same, in whatever order they came and however often the book
// was asked in between.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "line/proposal_book.h"

namespace detente::line {
namespace {

class Liars {
 public:
  explicit Liars(std::uint64_t seed) : random_(seed) {}

  std::vector<Sighting> write() {
    lives_ = 1 + drawn(4);
    const std::uint32_t stays = drawn(3) == 0 ? 3 : 12, count = 2 + drawn(60);
    jumps_ = drawn(2) == 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto side = static_cast<std::uint8_t>(drawn(2));
      if (drawn(stays) == 0) life_[side] = drawn(lives_);
      all_.push_back(one(side, i));
    }
    for (std::uint32_t swaps = drawn(3) == 0 ? count : drawn(6); swaps > 0; --swaps) std::swap(all_[drawn(count)], all_[drawn(count)]);
    return all_;
  }
  std::uint32_t drawn(std::uint32_t below) { return static_cast<std::uint32_t>(random_.below(below)); }

 private:
  static record::EpochId life_of(std::uint8_t side, std::uint32_t life) { return {static_cast<std::uint8_t>(10 + side * 10 + life)}; }

  Sighting one(std::uint8_t side, std::uint32_t number) {
    const auto other = other_side(side);
    Sighting out;
    out.at = {side, life_of(side, life_[side]), next_[side][life_[side]]++};
    out.time = WallTime{jumps_ ? drawn(40) : number + drawn(5)};
    if (drawn(10) == 0) out.entry_class = record::EntryClass::kDrill;
    const std::uint32_t seen = drawn(4) == 0 ? drawn(lives_) : life_[other];
    const auto size = static_cast<std::uint32_t>(next_[other][seen]);
    if (drawn(6) != 0) out.seen = LogPart{life_of(other, seen), drawn(8) == 0 ? drawn(size + 4) : size};
    if (out.at.index == 0 && drawn(2) == 0) out.before = LogPart{life_of(side, drawn(lives_)), drawn(20)};
    const std::uint32_t deed = drawn(8);
    if (deed < 2 || offers_.empty()) {
      out.proposal = Proposal{};
      if (drawn(3) != 0) out.proposal->lapse = WallTime{drawn(60)};
      if (drawn(4) == 0 && !offers_.empty()) out.on = an_offer();
      offers_.push_back(out.at);
    } else if (deed < 6) {
      out.answer = Answer{static_cast<AnswerAct>(drawn(3)), ""};
      out.on = an_offer();
    }
    return out;
  }
  ActPlace an_offer() { return offers_[drawn(static_cast<std::uint32_t>(offers_.size()))]; }

  SeededRandom random_;
  bool jumps_ = false;
  std::uint32_t lives_ = 1;
  std::uint32_t life_[2] = {0, 0};
  std::uint64_t next_[2][4] = {};
  std::vector<ActPlace> offers_;
  std::vector<Sighting> all_;
};

void expect_same(const ProposalBook& one, const ProposalBook& other, std::uint64_t seed) {
  ASSERT_EQ(one.proposals(), other.proposals()) << seed;
  ASSERT_EQ(one.accepted(Matter::kOther), other.accepted(Matter::kOther)) << seed;
  for (const ActPlace& at : one.proposals()) {
    const Outcome a = *one.outcome(at), b = *other.outcome(at);
    ASSERT_EQ(a.state, b.state) << seed;
    ASSERT_EQ(a.decided_at, b.decided_at) << seed;
    ASSERT_EQ(a.crossed, b.crossed) << seed;
    ASSERT_EQ(a.accepted_at, b.accepted_at) << seed;
  }
}

TEST(ProposalLies, AreComputedAlikeHoweverTheyComeAndHoweverOftenTheBookIsAsked) {
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    Liars liars(seed);
    std::vector<Sighting> all = liars.write();
    ProposalBook asked;
    for (std::size_t i = 0; i < all.size(); ++i) {
      ASSERT_TRUE(asked.add(all[i]));
      if (liars.drawn(3) != 0) static_cast<void>(asked.accepted(Matter::kOther));
      if (liars.drawn(8) != 0 && i + 1 < all.size()) continue;
      std::vector<Sighting> here(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      if (liars.drawn(2) == 0) std::reverse(here.begin(), here.end());
      ProposalBook fresh;
      for (const Sighting& one : here) ASSERT_TRUE(fresh.add(one));
      expect_same(asked, fresh, seed);
    }
  }
}

// It decides nothing any more, and the author's withdrawal, which had not seen it, stands before what is behind it.
TEST(ProposalLies, ALateEntryThatComesToAnEarlierLifeHasItsPlaceAmongTheActs) {
  const record::EpochId author{10}, first{22}, second{20}, third{21};
  const auto entry = [](std::uint8_t side, const record::EpochId& epoch, std::uint64_t index, std::uint32_t time, std::optional<LogPart> seen) {
    Sighting out;
    out.at = {side, epoch, index};
    out.time = WallTime{time};
    out.seen = seen;
    return out;
  };
  const auto answers = [](Sighting out, const ActPlace& on, AnswerAct act) {
    out.on = on;
    out.answer = Answer{act, ""};
    return out;
  };
  Sighting offer = entry(0, author, 0, 10, {});
  offer.proposal = Proposal{Matter::kOther, {}, {}, WallTime{40}, ""};
  Sighting of_second = entry(1, second, 0, 14, {}), of_third = entry(1, third, 0, 34, {});
  of_second.before = LogPart{first, 2};
  of_third.before = LogPart{second, 1};
  const std::vector<Sighting> all = {
      offer,
      entry(1, first, 0, 13, {}),
      answers(entry(1, first, 1, 17, LogPart{author, 1}), offer.at, AnswerAct::kAccept),
      of_second,
      of_third,
      answers(entry(1, third, 1, 35, LogPart{author, 1}), offer.at, AnswerAct::kWithdraw),
      answers(entry(0, author, 1, 43, LogPart{third, 2}), offer.at, AnswerAct::kWithdraw),
      entry(1, second, 1, 53, LogPart{author, 1}),
  };
  ProposalBook asked, fresh;
  for (const Sighting& one : all) {
    ASSERT_TRUE(asked.add(one));
    static_cast<void>(asked.accepted(Matter::kOther));
    ASSERT_TRUE(fresh.add(one));
  }
  EXPECT_EQ(fresh.outcome(offer.at)->decided_at, (ActPlace{0, author, 1}));
  expect_same(asked, fresh, 0);
}

}  // namespace
}  // namespace detente::line
