// Body of the entry by which a station says that it released its text of an agreed announcement (kind 18), by itself
// and on the accord line. spec/announcement.md section 4.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace detente::line {

struct Release {
  WallTime at;    // by that station's clock
  Digest text{};  // as the agreement names it
  bool operator==(const Release&) const = default;
};
Bytes release_body(const Release& release);
Result<Release> parse_release_body(ByteView body);

}  // namespace detente::line
