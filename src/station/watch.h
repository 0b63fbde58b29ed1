// Watch: the station's own watch over its lines. Looks at the clock and at what
// comes in, keeps the watch log, tells desks when a call is due, and answers what is
// known of people and calls. spec/hours.md, spec/station-files.md, "watch.log".
//
// What is agreed between the sides are entries of the record; the watch only reads
// them. What it writes is this side's own. One thread, the station's.
#pragma once

#include <array>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "core/limits.h"
#include "io/hook.h"
#include "station/hook_book.h"
#include "station/hook_event.h"
#include "station/line_watch.h"
#include "station/log_window.h"
#include "station/watch_log.h"
#include "station/watch_people.h"
#include "watch/alarm_list.h"
#include "watch/clock_gap.h"
#include "watch/ladder_facts.h"

namespace spdlog {
class logger;
}

namespace detente::station {

std::vector<std::uint32_t> escalation_steps(const StationConfig& config);

class Watch {
 public:
  // Reads the watch log. Before the driver starts.
  static Result<std::unique_ptr<Watch>> open(Running& running, spdlog::logger& log);
  ~Watch();
  Watch(const Watch&) = delete;

  // Once the driver has started (a record that rots keeps no station from that): the newest entries of the
  // record, and what the accord says that the other side is told.
  void start();
  void tick();   // every second
  void close();  // the station stops: not the same as being killed

  void on_event(const core::DeskEvent& event);
  // What the core says of a counterpart; an event tells of it already.
  // `about`: a counterpart, or one line with it.
  void on_core_alarm(const std::string& about, const std::string& kind, const std::string& text);
  // Something waits for a person, as an alarm that stands until ask_no_more(); said again it changes nothing.
  void ask_person(const std::string& line, const std::string& kind, const std::string& words);
  void ask_no_more(const std::string& line, const std::string& kind);
  // A text was released: a line of the watch log, and the hooks.
  void on_release(const std::string& counterpart, const Json& facts, const HookEvent& event);
  // A counterpart goes on under another accord: its lines are made anew, and their books from the log and the record.
  void on_accord_changed(const Counterpart& counterpart);
  void on_roster_changed() { credentials_seen_ = {}; }  // a bulletin was taken: looks at once
  // Whether a desk may submit that now.
  Result<void> check(const Counterpart& counterpart, const accord::Annex& annex, const record::Entry& entry) const;
  // It was taken: this side's act counts from when it is on the disk, though no path may carry it for months.
  void on_submitted(const Counterpart& counterpart, const accord::Annex& annex, const record::Entry& entry,
                    core::SubmissionId submission);
  // A deed with its signatures, checked and kept; {"ok", "n", …}.
  Result<Json> do_deed(const Json& request);

  // watch_ladder.cc: of people, hours and outages.
  void add_facts(const Counterpart& counterpart, const accord::Annex& annex, watch::LadderFacts& facts) const;

  // watch_json.cc
  Json line_json(const Counterpart& counterpart, const accord::Annex& annex) const;  // people, presence, hours, outages
  Result<Json> calls_json(const Counterpart& counterpart, const accord::Annex& annex, watch::Day from,
                          watch::Day until) const;
  Result<Json> calendar_json(const Counterpart& counterpart, const accord::Annex& annex, watch::Day from,
                             watch::Day until) const;
  // What was heard in public, the newest, or null: shown beside the state, and no part of it.
  Json heard_json(const Counterpart& counterpart, const accord::Annex& annex) const;
  Json hooks_json() const;  // those that fail
  Json unacknowledged_json() const;  // how many alarms, and the newest of them
  std::optional<WallTime> heard_before(const Counterpart& counterpart) const;  // before this run
  Json step_json() const;  // the newest step of this machine's clock, or null
  Json own_json() const;  // who is on watch here, what waits for a person
  struct LogSpan {
    std::string line;  // about this one; empty: all
    WallTime since, until{std::numeric_limits<std::uint32_t>::max()};
    std::optional<std::uint64_t> after;  // the oldest that come after line n of the log; nothing: the newest
    std::size_t limit = 0;
    bool contacts = false;  // those alone that were logged by hand, and what was heard in public
  };
  // Lines of the watch log in a span, at most `limit` of them.
  Result<Json> log_json(const LogSpan& span) const;

