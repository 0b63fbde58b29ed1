#include <algorithm>

#include "station/backup.h"
#include "station/backup_names.h"
#include "station/json.h"
#include "station/tar.h"

namespace detente::station {

namespace {

constexpr std::string_view kFormat = "detente-backup/1";
constexpr std::size_t kFilesMax = 100'000;

bool is_in(std::string_view name, std::string_view folder, std::ptrdiff_t parts) {
  if (!name.starts_with(folder) || name.size() <= folder.size() || name[folder.size()] != '/')
    return false;
  name.remove_prefix(folder.size());
  return std::count(name.begin(), name.end(), '/') == parts;
}

tl::unexpected<Error> malformed(const std::string& what) {
  return fail(Fault::kMalformed, std::string(kManifestName) + " of the backup: " + what);
}

Result<void> read_files(const Json& json, Manifest& out) {
  DETENTE_TRY(in, JsonReader::of(json, kManifestName));
  const Json* list = in.array("files", kFilesMax);
  const auto format = in.text("format");
  if (format && *format != kFormat)
    return fail(Fault::kUnsupported, "the backup is of the form \"" + format->substr(0, 40) +
                                         "\", which this program does not know: take the détente "
                                         "that made it, or a later one");
  const auto side = in.text("side");
  const auto station = in.text("station");
  const auto made = in.number("made", UINT32_MAX);
  if (!format || !side || !station || !made || list == nullptr)
    in.wrong("format", "there, and \"side\", \"station\", \"made\" and \"files\" too");
  DETENTE_TRY_VOID(in.close());
  out.side = *side;
  out.station = *station;
  out.made.seconds = static_cast<std::uint32_t>(*made);
  for (const Json& item : *list) {
    DETENTE_TRY(file, JsonReader::of(item, std::string(kManifestName) + ": files"));
    const auto name = file.text("name");
    const auto size = file.number("size", UINT64_MAX >> 2);
    const auto sha256 = file.hex<32>("sha256");
    if (!name || !size || !sha256) file.wrong("name", "there, and \"size\" and \"sha256\" too");
    DETENTE_TRY_VOID(file.close());
    if (*name != kRecordName && !is_kept_file(*name))
      return malformed("\"" + name->substr(0, 100) + "\" does not belong into a backup");
    if (!out.files.emplace(*name, Manifest::File{*size, *sha256}).second)
      return malformed(*name + " stands there twice");
  }
  return {};
}

}  // namespace

bool is_kept_file(std::string_view name) {
  if (!is_tar_name(name)) return false;
  const auto named = [&](std::string_view file) { return name == file; };
  const auto in_folder = [&](std::string_view folder) { return is_in(name, folder, 1); };
  const auto by_side = [&](std::string_view folder) { return is_in(name, folder, 2); };
  const bool of_successor = is_in(name, "accords", 3);
  return of_successor || named(kWatchLogName) || named(kBackupNextCard) || std::any_of(std::begin(kBackupFiles), std::end(kBackupFiles), named) ||
         std::any_of(std::begin(kBackupFolders), std::end(kBackupFolders), in_folder) ||
         std::any_of(std::begin(kBackupFoldersBySide), std::end(kBackupFoldersBySide), by_side);
}

std::string write_manifest(const Manifest& manifest) {
  Json files = Json::array();
  for (const auto& [name, file] : manifest.files)
    files.push_back({{"name", name}, {"size", file.size}, {"sha256", to_hex(file.sha256)}});
  return Json{{"format", kFormat},
              {"side", manifest.side},
              {"station", manifest.station},
              {"made", manifest.made.seconds},
              {"files", std::move(files)}}
             .dump(1) +
         "\n";
}

Result<Manifest> parse_manifest(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return malformed("it is not JSON");
  Manifest out;
  DETENTE_TRY_VOID(read_files(json, out));
  for (const std::string_view needed : kBackupFiles)
    if (out.files.count(std::string(needed)) == 0)
      return malformed(std::string(needed) + " is missing");
  if (out.files.count(kRecordName) == 0) return malformed(std::string(kRecordName) + " is missing");
  return out;
}

}  // namespace detente::station
