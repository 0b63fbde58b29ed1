// Body of the entry by which a station says that it holds an accord that both sides have signed, and goes on under it
// as soon as the other's station says the same (kind 19), by itself and on the accord line. spec/amendment.md section 3.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace detente::line {

// What travels beside it: the accord's files (accord/bundle.h).
inline constexpr std::size_t kBundleMax = std::size_t{512} * 1024;
inline constexpr const char* kBundleMediaType = "application/x-detente-accord";

struct Adoption {
  std::uint32_t version = 0;  // from 2
  Digest accord{};
  bool operator==(const Adoption&) const = default;
};
Bytes adoption_body(const Adoption& adoption);
Result<Adoption> parse_adoption_body(ByteView body);

}  // namespace detente::line
