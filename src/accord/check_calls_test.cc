#include "accord/check_calls.h"

#include <gtest/gtest.h>

#include "accord/accord_for_test.h"
#include "accord/hours_text.h"

namespace detente::accord {
namespace {

struct Case {
  std::string from, to;
  Fault fault;
  std::string names;
};

void expect_refused(const std::string& text, const Case& c) {
  const std::string changed = test::replaced(text, c.from, c.to);
  ASSERT_FALSE(changed.empty()) << c.from;
  const auto read = parse_annex(changed);
  ASSERT_FALSE(read) << c.to;
  EXPECT_EQ(read.error().fault, c.fault) << read.error().message;
  EXPECT_NE(read.error().message.find(c.names), std::string::npos)
      << read.error().message << " does not name " << c.names;
}

std::string whole() { return write_annex(test::annex_with_hours()).value(); }

TEST(CheckCalls, GiveBackWhatWasPutIn) {
  const auto read = parse_annex(whole());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, test::annex_with_hours());
  EXPECT_EQ(write_annex(*read).value(), whole());
}

TEST(CheckCalls, WithoutTheNewKeysNothingIsWritten) {
  const std::string text = test::annex_texts()[1];
  for (const char* key : {"[hours]", "kind", "caller", "own_hours", "exceptions", "_minutes"})
    EXPECT_EQ(text.find(key), std::string::npos) << key;
  const Annex annex = parse_annex(text).value();
  EXPECT_EQ(annex.hours, HoursTerms{});
  EXPECT_EQ(annex.hours.late_minutes, 5u);
  EXPECT_EQ(annex.hours.unanswered_minutes, 30u);
  EXPECT_EQ(annex.check_calls[0].kind, CallKind::kOrdinary);
}

TEST(CheckCalls, InTurnMayBeSaid) {
  const std::string said = test::replaced(whole(), "caller = \"south\"", "caller = \"alternate\"");
  EXPECT_EQ(parse_annex(said).value().check_calls[2].caller, "");
}

TEST(CheckCalls, OneDateAloneIsASchedule) {
  Annex annex = test::annexes()[1];
  annex.check_calls = {{9 * 60, "Asia/Seoul", 0}};
  annex.check_calls[0].exceptions = {{{2027, 3, 1}, 600}};
  EXPECT_EQ(parse_annex(write_annex(annex).value()).value(), annex);
}

TEST(CheckCalls, NeverOccurring) {
  const std::string days = "days = [\"sat\"]";
  for (const Case& c : {
           Case{days, "days = []", Fault::kConflict, "never occurs"},
           Case{days, "days = []\nexceptions = [\"2027-03-01 none\"]", Fault::kConflict,
                "never occurs"},
           Case{"2027-12-24", "2027-02-29", Fault::kMalformed, "2027-02-29 is a date that no"},
           Case{"2027-12-24", "2106-01-01", Fault::kMalformed, "years 1970 to 2105"},
           Case{"\"10-09\"", "\"02-30\"", Fault::kMalformed, "02-30 is a date in no year"},
           Case{"\"2027-02-08\"", "\"2027-02-29\"", Fault::kMalformed, "2027-02-29"},
       })
    expect_refused(whole(), c);
  EXPECT_TRUE(parse_annex(test::replaced(whole(), "10-09", "02-29"))) << "leap years have it";
}

TEST(CheckCalls, Overlapping) {
  for (const Case& c : {
           Case{"\"17:00\"", "\"09:44\"", Fault::kConflict, "mon 09:00 Asia/Seoul is open for 45"},
           Case{"\"17:00\"", "\"09:00\"", Fault::kConflict, "overlap"},
           Case{"unanswered_minutes = 45", "unanswered_minutes = 481", Fault::kConflict,
                "the next one is at 17:00"},
       })
    expect_refused(whole(), c);
  EXPECT_TRUE(parse_annex(test::replaced(whole(), "\"17:00\"", "\"09:45\"")));
  // Over midnight, and from Sunday to Monday.
  Annex annex = test::annexes()[1];
  annex.check_calls = {{23 * 60 + 50, "UTC", 0x40}, {10, "UTC", 0x01}};
  EXPECT_FALSE(write_annex(annex));
  annex.check_calls[1].minute = 20;
  EXPECT_TRUE(write_annex(annex));
  annex.check_calls = {{540, "UTC", 0x7f}};
  annex.hours.unanswered_minutes = 1440;
  EXPECT_TRUE(write_annex(annex)) << "a call a day may be open all day";
}

TEST(CheckCalls, RefusesAndSaysWhere) {
  const std::string own = "\"north 09:00 Asia/Pyongyang\"";
  for (const Case& c : {
           Case{"kind = \"opening\"", "kind = \"secret\"", Fault::kUnsupported, "kind"},
           Case{"kind = \"opening\"", "kind = \"ordinary\"", Fault::kConflict, "\"opening\""},
           Case{"kind = \"closing\"", "kind = \"ordinary\"", Fault::kConflict, "\"closing\""},
           Case{"caller = \"south\"", "caller = \"So uth\"", Fault::kMalformed, "caller"},
           Case{"caller = \"south\"", "caller = 1", Fault::kMalformed, "caller"},
           Case{own, own + ", " + own, Fault::kConflict, "twice"},
           Case{own, own + ", " + own + ", " + own, Fault::kMalformed, "own_hours"},
           Case{own, "\"north 09:00\"", Fault::kMalformed, "own_hours"},
           Case{own, "\"north 9:00 Asia/Pyongyang\"", Fault::kMalformed, "own_hours"},
           Case{own, "\"north 09:00 Asia Pyongyang\"", Fault::kMalformed, "own_hours"},
           Case{own, "\"North 09:00 Asia/Pyongyang\"", Fault::kMalformed, "own_hours"},
           Case{"2027-03-02 10:30", "2028-03-02 10:30", Fault::kConflict, "order"},
           Case{"2027-03-02 10:30", "2027-12-24 10:30", Fault::kConflict, "order"},
           Case{"2027-03-02 10:30", "2027-03-02 24:30", Fault::kMalformed, "exceptions"},
           Case{"2027-03-02 10:30", "2027-03-02", Fault::kMalformed, "exceptions"},
           Case{"2027-03-02 10:30", "03-02 10:30", Fault::kMalformed, "exceptions"},
           Case{"\"01-01\"", "\"1-1\"", Fault::kMalformed, "holidays"},
           Case{"\"01-01\"", "\"11-01\"", Fault::kConflict, "order"},
           Case{"\"01-01\", \"10-09\"", "\"10-09\", \"10-09\"", Fault::kConflict, "once"},
           Case{"holidays = ", "holiday = ", Fault::kMalformed, "\"holidays\" is missing"},
           Case{"late_minutes = 10", "late_minutes = 0", Fault::kMalformed, "late_minutes"},
           Case{"late_minutes = 10", "late_minutes = 46", Fault::kConflict, "never be late"},
           Case{"presence_minutes = 15", "presence_minutes = 1441", Fault::kMalformed, "presence"},
           Case{"presence_minutes = 15", "", Fault::kMalformed, "presence_minutes"},
           Case{"[hours]", "[hours]\ncolour = 1", Fault::kMalformed, "colour"},
       })
    expect_refused(whole(), c);
}

TEST(CheckCalls, AsATextOfTheirOwn) {
  const std::string text = whole().substr(whole().find("[hours]"));
  const auto read = parse_hours(text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->terms, test::annex_with_hours().hours);
  EXPECT_EQ(read->calls, test::annex_with_hours().check_calls);
  EXPECT_TRUE(parse_hours(""));
  EXPECT_FALSE(parse_hours(whole())) << "an annex's other keys have no place in it";
  const auto never = parse_hours(test::replaced(text, "[\"sat\"]", "[]"));
  ASSERT_FALSE(never);
  EXPECT_NE(never.error().message.find("hours: check call at 12:00 never occurs"),
            std::string::npos)
      << never.error().message;
}

TEST(CheckCalls, NamedSidesAreThoseOfTheAccord) {
  for (const auto& [from, to] :
       {std::pair<std::string, std::string>{"caller = \"south\"", "caller = \"east\""},
        {"\"north 09:00", "\"west 09:00"}}) {
    Accord accord = test::accord();
    std::vector<std::string> texts = test::annex_texts();
    texts.insert(texts.begin() + 2, test::replaced(whole(), from, to));
    accord.lines.insert(accord.lines.begin() + 2, {LineId{3}, annex_digest(texts[2])});
    const auto read = assemble_accord(as_bytes(test::sign_by_both(accord).encode()), texts);
    ASSERT_FALSE(read) << to;
    EXPECT_NE(read.error().message.find("its sides are south and north"), std::string::npos)
        << read.error().message;
  }
  Accord accord = test::accord();
  std::vector<std::string> texts = test::annex_texts();
  texts.insert(texts.begin() + 2, whole());
  accord.lines.insert(accord.lines.begin() + 2, {LineId{3}, annex_digest(whole())});
  const auto read = assemble_accord(as_bytes(test::sign_by_both(accord).encode()), texts);
  EXPECT_TRUE(read) << read.error().message;
}

}  // namespace
}  // namespace detente::accord
