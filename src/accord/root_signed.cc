#include "accord/root_signed.h"

#include "accord/cose.h"
#include "accord/credential.h"

namespace detente::accord {
namespace {

CoseHeaders headers_of(const crypto::VerifyKey& root) {
  CoseHeaders headers;
  headers.algorithm = kCoseEdDsa;
  const Kid kid = kid_of(root);
  headers.key_id = Bytes(kid.begin(), kid.end());
  return headers;
}

}  // namespace

Bytes sign_by_root(ByteView payload, std::string_view purpose, const crypto::SignKey& root) {
  return encode_sign1(sign1(headers_of(root.verify_key()), {}, payload, CosePayload::kAttached,
                            as_bytes(purpose), root),
                      CoseTag::kTagged);
}

Result<Bytes> root_named(ByteView bytes) {
  DETENTE_TRY(message, parse_sign1(bytes, CoseTag::kTagged));
  return message.protected_headers.key_id.value_or(Bytes());
}

Result<Bytes> open_by_root(ByteView bytes, std::size_t size_max, std::string_view purpose,
                           std::string_view what, const crypto::VerifyKey& root) {
  const std::string name(what);
  if (bytes.size() > size_max)
    return fail(Fault::kLimit,
                name + ": larger than " + std::to_string(size_max) + " bytes; this cannot be one");
  auto message = parse_sign1(bytes, CoseTag::kTagged);
  if (!message) return fail_at(name, message.error());
  if (!message->payload) return fail(Fault::kMalformed, name + ": it has no content");
  const CoseHeaders expected = headers_of(root);
  if (message->protected_headers.key_id != expected.key_id)
    return fail(Fault::kAuthentication,
                name +
                    ": signed by another root key than the side's in this accord; ask the side for "
                    "one under its present root key");
  // Nothing else may stand in the headers: it would be room that no program reads.
  if (message->protected_headers != expected || message->unprotected_headers != CoseHeaders{})
    return fail(Fault::kMalformed,
                name + ": its COSE headers are not the algorithm and key id alone");
  if (!verify_sign1(*message, as_bytes(purpose), root))
    return fail(Fault::kAuthentication,
                name +
                    ": the root's signature does not fit, so a byte of it was changed; ask for it "
                    "again");
  return std::move(*message->payload);
}

}  // namespace detente::accord
