#include "wire/packet.h"

#include "base/check.h"

namespace detente::wire {

namespace {
constexpr std::uint8_t kTransport = 0x40;
constexpr std::uint8_t kPhaseBit = 0x04;
}  // namespace

std::optional<std::size_t> counter_bytes_for(std::uint64_t span) {
  for (std::size_t n : {1u, 2u, 4u})
    if (span < (std::uint64_t{1} << (8 * n - 1))) return n;
  return std::nullopt;
}

std::uint64_t restore_counter(std::uint64_t low, std::size_t counter_bytes, std::uint64_t expected) {
  const std::uint64_t window = std::uint64_t{1} << (8 * counter_bytes);
  const std::uint64_t half = window / 2;
  std::uint64_t candidate = (expected & ~(window - 1)) | low;
  if (candidate + half <= expected) {
    candidate += window;
  } else if (candidate > expected + half && candidate >= window) {
    candidate -= window;
  }
  return candidate;
}

Bytes encode_packet_header(const PacketHeader& header) {
  DETENTE_CHECK(header.counter_bytes == 1 || header.counter_bytes == 2 || header.counter_bytes == 4);
  const unsigned length_code = header.counter_bytes == 4 ? 2u : static_cast<unsigned>(header.counter_bytes - 1);
  Bytes out;
  out.push_back(static_cast<std::uint8_t>(kTransport | (header.key_phase ? kPhaseBit : 0u) | length_code));
  append_be(out, header.session, 2);
  append_be(out, header.counter_low, header.counter_bytes);
  return out;
}

std::optional<ParsedPacket> parse_packet(ByteView datagram) {
  if (datagram.size() < 4 || datagram.size() > kPacketBytesMax) return std::nullopt;
  const std::uint8_t first = datagram[0];
  if ((first & ~(kPhaseBit | 0x03u)) != kTransport) return std::nullopt;
  const std::size_t length_code = first & 0x03u;
  if (length_code == 3) return std::nullopt;
  const std::size_t counter_bytes = std::size_t{1} << length_code;
  const std::size_t header_size = 3 + counter_bytes;
  if (datagram.size() <= header_size) return std::nullopt;
  ParsedPacket out;
  out.header.key_phase = (first & kPhaseBit) != 0;
  out.header.session = static_cast<SessionTag>(read_be(datagram.subspan(1, 2)));
  out.header.counter_low = read_be(datagram.subspan(3, counter_bytes));
  out.header.counter_bytes = counter_bytes;
  out.header_bytes = datagram.first(header_size);
  out.sealed = datagram.subspan(header_size);
  return out;
}

}  // namespace detente::wire
