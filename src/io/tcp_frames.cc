#include "io/tcp_frames.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace detente::io {

namespace {

std::size_t length_of(ByteView frame) { return static_cast<std::size_t>(frame[0] << 8 | frame[1]); }

bool is_length(std::size_t length) {
  return length >= kTcpFrameLeast && length <= wire::kPacketBytesMax;
}

}  // namespace

bool TcpFrames::take(ByteView bytes, const std::function<bool(ByteView)>& each) {
  for (;;) {
    // Whole frames where they lie.
    while (held_.empty() && bytes.size() >= kTcpFrameHead) {
      const std::size_t length = length_of(bytes);
      if (!is_length(length)) return false;
      if (bytes.size() < kTcpFrameHead + length) break;
      if (!each(bytes.subspan(kTcpFrameHead, length))) return true;
      bytes = bytes.subspan(kTcpFrameHead + length);
    }
    if (bytes.empty()) return true;
    // One that began before, or ends later.
    const std::size_t whole =
        held_.size() < kTcpFrameHead ? kTcpFrameHead : kTcpFrameHead + length_of(held_);
    const std::size_t part = std::min(whole - held_.size(), bytes.size());
    held_.insert(held_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(part));
    bytes = bytes.subspan(part);
    if (held_.size() < kTcpFrameHead) return true;
    if (!is_length(length_of(held_))) return false;
    if (held_.size() < kTcpFrameHead + length_of(held_)) continue;
    const Bytes frame = std::exchange(held_, {});
    if (!each(ByteView(frame).subspan(kTcpFrameHead))) return true;
  }
}

Bytes tcp_frame(ByteView datagram) {
  DETENTE_CHECK(is_length(datagram.size()));
  Bytes out;
  out.reserve(kTcpFrameHead + datagram.size());
  out.push_back(static_cast<std::uint8_t>(datagram.size() >> 8));
  out.push_back(static_cast<std::uint8_t>(datagram.size()));
  out.insert(out.end(), datagram.begin(), datagram.end());
  return out;
}

}  // namespace detente::io
