#include "station/witness.h"

#include "station/clock_offset.h"

#include <spdlog/spdlog.h>

#include "station/api.h"
#include "station/bulletins.h"
#include "station/submission.h"
#include "station/suspensions.h"
#include "station/watch.h"

namespace detente::station {

void Witness::on_event(const core::DeskEvent& event) { std::visit(*this, event); }

void Witness::add(EventRing::Tell tell) {
  running_.events.add(std::move(tell), running_.driver->now().wall);
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
  add([this, event] {
    Json out = place("placed", event.peer, event.line);
    out.update(Json{
        {"submission", event.submission}, {"epoch", to_hex(event.epoch)}, {"index", event.index}});
    return out;
  });
}

void Witness::operator()(const core::EntryQueued& event) {
  add([this, event] {
    Json out = place("queued", event.peer, event.line);
    out["submission"] = event.submission;
    return out;
  });
}

void Witness::operator()(const core::SubmissionFailed& event) {
  std::erase_if(running_.mandates_used, [&](const auto& one) { return one.second == std::pair(event.peer, event.submission); });
  add([this, event] {
    Json out = place("failed", event.peer, event.line);
    out["submission"] = event.submission;
    out["error"] = error_json(event.error)["error"];
    return out;
  });
}

// What came early is among the others once everything before it is there.
std::optional<record::StoredEntry> Witness::find(const core::EntryArrived& event) const {
  record::LogKey log = running_.newest_log(event.peer, event.line, false);
  log.epoch = event.epoch;
  if (event.early)
    for (record::StoredEntry& stored : running_.store->early_entries(log))
      if (stored.index == event.index) return std::move(stored);
  auto found = running_.store->entries(log, event.index, event.index + 1, 1);
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

Json Witness::tell_arrived(const core::EntryArrived& event) const {
  Json out = place("arrived", event.peer, event.line);
  out.update(Json{{"epoch", to_hex(event.epoch)}, {"index", event.index}, {"early", event.early}});
  const auto stored = find(event);
  if (!stored) return out;
  if (const Result<record::Entry> entry = record::decode_entry(stored->bytes)) {
    const record::Header& header = entry->header;
    out["class"] = class_name(header.entry_class);
    out["precedence"] = record::precedence_name(header.precedence);
    out["kind"] = header.kind;
    out["kind_name"] = kind_name(header.kind);
    const SignedBy by = judge(event, *entry);
    out["signed_by"] = by.valid;
    out["verdict"] = by.faulty ? to_string(by.faulty->value) : "valid";
    out["verdict_why"] = by.faulty ? "the signature " + by.faulty->why : "";
  }
  return out;
}

SignedBy Witness::judge(const core::EntryArrived& event, const record::Entry& entry) const {
  if (entry.signatures.empty()) return {};
  record::LogKey log = running_.newest_log(event.peer, event.line, false);
  log.epoch = event.epoch;
  const Counterpart& counterpart = *running_.counterparts[event.peer.value];
  return signed_by(entry, judge_signatures(running_, counterpart, log, event.index, entry));
}

// The core has no rosters, and has told of a signature that was used before.
void Witness::look_at_signatures(const core::EntryArrived& event) {
  const accord::Annex* annex = running_.counterparts[event.peer.value]->accord.annex(event.line);
  const auto stored = annex != nullptr && annex->provable() ? find(event) : std::nullopt;
  if (!stored) return;
  const Result<record::Entry> entry = record::decode_entry(stored->bytes);
  if (!entry) return;
  const SignedBy by = judge(event, *entry);
  if (!by.faulty || by.faulty->value == Verdict::Value::kUsedBefore) return;
  (*this)(core::Alarm{event.peer, core::AlarmKind::kBadEntry,
                      "SIGNATURE NOT VALID: entry far " + std::to_string(event.index) + " of line " + annex->name +
                          " carries a signature " + by.faulty->why + ". It is not that officer's word"});
}

void Witness::operator()(const core::EntryArrived& event) {
  add([this, event] { return tell_arrived(event); });
  look_at_signatures(event);
  if (event.line != kAccordLine) return;
  const auto stored = find(event);
  if (!stored) return;
  Counterpart& counterpart = *running_.counterparts[event.peer.value];
  if (const auto entry = record::decode_entry(stored->bytes))
    take_suspension(running_, counterpart, record::Whose::kOthers, *entry);
  const Result<bool> taken = take_bulletin(running_, counterpart, *stored);
  if (!taken) {
    log_.warn("{}: entry {} of the accord line {}: {}", counterpart.name(), event.index,
              taken.error().fault == Fault::kIo ? "is a bulletin that counts from now on and is not saved yet" : "is no bulletin that can be taken",
              taken.error().message);
    if (taken.error().fault == Fault::kDenied)  // a root key that was renewed still signs: somebody else may have it
      running_.watch->ask_person(counterpart.name(), "root-retired", taken.error().message);
  } else if (*taken) {
    log_.info("{}: a bulletin was taken in", counterpart.name());
    add([this, event] { return place("bulletin", event.peer, event.line); });
  }
}

void Witness::operator()(const core::ReceiptVerified& event) {
  measure_clocks(running_, event);
  add([this, event] {
    Json out = place("receipt", event.peer, event.line);
    out.update(Json{{"epoch", to_hex(event.epoch)}, {"size", event.size}});
    return out;
  });
}

void Witness::operator()(const core::DocumentConfirmed& event) {
  add([this, event] {
    Json out = place("document-confirmed", event.peer, event.line);
    out["root"] = to_hex(event.root);
    return out;
  });
}

void Witness::operator()(const core::DocumentArrived& event) {
  add([this, event] {
    Json out = place("document-arrived", event.peer, event.line);
    out["root"] = to_hex(event.root);
    return out;
  });
}

void Witness::operator()(const core::RegisterChanged& event) {
  const core::Registers& registers = running_.driver->station().peer(event.peer).registers();
  const std::string& name = running_.counterparts[event.peer.value]->name();
  const auto closed = registers.closed(event.line, line::kAllMedia);
  const bool lifting = running_.driver->station().peer(event.peer).lifts().lifting(event.line);
  log_.warn("{}: line {}: {}{}", name, event.line.value, closed ? "cut" : "not cut", lifting ? ", its lift is tested" : "");
  add([this, event, lifting, cut = closed.has_value()] {
    Json out = place("register", event.peer, event.line);
    out["cut"] = cut;
    out["lifting"] = lifting;
    return out;
  });
}

void Witness::operator()(const core::RestorationChanged& event) {
  const std::string& name = running_.counterparts[event.peer.value]->name();
  const bool ended = event.end.has_value();
  const std::string how = ended ? line::to_string(*event.end) : "its tests run";
  log_.warn("{}: restoration: {}", name, how);
  add([name, ended, how] {
    return Json{{"event", "restoration"}, {"counterpart", name}, {"ended", ended}, {"how", how}};
  });
}

void Witness::operator()(const core::CourierPacked& event) {
  const std::string& name = running_.counterparts[event.peer.value]->name();
  log_.info("{}: courier file {} was made: {} entries, {} receipts", name, event.number, event.entries, event.receipts);
  add([name, event] {
    return Json{{"event", "courier-made"}, {"counterpart", name}, {"number", event.number}, {"entries", event.entries}};
  });
}

void Witness::operator()(const core::CourierTaken& event) {
  const Counterpart& counterpart = *running_.counterparts[event.peer.value];
  Json brought = courier_json(counterpart, event);
  log_.info("{}: courier file {} was imported ({}): {} entries taken", counterpart.name(), event.number,
            brought["kind"].get<std::string>(), brought["taken"].get<std::size_t>());
  add([brought = std::move(brought)] {
    Json out{{"event", "courier-taken"}};
    out.update(brought);
    return out;
  });
}

void Witness::operator()(const core::LinkChanged& event) {
  LinkView& view = running_.links[event.peer.value];
  view.up = event.up;
  view.since = running_.driver->now().wall;
  const std::string& name = running_.counterparts[event.peer.value]->name();
  log_.info("link to {} is {}", name, event.up ? "up" : "down");
  add([name, up = event.up] { return Json{{"event", "link"}, {"counterpart", name}, {"up", up}}; });
}

void Witness::operator()(const core::Alarm& event) {
  std::uint64_t silent = 0;
  if (!running_.gate.let_through(event.peer, event.kind, running_.driver->now().mono, silent, event.line))
    return;
  const std::string& name = running_.counterparts[event.peer.value]->name();
  if (silent > 0) log_.warn("{}: {} more of this kind were not written here", name, silent);
  log_.warn("{}: {}: {}", name, alarm_name(event.kind), event.text);
  const std::string line = event.line ? place("alarm", event.peer, *event.line)["line"].get<std::string>() : "";
  add([name, line, event, silent] {
    Json out{{"event", "alarm"},
             {"counterpart", name},
             {"alarm", alarm_name(event.kind)},
             {"text", event.text},
             {"not_shown_before", silent}};
    if (!line.empty()) out["line"] = line;
    return out;
  });
  running_.watch->on_core_alarm(line.empty() ? name : name + "/" + line, alarm_name(event.kind), event.text);
}

}  // namespace detente::station
