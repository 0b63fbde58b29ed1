#include "station/backup.h"

#include <sys/stat.h>

#include "station/backup_file.h"

namespace detente::station {

namespace {

// Hashes a file, and gives its parts to `take` where there is one.
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

struct Source {
  std::string name;
  Path path;
};

Result<void> write_member(BackupWriter& writer, const Source& source,
                          const Manifest::File& expected,
                          const std::function<void(std::uint64_t)>& progress) {
  const bool secret = !source.name.starts_with("accords/") && !source.name.starts_with("cards/") &&
                      !source.name.starts_with("bulletins/");
  const TarMember member{source.name, expected.size, secret ? io::kSecretMode : io::kPublicMode};
  DETENTE_TRY_VOID(writer.begin(member));
  std::uint64_t done = 0;
  DETENTE_TRY(read, read_through(source.path, [&](ByteView part) -> Result<void> {
                done += part.size();
                // Before a byte too many makes the rest of the file unreadable.
                if (done > expected.size)
                  return fail(Fault::kIo, source.path.string() + ": grew while it was read");
                progress(part.size());
                return writer.bytes(part);
              }));
  if (read != expected)
    return fail(Fault::kIo,
                source.path.string() + ": changed while the backup was written; try again");
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

std::vector<Source> sources(const SideDir& side, const std::vector<std::string>& names,
                            const Path& snapshot) {
  std::vector<Source> out;
  for (const std::string& name : names) out.push_back({name, side.dir() / name});
  out.push_back({kRecordName, snapshot});
  return out;
}

Result<void> write_all(const BackupChoices& choices, const Manifest& manifest,
                       const std::vector<Source>& all) {
  DETENTE_TRY(writer, BackupWriter::create(choices.to, choices.sealing, choices.now));
  const std::string text = write_manifest(manifest);
  const TarMember first{kManifestName, text.size(), io::kSecretMode};
  DETENTE_TRY_VOID(writer.begin(first));
  DETENTE_TRY_VOID(writer.bytes(as_bytes(text)));
  DETENTE_TRY_VOID(writer.end(first));
  std::uint64_t of = 0, done = 0;
  for (const auto& [name, file] : manifest.files) of += file.size;
  for (const Source& source : all)
    DETENTE_TRY_VOID(
        write_member(writer, source, manifest.files.at(source.name), [&](std::uint64_t more) {
          done += more;
          if (choices.stage) choices.stage("writing", done, of);
        }));
  return writer.commit();
}

}  // namespace

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
  DETENTE_TRY(record, check_signatures(side, checked));
  out.record = std::move(record);
  DETENTE_TRY(names, kept_files(side));
  const std::vector<Source> all = sources(side, names, choices.snapshot);
  Manifest manifest{side.name(), side.name() + "/" + config.post, choices.now, {}};
  for (const Source& source : all) {
    DETENTE_TRY(file, read_through(source.path, {}));
    manifest.files[source.name] = file;
  }
  DETENTE_TRY_VOID(write_all(choices, manifest, all));
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
