// Keys of the header's registry (spec/record.md section 2), and the part of it
// that the wire's form shares with the canonical one.
#pragma once

#include "record/entry.h"
#include "wire/cbor.h"
#include "wire/reader.h"

namespace detente::record {

inline constexpr int kVersion = 1;
inline constexpr int kLine = 2;
inline constexpr int kClass = 3;
inline constexpr int kKind = 4;
inline constexpr int kAuthor = 5;
inline constexpr int kTime = 6;
inline constexpr int kSeen = 7;
inline constexpr int kCutEpoch = 8;
inline constexpr int kPrecedence = 9;
inline constexpr int kDue = 10;
inline constexpr int kReplyBy = 11;
inline constexpr int kReferences = 12;
inline constexpr int kAddressees = 13;
inline constexpr int kLabel = 14;
inline constexpr int kCopies = 15;
inline constexpr int kBodyForm = 16;
inline constexpr int kAttachments = 17;
inline constexpr int kSubject = 18;
inline constexpr int kSeenEpoch = 19;  // on the wire only
inline constexpr int kSeenRoot = 20;   // on the wire only

inline constexpr std::size_t kAddresseesMax = 16;

// Keys 10, 11 and 13 to 18, which look alike in both forms.
void write_rare_fields(wire::CborMap& map, const Header& header);
Result<void> read_rare_field(wire::CborReader& reader, std::uint64_t key, Header& header);

}  // namespace detente::record
