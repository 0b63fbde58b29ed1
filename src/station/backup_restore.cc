#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/civil.h"
#include "io/file_detail.h"
#include "io/sqlite_lock.h"
#include "station/anchor.h"
#include "station/backup_file.h"
#include "station/replace_directory.h"
#include "station/watch_log.h"

namespace detente::station {

namespace {

tl::unexpected<Error> cannot(const Path& path, const char* what) {
  return fail(Fault::kIo, path.string() + ": " + what + " (" + std::strerror(errno) +
                              "): is there room, and may this user write there?");
}

// A directory beside the target, gone with all in it unless it is released. It holds keys that no passphrase seals yet:
// what one that was killed left there goes with the next.
class Workshop {
 public:
  static Result<Workshop> beside(const Path& target) {
    const Path parent = target.has_parent_path() ? target.parent_path() : Path(".");
    DETENTE_TRY_VOID(io::make_directory(parent));
    std::string name = (parent / ("." + target.filename().string() + ".restoring-XXXXXX")).string();
    remove_left(parent, "." + target.filename().string() + ".restoring-");
    if (::mkdtemp(name.data()) == nullptr) return cannot(target, "cannot be made");
    return Workshop(name);
  }
  Workshop(Workshop&& other) noexcept
      : path_(std::exchange(other.path_, {})), lock_(std::exchange(other.lock_, -1)) {}
  Workshop& operator=(Workshop&&) = delete;
  ~Workshop() {
    if (!path_.empty()) remove(path_);
    if (lock_ >= 0) ::close(lock_);
  }
  const Path& path() const { return path_; }
  void release() { path_.clear(); }

 private:
  explicit Workshop(Path path) : path_(std::move(path)), lock_(locked(path_)) {}

  static void remove(const Path& path) {
    static_cast<void>(io::discard_snapshot((path / kRecordName).string()));
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  // The directory, locked as long as this process has it open; -1 where another one has.
  static int locked(const Path& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0 || ::flock(file, LOCK_EX | LOCK_NB) == 0) return file;
    ::close(file);
    return -1;
  }
  static void remove_left(const Path& parent, const std::string& prefix) {
    std::error_code ignored;
    std::vector<Path> left;
    for (const auto& entry : std::filesystem::directory_iterator(parent, ignored))
      if (entry.path().filename().string().starts_with(prefix)) left.push_back(entry.path());
    for (const Path& path : left)
      if (const int lock = locked(path); lock >= 0) {
        remove(path);
        ::close(lock);
      }
  }

  Path path_;
  int lock_;
};

// Writes members as files of a directory.
class Unpacker {
 public:
  explicit Unpacker(Path into) : into_(std::move(into)) {}
  Result<void> begin(const TarMember& member) {
    if (member.mode != io::kSecretMode && member.mode != io::kPublicMode)
      return fail(Fault::kMalformed, "backup: " + member.name + " has other rights than written");
    mode_ = member.mode;
    const Path path = into_ / member.name;
    DETENTE_TRY_VOID(io::make_directory(path.parent_path()));
    DETENTE_TRY(file, io::FileWriter::create(path));
    file_.emplace(std::move(file));
    return {};
  }
  Result<void> bytes(ByteView part) { return file_->write(part); }
  Result<void> end() {
    Result<void> done = file_->commit(mode_);
    file_.reset();
    return done;
  }

