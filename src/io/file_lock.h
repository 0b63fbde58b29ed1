// A lock between processes of one machine, held as long as the object lives or
// until the process ends, however it ends.
#pragma once

#include "base/result.h"
#include "io/file.h"

namespace detente::io {

class FileLock {
 public:
  // Makes the file where it is missing and waits for the lock.
  static Result<FileLock> wait(const Path& path);
  // kConflict when another process holds it.
  static Result<FileLock> try_take(const Path& path);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  static Result<FileLock> take(const Path& path, bool wait);
  int descriptor_;
};

}  // namespace detente::io
