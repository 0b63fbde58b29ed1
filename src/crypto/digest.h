// The three hash functions of Noise and HMAC over each; for this folder alone.
// Everything above uses hash.h, which is SHA-256 only.
#pragma once

#include <initializer_list>

#include "base/bytes.h"

namespace detente::crypto {

enum class HashKind { kSha256, kSha512, kBlake2s };

inline constexpr std::size_t kHashSizeMax = 64;

std::size_t hash_size(HashKind kind);   // 32 or 64
std::size_t block_size(HashKind kind);  // what HMAC pads its key to: 64 or 128

// Hash of the parts in order, as if joined. `out` is exactly hash_size(kind).
void hash_into(HashKind kind, std::initializer_list<ByteView> parts, MutableBytes out);

// HMAC (RFC 2104). A key of any length; `out` is exactly hash_size(kind) and
// may be one of the parts.
void hmac_into(HashKind kind, ByteView key, std::initializer_list<ByteView> parts,
               MutableBytes out);

}  // namespace detente::crypto
