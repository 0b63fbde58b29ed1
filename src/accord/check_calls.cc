#include "accord/check_calls.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

#include "accord/fields.h"

namespace detente::accord {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr std::array kKinds = {CallKind::kOrdinary, CallKind::kOpening, CallKind::kClosing};
constexpr std::string_view kInTurn = "alternate";
constexpr std::uint32_t kDayMinutes = 24 * 60;
constexpr std::int32_t kYearMin = 1970, kYearMax = 2105;

std::vector<std::string> day_texts(std::uint8_t days) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < kDays.size(); ++i)
    if (days >> i & 1) out.emplace_back(kDays[i]);
  return out;
}

std::string month_day_text(std::uint32_t month, std::uint32_t day) {
  char text[24];
  std::snprintf(text, sizeof text, "%02u-%02u", month, day);
  return text;
}

std::string holiday_text(const Holiday& holiday) {
  return (holiday.year ? std::to_string(holiday.year) + "-" : "") +
         month_day_text(holiday.month, holiday.day);
}

std::string exception_text(const CallException& exception) {
  const CivilDate& date = exception.date;
  return std::to_string(date.year) + "-" + month_day_text(date.month, date.day) + " " +
         (exception.minute ? time_text(*exception.minute) : "none");
}

std::optional<std::uint32_t> read_number(std::string_view digits) {
  std::uint32_t out = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    out = out * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return out;
}

std::optional<std::uint16_t> read_time(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hour = read_number(text.substr(0, 2)), minute = read_number(text.substr(3));
  if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  return static_cast<std::uint16_t>(*hour * 60 + *minute);
}

// "02-09", or "2027-02-09"; whether the calendar has it is asked later.
std::optional<Holiday> read_holiday(std::string_view text) {
  Holiday out;
  if (text.size() == 10 && text[4] == '-') {
    const auto year = read_number(text.substr(0, 4));
    if (!year || *year == 0) return std::nullopt;
    out.year = static_cast<std::int32_t>(*year);
    text.remove_prefix(5);
  }
  if (text.size() != 5 || text[2] != '-') return std::nullopt;
  const auto month = read_number(text.substr(0, 2)), day = read_number(text.substr(3));
  if (!month || !day) return std::nullopt;
  out.month = *month;
  out.day = *day;
  return out;
}

// "2027-02-09 10:30" or "2027-12-24 none".
std::optional<CallException> read_exception(std::string_view text) {
  if (text.size() < 11 || text[10] != ' ') return std::nullopt;
  const auto date = read_holiday(text.substr(0, 10));
  if (!date) return std::nullopt;
  CallException out{{date->year, date->month, date->day}, read_time(text.substr(11))};
  if (!out.minute && text.substr(11) != "none") return std::nullopt;
  return out;
}

