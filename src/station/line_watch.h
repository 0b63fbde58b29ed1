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

#include "station/hours_signatures.h"
#include "station/outage_list.h"
#include "station/presence_queries.h"
#include "station/watch_act.h"
#include "watch/call_book.h"
#include "watch/line_hours.h"
#include "watch/past_calls.h"

namespace detente::station {

struct EntryRef {
  bool own = true;
  EntryPlace place;
  bool drill = false;
  bool former = false;  // of a former accord's call: it is known, and no fact of the one that has its place now
};

// The newest thing that a person of the other side did.
struct PersonSeen {
  WallTime at;
  std::string officer;
  const char* doing = "";  // "signed a message"
};

class LineWatch {
 public:
  // `schedule` without calls, or none at all: no book.
  LineWatch(std::optional<watch::Schedule> schedule, watch::SideIndex own, std::uint32_t presence_minutes);

  // A new book from `from` on, with these facts of the past, and what became of the calls of former accords. Of a line
  // without calls it has cuts and signs of life alone.
  void begin(WallTime from, std::vector<watch::BookFact> facts, WallTime now, std::optional<watch::PastCalls> past = {});
  // The accord in force followed that of this version then. Before begin().
  void follow(WallTime since, std::uint32_t version) { followed_ = Followed{since, version}; }
  // Said of a call of a former accord, whose date and place has another hour under this one: it counts for nothing there.
  // What is signed names its accord; what nobody signs is of the one that was in force `at` then.
  bool is_former(const line::CallAct& call, std::optional<std::uint32_t> signed_under, WallTime at) const;
  bool is_former(const WatchAct& act) const;
  // kState: the clock was set back so far that the book has to be made again.
  Result<void> advance(WallTime now);
  std::vector<watch::BookEvent> take_events();

  // The one place that says whether an act shows that a person of the other side is there. If so it ends a silence, unless
  // it was said before that; gives the latest that it can have been said by this side's clock.
  std::optional<WallTime> see_person(const WatchAct& act, WallTime now);
  // False when it was known already or does not count.
  bool take(const WatchAct& act, WallTime now);
  // The fact behind a check call's act that may count, for a journal.
  std::optional<watch::CallFact> call_fact(const WatchAct& act) const;
  // Whether the accord in force, or a former one, has that call, not so long ago nor so far ahead that nothing is kept of it:
  // of others a side may name as many as it likes.
  bool is_planned(const watch::CallId& call) const;
  // True when it is new, and of a day of which something is kept.
  bool add_entry(const watch::CallId& call, const EntryRef& entry);
  // Their call, which counts: from now on it can be answered.
  void see_ring(const WatchAct& act);
  void add_fact(const watch::BookFact& fact);
  // An own reply that no path carried.
  void take_back(const watch::CallId& call, watch::FactKind kind) {
    if (book_) book_->take_back(call, kind);
  }

  // Entries of calls before that, and of calls further ahead than one can be called off, are not kept.
  void set_days(WallTime now);

  // Whether a desk of this side may do that now; the error says what it can do instead.
  Result<void> check(const line::CallAct& act, WallTime now) const;
  // They called, and nobody here has said anything to it.
  bool is_to_answer(const watch::BookCall& call) const;
  // Until when a call can be answered as this side sees it.
  WallTime open_until(const watch::BookCall& call) const;
  // Of a call that a desk can act on now: the one that they called and nobody here has answered, else one that is due or
  // about to be; nothing otherwise. A call of theirs is open for as long as the accord lets it be after it came, whatever
  // this side's clock or zone rules say of its hour.
  std::optional<watch::BookCall> open_call(WallTime now) const;
  // Those that are not over, and that are due or of which somebody said something.
  std::vector<watch::BookCall> open_calls(WallTime now) const;
  // The one that this side would make: its turn, or late. Else the same.
  std::optional<watch::BookCall> call_to_make(WallTime now) const;
  // Zones of this line's calls of which this machine has no rules; and in words what to do, empty when there are none.
  const std::vector<std::string>& unknown_zones() const;
  std::string zone_trouble() const;

