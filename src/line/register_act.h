// Kind 12, on the accord line: what its author's registers of some lines say from now on. spec/record.md
// section 3, spec/cut.md.
//
// A register is owned by one side, is of one line, and says cut or clear; its cut epoch counts the cuts.
// Only its owner writes it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "record/entry.h"
#include "record/mandate.h"
#include "wire/cbor.h"

namespace detente::line {

inline constexpr std::size_t kCutLinesMax = 16;
inline constexpr std::size_t kCutReasonMax = 400;  // bytes
inline constexpr std::uint32_t kAnnouncedSecondsMax = 72 * 3600;

// What a line carries, as bits.
using MediaMask = std::uint8_t;
inline constexpr MediaMask kText = 1, kDocument = 2, kVoice = 4, kAllMedia = 7;
// "all of it", "documents", "text and voice".
std::string media_words(MediaMask media);
// By the accord's names: "text", "document", "voice".
std::optional<MediaMask> medium_from(std::string_view name);

struct RegisterOf {
  LineId line;
  std::uint64_t cut_epoch = 0;  // of a cut: one more than before; of a clear: that of the cut which it ends
  bool operator==(const RegisterOf&) const = default;
};

// 1 to 16, ascending, each once; never the accord line.
void write_registers(wire::CborWriter& out, const std::vector<RegisterOf>& lines);
Result<std::vector<RegisterOf>> read_registers(wire::CborReader& reader);

struct CutAct {
  std::vector<RegisterOf> lines;  // ascending, each once
  MediaMask media = kAllMedia;
  std::optional<WallTime> effective;  // by its author's clock; nothing: at once
  std::string reason;                 // empty: withheld
  // While every line of the accord is cut so, this side sends and answers nothing at all: not a heartbeat, not a receipt.
  bool dark = false;  // of all media only
  std::optional<record::MandateProof> mandate = {};
  bool operator==(const CutAct&) const = default;
};

enum class ClearGround : std::uint8_t { kLifted = 0, kRestored = 1 };
struct ClearAct {
  std::vector<RegisterOf> lines;
  ClearGround ground = ClearGround::kLifted;
  std::optional<record::MandateProof> mandate = {};
  bool operator==(const ClearAct&) const = default;
};

Bytes cut_body(const CutAct& act);
Bytes clear_body(const ClearAct& act);

struct RegisterAct {  // one of the two
  std::optional<CutAct> cut;
  std::optional<ClearAct> clear;
  const std::vector<RegisterOf>& lines() const { return cut ? cut->lines : clear->lines; }
};
// kMalformed for what the two above would not have written.
Result<RegisterAct> parse_register_body(ByteView body);

// Whether its hour, where it names one, is at most 72 h after its own time: one that is farther off counts for nothing,
// whoever wrote it.
bool names_an_hour_in_reach(const RegisterAct& act, WallTime signed_at);

// What a desk may write: kMalformed (form, another line than the accord line), kDenied (no signature, but under the end of a restoration, which the station writes), kLimit (an
// hour that is not within 72 h after `entry`'s own time).
Result<void> check_register_act(const record::Entry& entry);

}  // namespace detente::line
