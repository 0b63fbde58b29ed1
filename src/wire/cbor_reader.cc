#include <limits>

#include "wire/cbor.h"
#include "wire/utf8.h"

namespace detente::wire {
namespace {

// Additional information of the first byte (RFC 8949 section 3).
constexpr std::uint8_t kOneByteFollows = 24;
constexpr std::uint8_t kHalf = 25;
constexpr std::uint8_t kEightBytesFollow = 27;
constexpr std::uint8_t kIndefinite = 31;

CborType type_of(std::uint8_t first) {
  const std::uint8_t info = first & 0x1f;
  switch (first >> 5) {
    case 0: return CborType::kUnsigned;
    case 1: return CborType::kNegative;
    case 2: return CborType::kBytes;
    case 3: return CborType::kText;
    case 4: return CborType::kArray;
    case 5: return CborType::kMap;
    case 6: return CborType::kTag;
    default: break;
  }
  switch (info) {
    case 20:
    case 21: return CborType::kBool;
    case 22: return CborType::kNull;
    case 23: return CborType::kUndefined;
    default: return info <= kOneByteFollows ? CborType::kSimple : CborType::kFloat;
  }
}

std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Whether `argument` would fit into a head with fewer bytes than `width`.
bool fits_in_fewer(std::uint64_t argument, std::size_t width) {
  return width == 1 ? argument < 24 : (argument >> (4 * width)) == 0;
}

}  // namespace

const char* to_string(CborType type) {
  switch (type) {
    case CborType::kUnsigned: return "an unsigned integer";
    case CborType::kNegative: return "a negative integer";
    case CborType::kBytes: return "a byte string";
    case CborType::kText: return "a text string";
    case CborType::kArray: return "an array";
    case CborType::kMap: return "a map";
    case CborType::kTag: return "a tag";
    case CborType::kBool: return "a boolean";
    case CborType::kNull: return "null";
    case CborType::kUndefined: return "undefined";
    case CborType::kSimple: return "a simple value";
    case CborType::kFloat: return "a float";
  }
  return "an item";
}

tl::unexpected<Error> CborReader::wrong(std::string what) const {
  return fail(Fault::kMalformed, "CBOR at byte " + std::to_string(at_) + ": " + std::move(what));
}

Result<CborType> CborReader::peek() const {
  if (empty()) return wrong("an item is missing");
  return type_of(bytes_[at_]);
}

Result<CborReader::Head> CborReader::peek_head() const {
  DETENTE_TRY(type, peek());
  const std::uint8_t info = bytes_[at_] & 0x1f;
  if (info == kIndefinite) return wrong("an indefinite length or a break; only definite lengths");
  if (info > kEightBytesFollow) return wrong("a reserved head");
  Head head{type, info, at_ + 1};
  if (info >= kOneByteFollows) {
    const std::size_t width = std::size_t{1} << (info - kOneByteFollows);
    if (bytes_.size() - head.end < width) return wrong("the head is cut short");
    head.argument = read_be(bytes_.subspan(head.end, width));
    head.end += width;
    const bool is_number = (bytes_[at_] >> 5) != 7;
    if (is_number && fits_in_fewer(head.argument, width)) return wrong("not the shortest head");
  }
  if (type == CborType::kSimple || type == CborType::kFloat) {
    DETENTE_TRY_VOID(check_simple(head, info));
  }
  return head;
}

Result<void> CborReader::check_simple(Head& head, std::uint8_t info) const {
  if (info == kOneByteFollows && head.argument < 32) return wrong("a reserved simple value");
  if (info < kHalf) return {};
  const CborFloat written{std::size_t{2} << (info - kHalf), head.argument};
  if (shortest_float(float_value(written)) != written) return wrong("not the shortest float");
  return {};
}

Result<CborReader::Head> CborReader::start(CborType wanted) {
  DETENTE_TRY(head, peek_head());
  if (head.type != wanted) {
    return wrong(std::string(to_string(head.type)) + " where " + to_string(wanted) + " belongs");
  }
  nesting_.begin(at_);
  at_ = head.end;
  return head;
}

Result<void> CborReader::end_item() {
  if (nesting_.finish(bytes_.first(at_))) return {};
  return wrong(
      "the map key that ends here is not above the one before it; keys ascend and none "
      "comes twice");
}

Result<std::uint64_t> CborReader::uint() {
  DETENTE_TRY(head, start(CborType::kUnsigned));
  DETENTE_TRY_VOID(end_item());
  return head.argument;
}

Result<std::uint64_t> CborReader::negative() {
  DETENTE_TRY(head, start(CborType::kNegative));
  DETENTE_TRY_VOID(end_item());
  return head.argument;
}

Result<std::int64_t> CborReader::integer() {
  DETENTE_TRY(type, peek());
  const bool is_negative = type == CborType::kNegative;
  DETENTE_TRY(argument, is_negative ? negative() : uint());
  if (argument > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return fail(Fault::kLimit, wrong("the integer takes more than 64 signed bits").value().message);
  }
  const auto value = static_cast<std::int64_t>(argument);
  return is_negative ? -1 - value : value;
}

Result<ByteView> CborReader::string_of(const Head& head) {
  if (head.argument > bytes_.size() - at_) {
    return wrong(std::string(to_string(head.type)) + " of " + std::to_string(head.argument) +
                 " bytes, and " + std::to_string(bytes_.size() - at_) + " are left");
  }
  const ByteView value = bytes_.subspan(at_, static_cast<std::size_t>(head.argument));
  if (head.type == CborType::kText && !valid_utf8(as_text(value))) {
    return wrong("a text string that is not UTF-8");
  }
  at_ += value.size();
  DETENTE_TRY_VOID(end_item());
  return value;
}

Result<ByteView> CborReader::bytes() {
  DETENTE_TRY(head, start(CborType::kBytes));
  return string_of(head);
}

Result<std::string_view> CborReader::text() {
  DETENTE_TRY(head, start(CborType::kText));
  DETENTE_TRY(value, string_of(head));
  return as_text(value);
}

Result<std::size_t> CborReader::open(const Head& head) {
  const bool is_map = head.type == CborType::kMap;
  const std::uint64_t left = bytes_.size() - at_;
  // An item takes a byte at least: a head that promises more is refused before anybody reserves.
  if (head.argument > (is_map ? left / 2 : left)) {
    return wrong(std::string(to_string(head.type)) + " of " + std::to_string(head.argument) +
                 " items, and the bytes end before");
  }
  if (!nesting_.open(is_map, is_map ? 2 * head.argument : head.argument)) {
    return wrong("more than " + std::to_string(kCborDepthMax) + " levels deep");
  }
  if (head.argument == 0) DETENTE_TRY_VOID(end_item());
  return static_cast<std::size_t>(head.argument);
}

Result<std::size_t> CborReader::array() {
  DETENTE_TRY(head, start(CborType::kArray));
  return open(head);
}

Result<void> CborReader::array(std::size_t items) {
  DETENTE_TRY(count, array());
  if (count == items) return {};
  return wrong("an array of " + std::to_string(count) + " items where " + std::to_string(items) +
               " belong");
}

Result<std::size_t> CborReader::map() {
  DETENTE_TRY(head, start(CborType::kMap));
  return open(head);
}

Result<std::uint64_t> CborReader::tag() {
  DETENTE_TRY(head, start(CborType::kTag));
  DETENTE_TRY_VOID(open_tag());
  return head.argument;
}

Result<void> CborReader::open_tag() {
  if (nesting_.open(false, 1)) return {};
  return wrong("more than " + std::to_string(kCborDepthMax) + " levels deep");
}

Result<bool> CborReader::boolean() {
  DETENTE_TRY(head, start(CborType::kBool));
  DETENTE_TRY_VOID(end_item());
  return head.argument == 21;
}

Result<void> CborReader::null() {
  DETENTE_TRY_VOID(start(CborType::kNull));
  return end_item();
}

Result<void> CborReader::undefined() {
  DETENTE_TRY_VOID(start(CborType::kUndefined));
  return end_item();
}

Result<std::uint8_t> CborReader::simple() {
  DETENTE_TRY(head, start(CborType::kSimple));
  DETENTE_TRY_VOID(end_item());
  return static_cast<std::uint8_t>(head.argument);
}

Result<double> CborReader::real() {
  const std::size_t first = at_;
  DETENTE_TRY(head, start(CborType::kFloat));
  DETENTE_TRY_VOID(end_item());
  return float_value({head.end - first - 1, head.argument});
}

Result<std::size_t> CborReader::skip_head() {
  DETENTE_TRY(head, peek_head());
  DETENTE_TRY_VOID(start(head.type));
  switch (head.type) {
    case CborType::kBytes:
    case CborType::kText: DETENTE_TRY_VOID(string_of(head)); return std::size_t{0};
    case CborType::kArray: return open(head);
    case CborType::kMap: {
      DETENTE_TRY(pairs, open(head));
      return 2 * pairs;
    }
    case CborType::kTag: DETENTE_TRY_VOID(open_tag()); return std::size_t{1};
    default: DETENTE_TRY_VOID(end_item()); return std::size_t{0};
  }
}

Result<ByteView> CborReader::item() {
  const std::size_t first = at_;
  for (std::size_t wanted = 1; wanted > 0; --wanted) {
    DETENTE_TRY(inner, skip_head());
    wanted += inner;
  }
  return bytes_.subspan(first, at_ - first);
}

Result<void> CborReader::expect_end() const {
  if (!nesting_.closed()) return wrong("the bytes end within a container");
  if (!empty()) return wrong(std::to_string(bytes_.size() - at_) + " bytes after the last item");
  return {};
}

}  // namespace detente::wire
