#include "crypto/seal.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/check.h"
#include "crypto/aead.h"
#include "crypto/age.h"

namespace detente::crypto {

namespace {

constexpr std::string_view kType = "scrypt";
constexpr std::string_view kSaltLabel = "age-encryption.org/v1/scrypt";
constexpr std::size_t kSaltSize = 16;
constexpr std::size_t kWrappedSize = kAgeFileKeySize + kAeadTagSize;

// r = 8, p = 1. OpenSSL refuses more than 32 MiB unless it is told.
std::optional<SecretBytes> derive(std::string_view passphrase, ByteView salt, int work_factor) {
  constexpr std::uint64_t kBlock = 8;
  const std::uint64_t n = std::uint64_t{1} << work_factor;
  const std::uint64_t memory_max = 128 * kBlock * (n + 64) + (1 << 20);
  const Bytes labelled = concat(as_bytes(kSaltLabel), salt);
  SecretBytes key(kAeadKeySize);
  const int ok =
      EVP_PBE_scrypt(passphrase.data(), passphrase.size(), labelled.data(), labelled.size(), n,
                     kBlock, 1, memory_max, key.mutable_view().data(), key.size());
  ERR_clear_error();
  if (ok != 1) return std::nullopt;
  return key;
}

AeadKey wrapping_key(const SecretBytes& key) {
  const auto algorithm = AeadAlgorithm::load("ChaCha20-Poly1305");
  DETENTE_CHECK(algorithm.has_value());
  return AeadKey(*algorithm, key.view());
}

// One key seals one file key, so the number is always zero.
constexpr ByteArray<kAeadNonceSize> kWrapNonce{};

// Decimal, from 1, no leading zero and no sign; 0 for anything else. Numbers
// that no machine could do come out as INT_MAX.
int parse_work_factor(std::string_view text) {
  if (text.empty() || text.front() == '0' ||
      text.find_first_not_of("0123456789") != std::string_view::npos) {
    return 0;
  }
  if (text.size() > 2) return INT32_MAX;
  int value = 0;
  for (char c : text) value = value * 10 + (c - '0');
  return value;
}

struct Wrapped {
  ByteArray<kSaltSize> salt;
  int work_factor;
  ByteView file_key;
};

// The header's only stanza: a second recipient beside a passphrase would let
// who knows the one forge for the other, so age forbids it.
Result<Wrapped> find_stanza(const AgeHeader& header) {
  const AgeStanza& stanza = header.stanzas.front();
  if (header.stanzas.size() != 1 || stanza.arguments.front() != kType) {
    return fail(Fault::kMalformed, "this age file is not sealed with a passphrase alone");
  }
  const auto& arguments = stanza.arguments;
  const auto bytes = arguments.size() == 3 ? from_age_base64(arguments[1]) : std::nullopt;
  const auto salt = bytes ? to_array<kSaltSize>(*bytes) : std::nullopt;
  const int work_factor = arguments.size() == 3 ? parse_work_factor(arguments[2]) : 0;
  if (!salt || work_factor == 0 || stanza.body.size() != kWrappedSize) {
    return fail(Fault::kMalformed, "age file, line 2: not a proper scrypt stanza");
  }
  if (work_factor > kWorkFactorMax) {
    return fail(Fault::kLimit, "age file: its work factor is " + arguments[2] + ", above " +
                                   std::to_string(kWorkFactorMax) +
                                   ", and would take too much memory; seal it again with less");
  }
  return Wrapped{*salt, work_factor, stanza.body};
}

}  // namespace

AgeBeginning begin_age_file(std::string_view passphrase, int work_factor, KeyRandom& random) {
  DETENTE_CHECK(work_factor >= 1 && work_factor <= kWorkFactorMax);
  AgeBeginning out;
  out.file_key = SecretBytes(kAgeFileKeySize);
  random.fill(out.file_key.mutable_view());
  const auto salt = random.array<kSaltSize>();
  const auto key = derive(passphrase, salt, work_factor);
  DETENTE_CHECK(key.has_value());
  AgeStanza stanza{{std::string(kType), to_age_base64(salt), std::to_string(work_factor)},
                   wrapping_key(*key).seal(kWrapNonce, {}, out.file_key.view())};
  out.header = write_age_stanzas({std::move(stanza)});
  append(out.header, write_age_mac(Bytes(out.header), out.file_key.view()));
  return out;
}

Result<OpenedAgeHeader> open_age_header(ByteView beginning, std::string_view passphrase) {
  DETENTE_TRY(header, parse_age_header(beginning));
  DETENTE_TRY(wrapped, find_stanza(header));
  const auto key = derive(passphrase, wrapped.salt, wrapped.work_factor);
  if (!key) {
    return fail(Fault::kLimit,
                "age file: not enough memory to derive its key (" +
                    std::to_string((std::uint64_t{1} << wrapped.work_factor) / 1024) + " MiB)");
  }
  auto opened = wrapping_key(*key).open(kWrapNonce, {}, wrapped.file_key);
  if (!opened) return fail(Fault::kDenied, "wrong passphrase");
  SecretBytes file_key(std::move(*opened));
  if (!check_age_mac(header, file_key.view())) {
    return fail(Fault::kMalformed, "age file: its header was changed; use another copy");
  }
  return OpenedAgeHeader{header.size, std::move(file_key)};
}

Bytes seal_with_passphrase(ByteView plain, std::string_view passphrase, int work_factor,
                           KeyRandom& random) {
  AgeBeginning begun = begin_age_file(passphrase, work_factor, random);
  const auto nonce = random.array<kAgeNonceSize>();
  Bytes out = std::move(begun.header);
  append(out, seal_age_payload(plain, begun.file_key.view(), nonce));
  return out;
}

Result<SecretBytes> open_with_passphrase(ByteView file, std::string_view passphrase) {
  DETENTE_TRY(opened, open_age_header(file, passphrase));
  return open_age_payload(file.subspan(opened.size), opened.file_key.view());
}

}  // namespace detente::crypto
