#include "station/witness.h"

#include "station/clock_offset.h"

#include <spdlog/spdlog.h>

#include "station/bulletins.h"
#include "station/submission.h"
#include "station/watch.h"

namespace detente::station {

void Witness::on_event(const core::DeskEvent& event) { std::visit(*this, event); }

void Witness::add(Json event) {
  running_.events.add(std::move(event), running_.driver->now().wall);
}

Json Witness::place(const char* what, PeerId peer, LineId line) const {
  const Counterpart& counterpart = *running_.counterparts[peer.value];
  const accord::Annex* annex = counterpart.accord.annex(line);
  return {{"event", what},
          {"counterpart", counterpart.name()},
          {"line", annex == nullptr ? "" : annex->name},
          {"line_number", line.value}};
}

void Witness::operator()(const core::EntryPlaced& event) {
  Json out = place("placed", event.peer, event.line);
  out.update(Json{
      {"submission", event.submission}, {"epoch", to_hex(event.epoch)}, {"index", event.index}});
  add(std::move(out));
}

void Witness::operator()(const core::EntryQueued& event) {
  Json out = place("queued", event.peer, event.line);
  out["submission"] = event.submission;
  add(std::move(out));
}

void Witness::operator()(const core::SubmissionFailed& event) {
  Json out = place("failed", event.peer, event.line);
  out["submission"] = event.submission;
  out["error"] = error_json(event.error)["error"];
  add(std::move(out));
}

std::optional<record::StoredEntry> Witness::find(const core::EntryArrived& event) const {
  record::LogKey log = running_.line(event.peer, event.line).far().key();
  log.epoch = event.epoch;
  auto found = event.early ? running_.store->early_entries(log)
                           : running_.store->entries(log, event.index, event.index + 1, 1);
  for (record::StoredEntry& stored : found)
    if (stored.index == event.index) return std::move(stored);
  return std::nullopt;
}

void Witness::operator()(const core::EntryArrived& event) {
  Json out = place("arrived", event.peer, event.line);
  out.update(Json{{"epoch", to_hex(event.epoch)}, {"index", event.index}, {"early", event.early}});
  const auto stored = find(event);
  if (stored) {
    if (const Result<record::Entry> entry = record::decode_entry(stored->bytes)) {
      const record::Header& header = entry->header;
      out["class"] = class_name(header.entry_class);
      out["precedence"] = record::precedence_name(header.precedence);
      out["kind"] = header.kind;
      out["kind_name"] = kind_name(header.kind);
    }
  }
  add(std::move(out));
  if (!stored || event.line != kAccordLine) return;
  Counterpart& counterpart = *running_.counterparts[event.peer.value];
  const Result<bool> taken = take_bulletin(running_, counterpart, *stored);
  if (!taken) {
    log_.warn("{}: entry {} of the accord line is no bulletin that can be taken: {}",
              counterpart.name(), event.index, taken.error().message);
  } else if (*taken) {
    log_.info("{}: a bulletin was taken in", counterpart.name());
    add(place("bulletin", event.peer, event.line));
  }
}

void Witness::operator()(const core::ReceiptVerified& event) {
  measure_clocks(running_, event);
  Json out = place("receipt", event.peer, event.line);
  out.update(Json{{"epoch", to_hex(event.epoch)}, {"size", event.size}});
  add(std::move(out));
}

void Witness::operator()(const core::DocumentConfirmed& event) {
  Json out = place("document-confirmed", event.peer, event.line);
  out["root"] = to_hex(event.root);
  add(std::move(out));
}

void Witness::operator()(const core::DocumentArrived& event) {
  Json out = place("document-arrived", event.peer, event.line);
  out["root"] = to_hex(event.root);
  add(std::move(out));
}

void Witness::operator()(const core::LinkChanged& event) {
  LinkView& view = running_.links[event.peer.value];
  view.up = event.up;
  view.since = running_.driver->now().wall;
  const std::string& name = running_.counterparts[event.peer.value]->name();
  log_.info("link to {} is {}", name, event.up ? "up" : "down");
  add({{"event", "link"}, {"counterpart", name}, {"up", event.up}});
}

void Witness::operator()(const core::Alarm& event) {
  std::uint64_t silent = 0;
  if (!running_.gate.let_through(event.peer, event.kind, running_.driver->now().mono, silent))
    return;
  const std::string& name = running_.counterparts[event.peer.value]->name();
  if (silent > 0) log_.warn("{}: {} more of this kind were not written here", name, silent);
  log_.warn("{}: {}: {}", name, alarm_name(event.kind), event.text);
  add({{"event", "alarm"},
       {"counterpart", name},
       {"alarm", alarm_name(event.kind)},
       {"text", event.text},
       {"not_shown_before", silent}});
  running_.watch->on_core_alarm(name, alarm_name(event.kind), event.text);
}

}  // namespace detente::station
