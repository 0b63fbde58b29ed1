#include "wire/cbor_value.h"

#include <algorithm>

#include "wire/utf8.h"

namespace detente::wire {
namespace {

// Recursion is bounded: the reader refuses, and encode() counts, more than kCborDepthMax levels.
Result<CborValue> read_value(CborReader& reader);

Result<void> read_items(CborReader& reader, std::size_t count, CborValue& value) {
  for (std::size_t i = 0; i < count; ++i) {
    DETENTE_TRY(item, read_value(reader));
    value.items.push_back(std::move(item));
  }
  return {};
}

Result<void> read_scalar(CborReader& reader, CborValue& value) {
  switch (value.type) {
    case CborType::kUnsigned: {
      DETENTE_TRY(number, reader.uint());
      value.number = number;
      return {};
    }
    case CborType::kNegative: {
      DETENTE_TRY(number, reader.negative());
      value.number = number;
      return {};
    }
    case CborType::kBytes: {
      DETENTE_TRY(bytes, reader.bytes());
      value.bytes = to_bytes(bytes);
      return {};
    }
    case CborType::kText: {
      DETENTE_TRY(text, reader.text());
      value.text = text;
      return {};
    }
    case CborType::kBool: {
      DETENTE_TRY(flag, reader.boolean());
      value.number = flag ? 1 : 0;
      return {};
    }
    case CborType::kSimple: {
      DETENTE_TRY(number, reader.simple());
      value.number = number;
      return {};
    }
    case CborType::kFloat: {
      DETENTE_TRY(real, reader.real());
      value.real = real;
      return {};
    }
    case CborType::kUndefined: return reader.undefined();
    default: return reader.null();
  }
}

Result<CborValue> read_value(CborReader& reader) {
  DETENTE_TRY(type, reader.peek());
  CborValue value;
  value.type = type;
  if (type == CborType::kArray) {
    DETENTE_TRY(count, reader.array());
    DETENTE_TRY_VOID(read_items(reader, count, value));
  } else if (type == CborType::kMap) {
    DETENTE_TRY(pairs, reader.map());
    DETENTE_TRY_VOID(read_items(reader, 2 * pairs, value));
  } else if (type == CborType::kTag) {
    DETENTE_TRY(number, reader.tag());
    value.number = number;
    DETENTE_TRY_VOID(read_items(reader, 1, value));
  } else {
    DETENTE_TRY_VOID(read_scalar(reader, value));
  }
  return value;
}

Result<Bytes> encode(const CborValue& value, std::size_t depth);

Result<Bytes> encode_map(const CborValue& value, std::size_t depth) {
  if (value.items.size() % 2 != 0) return fail(Fault::kMalformed, "a map's last key has no value");
  std::vector<std::pair<Bytes, Bytes>> pairs;
  for (std::size_t i = 0; i < value.items.size(); i += 2) {
    DETENTE_TRY(key, encode(value.items[i], depth));
    DETENTE_TRY(item, encode(value.items[i + 1], depth));
    pairs.emplace_back(std::move(key), std::move(item));
  }
  std::ranges::sort(pairs);
  for (std::size_t i = 1; i < pairs.size(); ++i) {
    if (pairs[i].first == pairs[i - 1].first) {
      return fail(Fault::kMalformed, "a map has the key " + to_hex(pairs[i].first) + " twice");
    }
  }
  Bytes out;
  for (const auto& [key, item] : pairs) append(out, concat(key, item));
  return out;
}

// The head of a container, as the writer would write it, without what follows.
Bytes container_head(CborType type, std::uint64_t argument) {
  Bytes head = CborWriter().uint(argument).take();
  const unsigned major = type == CborType::kArray ? 4 : type == CborType::kMap ? 5 : 6;
  head[0] = static_cast<std::uint8_t>(head[0] | (major << 5));
  return head;
}

Result<Bytes> encode_container(const CborValue& value, std::size_t depth) {
  if (depth == kCborDepthMax) {
    return fail(Fault::kLimit, "more than " + std::to_string(kCborDepthMax) + " levels deep");
  }
  if (value.type == CborType::kMap) {
    DETENTE_TRY(pairs, encode_map(value, depth + 1));
    return concat(container_head(value.type, value.items.size() / 2), pairs);
  }
  const bool is_tag = value.type == CborType::kTag;
  if (is_tag && value.items.size() != 1) return fail(Fault::kMalformed, "a tag takes one item");
  Bytes out = container_head(value.type, is_tag ? value.number : value.items.size());
  for (const CborValue& item : value.items) {
    DETENTE_TRY(encoded, encode(item, depth + 1));
    append(out, encoded);
  }
  return out;
}

Result<Bytes> encode(const CborValue& value, std::size_t depth) {
  CborWriter writer;
  switch (value.type) {
    case CborType::kUnsigned: writer.uint(value.number); break;
    case CborType::kNegative: writer.negative(value.number); break;
    case CborType::kBytes: writer.bytes(value.bytes); break;
    case CborType::kText:
      if (!valid_utf8(value.text)) return fail(Fault::kMalformed, "text that is not UTF-8");
      writer.text(value.text);
      break;
    case CborType::kBool: writer.boolean(value.number != 0); break;
    case CborType::kNull: writer.null(); break;
    case CborType::kUndefined: writer.undefined(); break;
    case CborType::kSimple:
      if ((value.number >= 20 && value.number < 32) || value.number > 255) {
        return fail(Fault::kMalformed, "simple value " + std::to_string(value.number) +
                                           " is reserved or has a name of its own");
      }
      writer.simple(static_cast<std::uint8_t>(value.number));
      break;
    case CborType::kFloat: writer.real(value.real); break;
    default: return encode_container(value, depth);
  }
  return writer.take();
}

}  // namespace

Result<CborValue> parse_cbor(ByteView bytes) {
  CborReader reader(bytes);
  DETENTE_TRY(value, read_value(reader));
  DETENTE_TRY_VOID(reader.expect_end());
  return value;
}

Result<Bytes> encode_cbor(const CborValue& value) { return encode(value, 0); }

}  // namespace detente::wire
