#include "wire/frame.h"

#include "wire/reader.h"

namespace detente::wire {

namespace {

constexpr std::uint8_t kCritical = 0x80;

bool known(std::uint8_t type) {
  switch (static_cast<FrameType>(type)) {
    case FrameType::kEntry:
    case FrameType::kFragment:
    case FrameType::kLogState:
    case FrameType::kCosignature:
    case FrameType::kProbe:
    case FrameType::kCover:
    case FrameType::kBulletin:
    case FrameType::kBlobChunk:
    case FrameType::kClose:
    case FrameType::kPathAck:
    case FrameType::kContact:
      return true;
    case FrameType::kVoice:
    case FrameType::kKeyExchange:
      return false;
  }
  return false;
}

}  // namespace

std::size_t frame_size(const Frame& frame) {
  return 1 + varint_size(frame.body.size() + 1) + frame.body.size();
}

Bytes encode_frames(const std::vector<Frame>& frames) {
  Bytes out;
  std::size_t size = 0;
  for (const Frame& frame : frames) size += frame_size(frame);
  out.reserve(size);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const Frame& frame = frames[i];
    out.push_back(static_cast<std::uint8_t>((frame.critical ? kCritical : 0u) |
                                            (static_cast<unsigned>(frame.frame_class) << 5) |
                                            static_cast<unsigned>(frame.type)));
    append_varint(out, i + 1 == frames.size() ? 0 : frame.body.size() + 1);
    append(out, frame.body);
  }
  return out;
}

ParsedFrames parse_frames(ByteView payload) {
  ParsedFrames out;
  ByteReader reader(payload);
  while (!reader.empty()) {
    const std::uint8_t head = *reader.u8();
    const std::uint8_t type = head & 0x1f;
    const std::uint8_t frame_class = (head >> 5) & 0x03;
    const bool critical = (head & kCritical) != 0;
    const Result<std::uint64_t> length = reader.varint();
    if (!length) {
      out.fault = length.error();
      return out;
    }
    Result<ByteView> body = *length == 0 ? reader.take(reader.left()) : reader.take(*length - 1);
    if (!body) {
      out.fault = body.error();
      return out;
    }
    if (frame_class > 2 || !known(type)) {
      if (!critical) continue;
      out.fault = Error{Fault::kUnsupported, "a critical frame of type " + std::to_string(type) +
                                                 " that this version does not know"};
      return out;
    }
    out.frames.push_back({static_cast<FrameType>(type), static_cast<FrameClass>(frame_class),
                          critical, to_bytes(*body)});
  }
  return out;
}

}  // namespace detente::wire
