// TcpTerms: the limits of connections, in one place. Tests shorten them.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace detente::io {

struct TcpTerms {
  // A connection on which nothing has verified.
  std::size_t unverified_max = 16;         // at once; the oldest makes room
  std::size_t unverified_a_household = 4;  // of them from one place (SocketAddress::household)
  Duration unverified_time = std::chrono::seconds(10);
  std::size_t unverified_bytes = 4096;
  // Accepted ones of one counterpart on one path; who was silent longest makes room.
  std::size_t verified_max = 4;

  // What may wait for the connection to take it. What waited longer than this gives way to what came
  // after it: the core has sent it again or will, and on a bad connection nothing but old copies
  // would ever arrive.
  std::size_t waiting_bytes = 256 * 1024;
  Duration waiting_time = std::chrono::seconds(1);

  // So many datagrams in so long, and not one from there that verified: it is not our counterpart,
  // or it is gone and something between still acknowledges.
  std::size_t unanswered_datagrams = 8;
  Duration unanswered_time = std::chrono::seconds(15);
  // Bytes that the other end's kernel does not acknowledge.
  Duration dead_after = std::chrono::seconds(10);

  Duration dial_time = std::chrono::seconds(5);
  Duration redial_min = std::chrono::milliseconds(200);
  Duration redial_max = std::chrono::seconds(5);
  // Instead, in the first time after the start and after the other side was heard: a minute's hole must not cost seconds
  // when it heals, as with the probes of a suspect path.
  Duration redial_brisk_max = std::chrono::milliseconds(700);
  Duration redial_brisk_time = std::chrono::minutes(2);
  // A connection in use stays so while it was heard on within this, and up to as much more, drawn.
  Duration settle = std::chrono::milliseconds(500);
};

}  // namespace detente::io
