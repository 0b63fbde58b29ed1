// Accord: what the two sides agree on, as values and as the text that people
// read and sign. spec/accord.md, "Accord".
//
// The text is TOML. Every key is known: an unknown one is refused, at any
// level, so that nothing that people signed is overlooked by a program. The
// writer's text is stable byte for byte; the reader takes other layouts and
// comments too, since the digest is over the text and not over the values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accord/card.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/sign.h"

namespace detente::accord {

inline constexpr std::size_t kAccordTextMax = 64 * 1024;
inline constexpr std::size_t kPathsMax = 32;
inline constexpr std::size_t kLinesMax = 256;
inline constexpr std::size_t kTitleBytesMax = 200;
inline constexpr std::uint32_t kEntryBytes = 1024;  // the one value of version 1
inline constexpr std::string_view kAccordFormat = "detente-accord/1";
inline constexpr std::string_view kSpec = "detente-spec/1";
// What a cosignature says beyond its standard's "consistent, and the largest size seen".
inline constexpr std::string_view kReceiptMeaning = "contents durably stored";

// Of the root key that an accord replaces: how far what it signed counts. spec/accord.md section 5.
struct RetiredRoot {
  std::uint32_t last_bulletin = 0;    // 0..2^32 - 1: none above this one
  std::uint16_t last_credential = 0;  // the same of credentials' numbers
  bool operator==(const RetiredRoot&) const = default;
};

struct AccordSide {
  std::string name;  // equal to the key name of its signature
  crypto::VerifyKey root;
  std::string self;   // what it calls itself
  std::string other;  // what it calls the other
  std::string aead;   // the name of the AEAD of its choice
  Digest aead_vectors{};
  // There in an accord that renews this side's root key, and in no other: of the key before.
  std::optional<RetiredRoot> retired{};
  bool operator==(const AccordSide&) const = default;
};

enum class PathKind { kUdp, kTcp, kSerial, kKiss, kProgram, kCourier, kSheet, kWords };
const char* to_string(PathKind kind);  // "udp", ...

struct AccordPath {
  PathId number;     // 1..255
  std::string name;  // never an address
  PathKind kind = PathKind::kUdp;
  bool operator==(const AccordPath&) const = default;
};

// A line's name stands in its annex alone, so that the accord of a published
// extract names no other line.
struct AccordLine {
  LineId number;
  Digest annex{};
  bool operator==(const AccordLine&) const = default;
};

struct SessionTerms {
  std::uint32_t fresh_handshake_minutes = 120;  // 1..10080
  std::uint32_t rekey_packets = 1u << 20;       // 1..2^30
  std::uint32_t rekey_minutes = 30;             // 1..10080
  std::uint32_t secret_step_hours = 24;         // 1..8760
  std::uint32_t heartbeat_seconds = 20;         // 1..86400
  bool operator==(const SessionTerms&) const = default;
};

struct AccordLimits {
  std::uint32_t entry_bytes = kEntryBytes;
  std::uint32_t queue_entries = 1000;  // waiting on all lines of a pair of stations; 1..1000000
  std::uint32_t document_mib = 256;    // of one document, in 2^20 bytes; 1..1048576
  bool operator==(const AccordLimits&) const = default;
};

struct Accord {
  std::uint32_t version = 1;            // 1, then one more each
  std::optional<Digest> predecessor{};  // nothing in the first
  std::optional<Digest> lineage{};      // digest of the first accord; nothing in the first itself
  std::string title{};
  WallTime not_before{};
  Digest dictionary{};        // of the text dictionary
  std::string seal = "both";  // or the name of the side whose AEAD alone is used both ways
  SessionTerms session{};
  AccordLimits limits{};
  std::array<AccordSide, 2> sides;  // in the order drawn by lot
  std::vector<AccordPath> paths{};  // by number, ascending
  std::vector<AccordLine> lines{};  // by number, ascending; line 0 is the first

  const AccordSide& first() const { return sides[0]; }
  const AccordSide& second() const { return sides[1]; }
  // Nothing for a name that is neither side's.
  const AccordSide* side(std::string_view name) const;
  const AccordSide* side_opposite(std::string_view name) const;
  const AccordPath* path(PathId number) const;
  const AccordPath* path(std::string_view name) const;
  const AccordLine* line(LineId number) const;
  bool seals_both() const { return seal == "both"; }
  bool operator==(const Accord&) const = default;
};

// A first accord between two cards' sides, `first` being the one that the lot
// chose: usual terms, ChaCha20-Poly1305 for both, no paths and no lines yet.
Accord draft_accord(const Card& first, const Card& second);

// Everything that parse_accord asks of the values.
Result<void> check_accord(const Accord& accord);

// The text with its explaining comments. kMalformed or kLimit for values that
// parse_accord would refuse; else parse_accord gives the same values again.
Result<std::string> write_accord(const Accord& accord);

// kLimit above a bound, kUnsupported for another format, spec or suite, kMalformed for the rest;
// the message names line or key. Verifies no signature.
Result<Accord> parse_accord(std::string_view text);

}  // namespace detente::accord
