#include "station/replace_directory.h"

#include <fcntl.h>
#include <stdio.h>

#include <cerrno>
#include <cstring>

#include "io/file_detail.h"

namespace detente::station {

namespace {

using io::Path;

tl::unexpected<Error> cannot(const Path& path, const char* what, int why) {
  return fail(Fault::kIo, path.string() + ": " + what + " (" + std::strerror(why) + "): is there room, and may this user write there?");
}

int give_name(const Path& from, const Path& to) { return ::rename(from.c_str(), to.c_str()); }

// Where the file system cannot exchange two names. A crash between the two leaves nothing at `to`, and the old one at `aside`.
Result<void> in_two_steps(const Path& fresh, const Path& to, const Path& aside) {
  if (give_name(to, aside) != 0) return cannot(to, "cannot be moved aside", errno);
  if (give_name(fresh, to) == 0) return {};
  const int why = errno;
  if (give_name(aside, to) != 0) return cannot(aside, "is what was there, and could not be moved back", errno);
  return cannot(to, "cannot be put in place", why);
}

}  // namespace

Result<void> replace_directory(const Path& fresh, const Path& to, const Path& aside) {
  // Under the name that the old one gets, so that one exchange does the rest.
  if (give_name(fresh, aside) != 0) return cannot(aside, "cannot be made", errno);
  if (::renameat2(AT_FDCWD, aside.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) != 0) {
    const int why = errno;
    if (give_name(aside, fresh) != 0) return cannot(aside, "is what was restored, and could not be put in place", errno);
    if (why != EINVAL && why != ENOSYS) return cannot(to, "cannot be put in place", why);
    DETENTE_TRY_VOID(in_two_steps(fresh, to, aside));
  }
  return io::detail::sync_directory(io::detail::parent_of(to));
}

}  // namespace detente::station
