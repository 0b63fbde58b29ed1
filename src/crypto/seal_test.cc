#include "crypto/seal.h"

#include <gtest/gtest.h>

#include "crypto/age.h"

namespace detente::crypto {
namespace {

constexpr int kCheap = 1;  // scrypt's least: these tests are about the format, not the cost
constexpr std::string_view kPassphrase = "a test's passphrase";

Bytes sealed(ByteView plain, int work_factor = kCheap) {
  SeededRandom random(1);
  return seal_with_passphrase(plain, kPassphrase, work_factor, random);
}

Fault fault_of(ByteView file, std::string_view passphrase = kPassphrase) {
  const auto opened = open_with_passphrase(file, passphrase);
  EXPECT_FALSE(opened);
  return opened ? Fault::kState : opened.error().fault;
}

Bytes replaced(const Bytes& file, std::string_view from, std::string_view to) {
  std::string text = as_string(file);
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos);
  return to_bytes(as_bytes(text.replace(at, from.size(), to)));
}

TEST(Seal, OpensWhatItSealed) {
  constexpr std::size_t kChunk = kAgeChunkSize;
  for (std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{32}, kChunk - 1, kChunk,
                           kChunk + 1, 2 * kChunk, 2 * kChunk + 77}) {
    Bytes plain(size);
    SeededRandom(size).fill(plain);
    const Bytes file = sealed(plain);
    const auto opened = open_with_passphrase(file, kPassphrase);
    ASSERT_TRUE(opened) << size;
    EXPECT_TRUE(equal(opened->view(), plain)) << size;
    const std::size_t chunks = size == 0 ? 1 : (size + kChunk - 1) / kChunk;
    const auto header = parse_age_header(file);
    ASSERT_TRUE(header);
    EXPECT_EQ(file.size() - header->size, 16 + size + 16 * chunks);
  }
}

TEST(Seal, WritesTheStandardForm) {
  const std::string text = as_string(sealed(as_bytes("key"), 10));
  EXPECT_TRUE(text.starts_with("age-encryption.org/v1\n-> scrypt "));
  EXPECT_NE(text.find(" 10\n"), std::string::npos);
  EXPECT_NE(text.find("\n--- "), std::string::npos);
}

TEST(Seal, WrongPassphraseIsDenied) {
  const Bytes file = sealed(as_bytes("key"));
  EXPECT_EQ(fault_of(file, "another"), Fault::kDenied);
  EXPECT_EQ(fault_of(file, ""), Fault::kDenied);
  SeededRandom random(2);
  const Bytes empty = seal_with_passphrase(as_bytes("key"), "", kCheap, random);
  EXPECT_TRUE(open_with_passphrase(empty, ""));
  EXPECT_EQ(fault_of(empty, " "), Fault::kDenied);
}

TEST(Seal, StationCostOpens) {
  const Bytes file = sealed(as_bytes("key"), kWorkFactor);
  EXPECT_TRUE(open_with_passphrase(file, kPassphrase));
}

TEST(Seal, RefusesTooMuchWork) {
  const Bytes file = sealed(as_bytes("key"), 10);
  EXPECT_EQ(fault_of(replaced(file, " 10\n", " 21\n")), Fault::kLimit);
  EXPECT_EQ(fault_of(replaced(file, " 10\n", " 99999999999999999999\n")), Fault::kLimit);
  EXPECT_EQ(fault_of(replaced(file, " 10\n", " 11\n")), Fault::kDenied);
  for (const char* bad : {" 010\n", " +10\n", " 0\n", " \n", "\n", " 1a\n", " 10 10\n", " 10 \n",
                          "  10\n", " 10\r\n", "\t10\n", " -1\n"}) {
    EXPECT_EQ(fault_of(replaced(file, " 10\n", bad)), Fault::kMalformed) << bad;
  }
}

TEST(Seal, NothingOfAFileCanBeChanged) {
  const Bytes file = sealed(as_bytes("thirty-two bytes of a secret key"));
  for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
    Bytes changed = file;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    EXPECT_FALSE(open_with_passphrase(changed, kPassphrase)) << "bit " << bit;
  }
  for (std::size_t n = 0; n < file.size(); ++n) {
    EXPECT_EQ(fault_of(ByteView(file).first(n)), Fault::kMalformed) << n << " bytes";
  }
  EXPECT_EQ(fault_of(concat(file, Bytes(1))), Fault::kMalformed);
  EXPECT_EQ(fault_of(concat(file, file)), Fault::kMalformed);
}

TEST(Seal, ChunksCannotBeMovedOrDropped) {
  const Bytes file = sealed(Bytes(3 * kAgeChunkSize, 7));
  const std::size_t start = parse_age_header(file)->size + kAgeNonceSize;
  constexpr std::size_t kSealed = kAgeChunkSize + 16;
  const auto chunk = [&](std::size_t i) {
    return ByteView(file).subspan(start + i * kSealed, kSealed);
  };
  const Bytes head = to_bytes(ByteView(file).first(start));
  ASSERT_TRUE(open_with_passphrase(concat(head, chunk(0), chunk(1), chunk(2)), kPassphrase));
  for (const Bytes& bad :
       {concat(head, chunk(0), chunk(1)), concat(head, chunk(1), chunk(2)),
        concat(head, chunk(1), chunk(0), chunk(2)), concat(head, chunk(0), chunk(2)),
        concat(head, chunk(0), chunk(1), chunk(2), chunk(2)), head}) {
    EXPECT_EQ(fault_of(bad), Fault::kMalformed);
  }
}

TEST(Seal, HeaderIsBounded) {
  Bytes endless = to_bytes(as_bytes("age-encryption.org/v1\n"));
  while (endless.size() < 200'000) append(endless, "-> a\n\n");
  EXPECT_EQ(fault_of(endless), Fault::kLimit);
  EXPECT_EQ(fault_of(concat(as_bytes("age-encryption.org/v1\n"), Bytes(200'000, 'a'))),
            Fault::kLimit);
  EXPECT_EQ(fault_of(Bytes()), Fault::kMalformed);
  EXPECT_EQ(fault_of(Bytes(200'000, 0xff)), Fault::kMalformed);
}

TEST(Age, BodiesOfEveryLengthHaveOneForm) {
  for (std::size_t size = 0; size < 150; ++size) {
    const AgeStanza stanza{{"type", "argument"}, Bytes(size, 0xfb)};
    Bytes file = write_age_stanzas({stanza, stanza});
    append(file, write_age_mac(Bytes(file), Bytes(16)));
    const auto header = parse_age_header(file);
    ASSERT_TRUE(header) << size << header.error().message;
    ASSERT_EQ(header->stanzas.size(), 2u);
    EXPECT_EQ(header->stanzas[1].body, stanza.body);
    EXPECT_EQ(header->stanzas[1].arguments, stanza.arguments);
    EXPECT_TRUE(check_age_mac(*header, Bytes(16)));
    EXPECT_FALSE(check_age_mac(*header, Bytes(16, 1)));
  }
}

}  // namespace
}  // namespace detente::crypto