 private:
  struct PlaceKey {
    PeerId peer;
    LineId line;
    auto operator<=>(const PlaceKey&) const = default;
  };
  struct Outcome {
    std::string state;
    std::optional<watch::ClockGap> gap;
  };
  struct Scanned {
    record::LogKey log;
    std::uint64_t next = 0;
  };
  struct OneLine {
    const Counterpart* counterpart = nullptr;
    const accord::Annex* annex = nullptr;
    std::string name;  // "north/military-west"
    std::unique_ptr<LineWatch> watch;
    std::array<std::optional<Scanned>, 2> scanned;  // own, theirs: the newest log
    std::map<watch::CallId, Outcome> outcomes;  // as the log has them, of the newest calls
    std::optional<line::OnWatch> told_on_watch;
    std::optional<Deed> contact;  // the newest that was logged by hand
    std::optional<Deed> heard;    // in public: the newest
    std::set<std::pair<record::EpochId, std::uint64_t>> rung;  // FLASH that came ahead of others
    std::map<core::SubmissionId, watch::CallFact> not_durable;  // own acts that the disk may still refuse
    bool look_wanted = false;
    std::optional<EntryPlace> query_on_its_way;  // this run has seen that no receipt for it had come
    std::optional<std::pair<EntryPlace, WallTime>> query_held;  // as the log has it
    std::optional<WallTime> accord_since;  // when the accord in force followed another
    std::uint32_t version_before = 0;  // of the one that it followed
    std::optional<std::set<watch::CallId>> going_on;  // calls that were open then and that it has, too; nothing: not known
    // Lines of this log that the other side may cause as often as it likes; of a cut none is taken by anything else.
    core::Bucket far_notes{64, 1, std::chrono::hours(1)}, far_cuts{64, 1, std::chrono::hours(1)};
    bool path_down = false;  // as the book was told
    bool zones_told = false;  // since they were compared
    struct AwaitsReceipt {
      record::EpochId epoch;
      std::uint64_t receipted = 0;
      Instant since;
    };
    std::optional<AwaitsReceipt> awaits_receipt;  // while what is sent is known to arrive
    std::optional<Instant> carried;               // when that was seen last
    bool cut = false;  // for text, by either side; as the watch log has it
    bool cut_ours = false;  // by this one, in this run
  };
  struct Replay;  // watch_open.cc

  Watch(Running& running, spdlog::logger& log);

  // watch_open.cc
  void make_lines();
  void make_lines_of(const Counterpart& counterpart);
  Result<void> read_line(Replay& replay, const Json& line);
  Result<void> read_call(Replay& replay, const Json& line);
  Result<void> read_register(Replay& replay, const Json& line);
  Result<void> read_outage(const Json& line);
  Result<void> read_outcome(Replay& replay, const Json& line);
  watch::PastCalls* past_of(Replay& replay, const std::string& name);  // nothing for a line that is no more
  void note_start(Replay& replay);
  void scan(OneLine& line);
  void scan(OneLine& line, const record::Reader::LogInfo& info, std::uint64_t from);
  std::vector<LogWindow> logs_to_scan(const OneLine& line, bool own) const;
  void begin();
  void begin_books(Replay& replay);
  std::vector<watch::CallFact> waiting_calls(const OneLine& line) const;
  static std::vector<watch::UnwatchedFact> unwatched_calls(const OneLine& line, WallTime time);
  void note_closed(OneLine& line, WallTime time);
  Result<void> replay_again();
  // watch_accord.cc
  using GoingOn = std::map<std::string, std::set<watch::CallId>>;  // by line
  std::map<LineId, std::vector<watch::BookCall>> open_calls(const Counterpart& counterpart) const;
  void end_call(OneLine& line, watch::BookCall call);
  void note_accord(const Counterpart& counterpart, const std::optional<GoingOn>& going_on);
  Result<void> read_accord(Replay& replay, const Json& line);
  struct AccordThen {
    std::string digest;
    std::uint32_t version = 0;
  };
  void follow_accord(Replay& replay, const std::string& counterpart, const AccordThen& accord, WallTime at,
                     const std::optional<GoingOn>& going_on);
  static WallTime begin_of_book(const Replay& replay, const OneLine& line);
  // watch_deeds.cc
  Result<std::vector<OneLine*>> lines_of_deed(const Deed& deed);
  std::vector<std::string> lines_open_to(OfficerId officer) const;  // by his credential and the accord
  Result<void> check_rights(const Deed& deed, const std::vector<OneLine*>& lines);
  Result<void> check_deed(const Deed& deed, const std::vector<OneLine*>& lines);
  Result<void> check_discard(const Deed& deed, const OneLine& line) const;
  void take_deed(const Deed& deed);

