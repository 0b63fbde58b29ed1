#include "base/hex_for_test.h"
#include "wire/cbor.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "../../tests/support/vectors.h"
#include "wire/cbor_value.h"

namespace detente::wire {
namespace {

// ---- appendix A of RFC 8949 ----

// The vectors hold simple(24) in the form of RFC 7049; RFC 8949 section 3.3 made f800 to f81f not
// well-formed, so it must be refused here.
bool reserved_simple(ByteView bytes) {
  return bytes.size() == 2 && bytes[0] == 0xf8 && bytes[1] < 0x20;
}

void expect_decoded(const CborValue& value, const nlohmann::json& json, const std::string& name) {
  switch (value.type) {
    case CborType::kUnsigned: EXPECT_EQ(json.get<std::uint64_t>(), value.number) << name; return;
    case CborType::kNegative:  // JSON numbers below -2^63 arrive as doubles
      EXPECT_EQ(json.get<double>(), -1.0 - static_cast<double>(value.number)) << name;
      return;
    case CborType::kText: EXPECT_EQ(json.get<std::string>(), value.text) << name; return;
    case CborType::kBool: EXPECT_EQ(json.get<bool>(), value.number == 1) << name; return;
    case CborType::kNull: EXPECT_TRUE(json.is_null()) << name; return;
    case CborType::kFloat: EXPECT_EQ(json.get<double>(), value.real) << name; return;
    case CborType::kArray:
      ASSERT_EQ(json.size(), value.items.size()) << name;
      for (std::size_t i = 0; i < json.size(); ++i) expect_decoded(value.items[i], json[i], name);
      return;
    case CborType::kMap:
      ASSERT_EQ(2 * json.size(), value.items.size()) << name;
      for (std::size_t i = 0; i < value.items.size(); i += 2) {
        ASSERT_EQ(value.items[i].type, CborType::kText) << name;
        expect_decoded(value.items[i + 1], json.at(value.items[i].text), name);
      }
      return;
    case CborType::kTag: {  // bignums, whose JSON value is a double
      double number = 0;
      for (const std::uint8_t byte : value.items.at(0).bytes) number = 256 * number + byte;
      EXPECT_EQ(json.get<double>(), value.number == 2 ? number : -1 - number) << name;
      return;
    }
    default: ADD_FAILURE() << name << ": a type that JSON does not have";
  }
}

TEST(CborVectors, AppendixA) {
  support::CaseCount count("cbor/appendix_a.json");
  for (const auto& test_case : support::read_vector_json("cbor/appendix_a.json")) {
    const std::string name = test_case.at("hex");
    const Bytes bytes = hex(name);
    count.add();
    const Result<CborValue> value = parse_cbor(bytes);
    if (!test_case.at("roundtrip").get<bool>() || reserved_simple(bytes)) {
      EXPECT_FALSE(value) << name;
      continue;
    }
    ASSERT_TRUE(value) << name << ": " << value.error().message;
    EXPECT_EQ(to_hex(encode_cbor(*value).value()), name);
    if (test_case.contains("decoded")) expect_decoded(*value, test_case.at("decoded"), name);
  }
}

// ---- what must be refused ----

TEST(Cbor, RefusesEveryOtherForm) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "no item"},
      {"1817", "23 in two bytes"},
      {"1900ff", "255 in three bytes"},
      {"1a0000ffff", "65535 in five"},
      {"1b00000000ffffffff", "2^32-1 in nine"},
      {"5800", "empty bytes with a long head"},
      {"5f4100ff", "indefinite bytes"},
      {"9f01ff", "indefinite array"},
      {"bfff", "indefinite map"},
      {"ff", "break"},
      {"1c", "reserved head"},
      {"fc", "reserved simple"},
      {"18", "head cut short"},
      {"1901", "head cut short"},
      {"4201", "bytes cut short"},
      {"5bffffffffffffffff", "longer than memory"},
      {"9bffffffffffffffff00", "array longer than memory"},
      {"bb800000000000000000", "pairs whose double overflows"},
      {"8201", "array cut short"},
      {"a101", "map without its value"},
      {"c1", "tag without its item"},
      {"a2020001 00", "keys descend"},
      {"a201000100", "key twice"},
      {"a2616200616100", "text keys descend"},
      {"a26161006000", "longer key first"},
      {"a2a0008000", "composite keys descend"},
      {"0000", "two items"},
      {"61ff", "not UTF-8"},
      {"62c080", "overlong UTF-8"},
      {"63eda080", "a surrogate"},
      {"64f4908080", "above U+10FFFF"},
      {"f800", "simple value in two bytes"},
      {"f814", "false in two bytes"},
      {"f81f", "reserved simple value"},
      {"f97e01", "another NaN"},
      {"f9fe00", "a negative NaN"},
      {"fa3f800000", "1.0 in four bytes"},
      {"fb3ff0000000000000", "1.0 in eight bytes"},
      {"fb7ff0000000000000", "infinity in eight bytes"},
      {"fb7ff8000000000001", "a NaN in eight bytes"},
      {"fa33800000", "2^-24 is a half"},
  };
  for (const auto& [text, why] : cases) {
    std::string digits = text;
    std::erase(digits, ' ');
    const Result<CborValue> value = parse_cbor(hex(digits));
    EXPECT_FALSE(value) << digits << ": " << why;
    if (!value) {
      EXPECT_EQ(value.error().fault, Fault::kMalformed) << digits;
    }
  }
}

