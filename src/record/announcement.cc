#include "record/announcement.h"

#include <array>

#include "wire/cbor.h"
#include "wire/text.h"

namespace detente::record {

namespace {

constexpr std::array kModes = {"identical", "shown", "unseen"};
constexpr std::string_view kTextContext = "detente/1 announcement";

Result<void> check_core(std::string_view core) {
  if (core.empty()) return fail(Fault::kMalformed, "an announcement needs a core: what both sides announce, in one line");
  DETENTE_TRY_VOID(wire::check_text(core, kAnnouncedCoreMax));
  if (core.find_first_of("\n\t") != core.npos)
    return fail(Fault::kMalformed, "an announcement's core is one line");
  return {};
}

Result<Digest> read_digest(wire::CborReader& reader) {
  DETENTE_TRY(bytes, reader.bytes());
  const auto digest = to_array<32>(bytes);
  if (!digest) return fail(Fault::kMalformed, "an announced text is named by 32 bytes");
  return *digest;
}

}  // namespace

const char* to_string(AnnouncementMode mode) { return kModes[static_cast<std::size_t>(mode)]; }

std::optional<AnnouncementMode> announcement_mode_from(std::string_view name) {
  for (std::size_t i = 0; i < kModes.size(); ++i)
    if (name == kModes[i]) return static_cast<AnnouncementMode>(i);
  return std::nullopt;
}

Bytes announcement_content(const Announcement& announcement) {
  wire::CborWriter out;
  out.array(announcement.other ? 4 : 3).uint(static_cast<std::uint64_t>(announcement.mode));
  out.text(announcement.core).bytes(announcement.text);
  if (announcement.other) out.bytes(*announcement.other);
  return out.take();
}

Result<Announcement> parse_announcement_content(ByteView content) {
  wire::CborReader reader(content);
  DETENTE_TRY(items, reader.array());
  if (items != 3 && items != 4) return fail(Fault::kMalformed, "an announcement with too few or too many parts");
  Announcement out;
  DETENTE_TRY(mode, reader.uint());
  if (mode >= kModes.size()) return fail(Fault::kUnsupported, "an announcement of a mode that this program does not know");
  out.mode = static_cast<AnnouncementMode>(mode);
  DETENTE_TRY(core, reader.text());
  DETENTE_TRY_VOID(check_core(core));
  out.core = core;
  DETENTE_TRY(text, read_digest(reader));
  out.text = text;
  if (items == 4) {
    DETENTE_TRY(other, read_digest(reader));
    out.other = other;
    if (out.mode == AnnouncementMode::kIdentical)
      return fail(Fault::kMalformed, "an announcement of one identical text that names two");
  }
  DETENTE_TRY_VOID(reader.expect_end());
  return out;
}

Digest announced_text_digest(const AnnouncementSalt& salt, ByteView text) {
  return crypto::sha256({as_bytes(kTextContext), ByteView(salt), text});
}

Result<void> check_announced_text(std::string_view text) {
  if (text.empty()) return fail(Fault::kMalformed, "the text is empty: there is nothing to announce");
  if (text.size() > kAnnouncedTextMax)
    return fail(Fault::kLimit, "an announced text has at most 16,384 bytes; announce the core of it and publish the rest yourself");
  return wire::check_text(text, kAnnouncedTextMax);
}

}  // namespace detente::record
