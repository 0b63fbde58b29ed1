#include "station/side_dir.h"

#include <algorithm>

#include "accord/toml_reader.h"
#include "accord/toml_writer.h"
#include "io/file_lock.h"
#include "wire/text.h"

namespace detente::station {
namespace {

constexpr std::string_view kSideFormat = "detente-side/1";
constexpr std::size_t kSideFileMax = 8192;
constexpr const char* kCardFile = "card.note";

// A name becomes part of a path only when it is one of ours; anything else
// leads to a file that is not there.
std::string safe(std::string_view name) {
  return wire::check_name(name) ? std::string(name) : std::string("(no name)");
}

Result<std::string> read_text(const Path& path, std::size_t max) {
  DETENTE_TRY(bytes, io::read_file(path, max));
  return as_string(bytes);
}

Result<SideInfo> parse_side(std::string_view text) {
  DETENTE_TRY(document, accord::TomlDocument::parse(text, "side.toml", kSideFileMax));
  auto root = document.root();
  root.expect("format", kSideFormat, "this program reads no other version of it");
  SideInfo info;
  info.side = root.text("side");
  info.display = root.text("display");
  info.created = root.time("created");
  info.passphrase_file = root.text("passphrase_file");
  root.close();
  DETENTE_TRY_VOID(document.result());
  auto good = wire::check_name(info.side);
  if (!good) return fail_at("side.toml: side", good.error());
  return info;
}

std::string write_side(const SideInfo& info) {
  accord::TomlWriter writer;
  writer.comment("A side. passphrase_file is for laboratories alone: leave it empty.");
  writer.blank()
      .text("format", kSideFormat)
      .text("side", info.side)
      .text("display", info.display)
      .time("created", info.created)
      .text("passphrase_file", info.passphrase_file);
  return writer.take();
}

template <typename T>
Result<T> at(const Path& path, Result<T> result) {
  if (!result) return fail_at(path.string(), result.error());
  return result;
}

// "3.cbor" gives 3; 0 for anything else.
std::uint64_t bulletin_number(const std::string& file) {
  if (!file.ends_with(".cbor") || file.size() > 24) return 0;
  const std::string digits = file.substr(0, file.size() - 5);
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos) return 0;
  return std::strtoull(digits.c_str(), nullptr, 10);
}

// Names of files with this suffix, without it.
Result<std::vector<std::string>> stems(const Path& directory, std::string_view suffix) {
  DETENTE_TRY(files, io::list_files(directory));
  std::vector<std::string> names;
  for (const std::string& file : files) {
    if (!file.ends_with(suffix)) continue;
    std::string stem = file.substr(0, file.size() - suffix.size());
    if (wire::check_name(stem)) names.push_back(std::move(stem));
  }
  return names;
}

}  // namespace

SideDir::SideDir(Path dir, SideInfo info)
    : dir_(std::move(dir)), vault_(dir_ / "vault"), info_(std::move(info)) {}

Result<SideDir> SideDir::open(const Path& dir) {
  const Path file = dir / "side.toml";
  std::error_code unseen;  // whose directory it is may not look into it
  if (!std::filesystem::exists(file, unseen) && !unseen)
    return fail(Fault::kNotFound,
                dir.string() +
                    ": no side lives here; name its directory with --dir, or make "
                    "one: detente side init NAME --display TEXT");
  DETENTE_TRY(text, read_text(file, kSideFileMax));
  DETENTE_TRY(info, at(file, parse_side(text)));
  return SideDir(dir, std::move(info));
}

Result<SideDir> SideDir::create(const Path& dir, const SideInfo& info) {
  auto good = wire::check_name(info.side);
  if (!good) return fail_at("side", good.error());
  // What is written must be readable again, whatever the display text holds.
  const std::string text = write_side(info);
  DETENTE_TRY_VOID(parse_side(text));
  DETENTE_TRY_VOID(io::make_directory(dir));
  DETENTE_TRY_VOID(io::write_new_file(dir / "side.toml", as_bytes(text), io::kPublicMode));
  return SideDir(dir, info);
}

// ---- places ----

Path SideDir::accord_dir(std::string_view counterpart) const {
  return dir_ / "accords" / safe(counterpart);
}
Path SideDir::card_file(std::string_view counterpart) const {
  return dir_ / "cards" / (safe(counterpart) + ".note");
}
Path SideDir::bulletin_dir(std::string_view side) const { return dir_ / "bulletins" / safe(side); }
Path SideDir::pair_file(std::string_view counterpart) const {
  return station_dir() / "pairs" / (safe(counterpart) + ".key");
}
Path SideDir::officer_file(std::string_view name) const {
  return dir_ / "officers" / (safe(name) + ".toml");
}

// ---- cards ----

