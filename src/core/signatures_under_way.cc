#include "core/signatures_under_way.h"

#include <algorithm>

namespace detente::core {

SignaturesUnderWay::Key SignaturesUnderWay::key_of(bool own, const record::OfficerSignature& signature) {
  return {own, signature.officer, signature.counter};
}

bool SignaturesUnderWay::used(const record::Reader& store, bool own, const record::OfficerSignature& signature) const {
  return uses_.count(key_of(own, signature)) > 0 ||
         store.officer_counter_used(lineage_, own, signature.officer, signature.counter);
}

void SignaturesUnderWay::add(const record::Reader& store, bool own, LineId line, const record::OfficerSignature& signature) {
  uses_.insert_or_assign(key_of(own, signature), Use{line, {}});
  if (uses_.size() >= look_at_) drop_durable(store);
}

void SignaturesUnderWay::add(const record::Reader& store, bool own, LineId line, const record::Entry& entry) {
  for (const record::OfficerSignature& signature : entry.signatures) add(store, own, line, signature);
}

// These are few (FarLog bounds them), and no look at the store finds one.
void SignaturesUnderWay::add_early(LineId line, const TheirPlace& place, const record::OfficerSignature& signature) {
  uses_.insert_or_assign(key_of(false, signature), Use{line, place});
}

bool SignaturesUnderWay::is_of_early(LineId line, const TheirPlace& place, const record::OfficerSignature& signature) const {
  const auto use = uses_.find(key_of(false, signature));
  return use != uses_.end() && use->second == Use{line, place};
}

void SignaturesUnderWay::forget(bool own, const record::Entry& entry) {
  for (const record::OfficerSignature& signature : entry.signatures) uses_.erase(key_of(own, signature));
}

void SignaturesUnderWay::forget(bool own, LineId line) {
  std::erase_if(uses_, [&](const auto& item) { return std::get<bool>(item.first) == own && item.second.line == line; });
}

// As many again are kept before the next look, so that it costs no more than the adding did.
void SignaturesUnderWay::drop_durable(const record::Reader& store) {
  std::erase_if(uses_, [&](const auto& item) {
    const auto& [own, officer, counter] = item.first;
    return store.officer_counter_used(lineage_, own, officer, counter);
  });
  look_at_ = std::max(kLooksFrom, uses_.size() * 2);
}

}  // namespace detente::core
