// The hand-carried secret and what follows from it. spec/accord.md, "Secret".
//
// Each side makes a hand key and gives it to the other in one room. The root
// that both make of the two stays offline with the root keys; a station gets
// psk_0 of each pair it belongs to and no more, so a captured station opens no
// other's traffic. Chains move forward only: a key that is deleted closes what
// was under it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/civil.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

namespace detente::accord {

inline constexpr std::size_t kHandKeySize = 32;
inline constexpr std::size_t kHandKeyFileMax = 1024;

struct HandKey {
  std::string side;  // whose contribution it is
  Digest accord{};   // digest of the first accord of the lineage
  SecretBytes key;   // 32 bytes
};

HandKey make_hand_key(std::string_view side, const Digest& accord, KeyRandom& random);
// The exchange form: a short text file. A secret, and so not a std::string.
SecretBytes encode_hand_key(const HandKey& hand_key);
// Exactly one spelling. kAuthentication when the check does not fit (a copying error).
Result<HandKey> parse_hand_key(ByteView file);
// kConflict when the file is the other side's, or of another accord.
Result<void> check_hand_key_is_of(const HandKey& hand_key, std::string_view side,
                                  const Digest& accord);

// 33 words, for reading to each other in one room; never over a telephone.
SecretBytes hand_key_words(const HandKey& hand_key);
Result<HandKey> hand_key_from_words(std::string_view side, const Digest& accord,
                                    std::string_view words);

// What both sides compute from the two hand keys. Stays offline.
class SharedRoot {
 public:
  // `first` and `second` in the accord's order. kConflict when the two keys are equal (a side was
  // handed its own back) or the files are of different accords or in the wrong order.
  static Result<SharedRoot> derive(const Digest& lineage, std::string_view first_side,
                                   const HandKey& first, std::string_view second_side,
                                   const HandKey& second);
  // The key of a pair of stations; ids are "side/post", the accord's first side's first.
  SecretBytes psk_0(std::string_view first_station, std::string_view second_station) const;
  // Says nothing about the root and differs when the root does: part of the fingerprint.
  Digest tag() const;

 private:
  explicit SharedRoot(SecretBytes root) : root_(std::move(root)) {}
  SecretBytes root_;
};

// psk_e of a pair: forward only.
class PskChain {
 public:
  static constexpr std::uint16_t kStepsMax = 24;   // that one call looks ahead
  PskChain(std::uint16_t epoch, SecretBytes psk);  // psk: 32 bytes
  std::uint16_t epoch() const { return epoch_; }
  ByteView psk() const { return psk_.view(); }
  // The psk of this or a later epoch, without moving. kNotFound for one that is behind (deleted),
  // kLimit for one that is more than kStepsMax ahead.
  Result<SecretBytes> at(std::uint16_t epoch) const;
  // Moves there and wipes the old one; the same errors.
  Result<void> advance_to(std::uint16_t epoch);

 private:
  std::uint16_t epoch_;
  SecretBytes psk_;
};

// The monthly keys of the leaves' salts. Holds the oldest month that is kept;
// later ones follow from it. Not for use by two threads at once (it remembers
// the last month that was asked for).
class SaltChain {
 public:
  static SaltChain from_psk_0(ByteView psk_0);  // from month 0, January 2020 (base/civil.h)
  static Result<SaltChain> resume(std::uint32_t month,
                                  SecretBytes key);  // as month() and key() gave
  std::uint32_t month() const { return month_; }
  ByteView key() const { return key_.view(); }
  // K of that month. kNotFound below what is kept, kLimit above kMonthMax.
  Result<SecretBytes> period_key(std::uint32_t month) const;
  // Wipes the keys of all months before; at most to kMonthMax. What was salted with them stays
  // closed.
  void forget_before(std::uint32_t month);

 private:
  SaltChain(std::uint32_t month, SecretBytes key);
  std::uint32_t month_;
  SecretBytes key_;
  mutable std::uint32_t recent_month_;
  mutable SecretBytes recent_key_;
};

}  // namespace detente::accord
