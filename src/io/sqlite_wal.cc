#include "io/sqlite_wal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/bytes.h"

namespace detente::io {
namespace {

constexpr off_t kSaltsAt = 16;  // in the log's head
constexpr std::size_t kMarkBytes = 12;
constexpr std::int64_t kHeadBlock = 4096;

std::string mark_path(const std::string& database) { return database + "-end"; }

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

Result<void> wipe_part(const std::string& path, std::optional<std::int64_t> size) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0 && errno == ENOENT) return {};
  struct stat found {};
  const bool good = file >= 0 && ::fstat(file, &found) == 0 && write_zeros(file, size.value_or(found.st_size));
  const int why = errno;
  if (file >= 0) ::close(file);
  if (good) return {};
  return fail(Fault::kIo, "cannot overwrite " + path + " (" + std::strerror(why) +
                              "): old key material may remain in it; check the disk");
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

std::optional<LogMark> read_log_mark(const std::string& database) {
  const Descriptor file(::open(mark_path(database).c_str(), O_RDONLY | O_CLOEXEC));
  Bytes bytes(2 * kMarkBytes);
  if (!file || ::pread(file.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return std::nullopt;
  const ByteView all(bytes);
  if (!equal(all.first(kMarkBytes), all.subspan(kMarkBytes))) return std::nullopt;
  const auto number = [&](std::size_t at) { return static_cast<std::uint32_t>(read_be(all.subspan(at, 4))); };
  return LogMark{number(0), number(4), number(8)};
}

void LogMarker::note(int frames) {
  if (!log_ || !*log_) log_.emplace(::open(wal_path(database_).c_str(), O_RDONLY | O_CLOEXEC));
  if (!mark_ || !*mark_) mark_.emplace(::open(mark_path(database_).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  Bytes one(8);
  if (!*log_ || !*mark_ || ::pread(log_->get(), one.data(), one.size(), kSaltsAt) != static_cast<ssize_t>(one.size())) return;
  append_be(one, static_cast<std::uint64_t>(frames), 4);
  Bytes both = one;  // twice: half of a mark is none
  append(both, one);
  static_cast<void>(::pwrite(mark_->get(), both.data(), both.size(), 0));
}

Result<void> wipe_wal(const std::string& database) {
  struct stat found {};
  if (::stat(wal_path(database).c_str(), &found) == 0 && found.st_size > kHeadBlock)
    DETENTE_TRY_VOID(wipe_part(wal_path(database), kHeadBlock));
  return wipe_file(wal_path(database));
}

Result<void> wipe_file(const std::string& path) { return wipe_part(path, std::nullopt); }

}  // namespace detente::io
