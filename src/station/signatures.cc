#include "station/signatures.h"

#include <algorithm>

#include "line/proposal.h"
#include "line/register_act.h"
#include "line/restoration.h"
#include "station/cuts.h"
#include "station/proposals.h"

namespace detente::station {

namespace {

// spec/record.md section 3: what counts for nothing without a valid signature.
bool takes_an_officer(const accord::Annex& annex, const record::Entry& entry) {
  const record::Kind kind = entry.header.kind;
  if (kind == record::kRegister || kind == record::kSuspension || line::is_proposal_act(kind)) return true;
  if (kind == record::kRestorationTest) {
    const auto test = line::parse_restoration_test_body(entry.body);
    return test && test->of == line::RestorationTestOf::kDesk;
  }
  return annex.provable() &&
         (kind == record::kCheckCall || kind == record::kPresence || kind == record::kHoursExtension);
}

// A station's own act ends what both have agreed to end.
bool is_stations(const record::Entry& entry) {
  if (entry.header.kind != record::kRegister) return false;
  const auto act = line::parse_register_body(entry.body);
  return act && act->clear && act->clear->ground != line::ClearGround::kLifted;
}

// What is known of a credential now may not have been known when the act came, and what it did then stands.
bool stands_in_register(const Running& running, const Counterpart& counterpart, bool own, const record::Entry& entry) {
  if (entry.header.kind != record::kRegister) return false;
  const auto act = line::parse_register_body(entry.body);
  if (!act) return false;
  const core::Registers& registers = running.driver->station().peer(counterpart.peer).registers();
  const auto whose = own ? record::Whose::kAuthors : record::Whose::kOthers;
  return std::any_of(act->lines().begin(), act->lines().end(), [&](const line::RegisterOf& of) {
    const auto& cuts = registers.of(whose, of.line).cuts;
    return std::any_of(cuts.begin(), cuts.end(), [&](const core::Cut& cut) {
      if (cut.cut_epoch != of.cut_epoch) return false;
      return act->clear ? cut.cleared == entry.header.time
                        : cut.signed_at == entry.header.time && cut.author == entry.header.author;
    });
  });
}

bool signers_may(const Running& running, const Counterpart& counterpart, bool own, const record::Entry& entry) {
  if (entry.header.kind != record::kRegister && !line::is_proposal_act(entry.header.kind)) return true;
  const accord::Roster& roster = own ? running.own_roster : counterpart.roster;
  const auto lines = lines_of_act(running, counterpart, own ? record::Whose::kAuthors : record::Whose::kOthers, entry);
  return std::all_of(entry.signatures.begin(), entry.signatures.end(), [&](const record::OfficerSignature& one) {
    return signer_may(roster, counterpart.lineage(), one, lines);
  });
}

}  // namespace

std::vector<Verdict> judge_signatures(const Running& running, const Counterpart& counterpart, const record::LogKey& log,
                                      std::uint64_t index, const record::Entry& entry) {
  const accord::Roster& roster = log.own ? running.own_roster : counterpart.roster;
  std::vector<Verdict> out;
  const auto not_first = entry.signatures.empty() ? std::set<OfficerId>() : core::not_first_at(*running.store, log, index);
  for (const record::OfficerSignature& signature : entry.signatures) {
    Verdict verdict = judge_signature(entry, signature, counterpart.lineage(), roster, EntryPlace{log.epoch, index});
    if (not_first.count(signature.officer) > 0)
      verdict = {Verdict::Value::kUsedBefore, "this signature stood under another entry before", verdict.post};
    out.push_back(std::move(verdict));
  }
  return out;
}

SignedBy signed_by(const record::Entry& entry, const std::vector<Verdict>& verdicts) {
  SignedBy out;
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    if (verdicts[i].value == Verdict::Value::kValid) {
      ++out.valid;
    } else if (!out.faulty) {
      out.faulty = verdicts[i];
      out.faulty->why = "of officer " + std::to_string(entry.signatures[i].officer.value) +
                        (verdicts[i].post.empty() ? "" : " " + verdicts[i].post) + ": " + verdicts[i].why;
    }
  }
  return out;
}

std::string why_without_effect(const Running& running, const Counterpart& counterpart, const accord::Annex& annex, bool own,
                               const record::Entry& entry, const SignedBy& by) {
  if (!takes_an_officer(annex, entry) || is_stations(entry)) return "";
  const bool replayed = by.faulty && by.faulty->value == Verdict::Value::kUsedBefore;  // what stands is the act that came first
  if (!replayed && stands_in_register(running, counterpart, own, entry)) return "";
  if (entry.signatures.empty()) return "no officer signed it";
  if (by.faulty)
    return by.faulty->value == Verdict::Value::kAfterLastValid ? "" : "its signature is not valid, " + by.faulty->why;
  if (entry.header.kind == record::kRegister) {
    const auto act = line::parse_register_body(entry.body);
    if (act && !line::names_an_hour_in_reach(*act, entry.header.time))
      return "it announces a cut for an hour more than 72 hours ahead, which nobody may";
  }
  if (signers_may(running, counterpart, own, entry)) return "";
  return "an officer who signed it has no right for every one of its lines, by his credential or by the accord";
}

}  // namespace detente::station
