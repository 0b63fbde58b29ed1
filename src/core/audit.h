// Audit: what only the core can see and a checker must know. The simulator hands
// one in; a station has none. It observes and changes nothing.
#pragma once

#include "record/store.h"

namespace detente::core {

class Audit {
 public:
  virtual ~Audit() = default;
  // A packet was sealed, or opened and taken, under a session's keys of one path and direction.
  virtual void sealed(std::uint64_t session, PathId path, std::uint64_t counter) = 0;
  virtual void opened(std::uint64_t session, PathId path, std::uint64_t counter) = 0;
  // A receipt leaves.
  virtual void cosigned(const record::LogKey& log, std::uint64_t size, const Digest& root) = 0;
};

}  // namespace detente::core
