#include "base/hex_for_test.h"
#include "wire/reader.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace detente::wire {
namespace {

TEST(Varint, ExamplesOfRfc9000) {  // appendix A.1
  const std::pair<const char*, std::uint64_t> cases[] = {{"c2197c5eff14e88c", 151288809941952652},
                                                         {"9d7f3e7d", 494878333},
                                                         {"7bbd", 15293},
                                                         {"25", 37}};
  for (const auto& [text, value] : cases) {
    const Bytes bytes = hex(text);
    EXPECT_EQ(ByteReader(bytes).varint().value(), value);
    Bytes written;
    append_varint(written, value);
    EXPECT_EQ(written, bytes);
  }
  EXPECT_FALSE(ByteReader(hex("4025")).varint());  // 37 in two bytes: allowed there, not here
}

TEST(Varint, EdgesOfEachLength) {
  const std::pair<std::uint64_t, std::size_t> cases[] = {
      {0, 1},     {63, 1},         {64, 2},         {16383, 2},
      {16384, 4}, {1073741823, 4}, {1073741824, 8}, {kVarintMax, 8}};
  for (const auto& [value, size] : cases) {
    Bytes bytes;
    append_varint(bytes, value);
    EXPECT_EQ(bytes.size(), size);
    EXPECT_EQ(varint_size(value), size);
    EXPECT_EQ(ByteReader(bytes).varint().value(), value);
    bytes.pop_back();
    EXPECT_FALSE(ByteReader(bytes).varint());
  }
}

TEST(Varint, NonShortestIsRefused) {
  for (const char* text :
       {"4000", "403f", "80000000", "80003fff", "c000000000000000", "c00000003fffffff"}) {
    const Bytes bytes = hex(text);
    ByteReader reader(bytes);
    EXPECT_EQ(reader.varint().error().fault, Fault::kMalformed) << text;
    EXPECT_EQ(reader.position(), 0u);
  }
}

RC_GTEST_PROP(Varint, RoundTripsAndHasOneForm, (std::uint64_t any)) {
  const std::uint64_t value = (any & kVarintMax) >> (any % 62);
  Bytes bytes;
  append_varint(bytes, value);
  ByteReader reader(bytes);
  RC_ASSERT(reader.varint().value() == value);
  RC_ASSERT(reader.empty());
}

RC_GTEST_PROP(Varint, AnyAcceptedBytesAreTheOnlyForm, (std::vector<std::uint8_t> bytes)) {
  ByteReader reader(bytes);
  const auto value = reader.varint();
  if (!value) return;
  Bytes again;
  append_varint(again, *value);
  RC_ASSERT(equal(again, ByteView(bytes).first(reader.position())));
}

TEST(Zigzag, FoldsAndUnfolds) {
  const std::pair<std::int64_t, const char*> cases[] = {{0, "00"},
                                                        {-1, "01"},
                                                        {1, "02"},
                                                        {-2, "03"},
                                                        {31, "3e"},
                                                        {-32, "3f"},
                                                        {32, "4040"},
                                                        {kZigzagMax, "fffffffffffffffe"},
                                                        {kZigzagMin, "ffffffffffffffff"}};
  for (const auto& [value, text] : cases) {
    Bytes bytes;
    append_zigzag(bytes, value);
    EXPECT_EQ(to_hex(bytes), text);
    EXPECT_EQ(ByteReader(bytes).zigzag().value(), value);
  }
}

TEST(ByteReader, TakesInOrderAndKnowsItsEnd) {
  const Bytes bytes = hex("0102030405060708090a");
  ByteReader reader(bytes);
  EXPECT_EQ(reader.u8().value(), 1u);
  EXPECT_EQ(reader.be(3).value(), 0x020304u);
  EXPECT_EQ(to_hex(reader.take(2).value()), "0506");
  EXPECT_EQ(reader.take(5).error().message, "cut short: 5 bytes wanted at byte 6, 4 left");
  EXPECT_EQ(reader.left(), 4u);  // an error moves nothing
  EXPECT_FALSE(reader.expect_end());
  EXPECT_EQ(to_hex(reader.rest()), "0708090a");
  EXPECT_TRUE(reader.expect_end());
  EXPECT_TRUE(reader.empty());
  EXPECT_FALSE(reader.u8());
  EXPECT_FALSE(reader.be(1));
  EXPECT_FALSE(reader.varint());
  EXPECT_EQ(reader.take(0).value().size(), 0u);
  EXPECT_EQ(reader.rest().size(), 0u);
  EXPECT_FALSE(ByteReader(bytes).take(SIZE_MAX));
}

TEST(VarintDeathTest, TooLargeIsTheCallersFault) {
  Bytes bytes;
  EXPECT_DEATH(append_varint(bytes, kVarintMax + 1), "kVarintMax");
  EXPECT_DEATH(append_zigzag(bytes, kZigzagMax + 1), "kZigzagMax");
}

}  // namespace
}  // namespace detente::wire