TEST(Cbor, DepthHasALimit) {
  for (const std::uint8_t head : Bytes{0x81, 0xc1}) {
    Bytes deep(kCborDepthMax, head);
    deep.push_back(0x00);
    EXPECT_TRUE(parse_cbor(deep));
    EXPECT_TRUE(CborReader(deep).item());
    deep.insert(deep.begin(), head);
    EXPECT_FALSE(parse_cbor(deep));
    EXPECT_FALSE(CborReader(deep).item());
  }
  const Bytes bomb(1 << 20, 0x81);
  EXPECT_FALSE(parse_cbor(bomb));
  CborValue value;
  for (std::size_t i = 0; i <= kCborDepthMax; ++i) {
    CborValue outer;
    outer.type = CborType::kArray;
    outer.items.push_back(std::move(value));
    value = std::move(outer);
  }
  EXPECT_EQ(encode_cbor(value).error().fault, Fault::kLimit);
}

TEST(Cbor, TreeWithoutADeterministicFormIsRefused) {
  CborValue key;
  key.type = CborType::kUnsigned;
  CborValue map;
  map.type = CborType::kMap;
  map.items = {key, key, key, key};
  EXPECT_FALSE(encode_cbor(map));
  map.items.resize(1);
  EXPECT_FALSE(encode_cbor(map));
  CborValue text;
  text.type = CborType::kText;
  text.text = "\xff";
  EXPECT_FALSE(encode_cbor(text));
  CborValue simple;
  simple.type = CborType::kSimple;
  simple.number = 24;
  EXPECT_FALSE(encode_cbor(simple));
  CborValue tag;
  tag.type = CborType::kTag;
  EXPECT_FALSE(encode_cbor(tag));
}

// ---- writer and reader ----

TEST(Cbor, WriterAndReaderAgree) {
  CborWriter writer;
  writer.array(7).uint(23).integer(-500).bytes(hex("0102")).text("\u00fc").boolean(true).null();
  writer.map(2).integer(1).array(0).integer(-1).tag(18).text("x");
  const Bytes bytes = writer.take();
  EXPECT_EQ(to_hex(bytes), "87173901f342010262c3bcf5f6a2018020d26178");

  CborReader reader(bytes);
  ASSERT_TRUE(reader.array(7));
  EXPECT_EQ(reader.uint().value(), 23u);
  EXPECT_EQ(reader.integer().value(), -500);
  EXPECT_EQ(to_hex(reader.bytes().value()), "0102");
  EXPECT_EQ(reader.text().value(), "\u00fc");
  EXPECT_TRUE(reader.boolean().value());
  EXPECT_TRUE(reader.null());
  EXPECT_EQ(reader.peek().value(), CborType::kMap);
  EXPECT_EQ(reader.map().value(), 2u);
  EXPECT_EQ(reader.integer().value(), 1);
  EXPECT_EQ(reader.array().value(), 0u);
  EXPECT_EQ(reader.integer().value(), -1);
  EXPECT_FALSE(reader.expect_end());  // within the map
  EXPECT_EQ(to_hex(reader.item().value()), "d26178");
  EXPECT_TRUE(reader.expect_end());
  EXPECT_FALSE(reader.peek());
}

