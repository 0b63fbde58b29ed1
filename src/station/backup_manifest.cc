#include <algorithm>

#include "station/backup.h"
#include "station/json.h"
#include "station/tar.h"

namespace detente::station {

namespace {

constexpr std::string_view kFormat = "detente-backup/1";
constexpr std::size_t kFilesMax = 100'000;

// Everything that a station and the desk in its directory need to go on, and nothing that another
// place keeps better (the vault) or that a new life must not inherit (the anchor, locks, the log).
constexpr std::string_view kFiles[] = {"side.toml", "card.note", "station/station.toml",
                                       "station/station.key"};
// Where there is one: it begins with the station's first run.
constexpr std::string_view kNextCard = "card-next.note";  // while a root key is being renewed
constexpr std::string_view kFolders[] = {"cards", "officers", "station/pairs", "station/announcements/texts"};
constexpr std::string_view kFoldersBySide[] = {"accords", "bulletins"};

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
  return of_successor || named(kWatchLogName) || named(kNextCard) || std::any_of(std::begin(kFiles), std::end(kFiles), named) ||
         std::any_of(std::begin(kFolders), std::end(kFolders), in_folder) ||
         std::any_of(std::begin(kFoldersBySide), std::end(kFoldersBySide), by_side);
}

Result<std::vector<std::string>> kept_files(const SideDir& side) {
  std::vector<std::string> out;
  for (const std::string_view file : kFiles) out.emplace_back(file);
  if (io::exists(side.watch_log_file())) out.emplace_back(kWatchLogName);
  if (io::exists(side.dir() / kNextCard)) out.emplace_back(kNextCard);
  std::vector<std::string> folders(std::begin(kFolders), std::end(kFolders));
  for (const std::string_view folder : kFoldersBySide) {
    DETENTE_TRY(sides, io::list_directories(side.dir() / folder));
    for (const std::string& name : sides) folders.push_back(std::string(folder) + "/" + name);
  }
  DETENTE_TRY(counterparts, io::list_directories(side.dir() / "accords"));
  for (const std::string& name : counterparts) {
    DETENTE_TRY(versions, io::list_directories(side.accord_dir(name)));
    for (const std::string& version : versions) folders.push_back("accords/" + name + "/" + version);
  }
  for (const std::string& folder : folders) {
    DETENTE_TRY(files, io::list_files(side.dir() / folder));
    for (const std::string& name : files) out.push_back(folder + "/" + name);
  }
  std::sort(out.begin(), out.end());
  for (const std::string& name : out)
    if (!is_kept_file(name))
      return fail(Fault::kMalformed, (side.dir() / name).string() +
                                         ": a file of this name cannot go into a backup; rename "
                                         "it or move it away");
  return out;
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
  for (const std::string_view needed : kFiles)
    if (out.files.count(std::string(needed)) == 0)
      return malformed(std::string(needed) + " is missing");
  if (out.files.count(kRecordName) == 0) return malformed(std::string(kRecordName) + " is missing");
  return out;
}

}  // namespace detente::station