Result<std::string> SideDir::own_card_note() const {
  auto note = read_text(dir_ / kCardFile, accord::kCardSizeMax);
  if (!note && note.error().fault == Fault::kNotFound)
    return fail(Fault::kNotFound, note.error().message + "; it is this side's own card: take it from a backup, or give `detente side init` again "
                                                         "where that was broken off");
  return note;
}

Result<accord::Card> SideDir::own_card() const {
  DETENTE_TRY(note, own_card_note());
  DETENTE_TRY(card, at(dir_ / kCardFile, accord::parse_card(as_bytes(note))));
  auto own = accord::check_card_is_of(card, name());
  if (!own) return fail_at((dir_ / kCardFile).string(), own.error());
  return card;
}

Result<void> SideDir::save_own_card(std::string_view note) const {
  return io::write_new_file(dir_ / kCardFile, as_bytes(note), io::kPublicMode);
}

Result<accord::Card> SideDir::card_of(std::string_view counterpart) const {
  const Path file = card_file(counterpart);
  if (!io::exists(file))
    return fail(Fault::kNotFound, "no card of \"" + wire::display_line(counterpart.substr(0, 40)) +
                                      "\" here; first: detente card import FILE");
  DETENTE_TRY(note, read_text(file, accord::kCardSizeMax));
  DETENTE_TRY(card, at(file, accord::parse_card(as_bytes(note))));
  auto theirs = accord::check_card_is_of(card, counterpart);
  if (!theirs) return fail_at(file.string(), theirs.error());
  return card;
}

Result<bool> SideDir::import_card(std::string_view note) const {
  DETENTE_TRY(card, accord::parse_card(as_bytes(note)));
  if (card.side == name()) {
    DETENTE_TRY(own, own_card_note());
    if (own == note)
      return fail(Fault::kConflict,
                  "card: this is your own card; import the one that the other "
                  "side gave you");
    return fail(Fault::kConflict,
                "card: it names \"" + card.side +
                    "\", which is this side, with another key; the other side has "
                    "to choose another name: detente side init");
  }
  const Path file = card_file(card.side);
  if (io::exists(file)) {
    DETENTE_TRY(old, card_of(card.side));
    if (old.root == card.root) return false;
    // The accord in force says which holds, once a root key was renewed.
    if (has_accord(card.side)) {
      DETENTE_TRY(roots, roots_of(card.side));
      if (roots.size() > 1 && roots.back().key == card.root) {
        DETENTE_TRY_VOID(io::write_file(file, as_bytes(note), io::kPublicMode));
        return true;
      }
    }
    return fail(
        Fault::kConflict,
        file.string() + ": another card of \"" + card.side +
            "\" with another root key is here; ask the other side which one holds, and move "
            "the wrong one away");
  }
  DETENTE_TRY_VOID(io::make_directory(file.parent_path()));
  DETENTE_TRY_VOID(io::write_new_file(file, as_bytes(note), io::kPublicMode));
  return true;
}

Result<std::vector<std::string>> SideDir::cards() const { return stems(dir_ / "cards", ".note"); }

// ---- accords ----

Result<std::vector<std::string>> SideDir::counterparts() const {
  DETENTE_TRY(all, io::list_directories(dir_ / "accords"));
  std::erase_if(
      all, [&](const std::string& side) { return !wire::check_name(side) || !has_accord(side); });
  return all;
}

bool SideDir::has_accord(std::string_view counterpart) const {
  return io::exists(accord_dir(counterpart) / "accord.note");
}

Result<AccordFiles> SideDir::accord_files(std::string_view counterpart) const {
  // A file in the directory's place is no missing accord.
  DETENTE_TRY_VOID(io::list_files(accord_dir(counterpart)));
  if (!has_accord(counterpart))
    return fail(
        Fault::kNotFound,
        "no accord with \"" + wire::display_line(counterpart.substr(0, 40)) +
            "\" yet; first: detente accord draft COUNTERPART --line NAME, or detente accord "
            "import DIR when the other side drafted it");
  DETENTE_TRY(dir, in_force_dir(counterpart));
  return read_accord_files(dir);
}

Result<void> SideDir::save_accord_files(std::string_view counterpart,
                                        const AccordFiles& files) const {
  DETENTE_TRY_VOID(io::make_directory(dir_ / "accords"));
  DETENTE_TRY(dir, in_force_dir(counterpart));
  return write_accord_files(dir, files);
}

Result<accord::AccordInForce> SideDir::accord_in_force(std::string_view counterpart) const {
  DETENTE_TRY(files, accord_files(counterpart));
  for (std::size_t i = 0; i < 2; ++i) {
    if (files.note.signed_by[i]) continue;
    const std::string& side = files.note.accord.sides[i].name;
    return fail(Fault::kState,
                "accord with " + std::string(counterpart) + ": " + side +
                    " has not signed it; first: " +
                    (side == name() ? "detente accord sign " + std::string(counterpart)
                                    : "the other side's detente accord sign and export, then here "
                                      "detente accord import DIR"));
  }
  return accord::assemble_accord(as_bytes(files.note.encode()), files.annexes);
}

