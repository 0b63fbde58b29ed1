// The clear part of a transport packet: type and key phase, session, truncated
// counter. spec/packet.md sections 1 and 2. Stateless.
#pragma once

#include <optional>

#include "base/bytes.h"

namespace detente::wire {

// The largest packet on a datagram path, before the bearer's framing.
inline constexpr std::size_t kPacketBytesMax = 1200;

// First bytes of the packets of a handshake (spec/session.md section 3).
inline constexpr std::uint8_t kFirstPacket = 0x01;
inline constexpr std::uint8_t kFirstPacketOfLife = 0x11;  // the caller has just started
inline constexpr std::uint8_t kReplyPacket = 0x02;
inline constexpr std::uint8_t kNoticePacket = 0x03;

using SessionTag = std::uint16_t;  // a hint for look-up, not an identity

struct PacketHeader {
  bool key_phase = false;
  SessionTag session = 0;
  std::uint64_t counter_low = 0;   // the low counter_bytes of the counter
  std::size_t counter_bytes = 1;   // 1, 2 or 4
};

// Bytes that a counter field needs when `span` counters may be on their way:
// 2^(8n-1) > span. Nothing when even four are too few.
std::optional<std::size_t> counter_bytes_for(std::uint64_t span);

// The full counter nearest to `expected` whose low bytes are `low`.
std::uint64_t restore_counter(std::uint64_t low, std::size_t counter_bytes, std::uint64_t expected);

Bytes encode_packet_header(const PacketHeader& header);

struct ParsedPacket {
  PacketHeader header;
  ByteView header_bytes;  // the associated data
  ByteView sealed;
};
// Nothing for anything that is not shaped like a transport packet.
std::optional<ParsedPacket> parse_packet(ByteView datagram);

}  // namespace detente::wire
