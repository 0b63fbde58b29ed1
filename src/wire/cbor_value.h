// A tree of any deterministic CBOR item, for tests and general tools (printing, comparing). Formats
// of ours read with CborReader and do not build trees.
#pragma once

#include <string>
#include <vector>

#include "wire/cbor.h"

namespace detente::wire {

struct CborValue {
  CborType type = CborType::kNull;
  // The value of an unsigned integer; n of a negative one -1 - n; a tag's number; a simple value; 0
  // or 1 of a boolean.
  std::uint64_t number = 0;
  double real = 0;
  Bytes bytes;
  std::string text;
  // An array's items; a map's keys and values in turn; the one item of a tag.
  std::vector<CborValue> items;
};

// One item and nothing after it. kMalformed as CborReader says.
Result<CborValue> parse_cbor(ByteView bytes);

// Sorts maps. kMalformed for what has no deterministic form: a key twice, text that is not UTF-8, a
// reserved simple value, a map with an odd number of items, a tag without its one item; kLimit for
// more than kCborDepthMax levels.
Result<Bytes> encode_cbor(const CborValue& value);

}  // namespace detente::wire
