// What this machine itself says of a way out: no route, no address, an interface that is
// down or without a carrier. It says nothing of whoever is at the other end.
#pragma once

#include <optional>
#include <string>

#include "io/address.h"

namespace detente::io {

// Why nothing can leave from `from` (its host may be any) to `to`, in words; nothing when no
// reason is known. Asks the kernel for the route; sends nothing.
std::optional<std::string> own_side_trouble(const SocketAddress& from, const SocketAddress& to);

// The same for what the system answered to a try to send. Nothing for what passes by itself.
std::optional<std::string> words_of_send_error(int error, const SocketAddress& from,
                                               const SocketAddress& to);

}  // namespace detente::io
