#include "io/sqlite_wal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace detente::io {
namespace {

bool write_zeros(int file, std::int64_t size) {
  const std::vector<char> zeros(1 << 20, 0);
  for (std::int64_t at = 0; at < size;) {
    const auto part = static_cast<std::size_t>(
        std::min<std::int64_t>(size - at, static_cast<std::int64_t>(zeros.size())));
    const ssize_t written = ::pwrite(file, zeros.data(), part, at);
    if (written <= 0) return false;
    at += written;
  }
  return ::fsync(file) == 0;
}

}  // namespace

std::string wal_path(const std::string& database) { return database + "-wal"; }

bool wal_left_behind(const std::string& database) {
  struct stat found {};
  return ::stat(wal_path(database).c_str(), &found) == 0 && found.st_size > 0;
}

void presize_wal(const std::string& database) {
  const std::string path = wal_path(database);
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return;
  if (!write_zeros(file, kWalPresized)) ::unlink(path.c_str());
  ::close(file);
}

Result<void> wipe_wal(const std::string& database) { return wipe_file(wal_path(database)); }

Result<void> wipe_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0 && errno == ENOENT) return {};
  struct stat found {};
  const bool good = file >= 0 && ::fstat(file, &found) == 0 && write_zeros(file, found.st_size);
  const int why = errno;
  if (file >= 0) ::close(file);
  if (good) return {};
  return fail(Fault::kIo, "cannot overwrite " + path + " (" + std::strerror(why) +
                              "): old key material may remain in it; check the disk");
}

}  // namespace detente::io
