// Result<T>: what every function gives whose input comes from outside (the
// other side, a file, the network, a person).
//
// An Error is for a program (fault) and a person (message). The message says
// what happened, to what, and what to do; it never holds a secret.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace detente {

enum class Fault {
  kMalformed,       // the bytes or text do not follow the format
  kAuthentication,  // a signature, tag, MAC or digest does not fit
  kLimit,           // larger or more than the accord or a format allows
  kConflict,        // contradicts something that is already held
  kNotFound,        // nothing of that name or number
  kUnsupported,     // a version or algorithm this program does not have
  kDenied,          // the asker lacks the right, the key or the passphrase
  kState,           // not possible now
  kIo,              // disk, network, operating system
};

// A stable word for programs: "malformed", "authentication", ...
const char* to_string(Fault fault);

struct Error {
  Fault fault = Fault::kMalformed;
  std::string message;
};

template <typename T = void>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

inline tl::unexpected<Error> fail(Fault fault, std::string message) {
  return tl::unexpected<Error>(Error{fault, std::move(message)});
}

// Puts the place in front of an inner error: "card.note: line 3: ...".
inline tl::unexpected<Error> fail_at(const std::string& where, Error inner) {
  return tl::unexpected<Error>(Error{inner.fault, where + ": " + inner.message});
}

}  // namespace detente

// Leaves the function with the error of `expression`, or names its value.
#define DETENTE_JOIN2(a, b) a##b
#define DETENTE_JOIN(a, b) DETENTE_JOIN2(a, b)
#define DETENTE_TRY(name, expression)                                        \
  auto DETENTE_JOIN(try_, __LINE__) = (expression);                          \
  if (!DETENTE_JOIN(try_, __LINE__))                                         \
    return tl::unexpected<::detente::Error>(DETENTE_JOIN(try_, __LINE__).error()); \
  auto name = std::move(*DETENTE_JOIN(try_, __LINE__))
#define DETENTE_TRY_VOID(expression)                                         \
  do {                                                                       \
    auto try_void = (expression);                                            \
    if (!try_void) return tl::unexpected<::detente::Error>(try_void.error()); \
  } while (false)
