#include "station/verdict.h"

#include <algorithm>

#include "base/civil.h"
#include "station/vouched.h"

namespace detente::station {

namespace {

Verdict not_valid(const accord::Credential& credential, std::string why) {
  return {Verdict::Value::kNotValid, std::move(why), credential.post};
}

// A revocation vouches for what the credential signed up to a mark on each line.
bool revoked_for(const accord::Roster& roster, OfficerId number, LineId line,
                 const std::optional<EntryPlace>& place) {
  const auto revocations = roster.revocations(number);
  if (revocations.empty()) return false;
  return std::none_of(revocations.begin(), revocations.end(),
                      [&](const accord::Revocation& revocation) {
                        const auto& last = revocation.last_valid;
                        return place && last && last->line == line && last->epoch == place->epoch &&
                               place->index < last->size;
                      });
}

}  // namespace

const char* to_string(Verdict::Value value) {
  switch (value) {
    case Verdict::Value::kValid: return "valid";
    case Verdict::Value::kNotValid: return "not valid";
    case Verdict::Value::kNoCredential: return "no credential";
    case Verdict::Value::kUsedBefore: return "used before";
    case Verdict::Value::kAfterLastValid: return kAfterLastValid;
  }
  return "not valid";
}

Verdict judge_signature(const record::Entry& entry, const record::OfficerSignature& signature,
                        const Lineage& accords, const accord::Roster& roster,
                        const std::optional<EntryPlace>& place, crypto::VerifyMemo* memo) {
  const accord::SignedCredential* found = roster.by_number(signature.officer);
  if (found == nullptr)
    return {Verdict::Value::kNoCredential,
            "no credential of number " + std::to_string(signature.officer.value) + " is known here",
            ""};
  const accord::Credential& credential = found->credential;
  if (credential.is_station()) return not_valid(credential, "it is a station's credential");
  const auto accord = std::find_if(accords.begin(), accords.end(), [&](const accord::AccordInForce* one) {
    return one->accord.version == signature.accord_version;
  });
  if (accord == accords.end())
    return not_valid(credential, "it names version " + std::to_string(signature.accord_version) +
                                     " of the accord; version " +
                                     std::to_string(accords.back()->accord.version) + " is in force");
  if (!record::verify_officer(entry.header, entry.body, (*accord)->digest, signature,
                              credential.sign_key, memo))
    return not_valid(credential, "the signature does not fit the text");
  if (!credential.allows(entry.header.line))
    return not_valid(credential, "the credential is not for this line");
  if (!credential.valid_at(entry.header.time))
    return not_valid(credential, "the credential was not valid at the time that the entry names");
  if (const auto suspended = roster.suspended(signature.officer, entry.header.time))
    return not_valid(credential, "its side's duty chief suspended the officer from " + format_utc(suspended->from) + " to " +
                                     format_utc(suspended->until));
  if (revoked_for(roster, signature.officer, entry.header.line, place))
    return {Verdict::Value::kAfterLastValid, "the credential is revoked, and its side does not vouch for this entry",
            credential.post};
  return {Verdict::Value::kValid, "", credential.post};
}

}  // namespace detente::station
