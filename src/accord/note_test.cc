#include "accord/note.h"

#include <gtest/gtest.h>

#include "../../tests/support/vectors.h"
#include "crypto/hash.h"

namespace detente::accord {
namespace {

const std::string kText = "One word.\n\nAn empty line inside.\n";

crypto::SignKey key_of(std::uint64_t seed) {
  SeededRandom random(seed);
  return crypto::SignKey::generate(random);
}

Result<Note> parse(std::string_view text) { return parse_note(as_bytes(text)); }

NoteVerifier verifier_of(const crypto::SignKey& key, std::string_view name,
                         NoteKeyType type = NoteKeyType::kEd25519) {
  auto made = NoteVerifier::make(name, type, key.verify_key());
  EXPECT_TRUE(made) << made.error().message;
  return *made;
}

Note signed_note(const crypto::SignKey& key, std::string_view name) {
  auto line = sign_note(kText, name, key);
  EXPECT_TRUE(line);
  return Note{kText, {*line}};
}

Fault fault_of(std::string_view text) {
  auto note = parse(text);
  EXPECT_FALSE(note) << text;
  return note ? Fault::kState : note.error().fault;
}

// A note's verdict as a stranger's program would give it from the bytes.
bool verifies(std::string_view text, std::span<const NoteVerifier> keys) {
  auto note = parse(text);
  return note && verify_note(*note, keys).has_value();
}

TEST(Note, RoundTrip) {
  const auto south = key_of(1);
  const auto north = key_of(2);
  Note note = signed_note(south, "south");
  note.signatures.push_back(*sign_note(kText, "북", north));
  note.signatures.push_back(*cosign_note(kText, "witness", 1700000000, north));
  const std::string text = encode_note(note);
  const auto again = parse(text);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, note);

