// What a side's root key signs as COSE_Sign1: one form for credentials and
// bulletins. For this folder alone. spec/credential.md, "Form".
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/sign.h"

namespace detente::accord {

// Tag 18, protected {1: -8, 4: kid of the root}, nothing unprotected, payload attached. `purpose`
// is the external_aad: what is signed for one never passes for the other.
Bytes sign_by_root(ByteView payload, std::string_view purpose, const crypto::SignKey& root);

// The id of the root key that is said to have signed it; nothing checked beyond that.
Result<Bytes> root_named(ByteView bytes);

// The payload. `what` starts every message. kLimit, kMalformed for any other form, kAuthentication
// unless `root` signed it for this purpose.
Result<Bytes> open_by_root(ByteView bytes, std::size_t size_max, std::string_view purpose,
                           std::string_view what, const crypto::VerifyKey& root);

}  // namespace detente::accord
