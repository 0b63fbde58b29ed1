#include <algorithm>

#include "station/backup.h"
#include "station/backup_names.h"

namespace detente::station {

Result<std::vector<std::string>> kept_files(const SideDir& side) {
  std::vector<std::string> out;
  for (const std::string_view file : kBackupFiles) out.emplace_back(file);
  if (io::exists(side.watch_log_file())) out.emplace_back(kWatchLogName);
  if (io::exists(side.dir() / kBackupNextCard)) out.emplace_back(kBackupNextCard);
  std::vector<std::string> folders(std::begin(kBackupFolders), std::end(kBackupFolders));
  for (const std::string_view folder : kBackupFoldersBySide) {
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

}  // namespace detente::station
