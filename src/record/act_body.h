// What the readers of acts' bodies share: numbers, times and words within their bounds.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "record/mandate.h"
#include "wire/cbor.h"
#include "wire/text.h"

namespace detente::record {

inline Result<std::uint64_t> read_bounded(wire::CborReader& reader, std::uint64_t max, const char* what) {
  DETENTE_TRY(value, reader.uint());
  if (value > max) return fail(Fault::kMalformed, std::string(what) + " beyond its bound");
  return value;
}

inline Result<WallTime> read_time(wire::CborReader& reader) {
  DETENTE_TRY(seconds, read_bounded(reader, UINT32_MAX, "a time"));
  return WallTime{static_cast<std::uint32_t>(seconds)};
}

// Safe text of 1 to `max` bytes. `empty`: what is said of none.
inline Result<std::string> read_words(wire::CborReader& reader, std::size_t max,
                                      const char* empty = "an act with empty words") {
  DETENTE_TRY(text, reader.text());
  if (text.empty()) return fail(Fault::kMalformed, empty);
  DETENTE_TRY_VOID(wire::check_text(text, max));
  return std::string(text);
}

// The end of a body that may have words and the proof of a mandate: nothing, [words], or [words or null, proof].
struct BodyEnd {
  std::string words;
  std::optional<MandateProof> mandate;
};

inline std::size_t body_end_items(const std::string& words, const std::optional<MandateProof>& mandate) {
  return mandate ? 2 : words.empty() ? 0 : 1;
}

inline void write_body_end(wire::CborWriter& out, const std::string& words, const std::optional<MandateProof>& mandate) {
  if (!words.empty())
    out.text(words);
  else if (mandate)
    out.null();
  if (mandate) write_mandate_proof(out, *mandate);
}

inline Result<BodyEnd> read_body_end(wire::CborReader& reader, std::size_t items, std::size_t words_max,
                                     const char* empty = "an act with empty words") {
  BodyEnd out;
  if (items == 0) return out;
  DETENTE_TRY(type, reader.peek());
  if (items == 2 && type == wire::CborType::kNull) {
    DETENTE_TRY_VOID(reader.null());
  } else {
    DETENTE_TRY(words, read_words(reader, words_max, empty));
    out.words = std::move(words);
  }
  if (items == 1) return out;
  DETENTE_TRY(proof, read_mandate_proof(reader));
  out.mandate = proof;
  return out;
}

}  // namespace detente::record
