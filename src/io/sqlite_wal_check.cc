#include "io/sqlite_wal_check.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "io/descriptor.h"
#include "io/sqlite.h"
#include "io/sqlite_wal.h"

namespace detente::io {
namespace {

constexpr std::size_t kHeader = 32;
constexpr std::size_t kFrameHeader = 24;
constexpr std::uint32_t kMagic = 0x377f0682;  // the lowest bit: words are read big-endian
constexpr std::uint32_t kVersion = 3007000;
constexpr std::size_t kPage = 4096;  // of every database of ours
constexpr std::size_t kFrame = kFrameHeader + kPage;

std::uint32_t little_word(ByteView bytes, std::size_t at) {
  return bytes[at] | std::uint32_t{bytes[at + 1]} << 8 | std::uint32_t{bytes[at + 2]} << 16 | std::uint32_t{bytes[at + 3]} << 24;
}

std::uint32_t word(ByteView bytes, std::size_t at) {
  return static_cast<std::uint32_t>(read_be(bytes.subspan(at, 4)));
}

struct Sum {
  std::uint32_t first = 0, second = 0;
  bool operator==(const Sum&) const = default;
};

struct Salts {
  std::uint32_t first = 0, second = 0;
  bool operator==(const Salts&) const = default;
};

Sum sum_of(Sum sum, ByteView bytes, bool big) {
  for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
    sum.first += (big ? word(bytes, at) : little_word(bytes, at)) + sum.second;
    sum.second += (big ? word(bytes, at + 4) : little_word(bytes, at + 4)) + sum.first;
  }
  return sum;
}

struct Frame {
  std::uint32_t page = 0;
  std::uint32_t commit = 0;  // size of the database after it; 0 within a transaction
  Salts salts;
  Sum stored;
};

class WriteAheadLog {
 public:
  explicit WriteAheadLog(const std::string& database) : file_(::open(wal_path(database).c_str(), O_RDONLY | O_CLOEXEC)), database_(database) {}

  Result<void> check() {
    if (!file_ && errno == ENOENT) return {};
    if (!file_) return fail(Fault::kIo, wal_path(database_) + ": cannot be read (" + std::strerror(errno) + "): give this user the right to");
    Bytes head(kHeader);
    if (!read(0, head)) return {};
    if (std::all_of(head.begin(), head.end(), [](std::uint8_t one) { return one == 0; })) return {};  // made large, or wiped
    const Sum stored{word(head, 24), word(head, 28)};
    big_ = (word(head, 0) & 1) != 0;
    const bool good = (word(head, 0) & ~1U) == kMagic && word(head, 4) == kVersion && sum_of({}, ByteView(head).first(24), big_) == stored;
    if (!good) return check_without_head();
    if (word(head, 8) != kPage) return {};  // another program's file: told as that where it is opened
    return check_frames({word(head, 16), word(head, 20)}, stored);
  }

 private:
  bool read(std::uint64_t at, Bytes& into) const {
    return ::pread(file_.get(), into.data(), into.size(), static_cast<off_t>(at)) == static_cast<ssize_t>(into.size());
  }

  // Frames count from 1. False behind the last that is whole.
  bool take(std::uint64_t number) {
    if (!read(kHeader + (number - 1) * kFrame, buffer_)) return false;
    const ByteView all(buffer_);
    frame_.page = word(all, 0);
    frame_.commit = word(all, 4);
    frame_.salts = {word(all, 8), word(all, 12)};
    frame_.stored = {word(all, 16), word(all, 20)};
    return true;
  }
  Sum sum_from(Sum before) const {
    return sum_of(sum_of(before, ByteView(buffer_).first(8), big_), ByteView(buffer_).subspan(kFrameHeader), big_);
  }

  Result<void> check_frames(const Salts& salts, Sum before) {
    std::uint64_t number = 1, committed = 0;
    for (;; ++number) {
      if (!take(number)) break;
      if (frame_.salts != salts || frame_.page == 0 || frame_.stored != sum_from(before)) break;
      before = frame_.stored;
      if (frame_.commit != 0) committed = number;
    }
    // From here on each frame against what the one before it says of itself.
    std::optional<Sum> said;
    bool own_ended = false;
    std::uint64_t lost = 0;
    for (; take(number); ++number) {
      const bool fits = said && frame_.stored == sum_from(*said);
      said = frame_.stored;
      if (frame_.salts != salts || frame_.commit == 0) continue;
      if (own_ended && fits) ++lost;
      own_ended = true;
    }
    if (lost > 0) return refuse(std::to_string(lost) + " commits and more behind a frame that is not what was written");
    const auto mark = read_log_mark(database_);
    if (mark && Salts{mark->salt1, mark->salt2} == salts && mark->frames > committed)
      return refuse("frames " + std::to_string(committed + 1) + " to " + std::to_string(mark->frames) + " are not what was written");
    return {};
  }

  // A log's head is on the disk before its first frame. So where it is torn, every frame is of the log before, and in the
  // database; where it rotted, the database lacks some.
  Result<void> check_without_head() {
    std::map<std::uint32_t, std::uint64_t> newest, open;  // pages, and the frame that has each; those of no commit yet
    std::optional<Salts> salts;
    std::optional<Sum> said;
    for (std::uint64_t number = 1; take(number); ++number) {
      if (!salts) salts = frame_.salts;
      if (frame_.salts != *salts) break;
      const bool fits = !said || fits_either(*said);  // the first has nothing before it to be held against
      if (!fits) break;
      said = frame_.stored;
      open[frame_.page] = number;
      if (frame_.commit == 0) continue;
      for (const auto& [page, at] : open) newest[page] = at;
      open.clear();
    }
    const Descriptor file(::open(database_.c_str(), O_RDONLY | O_CLOEXEC));
    Bytes held(kPage);
    for (const auto& [page, number] : newest) {
      if (page == 0 || !take(number)) continue;
      const bool there = file && ::pread(file.get(), held.data(), kPage, static_cast<off_t>(page - 1) * static_cast<off_t>(kPage)) ==
                                                static_cast<ssize_t>(kPage);
      if (!there || !equal(held, ByteView(buffer_).subspan(kFrameHeader)))
        return refuse("its head is not what was written, and the record does not have what is behind it");
    }
    return {};
  }

  // The head that would say it is the one that is bad.
  bool fits_either(Sum said) {
    for (const bool big : {false, true}) {
      big_ = big;
      if (frame_.stored == sum_from(said)) return true;
    }
    return false;
  }

  tl::unexpected<Error> refuse(const std::string& how) const {
    return tl::unexpected<Error>(damaged(database_, "its write-ahead log " + wal_path(database_) + ": " + how));
  }

  Descriptor file_;
  std::string database_;
  bool big_ = false;
  Bytes buffer_ = Bytes(kFrame);
  Frame frame_;
};

}  // namespace

Result<void> check_wal(const std::string& database) { return WriteAheadLog(database).check(); }

}  // namespace detente::io
