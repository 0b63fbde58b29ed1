#include <algorithm>

#include "base/check.h"
#include "wire/cbor.h"
#include "wire/utf8.h"

namespace detente::wire {
namespace {

// Of an encoded item's first byte: major type in the top three bits (RFC 8949 section 3).
constexpr std::uint8_t kMajorUnsigned = 0, kMajorNegative = 1, kMajorBytes = 2, kMajorText = 3;
constexpr std::uint8_t kMajorArray = 4, kMajorMap = 5, kMajorTag = 6, kMajorSimple = 7;

}  // namespace

CborWriter& CborWriter::head(std::uint8_t major, std::uint64_t argument) {
  nesting_.begin(out_.size());
  const auto first = static_cast<std::uint8_t>(major << 5);
  if (argument < 24) {
    out_.push_back(static_cast<std::uint8_t>(first | argument));
    return *this;
  }
  std::uint8_t log_width = 0;
  while (log_width < 3 && (argument >> (8u << log_width)) != 0) ++log_width;
  out_.push_back(static_cast<std::uint8_t>(first | (24 + log_width)));
  append_be(out_, argument, std::size_t{1} << log_width);
  return *this;
}

CborWriter& CborWriter::end_item() {
  DETENTE_CHECK(nesting_.finish(out_));
  return *this;
}

CborWriter& CborWriter::open(bool is_map, std::uint64_t items) {
  DETENTE_CHECK(nesting_.open(is_map, items));
  return items == 0 ? end_item() : *this;
}

CborWriter& CborWriter::uint(std::uint64_t value) { return head(kMajorUnsigned, value).end_item(); }

CborWriter& CborWriter::integer(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  return value < 0 ? negative(~bits) : uint(bits);
}

CborWriter& CborWriter::negative(std::uint64_t argument) {
  return head(kMajorNegative, argument).end_item();
}

CborWriter& CborWriter::bytes(ByteView value) {
  head(kMajorBytes, value.size());
  append(out_, value);
  return end_item();
}

CborWriter& CborWriter::text(std::string_view value) {
  DETENTE_CHECK(valid_utf8(value));
  head(kMajorText, value.size());
  append(out_, value);
  return end_item();
}

CborWriter& CborWriter::array(std::uint64_t items) {
  return head(kMajorArray, items).open(false, items);
}

CborWriter& CborWriter::map(std::uint64_t pairs) {
  return head(kMajorMap, pairs).open(true, 2 * pairs);
}

CborWriter& CborWriter::tag(std::uint64_t number) { return head(kMajorTag, number).open(false, 1); }

CborWriter& CborWriter::boolean(bool value) {
  return head(kMajorSimple, value ? 21 : 20).end_item();
}

CborWriter& CborWriter::null() { return head(kMajorSimple, 22).end_item(); }

CborWriter& CborWriter::undefined() { return head(kMajorSimple, 23).end_item(); }

CborWriter& CborWriter::simple(std::uint8_t value) {
  DETENTE_CHECK(value < 20 || value >= 32);
  return head(kMajorSimple, value).end_item();
}

CborWriter& CborWriter::real(double value) {
  const CborFloat encoded = shortest_float(value);
  nesting_.begin(out_.size());
  out_.push_back(encoded.width == 2 ? 0xf9 : encoded.width == 4 ? 0xfa : 0xfb);
  append_be(out_, encoded.bits, encoded.width);
  return end_item();
}

CborWriter& CborWriter::raw(ByteView item) {
  nesting_.begin(out_.size());
  append(out_, item);
  return end_item();
}

Bytes CborWriter::take() {
  DETENTE_CHECK(nesting_.closed());
  return std::exchange(out_, {});
}

CborWriter& CborMap::add(CborWriter key) {
  pairs_.emplace_back(key.take(), CborWriter());
  return pairs_.back().second;
}

CborWriter& CborMap::at(std::uint64_t key) { return add(CborWriter().uint(key)); }
CborWriter& CborMap::at(std::int64_t key) { return add(CborWriter().integer(key)); }
CborWriter& CborMap::at(std::string_view key) { return add(CborWriter().text(key)); }

Bytes CborMap::take() {
  std::ranges::sort(pairs_, {}, [](const auto& pair) -> const Bytes& { return pair.first; });
  CborWriter out;
  out.map(pairs_.size());
  for (auto& [key, value] : pairs_) out.raw(key).raw(value.take());
  pairs_.clear();
  return out.take();
}

}  // namespace detente::wire