// ---- bulletins ----

Path SideDir::bulletin_file(std::string_view side, std::uint64_t number) const {
  return bulletin_dir(side) / (std::to_string(number) + ".cbor");
}

Result<std::vector<std::string>> SideDir::bulletin_files(std::string_view side) const {
  DETENTE_TRY(files, io::list_files(bulletin_dir(side)));
  std::erase_if(files, [](const std::string& file) { return bulletin_number(file) == 0; });
  return files;
}

Result<std::vector<Bytes>> SideDir::bulletins(std::string_view side) const {
  const Path directory = bulletin_dir(side);
  DETENTE_TRY(files, bulletin_files(side));
  DETENTE_TRY(folders, io::list_directories(directory));
  for (const std::string& folder : folders)
    if (bulletin_number(folder) != 0)
      return fail(Fault::kIo, (directory / folder).string() +
                                  ": a directory stands where a bulletin is needed: move it away");
  std::sort(files.begin(), files.end(), [](const std::string& a, const std::string& b) {
    return bulletin_number(a) < bulletin_number(b);
  });
  std::vector<Bytes> out;
  for (const std::string& file : files) {
    DETENTE_TRY(bytes, io::read_file(directory / file, accord::kBulletinSizeMax));
    out.push_back(std::move(bytes));
  }
  return out;
}

// ---- officers ----

Result<std::vector<std::string>> SideDir::officers() const {
  return stems(dir_ / "officers", ".toml");
}

Result<OfficerFile> SideDir::officer(std::string_view name) const {
  const Path file = officer_file(name);
  if (!io::exists(file))
    return fail(Fault::kNotFound, "no officer \"" + wire::display_line(name.substr(0, 40)) +
                                      "\" on this side; see detente officer list, or make one: "
                                      "detente officer enrol NAME --post POST");
  DETENTE_TRY(text, read_text(file, 4096));
  return at(file, parse_officer(text));
}

Result<void> SideDir::set_officer_number(std::string_view name, OfficerId number) const {
  DETENTE_TRY(lock, io::FileLock::wait(dir_ / "officers" / ".lock"));
  DETENTE_TRY(officer, this->officer(name));
  officer.number = number;
  DETENTE_TRY(text, write_officer(officer));
  return io::write_file(officer_file(name), as_bytes(text), io::kSecretMode);
}

Result<std::uint32_t> SideDir::take_officer_counter(std::string_view name, WallTime now) const {
  DETENTE_TRY(lock, io::FileLock::wait(dir_ / "officers" / ".lock"));
  DETENTE_TRY(officer, this->officer(name));
  if (officer.last_counter == 0xffffffff)
    return fail(Fault::kLimit,
                "officer " + officer.name +
                    ": the last signature counter is used up; enrol the officer anew");
  officer.last_counter = std::max(officer.last_counter + 1, now.seconds);
  DETENTE_TRY(text, write_officer(officer));
  // A new file that takes the old one's name: a counter that a power cut tore, and that began again, would be a signature used twice.
  if (const auto written = io::write_file(officer_file(name), as_bytes(text), io::kSecretMode); !written)
    return fail(written.error().fault, written.error().message +
                                           ". Nothing was signed: each signature's number is kept there first. Make room on that disk; what "
                                           "cannot wait goes without a signature, a FLASH too (detente send without --as)");
  return officer.last_counter;
}

// ---- station ----

bool SideDir::has_station() const {
  return io::exists(station_config_file()) && io::exists(station_dir() / "station.key");
}

// Enrolment makes the key file first of all.
bool SideDir::has_lost_station_keys() const {
  return !io::exists(station_dir() / "station.key") &&
         (io::exists(station_config_file()) || io::exists(record_file()) || io::exists(anchor_file()));
}

Result<StationConfig> SideDir::station_config() const {
  const Path file = station_config_file();
  if (!io::exists(file))
    return fail(Fault::kNotFound, station_dir().string() +
                                      ": no station is enrolled here; first: detente station enrol "
                                      "--peer COUNTERPART --listen PATH=ADDRESS --to PATH=ADDRESS");
  DETENTE_TRY(text, read_text(file, kStationConfigMax));
  return at(file, parse_station_config(text));
}

Result<void> SideDir::save_station_config(const StationConfig& config) const {
  DETENTE_TRY(text, write_station_config(config));
  DETENTE_TRY_VOID(io::make_directory(station_dir()));
  return io::write_file(station_config_file(), as_bytes(text), io::kPublicMode);
}

}  // namespace detente::station
