// TcpFrames: datagrams out of a stream, wherever it was cut. spec/packet.md section 8.
//
// Holds at most one unfinished frame. Stateless towards the rest: who may speak is not its business.
#pragma once

#include <functional>

#include "base/bytes.h"
#include "wire/packet.h"

namespace detente::io {

inline constexpr std::size_t kTcpFrameHead = 2;
// The least that could be a packet; anything shorter is noise.
inline constexpr std::size_t kTcpFrameLeast = 4;

class TcpFrames {
 public:
  // Calls `each` for every datagram that is complete now, until it gives false. False when a length
  // is none of ours: the stream is worth nothing from there on.
  [[nodiscard]] bool take(ByteView bytes, const std::function<bool(ByteView)>& each);

 private:
  Bytes held_;  // the beginning of a frame
};

// The frame of a datagram of kTcpFrameLeast to kPacketBytesMax bytes.
Bytes tcp_frame(ByteView datagram);

}  // namespace detente::io
