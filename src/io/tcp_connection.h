// TcpConnection: one stream of frames, dialled or accepted, from when it stands until it ends.
// spec/packet.md section 8.
//
// Knows the framing, how much may wait to be sent, and when nobody answers. Who speaks on it
// is its owner's business. Heavy header (Asio): for src/io/*.cc alone.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "base/time.h"
#include "io/tcp_frames.h"
#include "io/tcp_terms.h"

namespace detente::io {

class TcpConnection : public std::enable_shared_from_this<TcpConnection> {
 public:
  struct Events {
    std::function<void(ByteView)> on_datagram;
    std::function<void()> on_closed;  // once, from inside close()
  };

  // The socket stands already. Call start() on the shared object.
  TcpConnection(boost::asio::ip::tcp::socket socket, const TcpTerms& terms);
  TcpConnection(const TcpConnection&) = delete;

  void start(Events events);
  bool open() const { return socket_.is_open(); }
  // False when it was dropped at once: too much waits, or the stream has ended.
  bool send(Instant now, ByteView datagram);
  std::uint64_t dropped_late() const { return dropped_late_; }  // after they had waited
  // Something that verified came on it. Until then it is closed after so many bytes.
  void answered();
  // Without another byte.
  void close();

 private:
  struct Waiting {
    Bytes frame;
    Instant since;
  };

  boost::asio::awaitable<void> receive();
  bool receive_some();
  boost::asio::awaitable<void> write();
  bool write_some();
  void drop_old();
  bool nobody_answers(Instant now);
  std::optional<std::size_t> put(ByteView bytes);  // how many the kernel took; nothing: the end
  void end_soon();

  boost::asio::ip::tcp::socket socket_;
  TcpTerms terms_;
  Events events_;
  TcpFrames frames_;
  std::size_t unverified_bytes_ = 0;
  bool verified_ = false;
  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::size_t sent_of_first_ = 0;
  std::uint64_t dropped_late_ = 0;
  std::size_t unanswered_ = 0;
  Instant unanswered_since_;
};

}  // namespace detente::io
