// LineWatch: what the watch knows of one line: its check calls, the open questions
// whether somebody is there, an extension of its hours, outages, who is on watch at
// the other side as that side claims. Fed with acts in any order; writes nothing.
// spec/hours.md, spec/record.md section 3.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "station/watch_act.h"
#include "watch/call_book.h"
#include "watch/line_hours.h"

namespace detente::station {

struct EntryRef {
  bool own = true;
  EntryPlace place;
  bool drill = false;
};

// "Is anybody at the machine?", the newest of one side.
struct PresenceQuery {
  EntryPlace place;
  WallTime at;
  std::string officer;
  std::optional<line::PresenceDeed> answer;
  WallTime answered_at;
  std::string answered_by;
};

// The newest thing that a person of the other side did.
struct PersonSeen {
  WallTime at;
  std::string officer;
  const char* doing = "";  // "signed a message"
};

enum class PresenceState { kWaiting, kReady, kNotNow, kUnanswered };
const char* to_string(PresenceState state);  // "waiting", "ready", "not now", "unanswered"

class LineWatch {
 public:
  // `schedule` without calls, or none at all: no book.
  LineWatch(std::optional<watch::Schedule> schedule, watch::SideIndex own, std::uint32_t presence_minutes);

  // A new book from `from` on, with these facts of the past.
  void begin(WallTime from, std::vector<watch::BookFact> facts, WallTime now);
  // kState: the clock was set back so far that the book has to be made again.
  Result<void> advance(WallTime now);
  std::vector<watch::BookEvent> take_events();

  // The one place that says whether an act shows that a person of the other side is there. If so it ends a silence;
  // gives when that was, by the earlier of its own claim and `now`.
  std::optional<WallTime> see_person(const WatchAct& act, WallTime now);
  // False when it was known already or does not count.
  bool take(const WatchAct& act, WallTime now);
  // The fact behind a check call's act that may count, for a journal.
  std::optional<watch::CallFact> call_fact(const WatchAct& act) const;
  // True when it is new, and of a call that the book still has.
  bool add_entry(const watch::CallId& call, const EntryRef& entry);
  void add_fact(const watch::BookFact& fact);

  // Entries of calls before that are not kept.
  void set_oldest(WallTime now);

  // Whether a desk of this side may do that now; the error says what it can do instead.
  Result<void> check(const line::CallAct& act, WallTime now) const;
  // Of a call that a desk can act on now: due or about to be; nothing otherwise.
  std::optional<watch::BookCall> open_call(WallTime now) const;

  const watch::Schedule* schedule() const { return schedule_ ? &*schedule_ : nullptr; }
  const watch::CallBook* book() const { return book_.get(); }
  watch::SideIndex own() const { return own_; }
  const std::vector<EntryRef>& entries_of(const watch::CallId& call) const;
  const std::optional<PresenceQuery>& presence(bool own) const { return presence_[own ? 0 : 1]; }
  PresenceState presence_state(const PresenceQuery& query, WallTime now) const;
  std::uint32_t presence_minutes() const { return presence_minutes_; }
  // The newest claim of that side's station, and when it was made.
  const std::optional<std::pair<line::OnWatch, WallTime>>& claim(bool own) const { return claims_[own ? 0 : 1]; }
  const std::optional<PersonSeen>& person() const { return person_; }
  // In force or to come.
  std::optional<watch::HoursExtension> extension(WallTime now) const;
  // Open or not at `now`, and in words; nothing where the accord plans no calls.
  struct Hours {
    watch::LineHours hours;
    std::string words;
  };
  std::optional<Hours> hours(WallTime now) const;
  // What one side has signed and the other has not.
  std::optional<std::pair<bool, WallTime>> proposed_extension(WallTime now) const;
  // Announced and not over, earliest first.
  std::vector<std::pair<bool, line::Outage>> outages(WallTime now) const;
  // The newest of the other side's that has passed its end.
  std::optional<line::Outage> outage_over(WallTime now) const;

 private:
  static constexpr std::size_t kOutagesMax = 16;
  struct SignedHours {
    WallTime until, at;
    std::string officer;
  };

  bool take_presence(const WatchAct& act, line::PresenceDeed deed);
  bool take_outage(const WatchAct& act, const line::Outage& outage);
  bool take_hours(const WatchAct& act, WallTime until);
  bool take_call(const WatchAct& act);

  std::optional<watch::Schedule> schedule_;
  std::unique_ptr<watch::CallBook> book_;
  watch::SideIndex own_;
  std::uint32_t presence_minutes_;
  std::map<watch::CallId, std::vector<EntryRef>> entries_;
  watch::Day oldest_day_ = 0;
  std::array<std::optional<PresenceQuery>, 2> presence_;
  std::array<std::optional<std::pair<line::OnWatch, WallTime>>, 2> claims_;
  std::array<std::optional<SignedHours>, 2> hours_;
  std::vector<std::pair<bool, line::Outage>> outages_;
  std::optional<PersonSeen> person_;
};

watch::FactKind fact_kind(line::CallDeed deed);
const char* to_string(line::CallDeed deed);  // "called", "answered", "declined", "called off"
std::optional<line::CallDeed> call_deed_from(std::string_view text);
watch::CallId call_id(const line::CallAct& act);

}  // namespace detente::station
