#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <set>

#include "client_address.h"
#include "client_commands.h"
#include "client_inbox_save.h"
#include "client_mark.h"
#include "client_show.h"
#include "clocks.h"

namespace detente::cli {

namespace {

constexpr std::uint64_t kPollMs = 25'000;

struct InboxOptions {
  std::string address;
  std::string save;
  bool follow = false, all = false;
};

// Output that goes on for as long as the command runs: one line or object at once.
void put(const Context& context, const Json& json, const std::vector<std::string>& lines) {
  if (context.json) {
    std::cout << json.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
  } else {
    for (const std::string& line : lines) std::cout << line << "\n";
  }
  std::cout << std::flush;
}

bool wanted(const std::vector<LineAddress>& lines, const Json& event) {
  return std::any_of(lines.begin(), lines.end(), [&](const LineAddress& line) {
    return event.value("counterpart", "") == line.counterpart &&
           event.value("line", "") == line.line;
  });
}

// With --follow: a document has come whole. Every entry shown here that names it, whichever line the event is about; and of that
// line also one that was not shown, as what somebody had acknowledged before.
Result<void> save_arrived(const Context& context, const StationClient& station, InboxSaver& saver, bool is_wanted, const Json& event) {
  DETENTE_TRY(shown, saver.arrived(event.value("counterpart", ""), event["root"]));
  for (const Json& entry : shown) put(context, entry, entry_lines(entry));
  if (!is_wanted) return {};
  const LineAddress line{event.value("counterpart", ""), event.value("line", "")};
  DETENTE_TRY(list, station.get(line.target() + "/entries?limit=200&whose=far"));
  for (Json& entry : list["entries"]) {
    const Json& named = entry["attachments"];
    if (std::none_of(named.begin(), named.end(), [&](const Json& a) { return a["root"] == event["root"]; })) continue;
    if (std::any_of(shown.begin(), shown.end(), [&](const Json& one) { return same_entry(one, entry); })) continue;
    saver.save(entry);
    put(context, entry, entry_lines(entry));
  }
  return {};
}

// They call, or sent FLASH: the bell is for whoever is not looking. Programs have `detente events`.
void ring(const Context& context, const Json& event) {
  if (context.json) return;
  put(context, event, {(isatty(STDOUT_FILENO) == 1 ? "\a" : "") + mark_of(event) + "RING  " + utc_text(event.value("time", Json())) + "  " +
                       text_of(event, "counterpart") + "/" + text_of(event, "line") + ": " + text_of(event, "officer") +
                       (text_of(event, "act") == "flash" ? " sent FLASH" : " calls; detente answer LINE --as YOU")});
}

// Who follows has to know that something is missing in what he reads.
void put_missed(const Context& context) {
  put(context, Json{{"missed", true}},
      {"(events were missed here: the station began anew, or they were more than it keeps; detente inbox and detente log have what matters)"});
}

// Calls `each` for every event after `since` of that run of the station (empty: of whichever answers first), without end;
// `missed` before those that come after a gap; `after_each_poll` also where nothing happened.
Result<void> follow_events(const StationClient& station, std::string run, std::uint64_t since, const std::function<void()>& missed,
                           const std::function<Result<void>(const Json&)>& each, const std::function<void()>& after_each_poll = [] {}) {
  while (std::cout) {
    DETENTE_TRY(answer, station.get("/v1/events?since=" + std::to_string(since) + "&run=" + run +
                                    "&timeout_ms=" + std::to_string(kPollMs)));
    if (answer.value("missed", false)) missed();
    run = answer.value("run", run);
    for (const Json& event : answer["events"]) DETENTE_TRY_VOID(each(event));
    since = answer.value("next", since);
    after_each_poll();
  }
  return {};
}

// One answer has the newest of each log: the rest of the newest epochs' page after page.
Result<void> add_older(const StationClient& station, const LineAddress& line, std::vector<Json>& entries) {
  std::set<std::string> known;
  std::vector<Json> older;  // in front: of one second the order of the log counts
  const auto key = [](const Json& entry) { return entry["whose"].dump() + entry["epoch"].dump() + entry["index"].dump(); };
  for (const Json& entry : entries) known.insert(key(entry));
  for (const char* whose : {"own", "far"}) {
    std::uint64_t from = 0;
    for (bool more = true; more;) {
      DETENTE_TRY(page, station.get(line.target() + "/entries?limit=200&whose=" + whose + "&since=" + std::to_string(from)));
      more = false;
      for (Json& entry : page["entries"]) {
        const auto after = entry.value("index", std::uint64_t{0}) + 1;
        // What came early stands behind what is missing before it.
        more |= !entry.value("early", false) && after > from && page.value("more", false);
        if (!entry.value("early", false)) from = std::max(from, after);
        if (known.insert(key(entry)).second) older.push_back(std::move(entry));
      }
    }
  }
  std::move(entries.begin(), entries.end(), std::back_inserter(older));
  entries = std::move(older);
  return {};
}

bool is_unread_flash(const Json& entry) {
  return entry.value("unread", false) && entry.value("precedence", "") == "flash" && entry.value("class", "") == "live";
}

// FLASH first, where only what is unread is shown; else as they were stored.
void put_in_order(std::vector<Json>& entries, bool all) {
  const auto key = [all](const Json& entry) {
    return std::pair(all || !is_unread_flash(entry), entry.value("stored_at", std::uint64_t{0}));
  };
  std::stable_sort(entries.begin(), entries.end(), [&](const Json& a, const Json& b) { return key(a) < key(b); });
}

// Of a line whose unread entries are not all shown, and what is not known of them.
void say_more(Context& context, const Json& more) {
  const std::string line = more.value("address", "");
  if (const auto count = more.value("unread_more", std::uint64_t{0}); count > 0)
    context.say("(" + line + ": " + std::to_string(count) + " more that nobody has acknowledged, shown when these are; all of both sides: detente inbox " +
                line + " --all)");
  if (const auto behind = more.value("unread_behind", std::uint64_t{0}); behind > 0)
    context.say("(" + line + ": " + std::to_string(behind) + " entries are still being looked at: more may be unread; ask again)");
}

Result<void> inbox(Context& context, const InboxOptions& options) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(status, station.get("/v1/status"));
  std::vector<LineAddress> lines = all_lines(status);
  if (!options.address.empty()) {
    DETENTE_TRY(line, find_line(status, options.address));
    lines = {line};
  }
  std::vector<Json> entries, waiting;
  std::vector<std::string> more;  // lines of which there is more than one answer holds
  Json cut = Json::array();       // how many more
  for (const LineAddress& line : lines) {
    DETENTE_TRY(list, station.get(line.target() + "/entries?limit=200&" +
                                  (options.all ? "whose=both" : "unread=1")));
    std::vector<Json> of_line(list["entries"].begin(), list["entries"].end());
    if (options.all && list.value("more", false)) DETENTE_TRY_VOID(add_older(station, line, of_line));
    std::move(of_line.begin(), of_line.end(), std::back_inserter(entries));
    for (Json& entry : list["waiting"]) waiting.push_back(std::move(entry));
    if (options.all) continue;
    if (list.value("more", false)) more.push_back(line.text());
    Json one{{"address", line.text()}, {"unread_more", list.value("unread_more", std::uint64_t{0})}, {"unread_behind", list.value("unread_behind", std::uint64_t{0})}};
    if (one["unread_more"] > 0 || one["unread_behind"] > 0) cut.push_back(std::move(one));
  }
  put_in_order(entries, options.all);
  InboxSaver saver(context, station, options.save);
  for (Json& entry : entries) saver.save(entry);
  if (!options.follow) {
    for (const Json& entry : entries)
      for (const std::string& line : entry_lines(entry)) context.say(line);
    for (const Json& entry : waiting)
      for (const std::string& line : entry_lines(entry)) context.say(line);
    for (const Json& line : cut) say_more(context, line);
    if (entries.empty() && waiting.empty() && cut.empty())
      context.say(options.all ? "nothing yet" : "nothing that is not acknowledged");
    context.result({{"entries", entries}, {"waiting", waiting}, {"more", more}, {"cut", cut}, {"not_saved", saver.not_saved()}});
    DETENTE_TRY_VOID(say_clocks(context, station, lines.size() == 1 ? lines.front().counterpart : ""));
    return saver.all_saved();
  }
  DETENTE_TRY_VOID(put_clocks(context, station, lines.size() == 1 ? lines.front().counterpart : ""));
  for (const Json& entry : entries) put(context, entry, entry_lines(entry));
  if (!context.json)
    for (const Json& line : cut) say_more(context, line);
  return follow_events(
      station, "", status.value("events", std::uint64_t{0}), [&] { put_missed(context); }, [&](const Json& event) -> Result<void> {
        if (event.value("event", "") == "document-arrived" && !options.save.empty())
          return save_arrived(context, station, saver, wanted(lines, event), event);
        if (event.value("event", "") == "ring" && wanted(lines, event)) ring(context, event);
        if (event.value("event", "") != "arrived" || !wanted(lines, event)) return {};
        const LineAddress line{event.value("counterpart", ""), event.value("line", "")};
        DETENTE_TRY(entry, station.get(line.entry("far", event.value("index", std::uint64_t{0}), event.value("epoch", ""))));
        saver.save(entry);
        put(context, entry, entry_lines(entry));
        return {};
      },
      [&] {
        for (const Json& entry : saver.try_again()) put(context, entry, entry_lines(entry));
      });
}

struct EventsOptions {
  bool follow = false, all = false;
  std::optional<std::uint64_t> since;
};

// From a number on, or all that the station keeps: page after page. Else the newest page.
Result<Json> kept_events(const StationClient& station, const EventsOptions& options) {
  if (!options.since && !options.all) return station.get("/v1/events?newest=1");
  DETENTE_TRY(answer, station.get("/v1/events?timeout_ms=0&since=" + std::to_string(options.since.value_or(0))));
  while (true) {
    DETENTE_TRY(more, station.get("/v1/events?timeout_ms=0&since=" + std::to_string(answer.value("next", std::uint64_t{0}))));
    if (more["events"].empty() || more["run"] != answer["run"]) return answer;
    for (Json& event : more["events"]) answer["events"].push_back(std::move(event));
    answer["next"] = more["next"];
  }
}

Result<void> events(Context& context, const EventsOptions& options) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(answer, kept_events(station, options));
  const bool follow = options.follow;
  const auto since = answer.value("next", std::uint64_t{0});
  if (!context.json && answer.value("missed", false))
    context.say(options.all || options.since ? "(older events are not kept here; the record and `detente log` have what matters)"
                                             : "(the newest; older ones: detente events --all)");
  if (!follow) {
    for (const Json& event : answer["events"]) context.say(event_line(event));
    context.result(answer);
    return say_clocks(context, station);
  }
  DETENTE_TRY_VOID(put_clocks(context, station));
  for (const Json& event : answer["events"]) put(context, event, {event_line(event)});
  return follow_events(station, answer.value("run", ""), answer.value("next", since), [&] { put_missed(context); },
                       [&](const Json& event) -> Result<void> {
                         put(context, event, {event_line(event)});
                         return {};
                       });
}

}  // namespace

