#include "station/api.h"
#include "station/entry_json.h"
#include "wire/text.h"

namespace detente::station {

namespace {

constexpr std::size_t kEvidenceShown = 256;  // of all logs of a line

// What proves two histories first, of which each log keeps few; the other side makes as many of the rest as it likes. One more
// than `room` where there is more.
std::vector<record::PutEvidence> gravest_first(const record::Reader& store, const record::LogKey& log, std::size_t room) {
  std::vector<record::PutEvidence> out;
  for (const std::string_view what : {record::kSecondCheckpoint, record::kSecondAhead})
    for (record::PutEvidence& one : store.evidence_of(log, what, {})) out.push_back(std::move(one));
  const std::size_t graver = out.size();
  for (record::PutEvidence& one : store.evidence(log, room + graver + 1))
    if (one.what != record::kSecondCheckpoint && one.what != record::kSecondAhead) out.push_back(std::move(one));
  if (out.size() > room + 1) out.resize(room + 1);
  return out;
}

Json log_json(const Running& running, const Counterpart& counterpart, const accord::Annex& annex,
              const record::Reader::LogInfo& info, std::optional<std::uint64_t> at, std::size_t& room) {
  Json evidence = Json::array();
  auto kept = gravest_first(*running.store, info.log, room);
  const bool more = kept.size() > room;
  if (more) kept.pop_back();
  room -= kept.size();
  for (const record::PutEvidence& item : kept)
    evidence.push_back({{"what", wire::display_line(item.what)},
                        {"at", item.at.seconds},
                        {"bytes", to_base64(item.bytes)}});
  const auto root = record::root_at(*running.store->tiles(info.log), info.size);
  const auto root_then = at && *at <= info.size ? record::root_at(*running.store->tiles(info.log), *at) : std::nullopt;
  return {{"whose", info.log.own ? "own" : "far"},
          {"station", wire::display_line(info.log.station_id)},
          {"epoch", to_hex(info.log.epoch)},
          {"ordinal", info.ordinal},
          {"origin", record::log_origin(counterpart.accord.lineage, annex.line, info.log.station_id,
                                        info.log.epoch)},
          {"size", info.size},
          {"root", root ? Json(to_hex(*root)) : Json()},
          {"at", root_then ? Json{{"size", *at}, {"root", to_hex(*root_then)}} : Json()},
          {"checkpoint", checkpoint_json(running.store->checkpoint_covering(info.log, info.size))},
          {"cosignature", cosignature_json(running.store->newest_cosignature(info.log))},
          {"early", running.store->early_entries(info.log).size()},
          {"evidence", std::move(evidence)},
          {"more_evidence", more}};
}

}  // namespace

Result<Json> record_json(Running& running, const Counterpart& counterpart, std::optional<std::uint64_t> at,
                         const accord::Annex& annex) {
  const core::Line* line = running.driver->station().peer(counterpart.peer).line(annex.line);
  const record::LogKey far = running.newest_log(counterpart.peer, annex.line, false);
  const auto infos = running.store->logs({counterpart.accord.lineage, annex.line});
  std::vector<Json> newest_first;
  std::size_t room = kEvidenceShown;
  for (auto info = infos.rbegin(); info != infos.rend(); ++info)
    newest_first.push_back(log_json(running, counterpart, annex, *info, at, room));
  Json logs = Json::array();
  for (auto one = newest_first.rbegin(); one != newest_first.rend(); ++one) logs.push_back(std::move(*one));
  return Json{{"ok", true},
              {"counterpart", counterpart.name()},
              {"line", annex.name},
              {"line_number", annex.line.value},
              {"evidence", accord::to_string(annex.evidence)},
              {"lineage", to_hex(counterpart.accord.lineage)},
              {"accord", to_hex(counterpart.accord.digest)},
              {"retired", line == nullptr},
              {"own_epoch", to_hex(running.newest_log(counterpart.peer, annex.line, true).epoch)},
              {"far_epoch", far.epoch != record::EpochId{} ? Json(to_hex(far.epoch)) : Json()},
              {"queued", line == nullptr ? 0 : line->queued()},
              {"contact", line != nullptr && line->contact_made()},
              {"recovering", line != nullptr && line->far().wants_recovery()},
              {"had_receipted", line == nullptr ? 0 : line->far().floor()},
              {"logs", std::move(logs)}};
}

}  // namespace detente::station
