// An officer of the own side: the sealed keys, and beside them what may be read
// without the passphrase.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "accord/credential.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/agree.h"
#include "crypto/sign.h"

namespace detente::station {

// officers/<name>.toml
struct OfficerFile {
  std::string name;  // "kim": how the own side calls the key; never leaves it
  OfficerId number;  // of the credential
  std::string post;  // "duty-officer"
  accord::CredentialRole role = accord::CredentialRole::kOfficer;
  std::optional<accord::PersonOpening> person;  // opens the credential's closed name
  std::uint32_t last_counter = 0;               // of a signature; 0 before the first
};
Result<std::string> write_officer(const OfficerFile& officer);
Result<OfficerFile> parse_officer(std::string_view text);

// What officers/<name>.age holds: Ed25519 seed 32 ‖ X25519 private key 32.
struct OfficerKeys {
  crypto::SignKey sign;
  crypto::AgreeKey agree;
};
OfficerKeys make_officer_keys(KeyRandom& random);
SecretBytes encode_officer_keys(const OfficerKeys& keys);
Result<OfficerKeys> parse_officer_keys(ByteView plain);

}  // namespace detente::station