  // Into the watch log; trouble is kept and said. `at`: what is held in memory of it must be the instant that a start reads.
  void note(const Json& line, WallTime at);
  void note(const Json& line) { note(line, now()); }
  void tell(const OneLine& line, const char* event, Json more = Json::object());
  // `early`: entries before it are still missing, and it is seen again with them.
  void take(OneLine& line, const record::LogKey& log, const record::StoredEntry& stored, bool early);
  void ring(OneLine& line, const WatchAct& act, bool early);
  void take_call(OneLine& line, const WatchAct& act, const line::CallAct& call);
  void remember(const OneLine& line, const WatchAct& act);  // for the books that are being made
  void remember(const OneLine& line, WallTime seen);        // a person of the other side
  void take_zones(OneLine& line, const WatchAct& act, const std::vector<line::ZoneDigest>& zones);
  void advance(OneLine& line, WallTime now);
  void on_book_event(OneLine& line, const watch::BookEvent& event);
  void on_book_alarm(OneLine& line, const watch::Alarm& alarm);
  void show_rows(const OneLine& line);
  void note_outcome(OneLine& line, const watch::BookCall& call);
  void withdraw_call(OneLine& line, const watch::CallId& call);
  // watch_queries.cc: what became of this side's question whether anybody is there.
  void look_at_query(OneLine& line);
  std::optional<PresenceQuery> unsent_query(const OneLine& line) const;  // the newest that no path has carried yet
  void read_query(const Json& line);
  std::set<line::CallDeed> withdraw_acts(const OneLine& line, const watch::BookCall& call, const char* why);
  void compare_zones(const OneLine& line);
  static std::string zone_difference_words(const std::string& zones);
  void look_at_zones();
  void tell_zones(const Counterpart& counterpart);
  void tell_on_watch(OneLine& line);
  void submit(const Counterpart& counterpart, LineId line, record::Kind kind, Bytes body);
  void look_at_register(OneLine& line);  // watch_cuts.cc
  // watch_alarms.cc: an alarm is raised once while its cause lasts.
  void raise(const std::string& line, const std::string& kind, const std::string& words);
  void end(const std::string& line, const std::string& kind, const std::string& words = "");
  Result<void> check_acknowledge(std::uint64_t alarm) const;
  void acknowledge(const Deed& deed);
  void read_alarm(const std::string& what, const Json& line);
  void run_hooks(HookOn on, std::uint32_t after_minutes, const watch::ListedAlarm& alarm);
  // What became of it, once; `failed` is told, too.
  void run_hook(std::size_t place, const HookEvent& event, std::optional<watch::AlarmId> alarm, std::function<void(const std::string&)> failed);
  void hook_failed(const std::string& hook, std::optional<watch::AlarmId> alarm, const std::string& words);
  void hook_worked(const std::string& hook);
  void read_hook(const Json& line);
  void escalate();
  void look_at_vigilance(WallTime time);
  void look_at_credentials(WallTime time);
  void look_at_people(WallTime time);
  void end_what_was_retired();
  void look_at_lost(const accord::Roster& roster, const std::string& post, const std::string& line);
  void look_at_roster(const accord::Roster& roster, bool own, WallTime time);
  // watch_receipts.cc
  void look_at_receipts(PeerId peer, OneLine& line) const;
  std::optional<watch::UnconfirmedFacts> unconfirmed_facts(const OneLine& line) const;
  // watch_tries.cc
  void count_tries(WallTime time);
  void look_at_paths(WallTime time);
  Json alarms_json() const;
  std::pair<std::string, bool> with_former_words(const watch::AlarmSubject& about, const std::string& text, WallTime at) const;

