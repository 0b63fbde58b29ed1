// The format of a signed note: bytes to Note and back.
#include "accord/note.h"

#include <utf8proc.h>

#include <algorithm>
#include <optional>

namespace detente::accord {
namespace {

constexpr std::string_view kLineStart = "\xe2\x80\x94 ";  // U+2014 and a space
constexpr std::size_t kKeyIdSize = 4;
constexpr std::size_t kBase64Max = (kNoteSignatureMax + kKeyIdSize + 2) / 3 * 4;
constexpr std::size_t kLineMax = kLineStart.size() + kNoteNameMax + 1 + kBase64Max + 1;
constexpr std::size_t kNoteMax = kNoteTextMax + 1 + kNoteSignaturesMax * kLineMax;

// The characters with Unicode's White_Space property, above the control characters that no note
// may hold anyway.
bool is_space(std::int32_t c) {
  return c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
         c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

// What is wrong with `text` as UTF-8 of a note, if anything is. `refused` names further characters.
template <typename Refused>
std::optional<std::string> find_bad_character(std::string_view text, Refused refused) {
  const ByteView bytes = as_bytes(text);
  for (std::size_t at = 0; at < bytes.size();) {
    std::int32_t c = 0;
    const auto length =
        utf8proc_iterate(bytes.data() + at, static_cast<utf8proc_ssize_t>(bytes.size() - at), &c);
    if (length <= 0) return "invalid UTF-8 at byte " + std::to_string(at);
    if (c < 0x20 && c != '\n') return "a control character at byte " + std::to_string(at);
    if (refused(c)) return "a character that is not allowed at byte " + std::to_string(at);
    at += static_cast<std::size_t>(length);
  }
  return std::nullopt;
}

Result<NoteSignature> parse_line(std::string_view line) {
  if (line.size() > kLineMax) return fail(Fault::kLimit, "longer than a signature line may be");
  if (!line.starts_with(kLineStart))
    return fail(Fault::kMalformed, "a signature line starts with U+2014 and a space; the file was cut off or changed: get it again from whoever gave it");
  line.remove_prefix(kLineStart.size());
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos)
    return fail(Fault::kMalformed, "a signature line has a name, a space and base64");
  NoteSignature out;
  out.name = line.substr(0, space);
  DETENTE_TRY_VOID(check_note_name(out.name));
  const auto decoded = from_base64(line.substr(space + 1));
  if (!decoded) return fail(Fault::kMalformed, "the signature is not standard base64");
  if (decoded->size() <= kKeyIdSize)
    return fail(Fault::kMalformed, "the signature is too short for a key id and a signature");
  if (decoded->size() > kKeyIdSize + kNoteSignatureMax)
    return fail(Fault::kLimit, "the signature is longer than 8 KiB");
  const ByteView view = *decoded;
  out.key_id = static_cast<std::uint32_t>(read_be(view.first(kKeyIdSize)));
  out.signature = to_bytes(view.subspan(kKeyIdSize));
  return out;
}

Result<std::vector<NoteSignature>> parse_lines(std::string_view block) {
  std::vector<NoteSignature> out;
  while (!block.empty()) {
    const std::string where = "note: signature line " + std::to_string(out.size() + 1);
    if (out.size() == kNoteSignaturesMax)
      return fail(Fault::kLimit, "note: more than 64 signature lines");
    const std::size_t end = block.find('\n');
    if (end == std::string_view::npos)
      return fail(Fault::kMalformed, where + ": the newline at the end is missing");
    auto line = parse_line(block.substr(0, end));
    if (!line) return fail_at(where, line.error());
    out.push_back(std::move(*line));
    block.remove_prefix(end + 1);
  }
  if (out.empty()) return fail(Fault::kMalformed, "note: no signature line under the text");
  return out;
}

}  // namespace

Result<void> check_note_text(std::string_view text) {
  if (text.size() > kNoteTextMax) return fail(Fault::kLimit, "note: the text is above 1 MiB");
  if (!text.ends_with('\n'))
    return fail(Fault::kMalformed, "note: the text does not end with a newline");
  if (const auto bad = find_bad_character(text, [](std::int32_t) { return false; }))
    return fail(Fault::kMalformed, "note: the text has " + *bad);
  return {};
}

Result<void> check_note_name(std::string_view name) {
  if (name.empty()) return fail(Fault::kMalformed, "key name: empty");
  if (name.size() > kNoteNameMax) return fail(Fault::kLimit, "key name: above 255 bytes");
  const auto refused = [](std::int32_t c) { return c == '+' || c == '\n' || is_space(c); };
  if (const auto bad = find_bad_character(name, refused))
    return fail(Fault::kMalformed, "key name: " + *bad);
  return {};
}

Result<Note> parse_note(ByteView bytes) {
  if (bytes.size() > kNoteMax) return fail(Fault::kLimit, "note: larger than a note may be");
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::size_t divider = all.rfind("\n\n");
  if (divider == std::string_view::npos)
    return fail(Fault::kMalformed, "note: empty or damaged, no empty line between the text and its signatures: take the file from a backup, or have it handed over again");
  Note note;
  note.text = all.substr(0, divider + 1);
  DETENTE_TRY_VOID(check_note_text(note.text));
  DETENTE_TRY(lines, parse_lines(all.substr(divider + 2)));
  note.signatures = std::move(lines);
  return note;
}

std::string encode_note(const Note& note) {
  std::string out = note.text + "\n";
  for (const NoteSignature& line : note.signatures) {
    Bytes payload;
    append_be(payload, line.key_id, kKeyIdSize);
    append(payload, line.signature);
    out.append(kLineStart).append(line.name).append(" ").append(to_base64(payload)).append("\n");
  }
  return out;
}

}  // namespace detente::accord
