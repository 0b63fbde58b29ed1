// An entry as it travels: only what the receiver cannot compute.
// spec/record.md section 7. Stateless: resolving `seen`, references, epoch and
// leaf needs the logs and is done by core.
#pragma once

#include "record/entry.h"

namespace detente::record {

struct WireReference {
  Whose whose = Whose::kAuthors;
  std::optional<EpochId> epoch;  // nothing: the newest known of that log
  std::uint64_t index = 0;
  std::optional<Digest> leaf;  // where the receiver may have lost that entry of its own
  bool operator==(const WireReference&) const = default;
};

// An entry just before the one that overtakes it.
struct Predecessor {
  Digest leaf{};
  Precedence precedence = Precedence::kRoutine;
  bool operator==(const Predecessor&) const = default;
};

struct WireEntry {
  std::uint8_t index_low = 0;
  std::optional<std::uint64_t> index;  // whole, for a receiver that may be far behind
  Header header;  // `seen` and `references` stay empty here; class comes from the frame
  std::uint64_t seen_size = 0;
  std::optional<EpochId> seen_epoch;
  std::optional<Digest> seen_root;  // where the receiver may have lost that part of its own log
  std::vector<WireReference> references;
  std::optional<EpochId> epoch;
  std::vector<Predecessor> predecessors;  // oldest first
  std::vector<OfficerSignature> signatures;
  std::optional<crypto::Signature> checkpoint;
  std::uint8_t coder = 0;
  Bytes coded_body;
  bool operator==(const WireEntry&) const = default;
};

inline constexpr std::size_t kPredecessorsMax = 64;
inline constexpr std::size_t kSignaturesMax = 4;
inline constexpr std::size_t kReferencesMax = 4;

// `base_c`: the counter c of the session's first packet, against which times are small.
Bytes encode_wire_entry(const WireEntry& entry, std::uint32_t base_c);
Result<WireEntry> decode_wire_entry(ByteView body, EntryClass entry_class, std::uint32_t base_c);

// Log state, frame type 3.
struct LogState {
  struct Held {
    EpochId epoch{};
    std::uint64_t size = 0;
    ByteArray<8> root_prefix{};
    bool operator==(const Held&) const = default;
  };
  LineId line;
  bool answer_wanted = false;
  std::optional<Held> mine;
  std::uint64_t receipted = 0;  // of `mine`, up to the newest cosignature that is here
  std::optional<Held> yours;
  std::uint64_t ahead = 0;      // bit i: entry yours->size + i is here or about to be durable
  // Of the receiver's register of this line, while it is not clear as the sender knows it: a disk that went back has
  // forgotten its own cut, and nothing ordinary comes that would name it.
  struct YourCut {
    std::uint64_t cut_epoch = 0;  // the newest
    std::uint8_t media = 0;       // of all that are open; 1 to 7
    std::uint32_t effective = 0;  // the first hour, where none is in force
    bool operator==(const YourCut&) const = default;
  };
  std::optional<YourCut> your_cut = {};
  bool operator==(const LogState&) const = default;
};
Bytes encode_log_state(const LogState& state);
Result<LogState> decode_log_state(ByteView body);

// Cosignature, frame type 4: signed on a provable line, a prefix of the root on a deniable one.
struct WireCosignature {
  LineId line;
  std::uint8_t size_low = 0;
  std::optional<std::pair<WallTime, crypto::Signature>> signed_part;
  ByteArray<8> root_prefix{};  // where signed_part is absent
  bool operator==(const WireCosignature&) const = default;
};
Bytes encode_wire_cosignature(const WireCosignature& cosignature, std::uint32_t base_c);
// Whether it is signed follows from the line's evidence, which only the caller knows.
Result<WireCosignature> decode_wire_cosignature(ByteView body, bool provable, std::uint32_t base_c);

// Values that have their low eight bits in common are so far apart.
inline constexpr std::uint64_t kLow8Span = 256;
// The value nearest to `near` whose low eight bits are `low`; never negative.
std::uint64_t restore_low8(std::uint8_t low, std::uint64_t near);

ByteArray<8> root_prefix(const Digest& root);

}  // namespace detente::record
