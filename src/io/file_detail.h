// What file.cc and file_stream.cc share, with their test and with who moves whole directories; for nobody else.
#pragma once

#include <string_view>

#include "io/descriptor.h"
#include "io/file.h"

namespace detente::io::detail {

// kNotFound for ENOENT, else kIo, with what to do about it.
tl::unexpected<Error> io_error(const Path& path, std::string_view what, int error);
Result<void> write_all(const Path& path, int fd, ByteView bytes);
Path parent_of(const Path& path);
Result<void> sync_directory(const Path& directory);
// Gives the name to the temporary file; for `fresh` only where the name is free.
Result<void> take_name(const Path& temporary, const Path& path, bool fresh);
// rename(2) that fails with EEXIST where `to` is there, with EINVAL or ENOSYS where the file system knows no such thing.
using RenameToFree = int (*)(const char* from, const char* to);
int rename_to_free(const char* from, const char* to);
// kConflict where `path` is there. An argument, so that both ways can be tried on one file system.
Result<void> take_free_name(const Path& temporary, const Path& path, RenameToFree rename);

}  // namespace detente::io::detail
