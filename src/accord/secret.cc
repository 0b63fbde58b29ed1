#include "accord/secret.h"

#include <algorithm>

#include "accord/words.h"
#include "base/check.h"
#include "crypto/hash.h"

namespace detente::accord {
namespace {

constexpr std::uint8_t kZero[] = {0};
constexpr std::size_t kKeySize = 32;

SecretBytes expand(ByteView key, ByteView info) { return crypto::hkdf_expand(key, info, kKeySize); }
SecretBytes expand(ByteView key, std::string_view label) { return expand(key, as_bytes(label)); }

SecretBytes next_psk(ByteView psk) { return expand(psk, "detente/1 psk next"); }
SecretBytes next_salt_key(ByteView key) { return expand(key, "detente/1 salt next"); }

}  // namespace

Result<SharedRoot> SharedRoot::derive(const Digest& lineage, std::string_view first_side,
                                      const HandKey& first, std::string_view second_side,
                                      const HandKey& second) {
  DETENTE_TRY_VOID(check_hand_key_is_of(first, first_side, lineage));
  DETENTE_TRY_VOID(check_hand_key_is_of(second, second_side, lineage));
  if (crypto::equal_secret(first.key.view(), second.key.view()))
    return fail(Fault::kConflict,
                "hand keys: both sides' are the same, so one was handed back its own; make new "
                "ones and exchange them again");
  SecretBytes input(2 * kHandKeySize);
  std::copy_n(first.key.view().begin(), kHandKeySize, input.mutable_view().begin());
  std::copy_n(second.key.view().begin(), kHandKeySize, input.mutable_view().begin() + kHandKeySize);
  const SecretBytes extracted = crypto::hkdf_extract(lineage, input.view());
  return SharedRoot(expand(extracted.view(), "detente/1 root"));
}

SecretBytes SharedRoot::psk_0(std::string_view first_station,
                              std::string_view second_station) const {
  return expand(root_.view(),
                concat(as_bytes("detente/1 psk"), ByteView(kZero), as_bytes(first_station),
                       ByteView(kZero), as_bytes(second_station)));
}

Digest SharedRoot::tag() const {
  return *to_array<32>(expand(root_.view(), "detente/1 fingerprint").view());
}

PskChain::PskChain(std::uint16_t epoch, SecretBytes psk) : epoch_(epoch), psk_(std::move(psk)) {
  DETENTE_CHECK(psk_.size() == kKeySize);
}

Result<SecretBytes> PskChain::at(std::uint16_t epoch) const {
  if (epoch < epoch_)
    return fail(Fault::kNotFound, "psk: epoch " + std::to_string(epoch) +
                                      " is past and its key deleted; the present one is " +
                                      std::to_string(epoch_));
  const int steps = epoch - epoch_;
  if (steps > kStepsMax)
    return fail(Fault::kLimit, "psk: epoch " + std::to_string(epoch) + " is more than " +
                                   std::to_string(kStepsMax) + " ahead of " +
                                   std::to_string(epoch_));
  SecretBytes out = psk_.clone();
  for (int i = 0; i < steps; ++i) out = next_psk(out.view());
  return out;
}

Result<void> PskChain::advance_to(std::uint16_t epoch) {
  DETENTE_TRY(psk, at(epoch));
  psk_ = std::move(psk);
  epoch_ = epoch;
  return {};
}

SaltChain::SaltChain(std::uint32_t month, SecretBytes key)
    : month_(month), key_(std::move(key)), recent_month_(month), recent_key_(key_.clone()) {
  DETENTE_CHECK(key_.size() == kKeySize && month_ <= kMonthMax);
}

SaltChain SaltChain::from_psk_0(ByteView psk_0) {
  return SaltChain(0, expand(psk_0, "detente/1 salt"));
}

Result<SaltChain> SaltChain::resume(std::uint32_t month, SecretBytes key) {
  if (key.size() != kKeySize || month > kMonthMax)
    return fail(Fault::kMalformed, "salt key: not a month's number and 32 bytes");
  return SaltChain(month, std::move(key));
}

Result<SecretBytes> SaltChain::period_key(std::uint32_t month) const {
  if (month < month_)
    return fail(Fault::kNotFound, "salt key: month " + std::to_string(month) +
                                      " was deleted by the retention rule; the oldest kept is " +
                                      std::to_string(month_));
  if (month > kMonthMax)
    return fail(Fault::kLimit, "salt key: month " + std::to_string(month) + " is after 2106");
  if (month < recent_month_) {
    recent_month_ = month_;
    recent_key_ = key_.clone();
  }
  for (; recent_month_ < month; ++recent_month_) recent_key_ = next_salt_key(recent_key_.view());
  return recent_key_.clone();
}

void SaltChain::forget_before(std::uint32_t month) {
  const std::uint32_t target = std::min(month, kMonthMax);
  if (target <= month_) return;
  for (; month_ < target; ++month_) key_ = next_salt_key(key_.view());
  if (recent_month_ < month_) {
    recent_month_ = month_;
    recent_key_ = key_.clone();
  }
}

}  // namespace detente::accord
