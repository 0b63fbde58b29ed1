// What waits in the outbox and is taken back: never sent, gone from the disk, and said.
#include <gtest/gtest.h>

#include "sim/names_for_test.h"
#include "sim/quiet_pair.h"

namespace detente::sim {
namespace {

class Withdraw : public testing::Test {
 protected:
  Withdraw() : pair_(7) {
    pair_.start();
    pair_.take_events(0);
    pair_.tamper = [this](std::size_t, Bytes datagram) -> std::optional<Bytes> {
      if (lose_) return std::nullopt;
      return datagram;
    };
  }
  void say(const char* text) {
    ASSERT_TRUE(pair_.say(0, kLine, text));
    pair_.settle();
  }
  std::size_t withdraw(std::string_view text) {
    const std::size_t taken = pair_.withdraw(
        0, kLine,
        [text](const record::Entry& entry) { return as_string(entry.body) == text; }, "it is over");
    pair_.settle();
    return taken;
  }
  std::size_t waiting() { return pair_.station(0).peer(PeerId{0}).line(kLine)->queued(); }
  std::vector<std::string> arrived() {
    std::vector<std::string> out;
    const record::LogKey log = pair_.station(1).peer(PeerId{0}).line(kLine)->far().key();
    for (const auto& stored : pair_.store(1).entries(log, 0, 200, 200))
      if (const auto entry = record::decode_entry(stored.bytes); entry && entry->header.kind == record::kMessage)
        out.emplace_back(as_string(entry->body));
    return out;
  }

  QuietPair pair_;
  bool lose_ = false;
};

TEST_F(Withdraw, WhatWasTakenBackIsNeverSentAndTheRestIs) {
  lose_ = true;
  // The window of what is under way fills first; what comes after it waits without an index.
  for (int i = 0; i < 64; ++i) say("first");
  say("keep");
  say("take back");
  say("keep, too");
  ASSERT_GE(waiting(), 3u);
  const std::size_t before = waiting();
  pair_.take_events(0);
  EXPECT_EQ(withdraw("take back"), 1u);
  EXPECT_EQ(waiting(), before - 1);
  std::size_t told = 0;
  for (const core::DeskEvent& event : pair_.take_events(0))
    if (const auto* failed = std::get_if<core::SubmissionFailed>(&event)) {
      EXPECT_EQ(failed->error.message, "it is over");
      ++told;
    }
  EXPECT_EQ(told, 1u);
  EXPECT_EQ(withdraw("take back"), 0u);
  // A restart reads the disk: it is not there either.
  pair_.stop(0);
  lose_ = false;
  pair_.start(0);
  pair_.run(std::chrono::minutes(2));
  const auto got = arrived();
  EXPECT_EQ(std::count(got.begin(), got.end(), "first"), 64);
  EXPECT_EQ(std::count(got.begin(), got.end(), "keep"), 1);
  EXPECT_EQ(std::count(got.begin(), got.end(), "keep, too"), 1);
  EXPECT_EQ(std::count(got.begin(), got.end(), "take back"), 0);
}

TEST_F(Withdraw, WhatHasItsPlaceStays) {
  lose_ = true;
  say("placed");
  EXPECT_EQ(withdraw("placed"), 0u);
}

}  // namespace
}  // namespace detente::sim
