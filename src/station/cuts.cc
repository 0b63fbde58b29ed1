#include "station/cuts.h"

#include <algorithm>

#include "base/civil.h"
#include "station/desk_checks.h"
#include "station/entry_json.h"
#include "station/mandates.h"
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

std::string officer_post(const accord::Roster& roster, OfficerId number) {
  const accord::SignedCredential* officer = roster.by_number(number);
  return officer == nullptr ? "" : officer->credential.post;
}

// A moment of the other side's clock by this station's, where the difference is known.
std::optional<WallTime> by_our_clock(const Running& running, const Counterpart& counterpart, WallTime theirs) {
  const std::optional<std::int64_t> offset = running.links[counterpart.peer.value].offset_s;
  if (!offset) return std::nullopt;
  return WallTime{static_cast<std::uint32_t>(static_cast<std::int64_t>(theirs.seconds) - *offset)};
}

// Of a cut whose hour has not come. Its author's clock comes to it at another moment than ours.
std::string announced_words(const Running& running, const Counterpart& counterpart, bool ours, const core::Cut& cut, const std::string& mandate) {
  const std::string post = officer_post(ours ? running.own_roster : counterpart.roster, cut.author);
  const std::string who = ours ? "we" : counterpart.name();
  const std::string what = cut.media == line::kAllMedia ? "this line" : line::media_words(cut.media) + " on this line";
  const std::string reason = cut.reason.empty() ? "No reason was given." : "The reason given: \"" + wire::display_line(cut.reason) + "\".";
  const auto here = ours ? std::nullopt : by_our_clock(running, counterpart, cut.since());
  return who + " announced to suspend " + what + (cut.dark ? " in the dark, to send and answer nothing," : "") + " at " + format_utc(cut.since()) +
         ", each station by its own clock" + (here && *here != cut.since() ? " (" + who + "'s comes to it at " + format_utc(*here) + " by ours)" : "") +
         "; until then it is open" + (post.empty() ? "" : "; signed by " + post) + (mandate.empty() ? "" : ", " + mandate) + ". " + reason;
}

std::string mandate_of_cut(const Running& running, const Counterpart& counterpart, Whose whose, const core::Cut& cut) {
  const accord::Roster& roster = whose == Whose::kAuthors ? running.own_roster : counterpart.roster;
  return mandate_words(counterpart.lineage(), roster, record::GraveAct::kCut, cut.mandate, cut.signed_at);
}

// The newest that is open; null: none is.
Json open_cut_json(const Running& running, const Counterpart& counterpart, LineId line, Whose whose) {
  const core::Registers& registers = running.driver->station().peer(counterpart.peer).registers();
  const core::Cut* open = registers.of(whose, line).open_cut();
  if (open == nullptr) return {};
  const core::Cut& cut = *open;
  const core::Cut* first = registers.closed_by(whose, line, line::kAllMedia);
  const accord::Roster& roster = whose == Whose::kAuthors ? running.own_roster : counterpart.roster;
  return {{"cut", cut.cut_epoch},
          {"media", line::media_words(cut.media)},
          {"dark", cut.dark},
          {"in_force", first != nullptr},
          {"signed_at", cut.signed_at.seconds},
          {"since", cut.since().seconds},
          {"cut_since", first == nullptr ? Json() : Json(first->since().seconds)},
          {"known_here_since", cut.noted.seconds},
          {"officer", cut.author.value},
          {"post", officer_post(roster, cut.author)},
          {"mandate", mandate_json(counterpart.lineage(), roster, record::GraveAct::kCut, cut.mandate, cut.signed_at)},
          {"reason", cut.reason.empty() ? Json() : Json(wire::display_line(cut.reason))}};
}

line::MediaMask media_of(const accord::Annex& annex) {
  line::MediaMask out = 0;
  for (const accord::Medium medium : annex.media)
    out = static_cast<line::MediaMask>(out | line::medium_from(accord::to_string(medium)).value_or(0));
  return out;
}

