// What a station has begun and ended of the agreements, as it keeps that on its disk: where it lies, and how an entry's
// place stands in it.
#pragma once

#include <string>

#include "core/line_setup.h"
#include "line/proposal_book.h"
#include "wire/cbor.h"

namespace detente::core {

// `what`: "restorations", "announcements".
std::string marks_key(const char* what, const PairIdentity& identity);

// Three items of an array.
wire::CborWriter& write_place(wire::CborWriter& out, const line::ActPlace& place);
Result<line::ActPlace> read_place(wire::CborReader& reader);

}  // namespace detente::core
