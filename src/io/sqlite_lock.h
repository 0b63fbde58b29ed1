// One station a database: a lock on the file beside it, held while it is open.
//
// Why not SQLite's own lock: two connections of one process share the database,
// and the lock must name its holder. The system drops the lock when the process
// ends in whatever way; the file and the number in it stay and mean nothing
// without the lock. Not for network file systems.
#pragma once

#include <string>

#include "base/result.h"

namespace detente::io {

class StationLock {
 public:
  // Makes `path` (mode 0600) if needed. kState when another process holds it: the message names it.
  static Result<StationLock> take(const std::string& path, const std::string& what);
  StationLock(StationLock&& other) noexcept : file_(other.file_) { other.file_ = -1; }
  StationLock& operator=(StationLock&&) = delete;
  ~StationLock();

 private:
  explicit StationLock(int file) : file_(file) {}
  int file_;
};

}  // namespace detente::io
