// UdpSocket: one address where datagrams come in and from which they leave.
//
// It judges nothing: who may speak is decided by the keys, not by the sender's
// address. A datagram that is longer than any of ours is dropped unread, one
// that cannot be sent now is dropped too (the core sends again).
// One thread: the io_context's. Heavy header (Asio): for src/io/*.cc alone.
#pragma once

#include <sys/socket.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace detente::io {

// An address that was looked up.
struct UdpAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  bool operator==(const UdpAddress& other) const;  // the same host and port
};

class UdpSocket {
 public:
  using OnDatagram = std::function<void(ByteView, const UdpAddress& from)>;

  // `host` is an address or a name, looked up now. kConflict when the port is in use, kIo else.
  static Result<std::unique_ptr<UdpSocket>> bind(boost::asio::io_context& context,
                                                 const std::string& host, std::uint16_t port);

  // A destination of this socket's family.
  Result<UdpAddress> look_up(const std::string& host, std::uint16_t port) const;
  std::uint16_t local_port() const { return local_port_; }

  // From now on, until close().
  void start(OnDatagram on_datagram);
  void send(const UdpAddress& to, ByteView datagram);
  void close();
  std::uint64_t not_sent() const { return not_sent_; }

 private:
  UdpSocket(boost::asio::io_context& context, int family);
  boost::asio::awaitable<void> receive();
  bool receive_one();

  boost::asio::ip::udp::socket socket_;
  int family_;
  std::uint16_t local_port_ = 0;
  OnDatagram on_datagram_;
  std::uint64_t not_sent_ = 0;
};

}  // namespace detente::io
