// What the record holds of the accord line, of both sides, and how far each side vouches for it.
#pragma once

#include <functional>

#include "core/context.h"
#include "core/line_setup.h"
#include "record/store.h"

namespace detente::core {

// Whether a side vouches for what its station wrote there: a station that it declared lost is revoked from a position on
// (spec/credential.md section 3). Nothing: every entry is vouched for.
using Vouched = std::function<bool(record::Whose whose, const record::EpochId& epoch, std::uint64_t index)>;

struct RecordedEntry {
  record::Whose whose;
  record::EpochId epoch{};
  std::uint64_t index = 0;
  WallTime stored_at;
  record::Entry entry;
  bool vouched = true;
};

// Each log in its order, and what came ahead of its order behind it.
void read_accord_line(const Context& context, const PairIdentity& identity, const Vouched& vouched,
                      const std::function<void(RecordedEntry)>& visit);

}  // namespace detente::core
