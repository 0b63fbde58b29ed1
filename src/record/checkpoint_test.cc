#include "record/checkpoint.h"

#include <gtest/gtest.h>

#include "../../tests/support/vectors.h"
#include "base/random.h"
#include "record/merkle.h"

namespace detente::record {
namespace {

crypto::SignKey key_of(std::uint64_t seed) {
  SeededRandom random(seed);
  return crypto::SignKey::generate(random);
}

accord::NoteVerifier verifier_of(const crypto::SignKey& key, std::string_view name,
                                 accord::NoteKeyType type) {
  auto made = accord::NoteVerifier::make(name, type, key.verify_key());
  EXPECT_TRUE(made);
  return *made;
}

Checkpoint example_checkpoint() { return {"detente/00ff/1/south/main/0123", 42, leaf_hash(as_bytes("root"))}; }

TEST(Checkpoint, TextRoundTrip) {
  const std::string text = encode_checkpoint_text(example_checkpoint());
  const auto parsed = parse_own_checkpoint_text(text);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(*parsed, example_checkpoint());
  const Checkpoint empty{"o", 0, empty_root()};
  EXPECT_EQ(*parse_own_checkpoint_text(encode_checkpoint_text(empty)), empty);
  const Checkpoint largest{"o", ~std::uint64_t{0}, Digest{}};
  EXPECT_EQ(*parse_own_checkpoint_text(encode_checkpoint_text(largest)), largest);
}

TEST(Checkpoint, ExtensionsAreGivenButNotOurs) {
  const std::string text = encode_checkpoint_text(example_checkpoint()) + "one\ntwo words\n";
  const auto parsed = parse_checkpoint_text(text);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->extensions, (std::vector<std::string>{"one", "two words"}));
  const auto ours = parse_own_checkpoint_text(text);
  ASSERT_FALSE(ours);
  EXPECT_EQ(ours.error().fault, Fault::kUnsupported);
  std::string many = encode_checkpoint_text(example_checkpoint());
  for (std::size_t i = 0; i <= kCheckpointExtensionsMax; ++i) many += "x\n";
  ASSERT_FALSE(parse_checkpoint_text(many));
  EXPECT_EQ(parse_checkpoint_text(many).error().fault, Fault::kLimit);
}

TEST(Checkpoint, MalformedTexts) {
  const std::string root = to_base64(leaf_hash(as_bytes("root")));
  EXPECT_TRUE(parse_checkpoint_text("o\n1\n" + root + "\n"));
  for (const std::string& bad : std::vector<std::string>{"",
                                                         "\n",
                                                         "o",
                                                         "o\n",
                                                         "o\n1\n",
                                                         "\n1\n" + root + "\n",
                                                         "o\n1\n" + root,
                                                         "o\n\n" + root + "\n",
                                                         "o\n01\n" + root + "\n",
                                                         "o\n00\n" + root + "\n",
                                                         "o\n+1\n" + root + "\n",
                                                         "o\n-1\n" + root + "\n",
                                                         "o\n 1\n" + root + "\n",
                                                         "o\n1 \n" + root + "\n",
                                                         "o\n0x1\n" + root + "\n",
                                                         "o\n18446744073709551616\n" + root + "\n",
                                                         "o\n1\n" + root + "\n\n",
                                                         "o\n1\n" + root + "\nx\n\n",
                                                         "o\n1\n" + root + "\nx",
                                                         "o\n1\n" + root + " \n",
                                                         "o\n1\nAAAA\n",
                                                         "o\n1\n\n",
                                                         "o\n1\n" + root.substr(1) + "A\n",
                                                         "o\n0\n" + root + "\n",
                                                         "o\r\n1\n" + root + "\n"}) {
    const auto parsed = parse_checkpoint_text(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().fault, Fault::kMalformed) << bad;
  }
  EXPECT_FALSE(parse_own_checkpoint_text("an origin\n1\n" + root + "\n"));
}

TEST(Checkpoint, WhatParsesHasOneSpelling) {
  const std::string text = encode_checkpoint_text(example_checkpoint());
  for (std::size_t at = 0; at < text.size(); ++at)
    for (int value = 0; value < 256; ++value) {
      std::string changed = text;
      changed[at] = static_cast<char>(value);
      const auto parsed = parse_own_checkpoint_text(changed);
      if (!parsed) continue;
      EXPECT_EQ(encode_checkpoint_text(*parsed), changed);
    }
}

TEST(Checkpoint, SignatureCoversEveryField) {
  const auto key = key_of(1);
  const auto signature = sign_checkpoint(example_checkpoint(), key);
  EXPECT_TRUE(verify_checkpoint(example_checkpoint(), key.verify_key(), signature));
  EXPECT_FALSE(verify_checkpoint(example_checkpoint(), key_of(2).verify_key(), signature));
  Checkpoint other = example_checkpoint();
  other.size = 43;
  EXPECT_FALSE(verify_checkpoint(other, key.verify_key(), signature));
  other = example_checkpoint();
  other.root[31] ^= 1;
  EXPECT_FALSE(verify_checkpoint(other, key.verify_key(), signature));
  other = example_checkpoint();
  other.origin += "x";
  EXPECT_FALSE(verify_checkpoint(other, key.verify_key(), signature));
  for (std::size_t at = 0; at < signature.size(); ++at) {
    auto changed = signature;
    changed[at] ^= 1;
    EXPECT_FALSE(verify_checkpoint(example_checkpoint(), key.verify_key(), changed)) << at;
  }
}

// An origin with lines in it reads as the checkpoint of another log with extension lines.
TEST(Checkpoint, AnOriginCannotShiftTheLines) {
  const auto key = key_of(1);
  const Checkpoint shifted{"a\n7\n" + to_base64(Digest{}), 1, Digest{}};
  const auto signature = key.sign(as_bytes(encode_checkpoint_text(shifted)));
  EXPECT_FALSE(verify_checkpoint(shifted, key.verify_key(), signature));
  const Cosignature cosignature{
      5, key.sign(accord::cosignature_message(encode_checkpoint_text(shifted), 5))};
  EXPECT_FALSE(verify_cosignature(shifted, cosignature, key.verify_key()));
}

TEST(Cosignature, CoversTheTimeAndIsNoCheckpointSignature) {
  const auto key = key_of(3);
  const Cosignature cosignature = cosign(example_checkpoint(), 1'700'000'000, key);
  EXPECT_TRUE(verify_cosignature(example_checkpoint(), cosignature, key.verify_key()));
  Cosignature other = cosignature;
  ++other.time;
  EXPECT_FALSE(verify_cosignature(example_checkpoint(), other, key.verify_key()));
  other = {accord::kCosignatureTimeMax + 1, cosignature.signature};
  EXPECT_FALSE(verify_cosignature(example_checkpoint(), other, key.verify_key()));
  EXPECT_FALSE(verify_checkpoint(example_checkpoint(), key.verify_key(), cosignature.signature));
  other = {cosignature.time, sign_checkpoint(example_checkpoint(), key)};
  EXPECT_FALSE(verify_cosignature(example_checkpoint(), other, key.verify_key()));
}

TEST(Cosignature, Bytes) {
  const Cosignature cosignature = cosign(example_checkpoint(), accord::kCosignatureTimeMax, key_of(3));
  detente::Bytes bytes = encode_cosignature(cosignature);
  ASSERT_EQ(bytes.size(), kCosignatureSize);
  EXPECT_EQ(*parse_cosignature(bytes), cosignature);
  bytes[0] |= 0x80;
  EXPECT_FALSE(parse_cosignature(bytes));
  bytes[0] &= 0x7f;
  EXPECT_FALSE(parse_cosignature(ByteView(bytes).first(71)));
  bytes.push_back(0);
  EXPECT_FALSE(parse_cosignature(bytes));
}

struct Cosigned {
  crypto::SignKey log_key = key_of(1);
  crypto::SignKey witness_key = key_of(2);
  accord::NoteVerifier log = verifier_of(log_key, example_checkpoint().origin, accord::NoteKeyType::kEd25519);
  accord::NoteVerifier witness =
      verifier_of(witness_key, "north/main", accord::NoteKeyType::kCosignature);
  std::vector<CosignedBy> by = {{witness, cosign(example_checkpoint(), 99, witness_key)}};
  std::string note = encode_checkpoint_note(example_checkpoint(), log_key.verify_key(),
                                            sign_checkpoint(example_checkpoint(), log_key), by);
};

TEST(CheckpointNote, RoundTrip) {
  const Cosigned c;
  const std::vector<accord::NoteVerifier> witnesses = {c.witness};
  const auto verified = verify_checkpoint_note(c.note, c.log, witnesses);
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(verified->checkpoint, example_checkpoint());
  ASSERT_EQ(verified->witnesses.size(), 1u);
  EXPECT_EQ(verified->witnesses[0].time, 99u);
  const auto alone = verify_checkpoint_note(c.note, c.log);
  ASSERT_TRUE(alone);
  EXPECT_TRUE(alone->witnesses.empty());
}

TEST(CheckpointNote, NeedsTheLogsOwnSignatureAndName) {
  const Cosigned c;
  const std::vector<accord::NoteVerifier> witnesses = {c.witness};
  auto note = *accord::parse_note(as_bytes(c.note));
  note.signatures.erase(note.signatures.begin());
  EXPECT_FALSE(verify_checkpoint_note(accord::encode_note(note), c.log, witnesses));
  const auto other = verifier_of(c.log_key, "other", accord::NoteKeyType::kEd25519);
  EXPECT_FALSE(verify_checkpoint_note(c.note, other, witnesses));
  note.signatures = {*accord::sign_note(note.text, "other", c.log_key)};
  EXPECT_FALSE(verify_checkpoint_note(accord::encode_note(note), other, witnesses));
}

TEST(CheckpointNote, OneKeyIsOneWitnessUnderAnyName) {
  Cosigned c;
  const auto alias = verifier_of(c.witness_key, "alias", accord::NoteKeyType::kCosignature);
  c.by.push_back({alias, c.by[0].cosignature});
  c.note = encode_checkpoint_note(example_checkpoint(), c.log_key.verify_key(),
                                  sign_checkpoint(example_checkpoint(), c.log_key), c.by);
  const std::vector<accord::NoteVerifier> witnesses = {c.witness, alias};
  const auto verified = verify_checkpoint_note(c.note, c.log, witnesses);
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->witnesses.size(), 1u);
}

TEST(CheckpointNote, NoChangedByteGivesAnotherCheckpoint) {
  const Cosigned c;
  const std::vector<accord::NoteVerifier> witnesses = {c.witness};
  for (std::size_t at = 0; at < c.note.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = c.note;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      const auto verified = verify_checkpoint_note(changed, c.log, witnesses);
      if (!verified) continue;
      // Only the witness's name or key id may have changed: then it is a stranger's line.
      EXPECT_EQ(verified->checkpoint, example_checkpoint()) << at;
      EXPECT_TRUE(verified->witnesses.empty()) << at;
    }
}

// The published log's checkpoints of every size: parse, verify, encode to the same bytes.
TEST(CheckpointVectors, PublishedLog) {
  const std::string folder = "tlog/tessera_testdata_log";
  support::CaseCount count(folder + "/checkpoint.*");
  const auto json = support::read_vector_json("tlog/tessera_testdata_log.json");
  const auto log = accord::parse_vkey(json.at("vkey").get<std::string>());
  ASSERT_TRUE(log) << log.error().message;
  std::vector<std::string> files = {folder + "/checkpoint"};
  for (const auto& [size, root] : json.at("roots_b64").items())
    files.push_back(folder + "/checkpoint." + size);
  for (const std::string& file : files) {
    count.add();
    const std::string text = support::read_vector_file(file);
    const auto verified = verify_checkpoint_note(text, *log);
    ASSERT_TRUE(verified) << file << ": " << verified.error().message;
    const Checkpoint& checkpoint = verified->checkpoint;
    EXPECT_EQ(checkpoint.origin, json.at("origin"));
    EXPECT_EQ(to_base64(checkpoint.root),
              json.at("roots_b64").at(std::to_string(checkpoint.size)).get<std::string>());
    const auto note = *accord::parse_note(as_bytes(text));
    const auto signature = to_array<64>(note.signatures.at(0).signature);
    ASSERT_TRUE(signature);
    EXPECT_TRUE(verify_checkpoint(checkpoint, log->key(), *signature));
    EXPECT_EQ(encode_checkpoint_note(checkpoint, log->key(), *signature), text);
  }
}

}  // namespace
}  // namespace detente::record
