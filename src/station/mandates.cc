#include "station/mandates.h"

#include <algorithm>

#include "base/civil.h"
#include "line/proposal.h"
#include "line/register_act.h"

namespace detente::station {

namespace {

using record::GraveAct;

constexpr std::uint64_t kChunk = 500;

std::string line_name(const accord::AccordInForce& accord, LineId line) {
  const accord::Annex* annex = accord.annex(line);
  return annex == nullptr ? "line " + std::to_string(line.value) : annex->name;
}

std::string names_of(const accord::AccordInForce& accord, const std::vector<LineId>& lines) {
  std::string out;
  for (const LineId line : lines) out += (out.empty() ? "" : ", ") + line_name(accord, line);
  return out.empty() ? "every line" : out;
}

bool holds(ByteView where, ByteView wanted) {
  return std::search(where.begin(), where.end(), wanted.begin(), wanted.end()) != where.end();
}

// In this side's own record of the line, or waiting there: the digest stands in the body of an act as it is.
bool is_used(const Running& running, const Counterpart& counterpart, const Digest& mandate) {
  if (running.mandates_used.contains(mandate)) return true;
  const record::LineKey line{counterpart.accord.lineage, kAccordLine};
  for (const record::OutboxItem& item : running.store->outbox(line))
    if (holds(item.item, mandate)) return true;
  for (const record::Reader::LogInfo& info : running.store->logs(line)) {
    if (!info.log.own) continue;
    for (std::uint64_t from = 0; from < info.size; from += kChunk)
      for (const record::StoredEntry& stored : running.store->entries(info.log, from, std::min(info.size, from + kChunk), kChunk))
        if (holds(stored.bytes.body, mandate)) return true;
  }
  return false;
}

std::string article(GraveAct act) { return act == GraveAct::kAnnounce ? "an announcement" : act == GraveAct::kRestore ? "a restoration" : std::string("a ") + to_string(act); }

}  // namespace

std::optional<record::MandateProof> mandate_of(const record::Entry& entry) {
  switch (entry.header.kind) {
    case record::kRegister: {
      const auto act = line::parse_register_body(entry.body);
      if (!act) return std::nullopt;
      return act->cut ? act->cut->mandate : act->clear->mandate;
    }
    case record::kProposal: {
      const auto proposal = line::parse_proposal_body(entry.body);
      return proposal ? proposal->mandate : std::nullopt;
    }
    case record::kProposalAnswer: {
      const auto answer = line::parse_answer_body(entry.body);
      return answer ? answer->mandate : std::nullopt;
    }
    default: return std::nullopt;
  }
}

Result<const accord::Credential*> check_mandate_proof(const Lineage& accords, const accord::Roster& roster, GraveAct act,
                                                      const record::MandateProof& proof, WallTime at) {
  const accord::SignedCredential* held = roster.by_number(proof.principal);
  const std::string number = std::to_string(proof.principal.value);
  if (held == nullptr) return fail(Fault::kDenied, "no credential of number " + number + " of " + roster.side() + " is known here");
  const accord::Credential& one = held->credential;
  if (one.role != accord::CredentialRole::kPrincipal)
    return fail(Fault::kDenied, "number " + number + " (" + one.post + ") is no principal of " + roster.side());
  if (!one.valid_at(at)) return fail(Fault::kDenied, "the credential of " + one.post + " (no. " + number + ") was not valid then");
  if (roster.revoked(proof.principal)) return fail(Fault::kDenied, "the credential of " + one.post + " (no. " + number + ") is revoked");
  if (roster.suspended(proof.principal, at)) return fail(Fault::kDenied, one.post + " (no. " + number + ") was suspended then");
  const auto signed_under = [&](const accord::AccordInForce* accord) { return record::verify_mandate(proof, accord->digest, act, one.sign_key); };
  if (std::none_of(accords.rbegin(), accords.rend(), signed_under))
    return fail(Fault::kDenied, "the signature of " + one.post + " (no. " + number + ") does not fit a mandate for " + article(act) +
                                    " under an accord of these two sides");
  return &one;
}

Result<void> check_mandate_text(const accord::AccordInForce& accord, const record::MandateFile& file, const MandateUse& use) {
  const record::Mandate& text = file.mandate;
  if (file.proof() != use.proof) return fail(Fault::kConflict, "the mandate in the file is not the one that the act names");
  if (text.side != use.side) return fail(Fault::kDenied, "the mandate is of a principal of " + text.side + ", not of " + use.side);
  if (text.counterpart != use.counterpart)
    return fail(Fault::kDenied, "the mandate is for acts toward " + text.counterpart + ", not toward " + use.counterpart);
  if (text.accord != accord.digest) return fail(Fault::kDenied, "the mandate is under another accord than the one in force");
  if (text.act != use.act) return fail(Fault::kDenied, "the mandate orders " + article(text.act) + ", and this is " + article(use.act));
  for (const LineId line : use.lines)
    if (!text.lines.empty() && !std::binary_search(text.lines.begin(), text.lines.end(), line))
      return fail(Fault::kDenied, "the mandate is of " + names_of(accord, text.lines) + " and does not name " + line_name(accord, line));
  if (use.signed_at < text.given) return fail(Fault::kDenied, "the act is dated before the mandate, which was given at " + format_utc(text.given));
  if (text.valid_until < std::max(use.signed_at, use.now))
    return fail(Fault::kDenied, "the mandate was valid until " + format_utc(text.valid_until) + ": the principal has to give another");
  return {};
}

Result<std::vector<std::string>> mandate_lines(const accord::AccordInForce& accord, const accord::Roster& own, const record::MandateFile& file) {
  const record::Mandate& text = file.mandate;
  DETENTE_TRY(principal, check_mandate_proof({&accord}, own, text.act, file.proof(), text.given));
  return std::vector<std::string>{
      "Mandate       of " + principal->post + " (no. " + std::to_string(text.principal.value) + ") of " + text.side + " for " + article(text.act),
      "  Lines       " + names_of(accord, text.lines) + " with " + text.counterpart,
      "  Letter      SHA-256 " + to_hex(text.letter),
      "  Given       " + format_utc(text.given) + ", valid until " + format_utc(text.valid_until),
      "  Its digest  " + to_hex(file.proof().mandate)};
}

Result<void> check_mandate_submission(const Running& running, const Counterpart& counterpart, const record::Entry& entry,
                                      std::optional<GraveAct> act, const std::vector<LineId>& lines,
                                      const std::optional<record::MandateFile>& file, WallTime now) {
  const std::optional<record::MandateProof> proof = mandate_of(entry);
  if (!proof && !file) {
    if (!act || !running.config.rules.wants_mandate(*act)) return {};
    return fail(Fault::kDenied, std::string("this side's rule (station.toml, [rules] mandate) wants a principal's mandate for ") + article(*act) +
                                    ": detente mandate give FILE on the principal's machine, then --mandate FILE");
  }
  if (!act || !proof || !file)
    return fail(Fault::kMalformed, !act ? "this act is under no rule and carries no mandate"
                                        : "an act that carries a mandate comes with its file, and the other way round");
  DETENTE_TRY_VOID(check_mandate_text(counterpart.accord, *file,
                                      {running.dir.name(), counterpart.name(), *act, lines, *proof, entry.header.time, now}));
  DETENTE_TRY(principal, check_mandate_proof({&counterpart.accord}, running.own_roster, *act, *proof, entry.header.time));
  if (!std::all_of(lines.begin(), lines.end(), [&](LineId line) { return principal->allows(line); }))
    return fail(Fault::kDenied, "the principal " + principal->post + " has no right for every line of this act");
  if (!is_used(running, counterpart, proof->mandate)) return {};
  return fail(Fault::kConflict, "this mandate was used already: it orders one act, and the principal has to give another for another");
}

std::string mandate_words(const Lineage& accords, const accord::Roster& roster, GraveAct act,
                          const std::optional<record::MandateProof>& proof, WallTime at) {
  if (!proof) return "";
  const auto principal = check_mandate_proof(accords, roster, act, *proof, at);
  if (principal) return "by mandate of its " + (*principal)->post;
  return "naming a mandate that is not valid (" + principal.error().message + ")";
}

Json mandate_json(const Lineage& accords, const accord::Roster& roster, GraveAct act,
                  const std::optional<record::MandateProof>& proof, WallTime at) {
  if (!proof) return {};
  const auto principal = check_mandate_proof(accords, roster, act, *proof, at);
  return {{"principal", proof->principal.value},
          {"post", principal ? (*principal)->post : ""},
          {"digest", to_hex(proof->mandate)},
          {"verdict", principal ? "valid" : "not valid"},
          {"why", principal ? "" : principal.error().message}};
}

}  // namespace detente::station
