#include "io/journal_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "io/sqlite_test_folder.h"

namespace detente::io {
namespace {

class JournalFileTest : public testing::Test {
 protected:
  Result<JournalFile> open() {
    lines_.clear();
    return JournalFile::open(path_, [this](std::string_view line) -> Result<void> {
      lines_.emplace_back(line);
      return {};
    });
  }
  void append_raw(const std::string& bytes) { std::ofstream(path_, std::ios::app | std::ios::binary) << bytes; }

  TestFolder folder_;
  Path path_ = folder_.file("watch.log");
  std::vector<std::string> lines_;
};

TEST_F(JournalFileTest, GivesBackWhatWasAppended) {
  {
    auto file = open();
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->append("one"));
    ASSERT_TRUE(file->append(std::string(kJournalLineMax, 'x')));
  }
  auto file = open();
  ASSERT_TRUE(file);
  EXPECT_EQ(lines_, (std::vector<std::string>{"one", std::string(kJournalLineMax, 'x')}));
  EXPECT_EQ(file->torn_bytes(), 0u);
}

TEST_F(JournalFileTest, APartOfALineIsCutOffAndTheNextOneStandsAlone) {
  ASSERT_TRUE(open()->append("whole"));
  append_raw("half a li");
  {
    auto file = open();
    ASSERT_TRUE(file);
    EXPECT_EQ(file->torn_bytes(), 9u);
    ASSERT_TRUE(file->append("next"));
  }
  ASSERT_TRUE(open());
  EXPECT_EQ(lines_, (std::vector<std::string>{"whole", "next"}));
}

TEST_F(JournalFileTest, RefusesWhatWouldBeMoreThanOneLine) {
  auto file = open();
  ASSERT_TRUE(file);
  EXPECT_FALSE(file->append("a\nb"));
  EXPECT_FALSE(file->append(""));
  EXPECT_FALSE(file->append(std::string(kJournalLineMax + 1, 'x')));
  EXPECT_EQ(file->size(), 0u);
}

TEST_F(JournalFileTest, AFileOfSomethingElseIsNamedAndLeftAlone) {
  append_raw(std::string(3 * kJournalLineMax, 'x'));
  const auto file = open();
  ASSERT_FALSE(file);
  EXPECT_NE(file.error().message.find("line 1"), std::string::npos);
  EXPECT_EQ(std::filesystem::file_size(path_), 3 * kJournalLineMax);
}

TEST_F(JournalFileTest, TheVisitorsErrorNamesTheLine) {
  ASSERT_TRUE(open()->append("good"));
  append_raw("bad\n");
  const auto file = JournalFile::open(path_, [](std::string_view line) -> Result<void> {
    if (line == "bad") return fail(Fault::kMalformed, "no");
    return {};
  });
  ASSERT_FALSE(file);
  EXPECT_NE(file.error().message.find("line 2: no"), std::string::npos);
}

}  // namespace
}  // namespace detente::io
