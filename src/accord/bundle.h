// Bundle: an accord and what it names by digest, in one piece, for the other side. spec/amendment.md section 2.
//
// A file is known by its digest alone: whoever has the accord before it already needs only what is new in this one.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace detente::accord {

inline constexpr std::size_t kBundleBytesMax = std::size_t{512} * 1024;
inline constexpr std::size_t kBundleFilesMax = 300;

struct Bundle {
  std::string note;          // text and signature lines
  std::vector<Bytes> files;  // annexes, vectors, dictionary; ascending by digest, each once
  bool operator==(const Bundle&) const = default;
};

// kLimit when it is larger than a bundle may be: hand the files over in a directory then.
Result<Bytes> write_bundle(Bundle bundle);
// Looks at no signature and at no digest: parse_accord_note() and the reader of the files do.
Result<Bundle> parse_bundle(ByteView bytes);

}  // namespace detente::accord
