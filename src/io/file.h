// Files of a side: bounded reading, and writing that a crash leaves whole.
//
// A write goes to a temporary file beside its place, is synced, takes the name,
// and the directory is synced: afterwards the name holds the old bytes or the
// new ones, and the new ones once the call gave success. Messages name the path
// and what to do; never what is in the file.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

namespace detente::io {

using Path = std::filesystem::path;

inline constexpr unsigned kSecretMode = 0600;
inline constexpr unsigned kPublicMode = 0644;

// kNotFound when there is none, kLimit above `max` bytes, kIo for anything else. A directory, a
// device or a pipe in a file's place is refused.
Result<Bytes> read_file(const Path& path, std::size_t max);
// The same into memory that is wiped. kDenied when other users of the machine can read the file.
Result<SecretBytes> read_secret_file(const Path& path, std::size_t max);

// Replaces what is there. The directory must exist.
Result<void> write_file(const Path& path, ByteView bytes, unsigned mode);
// The same, but kConflict when the name is taken: no key is ever overwritten.
Result<void> write_new_file(const Path& path, ByteView bytes, unsigned mode);
// The same for a file that a person named, who may ask again: success, too, when exactly these bytes are there.
Result<void> write_file_once(const Path& path, ByteView bytes, unsigned mode);
// What write calls to that name left beside it when they were killed. Only where nobody else writes there now.
Result<void> remove_temporaries(const Path& path);
// Nothing to remove is success.
Result<void> remove_file(const Path& path);

// With its parents, 0700 each that is new. kIo says when a file stands in the place.
Result<void> make_directory(const Path& path);
// Whether something has the name; an error where this user may not look.
Result<bool> is_there(const Path& path);
// False when there surely is nothing. What may not be looked at counts as there: whoever reads it then is
// told why it cannot be, and not that it is missing.
bool exists(const Path& path);
// Nothing where there is none.
std::optional<WallTime> written_at(const Path& path);
// Names of the plain files in it (or of the directories), sorted; none when there is no directory.
Result<std::vector<std::string>> list_files(const Path& directory);
Result<std::vector<std::string>> list_directories(const Path& directory);

}  // namespace detente::io
