// What an officer's signature under an entry is worth. spec/record.md section 5.
#pragma once

#include <string>

#include "accord/accord.h"
#include "accord/roster.h"
#include "record/store.h"

namespace detente::station {

struct Verdict {
  enum class Value { kValid, kNotValid, kNoCredential, kUsedBefore, kAfterLastValid };
  Value value = Value::kNotValid;
  std::string why;   // empty when valid
  std::string post;  // of the credential, where there is one
};
const char* to_string(
    Verdict::Value value);  // "valid", "not valid", "no credential", "used before", "after the last valid"

using Lineage = std::vector<const accord::AccordInForce*>;

// Where an entry stands, as far as it has a place: a revocation leaves valid what stands below its
// mark.
struct EntryPlace {
  record::EpochId epoch{};
  std::uint64_t index = 0;
  bool operator==(const EntryPlace&) const = default;
};

// `accords`: of the lineage, oldest first, the last in force. What was signed under a former one stays signed.
// `roster`: of the side whose officer it is. `memo`: of what is judged again and again.
Verdict judge_signature(const record::Entry& entry, const record::OfficerSignature& signature,
                        const Lineage& accords, const accord::Roster& roster,
                        const std::optional<EntryPlace>& place, crypto::VerifyMemo* memo = nullptr);

}  // namespace detente::station
