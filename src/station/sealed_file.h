// What lies in the vault, under its passphrase.
#pragma once

#include <string_view>

#include "base/secret.h"
#include "io/file.h"

namespace detente::station {

inline constexpr std::size_t kSealedMax = 64 * 1024;

// What is sealed in that file. The message names it.
Result<SecretBytes> open_sealed(const io::Path& file, std::string_view passphrase);

}  // namespace detente::station