  const watch::Schedule* schedule() const { return schedule_ ? &*schedule_ : nullptr; }
  const watch::CallBook* book() const { return book_.get(); }  // of the accord in force
  // Under every accord so far.
  watch::DayCounts day(watch::Day day) const;
  std::optional<watch::Answer> last_answer() const;
  watch::SideIndex own() const { return own_; }
  const std::vector<EntryRef>& entries_of(const watch::CallId& call) const;
  const std::optional<PresenceQuery>& presence(bool own) const { return presence_.newest(own); }
  PresenceState presence_state(const PresenceQuery& query, WallTime now) const;
  std::uint32_t presence_minutes() const { return presence_minutes_; }
  void hold_query(WallTime since) { presence_.hold(since); }  // their station has this side's question since then
  // The newest claim of that side's station, and when it was made.
  std::optional<std::pair<line::OnWatch, WallTime>> claim(bool own) const;
  const std::optional<PersonSeen>& person() const { return person_; }
  // The schedules of former accords, by version, that are others than the one in force.
  void set_former(std::map<std::uint32_t, watch::Schedule> former) { former_ = std::move(former); }
  // Whether what was said of a call under that accord is said of one that the accord in force plans: a former accord's call is
  // the same one at the same hour alone, whatever its place of that date.
  bool is_of_this_accord(const watch::CallId& call, std::uint32_t accord_version) const;
  // Whether the accord in force has it, too, at the same hours: a date and a place alone may name a call of another one.
  bool plans(const watch::PlannedCall& call) const;
  // What the sides are called where both may have an officer of one name.
  void name_sides(std::array<std::string, 2> names) { sides_ = std::move(names); }
  // In force or to come.
  std::optional<watch::HoursExtension> extension(WallTime now) const;
  // Open or not at `now`, and in words; nothing where the accord plans no calls.
  struct Hours {
    watch::LineHours hours;
    std::string words;
  };
  std::optional<Hours> hours(WallTime now) const;
  // What one side has signed and the other has not.
  std::optional<std::pair<bool, WallTime>> proposed_extension(WallTime now) const { return hours_.proposed(now); }
  const OutageList& outages() const { return outages_; }

 private:
  struct Claim {
    std::pair<line::OnWatch, WallTime> said;
    LogPosition position;
  };
  bool take_claim(const WatchAct& act, const line::OnWatch& claim);
  bool take_call(const WatchAct& act);
  void see_without_book(const watch::BookFact& fact);
  LogPosition position_of(const WatchAct& act) { return order_[act.own ? 0 : 1].of(act.place); }
  std::vector<watch::BookCall> calls_around(WallTime now) const;
  std::string deed_words(const watch::BookCall& call, watch::FactKind kind) const;
  Result<void> check_first_call(const watch::BookCall& call) const;
  bool still_rings(const watch::CallId& call, WallTime now) const;

  std::optional<watch::Schedule> schedule_;
  std::map<std::uint32_t, watch::Schedule> former_;
  std::unique_ptr<watch::CallBook> book_;
  std::optional<watch::PastCalls> past_;
  watch::SideIndex own_;
  std::uint32_t presence_minutes_;
  std::array<std::string, 2> sides_;
  std::map<watch::CallId, std::vector<EntryRef>> entries_;
  watch::Day oldest_day_ = 0, latest_day_ = 0;
  struct Followed {
    WallTime since;
    std::uint32_t version;
  };
  std::optional<Followed> followed_;
  std::map<watch::CallId, WallTime> rung_;  // when their call came, by this side's clock
  std::array<LogOrder, 2> order_;           // own, theirs
  PresenceQueries presence_;
  std::array<std::optional<Claim>, 2> claims_;
  HoursSignatures hours_;
  OutageList outages_;
  watch::AlarmRule lives_;                 // of a line without a book
  std::vector<watch::BookEvent> lives_events_;
  std::optional<PersonSeen> person_;
};

watch::FactKind fact_kind(line::CallDeed deed);
const char* to_string(line::CallDeed deed);  // "called", "answered", "declined", "called off"
std::optional<line::CallDeed> call_deed_from(std::string_view text);
watch::CallId call_id(const line::CallAct& act);

}  // namespace detente::station
