// Plain files in one stream, in the form that every `tar` reads (POSIX ustar;
// sizes above 8 GiB as GNU tar and bsdtar write them).
//
// The reader takes only what the writer makes: regular files with relative names
// of plain characters. A name can therefore never lead out of a directory, and
// links, devices and extensions are refused. Both go on in parts of any size.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace detente::station {

struct TarMember {
  std::string name;  // "station/station.toml", at most 100 bytes
  std::uint64_t size = 0;
  std::uint32_t mode = 0600;
  bool operator==(const TarMember&) const = default;
};

// Letters, digits and "._-" in parts joined by "/", none of which starts with a dot.
bool is_tar_name(std::string_view name);

// A member's header; its bytes follow, and then tar_padding(size) zeros. kMalformed for a name that
// the reader would refuse.
Result<Bytes> tar_header(const TarMember& member, WallTime modified);
std::size_t tar_padding(std::uint64_t size);
Bytes tar_end();

class TarReader {
 public:
  struct Sink {
    std::function<Result<void>(const TarMember&)> begin;
    std::function<Result<void>(ByteView)> bytes;
    std::function<Result<void>()> end;
  };
  explicit TarReader(Sink sink) : sink_(std::move(sink)) {}

  // kMalformed, or the sink's error.
  Result<void> add(ByteView bytes);
  Result<void> finish();  // kMalformed when it ended too early

 private:
  Result<void> take_header();

  Sink sink_;
  Bytes header_;
  std::optional<TarMember> member_;
  std::uint64_t left_ = 0;   // of the member's bytes
  std::size_t padding_ = 0;  // then
  std::size_t zero_blocks_ = 0;
};

}  // namespace detente::station
