#include "station/backup.h"

#include <sys/stat.h>

#include "station/backup_file.h"
#include "station/watch_log.h"

namespace detente::station {

namespace {

constexpr std::size_t kKeptFileMax = 1 << 30;  // the watch log of decades: a line an hour for each counterpart that is silent

// Hashes the snapshot, and gives its parts to `take` where there is one.
Result<Manifest::File> read_through(const Path& path,
                                    const std::function<Result<void>(ByteView)>& take) {
  DETENTE_TRY(file, io::FileReader::open(path));
  crypto::Sha256 hash;
  Manifest::File out;
  Bytes buffer(kBackupStep);
  for (;;) {
    DETENTE_TRY(size, file.read(buffer));
    if (size == 0) break;
    const ByteView part = ByteView(buffer).first(size);
    hash.add(part);
    out.size += size;
    if (take) DETENTE_TRY_VOID(take(part));
  }
  wipe(buffer);
  out.sha256 = hash.finish();
  return out;
}

unsigned mode_of(std::string_view name) {
  const bool open_to_all =
      name.starts_with("accords/") || name.starts_with("cards/") || name.starts_with("bulletins/");
  return open_to_all ? io::kPublicMode : io::kSecretMode;
}

Result<void> write_member(BackupWriter& writer, const std::string& name, ByteView bytes) {
  const TarMember member{name, bytes.size(), mode_of(name)};
  DETENTE_TRY_VOID(writer.begin(member));
  DETENTE_TRY_VOID(writer.bytes(bytes));
  return writer.end(member);
}

Result<void> write_record(BackupWriter& writer, const BackupChoices& choices,
                          const Manifest::File& expected) {
  const TarMember member{kRecordName, expected.size, io::kSecretMode};
  DETENTE_TRY_VOID(writer.begin(member));
  std::uint64_t done = 0;
  DETENTE_TRY(read, read_through(choices.snapshot, [&](ByteView part) -> Result<void> {
                done += part.size();
                if (choices.stage) choices.stage("writing", done, expected.size);
                return writer.bytes(part);
              }));
  if (read != expected)
    return fail(Fault::kIo,
                choices.snapshot.string() + ": changed while the backup was written; try again");
  return writer.end(member);
}

// What a restored station would not start without.
Result<void> check_rest(const SideDir& side) {
  DETENTE_TRY(config, side.station_config());
  DETENTE_TRY(keys, side.station_keys());
  DETENTE_TRY(roster, side.own_roster());
  if (roster.by_number(keys.number) == nullptr)
    return fail(Fault::kNotFound, "the credential of this station is not in bulletins/" +
                                      side.name() +
                                      ": a station restored from this would not "
                                      "start; see `detente side show`");
  for (const CounterpartConfig& counterpart : config.counterparts) {
    DETENTE_TRY(accord, side.accord_in_force(counterpart.name));
    DETENTE_TRY(pair, side.pair(counterpart.name));
    DETENTE_TRY(theirs, side.roster_of(counterpart.name));
  }
  return {};
}

Result<std::optional<std::uint64_t>> check_watch_log(const KeptFiles& files) {
  const auto log = files.find(kWatchLogName);
  if (log == files.end()) return std::nullopt;
  const ByteView bytes = log->second.view();
  const auto lines = WatchLog::check({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (!lines)
    return fail(Fault::kIo, std::string("the watch log is damaged, and no backup is made of it: ") + kWatchLogName + ", " + lines.error().message +
                                " (detente station stop before, and start it after)");
  return std::optional(*lines);
}

Result<void> write_all(const BackupChoices& choices, const Manifest& manifest) {
  DETENTE_TRY(writer, BackupWriter::create(choices.to, choices.sealing, choices.now));
  DETENTE_TRY_VOID(write_member(writer, kManifestName, as_bytes(write_manifest(manifest))));
  for (const auto& [name, bytes] : choices.files)
    DETENTE_TRY_VOID(write_member(writer, name, bytes.view()));
  DETENTE_TRY_VOID(write_record(writer, choices, manifest.files.at(kRecordName)));
  return writer.commit();
}

}  // namespace

Result<KeptFiles> read_kept_files(const SideDir& side) {
  DETENTE_TRY(names, kept_files(side));
  KeptFiles out;
  for (const std::string& name : names) {
    DETENTE_TRY(bytes, io::read_file(side.dir() / name, kKeptFileMax));
    out.emplace(name, SecretBytes(std::move(bytes)));
  }
  return out;
}

Result<BackupReport> write_backup(const SideDir& side, const BackupChoices& choices) {
  DETENTE_TRY_VOID(check_rest(side));
  DETENTE_TRY(config, side.station_config());
  DETENTE_TRY(checked, io::check_record(choices.snapshot.string(),
                                        [&](std::uint64_t done, std::uint64_t of) {
                                          if (choices.stage)
                                            choices.stage("checking the record", done, of);
                                          return true;
                                        }));
  BackupReport out;
  DETENTE_TRY_VOID(check_values(side, checked, choices.anchor));
  DETENTE_TRY(record, check_signatures(side, checked, choices.snapshot.string(), choices.stage));
  out.record = std::move(record);
  DETENTE_TRY(watch_log_lines, check_watch_log(choices.files));
  out.watch_log_lines = watch_log_lines;
  Manifest manifest{side.name(), side.name() + "/" + config.post, choices.now, {}};
  for (const auto& [name, bytes] : choices.files)
    manifest.files[name] = {bytes.size(), crypto::sha256(bytes.view())};
  DETENTE_TRY(hashed, read_through(choices.snapshot, {}));
  manifest.files[kRecordName] = hashed;
  DETENTE_TRY_VOID(write_all(choices, manifest));
  // From the disk again, with the passphrase: what cannot be opened is no backup.
  const auto passphrase = [&]() -> Result<std::string_view> { return choices.sealing->passphrase; };
  auto back = read_backup(choices.to, passphrase, {}, choices.stage, "reading it back");
  if (!back) {
    static_cast<void>(io::remove_file(choices.to));
    return fail_at("the backup was written and cannot be read back", back.error());
  }
  out.side = manifest.side;
  out.station = manifest.station;
  out.made = manifest.made;
  out.files = manifest.files.size();
  out.bytes = back->bytes;
  out.sha256 = back->sha256;
  out.sealed = back->sealed;
  return out;
}

}  // namespace detente::station
