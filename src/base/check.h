// A broken promise of our own code stops the station: going on would sign or
// acknowledge what nobody can vouch for. Never used on input from outside; no
// datagram, file or person may be able to trigger one.
#pragma once

namespace detente {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}

#define DETENTE_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::detente::check_failed(#condition, __FILE__, __LINE__))
