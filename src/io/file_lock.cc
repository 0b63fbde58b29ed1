#include "io/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace detente::io {

Result<FileLock> FileLock::take(const Path& path, bool wait) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kSecretMode);
  if (fd < 0)
    return fail(Fault::kIo, path.string() + ": cannot be opened: " + std::strerror(errno));
  FileLock lock(fd);
  while (::flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB)) != 0) {
    if (errno == EINTR) continue;
    if (errno == EWOULDBLOCK)
      return fail(Fault::kConflict, path.string() + ": another program holds it");
    return fail(Fault::kIo, path.string() + ": cannot be locked: " + std::strerror(errno));
  }
  return lock;
}

Result<FileLock> FileLock::wait(const Path& path) { return take(path, true); }
Result<FileLock> FileLock::try_take(const Path& path) { return take(path, false); }

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace detente::io
