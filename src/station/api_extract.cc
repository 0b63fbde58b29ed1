// The extract route: entries with their proofs, for somebody who has neither station.
#include "record/extract.h"
#include "record/two_records.h"
#include "station/api.h"

namespace detente::station {

namespace {

constexpr std::uint64_t kItemsMax = 500;  // of one request; a longer range is asked for in parts

Result<record::ItemForm> form_of(const ApiRequest& request) {
  const auto form = request.query.find("form");
  if (form == request.query.end() || form->second == "whole") return record::ItemForm::kWhole;
  if (form->second == "header") return record::ItemForm::kHeader;
  if (form->second == "leaf") return record::ItemForm::kLeaf;
  return fail(Fault::kMalformed, "form is whole, header or leaf");
}

}  // namespace

Result<Json> extract_json(Running& running, const Counterpart& counterpart,
                          const accord::Annex& annex, const ApiRequest& request) {
  const auto whose = request.query.find("whose");
  if (whose == request.query.end() || (whose->second != "own" && whose->second != "far"))
    return fail(Fault::kMalformed, "whose must say own or far");
  DETENTE_TRY(form, form_of(request));
  DETENTE_TRY(index, query_number(request, "index", 0, UINT64_MAX - kItemsMax));
  DETENTE_TRY(count, query_number(request, "count", 1, kItemsMax));
  record::LogKey log = running.newest_log(counterpart.peer, annex.line, whose->second == "own");
  if (const auto epoch = request.query.find("epoch"); epoch != request.query.end()) {
    const auto bytes = from_hex(epoch->second);
    const auto id = bytes ? to_array<16>(*bytes) : std::nullopt;
    if (!id) return fail(Fault::kMalformed, "epoch must be 16 bytes in hex");
    log.epoch = *id;
  }
  std::vector<record::ExtractChoice> choices;
  for (std::uint64_t i = 0; i < count; ++i) choices.push_back({log, index + i, form});
  const Lineage accords = counterpart.lineage();
  const record::ExtractSources sources{accords, &running.own_roster, &counterpart.roster};
  DETENTE_TRY(bytes, record::make_extract(*running.store, sources, choices));
  return Json{{"ok", true},
              {"counterpart", counterpart.name()},
              {"line", annex.name},
              {"whose", whose->second},
              {"index", index},
              {"count", count},
              {"extract", to_base64(bytes)}};
}

Result<Json> two_records_json(Running& running, const Counterpart& counterpart, const accord::Annex& annex) {
  const Lineage accords = counterpart.lineage();
  const record::ExtractSources sources{accords, &running.own_roster, &counterpart.roster};
  Json list = Json::array();
  for (const record::KeptSecond& kept : record::second_checkpoints(*running.store, {counterpart.accord.lineage, annex.line})) {
    const auto file = record::make_two_records(*running.store, sources, kept);
    list.push_back({{"epoch", to_hex(kept.log.epoch)}, {"size", kept.second.checkpoint.size}, {"at", kept.at.seconds},
                    {"file", file ? Json(to_base64(*file)) : Json()}, {"why", file ? "" : file.error().message}});
  }
  return Json{{"ok", true}, {"counterpart", counterpart.name()}, {"line", annex.name}, {"two_records", std::move(list)}};
}

}  // namespace detente::station
