#include "ceremony_amend.h"

#include <algorithm>

#include "accord/annex.h"
#include "base/civil.h"
#include "ceremony_commands.h"
#include "station/schedules.h"
#include "wire/text.h"

namespace detente::cli {

namespace {

using accord::Accord;
using accord::Annex;

struct Draft {
  Accord accord;
  std::map<LineId, std::string> texts;
  std::map<LineId, Annex> annexes;
};

Result<Draft> draft_from(const AccordFiles& files) {
  Draft out{files.note.accord, {}, {}};
  for (std::size_t i = 0; i < files.annexes.size(); ++i) {
    const LineId line = out.accord.lines[i].number;
    DETENTE_TRY(annex, accord::parse_annex(files.annexes[i]));
    out.texts[line] = files.annexes[i];
    out.annexes[line] = std::move(annex);
  }
  return out;
}

Result<LineId> line_named(const Draft& draft, const std::string& name, const std::string& option) {
  for (const auto& [line, annex] : draft.annexes)
    if (annex.name == name) return line;
  return fail(Fault::kNotFound, option + " " + wire::display_line(name.substr(0, 40)) + ": the accord in force has no line of that name");
}

Result<void> put(Draft& draft, LineId line, const Annex& annex) {
  DETENTE_TRY(text, accord::write_annex(annex));
  draft.texts[line] = std::move(text);
  draft.annexes[line] = annex;
  return {};
}

Result<void> retire(Draft& draft, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    DETENTE_TRY(line, line_named(draft, name, "--retire"));
    if (line == kAccordLine)
      return fail(Fault::kDenied, "--retire " + name + ": the accord line stays as long as there is an accord");
    draft.texts.erase(line);
    draft.annexes.erase(line);
  }
  return {};
}

Result<void> change_annexes(Draft& draft, const AmendChoices& choices) {
  for (const auto& [name, file] : choices.hours) {
    DETENTE_TRY(line, line_named(draft, name, "--hours"));
    DETENTE_TRY(text, read_text(file, accord::kAnnexTextMax));
    auto hours = accord::parse_hours(text);
    if (!hours) return fail_at(file.string(), hours.error());
    Annex annex = draft.annexes.at(line);
    annex.hours = hours->terms;
    annex.check_calls = hours->calls;
    DETENTE_TRY_VOID(put(draft, line, annex));
  }
  for (const auto& [name, file] : choices.annexes) {
    DETENTE_TRY(line, line_named(draft, name, "--annex"));
    DETENTE_TRY(text, read_text(file, accord::kAnnexTextMax));
    auto annex = accord::parse_annex(text);
    if (!annex) return fail_at(file.string(), annex.error());
    if (annex->line != line || annex->name != name)
      return fail(Fault::kConflict, file.string() + ": is the annex of line " + std::to_string(annex->line.value) + ", " + annex->name);
    draft.texts[line] = std::move(text);
    draft.annexes[line] = std::move(*annex);
  }
  return {};
}

Result<void> add_lines(Draft& draft, const std::vector<LineChoice>& add, std::uint32_t next_number, KeyRandom& random) {
  std::vector<std::string> paths;
  for (const accord::AccordPath& path : draft.accord.paths) paths.push_back(path.name);
  for (const LineChoice& choice : add) {
    if (line_named(draft, choice.name, "--add-line")) return fail(Fault::kConflict, "--add-line " + choice.name + ": there is a line of that name");
    if (next_number > UINT16_MAX) return fail(Fault::kLimit, "--add-line " + choice.name + ": every line number of this lineage is used up");
    const LineId line{static_cast<std::uint16_t>(next_number++)};
    Annex annex = accord::draft_annex(line, choice.name, paths,
                                      choice.deniable ? accord::Evidence::kDeniable : accord::Evidence::kProvable, random);
    annex.media = {accord::Medium::kText, accord::Medium::kDocument};
    annex.log_only = choice.log_only;
    DETENTE_TRY_VOID(put(draft, line, annex));
  }
  return {};
}

Result<std::vector<accord::AccordInForce>> lineage_of(const SideDir& side, const std::string& counterpart) {
  DETENTE_TRY(all, side.lineage_files(counterpart));
  std::vector<accord::AccordInForce> out;
  for (const AccordFiles& files : all) {
    DETENTE_TRY(accord, accord::assemble_accord(as_bytes(files.note.encode()), files.annexes));
    out.push_back(std::move(accord));
  }
  return out;
}

// As if it were signed: its lines are looked at before that.
Result<accord::AccordInForce> as_accord(const AccordFiles& files) {
  DETENTE_TRY(draft, draft_from(files));
  return accord::AccordInForce{files.note.accord, files.note.digest, files.note.lineage, files.note.text,
                               std::move(draft.annexes), std::move(draft.texts)};
}

std::string line_words(const Annex& annex) {
  return "line " + std::to_string(annex.line.value) + " (" + annex.name + ")";
}

void compare_annexes(std::vector<std::string>& out, const Annex& next, const Annex& old) {
  const std::size_t before = out.size();
  const std::string of = " of " + line_words(next);
  if (next.hours != old.hours || next.check_calls != old.check_calls) out.push_back("The check calls and hours" + of + " change:");
  for (const accord::CheckCall& call : old.check_calls)
    if (std::find(next.check_calls.begin(), next.check_calls.end(), call) == next.check_calls.end())
      out.push_back("  no more: " + accord::time_text(call.minute) + " " + call.zone);
  for (const accord::CheckCall& call : next.check_calls)
    if (std::find(old.check_calls.begin(), old.check_calls.end(), call) == old.check_calls.end())
      out.push_back("  new: " + accord::time_text(call.minute) + " " + call.zone);
  if (next.people != old.people) out.push_back("Who may join" + of + " changes.");
  if (next.media != old.media) out.push_back("The media" + of + " change.");
  if (next.paths != old.paths) out.push_back("The paths" + of + " change.");
  if (next.highest_precedence != old.highest_precedence) out.push_back("The highest precedence" + of + " changes.");
  if (next.lift_alone != old.lift_alone || next.desk_restores != old.desk_restores) out.push_back("How a cut" + of + " is lifted or restored changes.");
  if (out.size() == before && next != old) out.push_back("The annex" + of + " changes: compare its text.");
}

std::optional<AccordFiles> with_signatures_of(AccordFiles ours, const AccordFiles& theirs) {
  bool added = false;
  for (std::size_t i = 0; i < 2; ++i) {
    if (ours.note.signed_by[i] || !theirs.note.signed_by[i]) continue;
    for (const accord::NoteSignature& line : theirs.note.signatures)
      if (line.name == ours.note.accord.sides[i].name) ours.note.signatures.push_back(line);
    added = true;
  }
  return added ? std::optional(std::move(ours)) : std::nullopt;
}

}  // namespace

