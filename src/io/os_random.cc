#include "io/os_random.h"

#include <sys/random.h>

#include <cerrno>

#include "base/check.h"

namespace detente::io {

void OsKeyRandom::fill(MutableBytes out) {
  while (!out.empty()) {
    const ssize_t n = ::getrandom(out.data(), out.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    DETENTE_CHECK(n > 0);  // a kernel without it: going on would make keys that can be guessed
    out = out.subspan(static_cast<std::size_t>(n));
  }
}

std::uint64_t OsJitterRandom::next() {
  ByteArray<8> bytes;
  OsKeyRandom().fill(bytes);
  return read_be(bytes);
}

}  // namespace detente::io
