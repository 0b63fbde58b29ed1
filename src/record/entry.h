// Entry: one thing that a side said or did on a line. Canonical form and leaf.
// spec/record.md sections 2 to 4.
//
// The canonical bytes are what is hashed and kept for ever; the form on the
// wire (entry_wire.h) is shorter and rebuilt into these.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/sign.h"
#include "crypto/verify_memo.h"

namespace detente::record {

inline constexpr std::size_t kEntryBytesMax = 1024;
inline constexpr std::size_t kLabelBytesMax = 40;
inline constexpr std::size_t kSubjectBytesMax = 120;
inline constexpr std::size_t kMediaTypeBytesMax = 80;
inline constexpr std::size_t kFileNameBytesMax = 100;

// 128 random bits: one life of a disk.
using EpochId = ByteArray<16>;

enum class EntryClass : std::uint8_t { kLive = 0, kDrill = 1, kTest = 2 };
enum class Precedence : std::uint8_t { kRoutine = 0, kPriority = 1, kImmediate = 2, kFlash = 3 };
enum class BodyForm : std::uint8_t { kText = 0, kCode = 1, kPad = 2, kBlob = 3, kCbor = 4 };
enum class Whose : std::uint8_t { kAuthors = 0, kOthers = 1 };

// Kinds are a registry, not a closed enum: an unknown one is kept and cosigned.
using Kind = std::uint16_t;
inline constexpr Kind kMessage = 1;
inline constexpr Kind kPersonReceipt = 2;
inline constexpr Kind kEpochOpening = 3;
inline constexpr Kind kBulletinEntry = 4;
// What stands behind these is in line/watch_acts.h.
inline constexpr Kind kCheckCall = 5;
inline constexpr Kind kPresence = 6;
inline constexpr Kind kOnWatch = 7;
inline constexpr Kind kZoneRules = 8;
inline constexpr Kind kHoursExtension = 9;
inline constexpr Kind kOutage = 10;
inline constexpr Kind kCircuitTest = 11;
inline constexpr Kind kRegister = 12;  // line/register_act.h
inline constexpr Kind kProposal = 13;  // line/proposal.h
inline constexpr Kind kProposalAnswer = 14;
inline constexpr Kind kRestorationTest = 15;    // line/restoration.h
inline constexpr Kind kRestorationReport = 16;
inline constexpr Kind kSuspension = 17;  // line/suspension.h
inline constexpr Kind kRelease = 18;     // line/release.h
inline constexpr Kind kAdoption = 19;    // line/adoption.h

const char* precedence_name(Precedence precedence);  // "routine", "priority", "immediate", "flash"
std::optional<Precedence> precedence_from(std::string_view name);

// How much of a log there is: what `seen`, checkpoints and epochs speak of.
struct LogPosition {
  EpochId epoch{};
  std::uint64_t size = 0;
  Digest root{};
  bool operator==(const LogPosition&) const = default;
};

struct Reference {
  Whose whose = Whose::kAuthors;
  EpochId epoch{};
  std::uint64_t index = 0;
  Digest leaf{};
  bool operator==(const Reference&) const = default;
};

struct Copy {
  Digest accord{};
  Digest content{};
  bool operator==(const Copy&) const = default;
};

// A document that travels outside the log (spec/document.md): `digest` is its root.
struct Attachment {
  Digest digest{};
  std::uint64_t length = 0;
  std::string media_type;
  std::string file_name;  // as its author called it, a hint for saving; may be empty
  bool operator==(const Attachment&) const = default;
};

struct Header {
  LineId line;
  EntryClass entry_class = EntryClass::kLive;
  Kind kind = kMessage;
  OfficerId author = kStationItself;
  WallTime time;
  std::optional<LogPosition> seen;
  std::uint64_t cut_epoch = 0;
  Precedence precedence = Precedence::kRoutine;
  std::optional<WallTime> due;
  std::optional<WallTime> reply_by;
  std::vector<Reference> references;
  std::vector<std::string> action;  // addressees by post; both empty = the line's desk
  std::vector<std::string> info;
  std::string label;
  std::vector<Copy> copies;
  BodyForm body_form = BodyForm::kText;
  std::vector<Attachment> attachments;
  std::string subject;
  bool operator==(const Header&) const = default;
};

// The whole header, or the part that an officer signs (without `seen` and the
// cut epoch, which the station fills in when the entry gets its index).
enum class HeaderPart { kWhole, kIntent };
Bytes encode_header(const Header& header, HeaderPart part = HeaderPart::kWhole);
Result<Header> decode_header(ByteView cbor);

// An officer's COSE_Sign1 over an intent. spec/record.md section 5.
struct OfficerSignature {
  OfficerId officer;  // its number is the COSE kid: two bytes, big-endian
  std::uint64_t counter = 0;
  std::uint32_t accord_version = 1;
  crypto::Signature signature{};
  bool operator==(const OfficerSignature&) const = default;
};

struct Entry {
  Header header;
  Bytes body;
  std::vector<OfficerSignature> signatures;
  bool operator==(const Entry&) const = default;
};

// The three canonical byte strings.
struct EntryBytes {
  Bytes header;
  Bytes body;        // CBOR byte string
  Bytes signatures;  // CBOR array
  std::size_t size() const { return header.size() + body.size() + signatures.size(); }
  bool operator==(const EntryBytes&) const = default;
};
EntryBytes encode_entry(const Entry& entry);
// kMalformed for anything that encode_entry would not have written, kLimit above kEntryBytesMax.
Result<Entry> decode_entry(const EntryBytes& bytes);

using Salt = ByteArray<16>;
Digest inner_hash(const Salt& salt, ByteView body, ByteView signatures);
Digest leaf_from_inner(ByteView header, const Digest& inner);
Digest leaf_of(const EntryBytes& bytes, const Salt& salt);
// K_m of the entry's month, the log's origin, the entry's index.
Salt salt_for(ByteView period_key, const std::string& origin, std::uint64_t index);

// Makes and checks officers' signatures.
OfficerSignature sign_entry(const Header& header, ByteView body, const Digest& accord,
                            std::uint32_t accord_version, OfficerId officer, std::uint64_t counter,
                            const crypto::SignKey& key);
bool verify_officer(const Header& header, ByteView body, const Digest& accord,
                    const OfficerSignature& signature, const crypto::VerifyKey& key, crypto::VerifyMemo* memo = nullptr);

// The log's name in every checkpoint. spec/record.md section 1.
std::string log_origin(const Digest& lineage, LineId line, const std::string& station_id,
                       const EpochId& epoch);

}  // namespace detente::record
