#include "station/act_signing.h"

#include <algorithm>

#include "base/civil.h"
#include "station/desk_checks.h"
#include "station/side_rules.h"
#include "station/verdict.h"

namespace detente::station {

namespace {

constexpr std::size_t kSignaturesMax = 4;

// Officer and right, whatever the hour.
Result<const accord::Credential*> person_of(const ActGround& ground, const record::ActFile& file, OfficerId officer) {
  const accord::SignedCredential* held = ground.own->by_number(officer);
  const std::string who = "officer " + std::to_string(officer.value);
  if (held == nullptr)
    return fail(Fault::kNotFound, who + " is in no bulletin that lies here: bring the side's newest (detente bulletin import)");
  const accord::Credential& one = held->credential;
  if (one.is_station()) return fail(Fault::kDenied, "credential " + std::to_string(officer.value) + " is a station's: no station signs this");
  DETENTE_TRY(lines, lines_of(file));
  lines.push_back(kAccordLine);
  if (!std::all_of(lines.begin(), lines.end(), [&](LineId line) { return one.allows(line); }))
    return fail(Fault::kDenied, who + " (" + one.post + ") has no right for every line of this act");
  if (ground.own->revoked(officer)) return fail(Fault::kDenied, "the credential of " + who + " (" + one.post + ") is revoked");
  for (const LineId line : lines)
    if (const accord::Annex* annex = ground.accord->annex(line)) DETENTE_TRY_VOID(check_post(*annex, one));
  return &one;
}

}  // namespace

Result<std::vector<std::string>> signers_words(const ActGround& ground, const record::ActFile& file) {
  std::vector<std::string> out;
  DETENTE_TRY_VOID(check_distinct_signers(*ground.own, file.entry));
  for (const record::OfficerSignature& signature : file.entry.signatures) {
    const std::string number = std::to_string(signature.officer.value);
    const Verdict verdict = judge_signature(file.entry, signature, {ground.accord}, *ground.own, std::nullopt);
    if (verdict.value != Verdict::Value::kValid)
      return fail(Fault::kDenied, "the signature of officer " + number + " that stands under this: " + verdict.why +
                                      ". This is not what that officer read: do not sign it");
    DETENTE_TRY(person, person_of(ground, file, signature.officer));
    out.push_back("Signed by     officer " + number + " (" + person->post + ")");
  }
  if (file.entry.signatures.empty() ? file.entry.header.author != kStationItself
                                    : file.entry.header.author != file.entry.signatures.front().officer)
    return fail(Fault::kMalformed, "the act names another author than its first signer");
  return out;
}

Result<void> check_signer(const ActGround& ground, const record::ActFile& file, OfficerId officer, WallTime now) {
  DETENTE_TRY(person, person_of(ground, file, officer));
  DETENTE_TRY_VOID(check_valid_now(*person, now));
  if (!check_desk_time(file.entry.header.time, now))
    return fail(Fault::kState, "this act was written at " + format_utc(file.entry.header.time) +
                                   ", more than a day from this machine's clock: no station would take it. Prepare it again");
  if (file.entry.signatures.size() >= kSignaturesMax) return fail(Fault::kLimit, "four have signed: there is no room for a fifth");
  record::Entry with = file.entry;
  with.signatures.push_back({officer, 0, file.accord_version, {}});
  return check_distinct_signers(*ground.own, with);
}

Result<void> sign_act(const ActGround& ground, record::ActFile& file, const std::vector<std::string>& shown, const ActSigner& signer) {
  DETENTE_TRY(words, act_words(ground, file));
  if (words != shown)
    return fail(Fault::kConflict, "what was shown is not what the act says: nothing is signed");
  DETENTE_TRY_VOID(signers_words(ground, file).map([](const auto&) {}));
  if (file.entry.signatures.empty()) file.entry.header.author = signer.number;
  const record::Entry& entry = file.entry;
  file.entry.signatures.push_back(record::sign_entry(entry.header, entry.body, file.accord, file.accord_version, signer.number,
                                                     signer.counter, *signer.key));
  if (record::encode_entry(file.entry).size() <= record::kEntryBytesMax) return {};
  file.entry.signatures.pop_back();
  return fail(Fault::kLimit, "with one more signature the act is longer than an entry may be: shorten its words");
}

}  // namespace detente::station
