// Frames: what a packet carries once it is open. spec/packet.md section 4.
// Stateless; what a frame means belongs to the layers above.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace detente::wire {

enum class FrameType : std::uint8_t {
  kEntry = 1,
  kFragment = 2,
  kLogState = 3,
  kCosignature = 4,
  kBlobChunk = 5,
  kVoice = 6,        // reserved
  kProbe = 7,
  kCover = 8,
  kBulletin = 9,
  kKeyExchange = 10,  // reserved
  kClose = 11,
  kPathAck = 12,
  kContact = 13,
};

// Live, drill or test, in the frame as in the signed entry: a test cannot turn
// into the real thing anywhere between the wire and the screen.
enum class FrameClass : std::uint8_t { kLive = 0, kDrill = 1, kTest = 2 };

struct Frame {
  FrameType type = FrameType::kCover;
  FrameClass frame_class = FrameClass::kLive;
  bool critical = false;
  Bytes body;
};

// Bytes that it takes in a payload, at most (the last one of a payload may take less).
std::size_t frame_size(const Frame& frame);

// A packet's payload. The last frame's length is left out.
Bytes encode_frames(const std::vector<Frame>& frames);

// What a receiver makes of a payload: the frames that it can read, in order,
// without the unknown ones that may be skipped. A fault (malformed, or an unknown
// critical frame) drops the rest and is named; what came before stands.
struct ParsedFrames {
  std::vector<Frame> frames;
  std::optional<Error> fault;
};
ParsedFrames parse_frames(ByteView payload);

}  // namespace detente::wire
