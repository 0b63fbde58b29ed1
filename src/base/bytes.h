// Byte strings: owned, viewed, fixed; hex and base64.
//
// Views never own. Everything that came from outside is a ByteView until a
// parser has turned it into a type.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace detente {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;
template <std::size_t N>
using ByteArray = std::array<std::uint8_t, N>;

// A SHA-256 value, wherever it comes from.
using Digest = ByteArray<32>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string as_string(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(ByteView view) { return {view.begin(), view.end()}; }
inline void append(Bytes& to, ByteView more) { to.insert(to.end(), more.begin(), more.end()); }
inline void append(Bytes& to, std::string_view more) { append(to, as_bytes(more)); }

// Joins the parts in order. In one buffer from the beginning: parts may be secret, and one that grows leaves a copy behind.
template <typename... Parts>
Bytes concat(const Parts&... parts) {
  Bytes out;
  out.reserve((std::size(parts) + ... + 0));
  (append(out, parts), ...);
  return out;
}

// Big-endian integers of `width` bytes (1..8), as every format of ours has them.
void append_be(Bytes& to, std::uint64_t value, std::size_t width);
std::uint64_t read_be(ByteView bytes);

// Copies exactly N bytes; nothing when the length differs.
template <std::size_t N>
std::optional<ByteArray<N>> to_array(ByteView view) {
  if (view.size() != N) return std::nullopt;
  ByteArray<N> out;
  std::copy(view.begin(), view.end(), out.begin());
  return out;
}

bool equal(ByteView a, ByteView b);  // not constant time; for secrets see crypto::equal_secret

// Lower case hex. from_hex takes either case and nothing else.
std::string to_hex(ByteView bytes);
std::optional<Bytes> from_hex(std::string_view hex);

// Standard base64 with padding (RFC 4648 section 4); decoding is strict: no
// white space, canonical padding bits, or nothing.
std::string to_base64(ByteView bytes);
std::optional<Bytes> from_base64(std::string_view text);

}  // namespace detente