Result<AccordFiles> amend_accord_files(const SideDir& side, const AmendChoices& choices, WallTime now, KeyRandom& random) {
  DETENTE_TRY(in_force, side.accord_in_force(choices.counterpart));  // nothing follows what is not signed
  DETENTE_TRY(lineage, lineage_of(side, choices.counterpart));
  DETENTE_TRY(files, side.accord_files(choices.counterpart));
  DETENTE_TRY(draft, draft_from(files));
  std::uint32_t highest = 0;
  for (const accord::AccordInForce& accord : lineage)
    highest = std::max<std::uint32_t>(highest, accord.annexes.rbegin()->first.value);
  DETENTE_TRY_VOID(retire(draft, choices.retire));
  DETENTE_TRY_VOID(change_annexes(draft, choices));
  DETENTE_TRY_VOID(add_lines(draft, choices.add, highest + 1, random));
  Accord& accord = draft.accord;
  accord.version = in_force.accord.version + 1;
  accord.predecessor = in_force.digest;
  accord.lineage = in_force.lineage;
  accord.not_before = choices.not_before.value_or(now);
  if (!choices.title.empty()) accord.title = choices.title;
  if (choices.heartbeat_seconds) accord.session.heartbeat_seconds = *choices.heartbeat_seconds;
  accord.lines.clear();
  AccordFiles out = std::move(files);
  out.annexes.clear();
  for (const auto& [line, text] : draft.texts) {
    accord.lines.push_back({line, accord::annex_digest(text)});
    out.annexes.push_back(text);
  }
  DETENTE_TRY(text, accord::write_accord(accord));
  DETENTE_TRY(note, accord::parse_accord_note(as_bytes(text)));
  out.note = std::move(note);
  DETENTE_TRY_VOID(check_next(side, choices.counterpart, out));
  if (!choices.unknown_zones) DETENTE_TRY_VOID(check_zones(out));
  return out;
}

