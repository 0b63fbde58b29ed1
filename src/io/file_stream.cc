#include "io/file_stream.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cerrno>

#include "io/file_detail.h"

namespace detente::io {

using namespace detail;

Result<FileWriter> FileWriter::create(const Path& path) {
  std::string name = (parent_of(path) / ("." + path.filename().string() + ".XXXXXX")).string();
  const int fd = ::mkostemp(name.data(), O_CLOEXEC);  // makes it 0600
  if (fd < 0) return io_error(path, "cannot be written", errno);
  return FileWriter(path, name, fd);
}

FileWriter::FileWriter(FileWriter&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)),
      fd_(std::exchange(other.fd_, -1)),
      size_(other.size_) {}

FileWriter::~FileWriter() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(temporary_.c_str());
}

Result<void> FileWriter::write(ByteView bytes) {
  DETENTE_TRY_VOID(write_all(path_, fd_, bytes));
  size_ += bytes.size();
  return {};
}

Result<void> FileWriter::commit(unsigned mode) {
  if (::fchmod(fd_, mode) != 0) return io_error(path_, "cannot be written", errno);
  if (::fsync(fd_) != 0) return io_error(path_, "cannot be synced to disk", errno);
  DETENTE_TRY_VOID(take_name(temporary_, path_, true));
  const int fd = std::exchange(fd_, -1);
  if (::close(fd) != 0) return io_error(path_, "cannot be written", errno);
  return sync_directory(parent_of(path_));
}

Result<FileReader> FileReader::open(const Path& path) {
  // Not blocking, so that a pipe in a file's place cannot hold us.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return io_error(path, "cannot be opened", errno);
  FileReader out(path, fd, 0);
  struct stat info {};
  if (::fstat(fd, &info) != 0) return io_error(path, "cannot be read", errno);
  if (!S_ISREG(info.st_mode))
    return fail(Fault::kIo, path.string() + ": is not a plain file; give the name of a file");
  out.size_ = static_cast<std::uint64_t>(info.st_size);
  return out;
}

FileReader::FileReader(FileReader&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}

FileReader::~FileReader() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::size_t> FileReader::read(MutableBytes buffer) {
  std::size_t size = 0;
  while (size < buffer.size()) {
    const ssize_t n = ::read(fd_, buffer.data() + size, buffer.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io_error(path_, "cannot be read", errno);
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  return size;
}

Result<void> FileReader::rewind() {
  if (::lseek(fd_, 0, SEEK_SET) != 0) return io_error(path_, "cannot be read", errno);
  return {};
}

}  // namespace detente::io
