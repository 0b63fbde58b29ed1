// Fields that the record's CBOR formats have in common.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/cbor.h"
#include "wire/text.h"

namespace detente::record {

// N bytes, in `what`: "a mandate".
template <std::size_t N>
Result<ByteArray<N>> read_array(wire::CborReader& reader, const char* what) {
  DETENTE_TRY(bytes, reader.bytes());
  const auto array = to_array<N>(bytes);
  if (!array) return fail(Fault::kMalformed, std::string("a byte string of the wrong length in ") + what);
  return *array;
}

// A name as wire::check_name takes it.
inline Result<std::string> read_name(wire::CborReader& reader) {
  DETENTE_TRY(name, reader.text());
  DETENTE_TRY_VOID(wire::check_name(name));
  return std::string(name);
}

}  // namespace detente::record
