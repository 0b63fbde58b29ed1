#include "record/act_file.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "record/key_for_test.h"

namespace detente::record {
namespace {

Entry proposal() {
  Entry out;
  out.header.kind = kProposal;
  out.header.time = WallTime{1770000000};
  out.header.body_form = BodyForm::kCbor;
  out.body = {0x84, 4, 0x40, 0xf6, 0xf6};
  return out;
}

ActFile example_act() {
  ActFile out{"south", "north", Digest{1, 2, 3}, 1, {}, {}};
  Header& header = out.entry.header;
  header.kind = kProposalAnswer;
  header.author = OfficerId{2};
  header.time = WallTime{1770000100};
  header.body_form = BodyForm::kCbor;
  out.entry.body = {0x81, 0};
  const ReferredEntry referred{encode_entry(proposal()), Salt{9}};
  header.references = {{Whose::kOthers, {7}, 12, leaf_of(referred.bytes, referred.salt)}};
  out.refers_to = referred;
  out.entry.signatures.push_back(sign_entry(header, out.entry.body, out.accord, 1, OfficerId{2}, 5, key(1)));
  return out;
}

TEST(ActFile, ReadsWhatItWrites) {
  ActFile file = example_act();
  Mandate mandate;
  mandate.side = "south";
  mandate.counterpart = "north";
  mandate.principal = OfficerId{4};
  mandate.lines = {LineId{1}};
  mandate.valid_until = WallTime{9};
  file.mandate = sign_mandate(mandate, key(4));
  auto read = parse_act_file(encode_act_file(file));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, file);
  EXPECT_EQ(referred_entry(*read)->body, proposal().body);
  file.refers_to.reset();
  file.mandate.reset();
  file.entry.header.references.clear();
  file.entry.signatures.clear();
  read = parse_act_file(encode_act_file(file));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, file);
}

TEST(ActFile, NoChangedByteIsReadAsTheSame) {
  const ActFile file = example_act();
  const Bytes bytes = encode_act_file(file);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Bytes changed = bytes;
    changed[i] ^= 1;
    const auto read = parse_act_file(changed);
    EXPECT_FALSE(read && *read == file) << i;
    EXPECT_FALSE(parse_act_file(ByteView(bytes).first(i))) << i;
  }
  EXPECT_FALSE(parse_act_file(concat(bytes, Bytes{0})));
}

TEST(ActFile, RefusesWhatOnlyTheStationAdds) {
  ActFile file = example_act();
  file.entry.header.cut_epoch = 1;
  EXPECT_FALSE(parse_act_file(encode_act_file(file)));
  file = example_act();
  file.entry.header.seen = LogPosition{{1}, 2, {3}};
  EXPECT_FALSE(parse_act_file(encode_act_file(file)));
}

TEST(ActFile, ShowsOnlyWhatTheActRefersTo) {
  ActFile file = example_act();
  Entry other = proposal();
  other.body = {0x84, 4, 0x40, 0xf6, 1};
  file.refers_to->bytes = encode_entry(other);
  EXPECT_FALSE(referred_entry(file)) << "another proposal behind the same reference";
  file.refers_to.reset();
  EXPECT_FALSE(referred_entry(file));
}

TEST(ActFile, ItsDigestIsOfTheTextAndNotOfWhoSigns) {
  ActFile file = example_act();
  const Digest digest = act_digest(file);
  file.entry.header.author = kStationItself;
  file.entry.signatures.clear();
  EXPECT_EQ(act_digest(file), digest);
  file.entry.body = {0x81, 1};
  EXPECT_NE(act_digest(file), digest);
  file = example_act();
  file.accord[5] ^= 1;
  EXPECT_NE(act_digest(file), digest);
}

}  // namespace
}  // namespace detente::record
