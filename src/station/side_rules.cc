#include "station/side_rules.h"

#include <algorithm>
#include <set>
#include <string>

#include "line/register_act.h"

namespace detente::station {

namespace {

std::optional<GraveAct> of_matter(std::optional<line::Matter> matter) {
  if (matter == line::Matter::kRestoration) return GraveAct::kRestore;
  if (matter == line::Matter::kAnnouncement) return GraveAct::kAnnounce;
  return std::nullopt;
}

template <typename Takes>
std::set<OfficerId> persons(const accord::Roster& roster, Takes takes) {
  std::set<OfficerId> out;
  for (const accord::SignedCredential* one : roster.all())
    if (!one->credential.is_station() && takes(one->credential)) out.insert(roster.first_number(one->credential.number));
  return out;
}

std::string people(std::size_t count) { return std::to_string(count) + (count == 1 ? " officer" : " officers"); }

}  // namespace

std::optional<GraveAct> grave_act_of(const record::Entry& entry, std::optional<line::Matter> answered) {
  switch (entry.header.kind) {
    case record::kRegister: {
      const auto act = line::parse_register_body(entry.body);
      if (!act) return std::nullopt;
      return act->cut ? GraveAct::kCut : GraveAct::kLift;
    }
    case record::kProposal: {
      const auto proposal = line::parse_proposal_body(entry.body);
      return proposal ? of_matter(proposal->matter) : std::nullopt;
    }
    case record::kProposalAnswer: {
      const auto answer = line::parse_answer_body(entry.body);
      return answer && answer->act == line::AnswerAct::kAccept ? of_matter(answered) : std::nullopt;
    }
    default: return std::nullopt;
  }
}

Result<void> check_distinct_signers(const accord::Roster& own, const record::Entry& entry) {
  std::set<OfficerId> seen;
  for (const record::OfficerSignature& signature : entry.signatures)
    if (!seen.insert(own.first_number(signature.officer)).second)
      return fail(Fault::kDenied, "officer " + std::to_string(signature.officer.value) +
                                      " has signed this already: another officer must sign, not the same one again");
  return {};
}

Result<void> check_signers(const SideRules& rules, GraveAct act, const record::Entry& entry) {
  const std::size_t wanted = rules.signers_of(act), there = entry.signatures.size();
  if (there >= wanted) return {};
  return fail(Fault::kDenied, std::string("this side's rule (station.toml, [rules] ") + to_string(act) + ") wants " + people(wanted) +
                                  " under this, and " + std::to_string(there) + (there == 1 ? " has" : " have") +
                                  " signed: write it to a file (--to-sign FILE), let the others sign it (detente sign FILE --as NAME), "
                                  "then detente act submit FILE");
}

Result<void> check_rules_can_be_met(const SideRules& rules, const accord::Roster& own) {
  const std::size_t enrolled = persons(own, [](const accord::Credential&) { return true; }).size();
  for (const GraveAct act : kGraveActs)
    // One is no rule of ours: a station without officers carries what needs none.
    if (rules.signers_of(act) > 1 && rules.signers_of(act) > enrolled)
      return fail(Fault::kConflict, std::string("station.toml: [rules] ") + to_string(act) + " = " + std::to_string(rules.signers_of(act)) +
                                        ", and this side has enrolled " + people(enrolled) +
                                        ": nobody could do it. Enrol the others first (detente officer enrol), or lower the number");
  const bool principal = !persons(own, [](const accord::Credential& one) { return one.role == accord::CredentialRole::kPrincipal; }).empty();
  for (const GraveAct act : kGraveActs)
    if (rules.wants_mandate(act) && !principal)
      return fail(Fault::kConflict, std::string("station.toml: [rules] mandate names ") + to_string(act) +
                                        ", and this side has no principal to order it: detente officer enrol NAME --role principal");
  return {};
}

std::string rules_warning(const SideRules& rules, const accord::Roster& own, WallTime now) {
  const std::size_t able = persons(own, [&](const accord::Credential& one) { return one.valid_at(now) && !own.revoked(one.number); }).size();
  std::string out;
  for (const GraveAct act : kGraveActs)
    if (rules.signers_of(act) > 1 && rules.signers_of(act) > able)
      out += std::string(out.empty() ? "" : ", ") + to_string(act) + " = " + std::to_string(rules.signers_of(act));
  if (out.empty()) return out;
  return "[rules] of station.toml wants more officers (" + out + ") than have a valid credential now (" + std::to_string(able) +
         "): nobody can do that until one is renewed (detente officer renew) or enrolled";
}

}  // namespace detente::station
