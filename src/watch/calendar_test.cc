#include "watch/calendar.h"

#include <gtest/gtest.h>

#include <set>

namespace detente::watch {
namespace {

Day day(std::int32_t year, std::uint32_t month, std::uint32_t date) {
  return day_of({year, month, date});
}

void mark(CalendarView& view, Day at, DayMark what, std::uint8_t count = 1) {
  view.days[at].add(what, count);
}

// Two months as they may be: answered, then a silence, a cut, a word again.
CalendarView example() {
  CalendarView view{"north/liaison", day(2026, 11, 1), day(2027, 1, 1), day(2026, 12, 10), {}};
  for (Day at = view.from; at <= view.today; ++at)
    if (weekday_of(at) < 5) mark(view, at, DayMark::kInTime, 2);
  view.days.erase(day(2026, 11, 17));
  mark(view, day(2026, 11, 4), DayMark::kLate);
  mark(view, day(2026, 11, 5), DayMark::kSilent);
  mark(view, day(2026, 11, 6), DayMark::kMissed);
  mark(view, day(2026, 11, 9), DayMark::kDeclined);
  mark(view, day(2026, 11, 10), DayMark::kAtTheirHour);
  mark(view, day(2026, 11, 11), DayMark::kInCut);
  mark(view, day(2026, 11, 12), DayMark::kOwnStationDown);
  mark(view, day(2026, 11, 13), DayMark::kOwnPathDown);
  mark(view, day(2026, 11, 14), DayMark::kDrill);
  mark(view, day(2026, 11, 15), DayMark::kNotWatched);
  mark(view, day(2026, 12, 24), DayMark::kCalledOff);
  return view;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t out = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++out;
  return out;
}

TEST(Calendar, EveryMarkHasALetterAndWordsOfItsOwn) {
  std::set<char> letters;
  std::set<std::string> names, words, fills;
  for (std::size_t i = 0; i < kDayMarks; ++i) {
    const MarkWords& one = words_of(static_cast<DayMark>(i));
    EXPECT_EQ(static_cast<std::size_t>(one.mark), i);
    letters.insert(one.letter);
    names.insert(one.name);
    words.insert(one.words);
    fills.insert(one.fill);
    EXPECT_EQ(std::string(one.words).find_first_of(",\""), std::string::npos) << one.words;
  }
  for (const std::size_t size : {names.size(), words.size(), fills.size()}) EXPECT_EQ(size, kDayMarks);
  EXPECT_EQ(letters.size(), kDayMarks - 2) << "what is not known is one letter, and its three reasons stand in the legend";
  EXPECT_EQ(letters.count('.'), 0u) << "a day without a call";
}

TEST(Calendar, ADayShowsItsGravestMark) {
  DayCounts counts;
  EXPECT_EQ(gravest(counts), std::nullopt);
  for (const DayMark next : {DayMark::kDrill, DayMark::kInTime, DayMark::kLate, DayMark::kSilent}) {
    counts.add(next);
    EXPECT_EQ(gravest(counts), next);
  }
  counts.add(DayMark::kInTime, 200);
  EXPECT_EQ(gravest(counts), DayMark::kSilent) << "one silence among answers";
}

TEST(Calendar, MonthsSideBySide) {
  EXPECT_EQ(joined(calendar_lines(example())),
            R"(Check calls of north/liaison
2026-11-01 to 2026-12-31

November 2026                             December 2026
    Mo   Tu   We   Th   Fr   Sa   Su          Mo   Tu   We   Th   Fr   Sa   Su
W44                                1      W49       1+   2+   3+   4+   5    6
W45  2+   3+   4L   5S   6M   7    8      W50  7+   8+   9+ [10+] 11   12   13
W46  9D  10h  11C  12?  13?  14T  15?     W51 14   15   16   17   18   19   20
W47 16+  17   18+  19+  20+  21   22      W52 21   22   23   24O  25   26   27
W48 23+  24+  25+  26+  27+  28   29      W53 28   29   30   31
W49 30+

A day shows the gravest of its calls; every one is counted:
  S  they did not answer or did not call              1
  M  we did not answer or did not call                1
  D  declined by a person                             1
  ?  not known: our station did not run               1
  ?  not known: our path was down                     1
  ?  not known: our clock jumped or stood still       1
  C  the line was cut                                 1
  L  answered late                                    1
  h  answered at the called side's own hour           1
  O  called off beforehand                            1
  +  answered in time                                56
  T  a drill (counts as no call)                      1
 [ ] today, 2026-12-10
)");
}

TEST(Calendar, OfALineWithoutCallsItSaysSo) {
  CalendarView view{"north/ship", day(2026, 11, 1), day(2026, 12, 1), day(2026, 11, 10), {}};
  EXPECT_NE(joined(calendar_lines(view)).find("No check call of these days has come to its end."), std::string::npos);
  view.planned = false;
  EXPECT_NE(joined(calendar_lines(view)).find("The accord plans no check calls on this line"), std::string::npos);
}

TEST(Calendar, AYearIsALineAMonth) {
  CalendarView view{"north/liaison", day(2026, 1, 1), day(2027, 1, 1), day(2026, 3, 4), {}};
  for (Day at = view.from; at <= view.today; ++at)
    if (weekday_of(at) < 5)
      mark(view, at, at < day(2026, 2, 11) ? DayMark::kInTime : DayMark::kSilent);
  const std::string text = joined(calendar_lines(view));
  EXPECT_EQ(text.substr(0, text.find("  S  they")),
            R"(Check calls of north/liaison
2026-01-01 to 2026-12-31

         1       5        10        15        20        25        30
2026-01  + + . . + + + + + . . + + + + + . . + + + + + . . + + + + + .
2026-02  . + + + + + . . + + S S S . . S S S S S . . S S S S S .
2026-03  . S S>S
2026-04
2026-05
2026-06
2026-07
2026-08
2026-09
2026-10
2026-11
2026-12

A day shows the gravest of its calls; every one is counted:
)");
}

TEST(Calendar, FitsATerminalWhateverItsSpan) {
  for (const int days : {1, 5, 28, 31, 100, 124, 366, 7305}) {
    CalendarView view = example();
    view.until = view.from + days;
    view.title = std::string(32, 'n') + "/" + std::string(32, 'l');
    for (Day at = view.from; at < view.until; ++at) mark(view, at, DayMark::kSilent, 255);
    for (const std::string& line : calendar_lines(view)) EXPECT_LE(line.size(), 80u) << line;
  }
}

TEST(Calendar, CountsTheDaysOfItsSpanAlone) {
  CalendarView view = example();
  mark(view, view.from - 1, DayMark::kSilent);
  mark(view, view.until, DayMark::kSilent);
  EXPECT_EQ(totals_of(view)[static_cast<std::size_t>(DayMark::kSilent)], 1u);
  view.from = view.today + 1;
  view.until = view.from + 3;
  EXPECT_NE(joined(calendar_lines(view)).find("No check call"), std::string::npos);
  EXPECT_EQ(joined(calendar_lines(view)).find("today"), std::string::npos);
}

TEST(Calendar, WeeksAreThoseOfIso) {
  const auto weeks = [](Day from, Day until) {
    std::string out;
    for (const std::string& line : calendar_lines({"l", from, until, 0, {}}))
      if (line.starts_with("W")) out += line.substr(0, 4);
    return out;
  };
  EXPECT_EQ(weeks(day(2027, 1, 1), day(2027, 1, 12)), "W53 W01 W02 ");
  EXPECT_EQ(weeks(day(2024, 12, 25), day(2025, 1, 1)), "W52 W01 ");
}

TEST(Calendar, AsCsv) {
  CalendarView view = example();
  view.from = day(2026, 11, 5);
  view.until = day(2026, 11, 8);
  EXPECT_EQ(calendar_csv(view),
            "date,answered in time,answered at the called side's own hour,answered late,"
            "they did not answer or did not call,we did not answer or did not call,"
            "declined by a person,called off beforehand,the line was cut,"
            "not known: our station did not run,not known: our path was down,not known: our clock jumped or stood still,a drill (counts as no call)\n"
            "2026-11-05,2,0,0,1,0,0,0,0,0,0,0,0\n"
            "2026-11-06,2,0,0,0,1,0,0,0,0,0,0,0\n"
            "2026-11-07,0,0,0,0,0,0,0,0,0,0,0,0\n");
}

TEST(Calendar, AsAPicture) {
  CalendarView view = example();
  view.title = "north/<liaison> & \"others\"\x01";
  const std::string svg = calendar_svg(view);
  EXPECT_NE(svg.find("Check calls of north/&lt;liaison&gt; &amp; &quot;others&quot; <"),
            std::string::npos);
  EXPECT_EQ(count_of(svg, "<g>"), 61u) << "a cell a day";
  EXPECT_EQ(count_of(svg, "stroke-width=\"2\""), 1u) << "today";
  EXPECT_NE(svg.find("<title>2026-11-05: they did not answer or did not call 1, answered in time "
                     "2</title>"),
            std::string::npos);
  for (const MarkWords& words : mark_words()) {
    EXPECT_NE(svg.find(std::string("fill=\"") + words.fill), std::string::npos) << words.name;
    EXPECT_NE(svg.find(">" + std::string(1, words.letter) + "</text>"), std::string::npos)
        << "legible without colour: " << words.name;
  }
  EXPECT_EQ(svg.find("<script"), std::string::npos);
  EXPECT_EQ(svg.find("http", svg.find("<title>")), std::string::npos) << "loads nothing";
  EXPECT_EQ(count_of(svg, "<text"), count_of(svg, "</text>"));
}

}  // namespace
}  // namespace detente::watch
