#include "station/proposals.h"

#include <algorithm>

#include "base/civil.h"
#include "station/announcer.h"
#include "station/cuts.h"
#include "station/entry_json.h"
#include "station/lifts.h"
#include "station/mandates.h"
#include "station/proposal_words.h"
#include "station/side_rules.h"
#include "station/verdict.h"
#include "wire/text.h"

namespace detente::station {

namespace {

using record::Whose;

// Of registers, or of lines to be restored.
template <typename Of>
std::vector<LineId> ids_of(const std::vector<Of>& lines) {
  std::vector<LineId> out;
  for (const Of& one : lines) out.push_back(one.line);
  return out;
}

}  // namespace

std::vector<LineId> lines_of_act(const Running& running, const Counterpart& counterpart, Whose whose, const record::Entry& entry) {
  if (entry.header.kind == record::kRestorationTest)
    return line::parse_restoration_test_body(entry.body).map([](const line::RestorationTest& test) { return test.lines; }).value_or(std::vector<LineId>());
  if (entry.header.kind == record::kProposal)
    return line::parse_proposal_body(entry.body).map([](const line::Proposal& one) { return ids_of(restored_lines(one)); }).value_or(std::vector<LineId>());
  if (entry.header.kind == record::kRegister)
    return line::parse_register_body(entry.body).map([](const line::RegisterAct& act) { return ids_of(act.lines()); }).value_or(std::vector<LineId>());
  const core::Agreements& agreements = running.driver->station().peer(counterpart.peer).agreements();
  const auto on = agreements.target(whose, entry.header);
  const line::Proposal* proposal = on ? agreements.book().find(*on) : nullptr;
  return proposal == nullptr ? std::vector<LineId>() : ids_of(restored_lines(*proposal));
}

namespace {

bool persons_act_counts(const Running& running, const Counterpart& counterpart, Whose whose, const record::Entry& entry,
                        const std::optional<EntryPlace>& place) {
  if (entry.signatures.empty()) return false;
  const accord::Roster& roster = whose == Whose::kAuthors ? running.own_roster : counterpart.roster;
  const std::vector<LineId> lines = lines_of_act(running, counterpart, whose, entry);
  return std::all_of(entry.signatures.begin(), entry.signatures.end(), [&](const record::OfficerSignature& signature) {
    return signer_may(roster, counterpart.lineage(), signature, lines) &&
           judge_signature(entry, signature, counterpart.lineage(), roster, place, &counterpart.acts_verified).value == Verdict::Value::kValid;
  });
}

Result<void> check_lines(const Running& running, const Counterpart& counterpart, const record::Entry& entry) {
  for (const LineId line : lines_of_act(running, counterpart, Whose::kAuthors, entry)) {
    if (counterpart.accord.annex(line) == nullptr)
      return fail(Fault::kNotFound, "the accord with " + counterpart.name() + " has no line of number " + std::to_string(line.value));
    for (const record::OfficerSignature& signature : entry.signatures)
      DETENTE_TRY_VOID(check_signer_lines(running, counterpart, signature, {line}));
  }
  return {};
}

// A line may have been retired since the offer: who says no or steps back may still, and who says yes does for the lines
// that are left (spec/restoration.md section 2).
Result<void> check_lines_of_answer(const Running& running, const Counterpart& counterpart, const record::Entry& entry) {
  const std::vector<LineId> lines = lines_of_act(running, counterpart, Whose::kAuthors, entry);
  for (const record::OfficerSignature& signature : entry.signatures)
    DETENTE_TRY_VOID(check_signer_lines(running, counterpart, signature, lines));
  DETENTE_TRY(answer, line::parse_answer_body(entry.body));
  const auto retired = [&](LineId line) { return counterpart.accord.annex(line) == nullptr; };
  if (answer.act != line::AnswerAct::kAccept || lines.empty() || !std::all_of(lines.begin(), lines.end(), retired)) return {};
  std::string names;
  for (const LineId line : lines) names += (names.empty() ? "" : ", ") + line_name(counterpart, line);
  return fail(Fault::kState, "the accord with " + counterpart.name() + " has nothing any more of what this would restore: " + names +
                                 " (detente proposal reject says no to it)");
}

}  // namespace

bool act_counts(const Running& running, const Counterpart& counterpart, Whose whose, const record::Entry& entry,
                const std::optional<EntryPlace>& place) {
  if (entry.header.kind == record::kRestorationTest) {
    const auto test = line::parse_restoration_test_body(entry.body);
    if (test && test->of != line::RestorationTestOf::kDesk) return true;
  }
  return persons_act_counts(running, counterpart, whose, entry, place);
}

Result<void> check_proposal_submission(const Running& running, const Counterpart& counterpart, const record::Entry& entry) {
  DETENTE_TRY_VOID(line::check_proposal_act(entry));
  DETENTE_TRY_VOID(running.announcer->check_submission(counterpart, entry));
  return entry.header.kind == record::kProposalAnswer ? check_lines_of_answer(running, counterpart, entry)
                                                      : check_lines(running, counterpart, entry);
}

namespace {

// A word to tests that are over would move nothing.
Result<void> check_not_ended(const core::Peer& peer, const line::ActPlace& agreement) {
  for (const Whose whose : {Whose::kOthers, Whose::kAuthors})
    if (const line::RestorationReport* report = peer.agreements().report(agreement, whose))
      return fail(Fault::kState, std::string(whose == Whose::kOthers ? "the other" : "this") + " station has ended the tests of this restoration: " +
                                     to_string(report->end) + ". What has not opened needs a new agreement (detente restore propose)");
  return {};
}

// A word says how the tests are read: it needs tests that run, and counts from the agreed instant on by its author's
// clock (core/agreements.h).
Result<void> check_tests_run(const core::Peer& peer, const line::ActPlace& agreement, WallTime said) {
  DETENTE_TRY_VOID(check_not_ended(peer, agreement));
  const WallTime instant = peer.agreements().book().find(agreement)->instant.value_or(WallTime{});
  const auto& runs = peer.restorations().runs();
  const bool running = std::any_of(runs.begin(), runs.end(),
                                   [&](const core::RestorationRun& run) { return run.agreement.at == agreement && !run.end; });
  if (!running)
    return fail(Fault::kState, "the tests of this restoration do not run: they are agreed for " + format_utc(instant) +
                                   ". Say how you read them when they have begun (detente restore show)");
  if (said < instant)
    return fail(Fault::kState, "your word is dated " + format_utc(said) + ", before the agreed instant " + format_utc(instant) +
                                   ", and would not count: set the clock of the desk, and say it again");
  return {};
}

}  // namespace

Result<void> check_desk_submission(const Running& running, const Counterpart& counterpart, const record::Entry& entry) {
  DETENTE_TRY(test, line::parse_restoration_test_body(entry.body));
  if (test.of != line::RestorationTestOf::kDesk)
    return fail(Fault::kUnsupported, "the stations write the other tests of a restoration themselves");
  if (entry.header.line != kAccordLine || entry.header.entry_class != record::EntryClass::kTest || entry.signatures.empty())
    return fail(Fault::kMalformed, "a desk's word in a restoration stands on the accord line, is of the class test, and an officer signs it");
  const core::Peer& peer = running.driver->station().peer(counterpart.peer);
  const core::Agreements& agreements = peer.agreements();
  const auto on = agreements.target(Whose::kAuthors, entry.header);
  const bool agreed = on && agreements.book().find(*on) != nullptr && agreements.book().outcome(*on)->state == line::ProposalState::kAccepted;
  if (agreed) DETENTE_TRY_VOID(check_tests_run(peer, *on, entry.header.time));
  if (!agreed && !(on && is_tested_lift(peer, *on)))
    return fail(Fault::kState, "what this refers to is neither an agreed restoration nor a lift that is being tested: detente proposal list");
  return check_lines(running, counterpart, entry);
}

std::optional<line::Matter> matter_answered(const Running& running, const Counterpart& counterpart, Whose whose,
                                            const record::Entry& entry) {
  if (entry.header.kind != record::kProposalAnswer) return std::nullopt;
  const core::Agreements& agreements = running.driver->station().peer(counterpart.peer).agreements();
  const auto on = agreements.target(whose, entry.header);
  const line::Proposal* proposal = on ? agreements.book().find(*on) : nullptr;
  return proposal == nullptr ? std::nullopt : std::optional(proposal->matter);
}

namespace {

// Its hours are over, and a line of it is still cut as it was then.
std::string not_restored_words(const core::Peer& peer, const core::AgreedRestoration& agreed) {
  std::string why = kMissedWords;
  if (const line::RestorationReport* report = peer.agreements().report(agreed.at, Whose::kAuthors)) why = to_string(report->end);
  for (const core::RestorationRun& run : peer.restorations().runs())  // whose report may not be on the disk yet
    if (run.agreement.at == agreed.at && run.end) why = to_string(*run.end);
  return "the restoration agreed for " + format_utc(agreed.instant) + " has not opened this line: " + why +
         ". A new agreement is needed: detente restore propose";
}

// Whose cut of it is newer than the agreement, or of more than it names; empty: nobody's.
std::string newer_cut_words(const core::Peer& peer, const core::AgreedRestoration& agreed, const line::RestoredLine& of, const std::string& far) {
  const bool ours = peer.restorations().cut_anew(agreed.at, of, Whose::kAuthors);
  const bool theirs = peer.restorations().cut_anew(agreed.at, of, Whose::kOthers);
  if (!ours && !theirs) return "";
  const std::string who = ours && theirs ? "the cuts of both sides are" : (ours ? "our cut is" : "the cut by " + far + " is");
  return who + " newer than that agreement, or of more than it names, and it does not open the line: a new agreement is needed";
}

}  // namespace

void add_restoration_facts(const core::Peer& peer, LineId line, WallTime now, watch::LadderFacts& facts) {
  add_lift_facts(peer, line, facts);
  if (peer.restorations().restoring(line))
    return facts.announced.push_back("the tests of an agreed restoration of this line run: detente restore show");
  for (const core::AgreedRestoration& one : peer.agreements().restorations()) {
    const auto of = std::find_if(one.lines.begin(), one.lines.end(), [line](const auto& named) { return named.line == line; });
    if (of == one.lines.end()) continue;
    const std::string newer = newer_cut_words(peer, one, *of, facts.far);
    const std::string agreed = "both sides have agreed to restore this line at " + format_utc(one.instant);
    if (one.instant.seconds + line::kRestorationSeconds < now.seconds) {
      if (newer.empty() && (peer.registers().closed_media(line) & of->media) != 0) facts.announced.push_back(not_restored_words(peer, one));
    } else if (!newer.empty()) {
      facts.announced.push_back(agreed + "; but " + newer);
    } else if (one.instant >= now) {
      facts.announced.push_back(agreed + "; its tests begin then");
    }
  }
}

// --- what is open, agreed and carried out ------------------------------------------

namespace {

std::optional<record::StoredEntry> stored_entry(const Running& running, const Counterpart& counterpart, const line::ActPlace& place) {
  const bool own = running.driver->station().peer(counterpart.peer).agreements().whose(place) == Whose::kAuthors;
  const core::Line& accord = running.line(counterpart.peer, kAccordLine);
  record::LogKey log = own ? accord.own().key() : accord.far().key();
  log.epoch = place.epoch;
  return running.stored(log, place.index);
}

}  // namespace

std::optional<record::Entry> proposal_entry(const Running& running, const Counterpart& counterpart, const line::ActPlace& place) {
  const auto found = stored_entry(running, counterpart, place);
  if (!found) return std::nullopt;
  auto entry = record::decode_entry(found->bytes);
  return entry ? std::optional(std::move(*entry)) : std::nullopt;
}

namespace {

constexpr std::size_t kShownMax = 100, kShownOfAll = 10'000;
constexpr std::size_t kShownBytes = std::size_t{8} << 20;  // an answer has at most 16 MiB
constexpr std::uint32_t kShownAfter = 86'400;  // seconds after its hour

Json by_json(const Running& running, const Counterpart& counterpart, const line::ActPlace& at, bool own, const record::Header& header) {
  const auto stored = stored_entry(running, counterpart, at);
  const accord::Roster& roster = own ? running.own_roster : counterpart.roster;
  const accord::SignedCredential* officer = roster.by_number(header.author);
  return {{"by", own ? "us" : "them"},
          {"officer", header.author.value},
          {"post", officer == nullptr ? "" : officer->credential.post},
          {"time", header.time.seconds},
          {"late_s", stored ? seconds_late(header.time, stored->stored_at) : 0}};
}

Json place_json(const core::Agreements& agreements, const line::ActPlace& place) {
  const bool own = agreements.whose(place) == Whose::kAuthors;
  return {{"id", proposal_id(agreements, place)},
          {"name", proposal_name(agreements, place)},
          {"whose", own ? "own" : "far"},
          {"epoch", to_hex(place.epoch)},
          {"index", place.index}};
}

// By whose order that side did it, where it says that there is one.
void add_order(Json& out, const Running& running, const Counterpart& counterpart, bool own, const record::Entry& entry, line::Matter matter) {
  const auto act = grave_act_of(entry, matter);
  const auto proof = mandate_of(entry);
  const accord::Roster& roster = own ? running.own_roster : counterpart.roster;
  out["mandate"] = act ? mandate_json(counterpart.lineage(), roster, *act, proof, entry.header.time) : Json();
  out["ordered"] = act ? mandate_words(counterpart.lineage(), roster, *act, proof, entry.header.time) : "";
}

// `counts`: of an agreement, whether it is the one that counts for this line; null of what is none.
Json restored_line_json(const Counterpart& counterpart, const core::Peer& peer, const std::vector<core::AgreedRestoration>& agreed,
                        const line::ActPlace& at, const line::RestoredLine& of) {
  Json out{{"line", line_name(counterpart, of.line)}, {"number", of.line.value}, {"media", line::media_words(of.media)}, {"counts", Json()}};
  if (peer.agreements().book().outcome(at)->state != line::ProposalState::kAccepted) return out;
  const auto stands = [&](const core::AgreedRestoration& one) {
    return one.at == at && std::find(one.lines.begin(), one.lines.end(), of) != one.lines.end();
  };
  out["counts"] = std::any_of(agreed.begin(), agreed.end(), stands);
  out["cut_anew"] = peer.restorations().cut_anew(at, of, Whose::kAuthors);
  out["their_cut_anew"] = peer.restorations().cut_anew(at, of, Whose::kOthers);
  return out;
}

Json proposal_json(const Running& running, const Counterpart& counterpart, const core::Peer& peer,
                   const std::vector<core::AgreedRestoration>& agreed, const line::ActPlace& at) {
  const core::Agreements& agreements = peer.agreements();
  const line::Proposal& proposal = *agreements.book().find(at);
  const line::Outcome outcome = *agreements.book().outcome(at);
  Json out = place_json(agreements, at);
  const bool own = agreements.whose(at) == Whose::kAuthors;
  const auto entry = proposal_entry(running, counterpart, at);
  if (entry) out.update(by_json(running, counterpart, at, own, entry->header));
  if (entry) add_order(out, running, counterpart, own, *entry, proposal.matter);
  out["matter"] = matter_name(proposal.matter);
  out["state"] = line::to_string(outcome.state);
  out["crossed"] = outcome.crossed;
  out["words"] = wire::display_line(proposal.words);
  out["act"] = wire::display_line(offer_words(counterpart, proposal));
  out["instant"] = proposal.instant ? Json(proposal.instant->seconds) : Json();
  out["lapse"] = proposal.lapse ? Json(proposal.lapse->seconds) : Json();
  out["lines"] = Json::array();
  for (const line::RestoredLine& one : restored_lines(proposal))
    out["lines"].push_back(restored_line_json(counterpart, peer, agreed, at, one));
  out["decided"] = Json();
  // A lapse is nobody's act: it stands before the first entry that came too late, whoever signed that.
  if (outcome.decided_at != at && outcome.state != line::ProposalState::kLapsed)
    if (const auto answer = proposal_entry(running, counterpart, outcome.decided_at)) {
      const bool ours = agreements.whose(outcome.decided_at) == Whose::kAuthors;
      Json decided = by_json(running, counterpart, outcome.decided_at, ours, answer->header);
      add_order(decided, running, counterpart, ours, *answer, proposal.matter);
      const auto said = line::parse_answer_body(answer->body);
      decided["words"] = said ? wire::display_line(said->words) : "";
      out["decided"] = std::move(decided);
    }
  out["announcement"] = Json();
  if (proposal.matter == line::Matter::kAnnouncement) {
    out["content"] = to_base64(proposal.content);
    out["announcement"] = running.announcer->json(counterpart, at);
    if (entry && entry->header.attachments.size() == 1) out["announcement"]["document"] = to_hex(entry->header.attachments.front().digest);
  }
  if (proposal.matter == line::Matter::kAccordChange) {
    out["content"] = to_base64(proposal.content);
    if (entry && entry->header.attachments.size() == 1) out["document"] = to_hex(entry->header.attachments.front().digest);
  }
  out["restoration"] = restoration_json(counterpart, peer, agreed, at, running.driver->now().wall);
  return out;
}

}  // namespace

namespace {

// It binds somebody, or the other side's answer may still make it do so: such a one is shown however many others there are.
bool is_alive(const core::Peer& peer, const line::ActPlace& at, WallTime now) {
  const core::Agreements& agreements = peer.agreements();
  const line::Proposal& proposal = *agreements.book().find(at);
  const line::ProposalState state = agreements.book().outcome(at)->state;
  const bool accepted = state == line::ProposalState::kAccepted;
  if (!accepted && (state != line::ProposalState::kOffered || agreements.whose(at) != Whose::kAuthors)) return false;
  if (accepted && proposal.matter == line::Matter::kAnnouncement &&
      peer.announcements().state(at).stage != core::Announcements::Stage::kReleased)
    return true;
  return !proposal.instant || now.seconds <= std::uint64_t{proposal.instant->seconds} + kShownAfter;
}

}  // namespace

Json proposals_json(const Running& running, const Counterpart& counterpart, const ProposalsWanted& wanted) {
  const core::Peer& peer = running.driver->station().peer(counterpart.peer);
  const WallTime now = running.driver->now().wall;
  std::vector<line::ActPlace> places = peer.agreements().book().proposals();
  if (wanted.id)
    std::erase_if(places, [&](const line::ActPlace& at) { return proposal_id(peer.agreements(), at) != *wanted.id; });
  const auto time = [&](const line::ActPlace& at) { return peer.agreements().book().time_of(at).value_or(WallTime{}); };
  std::stable_sort(places.begin(), places.end(), [&](const auto& a, const auto& b) { return time(a) < time(b); });
  std::size_t left_out = 0;
  const std::size_t most = wanted.all ? kShownOfAll : kShownMax;
  if (places.size() > most) {
    std::size_t room = most;
    std::vector<line::ActPlace> shown;
    for (auto at = places.rbegin(); at != places.rend(); ++at) {
      const bool newest = room > 0;
      room -= newest ? 1 : 0;
      if (newest || is_alive(peer, *at, now)) shown.push_back(*at);
    }
    left_out = places.size() - shown.size();
    places.assign(shown.rbegin(), shown.rend());
  }
  const std::vector<core::AgreedRestoration> agreed = peer.agreements().restorations();
  std::vector<Json> newest_first;
  std::size_t bytes = 0;
  for (auto at = places.rbegin(); at != places.rend(); ++at) {
    if (bytes > kShownBytes && !is_alive(peer, *at, now)) {
      ++left_out;
      continue;
    }
    newest_first.push_back(proposal_json(running, counterpart, peer, agreed, *at));
    bytes += dump(newest_first.back()).size();
  }
  Json all = Json::array();
  for (auto one = newest_first.rbegin(); one != newest_first.rend(); ++one) all.push_back(std::move(*one));
  return {{"ok", true}, {"now", now.seconds}, {"proposals", std::move(all)}, {"left_out", left_out}};
}

}  // namespace detente::station