 private:
  Path into_;
  std::uint32_t mode_ = io::kSecretMode;
  std::optional<io::FileWriter> file_;
};

bool holds_something(const Path& directory) {
  std::error_code error;
  const std::filesystem::directory_iterator first(directory, error);
  return !error && first != std::filesystem::directory_iterator();
}

// What stands in the target's place; kConflict unless nothing does or `replace`.
Result<bool> occupied(const RestoreChoices& choices) {
  std::error_code error;
  const auto status = std::filesystem::symlink_status(choices.to, error);
  if (!std::filesystem::exists(status)) return false;
  if (!std::filesystem::is_directory(status))
    return fail(Fault::kConflict, choices.to.string() +
                                      ": a file stands there; name a directory that does not "
                                      "exist yet");
  if (!holds_something(choices.to)) return false;
  if (!choices.replace)
    return fail(Fault::kConflict,
                choices.to.string() +
                    ": something is there already, and a restore overwrites nothing. Name a new "
                    "directory, or say --replace: what is there is then moved aside, beside it");
  return true;
}

Path aside(const RestoreChoices& choices) {
  std::string stamp = format_utc(choices.now);  // 2026-11-24T09:00:00Z
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
  Path out = choices.to;
  out += ".before-restore-" + stamp;
  return out;
}

// The vault is the side's, not the backup's: it stays where the person looks for it.
Result<void> keep_vault(const Path& old, const Path& fresh, const std::string& side) {
  if (!io::exists(old / "vault")) return {};
  const auto before = SideDir::open(old);
  if (!before || before->name() != side) return {};
  if (::rename((old / "vault").c_str(), (fresh / "vault").c_str()) != 0)
    return cannot(fresh / "vault", "cannot be moved here from what was there before");
  DETENTE_TRY_VOID(io::detail::sync_directory(fresh));
  return io::detail::sync_directory(old);
}

Result<std::optional<Path>> put_in_place(const RestoreChoices& choices, Workshop& made,
                                         bool replace, const std::string& side) {
  if (!replace) {
    if (::rename(made.path().c_str(), choices.to.c_str()) != 0) return cannot(choices.to, "cannot be put in place");
    made.release();
    DETENTE_TRY_VOID(io::detail::sync_directory(io::detail::parent_of(choices.to)));
    return std::nullopt;
  }
  const Path moved = aside(choices);
  if (io::exists(moved))
    return fail(Fault::kConflict, moved.string() + ": is there already; try again in a second");
  DETENTE_TRY_VOID(replace_directory(made.path(), choices.to, moved));
  made.release();
  DETENTE_TRY_VOID(keep_vault(moved, choices.to, side));
  return moved;
}

// No station may run on what is moved away.
Result<std::optional<io::StationLock>> lock_old(const RestoreChoices& choices) {
  if (!io::exists(choices.to / "station")) return std::nullopt;
  const std::string record = (choices.to / kRecordName).string();
  DETENTE_TRY(lock, io::StationLock::take(record + ".lock", record));
  return std::optional<io::StationLock>(std::move(lock));
}

// A station does not start on a watch log that does not hold together; the rest of the backup is good for all that.
Result<void> check_watch_log(const Path& directory, RestoreReport& out) {
  const Path file = directory / kWatchLogName;
  if (!io::exists(file)) return {};
  DETENTE_TRY(bytes, io::read_file(file, std::filesystem::file_size(file)));
  const auto lines = WatchLog::check({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (lines) {
    out.backup.watch_log_lines = *lines;
    return {};
  }
  Path broken = file;
  broken += ".broken";
  if (::rename(file.c_str(), broken.c_str()) != 0) return cannot(broken, "cannot be written");
  out.watch_log_broken = lines.error().message;
  return {};
}

}  // namespace

Result<RestoreReport> restore_backup(const RestoreChoices& asked) {
  RestoreChoices choices = asked;
  choices.to = std::filesystem::absolute(choices.to).lexically_normal();
  if (!choices.to.has_filename()) choices.to = choices.to.parent_path();  // "dir/"
  DETENTE_TRY(replace, occupied(choices));
  std::optional<io::StationLock> lock;
  if (replace) {
    DETENTE_TRY(taken, lock_old(choices));
    if (taken) lock.emplace(std::move(*taken));
  }
  DETENTE_TRY(workshop, Workshop::beside(choices.to));
  Unpacker unpacker(workshop.path());
  const BackupSink sink{[&](const TarMember& member) { return unpacker.begin(member); },
                        [&](ByteView part) { return unpacker.bytes(part); },
                        [&] { return unpacker.end(); }};
  DETENTE_TRY(read,
              read_backup(choices.file, choices.passphrase, sink, choices.stage, "unpacking"));
  DETENTE_TRY(side, SideDir::open(workshop.path()));
  DETENTE_TRY(checked, io::check_record((workshop.path() / kRecordName).string(),
                                        [&](std::uint64_t done, std::uint64_t of) {
                                          if (choices.stage)
                                            choices.stage("checking the record", done, of);
                                          return true;
                                        }));
  RestoreReport out;
  DETENTE_TRY(record, check_signatures(side, checked, (workshop.path() / kRecordName).string(), choices.stage));
  out.backup = {read.manifest.side,
                read.manifest.station,
                read.manifest.made,
                std::move(record),
                std::nullopt,
                read.manifest.files.size(),
                read.bytes,
                read.sha256,
                read.sealed};
  DETENTE_TRY_VOID(check_watch_log(workshop.path(), out));
  DETENTE_TRY_VOID(mark_restored(side.restored_file(),
                                 "from the backup of " + format_utc(read.manifest.made) + ", " +
                                     to_hex(read.sha256) + ", at " + format_utc(choices.now)));
  DETENTE_TRY(moved, put_in_place(choices, workshop, replace, side.name()));
  out.moved_aside = std::move(moved);
  return out;
}

}  // namespace detente::station
