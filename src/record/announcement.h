// What two sides agree on when they announce something at one instant: the content of a proposal of that matter, and
// the digest by which it names a text. spec/announcement.md.
//
// Stands here and not with the other proposals: an outsider's verifier reads it, too.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/hash.h"

namespace detente::record {

inline constexpr std::size_t kAnnouncedCoreMax = 200;                  // bytes
inline constexpr std::size_t kAnnouncedTextMax = 16'384;               // bytes
inline constexpr std::uint32_t kAnnouncedAheadMax = 400 * 86'400;      // seconds

enum class AnnouncementMode : std::uint8_t {
  kIdentical = 0,  // both release one text
  kShown = 1,      // each its own, which the other has read before
  kUnseen = 2,     // each its own, which the other has not seen
};
const char* to_string(AnnouncementMode mode);  // "identical", "shown", "unseen"
std::optional<AnnouncementMode> announcement_mode_from(std::string_view name);

struct Announcement {
  AnnouncementMode mode = AnnouncementMode::kIdentical;
  std::string core;             // what both announce, in one line
  Digest text{};                // of the author's
  std::optional<Digest> other;  // of the other side's; never with one identical text
  // Whether both texts stand in it: only then can it be accepted.
  bool complete() const { return mode == AnnouncementMode::kIdentical || other.has_value(); }
  bool operator==(const Announcement&) const = default;
};
Bytes announcement_content(const Announcement& announcement);
Result<Announcement> parse_announcement_content(ByteView content);

// Of a text that the other side does not see, the salt is drawn: a short text could be guessed. Of the others it is zero.
using AnnouncementSalt = ByteArray<16>;
Digest announced_text_digest(const AnnouncementSalt& salt, ByteView text);
// kMalformed, kLimit: whether both sides can release that.
Result<void> check_announced_text(std::string_view text);

}  // namespace detente::record
