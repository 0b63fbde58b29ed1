#include "accord/words.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "accord/word_list.h"

namespace detente::accord {
namespace {

std::string joined(const std::vector<std::string_view>& words, std::string_view between = " ") {
  std::string out;
  for (const std::string_view word : words) out.append(out.empty() ? "" : between).append(word);
  return out;
}

// By the definition, without memory of rows.
std::size_t slow_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i)
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0)
        d[i][j] = i + j;
      else
        d[i][j] = std::min(
            {d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
    }
  return d[a.size()][b.size()];
}

TEST(Words, ListIsHardToMishear) {
  std::set<std::string_view> starts;
  for (std::size_t i = 0; i < kWordList.size(); ++i) {
    const std::string_view word = kWordList[i];
    EXPECT_TRUE(word.size() >= 4 && word.size() <= 7) << word;
    for (const char c : word) EXPECT_TRUE(c >= 'a' && c <= 'z') << word;
    EXPECT_TRUE(starts.insert(word.substr(0, 4)).second) << word;
    EXPECT_TRUE(i == 0 || kWordList[i - 1] < word) << word;
    for (std::size_t j = 0; j < i; ++j)
      EXPECT_GE(slow_distance(word, kWordList[j]), 3u) << word << " " << kWordList[j];
    EXPECT_EQ(value_of_word(word), i);
    EXPECT_EQ(word_of(static_cast<std::uint8_t>(i)), word);
  }
}

RC_GTEST_PROP(Words, SurviveBeingReadAloud, (const Bytes& bytes)) {
  const auto words = to_words(bytes);
  RC_ASSERT(words.size() == bytes.size() + 1);
  std::string text = joined(words, *rc::gen::element<std::string>(" ", "\n", ", ", "-", ".  "));
  if (*rc::gen::arbitrary<bool>())
    for (char& c : text) c = static_cast<char>(std::toupper(c));
  const auto back = from_words(text, bytes.size());
  RC_ASSERT(back.has_value());
  RC_ASSERT(equal(back->view(), bytes));
}

RC_GTEST_PROP(Words, NearestIsOneOfTheNearest, ()) {
  const std::string word = *rc::gen::container<std::string>(rc::gen::inRange('a', '{'));
  if (word.size() > 20) return;
  std::size_t best = 100;
  for (const std::string_view each : kWordList) best = std::min(best, slow_distance(each, word));
  RC_ASSERT(slow_distance(nearest_word(word), word) == best);
}

TEST(Words, NamesTheWordThatIsWrong) {
  const Bytes bytes{1, 2, 3, 4, 5};
  auto words = to_words(bytes);
  words[2] = "ancor";
  const auto unknown = from_words(joined(words), 5);
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message.find("word 3 "), std::string::npos) << unknown.error().message;
  EXPECT_NE(unknown.error().message.find("anchor"), std::string::npos) << unknown.error().message;
}

TEST(Words, CheckWordFindsWhatWasHeardWrongly) {
  const Bytes bytes{10, 20, 30, 40, 50, 60, 70, 80};
  const auto good = to_words(bytes);
  std::size_t missed = 0, tried = 0;
  for (std::size_t i = 0; i < good.size(); ++i)
    for (int value = 0; value < 256; ++value) {
      auto words = good;
      words[i] = word_of(static_cast<std::uint8_t>(value));
      if (words == good) continue;
      ++tried;
      if (from_words(joined(words), bytes.size())) ++missed;
    }
  EXPECT_LT(missed * 100, tried);  // one in 256 is what one check word can do
  auto swapped = good;
  std::swap(swapped[1], swapped[2]);
  EXPECT_FALSE(from_words(joined(swapped), bytes.size()));
}

TEST(Words, CountsThem) {
  const auto words = to_words(Bytes{1, 2, 3});
  EXPECT_FALSE(from_words(joined(words), 2));
  EXPECT_FALSE(from_words(joined(words), 4));
  EXPECT_FALSE(from_words("", 3));
  EXPECT_FALSE(from_words("acorn", 1));
  EXPECT_EQ(from_words(std::string(10000, 'a'), 3).error().fault, Fault::kLimit);
  EXPECT_FALSE(from_words(joined(words) + " \xff\xfe", 3));
}

}  // namespace
}  // namespace detente::accord
