// The file that a station writes when it releases an announced text: the text, what was agreed about it, and the
// evidence for that. Anybody may read it, and verify it with release_verify.h. spec/announcement.md section 5.
#pragma once

#include <string>

#include "base/time.h"
#include "record/announcement.h"

namespace detente::record {

inline constexpr std::string_view kReleaseFormat = "detente-announcement/1";
inline constexpr std::size_t kReleaseFileMax = 2u << 20;

struct ReleaseFile {
  std::string side;    // whose text it is
  std::string core;
  AnnouncementMode mode = AnnouncementMode::kIdentical;
  WallTime instant;    // that was agreed
  WallTime released;   // by the station's clock
  Digest text_digest{};
  std::optional<Digest> other_digest;
  AnnouncementSalt salt{};
  Bytes evidence;      // an extract: the proposal and its acceptance
  std::string text;
  bool operator==(const ReleaseFile&) const = default;
};

Bytes write_release_file(const ReleaseFile& file);
// Takes exactly what write_release_file() writes; looks neither into the evidence nor at the digest.
Result<ReleaseFile> parse_release_file(ByteView bytes);

}  // namespace detente::record
