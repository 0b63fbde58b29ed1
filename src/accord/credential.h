// Credential: a side's root key says whose a key is. COSE_Sign1 over
// deterministic CBOR. spec/credential.md.
//
// A credential names a post and a number. The person's name is closed: a digest
// with a salt that stays with the own side.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/agree.h"
#include "crypto/sign.h"

namespace detente::accord {

inline constexpr std::size_t kCredentialSizeMax = 2048;
inline constexpr std::size_t kCredentialLinesMax = 256;
inline constexpr std::size_t kPersonBytesMax = 200;

enum class CredentialRole : std::uint8_t { kStation = 1, kOfficer = 2, kPrincipal = 3 };
const char* to_string(CredentialRole role);  // "station", "officer", "principal"

// First 8 bytes of SHA-256 of an Ed25519 public key: COSE's key id of
// credentials and bulletins.
using Kid = ByteArray<8>;
Kid kid_of(const crypto::VerifyKey& key);

struct Credential {
  CredentialRole role = CredentialRole::kOfficer;
  std::string side{};
  std::string post{};               // "main", "duty-officer": wire::check_name
  OfficerId number{};               // from 1, unique in its side over all roles, never used again
  crypto::VerifyKey sign_key;       // a person's signing key; a station's log key
  crypto::AgreePublic agree_key{};  // a person's key for letters; a station's Noise key
  std::optional<crypto::VerifyKey> cosign_key{};  // stations, always; nobody else, ever
  std::optional<std::vector<LineId>> lines{};     // nothing = all; ascending
  WallTime not_before{};
  WallTime not_after{};            // inclusive
  std::optional<Digest> person{};  // persons may; stations never

  bool is_station() const { return role == CredentialRole::kStation; }
  // Policy, not part of parsing: a record of last year verifies under last year's credential.
  bool valid_at(WallTime time) const { return not_before <= time && time <= not_after; }
  bool allows(LineId line) const;
  std::string station_id() const { return side + "/" + post; }
  bool operator==(const Credential&) const = default;
};

// A credential and the exact bytes that the root signed.
struct SignedCredential {
  Credential credential;
  Bytes bytes;
  Digest id() const;  // SHA-256 of the bytes
};

// kMalformed or kLimit for values that parse_credential would refuse.
Result<Bytes> issue_credential(const Credential& credential, const crypto::SignKey& root);

// kAuthentication unless `root` signed it, kConflict when it names another side, kMalformed for any
// other bytes than issue_credential makes of these values.
Result<SignedCredential> parse_credential(ByteView bytes, const crypto::VerifyKey& root,
                                          std::string_view side);

// A closed name: the digest goes into the credential, the opening stays at home.
struct PersonOpening {
  ByteArray<16> salt{};
  std::string name;  // safe text of at most kPersonBytesMax bytes
};
PersonOpening open_person(std::string_view name, KeyRandom& random);
Digest person_digest(const PersonOpening& opening);

}  // namespace detente::accord
