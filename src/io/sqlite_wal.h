// The write-ahead log as a file: made large beforehand, and overwritten when it
// held a secret.
//
// Why large: a commit is one sync of this file. Where the file grows, the sync
// also waits for the file system's own journal, which doubles it (measured on
// ext4). Zeros are no frames to SQLite: it stops at the first frame whose salt
// does not fit. Blocks that are allocated but never written (fallocate) do not
// help, since their first write changes metadata too.
//
// Why overwrite: the chain of hand keys only moves forward, and a copy of the
// last one in an old frame would open recorded traffic. This reaches the file
// system's blocks; what a flash disk keeps behind them is beyond a program.
//
// Beside it stands a mark (the database's name and "-end"): how far the log goes, written
// after each commit and never synced. It costs no sync and is never ahead of the disk, so
// a log that ends before it has lost what was durable (sqlite_wal_check.h); after a power
// cut it may be old, and then says nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "io/descriptor.h"

namespace detente::io {

inline constexpr std::int64_t kWalPresized = 8 << 20;  // bytes; about 400 commits of one entry

std::string wal_path(const std::string& database);
bool wal_left_behind(const std::string& database);
// Makes the file, filled with zeros and synced. Call it while no connection is open. It is only for
// speed: without the room for it there is no file afterwards and no error.
void presize_wal(const std::string& database);
// Overwrites the file with zeros as far as it goes, its head first: what a power cut leaves of the rest is then no log. Call it only when every frame is in the
// database and no transaction is under way (after a checkpoint that starts the log over).
Result<void> wipe_wal(const std::string& database);
// The same for any file; none is success.
Result<void> wipe_file(const std::string& path);

struct LogMark {
  std::uint32_t salt1 = 0, salt2 = 0;  // which log: SQLite draws them anew when it starts over
  std::uint32_t frames = 0;            // up to the newest commit
  bool operator==(const LogMark&) const = default;
};
// Nothing where there is none that can be read.
std::optional<LogMark> read_log_mark(const std::string& database);

class LogMarker {
 public:
  explicit LogMarker(std::string database) : database_(std::move(database)) {}
  // A commit is on the disk, and the log has so many frames. What hinders it hinders nothing else.
  void note(int frames);

 private:
  std::string database_;
  std::optional<Descriptor> log_, mark_;
};

}  // namespace detente::io
