// Signed notes, the lines that name their keys, cards, checkpoints and proofs: the C2SP texts.
// One spelling each, and no byte of a signed text or of a signature can be changed.
#include "accord/accord_for_test.h"
#include "fuzz.h"
#include "record/checkpoint.h"
#include "record/extract.h"
#include "record/proof.h"
#include "record/tiles.h"

namespace detente::fuzz {

namespace {

using accord::NoteKeyType;
using accord::NoteVerifier;

// A log of three leaves, its checkpoint cosigned by two, and the proof of the second leaf.
struct Ground {
  crypto::SignKey log_key = accord::test::sign_key(21), witness_key = accord::test::sign_key(22);
  std::string origin = record::log_origin(Digest{1}, LineId{1}, "south/main", record::EpochId{2});
  NoteVerifier log =
      NoteVerifier::make(origin, NoteKeyType::kEd25519, log_key.verify_key()).value();
  std::vector<NoteVerifier> witnesses = {
      NoteVerifier::make("north/main", NoteKeyType::kCosignature, witness_key.verify_key())
          .value()};
  Digest leaf{5};
  record::Checkpoint checkpoint;
  std::string note;
  record::TlogProof proof;
  std::string south = accord::test::south_card(), north = accord::test::north_card();

  Ground() {
    record::Frontier tree;
    const Digest first{4}, last{6};
    for (const Digest& one : {first, leaf, last}) tree.append(one);
    checkpoint = {origin, 3, tree.root()};
    note = record::encode_checkpoint_note(
        checkpoint, log_key.verify_key(), record::sign_checkpoint(checkpoint, log_key),
        std::vector<record::CosignedBy>{
            {witnesses[0], record::cosign(checkpoint, 1770000000, witness_key)}});
    proof.index = 1;
    proof.hashes = {first, last};
    proof.checkpoint = note;
  }
};

const Ground& ground() {
  static const Ground* const out = new Ground;
  return *out;
}

void check_notes(ByteView input, const std::string& text) {
  const Ground& g = ground();
  if (const auto note = accord::parse_note(input)) {
    FUZZ_EXPECT(equal(as_bytes(accord::encode_note(*note)), input));
    const std::vector<NoteVerifier> keys = {g.log, g.witnesses[0]};
    if (const auto verified = accord::verify_note(*note, keys)) {
      FUZZ_EXPECT(note->text == record::encode_checkpoint_text(g.checkpoint));
      const accord::Note good = accord::parse_note(as_bytes(g.note)).value();
      for (const accord::VerifiedSignature& one : *verified)
        FUZZ_EXPECT(note->signatures[one.line] == good.signatures[one.key]);
    }
  }
  if (accord::parse_card(input)) FUZZ_EXPECT(text == g.south || text == g.north);
  if (const auto key = accord::parse_vkey(text)) FUZZ_EXPECT(accord::encode_vkey(*key) == text);
}

void check_checkpoints(ByteView input, const std::string& text) {
  const Ground& g = ground();
  const auto parsed = record::parse_checkpoint_text(text);
  const auto own = record::parse_own_checkpoint_text(text);
  if (parsed) {
    std::string again = record::encode_checkpoint_text(parsed->checkpoint);
    for (const std::string& line : parsed->extensions) again += line + "\n";
    FUZZ_EXPECT(again == text);
  }
  // Other logs may have names that are no key's; ours may not.
  FUZZ_EXPECT(own.has_value() == (parsed && parsed->extensions.empty() &&
                                  accord::check_note_name(parsed->checkpoint.origin)));
  if (const auto cosignature = record::parse_cosignature(input)) {
    FUZZ_EXPECT(equal(record::encode_cosignature(*cosignature), input));
    if (record::verify_cosignature(g.checkpoint, *cosignature, g.witness_key.verify_key()))
      FUZZ_EXPECT(*cosignature == record::cosign(g.checkpoint, 1770000000, g.witness_key));
  }
  if (const auto verified = record::verify_checkpoint_note(text, g.log, g.witnesses))
    FUZZ_EXPECT(verified->checkpoint == g.checkpoint && verified->extensions.empty() &&
                (verified->witnesses.empty() || verified->witnesses[0].time == 1770000000));
  if (const auto name = record::parse_log_origin(text))
    FUZZ_EXPECT(record::log_origin(name->lineage, name->line, name->side + "/" + name->post,
                                   name->epoch) == text);
}

void check_proof(const std::string& text) {
  const Ground& g = ground();
  const auto proof = record::parse_tlog_proof(text);
  if (!proof) return;
  FUZZ_EXPECT(record::encode_tlog_proof(*proof) == text);
  if (record::verify_tlog_proof(*proof, g.leaf, g.log, g.witnesses, 1))
    FUZZ_EXPECT(proof->index == 1 && proof->hashes == g.proof.hashes);
}

}  // namespace

void run(ByteView input) {
  const std::string text = text_of(input);
  check_notes(input, text);
  check_checkpoints(input, text);
  check_proof(text);
}

Seeds seeds() {
  const Ground& g = ground();
  record::TlogProof extra = g.proof;
  extra.extra = Bytes{1, 2, 3};
  const auto bytes = [](const std::string& text) { return to_bytes(as_bytes(text)); };
  return {{"card-south", bytes(g.south)},
          {"card-north", bytes(g.north)},
          {"checkpoint", bytes(g.note)},
          {"checkpoint-text", bytes(record::encode_checkpoint_text(g.checkpoint))},
          {"checkpoint-extended",
           bytes(record::encode_checkpoint_text(g.checkpoint) + "further line\n")},
          {"cosignature",
           record::encode_cosignature(record::cosign(g.checkpoint, 1770000000, g.witness_key))},
          {"origin", bytes(g.origin)},
          {"proof", bytes(record::encode_tlog_proof(g.proof))},
          {"proof-extra", bytes(record::encode_tlog_proof(extra))},
          {"vkey", bytes(accord::encode_vkey(g.log))},
          {"vkey-witness", bytes(accord::encode_vkey(g.witnesses[0]))}};
}

}  // namespace detente::fuzz
