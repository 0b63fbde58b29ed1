// What the readers of acts' bodies share: numbers, times and words within their bounds.
#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"
#include "wire/cbor.h"
#include "wire/text.h"

namespace detente::line {

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

}  // namespace detente::line