// Of that side's cuts that close one of these media: since the first, in the words of the newest; nothing: none does.
std::optional<watch::CutFacts> facts_of(const Running& running, const Counterpart& counterpart, LineId line, Whose whose, line::MediaMask media) {
  const core::Registers& registers = running.driver->station().peer(counterpart.peer).registers();
  const core::Cut* first = registers.closed_by(whose, line, media);
  if (first == nullptr) return std::nullopt;
  const core::Cut& newest = *registers.newest_closing(whose, line, media);
  const bool ours = whose == Whose::kAuthors;
  watch::CutFacts out{first->since(), wire::display_line(newest.reason), registers.dark(whose, line), mandate_of_cut(running, counterpart, whose, newest)};
  out.by = officer_post(ours ? running.own_roster : counterpart.roster, newest.author);
  if (!ours) out.since_by_ours = by_our_clock(running, counterpart, first->since());
  const WallTime signed_at = ours ? newest.signed_at : by_our_clock(running, counterpart, newest.signed_at).value_or(newest.signed_at);
  if (seconds_late(signed_at, newest.noted) > 0 && newest.noted > newest.since()) out.came = newest.noted;
  if (newest.cut_epoch != first->cut_epoch) out.anew = newest.since();
  const accord::Annex* annex = counterpart.accord.annex(line);
  const line::MediaMask carried = annex == nullptr ? line::kAllMedia : media_of(*annex);
  const auto left = static_cast<line::MediaMask>(carried & ~registers.closed_media(line));
  const auto cut_here = static_cast<line::MediaMask>(carried & registers.closed_media(line, whose));
  if (left != 0) out.left = line::media_words(left);
  if (left != 0 && cut_here != 0) out.what = line::media_words(cut_here);
  return out;
}

// Of the accord line, which is never cut: that every other line of that hour was, in the dark.
std::optional<watch::CutFacts> dark_facts(const Running& running, const Counterpart& counterpart, Whose whose) {
  const core::Peer& peer = running.driver->station().peer(counterpart.peer);
  const core::Registers& registers = peer.registers();
  std::optional<watch::CutFacts> out;
  if (whose == Whose::kAuthors && !peer.link().dark()) return out;  // while its end is tested, nobody is silent
  for (const LineId line : registers.dark_lines(whose)) {
    if (peer.restorations().restoring(line)) return std::nullopt;
    const auto cut = facts_of(running, counterpart, line, whose, line::kAllMedia);
    if (!cut) return std::nullopt;
    if (!out || out->since < cut->since) out = cut;
  }
  return out;
}

// Beside those that it names, and those that are cut so or announced to be.
bool leaves_one_in_the_light(const Counterpart& counterpart, const core::Registers& registers, const line::CutAct& act) {
  const auto in_the_light = [&](LineId line) {
    const auto names_it = [&](const line::RegisterOf& of) { return of.line == line; };
    const std::vector<core::Cut>& cuts = registers.own(line).cuts;
    return line != kAccordLine && std::none_of(act.lines.begin(), act.lines.end(), names_it) &&
           std::none_of(cuts.begin(), cuts.end(), [](const core::Cut& cut) { return cut.dark && !cut.cleared; });
  };
  const auto& annexes = counterpart.accord.annexes;
  return std::any_of(annexes.begin(), annexes.end(), [&](const auto& annex) { return in_the_light(annex.first); });
}

std::vector<LineId> ids_of(const std::vector<line::RegisterOf>& lines) {
  std::vector<LineId> out;
  for (const line::RegisterOf& of : lines) out.push_back(of.line);
  return out;
}

}  // namespace

bool signer_may(const accord::Roster& roster, const Lineage& accords, const record::OfficerSignature& signature,
                const std::vector<LineId>& lines) {
  const accord::SignedCredential* found = roster.by_number(signature.officer);
  if (found == nullptr || found->credential.is_station()) return false;
  const auto accord = std::find_if(accords.begin(), accords.end(), [&](const accord::AccordInForce* one) {
    return one->accord.version == signature.accord_version;
  });
  const auto may_join = [&](LineId line) {
    const accord::Annex* annex = accord == accords.end() ? nullptr : (*accord)->annex(line);
    return annex == nullptr || annex->allows_post(found->credential.post);
  };
  return may_join(kAccordLine) &&
         std::all_of(lines.begin(), lines.end(), [&](LineId line) { return found->credential.allows(line) && may_join(line); });
}

