#include "record/two_records_verify.h"

#include <algorithm>

#include "record/extract_ground.h"

namespace detente::record {

namespace {

// The log key under which the evidence's checkpoint was proved.
std::optional<crypto::VerifyKey> key_of(const TwoRecordsFindings& found, const TrustAnchor& anchor, std::string& side) {
  const auto extract = decode_extract(found.file.evidence);
  ExtractFindings unused;
  const auto ground = extract ? read_ground(*extract, anchor, unused) : tl::unexpected<Error>(extract.error());
  if (!ground) return std::nullopt;
  for (const Finding& check : found.evidence.items.front().checks) {
    if (check.check != "checkpoint" || check.result != CheckResult::kProved) continue;
    const accord::Credential* credential = ground->credential(check.side, check.number);
    if (credential == nullptr) continue;
    side = check.side;
    return credential->sign_key;
  }
  return std::nullopt;
}

}  // namespace

TwoRecordsFindings verify_two_records(ByteView bytes, const TrustAnchor& anchor) {
  TwoRecordsFindings out;
  auto file = parse_two_records(bytes);
  if (!file) {
    out.error = file.error().message;
    return out;
  }
  out.file = std::move(*file);
  out.evidence = verify_extract(out.file.evidence, anchor);
  const Checkpoint& second = out.file.second.checkpoint;
  std::string side;
  std::optional<crypto::VerifyKey> key;
  const auto add = [&](const char* check, const std::string& why) {
    Finding finding{.check = check};
    finding.side = side;
    if (!why.empty()) finding.result = CheckResult::kFailed;
    finding.why = why;
    out.checks.push_back(std::move(finding));
  };
  const bool one = out.evidence.items.size() == 1;
  if (one) key = key_of(out, anchor, side);
  std::string held;
  if (!one || !key) held = "the evidence shows no record that its station signed";
  else if (const ItemFindings& item = out.evidence.items.front(); item.origin != second.origin || item.index + 1 != second.size)
    held = "the evidence is of another log or place";
  else if (!item.root || !verify_consistency(second.size, out.file.held_root, item.size, *item.root, out.file.held_proof))
    held = "the record in the evidence does not begin with the root that this file names";
  add("held", held);
  add("second", key && verify_checkpoint(second, *key, out.file.second.signature)
                    ? "" : "the second root is not signed by the station that signed the first");
  add("conflict", second.root != out.file.held_root ? "" : "both roots are the same: these two agree");
  const bool failed = std::any_of(out.checks.begin(), out.checks.end(),
                                  [](const Finding& one_check) { return one_check.result == CheckResult::kFailed; });
  out.verdict = failed ? Verdict::kFailed : out.evidence.verdict;
  return out;
}

}  // namespace detente::record
