// What a pair of stations holds for each other, and the first secret's keys.
// spec/session.md sections 1 and 3.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/agree.h"
#include "link/path_keys.h"

namespace detente::link {

using Hint = ByteArray<4>;

// Keys of one direction that stay for the life of the pair.
struct DirectionKeys {
  SecretBytes mac;  // 32 bytes
  Hint hint{};
};
DirectionKeys derive_direction_keys(ByteView psk_0, const std::string& sender_id);

// Keys that stay; the psk itself moves on (accord/secret.h) and is kept by core.
struct PairKeys {
  DirectionKeys ours;    // packets that we send
  DirectionKeys theirs;  // packets that they send
};

struct FirstCounter {
  std::uint16_t epoch = 0;
  std::uint32_t c = 0;
};

// One station's fixed view of a pair.
struct PairConfig {
  bool we_are_first = false;  // our side stands first in the accord's order
  Digest accord{};
  const crypto::AgreeKey* local_static = nullptr;  // borrowed
  crypto::AgreePublic remote_static{};
  Layers send_layers;     // innermost first
  Layers receive_layers;
  std::vector<PathId> paths;
};

}  // namespace detente::link
