// Text that is safe to sign, to show and to print.
//
// Text from a desk is checked before it becomes an entry, text from the other side before it is
// accepted, and anything of which that is not known goes through display_text() before a terminal
// sees it. Refused are characters that make a screen differ from what was signed: controls,
// overrides of direction, tags, separators that only some programs break lines at. spec/record.md.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace detente::wire {

// kLimit above `max_bytes`; kMalformed otherwise, naming the character (U+202E), its place
// (character and line, both from 1) and what to do. Accepted: valid UTF-8 (RFC 3629) without
//   - C0 and C1 controls and DEL, except LF and TAB (CR is refused: lines end in LF alone),
//   - U+202A..202E and U+2066..2069 (overrides, embeddings, isolates of direction),
//   - U+2028, U+2029, U+FEFF, U+E0000..E007F, and noncharacters.
// Direction marks U+200E, U+200F and U+061C are accepted: Arabic and Hebrew need them, and they
// reorder nothing by themselves. Unassigned characters are accepted, so that an older program reads
// what a newer one wrote. Not judged: letters of different scripts that look alike.
Result<void> check_text(std::string_view text, std::size_t max_bytes);

// Whether a person would see anything of a text that check_text() accepts: not spaces and fillers alone.
bool shows_anything(std::string_view text);

// Any bytes as something that a terminal can be given: what check_text() refuses becomes visible as
// <U+202E>, bytes that are not UTF-8 as <byte 9F>. LF and TAB stay. For a person only; it cannot be
// read back.
std::string display_text(std::string_view hostile);
// The same for a place of one line: LF and TAB become visible too.
std::string display_line(std::string_view hostile);

// A name of a side, line, path, station or post: 1 to 32 of a-z, 0-9 and hyphen, first a letter.
Result<void> check_name(std::string_view name);

}  // namespace detente::wire
