#include "watch/call_dates.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>

namespace detente::watch {
namespace {

accord::CheckCall call_on(std::uint8_t days) { return {540, "UTC", days}; }

// The dates of [from, until) with the call: "09-01 ...".
std::string dates_of(const CallDates& dates, CivilDate from, CivilDate until) {
  std::string out;
  for (Day day = day_of(from); day < day_of(until); ++day)
    if (dates.on(day))
      out += format_utc({static_cast<std::uint32_t>(day) * 86400}).substr(5, 6).substr(0, 5) + " ";
  return out;
}

TEST(CallDates, Weekdays) {
  EXPECT_EQ(weekday_of(day_of({2026, 11, 23})), 0u) << "a Monday";
  EXPECT_EQ(weekday_of(day_of({1970, 1, 1})), 3u);
  const CallDates dates(call_on(0x1f), {}, {2026, 1, 1});
  EXPECT_EQ(dates_of(dates, {2026, 11, 27}, {2026, 12, 2}), "11-27 11-30 12-01 ");
}

TEST(CallDates, LeapDayAndYearsEnd) {
  const CallDates every({call_on(0x7f)}, {}, {2026, 1, 1});
  EXPECT_EQ(dates_of(every, {2028, 2, 28}, {2028, 3, 2}), "02-28 02-29 03-01 ");
  EXPECT_EQ(dates_of(every, {2027, 2, 28}, {2027, 3, 2}), "02-28 03-01 ");
  EXPECT_EQ(dates_of(every, {2027, 12, 31}, {2028, 1, 2}), "12-31 01-01 ");
  // A holiday on the leap day takes nothing from the other years.
  const CallDates holiday(call_on(0x7f), {{{0, 2, 29}}}, {2026, 1, 1});
  EXPECT_EQ(dates_of(holiday, {2028, 2, 28}, {2028, 3, 2}), "02-28 03-01 ");
  EXPECT_EQ(dates_of(holiday, {2027, 2, 28}, {2027, 3, 2}), "02-28 03-01 ");
  EXPECT_EQ(holiday.number_of(day_of({2029, 1, 1})), 365u + 365 + 365);
}

TEST(CallDates, HolidaysAndExceptions) {
  accord::CheckCall call = call_on(0x1f);
  // Moved, put on a holiday, put on a Saturday, taken away.
  call.exceptions = {
      {{2027, 3, 2}, 630}, {{2027, 5, 5}, 600}, {{2027, 5, 8}, 660}, {{2027, 5, 10}, std::nullopt}};
  const CallDates dates(call, {{{0, 5, 5}, {0, 5, 6}, {2027, 5, 7}}}, {2027, 1, 1});
  EXPECT_EQ(dates.on(day_of({2027, 3, 2}))->minute, 630);
  EXPECT_TRUE(dates.on(day_of({2027, 3, 2}))->is_exception);
  EXPECT_EQ(dates.on(day_of({2027, 3, 3}))->minute, 540);
  EXPECT_FALSE(dates.on(day_of({2027, 3, 3}))->is_exception);
  EXPECT_EQ(dates_of(dates, {2027, 5, 3}, {2027, 5, 12}), "05-03 05-04 05-05 05-08 05-11 ");
  EXPECT_EQ(dates_of(dates, {2028, 5, 3}, {2028, 5, 10}), "05-03 05-04 05-08 05-09 ");
  EXPECT_EQ(dates.last_named(), day_of({2027, 5, 10}));
}

TEST(CallDates, NoneBeforeTheAccord) {
  const CallDates dates(call_on(0x7f), {}, {2027, 5, 3});
  EXPECT_EQ(dates_of(dates, {2027, 5, 1}, {2027, 5, 5}), "05-03 05-04 ");
  EXPECT_EQ(dates.number_of(day_of({2020, 1, 1})), 0u);
  EXPECT_EQ(dates.number_of(day_of({2027, 5, 3})), 0u);
  EXPECT_EQ(dates.number_of(day_of({2027, 5, 4})), 1u);
  EXPECT_FALSE(dates.ever_before(day_of({2027, 5, 3})));
  EXPECT_TRUE(dates.ever_before(day_of({2027, 5, 4})));
}

rc::Gen<CivilDate> any_date() {
  return rc::gen::map(rc::gen::inRange<Day>(20000, 24000),
                      [](Day day) { return civil_from_days(day); });
}

RC_GTEST_PROP(CallDates, NumberIsHowManyCameBefore, ()) {
  accord::CheckCall call = call_on(*rc::gen::inRange<std::uint8_t>(0, 128));
  auto dates = *rc::gen::container<std::vector<CivilDate>>(12, any_date());
  std::sort(dates.begin(), dates.end());
  dates.erase(std::unique(dates.begin(), dates.end()), dates.end());
  for (const CivilDate& date : dates)
    call.exceptions.push_back(
        {date, *rc::gen::element<std::optional<std::uint16_t>>(std::nullopt, std::uint16_t{600})});
  accord::HoursTerms terms;
  for (const CivilDate& date : *rc::gen::container<std::vector<CivilDate>>(20, any_date()))
    terms.holidays.push_back({*rc::gen::element(0, date.year), date.month, date.day});
  terms.holidays.push_back({0, 2, 29});
  // An exception on what is a holiday too.
  if (!dates.empty()) terms.holidays.push_back({0, dates[0].month, dates[0].day});
  std::sort(terms.holidays.begin(), terms.holidays.end());
  const CivilDate first = *any_date();
  const CallDates made(call, terms, first);
  const Day until = *rc::gen::inRange<Day>(19900, 24100);
  std::uint32_t slow = 0;
  for (Day day = day_of(first) - 30; day < until; ++day) slow += made.on(day) ? 1 : 0;
  RC_ASSERT(made.number_of(until) == slow);
}

}  // namespace
}  // namespace detente::watch
