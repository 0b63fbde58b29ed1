#include "wire/text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/utf8.h"

namespace detente::wire {
namespace {

std::string utf8(char32_t c) {
  std::string out;
  if (c < 0x80) {
    out = {static_cast<char>(c)};
  } else if (c < 0x800) {
    out = {static_cast<char>(0xc0 | (c >> 6)), static_cast<char>(0x80 | (c & 0x3f))};
  } else if (c < 0x10000) {
    out = {static_cast<char>(0xe0 | (c >> 12)), static_cast<char>(0x80 | ((c >> 6) & 0x3f)),
           static_cast<char>(0x80 | (c & 0x3f))};
  } else {
    out = {static_cast<char>(0xf0 | (c >> 18)), static_cast<char>(0x80 | ((c >> 12) & 0x3f)),
           static_cast<char>(0x80 | ((c >> 6) & 0x3f)), static_cast<char>(0x80 | (c & 0x3f))};
  }
  return out;
}

// The list of text.h once more, as ranges.
bool allowed(char32_t c) {
  const std::pair<char32_t, char32_t> refused[] = {
      {0x00, 0x08},     {0x0b, 0x1f},     {0x7f, 0x9f},     {0xd800, 0xdfff},  {0x2028, 0x202e},
      {0x2066, 0x2069}, {0xfdd0, 0xfdef}, {0xfeff, 0xfeff}, {0xe0000, 0xe007f}};
  for (const auto& [first, last] : refused) {
    if (c >= first && c <= last) return false;
  }
  return (c % 0x10000) < 0xfffe;
}

TEST(Text, EveryCodePointIsJudgedAsTheListSays) {
  std::size_t refused = 0;
  for (char32_t c = 0; c < 0x110000; ++c) {
    const std::string text = utf8(c);
    const bool good = check_text(text, 4).has_value();
    ASSERT_EQ(good, allowed(c)) << std::hex << static_cast<unsigned>(c);
    ASSERT_EQ(display_text(text) == text, good) << std::hex << static_cast<unsigned>(c);
    refused += good ? 0 : 1;
  }
  EXPECT_GT(refused, 2048u);  // surrogates alone are that many
}

TEST(Text, LanguagesPass) {
  for (const char* text :
       {"We are ready to talk.\n\tTomorrow, 09:00.", "우리는 대화할 준비가 되어 있습니다.",
        "Мы готовы к переговорам.", "\u0646\u062d\u0646\u200f \u062c\u0627\u0647\u0632\u0648\u0646",
        "我们准备好了", "e\u0301", "\U0001f54a\ufe0f", ""}) {
    EXPECT_TRUE(check_text(text, 200)) << text;
    EXPECT_EQ(display_text(text), text);
  }
}

TEST(Text, ErrorsNameCharacterPlaceAndCure) {
  EXPECT_EQ(check_text("first\nsec\u202eond", 100).error().message,
            "the text has U+202E (character 10, line 2), a control of writing direction, which can "
            "show a text in another order; remove it");
  EXPECT_EQ(check_text("a\r\n", 100).error().message,
            "the text has U+000D (character 2, line 1), a carriage return; end lines with a line "
            "feed alone");
  EXPECT_EQ(check_text("\xc3\xbc\x9f", 100).error().message,
            "the text is not UTF-8: byte 9F at byte 3 (character 2, line 1); save it as UTF-8");
  const auto long_text = check_text("12345", 4);
  EXPECT_EQ(long_text.error().fault, Fault::kLimit);
  EXPECT_NE(long_text.error().message.find("shorten"), std::string::npos);
}

TEST(Text, MalformedUtf8IsRefused) {
  for (const char* text : {"\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xed\xa0\x80",
                           "\xed\xbf\xbf", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\x80",
                           "\xc3", "\xe6\xb0", "\xf0\x9f\x95", "\xff", "\xc3(", "ok\xfe"}) {
    EXPECT_FALSE(check_text(text, 100));
    EXPECT_FALSE(valid_utf8(text));
    EXPECT_TRUE(check_text(display_text(text), 100));
  }
}

TEST(Text, DisplayShowsWhatItReplaces) {
  EXPECT_EQ(display_text("a\x1b[31mb\u202ec\x9f\n"), "a<U+001B>[31mb<U+202E>c<byte 9F>\n");
  EXPECT_EQ(display_line("a\nb\tc"), "a<U+000A>b<U+0009>c");
}

TEST(Text, WhatNobodySeesShowsNothing) {
  for (const char* blank : {"", " ", "\n\t \n", "\u200b", "\u00a0\u3000\u2007", "\u200e\u2060", "\u3164", "\u2800"})
    EXPECT_FALSE(shows_anything(blank)) << blank;
  for (const char* seen : {".", " \u200b.", "\u4e00", "\u0627", "\u1100", "-", "\U0001f514", "0\ufe0f"}) EXPECT_TRUE(shows_anything(seen)) << seen;
}

RC_GTEST_PROP(Text, DisplayOfAnyBytesIsSafe, (std::vector<std::uint8_t> bytes)) {
  const std::string hostile(bytes.begin(), bytes.end());
  const std::string shown = display_text(hostile);
  RC_ASSERT(check_text(shown, 9 * bytes.size()).has_value());
  RC_ASSERT(display_text(shown) == shown);
  RC_ASSERT((shown == hostile) == check_text(hostile, bytes.size()).has_value());
  const std::string line = display_line(hostile);
  RC_ASSERT(check_text(line, 9 * bytes.size()).has_value());
  RC_ASSERT(line.find('\n') == std::string::npos);
}

TEST(Name, Rules) {
  for (const char* name :
       {"a", "north", "military-west", "path-2", "a234567890123456789012345678901b"}) {
    EXPECT_TRUE(check_name(name)) << name;
  }
  for (const char* name : {"", "North", "2nd", "-a", "a_b", "a b", "a/b", "\u00fc", "a\n",
                           "a23456789012345678901234567890123"}) {
    EXPECT_FALSE(check_name(name)) << name;
  }
  EXPECT_FALSE(check_name(std::string_view("a\0b", 3)));
  EXPECT_NE(check_name("a\u202e").error().message.find("<U+202E>"), std::string::npos);
}

}  // namespace
}  // namespace detente::wire
