#include "record/release_file.h"

#include "base/civil.h"
#include "wire/text.h"

namespace detente::record {

namespace {

tl::unexpected<Error> bad_release(const std::string& what) {
  return fail(Fault::kMalformed, "a released announcement: " + what);
}

// Lines "key: value" in their order, then an empty one, then the text.
class Lines {
 public:
  explicit Lines(std::string_view rest) : rest_(rest) {}

  Result<std::string_view> next() {
    const std::size_t end = rest_.find('\n');
    if (end == rest_.npos) return bad_release("it ends too early");
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }
  Result<std::string_view> value(std::string_view key) {
    DETENTE_TRY(line, next());
    if (!line.starts_with(key) || line.substr(key.size(), 2) != ": ")
      return bad_release("\"" + std::string(key) + ": \" is missing");
    return line.substr(key.size() + 2);
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

template <std::size_t N>
Result<ByteArray<N>> hex_value(Lines& lines, std::string_view key) {
  DETENTE_TRY(value, lines.value(key));
  const auto bytes = from_hex(value);
  const auto array = bytes ? to_array<N>(*bytes) : std::nullopt;
  if (!array) return bad_release("\"" + std::string(key) + "\" is " + std::to_string(2 * N) + " hexadecimal digits");
  return *array;
}

Result<WallTime> time_value(Lines& lines, std::string_view key) {
  DETENTE_TRY(value, lines.value(key));
  return parse_utc(value);
}

Result<ReleaseFile> read_lines(Lines& lines) {
  ReleaseFile out;
  DETENTE_TRY(format, lines.next());
  if (format != kReleaseFormat) return bad_release("the first line is not " + std::string(kReleaseFormat));
  DETENTE_TRY(side, lines.value("side"));
  DETENTE_TRY_VOID(wire::check_name(side));
  out.side = side;
  DETENTE_TRY(core, lines.value("core"));
  if (core.empty()) return bad_release("\"core\" is empty");
  DETENTE_TRY_VOID(wire::check_text(core, kAnnouncedCoreMax));
  out.core = core;
  DETENTE_TRY(mode_name, lines.value("mode"));
  const auto mode = announcement_mode_from(mode_name);
  if (!mode) return bad_release("\"mode\" is identical, shown or unseen");
  out.mode = *mode;
  DETENTE_TRY(instant, time_value(lines, "instant"));
  out.instant = instant;
  DETENTE_TRY(released, time_value(lines, "released"));
  out.released = released;
  DETENTE_TRY(digest, hex_value<32>(lines, "text-digest"));
  out.text_digest = digest;
  if (out.mode != AnnouncementMode::kIdentical) {
    DETENTE_TRY(other, hex_value<32>(lines, "other-digest"));
    out.other_digest = other;
  }
  DETENTE_TRY(salt, hex_value<16>(lines, "salt"));
  out.salt = salt;
  DETENTE_TRY(evidence, lines.value("evidence"));
  auto bytes = from_base64(evidence);
  if (!bytes) return bad_release("\"evidence\" is base64");
  out.evidence = std::move(*bytes);
  return out;
}

}  // namespace

Bytes write_release_file(const ReleaseFile& file) {
  std::string out(kReleaseFormat);
  const auto add = [&](std::string_view key, const std::string& value) {
    out += "\n" + std::string(key) + ": " + value;
  };
  add("side", file.side);
  add("core", file.core);
  add("mode", to_string(file.mode));
  add("instant", format_utc(file.instant));
  add("released", format_utc(file.released));
  add("text-digest", to_hex(file.text_digest));
  if (file.other_digest) add("other-digest", to_hex(*file.other_digest));
  add("salt", to_hex(file.salt));
  add("evidence", to_base64(file.evidence));
  return to_bytes(as_bytes(out + "\n\n" + file.text));
}

Result<ReleaseFile> parse_release_file(ByteView bytes) {
  if (bytes.size() > kReleaseFileMax) return fail(Fault::kLimit, "a released announcement above 2 MiB");
  const std::string all = as_string(bytes);
  Lines lines(all);
  DETENTE_TRY(out, read_lines(lines));
  DETENTE_TRY(empty, lines.next());
  if (!empty.empty()) return bad_release("an empty line stands before the text");
  DETENTE_TRY_VOID(check_announced_text(lines.rest()));
  out.text = lines.rest();
  // One spelling: hexadecimal digits of either case would be two files of one announcement.
  if (!equal(write_release_file(out), bytes)) return bad_release("it is not written as this program writes it");
  return out;
}

}  // namespace detente::record
