#include <algorithm>

#include "core/outbox.h"
#include "io/os_clock.h"
#include "line/message.h"
#include "station/amender.h"
#include "station/api.h"
#include "station/line_facts.h"
#include "station/watch.h"

namespace detente::station {

namespace {

Json link_json(const Running& running, const Counterpart& counterpart) {
  const core::Link& link = running.driver->station().peer(counterpart.peer).link();
  const LinkView& view = running.links[counterpart.peer.value];
  Json out{{"up", link.up() && link.ready()},
           {"since", view.since.seconds == 0 ? Json() : Json(view.since.seconds)},
           {"last_heard", Json()},
           {"heard_before", Json()},
           {"psk_epoch", link.psk_epoch()},
           {"sessions", link.session_count()}};
  if (link.last_heard()) out["last_heard"] = running.driver->walls().at(*link.last_heard()).seconds;
  if (const auto before = running.watch == nullptr ? std::nullopt : running.watch->heard_before(counterpart))
    out["heard_before"] = before->seconds;
  const core::PathState* best = link.paths().find(link.paths().best_id());
  if (best->flow.round_trip().known())
    out["round_trip_ms"] = static_cast<double>(best->flow.round_trip().smoothed().count()) / 1000;
  return out;
}

// Of what waits on the disk: how much of it the disk has changed. It is kept and not sent.
std::size_t damaged_in_queue(const Running& running, const Counterpart& counterpart, const accord::Annex& annex) {
  const auto items = running.store->outbox({counterpart.accord.lineage, annex.line});
  if (items.size() <= running.line(counterpart.peer, annex.line).queued()) return 0;
  return static_cast<std::size_t>(std::count_if(items.begin(), items.end(), [&](const record::OutboxItem& item) {
    const auto waiting = core::decode_outbox_item(item.item);
    return !waiting || waiting->entry.header.line != annex.line;
  }));
}

// Ours that are named and not all on the other side's disk.
Json documents_waiting(const Running& running, const Counterpart& counterpart, LineId line) {
  const core::Documents& documents = running.driver->station().peer(counterpart.peer).documents();
  const core::UnconfirmedDocuments waiting = documents.unconfirmed(line);
  return {{"count", waiting.count}, {"bytes", waiting.bytes}, {"stopped", waiting.count > 0 && documents.is_cut(line)}};
}

Json line_status(Running& running, const Counterpart& counterpart, const accord::Annex& annex,
                 const watch::LadderFacts& shared) {
  const core::Line& line = running.line(counterpart.peer, annex.line);
  const ReadMarks& marks = running.marks_of(counterpart.peer, annex.line);
  Json out{{"number", annex.line.value},
          {"name", annex.name},
          {"evidence", accord::to_string(annex.evidence)},
          {"own_size", line.own().durable_size()},
          {"receipted", line.own().receipted_size()},
          {"unreceipted", line.own().durable_size() - line.own().receipted_size()},
          {"queued", line.queued()},
          {"documents_waiting", documents_waiting(running, counterpart, annex.line)},
          {"queued_damaged", damaged_in_queue(running, counterpart, annex)},
          {"far_size", line.far().durable_size()},
          {"unread", marks.count()},
          {"unread_drills", marks.count(record::EntryClass::kDrill)},
          {"unread_tests", marks.count(record::EntryClass::kTest)},
          {"unread_flash", marks.flashes()},
          {"unread_behind", marks.behind()}};
  const watch::Ladder ladder = watch::judge(gather_line(running, counterpart, shared, annex));
  out.update(situation_json(ladder));
  out["heard_in_public"] = running.watch == nullptr ? Json() : running.watch->heard_json(counterpart, annex);
  out["person"] = finding_json(ladder.rung(watch::RungKind::kOfficer));
  return out;
}

Json counterpart_json(Running& running, const Counterpart& counterpart) {
  const core::Peer& peer = running.driver->station().peer(counterpart.peer);
  const accord::AccordInForce& accord = counterpart.accord;
  Json out{{"name", counterpart.name()},
           {"station", counterpart.their_station},
           {"link", link_json(running, counterpart)},
           {"contact", peer.contact_made()},
           // Within one life it is made once and stays.
           {"since", peer.contact_made() ? Json() : Json(running.started.seconds)},
           {"accord",
            {{"digest", to_hex(accord.digest)},
             {"version", accord.accord.version},
             {"in_force_since", accord.accord.not_before.seconds},
             {"adopted_there", peer.amendment().adopted_there() && !peer.link().other_accord()},
             {"next", running.amender == nullptr ? Json() : running.amender->next_json(counterpart)}}},
           {"other_accord", Json()},
           {"clock", clock_json(running.links[counterpart.peer.value], running.driver->now())}};
  if (peer.link().other_accord()) out["other_accord"] = to_hex(*peer.link().other_accord());
  out["paths"] = Json::array();
  for (const PathConfig& path : counterpart.config.paths) {
    const auto moved = running.driver->path_trouble(counterpart.peer, accord.accord.path(path.name)->number).moved;
    out["paths"].push_back({{"name", path.name},
                            {"listen", path.listen.text()},
                            {"peer", path.peer.text()},
                            {"heard_from", moved ? Json(moved->words) : Json()}});
  }
  out["lines"] = Json::array();
  const watch::LadderFacts shared = gather_shared(running, counterpart);
  for (const auto& [id, annex] : accord.annexes)
    out["lines"].push_back(line_status(running, counterpart, annex, shared));
  out["retired"] = Json::array();
  for (const record::LineKey& line : lines_of(counterpart))
    if (const accord::Annex* annex = counterpart.retired(line.line))
      out["retired"].push_back({{"number", line.line.value}, {"name", annex->name}});
  return out;
}

}  // namespace

Json status_json(Running& running) {
  Json out{{"ok", true},
           {"api", "detente-api/1"},
           {"station", running.station_id},
           {"side", running.dir.name()},
           {"now", running.driver->now().wall.seconds},
           {"started", running.started.seconds},
           {"events", running.events.newest()},
           {"datagrams",
            {{"dropped", running.driver->station().datagrams_dropped()},
             {"not_sent", running.driver->datagrams_not_sent()}}},
           {"queue_astray", running.queue_astray},
           {"fault", Json()},
           {"rules", Json::object()},
           {"mandates", Json::array()},
           {"clock_step", running.watch == nullptr ? Json() : running.watch->step_json()},
           {"clock_synchronised", synchronised_json(io::os_clock_synchronised())},
           {"clocks", clocks_json(running, nullptr)}};
  for (const GraveAct act : kGraveActs) {
    out["rules"][to_string(act)] = running.config.rules.signers_of(act);
    if (running.config.rules.wants_mandate(act)) out["mandates"].push_back(to_string(act));
  }
  if (const auto fault = running.store->trouble()) {
    out["fault"] = fault->message;
  } else if (running.queue_astray > 0) {
    out["fault"] = "the record is damaged: " + std::to_string(running.queue_astray) +
                   " of what waited is under a key that no line of this station has. It is kept aside and NOT SENT: the alarm says what it was; say it "
                   "again, and look at the disk";
  }
  out["hooks"] = running.watch == nullptr ? Json::array() : running.watch->hooks_json();
  out["alarms"] = running.watch == nullptr ? Json() : running.watch->unacknowledged_json();
  out["counterparts"] = Json::array();
  for (const auto& counterpart : running.counterparts) {
    out["counterparts"].push_back(counterpart_json(running, *counterpart));
    if (!out["fault"].is_null()) continue;
    for (const Json& line : out["counterparts"].back()["lines"])
      if (const auto damaged = line["queued_damaged"].get<std::size_t>(); damaged > 0)
        out["fault"] = "the record is damaged: " + std::to_string(damaged) + " of what waited on " + counterpart->name() + "/" +
                       line["name"].get<std::string>() +
                       " is not what was written. It is kept aside and NOT SENT: say it again, and look at the disk";
  }
  return out;
}

Json line_json(Running& running, const Counterpart& counterpart, const accord::Annex& annex) {
  const accord::AccordInForce& accord = counterpart.accord;
  Json media = Json::array();
  for (const accord::Medium medium : annex.media) media.push_back(accord::to_string(medium));
  record::Entry empty;
  empty.header.line = annex.line;
  empty.header.time = running.driver->now().wall;
  Json out = line_status(running, counterpart, annex, gather_shared(running, counterpart));
  out.update(
      Json{{"ok", true},
           {"counterpart", counterpart.name()},
           {"line", annex.name},
           {"line_number", annex.line.value},
           {"accord", {{"digest", to_hex(accord.digest)}, {"version", accord.accord.version}}},
           {"lineage", to_hex(accord.lineage)},
           {"highest_precedence",
            record::precedence_name(static_cast<record::Precedence>(annex.highest_precedence))},
           {"media", std::move(media)},
           {"entry_bytes_max", record::kEntryBytesMax},
           {"text_bytes_max", line::text_bytes_max(empty)},
           {"link_up", running.driver->station().peer(counterpart.peer).link().ready()}});
  return out;
}

}  // namespace detente::station
