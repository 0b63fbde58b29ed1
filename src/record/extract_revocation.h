// What the sides' bulletins say of the keys in an extract. For extract_verify.cc
// alone. spec/record.md section 9, "Revocation".
#pragma once

#include "record/extract_ground.h"

namespace detente::record {

// Adds a finding "revocation" to each item whose signers' side is known, and one of a bulletin that cannot be used.
void check_revocations(const Extract& extract, const Ground& ground, const std::vector<Bytes>& bulletins,
                       ExtractFindings& findings);

}  // namespace detente::record
