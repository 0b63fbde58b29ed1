#include "station/api.h"
#include "station/entry_json.h"
#include "wire/text.h"

namespace detente::station {

namespace {

constexpr std::size_t kEvidenceShown = 256;  // of all logs of a line

struct ShownEvidence {
  std::vector<record::PutEvidence> shown;
  bool more = false;
  void take(record::PutEvidence one, std::size_t& room) {
    if (room == 0) {
      more = true;
      return;
    }
    shown.push_back(std::move(one));
    --room;
  }
};

bool proves_two_histories(const record::PutEvidence& one) { return one.what == record::kSecondCheckpoint || one.what == record::kSecondAhead; }

// Of each log. What proves two histories of any of them first, of which each log keeps few: the other side makes as many of the
// rest as it likes. Of the newest logs before the older ones.
std::vector<ShownEvidence> evidence_shown(const record::Reader& store, const std::vector<record::Reader::LogInfo>& logs) {
  std::vector<ShownEvidence> out(logs.size());
  std::size_t room = kEvidenceShown;
  for (std::size_t i = logs.size(); i-- > 0;)
    for (const std::string_view what : {record::kSecondCheckpoint, record::kSecondAhead})
      for (record::PutEvidence& one : store.evidence_of(logs[i].log, what, {})) out[i].take(std::move(one), room);
  for (std::size_t i = logs.size(); i-- > 0;)
    for (record::PutEvidence& one : store.evidence(logs[i].log, out[i].shown.size() + room + 1))
      if (!proves_two_histories(one)) out[i].take(std::move(one), room);
  return out;
}

Json log_json(const Running& running, const Counterpart& counterpart, const accord::Annex& annex,
              const record::Reader::LogInfo& info, std::optional<std::uint64_t> at, const ShownEvidence& kept) {
  Json evidence = Json::array();
  for (const record::PutEvidence& item : kept.shown)
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
          {"more_evidence", kept.more}};
}

}  // namespace

Result<Json> record_json(Running& running, const Counterpart& counterpart, std::optional<std::uint64_t> at,
                         const accord::Annex& annex) {
  const core::Line* line = running.driver->station().peer(counterpart.peer).line(annex.line);
  const record::LogKey far = running.newest_log(counterpart.peer, annex.line, false);
  const auto infos = running.store->logs({counterpart.accord.lineage, annex.line});
  const std::vector<ShownEvidence> evidence = evidence_shown(*running.store, infos);
  Json logs = Json::array();
  for (std::size_t i = 0; i < infos.size(); ++i) logs.push_back(log_json(running, counterpart, annex, infos[i], at, evidence[i]));
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
