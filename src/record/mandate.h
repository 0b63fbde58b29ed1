// A mandate: a principal's order to the own side, signed with the own key, citing a letter by its digest. The act that
// follows carries the proof that there is one; its text stays at home. spec/signing.md section 4.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/sign.h"
#include "wire/cbor.h"

namespace detente::record {

// What a side's rule can be of.
enum class GraveAct : std::uint8_t { kCut = 1, kLift = 2, kRestore = 3, kAnnounce = 4 };
inline constexpr GraveAct kGraveActs[] = {GraveAct::kCut, GraveAct::kLift, GraveAct::kRestore, GraveAct::kAnnounce};
const char* to_string(GraveAct act);  // "cut", "lift", "restore", "announce"
std::optional<GraveAct> grave_act_from(std::string_view name);

inline constexpr std::size_t kMandateLinesMax = 64;
inline constexpr std::size_t kMandateFileMax = 1024;  // bytes
inline constexpr std::uint32_t kMandateSecondsMax = 90 * 86400;
inline constexpr std::string_view kMandateFormat = "detente-mandate/1";

// What the act carries: whoever knows the principal's credential sees that such a mandate was signed for this kind of
// act under this accord, and nothing of what it says.
struct MandateProof {
  OfficerId principal;  // number of the credential
  Digest mandate{};
  crypto::Signature signature{};
  bool operator==(const MandateProof&) const = default;
};
void write_mandate_proof(wire::CborWriter& out, const MandateProof& proof);
Result<MandateProof> read_mandate_proof(wire::CborReader& reader);
bool verify_mandate(const MandateProof& proof, const Digest& accord, GraveAct act, const crypto::VerifyKey& key);

struct Mandate {
  std::string side;
  std::string counterpart;
  Digest accord{};
  OfficerId principal;
  GraveAct act = GraveAct::kCut;
  std::vector<LineId> lines = {};  // ascending; none: every line
  Digest letter{};
  WallTime given, valid_until;
  ByteArray<16> nonce{};  // so that nobody finds the text by trying
  bool operator==(const Mandate&) const = default;
};

struct MandateFile {
  Mandate mandate;
  crypto::Signature signature{};
  MandateProof proof() const;
  bool operator==(const MandateFile&) const = default;
};
MandateFile sign_mandate(Mandate mandate, const crypto::SignKey& key);
Bytes encode_mandate_file(const MandateFile& file);
// kMalformed for anything that encode_mandate_file would not have written. Verifies no signature.
Result<MandateFile> parse_mandate_file(ByteView bytes);

}  // namespace detente::record
