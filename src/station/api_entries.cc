#include <algorithm>

#include "station/api.h"
#include "station/entry_json.h"
#include "station/log_window.h"

namespace detente::station {

namespace {

constexpr std::uint64_t kListMax = 200;
constexpr std::uint64_t kListUsual = 50;

struct Asked {
  bool own = true;
  bool far = true;
  std::optional<std::uint64_t> since;
  std::uint64_t limit = kListUsual;
  bool unread = false;
  bool newest = false;  // of what is unread: the last instead of the first
};

Result<Asked> parse_query(const ApiRequest& request) {
  Asked out;
  for (const auto& [key, value] : request.query) {
    if (key == "whose") {
      if (value != "own" && value != "far" && value != "both")
        return fail(Fault::kMalformed, "whose must be own, far or both");
      out.own = value != "far";
      out.far = value != "own";
    } else if (key == "since") {
      DETENTE_TRY(since, parse_number(value, key, UINT64_MAX));
      out.since = since;
    } else if (key == "limit") {
      DETENTE_TRY(limit, parse_number(value, key, kListMax));
      if (limit == 0) return fail(Fault::kMalformed, "limit must be a whole number from 1 to " + std::to_string(kListMax));
      out.limit = limit;
    } else if (key == "unread") {
      out.unread = value != "0";
    } else if (key == "newest") {
      out.newest = value != "0";
    } else {
      return fail(Fault::kMalformed, "a list of entries knows whose, since, limit, unread and newest");
    }
  }
  if (out.newest && (!out.unread || out.since)) return fail(Fault::kMalformed, "newest goes with unread, and without since");
  if (out.unread) out.own = false;
  return out;
}

// Asked from a place on: of the newest log alone.
void take_side(const Running& running, EntryView view, const std::vector<record::Reader::LogInfo>& logs, bool own,
               const Asked& asked, std::vector<EntryView>& out) {
  const std::uint64_t most = asked.limit + 1;  // one more tells that there are more
  auto windows = newest_entries(logs, own, most);
  if (asked.since && windows.size() > 1) windows.erase(windows.begin(), windows.end() - 1);
  for (const auto& [info, newest_from] : windows) {
    const std::uint64_t from = asked.since.value_or(newest_from);
    view.log = info.log;
    view.early = false;
    if (from < info.size)
      for (record::StoredEntry& stored : running.store->entries(info.log, from, info.size, most)) {
        view.stored = std::move(stored);
        out.push_back(view);
      }
    if (own) continue;
    view.early = true;
    for (record::StoredEntry& stored : running.store->early_entries(info.log)) {
      view.stored = std::move(stored);
      if (!asked.since || view.stored.index >= *asked.since) out.push_back(view);
    }
  }
}

// Own and far entries as they were stored here. Within the logs of one side their own order counts
// and never the clock, which may have stepped back between two of them.
void put_in_order(std::vector<EntryView>& found) {
  std::map<bool, WallTime> latest;
  std::vector<std::pair<WallTime, EntryView>> keyed;
  for (EntryView& entry : found) {
    WallTime& at = latest[entry.log.own];
    at = std::max(at, entry.stored.stored_at);
    keyed.emplace_back(at, std::move(entry));
  }
  std::stable_sort(keyed.begin(), keyed.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < keyed.size(); ++i) found[i] = std::move(keyed[i].second);
}

// FLASH first, whatever came after it; from a place on, or from the end: in the order of the log.
std::vector<ReadMarks::Unread> unread_places(const Running& running, const ReadMarks& marks, const EntryView& view, const Asked& asked) {
  const auto most = static_cast<std::size_t>(asked.limit);
  if (asked.since) return marks.from(running.newest_log(view.counterpart->peer, view.annex->line, false), *asked.since, most);
  if (asked.newest) {
    auto out = marks.last(most);
    std::reverse(out.begin(), out.end());
    return out;
  }
  auto out = marks.first(most, ReadMarks::Which::kFlash);
  for (ReadMarks::Unread& one : marks.first(most - out.size(), ReadMarks::Which::kOthers)) out.push_back(std::move(one));
  return out;
}

std::vector<EntryView> unread_entries(const Running& running, const std::vector<ReadMarks::Unread>& places, const EntryView& view) {
  std::vector<EntryView> out;
  for (const ReadMarks::Unread& place : places) {
    EntryView found = view;
    found.log = place.log;
    auto stored = running.store->entries(place.log, place.index, place.index + 1, 1);
    found.early = stored.empty();
    if (stored.empty())
      if (auto early = running.stored(place.log, place.index)) stored.push_back(std::move(*early));
    if (stored.empty()) continue;  // the store has failed and says so elsewhere
    found.stored = std::move(stored.front());
    out.push_back(std::move(found));
  }
  return out;
}

}  // namespace

Result<Json> entries_json(Running& running, const Counterpart& counterpart,
                          const accord::Annex& annex, const ApiRequest& request) {
  DETENTE_TRY(asked, parse_query(request));
  const record::LineKey line{counterpart.accord.lineage, annex.line};
  const ReadMarks& marks = running.marks_of(counterpart.peer, annex.line);
  EntryView view;
  view.counterpart = &counterpart;
  view.annex = &annex;
  std::vector<EntryView> found;
  std::uint64_t unread_more = 0;
  if (asked.unread) {
    const auto places = unread_places(running, marks, view, asked);
    unread_more = marks.count() - places.size();
    found = unread_entries(running, places, view);
  } else {
    const auto logs = running.store->logs(line);
    for (const bool own : {true, false})
      if (own ? asked.own : asked.far) take_side(running, view, logs, own, asked, found);
    put_in_order(found);
  }
  // Asked from a place on: the first of them; else the newest.
  const std::size_t more = found.size() > asked.limit ? found.size() - asked.limit : 0;
  if (more > 0 && asked.since) found.resize(asked.limit);
  if (more > 0 && !asked.since)
    found.erase(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(more));
  Json list = Json::array();
  for (const EntryView& entry : found) list.push_back(entry_json(running, entry));
  Json out{{"ok", true},         {"counterpart", counterpart.name()},
           {"line", annex.name}, {"line_number", annex.line.value},
           {"more", more + unread_more > 0}, {"entries", std::move(list)},
           {"waiting", asked.own ? waiting_json(running, counterpart, annex) : Json::array()}};
  if (asked.unread) out["unread_more"] = unread_more;
  if (asked.unread) out["unread_behind"] = marks.behind();
  return out;
}

Result<Json> one_entry_json(Running& running, const Counterpart& counterpart,
                            const accord::Annex& annex, const ApiRequest& request) {
  const std::string& whose = request.path[6];
  if (whose != "own" && whose != "far")
    return fail(Fault::kMalformed, "an entry is named by own or far, and its index");
  EntryView view;
  view.counterpart = &counterpart;
  view.annex = &annex;
  view.log = running.newest_log(counterpart.peer, annex.line, whose == "own");
  if (const auto epoch = request.query.find("epoch"); epoch != request.query.end()) {
    const auto bytes = from_hex(epoch->second);
    const auto id = bytes ? to_array<16>(*bytes) : std::nullopt;
    if (!id) return fail(Fault::kMalformed, "epoch must be 16 bytes in hex");
    view.log.epoch = *id;
  }
  DETENTE_TRY(index, parse_number(request.path[7], "index", UINT64_MAX - 1));
  auto found = running.store->entries(view.log, index, index + 1, 1);
  if (found.empty() && !view.log.own)
    for (record::StoredEntry& stored : running.store->early_entries(view.log))
      if (stored.index == index) {
        found.push_back(std::move(stored));
        view.early = true;
      }
  if (found.empty())
    return fail(Fault::kNotFound, "there is no entry " + std::to_string(index) + " in " +
                                      (view.log.own ? "this side's" : "the other side's") +
                                      " log of line " + annex.name);
  view.stored = std::move(found.front());
  running.marks_of(counterpart.peer, annex.line);
  return full_entry_json(running, view);
}

}  // namespace detente::station
