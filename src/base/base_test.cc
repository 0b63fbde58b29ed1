#include <gtest/gtest.h>

#include <type_traits>

#include "base/bytes.h"
#include "base/random.h"
#include "base/secret.h"

namespace detente {
namespace {

TEST(Base64, RoundTripsAndHasOneSpelling) {
  SeededRandom random(1);
  for (std::size_t size = 0; size < 80; ++size) {
    Bytes bytes(size);
    random.fill(bytes);
    const std::string text = to_base64(bytes);
    EXPECT_EQ(from_base64(text), bytes);
    EXPECT_EQ(from_hex(to_hex(bytes)), bytes);
  }
  EXPECT_EQ(to_base64(as_bytes("foob")), "Zm9vYg==");
  for (const char* wrong : {"Zm9vYg=", "Zm9vYg", "Zm9vYh==", "Zm 9vYg==", "====", "Zm9vYg==\n", "Zm=vYg=="})
    EXPECT_FALSE(from_base64(wrong)) << wrong;
  EXPECT_FALSE(from_hex("abc"));
  EXPECT_FALSE(from_hex("zz"));
}

TEST(BigEndian, RoundTrips) {
  Bytes out;
  append_be(out, 0x0102030405060708u, 8);
  append_be(out, 0xbeef, 2);
  EXPECT_EQ(read_be(ByteView(out).first(8)), 0x0102030405060708u);
  EXPECT_EQ(read_be(ByteView(out).subspan(8)), 0xbeefu);
}

TEST(SecretBytes, IsNotCopiedByAccidentAndIsWipedWhenItMoves) {
  static_assert(!std::is_copy_constructible_v<SecretBytes>);
  static_assert(!std::is_copy_assignable_v<SecretBytes>);
  static_assert(!std::is_convertible_v<SecretBytes, ByteView>);
  SecretBytes secret = SecretBytes::copy_of(as_bytes("key material"));
  const SecretBytes moved = std::move(secret);
  EXPECT_EQ(as_string(moved.view()), "key material");
  EXPECT_TRUE(secret.empty());  // NOLINT: what a move leaves behind is the point
  Bytes bytes = to_bytes(as_bytes("key material"));
  wipe(bytes);
  EXPECT_EQ(bytes, Bytes(12, 0));
}

TEST(SeededRandom, GivesTheSameForEverAndBelowIsBelow) {
  SeededRandom a(42), b(42), c(43);
  const std::uint64_t first = a.next();
  EXPECT_EQ(first, b.next());
  EXPECT_NE(first, c.next());
  EXPECT_EQ(first, 1546998764402558742u);  // xoshiro256** seeded by SplitMix64 with 42
  for (int i = 0; i < 1000; ++i) EXPECT_LT(a.below(7), 7u);
}

}  // namespace
}  // namespace detente
