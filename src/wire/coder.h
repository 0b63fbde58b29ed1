// How a text travels: a coder byte, then the coded bytes. The record holds the text itself; coding
// belongs to the wire alone. spec/record.md section 6.
//
//   0  raw: the UTF-8 bytes
//   1  one zstd frame (RFC 8878), magicless, without content size, dictionary id and checksum, made
//      with the dictionary that the accord names by its digest
//
// Other models come later behind further numbers; a receiver refuses those that it does not know.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"

namespace detente::wire {

inline constexpr std::uint8_t kCoderRaw = 0;
inline constexpr std::uint8_t kCoderZstd = 1;

// A dictionary beyond this is not an honest one: it is loaded into memory three times.
inline constexpr std::size_t kDictionaryBytesMax = 64 * 1024;

struct Coded {
  std::uint8_t coder = kCoderRaw;
  Bytes bytes;
  bool operator==(const Coded&) const = default;
};

// How long to search. kQuick takes a quarter of the time for some 2 per cent more bytes: for a line
// that is full, where the processor's time is what runs out.
enum class Effort { kShortest, kQuick };

// Holds the dictionary digested for both directions, since digesting takes milliseconds and a
// message microseconds. Owned by one thread: its contexts are scratch space even of const calls.
class TextCoder {
 public:
  // kMalformed unless `dictionary` is a zstd dictionary with entropy tables; kLimit above
  // kDictionaryBytesMax. The bytes are copied.
  static Result<TextCoder> with_dictionary(ByteView dictionary);
  TextCoder(TextCoder&&) noexcept;
  TextCoder& operator=(TextCoder&&) noexcept;
  ~TextCoder();

  // The shortest form that we have: raw when zstd gains nothing. Repeats byte for byte with one
  // version of the library; other versions may code otherwise, and all decode it.
  Coded encode(ByteView text, Effort effort = Effort::kShortest) const;

  // The text, at most `max_bytes` of it, which is also what is allocated for it. kUnsupported for
  // an unknown coder, kLimit for a longer text, kMalformed for bytes that are no frame or more than
  // one. Two coded forms can give one text; nothing that is signed covers the coded form.
  Result<Bytes> decode(std::uint8_t coder, ByteView coded, std::size_t max_bytes) const;

 private:
  struct Contexts;
  explicit TextCoder(std::unique_ptr<Contexts> contexts);
  std::unique_ptr<Contexts> contexts_;
};

// The dictionary that this program brings along, data/dictionary/en-1.dict. An accord names a
// dictionary by its SHA-256.
ByteView shipped_dictionary();

}  // namespace detente::wire
