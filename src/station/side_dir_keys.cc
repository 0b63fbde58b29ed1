#include "station/side_dir_keys.h"

#include <algorithm>

#include "base/check.h"
#include "wire/cbor.h"
#include "wire/text.h"

namespace detente::station {
namespace {

constexpr std::string_view kStationKeyFormat = "detente-station-key/1";
constexpr std::string_view kPairFormat = "detente-pair/1";
constexpr std::size_t kKeySize = 32;
const Bytes kNoKey(kKeySize);  // where a key will stand

// Secrets are put in last, at their places, so that the buffers that grow while
// CBOR is written never held one. They are the map's last values.
SecretBytes with_keys(Bytes file, std::initializer_list<ByteView> keys) {
  constexpr std::size_t kItem = 3 + kKeySize;  // map key, head 58 20, value
  std::size_t at = file.size() - keys.size() * kItem;
  for (const ByteView key : keys) {
    DETENTE_CHECK(key.size() == kKeySize);
    std::copy(key.begin(), key.end(), file.begin() + static_cast<std::ptrdiff_t>(at + 3));
    at += kItem;
  }
  return SecretBytes(std::move(file));
}

// Reads a map whose keys are known and ascend; the first error stays.
class KeyFileReader {
 public:
  KeyFileReader(ByteView file, std::string_view format) : reader_(file) {
    auto pairs = reader_.map();
    note(pairs);
    left_ = pairs ? *pairs : 0;
    if (text(0) != format) wrong();
  }
  // Whether the next key is this one; `must`: else it is an error.
  bool key(std::uint64_t number, bool must = true) {
    if (!good_ || left_ == 0) return must ? wrong() : false;
    if (peeked_ < 0) {
      const auto next = reader_.uint();
      note(next);
      if (!next || *next > 100) return wrong();
      peeked_ = static_cast<int>(*next);
    }
    if (static_cast<std::uint64_t>(peeked_) != number) return must ? wrong() : false;
    peeked_ = -1;
    --left_;
    return true;
  }
  std::string text(std::uint64_t number) {
    if (!key(number)) return {};
    const auto value = reader_.text();
    note(value);
    return value ? std::string(*value) : std::string();
  }
  std::uint64_t uint(std::uint64_t number, std::uint64_t max) {
    if (!key(number)) return 0;
    const auto value = reader_.uint();
    note(value);
    if (!value || *value > max) return wrong();
    return *value;
  }
  ByteView bytes(std::uint64_t number, std::size_t size) {
    return key(number) ? value(size) : ByteView();
  }
  std::optional<ByteView> bytes_or_nothing(std::uint64_t number, std::size_t size) {
    if (!key(number, false)) return std::nullopt;
    return value(size);
  }
  Result<void> finish() {
    if (good_ && (left_ != 0 || !reader_.expect_end())) wrong();
    if (good_) return {};
    return fail(Fault::kMalformed,
                "is damaged, or no such file of this version; take it from a backup, or make the "
                "keys again");
  }

 private:
  template <typename T>
  void note(const Result<T>& result) {
    good_ = good_ && result.has_value();
  }
  bool wrong() { return good_ = false; }
  ByteView value(std::size_t size) {
    const auto bytes = reader_.bytes();
    note(bytes);
    if (!good_ || bytes->size() != size) {
      wrong();
      return {};
    }
    return *bytes;
  }

