#include "io/sqlite_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace detente::io {
namespace {

std::string holder(int file) {
  std::array<char, 24> text{};
  const ssize_t size = ::pread(file, text.data(), text.size(), 0);
  std::string digits;
  for (ssize_t i = 0; i < size && text[i] >= '0' && text[i] <= '9'; ++i) digits += text[i];
  return digits.empty() ? "unknown" : digits;
}

}  // namespace

Result<StationLock> StationLock::take(const std::string& path, const std::string& what) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) {
    return fail(Fault::kIo, "cannot create " + path + " (" + std::strerror(errno) +
                                "): give this user a directory that exists and can be written");
  }
  StationLock lock(file);
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) {
      return fail(Fault::kIo, "cannot lock " + path + " (" + std::strerror(errno) +
                                  "): put the database on a local disk");
    }
    return fail(Fault::kState, "the station of " + what + " is already running (process id " +
                                   holder(file) + "): stop it first, or use it");
  }
  const std::string number = std::to_string(::getpid()) + "\n";
  // Only for the message above: a full disk does not keep a station from starting.
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, number.data(), number.size(), 0) < 0) errno = 0;
  return lock;
}

StationLock::~StationLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace detente::io
