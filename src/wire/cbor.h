// Deterministic CBOR (RFC 8949 section 4.2.1), and nothing else: shortest heads, definite lengths,
// map keys ascending by their encoded bytes, no key twice, text in valid UTF-8, floats in the
// shortest form with one NaN.
//
// Why so strict, and why our own: what is signed or hashed must have exactly one byte string. The
// reader accepts a byte string only if writing the value again gives the same bytes; libraries that
// are lenient would let one signed entry travel in two forms.
//
// Neither builds a tree: the writer appends, the reader pulls. wire/cbor_value.h has the tree for
// tests and tools. Formats of ours use no floats, no undefined and no simple values.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace detente::wire {

enum class CborType {
  kUnsigned,
  kNegative,
  kBytes,
  kText,
  kArray,
  kMap,
  kTag,
  kBool,
  kNull,
  kUndefined,
  kSimple,
  kFloat,
};
const char* to_string(CborType type);  // "an unsigned integer", "a map", ...

// Arrays, maps and tags inside one another; deeper is refused.
inline constexpr std::size_t kCborDepthMax = 16;

// The containers that are open while bytes are written or read: how many items are still to come,
// and, in a map, the last key. Shared by writer and reader, so that both hold one rule.
class CborNesting {
 public:
  // Opens a container of `items` items (a map's keys and values counted singly; a tag has one).
  // False, and nothing opened, when that would be too deep.
  bool open(bool is_map, std::uint64_t items);
  // To be called where an item's head starts, and where an item without inner items ends. `all` is
  // everything written or read so far. False when a map's key does not ascend.
  void begin(std::size_t at);
  bool finish(ByteView all);
  bool closed() const { return levels_.empty(); }
  std::size_t depth() const { return levels_.size(); }

 private:
  struct Level {
    bool is_map;
    std::uint64_t left;
    std::size_t item_start;
    std::size_t key_start, key_end;  // the last key; key_end == 0 before the first
  };
  std::vector<Level> levels_;
};

// Appends items. What the caller promises is checked always, since a broken map would be signed:
// text is valid UTF-8, keys ascend, containers hold as many items as announced and are at most
// kCborDepthMax deep.
class CborWriter {
 public:
  CborWriter& uint(std::uint64_t value);
  CborWriter& integer(std::int64_t value);
  CborWriter& negative(std::uint64_t argument);  // the value -1 - argument
  CborWriter& bytes(ByteView value);
  CborWriter& text(std::string_view value);
  CborWriter& array(std::uint64_t items);
  CborWriter& map(std::uint64_t pairs);  // keys and values follow in turn, keys ascending
  CborWriter& tag(std::uint64_t number);
  CborWriter& boolean(bool value);
  CborWriter& null();
  CborWriter& undefined();
  CborWriter& simple(std::uint8_t value);  // 0..19 and 32..255
  CborWriter& real(double value);
  // One whole item that is already encoded deterministically.
  CborWriter& raw(ByteView item);

  // Everything written; the writer is empty afterwards. All containers are complete.
  Bytes take();

 private:
  CborWriter& head(std::uint8_t major, std::uint64_t argument);
  CborWriter& end_item();
  CborWriter& open(bool is_map, std::uint64_t items);

  Bytes out_;
  CborNesting nesting_;
};

// Collects a map's pairs in any order and writes them in theirs. A key given twice is a broken
// promise of the caller.
class CborMap {
 public:
  // The writer for the value of the next pair; valid until the next call.
  CborWriter& at(std::uint64_t key);
  CborWriter& at(std::int64_t key);
  CborWriter& at(int key) { return at(std::int64_t{key}); }
  CborWriter& at(std::string_view key);
  bool empty() const { return pairs_.empty(); }
  Bytes take();

 private:
  CborWriter& add(CborWriter key);
  std::vector<std::pair<Bytes, CborWriter>> pairs_;
};

// Pulls items one after the other. Every error is kMalformed, says at which byte, and ends the
// reading: a reader that failed is not used again. Views live as long as the bytes given.
//
// Order of keys is checked as each key ends, so a caller that reads a map to its end has seen no
// key twice. Several items in a row (a CBOR sequence) may be read; expect_end() refuses the next
// one.
class CborReader {
 public:
  explicit CborReader(ByteView bytes) : bytes_(bytes) {}

  Result<CborType> peek() const;  // the type of the next item, by its first byte
  Result<std::uint64_t> uint();
  Result<std::int64_t> integer();    // kLimit for what 64 signed bits cannot hold
  Result<std::uint64_t> negative();  // the argument n of -1 - n
  Result<ByteView> bytes();
  Result<std::string_view> text();
  Result<std::size_t> array();  // number of items that follow
  Result<void> array(std::size_t items);
  Result<std::size_t> map();  // number of pairs that follow
  Result<std::uint64_t> tag();
  Result<bool> boolean();
  Result<void> null();
  Result<void> undefined();
  Result<std::uint8_t> simple();
  Result<double> real();
  // One whole item of any type, checked in full; gives its encoded bytes.
  Result<ByteView> item();

  Result<void> expect_end() const;
  bool empty() const { return at_ == bytes_.size(); }
  std::size_t position() const { return at_; }

 private:
  struct Head {
    CborType type = CborType::kNull;
    std::uint64_t argument = 0;
    std::size_t end = 0;  // the byte after the head
  };
  Result<Head> peek_head() const;
  Result<void> check_simple(Head& head, std::uint8_t info) const;
  Result<Head> start(CborType wanted);  // consumes the head
  Result<void> end_item();
  Result<ByteView> string_of(const Head& head);
  Result<std::size_t> open(const Head& head);
  Result<void> open_tag();
  Result<std::size_t> skip_head();  // one head and its string; gives the number of inner items
  tl::unexpected<Error> wrong(std::string what) const;

  ByteView bytes_;
  std::size_t at_ = 0;
  CborNesting nesting_;
};

// The shortest of the three float forms that keeps the value: bytes 2, 4 or 8, and the bits.
struct CborFloat {
  std::size_t width = 2;
  std::uint64_t bits = 0;
  bool operator==(const CborFloat&) const = default;
};
CborFloat shortest_float(double value);
double float_value(CborFloat encoded);

}  // namespace detente::wire
