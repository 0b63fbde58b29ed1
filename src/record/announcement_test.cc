#include "record/announcement.h"

#include <gtest/gtest.h>

#include "wire/cbor.h"

namespace detente::record {
namespace {

Digest digest_of(char c) { return crypto::sha256(as_bytes(std::string(1, c))); }

const Announcement kOne{AnnouncementMode::kIdentical, "The lines are open again.", digest_of('a'), {}};
const Announcement kHalf{AnnouncementMode::kShown, "The lines are open again.", digest_of('a'), {}};
const Announcement kBoth{AnnouncementMode::kUnseen, "Die Leitungen sind wieder offen.", digest_of('a'), digest_of('b')};

TEST(Announcement, EachReadsBackAndNoPartOfItDoes) {
  for (const Announcement& one : {kOne, kHalf, kBoth}) {
    const Bytes content = announcement_content(one);
    EXPECT_EQ(parse_announcement_content(content), one);
    EXPECT_LE(content.size(), 400u) << "fits a proposal";
    for (std::size_t size = 0; size < content.size(); ++size)
      EXPECT_FALSE(parse_announcement_content(ByteView(content).first(size))) << size;
    Bytes longer = content;
    longer.push_back(0);
    EXPECT_FALSE(parse_announcement_content(longer));
  }
}

// Another spelling of the same would be another text under one signature.
TEST(Announcement, HasOneSpelling) {
  const Bytes content = announcement_content(kBoth);
  for (std::size_t at = 0; at < content.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      Bytes altered = content;
      altered[at] = static_cast<std::uint8_t>(altered[at] ^ (1 << bit));
      if (const auto read = parse_announcement_content(altered)) {
        EXPECT_NE(*read, kBoth) << at;
        EXPECT_EQ(announcement_content(*read), altered) << at;
      }
    }
}

TEST(Announcement, OnlyWhatNamesBothTextsIsComplete) {
  EXPECT_TRUE(kOne.complete());
  EXPECT_FALSE(kHalf.complete());
  EXPECT_TRUE(kBoth.complete());
}

TEST(Announcement, WhatMeansNothingIsRefused) {
  Announcement two = kBoth;
  two.mode = AnnouncementMode::kIdentical;
  EXPECT_EQ(parse_announcement_content(announcement_content(two)).error().fault, Fault::kMalformed);
  for (const std::string& core : {std::string(), std::string("two\nlines"), std::string("\x1b[2J"), std::string(201, 'x')}) {
    Announcement bad = kOne;
    bad.core = core;
    EXPECT_FALSE(parse_announcement_content(announcement_content(bad))) << core;
  }
  wire::CborWriter unknown;
  unknown.array(3).uint(3).text("core").bytes(digest_of('a'));
  EXPECT_EQ(parse_announcement_content(unknown.take()).error().fault, Fault::kUnsupported);
}

TEST(Announcement, ADigestHangsOnEveryByteAndOnTheSalt) {
  const AnnouncementSalt none{}, salt{1};
  const Digest of = announced_text_digest(none, as_bytes("Text."));
  EXPECT_NE(announced_text_digest(none, as_bytes("Text!")), of);
  EXPECT_NE(announced_text_digest(salt, as_bytes("Text.")), of);
}

TEST(Announcement, ATextIsSafeAndHasABound) {
  EXPECT_TRUE(check_announced_text("Both sides\nopen the lines.\n"));
  EXPECT_TRUE(check_announced_text(std::string(kAnnouncedTextMax, 'x')));
  for (const std::string& bad : {std::string(), std::string(kAnnouncedTextMax + 1, 'x'), std::string("a\x80"), std::string("a\rb")})
    EXPECT_FALSE(check_announced_text(bad));
}

}  // namespace
}  // namespace detente::record
