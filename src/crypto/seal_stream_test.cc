#include "crypto/seal_stream.h"

#include <gtest/gtest.h>

#include "crypto/age.h"
#include "crypto/hash.h"
#include "crypto/seal.h"

namespace detente::crypto {
namespace {

constexpr int kCheapStream = 1;
constexpr std::string_view kStreamPassphrase = "a test's passphrase";

Bytes some(std::size_t size) {
  Bytes out(size);
  SeededRandom(size + 1).fill(out);
  return out;
}

// In parts of `step` bytes.
Bytes seal_in_parts(ByteView plain, std::size_t step) {
  SeededRandom random(1);
  Bytes out;
  SealStream stream(kStreamPassphrase, kCheapStream, random, out);
  for (std::size_t at = 0; at < plain.size(); at += step)
    stream.add(plain.subspan(at, std::min(step, plain.size() - at)), out);
  stream.finish(out);
  return out;
}

Result<Bytes> open_in_parts(ByteView file, std::size_t step,
                            std::string_view passphrase = kStreamPassphrase) {
  DETENTE_TRY(stream,
              OpenStream::open(file.first(std::min(file.size(), kSealBeginningMax)), passphrase));
  Bytes out;
  for (std::size_t at = stream.taken(); at < file.size(); at += step)
    DETENTE_TRY_VOID(stream.add(file.subspan(at, std::min(step, file.size() - at)), out));
  DETENTE_TRY_VOID(stream.finish(out));
  return out;
}

constexpr std::size_t kChunk = kAgeChunkSize;
const std::size_t kSizes[] = {0,          1,          kChunk - 1,      kChunk,
                              kChunk + 1, 2 * kChunk, 2 * kChunk + 77, 5 * kChunk};

TEST(SealStream, GivesTheSameFileAsAtOnce) {
  for (const std::size_t size : kSizes) {
    const Bytes plain = some(size);
    SeededRandom random(1);
    const Bytes whole = seal_with_passphrase(plain, kStreamPassphrase, kCheapStream, random);
    for (const std::size_t step : {std::size_t{777}, kChunk, kChunk + 1, 8 * kChunk})
      EXPECT_EQ(seal_in_parts(plain, step), whole) << size << " by " << step;
  }
}

TEST(SealStream, OpensWhatWasSealedWholeOrInParts) {
  for (const std::size_t size : kSizes) {
    const Bytes plain = some(size);
    const Bytes file = seal_in_parts(plain, kChunk);
    for (const std::size_t step : {std::size_t{5}, std::size_t{4096}, kChunk + 16, 9 * kChunk}) {
      if (step == 5 && size > kChunk + 1) continue;
      const auto opened = open_in_parts(file, step);
      ASSERT_TRUE(opened) << size << " by " << step << ": " << opened.error().message;
      EXPECT_EQ(*opened, plain) << size << " by " << step;
    }
    const auto whole = open_with_passphrase(file, kStreamPassphrase);
    ASSERT_TRUE(whole) << size;
    EXPECT_TRUE(equal(whole->view(), plain));
  }
}

TEST(SealStream, NothingCutOffOrChangedPasses) {
  const Bytes file = seal_in_parts(some(2 * kChunk), kChunk);
  for (const std::size_t cut : {std::size_t{1}, std::size_t{16}, std::size_t{17}, kChunk + 16,
                                2 * kChunk + 32, 2 * kChunk + 40, file.size() - 1}) {
    const auto opened = open_in_parts(ByteView(file).first(file.size() - cut), 4096);
    ASSERT_FALSE(opened) << cut;
    EXPECT_EQ(opened.error().fault, Fault::kMalformed) << cut;
  }
  Bytes changed = file;
  changed[file.size() - kChunk] ^= 1;
  EXPECT_FALSE(open_in_parts(changed, 4096));
  Bytes longer = file;
  longer.push_back(0);
  EXPECT_FALSE(open_in_parts(longer, 4096));
  const auto wrong = open_in_parts(file, 4096, "another");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().fault, Fault::kDenied);
}

TEST(SealStream, HashInPartsIsTheHash) {
  const Bytes data = some(100'000);
  Sha256 hash;
  for (std::size_t at = 0; at < data.size(); at += 999)
    hash.add(ByteView(data).subspan(at, std::min<std::size_t>(999, data.size() - at)));
  EXPECT_EQ(hash.finish(), sha256(data));
}

}  // namespace
}  // namespace detente::crypto
