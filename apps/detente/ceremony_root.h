// The own root key renewed: what the steps have in common. spec/accord.md section 5, docs/operations.md.
#pragma once

#include "ceremony.h"

namespace detente::cli {

std::string listed(const std::vector<std::string>& names);  // "north, east"

// kState where what is issued now would not count: an accord that renews the root key says up to which numbers the present
// one counts, and is signed, or in force with some counterparts and not yet with others.
Result<void> check_may_issue(const SideDir& side);

// The revocations that the present root key signed above the last number that an accord counts, once more under the next
// one, which is in force there: a bulletin for each 256. None when nothing is missing.
Result<std::vector<Bytes>> repeat_revocations(const SideDir& side, std::string_view passphrase, WallTime now);

}  // namespace detente::cli