// "north 09:00 Asia/Pyongyang"
std::optional<OwnHour> read_own_hour(std::string_view text) {
  const std::size_t first = text.find(' '), second = text.find(' ', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
  const auto minute = read_time(text.substr(first + 1, second - first - 1));
  if (!minute) return std::nullopt;
  return OwnHour{std::string(text.substr(0, first)), *minute, std::string(text.substr(second + 1))};
}

// A list of texts of one form; `form` says which.
template <typename T>
std::vector<T> read_list(TomlDocument& document, TomlDocument::Table& table, std::string_view key,
                         std::size_t max, std::optional<T> (*read)(std::string_view),
                         std::string_view form) {
  std::vector<T> out;
  for (const std::string& text : table.texts(key, max)) {
    if (auto value = read(text))
      out.push_back(std::move(*value));
    else
      document.fail_with(
          Fault::kMalformed,
          "\"" + std::string(key) + "\": \"" + shown(text) + "\" should be as " + std::string(form),
          table.line());
  }
  return out;
}

std::uint8_t read_days(TomlDocument& document, TomlDocument::Table& table) {
  std::uint8_t out = 0;
  for (const std::string& day : table.texts("days", kDays.size())) {
    const auto found = std::find(kDays.begin(), kDays.end(), day);
    const unsigned bit = found == kDays.end() ? 0 : 1u << (found - kDays.begin());
    // The days stand in their order, each once, so that a line of the text has one spelling.
    if (bit == 0 || out >= bit)
      document.fail_with(Fault::kMalformed,
                         "days are mon, tue, wed, thu, fri, sat, sun, in this order", table.line());
    out = static_cast<std::uint8_t>(out | bit);
  }
  return out;
}

WatchTold read_told(TomlDocument& document, TomlDocument::Table& table) {
  const std::string text = table.text("on_watch");
  for (const WatchTold told : {WatchTold::kNothing, WatchTold::kStaffed, WatchTold::kPost})
    if (text == to_string(told)) return told;
  document.fail_with(Fault::kUnsupported, "\"on_watch\" must be one of nothing, staffed, post");
  return WatchTold::kNothing;
}

CallKind read_call_kind(TomlDocument& document, TomlDocument::Table& table) {
  if (!table.has("kind")) return CallKind::kOrdinary;
  const std::string text = table.text("kind");
  for (const CallKind kind : kKinds)
    if (text == to_string(kind)) return kind;
  document.fail_with(Fault::kUnsupported, "\"kind\" must be one of ordinary, opening, closing",
                     table.line());
  return CallKind::kOrdinary;
}

CheckCall read_check_call(TomlDocument& document, TomlDocument::Table& table) {
  CheckCall out;
  const auto minute = read_time(table.text("time"));
  if (!minute)
    document.fail_with(Fault::kMalformed, "\"time\" must be from \"00:00\" to \"23:59\"",
                       table.line());
  out.minute = minute.value_or(0);
  out.zone = table.text("zone");
  out.days = read_days(document, table);
  out.kind = read_call_kind(document, table);
  if (table.has("caller")) out.caller = table.text("caller");
  if (out.caller == kInTurn) out.caller.clear();
  if (table.has("own_hours"))
    out.own_hours = read_list<OwnHour>(document, table, "own_hours", 2, read_own_hour,
                                       "\"north 09:00 Asia/Pyongyang\"");
  if (table.has("exceptions"))
    out.exceptions =
        read_list<CallException>(document, table, "exceptions", kExceptionsMax, read_exception,
                                 "\"2027-02-09 10:30\" or \"2027-12-24 none\"");
  table.close();
  return out;
}

Result<void> check_date(const CivilDate& date, const std::string& where) {
  if (date.year >= kYearMin && date.year <= kYearMax && is_civil(date)) return {};
  return fail(Fault::kMalformed, where + ": " + std::to_string(date.year) + "-" +
                                     month_day_text(date.month, date.day) +
                                     " is a date that no calendar has (years 1970 to 2105); "
                                     "correct it");
}

Result<void> check_own_hours(const CheckCall& call, const std::string& where) {
  if (call.own_hours.size() > 2)
    return fail(Fault::kLimit, where + ": own_hours are for two sides");
  for (const OwnHour& own : call.own_hours) {
    DETENTE_TRY_VOID(check_name_of(where + ": own_hours", own.side));
    DETENTE_TRY_VOID(check_word_of(where + ": own_hours: zone", own.zone));
    if (own.minute >= kDayMinutes) return fail(Fault::kMalformed, where + ": own_hours: no time");
  }
  if (call.own_hours.size() == 2 && call.own_hours[0].side == call.own_hours[1].side)
    return fail(Fault::kConflict, where + ": own_hours: one side stands there twice");
  return {};
}

Result<void> check_exceptions(const CheckCall& call, const std::string& where) {
  if (call.exceptions.size() > kExceptionsMax)
    return fail(Fault::kLimit, where + ": more than 64 exceptions");
  for (std::size_t i = 0; i < call.exceptions.size(); ++i) {
    const CallException& exception = call.exceptions[i];
    DETENTE_TRY_VOID(check_date(exception.date, where + ": exceptions"));
    if (exception.minute && *exception.minute >= kDayMinutes)
      return fail(Fault::kMalformed, where + ": exceptions: no time of day");
    if (i && call.exceptions[i - 1].date >= exception.date)
      return fail(Fault::kConflict, where +
                                        ": exceptions stand in the order of their dates, each "
                                        "date once");
  }
  return {};
}

Result<void> check_call(const CheckCall& call, const std::string& annex) {
  if (call.minute >= kDayMinutes || call.days > 0x7f)
    return fail(Fault::kMalformed, annex + ": a check call has a time of day and weekdays");
  const std::string where = annex + ": check call at " + time_text(call.minute);
  DETENTE_TRY_VOID(check_word_of(where + ": zone", call.zone));
  if (!call.caller.empty()) DETENTE_TRY_VOID(check_name_of(where + ": caller", call.caller));
  DETENTE_TRY_VOID(check_own_hours(call, where));
  DETENTE_TRY_VOID(check_exceptions(call, where));
  const bool has_date = std::any_of(call.exceptions.begin(), call.exceptions.end(),
                                    [](const CallException& e) { return e.minute.has_value(); });
  if (call.days == 0 && !has_date)
    return fail(Fault::kConflict, where +
                                      " never occurs: name at least one weekday in days, or a "
                                      "date with its hour in exceptions, or take the call away");
  return {};
}

Result<void> check_terms(const HoursTerms& terms, const std::string& where) {
  if (terms.holidays.size() > kHolidaysMax)
    return fail(Fault::kLimit, where + ": more than 200 holidays");
  for (std::size_t i = 0; i < terms.holidays.size(); ++i) {
    const Holiday& holiday = terms.holidays[i];
    // A leap year has every date that comes in any year.
    if (holiday.year == 0 && !is_civil({2000, holiday.month, holiday.day}))
      return fail(Fault::kMalformed, where + ": holidays: " + holiday_text(holiday) +
                                         " is a date in no year; correct it");
    if (holiday.year)
      DETENTE_TRY_VOID(
          check_date({holiday.year, holiday.month, holiday.day}, where + ": holidays"));
    if (i && terms.holidays[i - 1] >= holiday)
      return fail(Fault::kConflict,
                  where +
                      ": holidays: those of every year stand first, then those of one year, in "
                      "the order of their dates, each once");
  }
  if (terms.late_minutes < 1 || terms.unanswered_minutes > kGraceMinutesMax ||
      terms.presence_minutes < 1 || terms.presence_minutes > kGraceMinutesMax)
    return fail(Fault::kLimit, where + ": minutes of grace are from 1 to 1440");
  if (terms.late_minutes > terms.unanswered_minutes)
    return fail(Fault::kConflict, where +
                                      ": late_minutes is more than unanswered_minutes: an "
                                      "answer would never be late; lower it");
  return {};
}

// The weekly pattern of the calls of one zone, by the clock on its wall: the grace of each must be
// over when the next one comes.
Result<void> check_week(const std::vector<CheckCall>& calls, const std::string& zone,
                        std::uint32_t grace, const std::string& where) {
  std::vector<std::uint32_t> minutes;  // of the week
  for (const CheckCall& call : calls)
    for (std::uint32_t day = 0; day < kDays.size(); ++day)
      if (call.zone == zone && (call.days >> day & 1))
        minutes.push_back(day * kDayMinutes + call.minute);
  std::sort(minutes.begin(), minutes.end());
  for (std::size_t i = 0; minutes.size() > 1 && i < minutes.size(); ++i) {
    const bool is_last = i + 1 == minutes.size();
    const std::uint32_t next =
        is_last ? minutes[0] + static_cast<std::uint32_t>(kDays.size()) * kDayMinutes
                : minutes[i + 1];
    if (next - minutes[i] < grace)
      return fail(
          Fault::kConflict,
          where + ": check calls overlap: that of " + std::string(kDays[minutes[i] / kDayMinutes]) +
              " " + time_text(static_cast<std::uint16_t>(minutes[i] % kDayMinutes)) + " " + zone +
              " is open for " + std::to_string(grace) + " minutes, and the next one is at " +
              time_text(static_cast<std::uint16_t>(next % kDayMinutes)) +
              "; move one of them, or lower unanswered_minutes in [hours]");
  }
  return {};
}

}  // namespace

