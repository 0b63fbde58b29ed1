// What every fuzzer shares. A *_fuzz.cc includes this once and defines run() and seeds(); the two
// entry points of libFuzzer are below.
//
// What is checked besides "does not crash": ROUND TRIP (a format with one spelling gives its input
// back) and MALLEABILITY (of signed or sealed bytes nothing verifies but the genuine ones, which
// are among the seeds: a fuzzer cannot forge, so whatever verifies must be one of them).
#pragma once

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>

#include "base/bytes.h"

// A property of the fuzzed code: always on, and a crash for libFuzzer.
#define FUZZ_EXPECT(condition)                                                            \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                       \
    }                                                                                     \
  } while (false)

namespace detente::fuzz {

// Of each fuzzer: one input; and inputs to begin with, by name.
void run(ByteView input);
using Seeds = std::map<std::string, Bytes>;
Seeds seeds();

inline std::string text_of(ByteView bytes) { return as_string(bytes); }

// The input as a row of decisions. When it is used up, every one of them is 0.
class Choices {
 public:
  explicit Choices(ByteView input) : left_(input) {}
  bool empty() const { return left_.empty(); }
  std::uint8_t byte() {
    if (left_.empty()) return 0;
    const std::uint8_t out = left_.front();
    left_ = left_.subspan(1);
    return out;
  }
  // In [0, bound), bound > 0.
  std::size_t below(std::size_t bound) {
    std::size_t value = byte();
    if (bound > 256) value = value << 8 | byte();
    return value % bound;
  }
  ByteView take(std::size_t count) {
    const ByteView out = left_.first(std::min(count, left_.size()));
    left_ = left_.subspan(out.size());
    return out;
  }
  // A length byte and so many bytes.
  ByteView piece() {
    const std::size_t count = byte();
    return take(count);
  }
  ByteView rest() { return take(left_.size()); }

 private:
  ByteView left_;
};

// Gives `bytes` to `take` in parts of at most `most` as `choices` says, or in one without choices, until it refuses one. Whether it
// took all.
template <typename Take>
bool in_parts(ByteView bytes, Choices* choices, std::size_t most, const Take& take) {
  while (!bytes.empty()) {
    const std::size_t size = choices == nullptr ? bytes.size() : std::min(1 + choices->below(most), bytes.size());
    if (!take(bytes.first(size))) return false;
    bytes = bytes.subspan(size);
  }
  return true;
}

// `good` with something changed as the choices say: never `good` itself.
inline Bytes changed(ByteView good, Choices& choices) {
  Bytes out = to_bytes(good);
  const std::size_t at = out.empty() ? 0 : choices.below(out.size());
  switch (choices.below(out.empty() ? 1 : 4)) {
    case 0: out.insert(out.begin() + static_cast<std::ptrdiff_t>(at), choices.byte()); break;
    case 1: out.resize(at); break;
    case 2: out.erase(out.begin() + static_cast<std::ptrdiff_t>(at)); break;
    default: out[at] ^= static_cast<std::uint8_t>(1 + choices.below(255));
  }
  return out;
}

}  // namespace detente::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  detente::fuzz::run({data, size});
  return 0;
}

// With DETENTE_SEEDS=FOLDER the program writes its seeds there and ends.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* folder = std::getenv("DETENTE_SEEDS");
  if (folder == nullptr) return 0;
  for (const auto& [name, bytes] : detente::fuzz::seeds()) {
    std::ofstream file(std::string(folder) + "/seed-" + name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    if (!file.flush()) std::exit(1);
  }
  std::exit(0);
}