  wire::CborReader reader_;
  std::size_t left_ = 0;
  int peeked_ = -1;
  bool good_ = true;
};

Result<void> check_station_id(const std::string& id) {
  const std::size_t slash = id.find('/');
  if (slash != std::string::npos && wire::check_name(id.substr(0, slash)) &&
      wire::check_name(id.substr(slash + 1)))
    return {};
  return fail(Fault::kMalformed, "names no station; make the link again");
}

}  // namespace

StationKeys make_station_keys(OfficerId number, KeyRandom& random) {
  auto log = crypto::SignKey::generate(random);
  auto cosign = crypto::SignKey::generate(random);
  auto noise = crypto::AgreeKey::generate(random);
  return {number, std::move(log), std::move(cosign), std::move(noise)};
}

SecretBytes encode_station_keys(const StationKeys& keys) {
  wire::CborWriter writer;
  writer.map(5).uint(0).text(kStationKeyFormat).uint(1).uint(keys.number.value);
  writer.uint(2).bytes(kNoKey).uint(3).bytes(kNoKey).uint(4).bytes(kNoKey);
  return with_keys(writer.take(),
                   {keys.log.seed(), keys.cosign.seed(), keys.noise.private_bytes()});
}

Result<StationKeys> parse_station_keys(ByteView file) {
  KeyFileReader reader(file, kStationKeyFormat);
  const auto number = static_cast<std::uint16_t>(reader.uint(1, 0xffff));
  const ByteView log_seed = reader.bytes(2, kKeySize);
  const ByteView cosign_seed = reader.bytes(3, kKeySize);
  const ByteView noise_private = reader.bytes(4, kKeySize);
  DETENTE_TRY_VOID(reader.finish());
  DETENTE_TRY(log, crypto::SignKey::from_seed(log_seed));
  DETENTE_TRY(cosign, crypto::SignKey::from_seed(cosign_seed));
  DETENTE_TRY(noise, crypto::AgreeKey::from_private(noise_private));
  return StationKeys{OfficerId{number}, std::move(log), std::move(cosign), std::move(noise)};
}

PairFile derive_pair(const accord::SharedRoot& root, const Digest& lineage,
                     std::string_view our_station, std::string_view their_station,
                     bool we_are_first) {
  SecretBytes psk_0 = we_are_first ? root.psk_0(our_station, their_station)
                                   : root.psk_0(their_station, our_station);
  const auto salts = accord::SaltChain::from_psk_0(psk_0.view());
  PairFile pair;
  pair.lineage = lineage;
  pair.our_station = our_station;
  pair.their_station = their_station;
  pair.keys.ours = link::derive_direction_keys(psk_0.view(), pair.our_station);
  pair.keys.theirs = link::derive_direction_keys(psk_0.view(), pair.their_station);
  pair.salt_month = salts.month();
  pair.salt_key = SecretBytes::copy_of(salts.key());
  pair.psk_0 = std::move(psk_0);
  return pair;
}

SecretBytes encode_pair(const PairFile& pair) {
  wire::CborWriter writer;
  writer.map(pair.psk_0 ? 11 : 10).uint(0).text(kPairFormat).uint(1).bytes(pair.lineage);
  writer.uint(2).text(pair.our_station).uint(3).text(pair.their_station);
  writer.uint(4).uint(pair.salt_month);
  writer.uint(5).bytes(pair.keys.ours.hint).uint(6).bytes(pair.keys.theirs.hint);
  writer.uint(7).bytes(kNoKey).uint(8).bytes(kNoKey).uint(9).bytes(kNoKey);
  if (pair.psk_0) writer.uint(10).bytes(kNoKey);
  const ByteView ours = pair.keys.ours.mac.view(), theirs = pair.keys.theirs.mac.view();
  const ByteView salt = pair.salt_key.view();
  if (!pair.psk_0) return with_keys(writer.take(), {salt, ours, theirs});
  return with_keys(writer.take(), {salt, ours, theirs, pair.psk_0->view()});
}

Result<PairFile> parse_pair(ByteView file) {
  KeyFileReader reader(file, kPairFormat);
  PairFile pair;
  const ByteView lineage = reader.bytes(1, 32);
  pair.our_station = reader.text(2);
  pair.their_station = reader.text(3);
  pair.salt_month = static_cast<std::uint32_t>(reader.uint(4, kMonthMax));
  const ByteView our_hint = reader.bytes(5, 4);
  const ByteView their_hint = reader.bytes(6, 4);
  const ByteView salt = reader.bytes(7, kKeySize);
  const ByteView our_mac = reader.bytes(8, kKeySize);
  const ByteView their_mac = reader.bytes(9, kKeySize);
  const auto psk_0 = reader.bytes_or_nothing(10, kKeySize);
  DETENTE_TRY_VOID(reader.finish());
  DETENTE_TRY_VOID(check_station_id(pair.our_station));
  DETENTE_TRY_VOID(check_station_id(pair.their_station));
  pair.lineage = *to_array<32>(lineage);
  pair.keys.ours = {SecretBytes::copy_of(our_mac), *to_array<4>(our_hint)};
  pair.keys.theirs = {SecretBytes::copy_of(their_mac), *to_array<4>(their_hint)};
  pair.salt_key = SecretBytes::copy_of(salt);
  if (psk_0) pair.psk_0 = SecretBytes::copy_of(*psk_0);
  return pair;
}

}  // namespace detente::station
