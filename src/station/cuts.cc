#include "station/cuts.h"

#include <algorithm>

#include "base/civil.h"
#include "station/verdict.h"
#include "wire/text.h"

namespace detente::station {

namespace {

using record::Whose;

std::string names_of(const Counterpart& counterpart, const std::vector<line::RegisterOf>& lines) {
  std::string out;
  for (const line::RegisterOf& of : lines) {
    const accord::Annex* annex = counterpart.accord.annex(of.line);
    out += (out.empty() ? "" : ", ") + (annex == nullptr ? std::to_string(of.line.value) : annex->name);
  }
  return out;
}

// By its author's clock, or the hour that it was announced for.
WallTime since(const core::Cut& cut) { return cut.effective.value_or(cut.signed_at); }

// Of a cut that leaves the line open for text: its hour has not come, or it is of another medium.
std::string other_cut_words(const std::string& who, const core::Cut& cut, bool in_force) {
  const std::string what = cut.media == line::kAllMedia ? "this line" : line::media_words(cut.media) + " on this line";
  const std::string reason = cut.reason.empty() ? "No reason was given." : "The reason given: \"" + wire::display_line(cut.reason) + "\".";
  return who + (in_force ? " suspended " + what + " at " + format_utc(since(cut))
                         : " announced to suspend " + what + " at " + format_utc(since(cut)) + "; until then it is open") +
         ". " + reason;
}

Json cut_json(const Running& running, const Counterpart& counterpart, Whose whose, const core::Cut& cut, bool in_force) {
  const bool own = whose == Whose::kAuthors;
  const accord::SignedCredential* officer =
      (own ? running.own_roster : counterpart.roster).by_number(cut.author);
  return {{"cut", cut.cut_epoch},
          {"media", line::media_words(cut.media)},
          {"in_force", in_force},
          {"signed_at", cut.signed_at.seconds},
          {"since", since(cut).seconds},
          {"known_here_since", cut.noted.seconds},
          {"officer", cut.author.value},
          {"post", officer == nullptr ? "" : officer->credential.post},
          {"reason", cut.reason.empty() ? Json() : Json(wire::display_line(cut.reason))}};
}

Json side_json(const Running& running, const Counterpart& counterpart, Whose whose, const core::Register& value,
               bool in_force) {
  const core::Cut* cut = value.open_cut();
  return cut == nullptr ? Json() : cut_json(running, counterpart, whose, *cut, in_force);
}

bool signer_may(const accord::Roster& roster, OfficerId officer, const std::vector<line::RegisterOf>& lines) {
  const accord::SignedCredential* found = roster.by_number(officer);
  return found != nullptr && !found->credential.is_station() &&
         std::all_of(lines.begin(), lines.end(),
                     [&](const line::RegisterOf& of) { return found->credential.allows(of.line); });
}

}  // namespace

bool register_act_counts(const Running& running, const Counterpart& counterpart, Whose whose, const record::Entry& entry) {
  const Result<line::RegisterAct> act = line::parse_register_body(entry.body);
  if (!act || entry.signatures.empty()) return false;
  const accord::Roster& roster = whose == Whose::kAuthors ? running.own_roster : counterpart.roster;
  return std::all_of(entry.signatures.begin(), entry.signatures.end(), [&](const record::OfficerSignature& signature) {
    return signer_may(roster, signature.officer, act->lines()) &&
           judge_signature(entry, signature, counterpart.accord, roster, std::nullopt).value == Verdict::Value::kValid;
  });
}

Result<void> check_register_submission(const Running& running, const Counterpart& counterpart, const record::Entry& entry) {
  DETENTE_TRY_VOID(line::check_register_act(entry));
  DETENTE_TRY(act, line::parse_register_body(entry.body));
  const core::Registers& registers = running.driver->station().peer(counterpart.peer).registers();
  for (const line::RegisterOf& of : act.lines()) {
    const accord::Annex* annex = counterpart.accord.annex(of.line);
    if (annex == nullptr)
      return fail(Fault::kNotFound, "the accord with " + counterpart.name() + " has no line of number " +
                                        std::to_string(of.line.value));
    for (const record::OfficerSignature& signature : entry.signatures)
      if (!signer_may(running.own_roster, signature.officer, act.lines()))
        return fail(Fault::kDenied, "officer " + std::to_string(signature.officer.value) +
                                        " has no right for every one of these lines: " +
                                        names_of(counterpart, act.lines()));
    if (!act.clear) continue;
    if (act.clear->ground != line::ClearGround::kLifted)
      return fail(Fault::kUnsupported, "a restoration clears lines by itself; a desk lifts its own cut");
    const core::Cut* cut = registers.own(of.line).open_cut();
    const bool in_force = (registers.closed_media(of.line, Whose::kAuthors)) != 0;
    if (cut != nullptr && in_force && !annex->lift_alone)
      return fail(Fault::kDenied, "line " + annex->name + " is cut, and the accord has no standing consent of " +
                                      counterpart.name() + " to its being lifted by one side: both agree to restore it");
  }
  return {};
}

std::string register_act_words(const Counterpart& counterpart, const record::Entry& entry) {
  const Result<line::RegisterAct> act = line::parse_register_body(entry.body);
  if (!act) return "";
  const std::string names = names_of(counterpart, act->lines());
  if (act->clear)
    return "the cut of " + names + " is " + (act->clear->ground == line::ClearGround::kLifted ? "lifted" : "ended by restoration");
  return "cut of " + names + (act->cut->media == line::kAllMedia ? "" : " for " + line::media_words(act->cut->media)) +
         (act->cut->effective ? ", effective " + format_utc(*act->cut->effective) : ", at once") + "; " +
         (act->cut->reason.empty() ? "no reason is given" : "the reason: " + act->cut->reason);
}

bool crossed_with_cut(const core::Registers& registers, const record::Header& header, WallTime stored_at) {
  if (!core::is_ordinary(header)) return false;
  for (const core::Cut& cut : registers.own(header.line).cuts)
    if (header.cut_epoch < cut.cut_epoch && (cut.media & core::medium_of(header)) != 0 &&
        stored_at >= std::max(cut.noted, cut.effective.value_or(cut.noted)) &&
        (!cut.cleared || stored_at < *cut.cleared))
      return true;
  return false;
}

void add_cut_facts(const core::Registers& registers, LineId line, watch::LadderFacts& facts) {
  for (const Whose whose : {Whose::kAuthors, Whose::kOthers}) {
    const core::Cut* open = (whose == Whose::kAuthors ? registers.own(line) : registers.theirs(line)).open_cut();
    if (open == nullptr) continue;
    core::Cut cut = *open;
    if ((registers.closed_media(line, whose) & line::kText) == 0) {
      facts.announced.push_back(other_cut_words(whose == Whose::kAuthors ? "we" : facts.far, cut,
                                                registers.closed_media(line, whose) != 0));
      continue;
    }
    const core::Register& value = whose == Whose::kAuthors ? registers.own(line) : registers.theirs(line);
    for (const core::Cut& one : value.cuts)  // the oldest that keeps texts off the line
      if (!one.cleared && (one.media & line::kText) != 0) {
        cut = one;
        break;
      }
    (whose == Whose::kAuthors ? facts.cut_by_us : facts.cut_by_them) =
        watch::CutFacts{since(cut), wire::display_line(cut.reason)};
  }
}

Json registers_json(const Running& running, const Counterpart& counterpart, LineId line) {
  const core::Registers& registers = running.driver->station().peer(counterpart.peer).registers();
  const auto in_force = [&](Whose whose) { return registers.closed_media(line, whose) != 0; };
  return {{"own", side_json(running, counterpart, Whose::kAuthors, registers.own(line), in_force(Whose::kAuthors))},
          {"theirs", side_json(running, counterpart, Whose::kOthers, registers.theirs(line), in_force(Whose::kOthers))},
          {"own_cuts", registers.own(line).cut_epoch()},
          {"their_cuts", registers.theirs(line).cut_epoch()},
          {"other_side_knows", registers.other_side_knows(line)},
          {"lift_alone", counterpart.accord.annex(line)->lift_alone}};
}

}  // namespace detente::station