const char* to_string(CallKind kind) {
  switch (kind) {
    case CallKind::kOrdinary: return "ordinary";
    case CallKind::kOpening: return "opening";
    case CallKind::kClosing: return "closing";
  }
  return "";
}

const char* to_string(WatchTold told) {
  switch (told) {
    case WatchTold::kNothing: return "nothing";
    case WatchTold::kStaffed: return "staffed";
    case WatchTold::kPost: return "post";
  }
  return "";
}

std::string time_text(std::uint16_t minute) {
  char text[16];
  std::snprintf(text, sizeof text, "%02d:%02d", minute / 60, minute % 60);
  return text;
}

Result<void> check_hours(const std::vector<CheckCall>& calls, const HoursTerms& terms,
                         const std::string& where) {
  if (calls.size() > kCheckCallsMax)
    return fail(Fault::kLimit, where + ": more than 64 check calls");
  DETENTE_TRY_VOID(check_terms(terms, where));
  bool opens = false, closes = false;
  for (const CheckCall& call : calls) {
    DETENTE_TRY_VOID(check_call(call, where));
    opens = opens || call.kind == CallKind::kOpening;
    closes = closes || call.kind == CallKind::kClosing;
  }
  if (opens != closes)
    return fail(Fault::kConflict, where +
                                      ": check calls: a line that is opened by a call is closed "
                                      "by one; add the call with kind = \"" +
                                      (opens ? "closing" : "opening") + "\"");
  for (const CheckCall& call : calls)
    DETENTE_TRY_VOID(check_week(calls, call.zone, terms.unanswered_minutes, where));
  return {};
}

