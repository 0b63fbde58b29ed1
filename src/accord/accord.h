// The signed accord: digest, signatures, succession, and the whole that a
// station works under. spec/accord.md.
//
// Digest = SHA-256 of the note's text with its last newline. Signature lines
// are not covered: they may be added and reordered, and it stays one accord.
#pragma once

#include <array>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "accord/accord_text.h"
#include "accord/annex.h"
#include "accord/note.h"

namespace detente::accord {

inline constexpr std::size_t kAccordNoteMax = 128 * 1024;  // text and signature lines

Digest accord_digest(std::string_view text);

// An accord's text and the signatures under it, verified.
struct AccordNote {
  Accord accord;
  std::string text;
  Digest digest{};
  Digest lineage{};  // of the first accord: the digest itself when it is the first
  std::vector<NoteSignature> signatures;  // as they stand, strangers' too
  std::array<bool, 2> signed_by{};        // by order: first, second

  bool complete() const { return signed_by[0] && signed_by[1]; }
  std::string encode() const;  // the note; the bare text while nobody has signed
};

// A note, or a draft's bare text (then nobody has signed). kAuthentication when a signature in a
// side's name and key does not fit the text.
Result<AccordNote> parse_accord_note(ByteView file);

// Adds the signature of the side whose root key this is; kDenied when the accord names another key.
// Signing twice changes nothing.
Result<AccordNote> sign_accord(AccordNote note, const crypto::SignKey& root);

// Adds the signature of a root key that `next` replaces, under the name of the side whose it is in `old`; kDenied for
// any other key. Signing twice changes nothing.
Result<AccordNote> sign_renewal(AccordNote next, const AccordNote& old, const crypto::SignKey& former);
// The sides whose root keys `next` renews, by their places in it.
std::vector<std::size_t> renewed_sides(const Accord& next, const Accord& old);
// Whether the root key of this side is vouched for by the one that it replaces; true where it stays.
bool renewal_is_signed(const AccordNote& next, const AccordNote& old, std::size_t side);

// Whether `next` may take the place of `old`: both complete, version + 1, the old one's digest as
// predecessor, the same lineage and sides, and the same root keys, but for those that are renewed and
// that the former ones signed, too. kConflict says which of these fails, kState who has not signed.
Result<void> check_successor(const AccordNote& next, const AccordNote& old);
// The same of a draft, whoever has signed it.
Result<void> check_follows(const AccordNote& next, const AccordNote& old);

// A complete accord with every line's annex.
struct AccordInForce {
  Accord accord;
  Digest digest{};
  Digest lineage{};
  std::string note;  // as bytes to keep and to publish
  std::map<LineId, Annex> annexes;
  std::map<LineId, std::string> annex_texts;

  // Nothing when there is no such line.
  const Annex* annex(LineId line) const;
  const Annex* line_named(std::string_view name) const;
  // The accord's paths that the line may use, in the annex's order.
  std::vector<AccordPath> paths_of(const Annex& annex) const;
};

// Whether the lines of `next` may take the place of those of the accords before it, the oldest first: a number keeps its
// name and its evidence for a lineage, since its logs go on, and one that was retired is not given out again.
Result<void> check_successor_lines(const AccordInForce& next, std::span<const AccordInForce* const> before);

// Whether the root keys of `next` may follow those of the accords before it, the oldest first: one that was retired never
// comes again, under either side's name.
Result<void> check_successor_roots(const Accord& next, std::span<const AccordInForce* const> before);

// Puts note and annexes together. The error names what is missing (kNotFound), altered or of
// another accord (kAuthentication), unsigned (kState), or contradictory (kConflict). The order of
// the texts does not matter; the same text twice does no harm.
Result<AccordInForce> assemble_accord(ByteView note, std::span<const std::string> annex_texts);

}  // namespace detente::accord