void add_inbox_commands(CLI::App& app, Context& context) {
  auto options = std::make_shared<InboxOptions>();
  CLI::App* inbox_command =
      app.add_subcommand("inbox", "What the other side said and no person acknowledged");
  inbox_command->add_option("ADDRESS", options->address, "One line; all of them without it");
  inbox_command->add_flag("--all", options->all, "Both sides' entries, acknowledged or not");
  inbox_command->add_flag("--follow", options->follow, "Go on with what arrives; with --json an object a line, the first with the clocks");
  inbox_command->add_option("--save", options->save, "Save the documents that are all here into this directory; what cannot be saved is told beside its message")
      ->check([](const std::string& directory) { return directory.empty() ? std::string("give a directory") : std::string(); });
  example(*inbox_command, "detente inbox north/military-west --save documents/");
  example(*inbox_command, "detente inbox north/military-west --follow");
  on_run(*inbox_command, context, [&context, options] { return inbox(context, *options); });

  auto events_options = std::make_shared<EventsOptions>();
  CLI::App* events_command = app.add_subcommand("events", "What happened at the station lately: the newest, or all that it keeps");
  events_command->add_flag("--follow", events_options->follow, "Go on with what happens; with --json an object a line, the first with the clocks");
  events_command->add_flag("--all", events_options->all, "All that the station keeps");
  events_command->add_option("--since", events_options->since, "All after the event of this number");
  example(*events_command, "detente events --follow");
  on_run(*events_command, context, [&context, events_options] { return events(context, *events_options); });
}

}  // namespace detente::cli
