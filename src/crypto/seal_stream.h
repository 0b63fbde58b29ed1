// The files of seal.h for contents that do not fit into memory: sealed and opened
// in parts, of any size. Each part that goes in may give some of what comes out.
//
// Opening gives a chunk only when its tag fits, so what came out is what went in;
// that nothing was cut off is known only when finish() succeeds.
#pragma once

#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"

namespace detente::crypto {

// As much of a file's beginning as OpenStream::open needs at most, if there is so much.
inline constexpr std::size_t kSealBeginningMax = 64 * 1024 + 1;

class SealStream {
 public:
  // Appends the header to `out`.
  SealStream(std::string_view passphrase, int work_factor, KeyRandom& random, Bytes& out);
  SealStream(SealStream&&) noexcept;
  SealStream& operator=(SealStream&&) noexcept;
  ~SealStream();
  void add(ByteView plain, Bytes& out);
  void finish(Bytes& out);  // once, at the end

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class OpenStream {
 public:
  // Errors as open_with_passphrase. `beginning` is then to be added from taken() on.
  static Result<OpenStream> open(ByteView beginning, std::string_view passphrase);
  OpenStream(OpenStream&&) noexcept;
  OpenStream& operator=(OpenStream&&) noexcept;
  ~OpenStream();
  std::size_t taken() const;  // bytes of the header

  // kMalformed when a chunk does not verify, is missing, or follows the last.
  Result<void> add(ByteView sealed, Bytes& out);
  Result<void> finish(Bytes& out);  // once, at the end of the file

 private:
  struct State;
  explicit OpenStream(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace detente::crypto
