// Watch: whether the other station has this side's presence query. Nobody there was asked before that, so the accord's time
// runs from then on. spec/hours.md section 5.
#include "core/line.h"
#include "station/watch.h"

namespace detente::station {

namespace {

constexpr std::uint32_t kAtOnceSeconds = 60;  // so soon a receipt changes nothing, and needs no line in the log

bool is_received(const Running& running, PeerId peer, const record::LineKey& key, const EntryPlace& place) {
  const core::Line* line = running.driver->station().peer(peer).line(key.line);
  if (line != nullptr && line->own().key().epoch == place.epoch) return place.index < line->own().receipted_size();
  const auto log = running.store->log_of(key, true, place.epoch);
  const auto receipt = log ? running.store->newest_cosignature(log->log) : std::nullopt;
  return receipt && receipt->size > place.index;
}

}  // namespace

void Watch::look_at_query(OneLine& line) {
  const auto& query = line.watch->presence(true);
  if (!query || query->held || query->answer) return;
  if (line.query_held && line.query_held->first == query->place) return line.watch->hold_query(line.query_held->second);
  if (!is_received(running_, line.counterpart->peer, {line.counterpart->accord.lineage, line.annex->line}, query->place)) {
    line.query_on_its_way = query->place;
    return;
  }
  // Of one that had its receipt before this run began, and of which the log says nothing, it came at once.
  WallTime since = line.query_on_its_way == query->place ? now() : query->at;
  if (since.seconds <= query->at.seconds + kAtOnceSeconds) since = query->at;
  if (since != query->at)
    note({{"what", "query"}, {"line", line.name}, {"epoch", to_hex(query->place.epoch)}, {"index", query->place.index},
          {"asked", query->at.seconds}, {"there", since.seconds}});
  line.query_held = {query->place, since};
  line.watch->hold_query(since);
}

void Watch::read_query(const Json& line) {
  OneLine* found = named(line.at("line").get<std::string>());
  const auto bytes = from_hex(line.at("epoch").get<std::string>());
  const auto epoch = bytes ? to_array<16>(*bytes) : std::nullopt;
  if (found == nullptr || !epoch) return;
  found->query_held = {{*epoch, line.at("index").get<std::uint64_t>()}, {line.at("there").get<std::uint32_t>()}};
}

std::optional<PresenceQuery> Watch::unsent_query(const OneLine& line) const {
  std::optional<PresenceQuery> out;
  const core::Line* held = running_.driver->station().peer(line.counterpart->peer).line(line.annex->line);
  if (held == nullptr) return out;  // log only
  held->each_waiting([&](core::SubmissionId, const record::Entry& entry) {
    if (entry.header.kind != record::kPresence || entry.header.entry_class != record::EntryClass::kLive) return;
    const auto deed = line::parse_presence_body(entry.body);
    if (!deed || *deed != line::PresenceDeed::kAsked) return;
    out = PresenceQuery{{}, entry.header.time, officer_words(running_.own_roster, entry.header.author), {}, {}, {}, {}};
  });
  return out;
}

}  // namespace detente::station