TEST(Cbor, ErrorsNamePlaceAndTypes) {
  const Bytes bytes = hex("820161");
  CborReader reader(bytes);
  ASSERT_TRUE(reader.array());
  const auto text = reader.text();
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().message,
            "CBOR at byte 1: an unsigned integer where a text string belongs");
}

TEST(Cbor, IntegersAtTheirEdges) {
  for (const std::int64_t value :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{-24}, std::int64_t{-25},
        std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
    const Bytes bytes = CborWriter().integer(value).take();
    EXPECT_EQ(CborReader(bytes).integer().value(), value);
  }
  const Bytes too_large = hex("1b8000000000000000");
  EXPECT_EQ(CborReader(too_large).integer().error().fault, Fault::kLimit);
  const Bytes too_small = hex("3b8000000000000000");
  EXPECT_EQ(CborReader(too_small).integer().error().fault, Fault::kLimit);
}

TEST(Cbor, MapBuilderSortsByEncodedKey) {
  CborMap map;
  map.at("aa").uint(1);
  map.at(-1).uint(2);
  map.at("b").uint(3);
  map.at(100).array(1).null();
  map.at(10).uint(5);
  // The example of RFC 8949 section 4.2.1: 10, 100, -1, then "b" (its length is in the head), "aa".
  EXPECT_EQ(to_hex(map.take()), "a50a05186481f6200261620362616101");
  EXPECT_EQ(to_hex(CborMap().take()), "a0");
}

TEST(CborDeathTest, BrokenPromisesOfTheWriterStop) {
  EXPECT_DEATH(CborWriter().map(2).uint(1).null().uint(0).null(), "finish");
  EXPECT_DEATH(CborWriter().map(2).uint(1).null().uint(1).null(), "finish");
  EXPECT_DEATH(CborWriter().array(2).uint(1).take(), "closed");
  EXPECT_DEATH(CborWriter().text("\xc3"), "utf8");
  EXPECT_DEATH(
      {
        CborMap map;
        map.at(1).null();
        map.at(1).null();
        map.take();
      },
      "finish");
}

// ---- floats against a slow oracle ----

TEST(Cbor, EveryHalfIsKeptAndIsTheShortest) {
  for (std::uint32_t bits = 0; bits <= 0xffff; ++bits) {
    const double value = float_value({2, bits});
    const CborFloat again = shortest_float(value);
    EXPECT_EQ(again.width, 2u) << bits;
    if (std::isnan(value)) {
      EXPECT_EQ(again.bits, 0x7e00u);
    } else {
      EXPECT_EQ(again.bits, bits);
    }
  }
}

RC_GTEST_PROP(Cbor, SinglesAreShortestOrAreHalves, (std::uint32_t bits)) {
  const float value = std::bit_cast<float>(bits);
  RC_PRE(!std::isnan(value));
  const CborFloat encoded = shortest_float(value);
  RC_ASSERT(encoded.width != 8u);
  RC_ASSERT(std::bit_cast<std::uint64_t>(float_value(encoded)) ==
            std::bit_cast<std::uint64_t>(static_cast<double>(value)));
  if (encoded.width == 4) {  // then no half has this value
    const double magnitude = std::fabs(value);
    const bool half_range = magnitude <= 65504 && std::fmod(magnitude, 0x1p-24) == 0;
    const bool half_precision =
        magnitude < 0x1p-14 || std::fmod(magnitude, std::exp2(std::ilogb(magnitude) - 10)) == 0;
    RC_ASSERT(!(half_range && half_precision));
  }
}

// ---- random trees ----

