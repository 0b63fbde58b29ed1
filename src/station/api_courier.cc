// Api: files that are carried by hand between two stations. spec/api.md, "Courier"; spec/courier.md.
#include <algorithm>

#include "link/courier_file.h"
#include "station/api.h"
#include "wire/text.h"

namespace detente::station {

namespace {

const char* kind_word(core::CourierKind kind) {
  switch (kind) {
    case core::CourierKind::kNew: return "new";
    case core::CourierKind::kRepeated: return "repeated";
    case core::CourierKind::kOlder: return "older";
    case core::CourierKind::kUnheard: return "unheard";
  }
  return "";
}

Json line_json(const Counterpart& counterpart, const core::CourierLine& line) {
  const accord::Annex* annex = counterpart.accord.annex(line.line);
  Json out{{"line", annex == nullptr ? "" : annex->name},
           {"line_number", line.line.value},
           {"entries", line.entries},
           {"taken", line.taken},
           {"early", line.early},
           {"known", line.known},
           {"receipt", line.receipt},
           {"contact", line.contact},
           {"cut", line.closed},
           {"missing", Json()}};
  if (line.missing) out["missing"] = {line.missing->first, line.missing->second};
  return out;
}

Json packed_json(const Counterpart& counterpart, const core::CourierPacked& packed) {
  return {{"ok", true},
          {"counterpart", counterpart.name()},
          {"number", packed.number},
          {"entries", packed.entries},
          {"receipts", packed.receipts},
          {"waiting", packed.waiting},
          {"left_out", packed.left_out},
          {"contact", packed.contact},
          {"file", to_base64(packed.file)}};
}

// Whose it says that it is; which of this station's counterparts that is, the core says in full.
Result<PeerId> counterpart_of(const Running& running, const link::CourierHeader& header) {
  const auto of_station = [&](const std::string& station) {
    return std::find_if(running.counterparts.begin(), running.counterparts.end(),
                        [&](const auto& one) { return one->their_station == station; });
  };
  const auto found = of_station(header.from == running.station_id ? header.to : header.from);
  if (found != running.counterparts.end()) return (*found)->peer;
  return fail(Fault::kConflict, "this courier file is of the station " + wire::display_line(header.from) + " for " +
                                    wire::display_line(header.to) + ", and this one is " + running.station_id +
                                    " and shares no accord with it: hand it on unopened");
}

ApiResponse error_response(const Error& error) { return {http_status(error.fault), dump(error_json(error))}; }

}  // namespace

Json courier_json(const Counterpart& counterpart, const core::CourierTaken& taken) {
  Json lines = Json::array();
  std::size_t count = 0;
  for (const core::CourierLine& line : taken.lines) {
    lines.push_back(line_json(counterpart, line));
    count += line.taken + line.early;
  }
  return {{"counterpart", counterpart.name()},
          {"kind", kind_word(taken.kind)},
          {"number", taken.number},
          {"made", taken.made.seconds},
          {"taken", count},
          {"lines", std::move(lines)}};
}

Result<std::optional<core::CourierAct>> Api::courier_act(const Counterpart& counterpart, const ApiRequest& request) {
  DETENTE_TRY(json, parse_body(request));
  DETENTE_TRY(asked, parse_courier_asked(json));
  if (!asked) return std::optional<core::CourierAct>();
  DETENTE_TRY(annex, find_annex(counterpart, asked->line));
  return std::optional(core::CourierAct{annex->line, asked->index.value_or(0), asked->waiting});
}

void Api::post_courier_export(const ApiRequest& request, Reply reply) {
  const auto pack = [&]() -> Result<void> {
    DETENTE_TRY(counterpart, find_counterpart(request));
    DETENTE_TRY(act, courier_act(*counterpart, request));
    const PeerId peer = counterpart->peer;
    DETENTE_TRY(id, running_.driver->pack_courier(peer, act, [&](core::CourierId accepted) {
      couriers_.emplace(std::pair(peer, accepted), reply);
    }));
    static_cast<void>(id);
    return {};
  };
  if (const Result<void> done = pack(); !done) reply(error_response(done.error()));
}

void Api::post_courier_import(const ApiRequest& request, Reply reply) {
  const auto take = [&]() -> Result<void> {
    DETENTE_TRY(parsed, link::parse_courier(as_bytes(request.body)));
    DETENTE_TRY(peer, counterpart_of(running_, parsed.header));
    DETENTE_TRY(id, running_.driver->take_courier(peer, as_bytes(request.body), [&](core::CourierId accepted) {
      couriers_.emplace(std::pair(peer, accepted), reply);
    }));
    static_cast<void>(id);
    return {};
  };
  if (const Result<void> done = take(); !done) reply(error_response(done.error()));
}

bool Api::on_courier(const core::DeskEvent& event) {
  const auto answer = [this](PeerId peer, core::CourierId id, ApiResponse response) {
    const auto it = couriers_.find({peer, id});
    if (it == couriers_.end()) return;
    it->second(std::move(response));
    couriers_.erase(it);
  };
  if (const auto* packed = std::get_if<core::CourierPacked>(&event)) {
    answer(packed->peer, packed->id, {200, dump(packed_json(*running_.counterparts[packed->peer.value], *packed))});
  } else if (const auto* taken = std::get_if<core::CourierTaken>(&event)) {
    Json out{{"ok", true}};
    out.update(courier_json(*running_.counterparts[taken->peer.value], *taken));
    answer(taken->peer, taken->id, {200, dump(out)});
  } else if (const auto* failed = std::get_if<core::CourierFailed>(&event)) {
    answer(failed->peer, failed->id, error_response(failed->error));
  } else {
    return false;
  }
  return true;
}

}  // namespace detente::station