Result<void> check_next(const SideDir& side, const std::string& counterpart, const AccordFiles& next) {
  DETENTE_TRY(files, side.accord_files(counterpart));
  DETENTE_TRY_VOID(accord::check_follows(next.note, files.note));
  DETENTE_TRY(lineage, lineage_of(side, counterpart));
  std::vector<const accord::AccordInForce*> before;
  for (const accord::AccordInForce& accord : lineage) before.push_back(&accord);
  DETENTE_TRY(accord, as_accord(next));
  DETENTE_TRY_VOID(accord::check_successor_lines(accord, before));
  DETENTE_TRY(unknown, station::check_schedules(next.note.accord, next.annexes));
  static_cast<void>(unknown);
  return {};
}

Result<AccordFiles> next_of(const SideDir& side, const std::string& counterpart) {
  DETENTE_TRY(next, side.next_accord_files(counterpart));
  if (next) return std::move(*next);
  return fail(Fault::kNotFound, "no accord with " + counterpart + " is here that follows the one in force: detente accord amend " +
                                    counterpart + ", or detente accord import DIR when the other side drafted it");
}

std::vector<std::string> difference_lines(const AccordFiles& next, const AccordFiles& old) {
  const auto now = as_accord(next), before = as_accord(old);
  if (!now || !before) return {"The two cannot be compared: " + (now ? before.error() : now.error()).message};
  std::vector<std::string> out;
  for (const auto& [line, annex] : now->annexes)
    if (before->annex(line) == nullptr) out.push_back("New: " + line_words(annex) + ", " + accord::to_string(annex.evidence) + ".");
  for (const auto& [line, annex] : before->annexes)
    if (now->annex(line) == nullptr) out.push_back("Retired: " + line_words(annex) + ". It takes and sends nothing more; its record stays.");
  for (const auto& [line, annex] : now->annexes)
    if (const Annex* former = before->annex(line)) compare_annexes(out, annex, *former);
  const Accord &a = next.note.accord, &b = old.note.accord;
  if (a.session != b.session) out.push_back("The terms of sessions change (heartbeat, fresh keys).");
  if (a.limits != b.limits) out.push_back("The limits change.");
  if (a.paths != b.paths) out.push_back("The paths change.");
  if (a.seal != b.seal || a.sides != b.sides) out.push_back("What stands of the sides changes (names for each other, ciphers): compare the texts.");
  if (a.title != b.title) out.push_back("The title changes.");
  if (out.empty()) out.push_back("Nothing but its version and its date differs from the accord in force.");
  out.push_back("It begins not before " + format_utc(a.not_before) + ", when both sides' stations hold it.");
  return out;
}

Result<AccordFiles> sign_next_accord_files(const SideDir& side, const std::string& counterpart, const crypto::SignKey& root) {
  DETENTE_TRY(next, next_of(side, counterpart));
  DETENTE_TRY_VOID(check_next(side, counterpart, next));
  DETENTE_TRY(signed_note, accord::sign_accord(std::move(next.note), root));
  next.note = std::move(signed_note);
  DETENTE_TRY_VOID(side.save_next_accord_files(counterpart, next));
  return next;
}

bool is_of_lineage(const SideDir& side, const std::string& counterpart, const AccordFiles& theirs) {
  const auto ours = side.accord_files(counterpart);
  return ours && ours->note.complete() && theirs.note.accord.version > ours->note.accord.version && theirs.note.lineage == ours->note.lineage;
}

Result<Imported> import_next_accord(const SideDir& side, const std::string& counterpart, const AccordFiles& theirs, bool replace) {
  DETENTE_TRY_VOID(check_next(side, counterpart, theirs));
  DETENTE_TRY(ours, side.next_accord_files(counterpart));
  if (ours && ours->note.digest == theirs.note.digest) {
    auto both = with_signatures_of(std::move(*ours), theirs);
    if (!both) return Imported::kNothingNew;
    // Verified once more, as one note: what is written can be read.
    DETENTE_TRY(merged, accord::parse_accord_note(as_bytes(both->note.encode())));
    both->note = std::move(merged);
    DETENTE_TRY_VOID(side.save_next_accord_files(counterpart, *both));
    return Imported::kSignatureAdded;
  }
  const bool signed_here = ours && ours->note.complete();
  if (ours && (signed_here ? !replace || !theirs.note.complete() : !replace && !theirs.note.complete()))
    return fail(Fault::kConflict, "accord: another version " + std::to_string(theirs.note.accord.version) + " with " + counterpart +
                                      " is here, " + to_hex(ours->note.digest).substr(0, 16) + "...: agree on one; --replace takes theirs instead" +
                                      (signed_here ? ". The one here is signed by both, and gives way to such a one alone" : ""));
  DETENTE_TRY_VOID(side.save_next_accord_files(counterpart, theirs));
  return ours ? Imported::kReplaced : Imported::kNew;
}

}  // namespace detente::cli
