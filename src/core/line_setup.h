// What a line's logs need to know of the pair and the accord. Borrowed parts
// outlive every line; the station's configuration owns them.
#pragma once

#include <string>

#include "accord/secret.h"
#include "core/context.h"
#include "core/limits.h"
#include "line/adoption.h"
#include "line/message.h"
#include "wire/coder.h"

namespace detente::core {

struct PairIdentity {
  PeerId peer;
  std::string counterpart;      // name of the other side
  Digest lineage{};
  Digest accord{};
  std::uint32_t accord_version = 1;
  std::string our_station;      // "south/main"
  std::string their_station;
  const crypto::SignKey* log_key = nullptr;
  const crypto::SignKey* cosign_key = nullptr;
  crypto::VerifyKey their_log;
  crypto::VerifyKey their_cosign;
  accord::SaltChain salts;
  const wire::TextCoder* coder = nullptr;
  Limits limits = {};
  // The accord before this one: files made under it are taken until the other side is known to have left it.
  std::optional<Digest> former = std::nullopt;
};

struct LineSetup {
  LineId id;
  std::string name;
  bool provable = true;
  record::Precedence highest = record::Precedence::kFlash;
  std::size_t outbox_max = 1000;
  std::vector<PathId> paths;  // that the accord allows; empty = every one
  bool documents = false;     // may carry them
  bool desk_restores = false; // a restoration of it waits for a word of both sides' desks
  bool log_only = false;      // nothing goes over it by this program, which can test nothing of it
};

// Of those that an accord line without documents carries: a restoration's test, an announced text; and larger, an
// accord's files.
inline constexpr std::size_t kAccordDocumentMax = 16'384;
inline std::size_t accord_document_max(std::string_view media_type) {
  return media_type == line::kBundleMediaType ? line::kBundleMax : kAccordDocumentMax;
}

inline line::LineRules rules_for(const LineSetup& setup, record::Kind kind) {
  const bool always = kind == record::kRestorationTest || kind == record::kProposal || kind == record::kAdoption;
  return {setup.id, setup.name, setup.provable, setup.highest, setup.documents || (always && setup.id == kAccordLine)};
}

}  // namespace detente::core
