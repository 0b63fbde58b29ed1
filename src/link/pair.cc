#include "link/pair.h"

#include "crypto/hash.h"

namespace detente::link {

DirectionKeys derive_direction_keys(ByteView psk_0, const std::string& sender_id) {
  static constexpr std::uint8_t kZero[] = {0};
  DirectionKeys out;
  out.mac = crypto::hkdf_expand(
      psk_0, concat(as_bytes("detente/1 mac"), ByteView(kZero), as_bytes(sender_id)), 32);
  const SecretBytes hint_key = crypto::hkdf_expand(
      psk_0, concat(as_bytes("detente/1 hint"), ByteView(kZero), as_bytes(sender_id)), 32);
  const Digest hint = crypto::hmac_sha256(hint_key.view(), as_bytes("first packet"));
  std::copy_n(hint.begin(), out.hint.size(), out.hint.begin());
  return out;
}

}  // namespace detente::link
