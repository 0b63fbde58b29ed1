// A file of lines that only grows: one call, one line, on the disk when the call
// returns. A crash leaves whole lines and perhaps a part of one more, which the next
// opening cuts off. The directory's owner is the only writer.
#pragma once

#include <functional>
#include <string_view>

#include "io/file.h"

namespace detente::io {

inline constexpr std::size_t kJournalLineMax = 16 * 1024;

class JournalFile {
 public:
  // Made when it is missing, mode 0600. `visit` is given every whole line, in order, without its end; its
  // error ends the opening, with the line's number in front.
  using Visit = std::function<Result<void>(std::string_view line)>;
  static Result<JournalFile> open(const Path& path, const Visit& visit);
  JournalFile(JournalFile&& other) noexcept;
  JournalFile& operator=(JournalFile&&) = delete;
  ~JournalFile();

  // `line`: without line ends, 1 to kJournalLineMax bytes. After an error the file is as before.
  Result<void> append(std::string_view line);
  // Everything again, from the first line.
  Result<void> read(const Visit& visit) const { return read_from(0, visit); }
  // From a line's first byte on; an error of `visit` ends it.
  Result<void> read_from(std::uint64_t offset, const Visit& visit) const;
  std::uint64_t size() const { return size_; }            // bytes
  std::uint64_t torn_bytes() const { return torn_bytes_; }  // that the opening cut off

 private:
  JournalFile(Path path, int fd) : path_(std::move(path)), fd_(fd) {}
  Result<std::uint64_t> visit_lines(std::uint64_t offset, const Visit& visit) const;  // gives the bytes of whole lines

  Path path_;
  int fd_;
  std::uint64_t size_ = 0;
  std::uint64_t torn_bytes_ = 0;
};

}  // namespace detente::io
