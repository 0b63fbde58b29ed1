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

// A side signs with one key, and with two where its root key is renewed. Lines of other keys are nobody's here.
std::optional<AccordFiles> with_signatures_of(AccordFiles ours, const AccordFiles& theirs, const Accord& in_force) {
  bool added = false;
  for (const accord::NoteSignature& line : theirs.note.signatures) {
    const auto same = [&](const accord::NoteSignature& one) { return one.name == line.name && one.key_id == line.key_id; };
    const auto signs = [&](const Accord& accord) {
      const accord::AccordSide* named = accord.side(line.name);
      return named != nullptr && line.key_id == accord::note_key_id(line.name, accord::NoteKeyType::kEd25519, named->root);
    };
    if (!signs(ours.note.accord) && !signs(in_force)) continue;
    if (std::any_of(ours.note.signatures.begin(), ours.note.signatures.end(), same)) continue;
    ours.note.signatures.push_back(line);
    added = true;
  }
  return added ? std::optional(std::move(ours)) : std::nullopt;
}

void put_root(Accord& accord, const std::string& name, const crypto::VerifyKey& root, const accord::RetiredRoot& retired) {
  for (accord::AccordSide& side : accord.sides) {
    if (side.name != name) continue;
    side.root = root;
    side.retired = retired;
  }
}

// All that was issued until now, as far as it is known here.
accord::RetiredRoot issued_by(const accord::Roster& roster) {
  accord::RetiredRoot out{static_cast<std::uint32_t>(roster.highest_bulletin()), 0};
  for (const accord::SignedCredential* one : roster.all()) out.last_credential = std::max(out.last_credential, one->credential.number.value);
  return out;
}

Result<void> renew_own_root(const SideDir& side, Accord& accord) {
  DETENTE_TRY(card, side.next_card());
  if (!card)
    return fail(Fault::kState, "--renew-root: there is no next root key yet; first: detente side renew-root");
  if (accord.side(side.name())->root == card->root)
    return fail(Fault::kState, "--renew-root: the accord in force names the next root key already; when every other one does: detente side retire-root");
  DETENTE_TRY(roster, side.own_roster());
  put_root(accord, side.name(), card->root, issued_by(roster));
  return {};
}

// Theirs, too. What they issued and did not send yet, they find out when they sign: check_numbers().
Result<void> renew_their_root(const SideDir& side, const std::string& counterpart, const io::Path& file, Accord& accord) {
  DETENTE_TRY(note, io::read_file(file, accord::kCardSizeMax));
  const auto card = accord::parse_card(note);
  if (!card) return fail_at(file.string(), card.error());
  if (card->side != counterpart)
    return fail(Fault::kConflict, file.string() + ": is the card of " + card->side + "; take the card-next.note of " + counterpart);
  if (accord.side(counterpart)->root == card->root)
    return fail(Fault::kConflict, file.string() + ": has the root key of " + counterpart + " that is in force; take its card-next.note");
  DETENTE_TRY(roster, side.roster_of(counterpart));
  put_root(accord, counterpart, card->root, issued_by(roster));
  return {};
}

// What was issued after the draft was made would not count: it is drafted anew then.
Result<void> check_numbers(const SideDir& side, const Accord& next) {
  const accord::AccordSide* own = next.side(side.name());
  if (own == nullptr || !own->retired) return {};
  DETENTE_TRY(roster, side.own_roster());
  const accord::RetiredRoot issued = issued_by(roster);
  if (issued.last_bulletin <= own->retired->last_bulletin && issued.last_credential <= own->retired->last_credential) return {};
  return fail(Fault::kState, "accord: this side issued bulletins that the draft does not know of, and the accord would not count them: draft it "
                             "again where they are known, detente accord amend COUNTERPART --renew-root --replace");
}