  const std::vector<NoteVerifier> keys = {verifier_of(north, "witness", NoteKeyType::kCosignature),
                                          verifier_of(south, "south"), verifier_of(north, "북")};
  const auto verified = verify_note(*again, keys);
  ASSERT_TRUE(verified) << verified.error().message;
  ASSERT_EQ(verified->size(), 3u);
  EXPECT_EQ((*verified)[0].key, 1u);
  EXPECT_EQ((*verified)[0].line, 0u);
  EXPECT_EQ((*verified)[1].key, 2u);
  EXPECT_EQ((*verified)[2].key, 0u);
  EXPECT_EQ((*verified)[2].time, 1700000000u);
}

TEST(Note, UnknownLinesAreIgnoredAndKnownOnesMustFit) {
  const auto south = key_of(1);
  const auto north = key_of(2);
  const std::vector<NoteVerifier> only_south = {verifier_of(south, "south")};
  Note note = signed_note(south, "south");
  note.signatures.push_back(*sign_note(kText, "north", north));
  note.signatures.back().signature[3] ^= 1;
  EXPECT_TRUE(verify_note(note, only_south));
  const std::vector<NoteVerifier> both = {verifier_of(south, "south"), verifier_of(north, "north")};
  const auto rejected = verify_note(note, both);
  ASSERT_FALSE(rejected);
  EXPECT_EQ(rejected.error().fault, Fault::kAuthentication);
  const std::vector<NoteVerifier> other_name = {verifier_of(south, "south2")};
  EXPECT_FALSE(verify_note(note, other_name));
  EXPECT_FALSE(verify_note(note, {}));
}

TEST(Note, EveryLineOfAKnownKeyCounts) {
  const auto south = key_of(1);
  const std::vector<NoteVerifier> keys = {verifier_of(south, "south")};
  Note note = signed_note(south, "south");
  note.signatures.push_back(note.signatures[0]);
  const auto twice = verify_note(note, keys);
  ASSERT_TRUE(twice);
  EXPECT_EQ(twice->size(), 1u);  // one key is one signer, however often it signs
  note.signatures[1].signature[63] ^= 1;
  EXPECT_FALSE(verify_note(note, keys));
  note.signatures[1].signature.resize(63);
  EXPECT_FALSE(verify_note(note, keys));
}

TEST(Note, TypesOfKeysAreApart) {
  const auto key = key_of(3);
  const Note plain = signed_note(key, "k");
  const std::vector<NoteVerifier> as_cosigner = {verifier_of(key, "k", NoteKeyType::kCosignature)};
  EXPECT_FALSE(verify_note(plain, as_cosigner));  // another key id: nobody's line
  Note moved = plain;
  moved.signatures[0].key_id = as_cosigner[0].key_id();
  EXPECT_FALSE(verify_note(moved, as_cosigner));
  Note late{kText, {*cosign_note(kText, "k", kCosignatureTimeMax, key)}};
  EXPECT_TRUE(verify_note(late, as_cosigner));
  late.signatures[0].signature[0] |= 0x80;
  EXPECT_FALSE(verify_note(late, as_cosigner));
  EXPECT_FALSE(cosign_note(kText, "k", kCosignatureTimeMax + 1, key));
}

TEST(Note, ChangingAnyByteOfASignedNoteNeverVerifies) {
  const auto south = key_of(1);
  const auto north = key_of(2);
  const std::vector<NoteVerifier> keys = {verifier_of(south, "south"),
                                          verifier_of(north, "north", NoteKeyType::kCosignature)};
  // With one signer every changed byte must lose the note. With two, a changed name or key id makes
  // one line a stranger's, and the other still stands: then it must be the other's alone.
  const std::string one = encode_note(signed_note(south, "south"));
  Note two_signers = signed_note(south, "south");
  two_signers.signatures.push_back(*cosign_note(kText, "north", 5, north));
  const std::string two = encode_note(two_signers);
  ASSERT_TRUE(verifies(one, keys));
  ASSERT_EQ(verify_note(*parse(two), keys)->size(), 2u);
  for (std::size_t at = 0; at < one.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = one;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      EXPECT_FALSE(verifies(changed, keys)) << at << " " << bit;
    }
  for (std::size_t at = 0; at < two.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = two;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      const auto note = parse(changed);
      if (!note) continue;
      const auto verified = verify_note(*note, keys);
      if (!verified) continue;
      EXPECT_EQ(verified->size(), 1u) << at << " " << bit;
      EXPECT_EQ(note->text, kText);
    }
}

TEST(Note, ChangesInAnUnknownLineAreIgnoredOrMalformed) {
  const auto south = key_of(1);
  const std::vector<NoteVerifier> keys = {verifier_of(south, "south")};
  Note note = signed_note(south, "south");
  const std::size_t known = encode_note(note).size();
  note.signatures.push_back(*sign_note(kText, "stranger", key_of(9)));
  const std::string text = encode_note(note);
  std::size_t ignored = 0;
  for (std::size_t at = known; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const auto parsed = parse(changed);
    if (!parsed) continue;
    EXPECT_TRUE(verify_note(*parsed, keys)) << at;
    ++ignored;
  }
  EXPECT_GT(ignored, 64u);
}

TEST(Note, WhatParsesHasOneSpelling) {
  const std::string text = encode_note(signed_note(key_of(1), "south"));
  for (std::size_t at = 0; at < text.size(); ++at)
    for (int value = 0; value < 256; ++value) {
      std::string changed = text;
      changed[at] = static_cast<char>(value);
      const auto note = parse(changed);
      if (!note) continue;
      EXPECT_EQ(encode_note(*note), changed);
    }
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(parse(text.substr(0, size))) << size;
}

TEST(Note, Malformed) {
  const std::string line = "\xe2\x80\x94 k AAAAAAA=\n";
  EXPECT_TRUE(parse("a\n\n" + line));
  EXPECT_TRUE(parse("\n\n" + line));
  EXPECT_TRUE(parse("a\n\n\n" + line));  // the text ends with an empty line
  for (const std::string& bad :
       std::vector<std::string>{"",
                                "\n",
                                "\n\n",
                                "a",
                                "a\n",
                                "a\n\n",
                                line,
                                "\n" + line,
                                "a\n\n" + line + "\n",
                                "a\n\n" + line + "x",
                                "a\n\n" + line + "x\n",
                                "a\r\n\n" + line,
                                "a\t\n\n" + line,
                                std::string("a\0\n\n", 4) + line,
                                "\xff\n\n" + line,
                                "\xc0\x80\n\n" + line,
                                "\xed\xa0\x80\n\n" + line,
                                "\xf4\x90\x80\x80\n\n" + line,
                                "a\n\n- k AAAAAAA=\n",
                                "a\n\n\xe2\x80\x94 k\n",
                                "a\n\n\xe2\x80\x94 k \n",
                                "a\n\n\xe2\x80\x94k AAAAAAA=\n",
                                "a\n\n\xe2\x80\x94  AAAAAAA=\n",
                                "a\n\n\xe2\x80\x94 k  AAAAAAA=\n",
                                "a\n\n\xe2\x80\x94 k AAAAAAA=  \n",
                                "a\n\n\xe2\x80\x94 k AAAAAAA\n",
                                "a\n\n\xe2\x80\x94 k AAAAAAB=\n",
                                "a\n\n\xe2\x80\x94 k AAAAAA==\n",  // four bytes: no signature
                                "a\n\n\xe2\x80\x94 k AAA=\n",
                                "a\n\n\xe2\x80\x94 k+ AAAAAAA=\n",
                                "a\n\n\xe2\x80\x94 k\xc2\xa0 AAAAAAA=\n",
                                "a\n\n\xe2\x80\x94 k\xe3\x80\x80z AAAAAAA=\n",
                                "a\n\n\xe2\x80\x94 k\xff AAAAAAA=\n"})
    EXPECT_EQ(fault_of(bad), Fault::kMalformed) << bad;
}

TEST(Note, Limits) {
  const auto key = key_of(1);
  Note note = signed_note(key, "south");
  note.signatures.assign(kNoteSignaturesMax, note.signatures[0]);
  EXPECT_TRUE(parse(encode_note(note)));
  note.signatures.push_back(note.signatures[0]);
  EXPECT_EQ(fault_of(encode_note(note)), Fault::kLimit);

  note.signatures.resize(1);
  note.signatures[0].signature.assign(kNoteSignatureMax, 7);
  EXPECT_TRUE(parse(encode_note(note)));
  note.signatures[0].signature.push_back(7);
  EXPECT_EQ(fault_of(encode_note(note)), Fault::kLimit);

  note.signatures[0] = {std::string(kNoteNameMax, 'n'), 1, Bytes(64)};
  EXPECT_TRUE(parse(encode_note(note)));
  note.signatures[0].name += "n";
  EXPECT_EQ(fault_of(encode_note(note)), Fault::kLimit);

  note.signatures[0].name = "n";
  note.text = std::string(kNoteTextMax - 1, 'x') + "\n";
  EXPECT_TRUE(parse(encode_note(note)));
  EXPECT_TRUE(sign_note(note.text, "n", key));
  note.text = "x" + note.text;
  EXPECT_EQ(fault_of(encode_note(note)), Fault::kLimit);
  EXPECT_FALSE(sign_note(note.text, "n", key));
  EXPECT_EQ(fault_of(std::string(kNoteTextMax * 2, 'x')), Fault::kLimit);
}

TEST(Note, SigningRefusesWhatCouldNotBeReadBack) {
  const auto key = key_of(1);
  for (const char* text : {"", "no newline", "tab\t\n", "\xff\n"})
    EXPECT_FALSE(sign_note(text, "south", key)) << text;
  for (const char* name : {"", "a b", "a+b", "a\nb", "a\u2003b", "\xff"}) {
    EXPECT_FALSE(sign_note(kText, name, key)) << name;
    EXPECT_FALSE(cosign_note(kText, name, 1, key)) << name;
    EXPECT_FALSE(NoteVerifier::make(name, NoteKeyType::kEd25519, key.verify_key())) << name;
  }
}

TEST(Note, VkeysHaveOneSpelling) {
  const auto verifier = verifier_of(key_of(4), "south.example/log");
  const std::string vkey = encode_vkey(verifier);
  const auto again = parse_vkey(vkey);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, verifier);
  for (std::size_t at = 0; at < vkey.size(); ++at)
    for (int value = 0; value < 256; ++value) {
      if (vkey[at] == static_cast<char>(value)) continue;
      std::string changed = vkey;
      changed[at] = static_cast<char>(value);
      EXPECT_FALSE(parse_vkey(changed)) << changed;
    }
  for (std::size_t size = 0; size < vkey.size(); ++size)
    EXPECT_FALSE(parse_vkey(vkey.substr(0, size))) << size;
  EXPECT_FALSE(parse_vkey(vkey + "A"));
  const auto pq = parse_vkey("k+00000000+" + to_base64(Bytes{0x06, 1, 2, 3}));
  ASSERT_FALSE(pq);
  EXPECT_EQ(pq.error().fault, Fault::kUnsupported);
}

TEST(Note, KeysOfSmallOrderAreNoVkeys) {
  Bytes typed(33);
  typed[0] = 1;
  typed[1] = 1;  // the identity point
  const Digest id = crypto::sha256({as_bytes("k\n"), typed});
  EXPECT_FALSE(parse_vkey("k+" + to_hex(ByteView(id).first(4)) + "+" + to_base64(typed)));
}

TEST(NoteVectors, SignedNotes) {
  support::CaseCount count("tlog/signed_notes.json");
  for (const auto& item : support::read_vector_json("tlog/signed_notes.json")) {
    count.add();
    std::vector<NoteVerifier> keys;
    for (const auto& vkey : item.at("vkeys"))
      if (auto key = parse_vkey(vkey.get<std::string>())) keys.push_back(*key);
    EXPECT_EQ(verifies(item.at("note").get<std::string>(), keys), item.at("valid").get<bool>())
        << item.at("desc");
  }
}

}  // namespace
}  // namespace detente::accord