  void take_back(const core::SubmissionFailed& failed);
  void take_durable(PeerId peer, LineId id, core::SubmissionId submission);
  OneLine* find(PeerId peer, LineId line);
  const OneLine* find(PeerId peer, LineId line) const;
  OneLine* named(const std::string& name);
  // Whose, and of the line or, by the accord line, of the whole station.
  std::vector<std::pair<bool, line::Outage>> outages_of(const OneLine& line) const;
  std::optional<watch::OutageFacts> over_facts(const OneLine& line, WallTime now) const;
  std::vector<std::string> every_line() const;
  WallTime now() const { return running_.driver->now().wall; }
  Json on_watch_json(const WatchPeople::OnLine& on) const;
  Json presence_json(const OneLine& line, bool own) const;
  Json hours_json(const OneLine& line) const;
  Json outages_json(const OneLine& line) const;
  Result<void> add_old_calls(const OneLine& line, watch::Day from, watch::Day until, Json& out) const;
  void add_open_matters(const OneLine& line, Json& out) const;
  void add_unread(const OneLine& line, Json& out) const;
  std::vector<watch::FlashFacts> flash_facts(const OneLine& line) const;  // watch_ladder.cc
  // watch_heard.cc
  void read_heard();
  void write_heard();
  // watch_end.cc
  void compare_end();
  void tell_lost_end();
  void keep_end();
  // watch_notes.cc
  // Whether an outage or a drill of theirs gets its line in the log; it is in the record either way.
  bool may_note(OneLine& line, const WatchAct& act);
  // The same of what comes and goes, which is looked at again at the next tick.
  bool may_note(const OneLine& line, core::Bucket& bucket);
  void note_call(const OneLine& line, const WatchAct& act, const line::CallAct& call);
  void note_outage(const OneLine& line, const WatchAct& act, const line::Outage& outage);
  // watch_clock.cc
  void look_at_clock(WallTime time);
  void take_gap(const watch::ClockGap& gap);
  void take_back(Replay& replay, const watch::ClockGap& gap);
  static Json gap_json(const watch::ClockGap& gap);
  static std::optional<watch::ClockGap> gap_of(const Json& fields);  // as gap_json writes it
  static std::optional<watch::ClockGap> gap_in(const Json& line);    // of an outcome
  static void forget_outcomes(OneLine& line, WallTime until);
  void settle_outcome(OneLine& line, const watch::CallId& id);
  static Json call_fields(const watch::CallId& call);
  Json call_json(const OneLine& line, const watch::BookCall& call) const;

  Running& running_;
  spdlog::logger& log_;
  std::optional<WatchLog> file_;
  std::map<PlaceKey, OneLine> lines_;
  std::map<PeerId, std::vector<line::ZoneDigest>> zones_;  // this machine's, of each accord
  std::map<std::pair<PeerId, bool>, std::vector<line::ZoneDigest>> told_zones_;  // own or far: the newest
  std::map<PeerId, std::string> zone_difference_;          // in words
  std::vector<std::string> unknown_zones_;                 // messages
  WatchPeople people_;
  std::map<OfficerId, std::uint64_t> counters_;
  watch::AlarmList alarms_;
  std::unique_ptr<io::HookRunner> hooks_;
  std::map<watch::AlarmId, std::map<std::string, std::string>> hook_trouble_;  // by the hook's name
  HookBook hook_book_;
  std::set<std::string> expiring_;  // told in this run, once before the end and once after it
  std::set<std::string> lost_;  // stations that were declared lost, as far as this run has seen
  bool lost_known_ = false;
  WallTime credentials_seen_;
  bool prompted_ = false;  // the watch, and it has not answered
  std::optional<WallTime> vigilance_raised_at_;
  struct Tries {  // of one counterpart, in the hour that began at `from`
    WallTime from;
    std::map<PathId, io::PathTraffic> before;
  };
  std::map<PeerId, Tries> tries_;
  WallTime alive_written_;
  std::map<std::string, WallTime> heard_before_;
  std::string heard_written_;
  WatchLog::End end_written_;
  std::string end_lost_;  // what is to be said of it
  watch::ClockGaps gaps_;
  std::optional<watch::ClockGap> gap_;  // the newest that this run saw
  WallTime last_deed_;  // of any own officer
  bool started_ = false;
  std::unique_ptr<Replay> from_log_;  // until start()
  Replay* replay_ = nullptr;          // while the books are made
  std::optional<std::string> trouble_;  // the watch log takes nothing
};

}  // namespace detente::station
