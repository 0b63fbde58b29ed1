// From one accord to the next: both stations go on under it, whoever of them was shown it first, with loss and crashes at
// every step, and nothing of what was said on any line is lost; afterwards the former one is spoken no more.
// spec/amendment.md.
#include <gtest/gtest.h>

#include "sim/quiet_pair.h"

namespace detente::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr LineId kStays{1}, kRetired{2}, kAdded{3};

std::vector<core::LineSetup> lines_with(LineId third, const char* name) {
  return {{kAccordLine, "accord", true, record::Precedence::kFlash, 1000, {}},
          {kStays, "military-west", true, record::Precedence::kFlash, 1000, {}, true},
          {third, name, true, record::Precedence::kFlash, 1000, {}, true}};
}

PairOptions options() {
  PairOptions out;
  out.lines = lines_with(kRetired, "sounding");
  out.next_lines = lines_with(kAdded, "liaison");
  return out;
}

class Amended : public testing::Test {
 protected:
  explicit Amended(std::uint64_t seed = 71) : pair_(seed, options()) {}

  const core::Peer& peer(std::size_t side) { return pair_.station(side).peer(PeerId{0}); }
  bool say(std::size_t side, LineId line, const std::string& text) {
    const bool taken = pair_.say(side, line, text).has_value();
    if (taken) said_[side][line].push_back(text);
    return taken;
  }
  // What the stations above do beside the core: what came as a file goes into the directory, and an accord that is due is
  // gone on under.
  void tend() {
    for (std::size_t side = 0; side < 2; ++side) {
      if (!pair_.has_second(side) && files_are_here(side)) pair_.hold_second(side);
      pair_.go_on_if_due(side, {kRetired});
    }
    pair_.settle();
  }
  bool files_are_here(std::size_t side) {
    const auto* shown = peer(side).agreements().adopted(record::Whose::kOthers, pair_.pair().second_accord());
    return shown != nullptr && shown->files && pair_.document(side, shown->files->digest).has_value();
  }
  void run(Duration span, Duration step = milliseconds(20)) {
    for (Duration done{0}; done < span; done += step) {
      pair_.run(step);
      tend();
    }
  }
  std::vector<std::string> heard(std::size_t side, LineId line) {
    std::vector<std::string> out;
    for (const auto& info : pair_.store(side).logs({pair_.pair().lineage(), line})) {
      if (info.log.own) continue;
      for (const auto& stored : pair_.store(side).entries(info.log, 0, info.size, 10'000))
        if (const auto entry = record::decode_entry(stored.bytes); entry && entry->header.kind == record::kMessage)
          out.push_back(as_string(entry->body));
    }
    return out;
  }
  void expect_all_heard(LineId line) {
    for (std::size_t side = 0; side < 2; ++side) EXPECT_EQ(heard(1 - side, line), said_[side][line]) << "of side " << side;
  }
  void expect_both_under_second() {
    for (std::size_t side = 0; side < 2; ++side) {
      EXPECT_TRUE(pair_.under_second(side)) << side;
      EXPECT_TRUE(peer(side).amendment().adopted_there()) << side;
      EXPECT_TRUE(peer(side).link().ready()) << side;
    }
  }

  QuietPair pair_;
  std::map<LineId, std::vector<std::string>> said_[2];
};

// Several of them in one test.
class AmendedPair : public Amended {
 public:
  explicit AmendedPair(std::uint64_t seed) : Amended(seed) {}
  using Amended::run;
  void start() {
    pair_.start();
    run(seconds(2));
    pair_.take_events(0);
  }
  QuietPair& quiet() { return pair_; }

 private:
  void TestBody() override {}  // it is no test by itself
};

TEST_F(Amended, OneIsShownItAndBothGoOnWithoutAGap) {
  pair_.start();
  run(seconds(2));
  ASSERT_TRUE(say(0, kStays, "before"));
  pair_.hold_second(0);
  // Until the other side has it, nothing changes.
  EXPECT_FALSE(pair_.under_second(0));
  std::int64_t longest = 0, since = pair_.now(0).mono.micros;
  for (int i = 0; i < 400; ++i) {
    ASSERT_TRUE(say(i % 2, kStays, "word " + std::to_string(i)));
    run(milliseconds(10), milliseconds(1));
    const bool quiet = heard(1 - i % 2, kStays).size() < said_[i % 2][kStays].size();
    if (!quiet) {
      longest = std::max(longest, pair_.now(0).mono.micros - since);
      since = pair_.now(0).mono.micros;
    }
  }
  run(seconds(10));
  expect_both_under_second();
  expect_all_heard(kStays);
  EXPECT_LT(longest, 100'000) << "microseconds in which nothing crossed";
  EXPECT_TRUE(say(1, kAdded, "a line more"));
  run(seconds(2));
  expect_all_heard(kAdded);
}

// Somebody may still wait for the receipt of what was called by a number.
TEST_F(Amended, NoNumberOfWhatWasSaidOrHandedOverIsGivenAgain) {
  pair_.start();
  run(seconds(2));
  const auto number = [this](LineId line, const std::string& text) {
    const auto id = pair_.say(0, line, text);
    EXPECT_TRUE(id.has_value());
    run(seconds(1));
    return id.value_or(0);
  };
  std::uint64_t last = 0;
  for (int i = 0; i < 3; ++i) last = number(kStays, "before");
  pair_.hold_second(0);
  run(seconds(10));
  expect_both_under_second();
  EXPECT_GT(number(kStays, "after"), last);
}

// From whichever commit on it is that the disk refuses some.
TEST(AmendedOnAFullDisk, AWordThatIsRefusedIsSaidAgain) {
  for (std::size_t first = 1; first <= 10; ++first)
    for (const std::size_t holds : {0u, 1u}) {
      AmendedPair pair(72);
      pair.start();
      std::size_t asked = 0;
      std::optional<Instant> since;
      pair.quiet().disk = [&](std::size_t side) {
        if (side != 0 || ++asked < first) return QuietPair::Disk::kTakes;
        const Instant now = pair.quiet().now(0).mono;
        return now - since.emplace(since.value_or(now)) < milliseconds(300) ? QuietPair::Disk::kFull : QuietPair::Disk::kTakes;
      };
      pair.quiet().hold_second(holds);
      pair.run(minutes(3));
      for (std::size_t side = 0; side < 2; ++side) EXPECT_TRUE(pair.quiet().under_second(side)) << first << " of " << asked << ", " << holds;
    }
}

TEST(AmendedOnAFullDisk, ADiskThatTakesNothingIsAskedNowAndThen) {
  AmendedPair pair(73);
  pair.start();
  std::size_t asked = 0;
  bool full = true;
  pair.quiet().disk = [&](std::size_t side) {
    asked += side == 0 ? 1 : 0;
    return side == 0 && full ? QuietPair::Disk::kFull : QuietPair::Disk::kTakes;
  };
  pair.quiet().hold_second(0);
  pair.run(minutes(5));
  EXPECT_LT(asked, 5u * 60u * 2u) << "once a second by the line, and by what waits for half a minute";
  std::size_t failed = 0;
  for (const core::DeskEvent& event : pair.quiet().take_events(0)) failed += std::holds_alternative<core::DocumentFailed>(event) ? 1 : 0;
  EXPECT_LE(failed, 12u);
  full = false;
  pair.run(minutes(3));
  for (std::size_t side = 0; side < 2; ++side) EXPECT_TRUE(pair.quiet().under_second(side)) << side;
}

TEST_F(Amended, NobodyGoesOnAlone) {
  pair_.start();
  run(seconds(2));
  pair_.cut(PathId{1}, true);
  pair_.hold_second(0);
  run(minutes(3), milliseconds(500));
  EXPECT_FALSE(pair_.under_second(0));
  EXPECT_FALSE(pair_.under_second(1));
  pair_.cut(PathId{1}, false);
  run(minutes(2), milliseconds(500));
  expect_both_under_second();
}

TEST_F(Amended, BothAreShownItByFileAndTheFilesCrossNoPath) {
  pair_.start();
  run(seconds(2));
  pair_.hold_second(0);
  pair_.hold_second(1);
  run(seconds(5));
  expect_both_under_second();
}

// A restored directory, say: it holds the former accord alone.
TEST_F(Amended, TheFormerAccordIsSpokenNoMore) {
  pair_.start();
  pair_.hold_second(0);
  run(seconds(10));
  expect_both_under_second();
  const std::uint64_t entries = peer(0).line(kStays)->far().durable_size();
  pair_.stop(1);
  pair_.forget_second(1);
  pair_.start(1);
  pair_.settle();
  ASSERT_TRUE(say(1, kStays, "under the former accord"));
  for (int i = 0; i < 100; ++i) pair_.run(seconds(1));
  EXPECT_FALSE(peer(1).link().ready());
  EXPECT_EQ(peer(0).line(kStays)->far().durable_size(), entries);
  EXPECT_EQ(peer(1).link().other_accord(), pair_.pair().second_accord());
  // Shown it once more, it goes on where the other one is, and what waited arrives.
  pair_.hold_second(1);
  run(minutes(2), milliseconds(500));
  expect_both_under_second();
  expect_all_heard(kStays);
}

TEST_F(Amended, WhatWaitsOnARetiredLineGoesBackToItsAuthor) {
  pair_.start();
  run(seconds(2));
  pair_.hold_second(0);
  pair_.hold_second(1);
  pair_.cut_from(0, PathId{1}, true);
  ASSERT_TRUE(pair_.say(0, kRetired, "too late").has_value());
  pair_.run(milliseconds(1));
  pair_.take_events(0);
  pair_.cut_from(0, PathId{1}, false);
  run(seconds(20));
  expect_both_under_second();
  EXPECT_FALSE(pair_.say(0, kRetired, "later still").has_value());
  EXPECT_TRUE(heard(1, kRetired).size() == 1 || pair_.take_events(0).size() > 0);
}

// It was receipted there, and the receipt came nowhere: its author is told that nobody here knows.
TEST_F(Amended, WhatHasNoReceiptOnARetiredLineIsToldToItsAuthor) {
  pair_.start();
  run(seconds(2));
  ASSERT_TRUE(say(0, kRetired, "receipted"));
  run(seconds(2));
  pair_.tamper = [](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
    if (from == 1) return std::nullopt;
    return datagram;
  };
  ASSERT_TRUE(say(0, kRetired, "of which nobody knows"));
  run(seconds(1));
  pair_.take_events(0);
  pair_.leave(0, {kRetired});
  std::vector<std::string> told;
  for (const core::DeskEvent& event : pair_.take_events(0))
    if (const auto* failed = std::get_if<core::SubmissionFailed>(&event); failed != nullptr && failed->submission == 0)
      told.push_back(as_string(failed->given_back->body));
  EXPECT_EQ(told, std::vector<std::string>{"of which nobody knows"});
}

TEST_F(Amended, ByFilesByHandAlone) {
  pair_.start();
  run(seconds(2));
  pair_.cut(PathId{1}, true);
  pair_.hold_second(0);
  pair_.hold_second(1);
  pair_.run(seconds(1));
  const auto from_south = pair_.pack(0);
  ASSERT_TRUE(from_south);
  ASSERT_TRUE(pair_.take(1, from_south->file));
  tend();
  EXPECT_TRUE(pair_.under_second(1));
  EXPECT_FALSE(pair_.under_second(0));
  // North's next file is under the second accord: it opens at south, which goes on under it then.
  ASSERT_TRUE(say(1, kStays, "carried"));
  pair_.run(seconds(1));
  const auto from_north = pair_.pack(1);
  ASSERT_TRUE(from_north);
  ASSERT_TRUE(pair_.take(0, from_north->file));
  tend();
  EXPECT_TRUE(pair_.under_second(0));
  // One that south made before is under the former, and still taken as long as north does not know that south left it.
  EXPECT_TRUE(pair_.take(1, from_south->file));
  pair_.cut(PathId{1}, false);
  run(minutes(2), milliseconds(500));
  expect_both_under_second();
  expect_all_heard(kStays);
  EXPECT_FALSE(pair_.take(1, from_south->file));
}

class AmendedUnderFaults : public Amended, public testing::WithParamInterface<std::uint64_t> {
 protected:
  AmendedUnderFaults() : Amended(1000 + GetParam()) {}
};

TEST_P(AmendedUnderFaults, BothGoOnAndNothingIsLost) {
  SeededRandom random(GetParam());
  bool healed = false;
  const auto chance = [&](std::uint64_t in) { return !healed && random.below(in) == 0; };
  pair_.tamper = [&](std::size_t, Bytes datagram) -> std::optional<Bytes> {
    if (chance(5)) return std::nullopt;
    return datagram;
  };
  pair_.start();
  const std::uint64_t shown_at = random.below(200), also_at = random.below(800);
  for (std::uint64_t i = 0; i < 600; ++i) {
    if (i == shown_at) pair_.hold_second(0);
    if (i == also_at && !pair_.has_second(1)) pair_.hold_second(1);
    for (std::size_t side = 0; side < 2; ++side)
      if (random.below(8) == 0) static_cast<void>(say(side, kStays, "word " + std::to_string(i) + " of " + std::to_string(side)));
    pair_.settle();
    if (chance(60)) {
      const std::size_t side = random.below(2);
      pair_.stop(side);
      pair_.start(side);
    }
    run(milliseconds(40), milliseconds(20));
  }
  healed = true;
  run(minutes(10), seconds(1));
  expect_both_under_second();
  expect_all_heard(kStays);
}

INSTANTIATE_TEST_SUITE_P(Seeds, AmendedUnderFaults, testing::Range(std::uint64_t{0}, std::uint64_t{40}));

}  // namespace
}  // namespace detente::sim
