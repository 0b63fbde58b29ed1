#include "core/seen_signatures.h"

#include <algorithm>

#include "core/accord_log.h"
#include "crypto/hash.h"

namespace detente::core {

std::optional<NotFirst> not_first(const record::PutEvidence& evidence) {
  if (evidence.what != record::kSignatureUsedBefore || evidence.bytes.size() != 10) return std::nullopt;
  const ByteView bytes(evidence.bytes);
  return NotFirst{read_be(bytes.first(8)), OfficerId{static_cast<std::uint16_t>(read_be(bytes.subspan(8)))}};
}

std::set<OfficerId> not_first_at(const record::Reader& store, const record::LogKey& log, std::uint64_t index) {
  Bytes about;
  append_be(about, index, 8);
  std::set<OfficerId> out;
  for (const record::PutEvidence& evidence : store.evidence_of(log, record::kSignatureUsedBefore, to_array<8>(about)))
    if (const auto what = not_first(evidence)) out.insert(what->second);
  return out;
}

record::PutEvidence not_first_evidence(const record::LogKey& log, const NotFirst& what, WallTime at) {
  Bytes bytes;
  append_be(bytes, what.first, 8);
  append_be(bytes, what.second.value, 2);
  return {log, std::string(record::kSignatureUsedBefore), std::move(bytes), at};
}

// All that it was signed under: the same bytes in another officer's name are another signature, which does not verify.
SeenSignatures::Print SeenSignatures::print_of(const record::OfficerSignature& signature) {
  Bytes all;
  append_be(all, signature.officer.value, 2);
  append_be(all, signature.counter, 8);
  append_be(all, signature.accord_version, 4);
  append(all, signature.signature);
  const Digest digest = crypto::sha256(all);
  Print out;
  std::copy_n(digest.begin(), out.size(), out.begin());
  return out;
}

// What left no evidence was the first under its counter. Of the rest, which had another text before it under theirs, the
// evidence has the order of coming: epochs of a log come one after the other.
void SeenSignatures::load(const Context& context, const PairIdentity& identity) {
  if (std::exchange(loaded_, true)) return;
  std::vector<TheirPlace> again;
  for (const record::Reader::LogInfo& info : context.store.logs({identity.lineage, kAccordLine})) {
    if (info.log.own) continue;
    for (const record::PutEvidence& evidence : context.store.evidence_of(info.log, record::kSignatureUsedBefore, {}))
      if (const auto what = not_first(evidence)) again.emplace_back(info.log.epoch, what->first);
  }
  if (again.empty()) return;
  std::map<TheirPlace, std::vector<Print>> prints;
  for (const TheirPlace& place : again) prints.try_emplace(place);
  read_accord_line(context, identity, {}, [&](RecordedEntry one) {
    if (one.whose != record::Whose::kOthers) return;
    const TheirPlace place{one.epoch, one.index};
    const auto flagged = prints.find(place);
    if (flagged == prints.end()) return take(place, one.entry);
    for (const record::OfficerSignature& signature : one.entry.signatures) flagged->second.push_back(print_of(signature));
  });
  for (const TheirPlace& place : again)
    for (const Print& print : prints.at(place)) take(place, print);
}

bool SeenSignatures::take(const TheirPlace& place, const Print& print) {
  if (first_.size() >= kMost) {
    const auto known = first_.find(print);
    return known != first_.end() && known->second != place;
  }
  return first_.try_emplace(print, place).first->second != place;
}

bool SeenSignatures::take(const TheirPlace& place, const record::OfficerSignature& signature) { return take(place, print_of(signature)); }

void SeenSignatures::take(const TheirPlace& place, const record::Entry& entry) {
  for (const record::OfficerSignature& signature : entry.signatures) take(place, signature);
}

bool SeenSignatures::replayed(const TheirPlace& place, const record::Entry& entry) const {
  return std::any_of(entry.signatures.begin(), entry.signatures.end(), [&](const record::OfficerSignature& one) {
    const auto known = first_.find(print_of(one));
    return known == first_.end() ? first_.size() >= kMost : known->second != place;
  });
}

}  // namespace detente::core
