#include "record/proof.h"

#include <gtest/gtest.h>

#include "../../tests/support/vectors.h"
#include "base/random.h"
#include "record/merkle_oracle_test.h"

namespace detente::record {
namespace {

const std::string kOrigin = "detente/00/1/south/main/00";

struct Example {
  std::vector<Digest> leaves = oracle::leaves(11);
  SeededRandom random{5};
  crypto::SignKey log_key = crypto::SignKey::generate(random);
  crypto::SignKey witness_key = crypto::SignKey::generate(random);
  accord::NoteVerifier log =
      *accord::NoteVerifier::make(kOrigin, accord::NoteKeyType::kEd25519, log_key.verify_key());
  std::vector<accord::NoteVerifier> witnesses = {*accord::NoteVerifier::make(
      "north", accord::NoteKeyType::kCosignature, witness_key.verify_key())};
  TlogProof proof;

  Example() {
    const Checkpoint checkpoint{kOrigin, leaves.size(), oracle::root(leaves)};
    const std::vector<CosignedBy> by = {{witnesses[0], cosign(checkpoint, 7, witness_key)}};
    proof = {Bytes{1, 2, 3}, 6, oracle::inclusion(6, leaves),
             encode_checkpoint_note(checkpoint, log_key.verify_key(),
                                    sign_checkpoint(checkpoint, log_key), by)};
  }
};

TEST(TlogProof, RoundTripAndVerify) {
  Example e;
  for (const bool extra : {true, false}) {
    if (!extra) e.proof.extra.reset();
    const auto parsed = parse_tlog_proof(encode_tlog_proof(e.proof));
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(*parsed, e.proof);
    const auto verified = verify_tlog_proof(*parsed, e.leaves[6], e.log, e.witnesses, 1);
    ASSERT_TRUE(verified) << verified.error().message;
    EXPECT_EQ(verified->checkpoint.size, 11u);
    EXPECT_EQ(verified->witnesses.at(0).time, 7u);
  }
  EXPECT_FALSE(verify_tlog_proof(e.proof, e.leaves[5], e.log, e.witnesses, 1));
  EXPECT_FALSE(verify_tlog_proof(e.proof, e.leaves[6], e.log, e.witnesses, 2));
  EXPECT_FALSE(verify_tlog_proof(e.proof, e.leaves[6], e.log, {}, 1));
  EXPECT_TRUE(verify_tlog_proof(e.proof, e.leaves[6], e.log, {}, 0));
  e.proof.index = 5;
  EXPECT_FALSE(verify_tlog_proof(e.proof, e.leaves[6], e.log, e.witnesses, 1));
}

TEST(TlogProof, NoChangedByteVerifiesExceptExtra) {
  Example e;
  const std::string text = encode_tlog_proof(e.proof);
  const std::string unsigned_part = "extra ";
  const std::size_t extra_from = text.find(unsigned_part);
  const std::size_t extra_to = text.find('\n', extra_from);
  for (std::size_t at = 0; at < text.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = text;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      const auto parsed = parse_tlog_proof(changed);
      if (!parsed) continue;
      EXPECT_EQ(encode_tlog_proof(*parsed), changed);
      const auto verified = verify_tlog_proof(*parsed, e.leaves[6], e.log, e.witnesses, 1);
      EXPECT_EQ(verified.has_value(), at >= extra_from && at < extra_to) << at << " " << bit;
    }
}

TEST(TlogProof, Malformed) {
  Example e;
  const std::string text = encode_tlog_proof(e.proof);
  for (std::size_t size = 0; size < text.size(); ++size) {
    const auto parsed = parse_tlog_proof(text.substr(0, size));
    // A cut between two signature lines leaves a proof with fewer of them, and only that.
    if (!parsed) continue;
    EXPECT_EQ(text[size - 1], '\n') << size;
    EXPECT_FALSE(verify_tlog_proof(*parsed, e.leaves[6], e.log, e.witnesses, 1)) << size;
  }
  const std::string note = e.proof.checkpoint;
  const std::string head = "c2sp.org/tlog-proof@v1\n";
  EXPECT_TRUE(parse_tlog_proof(head + "index 0\n\n" + note));
  for (const std::string& bad : std::vector<std::string>{
           "index 0\n\n" + note, head + "\n" + note, head + "index\n\n" + note,
           head + "index \n\n" + note, head + "index 00\n\n" + note, head + "index -1\n\n" + note,
           head + "index 18446744073709551616\n\n" + note, head + "Index 0\n\n" + note,
           head + "extra \nindex 0\n\n" + note, head + "extra A\nindex 0\n\n" + note,
           head + "extra AA==\nextra AA==\nindex 0\n\n" + note,
           head + "index 0\nextra AA==\n\n" + note, head + "index 0\nAAAA\n\n" + note,
           head + "index 0\n" + note, head + "index 0\n\n\n", head + "index 0\n\n" + note + "\n",
           "c2sp.org/tlog-proof@v2\nindex 0\n\n" + note})
    EXPECT_FALSE(parse_tlog_proof(bad)) << bad;
}

TEST(TlogProof, Limits) {
  Example e;
  e.proof.hashes.assign(kProofHashesMax, Digest{});
  e.proof.extra = Bytes(kProofExtraMax, 9);
  EXPECT_TRUE(parse_tlog_proof(encode_tlog_proof(e.proof)));
  e.proof.hashes.push_back(Digest{});
  EXPECT_EQ(parse_tlog_proof(encode_tlog_proof(e.proof)).error().fault, Fault::kLimit);
  e.proof.hashes.clear();
  e.proof.extra->push_back(9);
  EXPECT_EQ(parse_tlog_proof(encode_tlog_proof(e.proof)).error().fault, Fault::kLimit);
}

TEST(TlogProofVectors, Cosigned) {
  support::CaseCount count("tlog/tlog_proofs_cosigned.json");
  for (const auto& item : support::read_vector_json("tlog/tlog_proofs_cosigned.json")) {
    count.add();
    const auto log = accord::parse_vkey(item.at("log_vkey").get<std::string>());
    ASSERT_TRUE(log) << log.error().message;
    std::vector<accord::NoteVerifier> witnesses;
    for (const auto& vkey : item.at("witness_vkeys")) {
      auto witness = accord::parse_vkey(vkey.get<std::string>());
      ASSERT_TRUE(witness) << witness.error().message;
      witnesses.push_back(std::move(*witness));
    }
    const std::size_t needed = item.value("valid_witnesses", std::size_t{0});
    const auto leaf = leaf_hash(as_bytes(item.at("leaf_utf8").get<std::string>()));
    const auto proof = parse_tlog_proof(item.at("proof").get<std::string>());
    const auto verified = proof ? verify_tlog_proof(*proof, leaf, *log, witnesses, needed)
                                : Result<VerifiedCheckpoint>(fail_at("parse", proof.error()));
    EXPECT_EQ(verified.has_value(), item.at("valid").get<bool>())
        << item.at("desc") << (verified ? "" : verified.error().message);
    if (proof) {
      EXPECT_EQ(encode_tlog_proof(*proof), item.at("proof").get<std::string>());
    }
    if (verified && item.contains("valid_witnesses")) {
      EXPECT_EQ(verified->witnesses.size(), needed) << item.at("desc");
    }
  }
}

}  // namespace
}  // namespace detente::record