// Of the own side; with what to do.
Result<void> check_signer_lines(const Running& running, const Counterpart& counterpart, const record::OfficerSignature& signature,
                                const std::vector<LineId>& lines) {
  const accord::SignedCredential* held = running.own_roster.by_number(signature.officer);
  if (held == nullptr) return {};  // what is wrong with the signature is said elsewhere
  for (const LineId line : lines)
    if (const accord::Annex* annex = counterpart.accord.annex(line)) DETENTE_TRY_VOID(check_line_right(*annex, held->credential));
  return {};
}

Result<void> check_register_submission(const Running& running, const Counterpart& counterpart, const record::Entry& entry) {
  DETENTE_TRY_VOID(line::check_register_act(entry));
  DETENTE_TRY(act, line::parse_register_body(entry.body));
  for (const record::OfficerSignature& signature : entry.signatures)
    DETENTE_TRY_VOID(check_signer_lines(running, counterpart, signature, ids_of(act.lines())));
  if (act.clear && act.clear->ground != line::ClearGround::kLifted)
    return fail(Fault::kUnsupported, "a restoration clears lines by itself; a desk lifts its own cut");
  const core::Registers& registers = running.driver->station().peer(counterpart.peer).registers();
  if (act.cut && act.cut->dark && act.cut->lines.size() < line::kCutLinesMax && leaves_one_in_the_light(counterpart, registers, *act.cut))
    return fail(Fault::kDenied, "a cut in the dark is of every line of the accord with " + counterpart.name() +
                                    " in one act, or in acts of 16 lines: a line that stays open cannot be silent");
  for (const line::RegisterOf& of : act.lines()) {
    const accord::Annex* annex = counterpart.accord.annex(of.line);
    if (annex == nullptr)
      return fail(Fault::kNotFound, "the accord with " + counterpart.name() + " has no line of number " +
                                        std::to_string(of.line.value));
    if (act.clear && !annex->lift_alone && registers.closed_by(Whose::kAuthors, of.line, line::kAllMedia) != nullptr)
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
         (act->cut->dark ? " in the dark" : "") + (act->cut->effective ? ", effective " + format_utc(*act->cut->effective) : ", at once") + "; " +
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

void add_cut_facts(const Running& running, const Counterpart& counterpart, LineId line, watch::LadderFacts& facts) {
  const core::Registers& registers = running.driver->station().peer(counterpart.peer).registers();
  if (line == kAccordLine) {
    facts.dark_by_us = dark_facts(running, counterpart, Whose::kAuthors);
    facts.dark_by_them = dark_facts(running, counterpart, Whose::kOthers);
    return;
  }
  for (const Whose whose : {Whose::kAuthors, Whose::kOthers}) {
    const bool ours = whose == Whose::kAuthors;
    std::optional<watch::CutFacts>& of_text = ours ? facts.cut_by_us : facts.cut_by_them;
    of_text = facts_of(running, counterpart, line, whose, line::kText);
    if (!of_text) (ours ? facts.cut_beside_by_us : facts.cut_beside_by_them) = facts_of(running, counterpart, line, whose, line::kAllMedia);
    for (const core::Cut& cut : registers.of(whose, line).cuts)
      if (!cut.cleared && !registers.in_force(whose, line, cut))
        facts.announced.push_back(announced_words(running, counterpart, ours, cut, mandate_of_cut(running, counterpart, whose, cut)));
  }
}

Json registers_json(const Running& running, const Counterpart& counterpart, LineId line) {
  const core::Registers& registers = running.driver->station().peer(counterpart.peer).registers();
  line::MediaMask announced = 0;
  for (const core::Cut& cut : registers.own(line).cuts)
    if (!cut.cleared) announced = static_cast<line::MediaMask>(announced | cut.media);
  const line::MediaMask closed = registers.closed_media(line, Whose::kAuthors);
  return {{"own_closed", closed},
          {"own_announced", static_cast<line::MediaMask>(announced & ~closed)},
          {"own", open_cut_json(running, counterpart, line, Whose::kAuthors)},
          {"theirs", open_cut_json(running, counterpart, line, Whose::kOthers)},
          {"own_cuts", registers.own(line).cut_epoch()},
          {"their_cuts", registers.theirs(line).cut_epoch()},
          {"lifting", running.driver->station().peer(counterpart.peer).lifts().lifting(line)},
          {"other_side_knows", registers.other_side_knows(line)},
          {"lift_alone", counterpart.accord.annex(line)->lift_alone}};
}

}  // namespace detente::station
