// What comes next: the first step of the ceremony that is missing, for each
// counterpart. Read from what lies in the directory, so it is right however far
// the sides came and in whatever order.
#include <algorithm>

#include "ceremony.h"
#include "ceremony_amend.h"

namespace detente::cli {
namespace {

using Whose = SideDir::Whose;

std::string paths_hint(const AccordFiles& files) {
  std::string out;
  for (const accord::AccordPath& path : files.note.accord.paths)
    out += " --listen " + path.name + "=ADDRESS:PORT --to " + path.name + "=ADDRESS:PORT";
  return out;
}

std::optional<std::string> accord_step(const std::string& name, const AccordFiles& files,
                                       const std::string& own) {
  const bool own_first = files.note.accord.first().name == own;
  if (!files.note.signed_by[own_first ? 0 : 1]) return "detente accord sign " + name;
  if (!files.note.complete())
    return "detente accord export " + name + " DIR2, hand DIR2 to " + name + ", and when " + name +
           " has signed and handed theirs back: detente accord import DIR2";
  return std::nullopt;
}

std::optional<std::string> secret_step(const SideDir& side, const std::string& name) {
  if (!side.has_hand_key(name, Whose::kOwn))
    return "detente secret make " + name + " --out FILE, and give FILE to " + name +
           " in one room, never over a network";
  if (!side.has_hand_key(name, Whose::kTheirs))
    return "detente secret take " + name + " FILE, with the file that " + name + " gave you";
  return std::nullopt;
}

std::optional<std::string> station_step(const SideDir& side, const std::string& name,
                                        const AccordFiles& files) {
  const auto config = side.station_config();
  if (!side.has_station() || !config || config->counterpart(name) == nullptr)
    return "detente station enrol --peer " + name + paths_hint(files);
  const auto officers = side.officers();
  if (officers && officers->empty()) return "detente officer enrol NAME --post duty-officer";
  const auto roster = side.roster_of(name);
  if (roster && roster->station(config->counterpart(name)->their_post) == nullptr)
    return "detente bulletin export FILE for " + name +
           ", and detente bulletin import FILE with theirs";
  return std::nullopt;
}

// Of an accord that follows the one in force.
std::string amend_step(const SideDir& side, const std::string& name) {
  const auto next = side.next_accord_files(name);
  if (!next || !*next || (*next)->note.complete()) return "";
  const auto is_signed = next_is_signed(side, name, **next);
  if (is_signed && !*is_signed)
    return "detente accord show " + name + " --next, and when it is as agreed: detente accord sign " + name + " --next";
  return "detente accord export " + name + " DIR2 --next, hand DIR2 to " + name + ", and when " + name +
         " has signed and handed theirs back: detente accord import DIR2";
}

// Of a next root key: first in every accord, then in the present one's place.
void add_root_steps(const SideDir& side, std::vector<std::string>& out) {
  const auto renewal = side.renewal();
  if (!renewal) return;
  for (const std::string& name : renewal->open) {
    const auto next = side.next_accord_files(name);
    if (next && !*next) out.push_back("detente accord amend " + name + " --renew-root");
  }
  const auto former = side.card_is_former();
  if ((renewal->open.empty() && !renewal->done.empty()) || (former && *former)) out.push_back("detente side retire-root");
}

// What is there and cannot be read is not missing: no step of the ceremony would help.
std::optional<std::string> unreadable(const SideDir& side, const std::string& name) {
  const std::string head = "look into this first: ";
  if (const auto kept = side.check_station_keys_not_lost(); !kept) return head + kept.error().message;
  if (side.has_station())
    if (const auto config = side.station_config(); !config) return head + config.error().message;
  if (side.has_pair(name))
    if (const auto pair = side.pair(name); !pair && pair.error().fault == Fault::kIo) return head + pair.error().message;
  return std::nullopt;
}

std::string step_with(const SideDir& side, const std::string& name) {
  const auto files = side.accord_files(name);
  if (!files) return "look into this first: " + files.error().message;
  if (auto first = unreadable(side, name)) return *first;
  if (auto step = accord_step(name, *files, side.name())) return *step;
  if (side.has_pair(name)) return amend_step(side, name);
  if (auto step = secret_step(side, name)) return *step;
  if (auto step = station_step(side, name, *files)) return *step;
  return "detente words " + name + ", read aloud with " + name +
         ", and when they agree: detente station link " + name;
}

}  // namespace

std::vector<std::string> next_steps(const SideDir& side) {
  const auto cards = side.cards();
  if (cards && cards->empty())
    return {"give " + (side.dir() / "card.note").string() +
            " to the other side, and take theirs: detente card import FILE"};
  const auto counterparts = side.counterparts();
  std::vector<std::string> out;
  bool linked = false;
  for (const std::string& name : cards ? *cards : std::vector<std::string>()) {
    const bool has_accord = counterparts && std::find(counterparts->begin(), counterparts->end(),
                                                      name) != counterparts->end();
    if (!has_accord) {
      out.push_back("detente accord draft " + name +
                    " --line NAME, or where the other side drafts: detente accord import DIR2");
      continue;
    }
    std::string step = step_with(side, name);
    linked = linked || side.has_pair(name);
    if (!step.empty()) out.push_back(std::move(step));
  }
  if (linked && !station_runs(side)) out.push_back("detente station run");
  add_root_steps(side, out);
  return out;
}

}  // namespace detente::cli
