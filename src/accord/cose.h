// COSE_Sign1 (RFC 9052 section 4.2) with EdDSA over Ed25519 (RFC 9053 section 2.2): one signature
// over one payload. What credentials, acts of officers and bulletins are signed with.
//
// The structure is parsed as general COSE, in deterministic CBOR only; verification takes EdDSA and
// nothing else, and takes the algorithm from the protected header alone. What stands in the
// unprotected header is authenticated by nobody: it may help to find a key and decides nothing.
// Multi-signer COSE_Sign and countersignatures are not here. spec/credential.md.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/sign.h"

namespace detente::accord {

inline constexpr std::int64_t kCoseEdDsa = -8;
inline constexpr std::uint64_t kCoseSign1Tag = 18;

// The header parameters of RFC 9052 section 3.1 that we know, and all others as encoded CBOR
// (label, value), in ascending order of the labels.
struct CoseHeaders {
  std::optional<std::int64_t> algorithm;  // label 1
  std::optional<Bytes> content_type;      // label 3: encoded CBOR, an unsigned integer or text
  std::optional<Bytes> key_id;            // label 4
  std::vector<std::pair<Bytes, Bytes>> other;
  bool operator==(const CoseHeaders&) const = default;
};

// A map in deterministic CBOR. The caller promises that `other` repeats no label.
Bytes encode_headers(const CoseHeaders& headers);
// kMalformed for labels that are neither integer nor text and for wrong types; kUnsupported for an
// algorithm that is no integer, and for a critical parameter (label 2), of which we know none.
Result<CoseHeaders> decode_headers(ByteView map);

struct CoseSign1 {
  Bytes protected_bytes;  // content of the protected byte string: an encoded map, or nothing
  CoseHeaders protected_headers;
  CoseHeaders unprotected_headers;
  std::optional<Bytes> payload;  // nothing: detached, it travels elsewhere
  Bytes signature;
};

// Whether CBOR tag 18 stands before the array. The caller always knows which of the two its format
// has; accepting either would give one signature two byte strings.
enum class CoseTag { kTagged, kUntagged };

// kMalformed also when a label stands in both headers.
Result<CoseSign1> parse_sign1(ByteView cbor, CoseTag tag);
Bytes encode_sign1(const CoseSign1& message, CoseTag tag);

// Sig_structure (RFC 9052 section 4.4): the bytes that are signed. A protected header that is an
// encoded empty map counts as none, as that section asks.
Bytes sig_structure(ByteView protected_bytes, ByteView external_aad, ByteView payload);

enum class CosePayload { kAttached, kDetached };

// Signs with EdDSA; `protected_headers.algorithm` is set here. `external_aad` is signed and not
// sent.
CoseSign1 sign1(CoseHeaders protected_headers, CoseHeaders unprotected_headers, ByteView payload,
                CosePayload attach, ByteView external_aad, const crypto::SignKey& key);

// kUnsupported unless the protected header names EdDSA; kAuthentication when the signature does not
// fit; kState when the payload is detached. The second form is for a detached payload (kState when
// one is attached: it would stay unverified).
Result<void> verify_sign1(const CoseSign1& message, ByteView external_aad,
                          const crypto::VerifyKey& key);
Result<void> verify_sign1_detached(const CoseSign1& message, ByteView payload,
                                   ByteView external_aad, const crypto::VerifyKey& key);

}  // namespace detente::accord