std::vector<CheckCall> read_check_calls(TomlDocument& document, TomlDocument::Table& root) {
  std::vector<CheckCall> out;
  for (auto& table : root.tables("check_calls", kCheckCallsMax))
    out.push_back(read_check_call(document, table));
  return out;
}

HoursTerms read_hours(TomlDocument& document, TomlDocument::Table& root) {
  HoursTerms out;
  if (!root.has("hours")) return out;
  auto table = root.table("hours");
  out.holidays = read_list<Holiday>(document, table, "holidays", kHolidaysMax, read_holiday,
                                    "\"01-01\" for every year or \"2027-02-09\" for one");
  out.late_minutes = table.integer("late_minutes", 1, kGraceMinutesMax);
  out.unanswered_minutes = table.integer("unanswered_minutes", 1, kGraceMinutesMax);
  out.presence_minutes = table.integer("presence_minutes", 1, kGraceMinutesMax);
  if (table.has("on_watch")) out.on_watch = read_told(document, table);
  table.close();
  return out;
}

void write_hours(TomlWriter& out, const HoursTerms& terms) {
  if (terms == HoursTerms{}) return;
  std::vector<std::string> holidays;
  for (const Holiday& holiday : terms.holidays) holidays.push_back(holiday_text(holiday));
  out.section("hours");
  out.comment("No check call on these dates, every year or in one.").texts("holidays", holidays);
  out.comment("Minutes after its hour from which an answer is late, and from which there is none.")
      .integer("late_minutes", terms.late_minutes)
      .integer("unanswered_minutes", terms.unanswered_minutes);
  out.comment("Minutes in which somebody answers the question whether anybody is there.")
      .integer("presence_minutes", terms.presence_minutes);
  if (terms.on_watch != WatchTold::kNothing)
    out.comment("What each side tells the other of its watch: staffed (since when), or its post.")
        .text("on_watch", to_string(terms.on_watch));
}

void write_check_calls(TomlWriter& out, const std::vector<CheckCall>& calls) {
  for (const CheckCall& call : calls) {
    out.item_of("check_calls")
        .text("time", time_text(call.minute))
        .text("zone", call.zone)
        .texts("days", day_texts(call.days));
    if (call.kind != CallKind::kOrdinary) out.text("kind", to_string(call.kind));
    if (!call.caller.empty())
      out.comment("Always called by this side; without this line the two call in turn.")
          .text("caller", call.caller);
    std::vector<std::string> own, exceptions;
    for (const OwnHour& hour : call.own_hours)
      own.push_back(hour.side + " " + time_text(hour.minute) + " " + hour.zone);
    for (const CallException& exception : call.exceptions)
      exceptions.push_back(exception_text(exception));
    if (!own.empty())
      out.comment("On the same date, at an hour of that side's own.").texts("own_hours", own);
    if (!exceptions.empty())
      out.comment("On these dates at this hour for both, or not at all.")
          .texts("exceptions", exceptions);
  }
}

}  // namespace detente::accord
