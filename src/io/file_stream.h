// Files of any size, in parts: a new one that gets its name when it is whole, and
// one that is read from the beginning.
#pragma once

#include "io/file.h"

namespace detente::io {

class FileWriter {
 public:
  // A temporary file beside `path`, mode 0600; gone when commit() is not reached.
  static Result<FileWriter> create(const Path& path);
  FileWriter(FileWriter&& other) noexcept;
  FileWriter& operator=(FileWriter&&) = delete;
  ~FileWriter();

  Result<void> write(ByteView bytes);
  // The same from here on, or an error: what was written may not be on the disk.
  std::uint64_t size() const { return size_; }
  // Synced, with that name; kConflict when the name is taken.
  Result<void> commit(unsigned mode);

 private:
  FileWriter(Path path, Path temporary, int fd)
      : path_(std::move(path)), temporary_(std::move(temporary)), fd_(fd) {}
  Path path_;
  Path temporary_;
  int fd_;
  std::uint64_t size_ = 0;
};

class FileReader {
 public:
  // Errors as read_file.
  static Result<FileReader> open(const Path& path);
  FileReader(FileReader&& other) noexcept;
  FileReader& operator=(FileReader&&) = delete;
  ~FileReader();

  std::uint64_t size() const { return size_; }  // when it was opened
  // As many bytes as there are, up to the buffer's size; 0 at the end.
  Result<std::size_t> read(MutableBytes buffer);
  Result<void> rewind();

 private:
  FileReader(Path path, int fd, std::uint64_t size)
      : path_(std::move(path)), fd_(fd), size_(size) {}
  Path path_;
  int fd_;
  std::uint64_t size_;
};

}  // namespace detente::io
