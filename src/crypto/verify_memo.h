// VerifyMemo: remembers how signatures verified. What was signed once is judged again whenever the signer's credentials
// change, and at that only the credentials are new. It answers what VerifyKey::verify() answers, sooner.
#pragma once

#include <unordered_map>

#include "crypto/sign.h"

namespace detente::crypto {

class VerifyMemo {
 public:
  // About 5 MB. The first stay: who writes without end gains nothing by pushing them out.
  static constexpr std::size_t kMost = 65'536;

  explicit VerifyMemo(std::size_t most = kMost) : most_(most) {}

  [[nodiscard]] bool verify(const VerifyKey& key, ByteView message, const Signature& signature);
  std::size_t verified() const { return verified_; }  // how often it had to

 private:
  struct FirstBytes {
    std::size_t operator()(const Digest& digest) const;
  };
  std::size_t most_;
  std::size_t verified_ = 0;
  std::unordered_map<Digest, bool, FirstBytes> known_;  // by key, signature and message
};

}  // namespace detente::crypto
