// Two sides with everything that a ceremony makes, from fixed seeds. For tests
// and golden files: the same values on every run and every compiler.
#pragma once

#include <string>
#include <vector>

#include "accord/accord.h"
#include "accord/roster.h"
#include "accord/secret.h"
#include "base/random.h"
#include "crypto/hash.h"

namespace detente::accord::test {

inline constexpr WallTime kMorning{1795510800};  // 2026-11-24T09:00:00Z

inline crypto::SignKey sign_key(std::uint64_t seed) {
  SeededRandom random(seed);
  return crypto::SignKey::generate(random);
}

inline crypto::AgreePublic agree_key(std::uint64_t seed) {
  SeededRandom random(seed);
  return crypto::AgreeKey::generate(random).public_key();
}

// The two sides' root keys.
inline crypto::SignKey south() { return sign_key(1); }
inline crypto::SignKey north() { return sign_key(2); }

inline std::string south_card() {
  return make_card("south", "Republic of Korea", kMorning, south()).value();
}
inline std::string north_card() {
  return make_card("north", "조선민주주의인민공화국", kMorning, north()).value();
}

inline std::vector<Annex> annexes() {
  SeededRandom random(3);
  std::vector<Annex> out;
  out.push_back(
      draft_annex(kAccordLine, "accord", {"fibre", "radio"}, Evidence::kProvable, random));
  out.push_back(
      draft_annex(LineId{1}, "military-west", {"radio", "fibre"}, Evidence::kProvable, random));
  out[1].staffed = "at all hours";
  out[1].retention_days = 3650;
  out[1].code_book = crypto::sha256(as_bytes("code book"));
  out[1].people = {"duty-officer", "commander"};
  out[1].check_calls = {{9 * 60, "Asia/Seoul", 0x7f}, {16 * 60, "Asia/Seoul", 0x1f}};
  out.push_back(draft_annex(LineId{7}, "back-channel", {"fibre"}, Evidence::kDeniable, random));
  out[2].media = {Medium::kText, Medium::kVoice};
  out[2].highest_precedence = 1;
  out[2].signed_acts = {"restore"};
  return out;
}

// A line with everything that hours can have: opened and closed every working day, with two nine
// o'clocks, called on Saturdays by one side alone.
inline Annex annex_with_hours() {
  SeededRandom random(4);
  Annex out = draft_annex(LineId{3}, "liaison", {"fibre"}, Evidence::kProvable, random);
  out.hours = {{{0, 1, 1}, {0, 10, 9}, {2027, 2, 8}}, 10, 45, 15};
  out.check_calls = {{9 * 60, "Asia/Seoul", 0x1f, CallKind::kOpening},
                     {17 * 60, "Asia/Seoul", 0x1f, CallKind::kClosing},
                     {12 * 60, "Asia/Seoul", 0x20}};
  out.check_calls[0].own_hours = {{"north", 9 * 60, "Asia/Pyongyang"}};
  out.check_calls[0].exceptions = {{{2027, 3, 2}, 10 * 60 + 30}, {{2027, 12, 24}, std::nullopt}};
  out.check_calls[2].caller = "south";
  return out;
}

inline std::vector<std::string> annex_texts() {
  std::vector<std::string> out;
  for (const Annex& annex : annexes()) out.push_back(write_annex(annex).value());
  return out;
}

inline Accord accord() {
  Accord out = draft_accord(parse_card(as_bytes(south_card())).value(),
                            parse_card(as_bytes(north_card())).value());
  out.title = "Accord for the tests";
  out.dictionary = crypto::sha256(as_bytes("dictionary"));
  // Not the shipped files' digests: a golden accord must not hang on them.
  out.sides[0].aead_vectors = crypto::sha256(as_bytes("vectors of south"));
  out.sides[1].aead = "ARIA-256-GCM";
  out.sides[1].aead_vectors = crypto::sha256(as_bytes("vectors of north"));
  out.paths = {{{1}, "fibre", PathKind::kUdp}, {{2}, "radio", PathKind::kUdp}};
  const std::vector<Annex> all = annexes();
  const std::vector<std::string> texts = annex_texts();
  for (std::size_t i = 0; i < all.size(); ++i)
    out.lines.push_back({all[i].line, annex_digest(texts[i])});
  return out;
}

inline AccordNote sign_by_both(const Accord& accord) {
  AccordNote note = parse_accord_note(as_bytes(write_accord(accord).value())).value();
  return sign_accord(sign_accord(std::move(note), south()).value(), north()).value();
}

inline Accord successor_of(const AccordNote& old) {
  Accord out = old.accord;
  out.version += 1;
  out.predecessor = old.digest;
  out.lineage = old.lineage;
  out.session.heartbeat_seconds = 30;
  return out;
}

inline Credential station(std::uint16_t number, const std::string& post = "main") {
  return {.role = CredentialRole::kStation,
          .side = "south",
          .post = post,
          .number = {number},
          .sign_key = sign_key(100 + number).verify_key(),
          .agree_key = agree_key(200 + number),
          .cosign_key = sign_key(300 + number).verify_key(),
          .not_before = kMorning,
          .not_after = {kMorning.seconds + 86400 * 365}};
}

inline Credential officer(std::uint16_t number) {
  return {.role = CredentialRole::kOfficer,
          .side = "south",
          .post = "duty-officer",
          .number = {number},
          .sign_key = sign_key(100 + number).verify_key(),
          .agree_key = agree_key(200 + number),
          .lines = std::vector<LineId>{{0}, {1}},
          .not_before = kMorning,
          .not_after = {kMorning.seconds + 86400 * 365},
          .person = person_digest({ByteArray<16>{1, 2, 3}, "Kim"})};
}

inline HandKey hand_key(std::string_view side, const Digest& accord) {
  SeededRandom random(side == "south" ? 11 : 12);
  return make_hand_key(side, accord, random);
}

inline SharedRoot shared_root(const Digest& lineage) {
  return SharedRoot::derive(lineage, "south", hand_key("south", lineage), "north",
                            hand_key("north", lineage))
      .value();
}

// `text` with the first `from` made `to`; the test fails by an empty text when it is not there.
inline std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  return at == std::string::npos ? std::string() : text.replace(at, from.size(), to);
}

}  // namespace detente::accord::test
