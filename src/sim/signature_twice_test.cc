// One officer's signature under two entries of this side: the second is refused before either is on the disk, where it would
// keep the first from being written, too. What a counterpart does is in hostile_acts.cc, sign_twice().
#include "core/signatures_under_way.h"
#include "sim/acting_pair_for_test.h"

namespace detente::sim {
namespace {

class SignatureTwice : public ActingPair {
 protected:
  SignatureTwice() : ActingPair(31) {}

  record::Entry signed_text() {
    record::Entry out = signed_entry(0, record::kMessage, to_bytes(as_bytes("We agree.")));
    out.header.line = kCutLine;
    out.header.body_form = record::BodyForm::kText;
    return out;
  }
  void refused(const record::Entry& entry) {
    const auto again = pair_.submit(0, entry);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().fault, Fault::kConflict) << again.error().message;
  }
  // Nothing is heard of the other side yet, so all that is said waits.
  void begin_alone() {
    lose_[0] = lose_[1] = true;
    pair_.stop(0);
    pair_.start(0);
    pair_.run(std::chrono::seconds(3));
    pair_.take_events(0);
  }
  void meet() {
    lose_[0] = lose_[1] = false;
    pair_.run(std::chrono::minutes(1));
  }
  // All that side 0 says from now on arrives, and no commit is refused.
  void all_arrive(std::size_t count) {
    std::size_t arrived = 0;
    for (const core::DeskEvent& event : pair_.take_events(1)) arrived += std::holds_alternative<core::EntryArrived>(event) ? 1 : 0;
    EXPECT_EQ(arrived, count);
    for (const core::DeskEvent& event : pair_.take_events(0)) {
      const auto* alarm = std::get_if<core::Alarm>(&event);
      EXPECT_FALSE(alarm != nullptr && alarm->kind == core::AlarmKind::kStore) << alarm->text;
    }
  }
};

TEST_F(SignatureTwice, WaitsOnceWhateverTheLine) {
  begin_alone();
  const record::Entry entry = signed_text();
  ASSERT_TRUE(pair_.submit(0, entry));
  refused(entry);
  pair_.settle();
  refused(entry);
  record::Entry elsewhere = signed_entry(0, record::kRegister, line::cut_body({{{kCutLine, 1}}, line::kAllMedia, {}, ""}));
  elsewhere.header.precedence = record::Precedence::kFlash;
  elsewhere.signatures = entry.signatures;
  refused(elsewhere);
  begin_alone();  // what waits is read from the disk
  refused(entry);
  meet();
  all_arrive(1);
}

TEST_F(SignatureTwice, IsRefusedWhileTheFirstIsBeingWritten) {
  pair_.disk = [](std::size_t) { return QuietPair::Disk::kBusy; };
  const record::Entry entry = signed_text();
  ASSERT_TRUE(pair_.submit(0, entry));
  refused(entry);
  pair_.disk = {};
  meet();
  refused(entry);
  all_arrive(1);
}

TEST_F(SignatureTwice, WhatTheDiskRefusedOrAPersonTookBackMaySayItAgain) {
  begin_alone();
  const record::Entry entry = signed_text();
  pair_.disk = [](std::size_t) { return QuietPair::Disk::kFull; };
  ASSERT_TRUE(pair_.submit(0, entry));
  pair_.settle();
  pair_.disk = [](std::size_t) { return QuietPair::Disk::kTakes; };
  ASSERT_TRUE(pair_.submit(0, entry));
  pair_.settle();
  EXPECT_EQ(pair_.withdraw(0, kCutLine, [](const record::Entry&) { return true; }, "taken back"), 1u);
  pair_.settle();
  pair_.take_events(0);
  ASSERT_TRUE(pair_.submit(0, entry));
  meet();
  all_arrive(1);
}

TEST(SignaturesUnderWay, WhatIsDurableIsNotKeptTwice) {
  MemoryStore store;
  const Digest lineage{};
  const auto fence = store.claim({lineage, kCutLine});
  ASSERT_TRUE(fence);
  core::SignaturesUnderWay under_way(lineage);
  for (std::uint64_t counter = 0; counter < 5000; ++counter) {
    const record::OfficerSignature signature{OfficerId{1}, counter, 1, {}};
    EXPECT_FALSE(under_way.used(store, true, signature));
    under_way.add(store, true, kCutLine, signature);
    EXPECT_TRUE(under_way.used(store, true, signature));
    EXPECT_FALSE(under_way.used(store, false, signature)) << "the other side's officers count for themselves";
    record::Batch batch;
    batch.fence = *fence;
    batch.writes.push_back(record::UseOfficerCounter{lineage, true, OfficerId{1}, counter});
    ASSERT_TRUE(store.commit({&batch, 1}));
    EXPECT_TRUE(under_way.used(store, true, signature));
    EXPECT_LE(under_way.size(), core::SignaturesUnderWay::kLooksFrom);
  }
}

}  // namespace
}  // namespace detente::sim
