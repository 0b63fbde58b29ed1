// What may stand in a configuration as a hook's command. By itself, since whoever reads
// configurations needs no event loop.
#include "io/hook.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "wire/text.h"

namespace detente::io {

Result<void> check_hook_command(const std::vector<std::string>& words) {
  if (words.empty() || words.size() > kHookWordsMax)
    return fail(Fault::kMalformed,
                "a command is a list of 1 to 32 texts: the program's whole path, then its words");
  for (const std::string& word : words)
    if (!wire::check_text(word, kHookWordBytesMax) || word.find_first_of("\n\t") != word.npos)
      return fail(Fault::kMalformed, "command: \"" + wire::display_line(word.substr(0, 80)) +
                                         "\": at most 1024 bytes, without control characters");
  if (!words.front().starts_with('/') || words.front().ends_with('/'))
    return fail(Fault::kMalformed, "command: \"" + wire::display_line(words.front().substr(0, 80)) +
                                       "\" is not a program's absolute path; write the whole path "
                                       "(no shell looks for it)");
  return {};
}

Result<void> find_hook_command(const std::vector<std::string>& words) {
  if (words.empty()) return fail(Fault::kMalformed, "no command");
  const char* path = words.front().c_str();
  struct stat info {};
  if (::stat(path, &info) != 0 || ::access(path, X_OK) != 0)
    return fail(errno == ENOENT ? Fault::kNotFound : Fault::kIo, words.front() + ": " + std::strerror(errno));
  if (!S_ISREG(info.st_mode)) return fail(Fault::kIo, words.front() + ": is not a plain file");
  return {};
}

}  // namespace detente::io
