#include "crypto/verify_memo.h"

#include <cstring>

#include "crypto/hash.h"

namespace detente::crypto {

std::size_t VerifyMemo::FirstBytes::operator()(const Digest& digest) const {
  std::size_t out = 0;
  std::memcpy(&out, digest.data(), sizeof out);
  return out;
}

bool VerifyMemo::verify(const VerifyKey& key, ByteView message, const Signature& signature) {
  const Digest what = sha256({key.bytes(), signature, message});  // the first two of one length each
  if (const auto held = known_.find(what); held != known_.end()) return held->second;
  ++verified_;
  const bool good = key.verify(message, signature);
  if (known_.size() < most_) known_.emplace(what, good);
  return good;
}

}  // namespace detente::crypto
