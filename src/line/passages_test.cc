#include "line/passages.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>

#include "line/drawn_for_test.h"

namespace detente::line {
namespace {

struct Plain {
  WallTime time;
  std::optional<LogPart> seen;
};

// A log of which most comes in its order, some a little ahead, and some long after.
std::vector<std::pair<std::uint64_t, Plain>> a_log(std::uint32_t most) {
  std::vector<std::pair<std::uint64_t, Plain>> out;
  const std::uint32_t size = drawn(1, most), busy = drawn(1, 5);
  std::uint32_t seen = 0;
  for (std::uint32_t i = 0; i < size; ++i) {
    Plain one{WallTime{drawn(0, 12) == 0 ? drawn(0, 5'000) : i}, {}};
    seen += drawn(0, busy);
    if (drawn(0, 8) != 0) one.seen = LogPart{{static_cast<std::uint8_t>(1 + seen * 3 / (most * 4))}, drawn(0, 10) == 0 ? drawn(0, seen + 1) : seen};
    out.emplace_back(i + (i > size / 2 ? 3 : 0), one);
  }
  for (std::uint32_t swaps = drawn(0, 6); swaps > 0; --swaps) {
    const std::uint32_t a = drawn(0, size), near = drawn(0, 2) == 0 ? drawn(0, size) : std::min(size - 1, a + drawn(0, 8));
    std::swap(out[a], out[near]);
  }
  return out;
}

RC_GTEST_PROP(Passages, SayWhatAReadingOfTheWholeLogSays, ()) {
  // Above what is held to be near the end, too.
  const auto log = a_log(drawn(0, 10) == 0 ? 9'000 : 200);
  Passages passages;
  std::map<std::uint64_t, Plain> plain;
  for (std::size_t i = 0; i < log.size(); ++i) {
    const auto& [index, one] = log[i];
    passages.add(index, one.time, one.seen);
    plain.emplace(index, one);
    if (drawn(0, 40) == 0) {
      passages.add(index, WallTime{9'999}, LogPart{{1}, 99'999});
      RC_ASSERT(passages.time_of(index) == one.time);
    }
    if (i + 1 < log.size() && drawn(0, 25) != 0) continue;
    RC_ASSERT(passages.last() == plain.rbegin()->first);
    const std::uint64_t from = drawn(0, static_cast<std::uint32_t>(log.size()) + 5);
    const WallTime late{drawn(0, 3) == 0 ? drawn(0, 5'000) : static_cast<std::uint32_t>(from) + drawn(0, 50)};
    const auto first = plain.lower_bound(from);
    RC_ASSERT(passages.first_from(from) == (first == plain.end() ? std::nullopt : std::optional(first->first)));
    std::optional<std::uint64_t> since, saw;
    for (auto at = first; at != plain.end() && !since; ++at)
      if (at->second.time >= late) since = at->first;
    RC_ASSERT(passages.first_since(from, late) == since);
    const std::size_t most = drawn(1, 30);
    const auto run = passages.run_before(from, most);
    RC_ASSERT(run.has_value() == (first != plain.begin()));
    if (run) {
      auto at = first;
      WallTime latest{};
      for (std::size_t count = 0; count < most && at != plain.begin(); ++count) latest = std::max(latest, (--at)->second.time);
      RC_ASSERT(run->from == at->first);
      RC_ASSERT(run->latest == latest);
    }
    const std::uint64_t size = drawn(0, 3 * static_cast<std::uint32_t>(log.size()));
    const std::vector<LogPart> parts = {{{1}, size}, {{2}, size / 2}, {{9}, 0}};
    for (auto at = plain.begin(); at != plain.end() && !saw; ++at) {
      const auto& seen = at->second.seen;
      const auto enough = [&](const LogPart& part) { return seen && seen->epoch == part.epoch && seen->size >= part.size; };
      if (std::any_of(parts.begin(), parts.end(), enough)) saw = at->first;
    }
    RC_ASSERT(passages.first_that_saw(parts) == saw);
  }
  for (const auto& [index, one] : plain) {
    RC_ASSERT(passages.time_of(index) == one.time);
    RC_ASSERT(passages.seen_at(index) == one.seen);
  }
  RC_ASSERT(passages.size() == plain.size());
  const auto began = plain.find(0);
  RC_ASSERT(passages.began() == (began == plain.end() ? std::nullopt : std::optional(began->second.time)));
}

TEST(Passages, OfNothingAreAnsweredWithNothing) {
  const Passages none;
  EXPECT_TRUE(none.empty());
  EXPECT_FALSE(none.first_from(0));
  EXPECT_FALSE(none.first_since(0, WallTime{0}));
  EXPECT_FALSE(none.first_that_saw({{{1}, 0}}));
  EXPECT_FALSE(none.run_before(9, 3));
  EXPECT_FALSE(none.time_of(0));
  EXPECT_FALSE(none.began());
}

}  // namespace
}  // namespace detente::line
