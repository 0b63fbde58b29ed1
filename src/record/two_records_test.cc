#include <gtest/gtest.h>

#include "record/two_records_fixture_for_test.h"
#include "record/two_records_verify.h"

namespace detente::record {
namespace {

using test::kWest;
using test::World;

class TwoRecords : public testing::Test {
 protected:
  TwoRecords() {
    world_.talk();
    kept_ = test::another_tree(world_);
  }
  void sign(const Checkpoint& checkpoint) {
    kept_.second = {checkpoint, sign_checkpoint(checkpoint, world_.keys(true).log)};
  }
  Bytes file() { return make_two_records(world_.reader, world_.sources(), kept_).value(); }
  std::vector<std::string> failed(const Bytes& bytes) {
    std::vector<std::string> out;
    const TwoRecordsFindings found = verify_two_records(bytes, world_.anchor());
    if (!found.error.empty()) out.push_back(found.error);
    for (const Finding& one : found.checks)
      if (one.result == CheckResult::kFailed) out.push_back(one.check);
    if (out.empty() != (found.verdict == Verdict::kProved)) out.push_back(to_string(found.verdict));
    return out;
  }
  using Failed = std::vector<std::string>;

  World world_;
  KeptSecond kept_;
};

// The entry before them never came: nothing of the record that is held is at that size.
TEST_F(TwoRecords, AreProvedWhereBothCameAheadOfTheRecord) {
  const std::uint64_t index = world_.reader.log_by_key[kept_.log].entries.size() + 4;
  Frontier tree;
  for (std::uint64_t at = 0; at < index; ++at) tree.append(leaf_hash(as_bytes("entry " + std::to_string(at))));
  const auto signed_with = [&](std::string_view last) {
    Frontier whole = tree;
    whole.append(leaf_hash(as_bytes(last)));
    const Checkpoint checkpoint{world_.origin(kWest, true), index + 1, whole.root()};
    return SecondCheckpoint{checkpoint, sign_checkpoint(checkpoint, world_.keys(true).log)};
  };
  const SecondAhead ahead{signed_with("at noon"), signed_with("at no time"), leaf_hash(as_bytes("at no time")),
                          Proof(tree.hashes().rbegin(), tree.hashes().rend())};
  const PutEvidence evidence{kept_.log, std::string(kSecondAhead), second_ahead_bytes(ahead), {}};
  kept_.second = ahead.later;
  EXPECT_FALSE(make_two_records(world_.reader, world_.sources(), kept_)) << "the record does not reach it";
  kept_.ahead = parse_second_ahead(evidence);
  ASSERT_TRUE(kept_.ahead);
  EXPECT_EQ(failed(file()), Failed());
  TwoRecordsFile altered = parse_two_records(file()).value();
  altered.second = ahead.later;
  EXPECT_EQ(failed(write_two_records(altered)), Failed{"conflict"});
  for (std::size_t length = 0; length < evidence.bytes.size(); ++length) {
    PutEvidence cut = evidence;
    cut.bytes.resize(length);
    EXPECT_FALSE(parse_second_ahead(cut)) << length;
  }
}

// Size 2 has no checkpoint of its own in the record: that of size 3 covers it.
TEST_F(TwoRecords, AreProvedToAnOutsider) {
  EXPECT_EQ(failed(file()), Failed());
  EXPECT_EQ(verify_two_records(file(), {}).verdict, Verdict::kUnanchored);
}

TEST_F(TwoRecords, AreNoneWhereBothAreOneTree) {
  TwoRecordsFile altered = parse_two_records(file()).value();
  const Digest same = root_at(*world_.reader.tiles(kept_.log), 2).value();
  sign({world_.origin(kWest, true), 2, same});
  altered.second = kept_.second;
  EXPECT_EQ(failed(write_two_records(altered)), Failed{"conflict"});
  EXPECT_FALSE(make_two_records(world_.reader, world_.sources(), kept_)) << "nothing is proved by it";
}

TEST_F(TwoRecords, AreNotProvedByAnotherHandOrAnAlteredFile) {
  TwoRecordsFile altered = parse_two_records(file()).value();
  altered.second.signature = sign_checkpoint(altered.second.checkpoint, world_.keys(false).log);
  EXPECT_EQ(failed(write_two_records(altered)), Failed{"second"});
  altered = parse_two_records(file()).value();
  altered.held_root[0] ^= 1;
  EXPECT_EQ(failed(write_two_records(altered)), Failed{"held"});
  altered = parse_two_records(file()).value();
  altered.held_proof.pop_back();
  EXPECT_EQ(failed(write_two_records(altered)), Failed{"held"});
  Bytes longer = file();
  longer.push_back('\n');
  EXPECT_NE(verify_two_records(longer, world_.anchor()).error, "");
}

TEST_F(TwoRecords, WhatIsKeptIsReadAgain) {
  const PutEvidence evidence{kept_.log, std::string(kSecondCheckpoint),
                             second_checkpoint_bytes(kept_.second.checkpoint, kept_.second.signature), {}};
  const auto read = parse_second_checkpoint(evidence);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->checkpoint, kept_.second.checkpoint);
  EXPECT_EQ(read->signature, kept_.second.signature);
  EXPECT_FALSE(parse_second_checkpoint({kept_.log, std::string(kSignatureUsedBefore), Bytes(80), {}}));
}

}  // namespace
}  // namespace detente::record
