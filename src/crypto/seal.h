// Private keys on disk: age files (age-encryption.org/v1) with the scrypt
// recipient, so that the standard `age` program opens them with the passphrase.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

namespace detente::crypto {

// log2 of scrypt's N. 18 costs about half a second and 256 MiB; fewer only in tests, and said so.
inline constexpr int kWorkFactor = 18;
inline constexpr int kWorkFactorMax = 20;  // a file that asks for more is refused (memory)

Bytes seal_with_passphrase(ByteView plain, std::string_view passphrase, int work_factor,
                           KeyRandom& random);
// kDenied for a wrong passphrase, kMalformed for anything that is not one such file, kLimit for a
// work factor above the maximum.
Result<SecretBytes> open_with_passphrase(ByteView file, std::string_view passphrase);

}  // namespace detente::crypto
