// How the coroutines of this layer end: what throws out of one of them ends the program, which then begins anew. With
// asio::detached it would be lost, and the station deaf on a socket or without its timers, without a word.
#pragma once

#include <exception>

namespace detente::io {

inline void ends_all(std::exception_ptr thrown) {
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace detente::io
