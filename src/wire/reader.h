// A cursor over bytes from outside, and the variable-length integers of our formats.
//
// Integers are those of RFC 9000 section 16: big-endian, 1, 2, 4 or 8 bytes, the length in the top
// two bits, so 0 to 2^62 - 1. QUIC takes any length; we take the shortest only, since two encodings
// of one value would be two byte strings for one signed entry. Signed values are zigzag folded
// (0, -1, 1, -2 ... become 0, 1, 2, 3 ...) and so range over -2^61 .. 2^61 - 1.
//
// A view that the reader hands out lives as long as the bytes that the reader was given. After an
// error the cursor stands where it stood before. spec/packet.md.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace detente::wire {

inline constexpr std::uint64_t kVarintMax = (std::uint64_t{1} << 62) - 1;
inline constexpr std::int64_t kZigzagMax = (std::int64_t{1} << 61) - 1;
inline constexpr std::int64_t kZigzagMin = -(std::int64_t{1} << 61);

class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : bytes_(bytes) {}

  // Each gives kMalformed when fewer bytes are left than asked for.
  Result<std::uint8_t> u8();
  Result<std::uint64_t> be(std::size_t width);  // 1..8 bytes
  Result<std::uint64_t> varint();               // also kMalformed when a shorter form exists
  Result<std::int64_t> zigzag();
  Result<ByteView> take(std::size_t count);

  ByteView rest();  // all that is left; the reader is empty afterwards
  // kMalformed unless all was read: trailing bytes would be unsigned room for a second meaning.
  Result<void> expect_end() const;
  bool empty() const { return left() == 0; }
  std::size_t left() const { return bytes_.size() - at_; }
  std::size_t position() const { return at_; }

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
};

// Bytes that the varint of `value` takes: 1, 2, 4 or 8. `value` is at most kVarintMax.
std::size_t varint_size(std::uint64_t value);
// The caller promises value <= kVarintMax, and kZigzagMin <= value <= kZigzagMax.
void append_varint(Bytes& to, std::uint64_t value);
void append_zigzag(Bytes& to, std::int64_t value);

}  // namespace detente::wire
