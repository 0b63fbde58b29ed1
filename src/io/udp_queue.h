// UdpQueue: one UDP socket's receiving half, in batches.
//
// The kernel keeps a bounded queue for each socket and drops what does not fit.
// So there are two kinds on one listening address: an open one that hears everybody,
// and for each counterpart one that is tied to the address where it is, into which the
// kernel sorts its datagrams. Strangers who flood the first cannot crowd out the
// second, and get a bounded share of the thread: after a batch of which nothing was of
// a counterpart the open queue rests. Who can forge a counterpart's address reaches
// its queue too; how fast a datagram is refused is what counts there.
// Heavy header (Asio): for src/io/*.cc alone.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>

#include "base/time.h"
#include "io/address.h"

namespace detente::io {

class UdpQueue {
 public:
  // Whether it was of a counterpart, verified and new. `from` is not to be kept.
  using Take = std::function<bool(ByteView datagram, const SocketAddress& from)>;

  // Hears everybody on this address. kConflict when the port is in use, kIo else.
  static Result<std::unique_ptr<UdpQueue>> open(boost::asio::io_context& context,
                                                const SocketAddress& address,
                                                const std::string& host);
  // On the address of `beside`, hears one sender alone. While the system cannot do it (no way leads
  // there, say) it is closed, and `beside` hears that sender.
  static std::unique_ptr<UdpQueue> tied(UdpQueue& beside, const SocketAddress& to);
  // The sender is there now; of a closed one another try.
  void tie(UdpQueue& beside, const SocketAddress& to);

  // `refused`: somebody answers in the name of a tied queue's address that nobody listens there.
  void start(Take take, std::function<void()> refused = {});
  // 0, or the system's error when it could not be sent now.
  int send(const SocketAddress& to, ByteView datagram);
  SocketAddress local() const;
  bool is_open() const { return socket_.is_open(); }
  void close();

 private:
  struct Batch;
  UdpQueue(boost::asio::io_context& context, bool tied);
  ~UdpQueue();
  friend std::default_delete<UdpQueue>;

  bool open_socket(int family, std::string& why);
  bool open_beside(UdpQueue& beside);
  void listen();
  boost::asio::awaitable<void> receive();
  boost::asio::awaitable<std::pair<Duration, bool>> take_batch(std::size_t count);
  bool take_one(std::size_t i);

  boost::asio::ip::udp::socket socket_;
  boost::asio::steady_timer rest_;
  bool tied_;
  std::unique_ptr<Batch> batch_;
  bool receiving_ = false;
  Take take_;
  std::function<void()> refused_;
};

}  // namespace detente::io
