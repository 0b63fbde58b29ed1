// Backups of a station: one file that a new disk becomes the same station from.
//
// The file is a tar (station/tar.h), by default sealed with a passphrase as an age
// file: `age -d` and `tar x` open it without this program. It begins with
// manifest.json, which names every other member with its SHA-256. What is in it and
// what is not: docs/operations.md. It holds the station's keys and the secrets of its
// pairs, so it has mode 0600 whatever it is sealed with.
//
// A backup is read back after it was written, and its record is checked entry by
// entry before. A restored directory is marked: its next start is a new life of the
// disk (anchor.h).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/sqlite_check.h"
#include "station/side_dir.h"

namespace detente::station {

struct BackupLine {
  std::string counterpart;
  std::string name;
  std::uint64_t own = 0;  // entries, of all epochs
  std::uint64_t far = 0;
};

// What a record was found to hold.
struct BackupRecord {
  std::vector<BackupLine> lines;
  std::uint64_t entries = 0;
  std::uint64_t signatures = 0;  // of checkpoints and cosignatures, that verified
  std::uint64_t signatures_unknown = 0;  // and those of a station whose credential is not here
};

struct BackupReport {
  std::string side;
  std::string station;  // "south/main"
  WallTime made;
  BackupRecord record;
  std::optional<std::uint64_t> watch_log_lines;  // each fits the one before; nothing: there is no watch log, or it is broken
  std::size_t files = 0;
  // Of the backup's file:
  std::uint64_t bytes = 0;
  Digest sha256{};
  bool sealed = false;
};

// `what` is under way, so far.
using OnStage = std::function<void(const char* what, std::uint64_t done, std::uint64_t of)>;

// What goes into a backup beside the record, by name. Read it before the snapshot is made: the
// running station drops a pair's first secret only once the record has what goes on from it.
using KeptFiles = std::map<std::string, SecretBytes>;
Result<KeptFiles> read_kept_files(const SideDir& side);

struct BackupChoices {
  KeptFiles files;
  Path snapshot;  // of the record (io/sqlite_snapshot.h); its discarding is the caller's
  std::optional<Bytes> anchor;  // the file as it was before the snapshot: a running station moves both ahead
  Path to;        // kConflict when it is there
  std::optional<Sealing> sealing;  // nothing: a plain tar
  WallTime now;
  OnStage stage;
};
// kIo when the record is damaged, or the watch log's chain is broken: no backup is made of that; nor of a record on which
// the station would not start (kMalformed, or kState where it does not fit the anchor). After an error there is no file.
Result<BackupReport> write_backup(const SideDir& side, const BackupChoices& choices);

struct RestoreChoices {
  Path file;
  Path to;
  bool replace = false;  // what is there is moved aside, never deleted
  WallTime now;
  // Asked once, and only for a sealed file.
  std::function<Result<std::string_view>()> passphrase;
  OnStage stage;
};
struct RestoreReport {
  BackupReport backup;
  std::optional<Path> moved_aside;  // what was there
  // The watch log of the backup does not hold together, and why: it lies beside its place as evidence, and the station
  // begins a new one.
  std::optional<std::string> watch_log_broken;
};
// kConflict when `to` is there and holds anything, kState when its station runs. After an error
// `to` is as it was.
Result<RestoreReport> restore_backup(const RestoreChoices& choices);

// Everything of a record that was checked, which is at `path`, under the names and keys of this side: every signature over
// it, however many there are (some 0.1 ms each). kAuthentication when one is not of the station that must have made it;
// where a bulletin is missing, a credential that came with it may be what it lacks, and it is counted as unknown.
Result<BackupRecord> check_signatures(const SideDir& side, const io::CheckedRecord& record, const std::string& path, const OnStage& stage);

// Whether a station would start on what the record says beside its logs.
Result<void> check_values(const SideDir& side, const io::CheckedRecord& record, const std::optional<Bytes>& anchor);

// Names, in a side's directory, of what goes into a backup beside the record; sorted.
Result<std::vector<std::string>> kept_files(const SideDir& side);
bool is_kept_file(std::string_view name);

// ---- the manifest ----

struct Manifest {
  struct File {
    std::uint64_t size = 0;
    Digest sha256{};
    bool operator==(const File&) const = default;
  };
  std::string side;
  std::string station;
  WallTime made;
  std::map<std::string, File> files;
};
inline constexpr const char* kManifestName = "manifest.json";
inline constexpr const char* kRecordName = "station/record.db";
inline constexpr const char* kWatchLogName = "station/watch.log";
inline constexpr std::size_t kManifestMax = 16 << 20;
std::string write_manifest(const Manifest& manifest);
Result<Manifest> parse_manifest(std::string_view text);

}  // namespace detente::station
