#include "io/sqlite_snapshot.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include "io/sqlite.h"
#include "io/sqlite_schema.h"
#include "io/sqlite_wal.h"
#include "io/sqlite_wal_check.h"

namespace detente::io {
namespace {

constexpr int kStepPages = 128;      // half a megabyte between two looks at `progress`
constexpr int kSyncEverySteps = 16;  // so that the end is not one long sync
// What a copy leaves for the station that writes beside it: on a full disk nothing could be said nor receipted.
constexpr std::uint64_t kRoomLeft = 2 * kWalPresized;

tl::unexpected<Error> cannot(const std::string& path, const char* what) {
  return fail(Fault::kIo, path + ": " + what + " (" + std::strerror(errno) +
                              "): is there room on the disk, and may this user write there?");
}

Result<void> make_new_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return cannot(path, "cannot be made");
  ::close(file);
  return {};
}

// No other process knows the file: closing a descriptor of it drops no lock that matters.
Result<void> sync_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool good = file >= 0 && ::fsync(file) == 0;
  if (file >= 0) ::close(file);
  if (!good) return cannot(path, "cannot be synced to disk");
  return {};
}

struct Finish {
  void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};

Result<void> check_room(const std::string& target, std::uint64_t needed) {
  std::error_code error;
  const auto there = std::filesystem::space(std::filesystem::path(target).parent_path(), error);
  if (error || there.available >= needed) return {};  // where nobody knows, the copy shows it
  const auto mib = [](std::uint64_t size) { return std::to_string((size + (1 << 20) - 1) >> 20) + " MiB"; };
  return fail(Fault::kIo, "no room beside " + target + ": the copy of the record that a backup is made from needs " + mib(needed) +
                              " free on that disk, what the station itself goes on writing included, and " + mib(there.available) +
                              " are; make room on it");
}

bool of_source(int code) {
  const int primary = code & 0xff;
  return primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB || code == SQLITE_IOERR_READ ||
         code == SQLITE_IOERR_SHORT_READ;
}

Result<void> copy_pages(Connection& source, Connection& target, const OnProgress& progress) {
  // The read transaction keeps the pages those of one moment.
  DETENTE_TRY_VOID(source.run("BEGIN"));
  DETENTE_TRY(tables, source.integer("SELECT count(*) FROM sqlite_schema"));
  static_cast<void>(tables);
  const std::unique_ptr<sqlite3_backup, Finish> backup(
      sqlite3_backup_init(target.handle(), "main", source.handle(), "main"));
  if (!backup) return tl::unexpected<Error>(target.failure());
  for (int steps = 1;; ++steps) {
    const int code = sqlite3_backup_step(backup.get(), kStepPages);
    if (code != SQLITE_OK && code != SQLITE_DONE) {
      if (of_source(code))
        return tl::unexpected<Error>(damaged(source.path(), sqlite3_errstr(code)));
      if ((code & 0xff) == SQLITE_FULL)
        return fail(Fault::kIo, "the disk that holds " + target.path() +
                                    " is full: nothing was kept; make room on it");
      return fail(Fault::kIo, target.path() + ": cannot be written (" + sqlite3_errstr(code) +
                                  "): check the disk");
    }
    const auto of = static_cast<std::uint64_t>(sqlite3_backup_pagecount(backup.get()));
    const auto left = static_cast<std::uint64_t>(sqlite3_backup_remaining(backup.get()));
    if (progress && !progress(of - left, of))
      return fail(Fault::kState, "the copy of the record was broken off");
    if (code == SQLITE_DONE) return {};
    if (steps % kSyncEverySteps == 0) {
      DETENTE_TRY_VOID(sync_file(target.path()));
      DETENTE_TRY_VOID(check_room(target.path(), kRoomLeft / 2));  // others write there, too
    }
  }
}

Result<void> copy_to(const std::string& path, const std::string& to, const OnProgress& progress) {
  const bool crashed = wal_left_behind(path);
  {
    DETENTE_TRY(source, Connection::open(path, Connection::Mode::kRead));
    // The last connection to go would move the log of a crashed station into the file; that is for
    // the next start, which wipes it too.
    if (crashed) sqlite3_db_config(source.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    DETENTE_TRY(version, recognise_database(source));
    if (version == 0)
      return fail(Fault::kNotFound, path + ": the record was never begun; run the station once");
    DETENTE_TRY(target, Connection::open(to, Connection::Mode::kWrite));
    // A copy that was not finished is thrown away: it needs no journal.
    DETENTE_TRY_VOID(
        target.run("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-2000"));
    DETENTE_TRY_VOID(copy_pages(source, target, progress));
  }
  {
    DETENTE_TRY(target, Connection::open(to, Connection::Mode::kWrite));
    DETENTE_TRY(mode, target.text("PRAGMA journal_mode=DELETE"));  // one file, complete in itself
    if (mode != "delete") return fail(Fault::kIo, to + ": is in use by another program");
  }
  return sync_file(to);
}

}  // namespace

Result<void> snapshot_database(const std::string& path, const std::string& to,
                               const OnProgress& progress, Log log) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0 || found.st_size == 0)
    return fail(Fault::kNotFound, path + ": there is no record yet; run the station once");
  if (log == Log::kLeft) DETENTE_TRY_VOID(check_wal(path));
  DETENTE_TRY_VOID(check_room(to, static_cast<std::uint64_t>(found.st_size) + kRoomLeft));
  DETENTE_TRY_VOID(make_new_file(to));
  Result<void> done = copy_to(path, to, progress);
  if (!done) static_cast<void>(discard_snapshot(to));
  return done;
}

Result<void> discard_snapshot(const std::string& path) {
  for (const char* rest : {"-wal", "-shm", "-journal"}) ::unlink((path + rest).c_str());
  DETENTE_TRY_VOID(wipe_file(path));
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return cannot(path, "cannot be removed");
  return {};
}

}  // namespace detente::io