// A next key of this side that is not the one made here: only if this side signed it once all the same, with both, and the
// directory is older than that.
Result<void> check_own_renewal(const SideDir& side, const std::string& counterpart, const AccordFiles& next) {
  const accord::AccordSide* own = next.note.accord.side(side.name());
  if (!own->retired) return {};
  DETENTE_TRY(card, side.next_card());
  if (card && card->root == own->root) return {};
  DETENTE_TRY(is_signed, next_is_signed(side, counterpart, next));
  if (is_signed) return {};
  return fail(Fault::kConflict, "accord: it renews the root key of " + side.name() + " to one that was not made here: make it (detente side renew-root), "
                                "hand its card-next.note over, and let " + counterpart + " draft it again with that, --their-root card-next.note");
}

void compare_roots(std::vector<std::string>& out, const Accord& next, const Accord& old) {
  for (const std::size_t renewed : accord::renewed_sides(next, old)) {
    const accord::AccordSide& now = next.sides[renewed];
    out.push_back("The ROOT KEY of " + now.name + " is renewed: " + to_base64(now.root.bytes()) + " in place of " +
                  to_base64(old.sides[renewed].root.bytes()) + ". Compare it with " + now.name + " over another way.");
    if (now.retired)
      out.push_back("  Of what the former one signed counts: up to bulletin " + std::to_string(now.retired->last_bulletin) + " and credential " +
                    std::to_string(now.retired->last_credential) + ".");
  }
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
  for (accord::AccordSide& one : accord.sides) one.retired.reset();  // of the renewal before this one
  if (choices.renew_root) DETENTE_TRY_VOID(renew_own_root(side, accord));
  if (choices.their_next_card) DETENTE_TRY_VOID(renew_their_root(side, choices.counterpart, *choices.their_next_card, accord));
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
  DETENTE_TRY_VOID(accord::check_successor_roots(accord.accord, before));
  DETENTE_TRY_VOID(check_own_renewal(side, counterpart, next));
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
  compare_roots(out, a, b);
  auto names_of = [](Accord accord) {  // and ciphers: all but the root keys
    for (accord::AccordSide& side : accord.sides) side.retired.reset();
    return accord.sides;
  };
  auto now_named = names_of(a), then_named = names_of(b);
  for (std::size_t i = 0; i < 2; ++i) now_named[i].root = then_named[i].root;
  if (a.seal != b.seal || now_named != then_named) out.push_back("What stands of the sides changes (names for each other, ciphers): compare the texts.");
  if (a.title != b.title) out.push_back("The title changes.");
  if (out.empty()) out.push_back("Nothing but its version and its date differs from the accord in force.");
  out.push_back("It begins not before " + format_utc(a.not_before) + ", when both sides' stations hold it.");
  return out;
}

Result<bool> next_is_signed(const SideDir& side, const std::string& counterpart, const AccordFiles& next) {
  DETENTE_TRY(in_force, side.accord_files(counterpart));
  const std::size_t own = next.note.accord.first().name == side.name() ? 0 : 1;
  return next.note.signed_by[own] && accord::renewal_is_signed(next.note, in_force.note, own);
}

Result<AccordFiles> sign_next_accord_files(const SideDir& side, const std::string& counterpart, std::string_view passphrase) {
  DETENTE_TRY(next, next_of(side, counterpart));
  DETENTE_TRY_VOID(check_next(side, counterpart, next));
  DETENTE_TRY_VOID(check_numbers(side, next.note.accord));
  DETENTE_TRY(in_force, side.accord_files(counterpart));
  const accord::AccordSide* own = next.note.accord.side(side.name());
  const accord::AccordSide* before = in_force.note.accord.side(side.name());
  if (own->root != before->root) {  // the former key first: the accord is complete with the other one alone
    DETENTE_TRY(former, side.open_root_named(before->root, passphrase));
    DETENTE_TRY(with_former, accord::sign_renewal(std::move(next.note), in_force.note, former));
    next.note = std::move(with_former);
  }
  DETENTE_TRY(root, side.open_root_named(own->root, passphrase));
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
    DETENTE_TRY(in_force, side.accord_files(counterpart));
    auto both = with_signatures_of(std::move(*ours), theirs, in_force.note.accord);
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