struct Draw {
  std::uint64_t state;
  std::uint64_t next() {  // SplitMix64: a tree from one number, so that rapidcheck can shrink it
    std::uint64_t z = (state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
};

CborValue random_tree(Draw& draw, int depth) {
  CborValue value;
  value.type = static_cast<CborType>(draw.below(12));
  if (depth == 0 && (value.type == CborType::kArray || value.type == CborType::kMap ||
                     value.type == CborType::kTag)) {
    value.type = CborType::kUnsigned;
  }
  const std::uint64_t count = draw.below(5);
  switch (value.type) {
    case CborType::kUnsigned:
    case CborType::kNegative: value.number = draw.next() >> draw.below(64); break;
    case CborType::kBytes:
      for (std::uint64_t i = draw.below(40); i > 0; --i) {
        value.bytes.push_back(static_cast<std::uint8_t>(draw.next()));
      }
      break;
    case CborType::kText:
      for (std::uint64_t i = draw.below(30); i > 0; --i) {
        const char* letters[] = {"a", "\u00fc", "\u6c34", "\U0001f54a", "\n"};
        value.text += letters[draw.below(5)];
      }
      break;
    case CborType::kTag: value.number = draw.next() >> draw.below(64); [[fallthrough]];
    case CborType::kArray:
      for (std::uint64_t i = value.type == CborType::kTag ? 1 : count; i > 0; --i) {
        value.items.push_back(random_tree(draw, depth - 1));
      }
      break;
    case CborType::kMap:
      for (std::uint64_t i = 0; i < count; ++i) {
        CborValue key;  // distinct, in descending order
        key.type = i % 2 == 0 ? CborType::kNegative : CborType::kUnsigned;
        key.number = (draw.next() >> draw.below(64)) & ~std::uint64_t{7};
        key.number |= 7 - i;
        value.items.push_back(std::move(key));
        value.items.push_back(random_tree(draw, depth - 1));
      }
      break;
    case CborType::kBool: value.number = draw.below(2); break;
    case CborType::kSimple:
      value.number = draw.below(2) ? draw.below(20) : 32 + draw.below(224);
      break;
    case CborType::kFloat: value.real = std::bit_cast<double>(draw.next()); break;
    case CborType::kNull:
    case CborType::kUndefined: break;
  }
  return value;
}

RC_GTEST_PROP(Cbor, TreesRoundTrip, (std::uint64_t seed)) {
  Draw draw{seed};
  const CborValue tree = random_tree(draw, 5);
  const Result<Bytes> bytes = encode_cbor(tree);
  RC_ASSERT(bytes.has_value());
  const Result<CborValue> again = parse_cbor(*bytes);
  RC_ASSERT(again.has_value());
  RC_ASSERT(encode_cbor(*again).value() == *bytes);
  CborReader reader(*bytes);
  RC_ASSERT(reader.item().value().size() == bytes->size());
  RC_ASSERT(reader.expect_end().has_value());
}

// Nothing is malleable: whatever is accepted is what would be written. Also: skipping an item and
// building its tree accept the same byte strings.
RC_GTEST_PROP(Cbor, AcceptedBytesAreTheOnlyForm, (std::uint64_t seed)) {
  Draw draw{seed};
  Bytes bytes = encode_cbor(random_tree(draw, 4)).value();
  for (int round = 0; round < 50; ++round) {
    Bytes changed = bytes;
    for (std::uint64_t edits = 1 + draw.below(3); edits > 0; --edits) {
      const std::size_t at = draw.below(changed.size() + 1);
      const auto byte = static_cast<std::uint8_t>(draw.next());
      switch (draw.below(3)) {
        case 0:
          if (at < changed.size()) changed[at] = byte;
          break;
        case 1: changed.insert(changed.begin() + static_cast<std::ptrdiff_t>(at), byte); break;
        default:
          if (at < changed.size()) changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(at));
      }
    }
    const Result<CborValue> value = parse_cbor(changed);
    CborReader reader(changed);
    const bool skipped = reader.item().has_value() && reader.expect_end().has_value();
    RC_ASSERT(skipped == value.has_value());
    if (value) RC_ASSERT(encode_cbor(*value).value() == changed);
  }
}

// Strings of one to three bytes (of the last, one in seven): nearly exhaustive.
TEST(Cbor, EveryShortStringIsRefusedOrTheOnlyForm) {
  std::size_t accepted = 0;
  for (std::uint32_t n = 0; n < (1u << 24); n += n < (1u << 18) ? 1 : 7) {
    Bytes bytes;
    append_be(bytes, n, n < (1u << 8) ? 1 : n < (1u << 16) ? 2 : 3);
    const Result<CborValue> value = parse_cbor(bytes);
    if (!value) continue;
    ++accepted;
    ASSERT_EQ(encode_cbor(*value).value(), bytes) << to_hex(bytes);
  }
  EXPECT_GT(accepted, 10000u);
}

}  // namespace
}  // namespace detente::wire
