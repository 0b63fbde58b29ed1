#include "wire/coder.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unordered_set>

namespace detente::wire {
namespace {

std::filesystem::path data_folder() {
  const char* source = std::getenv("DETENTE_SOURCE");
  return std::filesystem::path(source ? source : ".") / "data";
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> lines_of(const std::string& name) {
  std::istringstream in(read_file(data_folder() / "passages" / name));
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

const TextCoder& coder() {
  static const TextCoder shared = TextCoder::with_dictionary(shipped_dictionary()).value();
  return shared;
}

Bytes text_bytes(std::string_view text) { return to_bytes(as_bytes(text)); }

// ---- the dictionary and the passages ----

TEST(Dictionary, IsTheFileThatAccordsName) {
  EXPECT_TRUE(as_string(shipped_dictionary()) == read_file(data_folder() / "dictionary/en-1.dict"));
  EXPECT_LE(shipped_dictionary().size(), kDictionaryBytesMax);
}

// White space as the passages have it: a line's end in the corpus is a space there.
std::string flat(const std::string& text) {
  std::istringstream in(text);
  std::string out;
  for (std::string word; in >> word;) out += (out.empty() ? "" : " ") + word;
  return out;
}

TEST(Passages, ShareNothingWithDictionaryAndCorpus) {
  constexpr std::size_t kRun = 24;
  std::unordered_set<std::string> known;
  const auto learn = [&](const std::string& text) {
    for (std::size_t i = 0; i + kRun <= text.size(); ++i) known.insert(text.substr(i, kRun));
  };
  learn(as_string(shipped_dictionary()));
  std::size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(data_folder() / "corpus")) {
    const std::string text = read_file(file.path());
    learn(text);
    learn(flat(text));
    ++files;
  }
  EXPECT_GE(files, 10u);
  for (const auto& [name, length, least] :
       {std::tuple{"en-100.txt", 100u, 150u}, std::tuple{"en-1000.txt", 1000u, 30u}}) {
    const std::vector<std::string> passages = lines_of(name);
    EXPECT_GE(passages.size(), least);
    for (const std::string& passage : passages) {
      ASSERT_EQ(passage.size(), length);
      ASSERT_TRUE(std::ranges::all_of(passage, [](char c) { return c >= ' ' && c <= '~'; }));
      for (std::size_t i = 0; i + kRun <= passage.size(); ++i) {
        ASSERT_FALSE(known.contains(passage.substr(i, kRun))) << passage.substr(i, kRun);
      }
    }
  }
}

TEST(Passages, TakeFewBytes) {
  std::vector<std::size_t> sizes;
  double sum = 0;
  for (const std::string& passage : lines_of("en-100.txt")) {
    const Coded coded = coder().encode(as_bytes(passage));
    sizes.push_back(coded.bytes.size());
    sum += static_cast<double>(coded.bytes.size());
    EXPECT_EQ(coder().decode(coded.coder, coded.bytes, 100).value(), text_bytes(passage));
  }
  ASSERT_FALSE(sizes.empty());
  std::ranges::sort(sizes);
  const double mean = sum / static_cast<double>(sizes.size());
  std::printf("100 characters: mean %.1f bytes, p90 %zu\n", mean, sizes[sizes.size() * 9 / 10]);
  EXPECT_LE(mean, 58);
}

TEST(Passages, TakeLittleMoreWhereTheLineIsFull) {
  std::size_t shortest = 0, quick = 0;
  for (const std::string& passage : lines_of("en-1000.txt"))
    for (std::size_t at = 0; at + 200 <= passage.size(); at += 200) {
      const std::string text = passage.substr(at, 200);
      const Coded coded = coder().encode(as_bytes(text), Effort::kQuick);
      EXPECT_EQ(coder().decode(coded.coder, coded.bytes, 200).value(), text_bytes(text));
      shortest += coder().encode(as_bytes(text)).bytes.size();
      quick += coded.bytes.size();
    }
  std::printf("200 characters: %zu bytes in all, %zu by the quick search\n", shortest, quick);
  ASSERT_GT(shortest, 10'000u);
  EXPECT_LE(quick * 100, shortest * 103);
}

// ---- the coder ----

TEST(TextCoder, RoundTripsTextsOfManyKinds) {
  std::string long_text;
  for (const std::string& passage : lines_of("en-1000.txt")) long_text += passage;
  for (const std::string& text :
       {std::string(), std::string("a"), std::string("Please confirm receipt of this message."),
        std::string("남과 북은 군사적 긴장을 완화하기로 하였다."), std::string(900, 'x'),
        long_text}) {
    const Coded coded = coder().encode(as_bytes(text));
    EXPECT_LE(coded.bytes.size(), text.size());
    EXPECT_EQ(coder().decode(coded.coder, coded.bytes, text.size()).value(), text_bytes(text));
    if (!text.empty()) {
      EXPECT_EQ(coder().decode(coded.coder, coded.bytes, text.size() - 1).error().fault,
                Fault::kLimit);
    }
  }
}

TEST(TextCoder, IncompressibleTravelsRaw) {
  const Bytes noise = from_hex("9d61b19deffd5a60ba844af492ec2cc44449c569").value();
  const Coded coded = coder().encode(noise);
  EXPECT_EQ(coded.coder, kCoderRaw);
  EXPECT_EQ(coded.bytes, noise);
}

TEST(TextCoder, RepeatsByteForByte) {
  const TextCoder other = TextCoder::with_dictionary(shipped_dictionary()).value();
  for (const std::string& passage : lines_of("en-1000.txt")) {
    const Coded coded = coder().encode(as_bytes(passage));
    EXPECT_EQ(other.encode(as_bytes(passage)), coded);
    EXPECT_EQ(coder().encode(as_bytes(passage)), coded);
  }
}

TEST(TextCoder, Moves) {
  TextCoder first = TextCoder::with_dictionary(shipped_dictionary()).value();
  const TextCoder second = std::move(first);
  const Coded coded = second.encode(as_bytes("We confirm the arrangements for the meeting."));
  EXPECT_EQ(coded.coder, kCoderZstd);
  first = TextCoder::with_dictionary(shipped_dictionary()).value();
  EXPECT_TRUE(first.decode(coded.coder, coded.bytes, 100));
}

// A frame that zstd 1.5.4 wrote must open for ever, whatever version is linked.
TEST(TextCoder, GoldenFrameOpens) {
  const Bytes coded =
      from_hex("0000ed000038546f706e6f6f6e06fccaa6f177a0904d3f928672e3da4131db56f909").value();
  const auto text = coder().decode(kCoderZstd, coded, 100);
  ASSERT_TRUE(text);
  EXPECT_EQ(as_string(*text), "The line is open. We await your reply until noon tomorrow.");
}

// ---- hostile bytes ----

TEST(TextCoder, UnknownCodersAreRefused) {
  for (unsigned number = 2; number < 256; ++number) {
    const auto text = coder().decode(static_cast<std::uint8_t>(number), Bytes{1, 2, 3}, 100);
    EXPECT_EQ(text.error().fault, Fault::kUnsupported);
  }
}

TEST(TextCoder, TrailingBytesAndSecondFramesAreRefused) {
  const Coded coded = coder().encode(as_bytes("We take note of your statement of yesterday."));
  ASSERT_EQ(coded.coder, kCoderZstd);
  EXPECT_FALSE(coder().decode(kCoderZstd, concat(coded.bytes, Bytes{0}), 1000));
  EXPECT_FALSE(coder().decode(kCoderZstd, concat(coded.bytes, coded.bytes), 1000));
  for (std::size_t size = 0; size < coded.bytes.size(); ++size) {
    EXPECT_EQ(coder().decode(kCoderZstd, ByteView(coded.bytes).first(size), 1000).error().fault,
              Fault::kMalformed)
        << size;
  }
  EXPECT_TRUE(coder().decode(kCoderZstd, coded.bytes, 1000));  // errors leave nothing behind
}

TEST(TextCoder, BombsStopAtTheLimit) {
  const Bytes zeros(1 << 20, 0);
  const Coded bomb = coder().encode(zeros);
  EXPECT_LT(bomb.bytes.size(), 200u);
  EXPECT_EQ(coder().decode(bomb.coder, bomb.bytes, 1024).error().fault, Fault::kLimit);
  // A frame that asks for a window of 3.75 TiB.
  EXPECT_FALSE(coder().decode(kCoderZstd, from_hex("00ff010000").value(), 1024));
}

TEST(TextCoder, AnotherDictionaryDoesNotPassForThisOne) {
  const Bytes noise(4096, 'z');
  EXPECT_EQ(TextCoder::with_dictionary(noise).error().fault, Fault::kMalformed);
  EXPECT_EQ(TextCoder::with_dictionary({}).error().fault, Fault::kMalformed);
  EXPECT_EQ(TextCoder::with_dictionary(Bytes(kDictionaryBytesMax + 1, 0)).error().fault,
            Fault::kLimit);
  Bytes damaged = to_bytes(shipped_dictionary().first(60));
  EXPECT_FALSE(TextCoder::with_dictionary(damaged));
}

RC_GTEST_PROP(TextCoder, AnyBytesRoundTrip, (Bytes bytes)) {
  const Coded coded = coder().encode(bytes);
  RC_ASSERT(coded.bytes.size() <= bytes.size());
  RC_ASSERT(coder().decode(coded.coder, coded.bytes, bytes.size()).value() == bytes);
  const Coded quick = coder().encode(bytes, Effort::kQuick);
  RC_ASSERT(quick.bytes.size() <= bytes.size());
  RC_ASSERT(coder().decode(quick.coder, quick.bytes, bytes.size()).value() == bytes);
}

RC_GTEST_PROP(TextCoder, AnyBytesDecodeWithinTheLimit,
              (Bytes bytes, std::vector<std::pair<std::uint16_t, std::uint8_t>> edits)) {
  const auto limited = [](ByteView coded) {
    const auto text = coder().decode(kCoderZstd, coded, 64);
    return !text || text->size() <= 64;
  };
  RC_ASSERT(limited(bytes));
  Coded coded = coder().encode(as_bytes("We propose high-level talks on 15 September at 10:00."));
  for (const auto& [at, value] : edits) coded.bytes[at % coded.bytes.size()] = value;
  RC_ASSERT(limited(coded.bytes));
}

}  // namespace
}  // namespace detente::wire
