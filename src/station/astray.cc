#include "station/astray.h"

#include <algorithm>

#include "core/outbox.h"
#include "station/events.h"
#include "station/submission.h"
#include "station/watch.h"
#include "wire/text.h"

namespace detente::station {

namespace {

constexpr std::size_t kNamedMax = 3;
constexpr std::size_t kTextMax = 60;

// Not within a character.
std::string beginning_of(const std::string& text) {
  std::size_t size = std::min(text.size(), kTextMax);
  while (size > 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

// Its digest may hold where its key does not: then its author learns what to say again.
std::string name_of(const io::AstrayItem& astray) {
  const std::string number = "number " + std::to_string(astray.item.id) + " of a queue";
  const auto waiting = core::decode_outbox_item(astray.item.item);
  if (!waiting) return number;
  const record::Entry& entry = waiting->entry;
  std::string out = number + ", a " + kind_name(entry.header.kind) + " of line no. " + std::to_string(entry.header.line.value);
  if (entry.header.precedence == record::Precedence::kFlash) out += ", FLASH";
  if (entry.header.body_form == record::BodyForm::kText) {
    const std::string text = as_string(entry.body);
    out += ": \"" + wire::display_line(beginning_of(text)) + (text.size() > kTextMax ? "…" : "") + "\"";
  }
  return out;
}

}  // namespace

void look_for_astray(Running& running) {
  std::set<record::LineKey> read;
  for (const auto& counterpart : running.counterparts)
    for (const auto& [id, annex] : counterpart->accord.annexes) read.insert({counterpart->accord.lineage, id});
  const auto astray = running.store->astray_items(read);
  running.queue_astray = astray.size();
  const std::string kind = alarm_name(core::AlarmKind::kStore);
  if (astray.empty()) return running.watch->ask_no_more("", kind);
  std::string words = "of what waits in the queue, " + std::to_string(astray.size()) +
                      " is under a key that no line of this station has: this disk is damaged. It is NOT SENT; its author has to say it again. Look "
                      "at the other messages that wait, and at the disk";
  for (std::size_t at = 0; at < astray.size() && at < kNamedMax; ++at) words += (at == 0 ? " (" : "; ") + name_of(astray[at]);
  if (astray.size() > kNamedMax) words += "; and more";
  running.watch->ask_person("", kind, words + ")");
}

}  // namespace detente::station
