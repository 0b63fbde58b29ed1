// Whether a side still vouches for what its station wrote: a station that was
// destroyed or captured is revoked from a position of each log on, and what its
// keys signed beyond that does not count, whatever date it claims.
// spec/credential.md section 3.
#pragma once

#include <string>

#include "accord/roster.h"
#include "record/store.h"

namespace detente::station {

inline constexpr const char* kAfterLastValid = "after the last valid";

struct Vouch {
  bool vouched = true;
  std::string why;  // where it is not: a sentence, safe to show
};

// `roster`: of the side whose station wrote the log.
Vouch vouch_for(const record::Reader& store, const accord::Roster& roster, const record::LogKey& log,
                std::uint64_t index);

}  // namespace detente::station
