// TcpBearer: one address where this station listens for connections, and the routes that it dials.
// spec/packet.md section 8.
//
// Silent to strangers: a connection that was accepted carries nothing until the core verified
// something that came on it, and few of those stand at once. A station dials while it has no
// connection on which the counterpart was heard; which side dialled the one in use does not matter.
#pragma once

#include <memory>

#include "base/random.h"
#include "io/bearer.h"
#include "io/tcp_terms.h"

namespace boost::asio {
class io_context;
}

namespace detente::io {

// kConflict when the port is in use, kIo else. `jitter` outlives the bearer.
Result<std::unique_ptr<Bearer>> listen_tcp(boost::asio::io_context& context, JitterRandom& jitter,
                                           const std::string& host, std::uint16_t port,
                                           const TcpTerms& terms = {});

}  // namespace detente::io
