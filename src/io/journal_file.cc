#include "io/journal_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>

#include "io/file_detail.h"

namespace detente::io {

using namespace detail;

namespace {

constexpr std::size_t kChunk = 64 * 1024;

// Hands whole lines on, across the borders of chunks.
class Lines {
 public:
  Lines(const Path& path, const JournalFile::Visit& visit) : path_(path), visit_(visit) {}

  Result<void> take(std::string_view chunk) {
    for (std::size_t end = 0; (end = chunk.find('\n')) != std::string_view::npos; chunk.remove_prefix(end + 1)) {
      part_ += chunk.substr(0, end);
      ++number_;
      if (const Result<void> done = visit_(part_); !done)
        return fail_at(path_.string() + ": line " + std::to_string(number_), done.error());
      whole_ += part_.size() + 1;
      part_.clear();
    }
    part_ += chunk;
    if (part_.size() <= kJournalLineMax) return {};
    return fail(Fault::kMalformed, path_.string() + ": line " + std::to_string(number_ + 1) +
                                       " is longer than any that was written: this is not the file that it "
                                       "was; take it from the newest backup");
  }
  std::uint64_t whole() const { return whole_; }

 private:
  const Path& path_;
  const JournalFile::Visit& visit_;
  std::string part_;
  std::uint64_t number_ = 0;
  std::uint64_t whole_ = 0;
};

}  // namespace

Result<JournalFile> JournalFile::open(const Path& path, const Visit& visit) {
  const bool fresh = !io::exists(path);
  const int fd = ::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, kSecretMode);
  if (fd < 0) return io_error(path, "cannot be opened", errno);
  JournalFile out(path, fd);
  struct stat info {};
  if (::fstat(fd, &info) != 0) return io_error(path, "cannot be read", errno);
  if (!S_ISREG(info.st_mode)) return fail(Fault::kIo, path.string() + ": is not a plain file; move it away");
  DETENTE_TRY(whole, out.visit_lines(0, visit));
  out.size_ = whole;
  out.torn_bytes_ = static_cast<std::uint64_t>(info.st_size) - whole;
  if (out.torn_bytes_ > 0 && ::ftruncate(fd, static_cast<off_t>(whole)) != 0)
    return io_error(path, "cannot be shortened to its last whole line", errno);
  if (fresh) DETENTE_TRY_VOID(sync_directory(parent_of(path)));
  return out;
}

JournalFile::JournalFile(JournalFile&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      size_(other.size_),
      torn_bytes_(other.torn_bytes_) {}

JournalFile::~JournalFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::uint64_t> JournalFile::visit_lines(std::uint64_t offset, const Visit& visit) const {
  Lines lines(path_, visit);
  std::string chunk(kChunk, '\0');
  for (auto at = static_cast<off_t>(offset);;) {
    const ssize_t size = ::pread(fd_, chunk.data(), chunk.size(), at);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return io_error(path_, "cannot be read", errno);
    if (size == 0) return lines.whole();
    DETENTE_TRY_VOID(lines.take(std::string_view(chunk).substr(0, static_cast<std::size_t>(size))));
    at += size;
  }
}

Result<void> JournalFile::read_from(std::uint64_t offset, const Visit& visit) const {
  DETENTE_TRY(whole, visit_lines(offset, visit));
  static_cast<void>(whole);
  return {};
}

Result<void> JournalFile::append(std::string_view line) {
  if (line.empty() || line.size() > kJournalLineMax || line.find('\n') != std::string_view::npos)
    return fail(Fault::kMalformed, path_.string() + ": a line that cannot be written");
  const std::string text = std::string(line) + "\n";
  Result<void> done = write_all(path_, fd_, as_bytes(text));
  if (done && ::fdatasync(fd_) != 0) done = io_error(path_, "cannot be synced to disk", errno);
  if (done) {
    size_ += text.size();
    return {};
  }
  // A part of it may stand there: the next line must not begin behind it.
  static_cast<void>(::ftruncate(fd_, static_cast<off_t>(size_)));
  return done;
}

}  // namespace detente::io
