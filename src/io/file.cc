#include "io/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "io/file_detail.h"

namespace detente::io {
namespace detail {
namespace {

std::string advice(int error) {
  switch (error) {
    case EACCES:
    case EPERM: return "; check whose it is and its permissions";
    case EROFS: return "; choose a place that can be written";
    case ENOSPC:
    case EDQUOT: return "; free some space and try again";
    case ENOTDIR: return "; a file stands where a directory is needed: move it away";
    case EISDIR: return "; a directory stands where a file is needed: move it away";
    case ELOOP: return "; name the file itself, not a link to it";
    default: return "";
  }
}

}  // namespace

tl::unexpected<Error> io_error(const Path& path, std::string_view what, int error) {
  return fail(
      error == ENOENT ? Fault::kNotFound : Fault::kIo,
      path.string() + ": " + std::string(what) + ": " + std::strerror(error) + advice(error));
}

Result<void> write_all(const Path& path, int fd, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io_error(path, "cannot be written", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Path parent_of(const Path& path) { return path.has_parent_path() ? path.parent_path() : Path("."); }

Result<void> sync_directory(const Path& directory) {
  const Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return io_error(directory, "cannot be synced to disk", errno);
  return {};
}

Result<void> take_name(const Path& temporary, const Path& path, bool fresh) {
  if (!fresh) {
    if (::rename(temporary.c_str(), path.c_str()) != 0)
      return io_error(path, "cannot be written", errno);
    return {};
  }
  return take_free_name(temporary, path, rename_to_free);
}

int rename_to_free(const char* from, const char* to) {
  return ::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}

// Two ways, since no one goes everywhere: a stick with FAT or exFAT knows no second name for a file, and NFS and some
// others know no renaming that spares what is there.
Result<void> take_free_name(const Path& temporary, const Path& path, RenameToFree rename) {
  if (rename(temporary.c_str(), path.c_str()) == 0) return {};
  bool linked = false;
  if (errno == EINVAL || errno == ENOSYS) linked = ::link(temporary.c_str(), path.c_str()) == 0;
  if (linked) {
    ::unlink(temporary.c_str());
    return {};
  }
  if (errno != EEXIST) return io_error(path, "cannot be written", errno);
  return fail(Fault::kConflict, path.string() + ": is there already and is not overwritten; move it away first");
}

}  // namespace detail

namespace {

using namespace detail;

Result<struct stat> status(const Path& path, int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return io_error(path, "cannot be read", errno);
  if (!S_ISREG(info.st_mode))
    return fail(Fault::kIo, path.string() + ": is not a plain file; give the name of a file");
  return info;
}

tl::unexpected<Error> too_large(const Path& path, std::size_t max) {
  return fail(Fault::kLimit,
              path.string() + ": larger than " + std::to_string(max) +
                  " bytes, the most that such a file can have; is it the right one?");
}

// Appends to `out` up to one byte more than `max`, so that growth while reading is noticed too.
Result<void> read_all(const Path& path, int fd, std::size_t max, Bytes& out) {
  const auto info = status(path, fd);
  if (!info) return tl::unexpected<Error>(info.error());
  if (static_cast<std::uint64_t>(info->st_size) > max) return too_large(path, max);
  // One allocation: a secret that is moved by growth would leave copies behind.
  out.resize(static_cast<std::size_t>(info->st_size) + 1);
  std::size_t size = 0;
  while (size < out.size()) {
    const ssize_t n = ::read(fd, out.data() + size, out.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io_error(path, "cannot be read", errno);
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  if (size == out.size())
    return fail(Fault::kIo, path.string() + ": grew while it was read; try again");
  out.resize(size);
  return {};
}

int open_for_reading(const Path& path) {
  // Not blocking, so that a pipe in a file's place cannot hold us.
  return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

Result<void> write_by_rename(const Path& path, ByteView bytes, unsigned mode, bool fresh) {
  std::string name = (parent_of(path) / ("." + path.filename().string() + ".XXXXXX")).string();
  Descriptor fd(::mkostemp(name.data(), O_CLOEXEC));  // makes it 0600
  if (!fd) return io_error(path, "cannot be written", errno);
  const Path temporary = name;
  auto done = write_all(path, fd.get(), bytes);
  if (done && ::fchmod(fd.get(), mode) != 0) done = io_error(path, "cannot be written", errno);
  if (done && ::fsync(fd.get()) != 0) done = io_error(path, "cannot be synced to disk", errno);
  if (done && !fd.close()) done = io_error(path, "cannot be written", errno);
  if (done) done = take_name(temporary, path, fresh);
  if (!done) {
    ::unlink(temporary.c_str());
    return done;
  }
  return sync_directory(parent_of(path));
}

Result<std::vector<std::string>> list(const Path& directory, bool directories) {
  std::error_code error;
  std::vector<std::string> names;
  std::filesystem::directory_iterator at(directory, error);
  if (error == std::errc::no_such_file_or_directory) return names;
  const std::filesystem::directory_iterator end;
  while (!error && at != end) {
    std::error_code kind_error;  // a file that vanished is no file
    const std::string name = at->path().filename().string();
    const bool wanted =
        directories ? at->is_directory(kind_error) : at->is_regular_file(kind_error);
    if (wanted && !name.starts_with('.')) names.push_back(name);
    at.increment(error);
  }
  if (error) return io_error(directory, "cannot be listed", error.value());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

Result<Bytes> read_file(const Path& path, std::size_t max) {
  const Descriptor fd(open_for_reading(path));
  if (!fd) return io_error(path, "cannot be opened", errno);
  Bytes out;
  DETENTE_TRY_VOID(read_all(path, fd.get(), max, out));
  return out;
}

Result<SecretBytes> read_secret_file(const Path& path, std::size_t max) {
  const Descriptor fd(open_for_reading(path));
  if (!fd) return io_error(path, "cannot be opened", errno);
  DETENTE_TRY(info, status(path, fd.get()));
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return fail(Fault::kDenied, path.string() +
                                    ": holds a secret that others can read; chmod 600 it, and "
                                    "think whether somebody did");
  Bytes out;
  auto done = read_all(path, fd.get(), max, out);
  SecretBytes secret(std::move(out));  // wiped on the way out, too
  if (!done) return tl::unexpected<Error>(done.error());
  return secret;
}

Result<void> write_file(const Path& path, ByteView bytes, unsigned mode) {
  return write_by_rename(path, bytes, mode, false);
}

Result<void> write_new_file(const Path& path, ByteView bytes, unsigned mode) {
  return write_by_rename(path, bytes, mode, true);
}

Result<void> write_file_once(const Path& path, ByteView bytes, unsigned mode) {
  if (const auto held = read_file(path, bytes.size()); held && equal(*held, bytes)) return {};
  return write_new_file(path, bytes, mode);
}

Result<void> remove_temporaries(const Path& path) {
  const std::string begin = "." + path.filename().string() + ".";
  std::error_code error;
  for (std::filesystem::directory_iterator at(parent_of(path), error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name.starts_with(begin) && name.size() == begin.size() + 6) DETENTE_TRY_VOID(remove_file(at->path()));
  }
  if (error && error != std::errc::no_such_file_or_directory) return io_error(parent_of(path), "cannot be listed", error.value());
  return {};
}

Result<void> remove_file(const Path& path) {
  if (::unlink(path.c_str()) == 0) return sync_directory(parent_of(path));
  if (errno == ENOENT) return {};
  return io_error(path, "cannot be removed", errno);
}

Result<void> make_directory(const Path& path) {
  if (path.empty()) return {};
  if (::mkdir(path.c_str(), 0700) == 0) return sync_directory(parent_of(path));
  const int error = errno;
  if (error == ENOENT && path.has_parent_path() && path.parent_path() != path) {
    DETENTE_TRY_VOID(make_directory(path.parent_path()));
    if (::mkdir(path.c_str(), 0700) == 0) return sync_directory(parent_of(path));
    return io_error(path, "cannot be made", errno);
  }
  struct stat info {};
  if (error == EEXIST && ::stat(path.c_str(), &info) == 0)
    return S_ISDIR(info.st_mode) ? Result<void>{} : io_error(path, "cannot be made", ENOTDIR);
  return io_error(path, "cannot be made", error);
}

Result<bool> is_there(const Path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return io_error(path, "cannot be looked at", errno);
}

bool exists(const Path& path) { return is_there(path).value_or(true); }

std::optional<WallTime> written_at(const Path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return WallTime{static_cast<std::uint32_t>(info.st_mtime)};
}

Result<std::vector<std::string>> list_files(const Path& directory) {
  return list(directory, false);
}

Result<std::vector<std::string>> list_directories(const Path& directory) {
  return list(directory, true);
}

}  // namespace detente::io
