// A backup as a file: members in, members out, sealed or not. For backup.cc and
// backup_restore.cc alone.
#pragma once

#include "crypto/hash.h"
#include "crypto/seal_stream.h"
#include "io/file_stream.h"
#include "station/backup.h"
#include "station/tar.h"

namespace detente::station {

inline constexpr std::size_t kBackupStep = 1 << 20;  // bytes read at once

class BackupWriter {
 public:
  static Result<BackupWriter> create(const Path& to, const std::optional<Sealing>& sealing,
                                     WallTime modified);
  Result<void> begin(const TarMember& member);
  Result<void> bytes(ByteView part);
  Result<void> end(const TarMember& member);
  Result<void> commit();  // the file has its name now

 private:
  BackupWriter(io::FileWriter file, WallTime modified)
      : file_(std::move(file)), modified_(modified) {}
  io::FileWriter file_;
  WallTime modified_;
  std::optional<crypto::SealStream> seal_;
};

struct ReadBackup {
  Manifest manifest;
  std::uint64_t bytes = 0;  // of the file
  Digest sha256{};          // of the file
  bool sealed = false;
};

// Reads the whole file and holds every member against the manifest; `sink` (its functions may be
// empty) gets all but the manifest itself. A sealed file needs the passphrase.
struct BackupSink {
  std::function<Result<void>(const TarMember&)> begin;
  std::function<Result<void>(ByteView)> bytes;
  std::function<Result<void>()> end;
};
Result<ReadBackup> read_backup(const Path& file,
                               const std::function<Result<std::string_view>()>& passphrase,
                               const BackupSink& sink, const OnStage& stage, const char* what);

}  // namespace detente::station
