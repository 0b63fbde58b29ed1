// SideDir: the accords of a lineage. The first lies in accords/<counterpart>/, each that follows in a folder of its version
// there; `in-force` names the version that the station went on under. That one file, written as a whole, is the step from
// one accord to the next: nothing is copied and nothing moved. spec/amendment.md section 5.
#include <algorithm>
#include <charconv>

#include "station/side_dir.h"

namespace detente::station {

namespace {

constexpr const char* kInForce = "in-force";

// "2" gives 2; 0 for anything else.
std::uint32_t version_of(std::string_view text) {
  std::uint32_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || text.front() == '0' || error != std::errc() || end != text.data() + text.size()) return 0;
  return out;
}

}  // namespace

// 0: none but the first.
Result<std::uint32_t> SideDir::adopted_version(std::string_view counterpart) const {
  const Path file = accord_dir(counterpart) / kInForce;
  if (!io::exists(file)) return std::uint32_t{0};
  DETENTE_TRY(bytes, io::read_file(file, 32));
  std::string text = as_string(bytes);
  if (text.ends_with('\n')) text.pop_back();
  const std::uint32_t version = version_of(text);
  if (version < 2)
    return fail(Fault::kMalformed, file.string() + ": names no version of an accord; restore the file from a backup");
  return version;
}

Path SideDir::successor_dir(std::string_view counterpart, std::uint32_t version) const {
  return accord_dir(counterpart) / std::to_string(version);
}

Result<Path> SideDir::in_force_dir(std::string_view counterpart) const {
  DETENTE_TRY(version, adopted_version(counterpart));
  return version == 0 ? accord_dir(counterpart) : successor_dir(counterpart, version);
}

Result<std::optional<AccordFiles>> SideDir::next_accord_files(std::string_view counterpart) const {
  DETENTE_TRY(files, accord_files(counterpart));
  const Path dir = successor_dir(counterpart, files.note.accord.version + 1);
  if (!io::exists(dir / "accord.note")) return std::optional<AccordFiles>();
  DETENTE_TRY(next, read_accord_files(dir));
  return std::optional(std::move(next));
}

Result<void> SideDir::save_next_accord_files(std::string_view counterpart, const AccordFiles& next) const {
  DETENTE_TRY(files, accord_files(counterpart));
  if (next.note.accord.version != files.note.accord.version + 1)
    return fail(Fault::kConflict, "accord: version " + std::to_string(next.note.accord.version) + " does not follow version " +
                                      std::to_string(files.note.accord.version) + ", which is in force");
  return write_accord_files(successor_dir(counterpart, next.note.accord.version), next);
}

Result<std::vector<AccordFiles>> SideDir::lineage_files(std::string_view counterpart) const {
  DETENTE_TRY(in_force, adopted_version(counterpart));
  DETENTE_TRY(first, read_accord_files(accord_dir(counterpart)));
  DETENTE_TRY(folders, io::list_directories(accord_dir(counterpart)));
  std::vector<std::uint32_t> versions;
  for (const std::string& folder : folders)
    if (const std::uint32_t version = version_of(folder); version > first.note.accord.version && version <= in_force)
      versions.push_back(version);
  std::sort(versions.begin(), versions.end());
  std::vector<AccordFiles> out;
  out.push_back(std::move(first));
  for (const std::uint32_t version : versions) {
    DETENTE_TRY(files, read_accord_files(successor_dir(counterpart, version)));
    DETENTE_TRY_VOID(accord::check_successor(files.note, out.back().note));
    out.push_back(std::move(files));
  }
  return out;
}

Result<void> SideDir::adopt(std::string_view counterpart, std::uint32_t version) const {
  const std::string text = std::to_string(version) + "\n";
  return io::write_file(accord_dir(counterpart) / kInForce, as_bytes(text), io::kPublicMode);
}

}  // namespace detente::station
