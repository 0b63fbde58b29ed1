#include "station/watch_log.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "io/sqlite_test_folder.h"

namespace detente::station {
namespace {

class WatchLogTest : public testing::Test {
 protected:
  Result<WatchLog> open() {
    seen_.clear();
    return WatchLog::open(path_, [this](const Json& line) -> Result<void> {
      seen_.push_back(line["what"].get<std::string>());
      return {};
    });
  }
  void write(std::initializer_list<const char*> notes) {
    auto log = open();
    ASSERT_TRUE(log);
    for (const char* what : notes) ASSERT_TRUE(log->append(WallTime{100}, {{"what", what}}));
  }
  std::string text() {
    std::ostringstream out;
    out << std::ifstream(path_).rdbuf();
    return out.str();
  }
  void put(const std::string& text) { std::ofstream(path_, std::ios::binary) << text; }

  io::TestFolder folder_;
  io::Path path_ = folder_.file("watch.log");
  std::vector<std::string> seen_;
};

TEST_F(WatchLogTest, GoesOnWhereItEnded) {
  write({"a", "b"});
  write({"c"});
  const auto log = open();
  ASSERT_TRUE(log);
  EXPECT_EQ(seen_, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(log->lines(), 3u);
  std::vector<std::string> late;
  ASSERT_TRUE(log->read(2, [&](const Json& line) -> Result<void> {
    late.push_back(line["what"].get<std::string>());
    return {};
  }));
  EXPECT_EQ(late, (std::vector<std::string>{"b", "c"}));
}

TEST_F(WatchLogTest, ALineThatWasChangedOrTakenOutShows) {
  write({"first", "second", "third"});
  const std::string whole = text();
  std::string changed = whole;
  changed.replace(changed.find("second"), 6, "sacond");
  put(changed);
  EXPECT_EQ(open().error().fault, Fault::kConflict);
  const std::size_t one = whole.find('\n') + 1, two = whole.find('\n', one) + 1;
  put(whole.substr(0, one) + whole.substr(two));
  EXPECT_FALSE(open());
  put(whole);
  EXPECT_TRUE(open());
}

TEST_F(WatchLogTest, ACrashWithinALineLosesNothingBeforeIt) {
  write({"first", "second"});
  const std::string whole = text();
  put(whole.substr(0, whole.size() - 3));
  write({"again"});
  ASSERT_TRUE(open());
  EXPECT_EQ(seen_, (std::vector<std::string>{"first", "again"}));
}

TEST_F(WatchLogTest, ReadsFromWhereTheSpanBegins) {
  constexpr std::uint32_t kLines = 2000;
  for (const bool opened_again : {false, true}) {
    auto log = open();
    ASSERT_TRUE(log);
    for (std::uint32_t i = 1; !opened_again && i <= kLines; ++i) ASSERT_TRUE(log->append(WallTime{i}, {{"what", "x"}}));
    for (const std::uint32_t first : {1u, 512u, 513u, 514u, 1999u, 2000u, 2001u}) {
      for (const std::uint32_t since : {0u, 1u, 600u, 1024u, 1025u, 2000u, 2001u}) {
        std::vector<std::uint32_t> numbers;
        ASSERT_TRUE(log->read(first, [&](const Json& line) -> Result<void> {
          numbers.push_back(line["n"].get<std::uint32_t>());
          return {};
        }, WallTime{since}));
        const std::uint32_t begin = std::max(first, std::max(since, 1u));
        ASSERT_EQ(numbers.size(), begin > kLines ? 0 : kLines - begin + 1) << first << " " << since;
        EXPECT_TRUE(numbers.empty() || numbers.front() == begin);
      }
    }
  }
}

// The chain alone does not show it: what is left fits together.
TEST_F(WatchLogTest, AnEndThatIsGoneIsKnownByWhatWasNotedOfIt) {
  write({"a", "b", "c"});
  const WatchLog::End noted = open()->end();
  EXPECT_EQ(noted.lines, 3u);
  const auto back = parse_end(write_end(noted));
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, noted);
  for (const char* bad : {"", "3", "3 ", "x 00112233445566778899aabbccddeeff\n", "3 0011\n"}) EXPECT_FALSE(parse_end(bad)) << bad;
  EXPECT_TRUE(*open()->goes_through(noted));
  const std::string whole = text();
  write({"d"});
  EXPECT_TRUE(*open()->goes_through(noted));  // it went on
  put(whole.substr(0, whole.rfind('\n', whole.size() - 2) + 1));
  EXPECT_FALSE(*open()->goes_through(noted));
  write({"another", "d"});
  EXPECT_FALSE(*open()->goes_through(noted));
  std::filesystem::remove(path_);
  EXPECT_FALSE(*open()->goes_through(noted));
  write({"a"});
  EXPECT_FALSE(*open()->goes_through(noted));
}

}  // namespace
}  // namespace detente::station
