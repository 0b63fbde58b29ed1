// What file.cc and file_stream.cc share; for these two alone.
#pragma once

#include <unistd.h>

#include <string>
#include <string_view>
#include <utility>

#include "io/file.h"

namespace detente::io::detail {

// A descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  // Some file systems report a failed write only here.
  bool close() {
    const int fd = std::exchange(fd_, -1);
    return ::close(fd) == 0;
  }

 private:
  int fd_;
};

// kNotFound for ENOENT, else kIo, with what to do about it.
tl::unexpected<Error> io_error(const Path& path, std::string_view what, int error);
Result<void> write_all(const Path& path, int fd, ByteView bytes);
Path parent_of(const Path& path);
Result<void> sync_directory(const Path& directory);
// Gives the name to the temporary file; for `fresh` only where the name is free.
Result<void> take_name(const Path& temporary, const Path& path, bool fresh);

}  // namespace detente::io::detail
