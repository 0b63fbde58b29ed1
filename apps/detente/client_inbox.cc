#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "client_address.h"
#include "client_commands.h"
#include "client_documents.h"
#include "client_mark.h"
#include "client_show.h"

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

// What is all here of the entry's documents goes into the directory.
Result<void> save_documents(const Context& context, const StationClient& station, const InboxOptions& options,
                            Json& entry) {
  if (options.save.empty() || !entry.contains("attachments")) return {};
  const LineAddress line{entry.value("counterpart", ""), entry.value("line", "")};
  for (Json& attachment : entry["attachments"]) {
    if (attachment.value("state", "") != "here" && entry.value("whose", "") != "own") continue;
    DETENTE_TRY(path, save_document(context, station, line, entry, attachment, options.save));
    attachment["saved"] = path;
  }
  return {};
}

// With --follow: the entries that name the document that has just come.
Result<void> save_arrived(const Context& context, const StationClient& station, const InboxOptions& options,
                          const Json& event) {
  const LineAddress line{event.value("counterpart", ""), event.value("line", "")};
  DETENTE_TRY(list, station.get(line.target() + "/entries?limit=200&whose=far"));
  for (Json& entry : list["entries"]) {
    const Json& named = entry["attachments"];
    if (std::none_of(named.begin(), named.end(), [&](const Json& a) { return a["root"] == event["root"]; })) continue;
    DETENTE_TRY_VOID(save_documents(context, station, options, entry));
    put(context, entry, entry_lines(entry));
  }
  return {};
}

bool wanted(const std::vector<LineAddress>& lines, const Json& event) {
  return std::any_of(lines.begin(), lines.end(), [&](const LineAddress& line) {
    return event.value("counterpart", "") == line.counterpart &&
           event.value("line", "") == line.line;
  });
}

// They call, or sent FLASH: the bell is for whoever is not looking. Programs have `detente events`.
void ring(const Context& context, const Json& event) {
  if (context.json) return;
  put(context, event, {(isatty(STDOUT_FILENO) == 1 ? "\a" : "") + mark_of(event) + "RING  " + utc_text(event.value("time", Json())) + "  " +
                       text_of(event, "counterpart") + "/" + text_of(event, "line") + ": " + text_of(event, "officer") +
                       (text_of(event, "act") == "flash" ? " sent FLASH" : " calls; detente answer LINE --as YOU")});
}

// Calls `each` for every event after `since`, without end.
Result<void> follow_events(const StationClient& station, std::uint64_t since,
                           const std::function<Result<void>(const Json&)>& each) {
  while (std::cout) {
    DETENTE_TRY(answer, station.get("/v1/events?since=" + std::to_string(since) +
                                    "&timeout_ms=" + std::to_string(kPollMs)));
    for (const Json& event : answer["events"]) DETENTE_TRY_VOID(each(event));
    since = answer.value("next", since);
  }
  return {};
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
  std::vector<Json> entries;
  for (const LineAddress& line : lines) {
    DETENTE_TRY(list, station.get(line.target() + "/entries?limit=200&" +
                                  (options.all ? "whose=both" : "unread=1")));
    for (Json& entry : list["entries"]) entries.push_back(std::move(entry));
  }
  std::stable_sort(entries.begin(), entries.end(), [](const Json& a, const Json& b) {
    return a.value("stored_at", std::uint64_t{0}) < b.value("stored_at", std::uint64_t{0});
  });
  for (Json& entry : entries) DETENTE_TRY_VOID(save_documents(context, station, options, entry));
  if (!options.follow) {
    for (const Json& entry : entries)
      for (const std::string& line : entry_lines(entry)) context.say(line);
    if (entries.empty())
      context.say(options.all ? "nothing yet" : "nothing that is not acknowledged");
    context.result({{"entries", entries}});
    return {};
  }
  for (const Json& entry : entries) put(context, entry, entry_lines(entry));
  return follow_events(
      station, status.value("events", std::uint64_t{0}), [&](const Json& event) -> Result<void> {
        if (event.value("event", "") == "document-arrived" && !options.save.empty() && wanted(lines, event))
          return save_arrived(context, station, options, event);
        if (event.value("event", "") == "ring" && wanted(lines, event)) ring(context, event);
        if (event.value("event", "") != "arrived" || !wanted(lines, event)) return {};
        const LineAddress line{event.value("counterpart", ""), event.value("line", "")};
        DETENTE_TRY(entry, station.get(line.target() + "/entries/far/" +
                                       std::to_string(event.value("index", std::uint64_t{0})) +
                                       "?epoch=" + event.value("epoch", "")));
        DETENTE_TRY_VOID(save_documents(context, station, options, entry));
        put(context, entry, entry_lines(entry));
        return {};
      });
}

Result<void> events(Context& context, bool follow, std::uint64_t since) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(answer, station.get("/v1/events?timeout_ms=0&since=" + std::to_string(since)));
  if (!follow) {
    for (const Json& event : answer["events"]) context.say(event_line(event));
    context.result(answer);
    return {};
  }
  for (const Json& event : answer["events"]) put(context, event, {event_line(event)});
  return follow_events(station, answer.value("next", since),
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
  inbox_command->add_flag("--follow", options->follow, "Go on with what arrives");
  inbox_command->add_option("--save", options->save, "Save the documents that are all here into this directory");
  example(*inbox_command, "detente inbox north/military-west --save documents/");
  example(*inbox_command, "detente inbox north/military-west --follow");
  on_run(*inbox_command, context, [&context, options] { return inbox(context, *options); });

  auto follow = std::make_shared<bool>(false);
  auto since = std::make_shared<std::uint64_t>(0);
  CLI::App* events_command = app.add_subcommand("events", "What happened at the station lately");
  events_command->add_flag("--follow", *follow, "Go on with what happens");
  events_command->add_option("--since", *since, "After the event of this number");
  on_run(*events_command, context,
         [&context, follow, since] { return events(context, *follow, *since); });
}

}  // namespace detente::cli
