#include "wire/reader.h"

#include "base/check.h"

namespace detente::wire {
namespace {

tl::unexpected<Error> cut_short(std::size_t at, std::size_t wanted, std::size_t left) {
  return fail(Fault::kMalformed, "cut short: " + std::to_string(wanted) + " bytes wanted at byte " +
                                     std::to_string(at) + ", " + std::to_string(left) + " left");
}

}  // namespace

Result<std::uint8_t> ByteReader::u8() {
  if (empty()) return cut_short(at_, 1, 0);
  return bytes_[at_++];
}

Result<std::uint64_t> ByteReader::be(std::size_t width) {
  DETENTE_CHECK(width >= 1 && width <= 8);
  DETENTE_TRY(bytes, take(width));
  return read_be(bytes);
}

Result<std::uint64_t> ByteReader::varint() {
  if (empty()) return cut_short(at_, 1, 0);
  const std::size_t size = std::size_t{1} << (bytes_[at_] >> 6);
  if (left() < size) return cut_short(at_, size, left());
  const std::uint64_t mask = (std::uint64_t{1} << (8 * size - 2)) - 1;
  const std::uint64_t value = read_be(bytes_.subspan(at_, size)) & mask;
  if (varint_size(value) != size) {
    return fail(Fault::kMalformed, "integer at byte " + std::to_string(at_) + " takes " +
                                       std::to_string(size) +
                                       " bytes and fits in fewer; only the "
                                       "shortest form is accepted");
  }
  at_ += size;
  return value;
}

Result<std::int64_t> ByteReader::zigzag() {
  DETENTE_TRY(folded, varint());
  const auto magnitude = static_cast<std::int64_t>(folded >> 1);
  return (folded & 1) != 0 ? -magnitude - 1 : magnitude;
}

Result<ByteView> ByteReader::take(std::size_t count) {
  if (left() < count) return cut_short(at_, count, left());
  const ByteView taken = bytes_.subspan(at_, count);
  at_ += count;
  return taken;
}

ByteView ByteReader::rest() {
  const ByteView taken = bytes_.subspan(at_);
  at_ = bytes_.size();
  return taken;
}

Result<void> ByteReader::expect_end() const {
  if (empty()) return {};
  return fail(Fault::kMalformed, std::to_string(left()) + " bytes too many after byte " +
                                     std::to_string(at_) + ", where the value ends");
}

std::size_t varint_size(std::uint64_t value) {
  if (value < (std::uint64_t{1} << 6)) return 1;
  if (value < (std::uint64_t{1} << 14)) return 2;
  if (value < (std::uint64_t{1} << 30)) return 4;
  return 8;
}

void append_varint(Bytes& to, std::uint64_t value) {
  DETENTE_CHECK(value <= kVarintMax);
  const std::size_t size = varint_size(value);
  std::uint64_t prefix = 0;  // log2(size), in the top two bits
  while ((std::size_t{1} << prefix) < size) ++prefix;
  append_be(to, value | (prefix << (8 * size - 2)), size);
}

void append_zigzag(Bytes& to, std::int64_t value) {
  DETENTE_CHECK(value >= kZigzagMin && value <= kZigzagMax);
  const auto bits = static_cast<std::uint64_t>(value);
  append_varint(to, value < 0 ? (~bits << 1) | 1 : bits << 1);
}

}  // namespace detente::wire
