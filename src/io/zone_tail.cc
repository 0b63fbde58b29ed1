#include "io/zone_tail.h"

#include <algorithm>

#include "base/civil.h"

namespace detente::io {
namespace {

constexpr std::int32_t kChangeHoursMax = 167;
constexpr std::int32_t kOffsetHoursMax = 24;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// 0 Sunday ... 6 Saturday; day 0 of 1970 was a Thursday.
std::int64_t weekday(std::int64_t days) { return ((days + 4) % 7 + 7) % 7; }

}  // namespace

// Reads from the left; after the first thing that does not fit, good() is false.
class TailReader {
 public:
  explicit TailReader(std::string_view text) : rest_(text) {}

  bool good() const { return good_; }
  bool at_end() const { return rest_.empty(); }
  bool next_is(char c) const { return !rest_.empty() && rest_.front() == c; }
  bool take(char c) {
    if (!next_is(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void need(char c) { good_ = take(c) && good_; }

  std::string name() {
    const bool quoted = take('<');
    std::size_t size = 0;
    while (size < rest_.size() && (quoted ? rest_[size] != '>' : is_letter(rest_[size]))) ++size;
    const std::string out(rest_.substr(0, size));
    rest_.remove_prefix(size);
    if (quoted) need('>');
    good_ = good_ && size >= 3;
    return out;
  }

  std::int32_t number(std::int32_t min, std::int32_t max) {
    std::int32_t out = 0;
    bool any = false;
    while (!rest_.empty() && is_digit(rest_.front()) && out <= max) {
      out = out * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
      any = true;
    }
    good_ = good_ && any && out >= min && out <= max;
    return out;
  }

  // [+-]h[:m[:s]]
  std::int32_t seconds(std::int32_t hours_max) {
    const bool negative = take('-');
    if (!negative) (void)take('+');
    std::int32_t out = number(0, hours_max) * 3600;
    if (take(':')) out += number(0, 59) * 60;
    if (take(':')) out += number(0, 59);
    return negative ? -out : out;
  }

  ZoneTail::Change change() {
    ZoneTail::Change out;
    if (take('M')) {
      out.month = number(1, 12);
      need('.');
      out.week = number(1, 5);
      need('.');
      out.day = number(0, 6);
    } else if (take('J')) {
      out.form = ZoneTail::DayForm::kDayWithoutLeapDay;
      out.day = number(1, 365);
    } else {
      out.form = ZoneTail::DayForm::kDayFromZero;
      out.day = number(0, 365);
    }
    if (take('/')) out.second = seconds(kChangeHoursMax);
    return out;
  }

 private:
  std::string_view rest_;
  bool good_ = true;
};

std::int64_t ZoneTail::Change::local_seconds(std::int32_t year) const {
  const std::int64_t first = days_from_civil({year, 1, 1});
  std::int64_t days = first + day;
  if (form == DayForm::kDayWithoutLeapDay) {
    // Day 60 is 1 March in every year.
    days = first + day - 1 + (is_civil({year, 2, 29}) && day >= 60 ? 1 : 0);
  } else if (form == DayForm::kMonthWeekDay) {
    const auto of_month = static_cast<std::uint32_t>(month);
    const std::int64_t month_first = days_from_civil({year, of_month, 1});
    days = month_first + (day - weekday(month_first) + 7) % 7 + 7 * (week - 1);
    // Week 5 is the last one, which may be the fourth.
    if (civil_from_days(days).month != of_month) days -= 7;
  }
  return days * kSecondsPerDay + second;
}

std::optional<ZoneTail> ZoneTail::parse(std::string_view text) {
  TailReader in(text);
  ZoneTail out;
  out.standard_.abbreviation = in.name();
  out.standard_.offset_seconds = -in.seconds(kOffsetHoursMax);  // POSIX counts to the west
  if (!in.at_end()) {
    Clock saving{in.name(), out.standard_.offset_seconds + 3600};
    if (!in.next_is(',')) saving.offset_seconds = -in.seconds(kOffsetHoursMax);
    out.saving_ = saving;
    for (Change& change : out.changes_) {
      in.need(',');
      change = in.change();
    }
  }
  if (!in.good() || !in.at_end()) return std::nullopt;
  return out;
}

std::vector<watch::ZonePeriod> ZoneTail::periods(WallTime from, WallTime until) const {
  struct Turn {
    std::int64_t at;
    bool to_saving;
  };
  std::vector<Turn> turns;
  if (saving_) {
    for (std::int32_t year = date_of(from).year - 1; year <= date_of(until).year + 1; ++year) {
      turns.push_back({changes_[0].local_seconds(year) - standard_.offset_seconds, true});
      turns.push_back({changes_[1].local_seconds(year) - saving_->offset_seconds, false});
    }
    // A year of saving alone ends where the next one's begins: the turn to saving counts.
    std::sort(turns.begin(), turns.end(), [](const Turn& a, const Turn& b) {
      return a.at != b.at ? a.at < b.at : a.to_saving < b.to_saving;
    });
  }
  std::vector<watch::ZonePeriod> out{{from, standard_.offset_seconds, standard_.abbreviation}};
  for (const Turn& turn : turns) {
    if (turn.at >= until.seconds) break;
    const WallTime at{static_cast<std::uint32_t>(std::max<std::int64_t>(turn.at, from.seconds))};
    if (out.back().begin == at) out.pop_back();
    const Clock& clock = turn.to_saving ? *saving_ : standard_;
    out.push_back({at, clock.offset_seconds, clock.abbreviation});
  }
  return out;
}

}  // namespace detente::io
