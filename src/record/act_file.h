// A grave act as a file, on its way to the officers who sign it: the station
// prepares it or takes it, and sees no key. spec/signing.md section 1.
#pragma once

#include <optional>
#include <string>

#include "record/entry.h"
#include "record/mandate.h"

namespace detente::record {

inline constexpr std::size_t kActFileMax = 4096;  // bytes
inline constexpr std::string_view kActFormat = "detente-act/1";

// What the act refers to, whole and with its salt: its leaf shows that it is that and nothing else.
struct ReferredEntry {
  EntryBytes bytes;
  Salt salt{};
  bool operator==(const ReferredEntry&) const = default;
};

struct ActFile {
  std::string side;         // whose officers sign
  std::string counterpart;  // with whom the accord is
  Digest accord{};
  std::uint32_t accord_version = 1;
  Entry entry;  // without `seen` and the cut epoch: they are no part of what is signed
  std::optional<ReferredEntry> refers_to = {};
  std::optional<MandateFile> mandate = {};  // whose proof stands in the body; for this side's eyes alone
  bool operator==(const ActFile&) const = default;
};

Bytes encode_act_file(const ActFile& file);
// kMalformed for anything that encode_act_file would not have written.
Result<ActFile> parse_act_file(ByteView bytes);

// What two people compare who were shown one act: of everything that each signature covers, but the
// author, who is known only when the first has signed.
Digest act_digest(const ActFile& file);

// The entry that the act refers to. kMalformed unless it is there and is exactly that.
Result<Entry> referred_entry(const ActFile& file);

}  // namespace detente::record
