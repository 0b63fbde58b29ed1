#include "io/tcp_connection.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

#include "io/detached.h"
#include "io/os_clock.h"

namespace detente::io {

namespace asio = boost::asio;

namespace {

// A few packets: what one read brings is worked through before anything else is looked at.
constexpr std::size_t kReadBytes = 4 * 1024;
// Then other work gets its turn: another connection, a timer, a datagram.
constexpr Duration kSlice = std::chrono::microseconds(500);
// Bytes that wait in the kernel unsent: what is new stands behind these.
constexpr int kUnsentInKernel = 2 * 1024;
// An idle connection is asked for now and then.
constexpr int kKeepIdleSeconds = 30;
constexpr int kKeepSeconds = 5;

void set_option(int fd, int level, int option, int value) {
  // Each is a help; without one the rest still holds.
  static_cast<void>(setsockopt(fd, level, option, &value, sizeof value));
}

}  // namespace

TcpConnection::TcpConnection(asio::ip::tcp::socket socket, const TcpTerms& terms)
    : socket_(std::move(socket)), terms_(terms) {
  boost::system::error_code ignored;
  static_cast<void>(socket_.non_blocking(true, ignored));
  const int fd = socket_.native_handle();
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, kKeepIdleSeconds);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, kKeepSeconds);
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT,
             static_cast<int>(terms_.dead_after / std::chrono::milliseconds(1)));
  set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kUnsentInKernel);
}

void TcpConnection::start(Events events) {
  events_ = std::move(events);
  asio::co_spawn(
      socket_.get_executor(),
      [self = shared_from_this()]() -> asio::awaitable<void> { co_await self->receive(); },
      ends_all);
}

void TcpConnection::answered() {
  verified_ = true;
  unanswered_ = 0;
}

void TcpConnection::close() {
  if (!socket_.is_open()) return;
  boost::system::error_code ignored;
  static_cast<void>(socket_.close(ignored));
  waiting_.clear();
  if (events_.on_closed) events_.on_closed();
}

// Ends in receive(): whoever sends is not to find the connection gone under its hands.
void TcpConnection::end_soon() { ::shutdown(socket_.native_handle(), SHUT_RDWR); }

// --- in ----------------------------------------------------------------------

asio::awaitable<void> TcpConnection::receive() {
  boost::system::error_code error;
  while (!error && open()) {
    co_await socket_.async_wait(asio::socket_base::wait_read,
                                asio::redirect_error(asio::use_awaitable, error));
    const Instant began = os_now().mono;
    while (!error && open() && os_now().mono - began < kSlice && receive_some()) {
    }
  }
  close();
}

bool TcpConnection::receive_some() {
  std::uint8_t buffer[kReadBytes];
  const std::size_t most =
      verified_ ? sizeof buffer
                : std::min(sizeof buffer, terms_.unverified_bytes - unverified_bytes_);
  const ssize_t size = ::recv(socket_.native_handle(), buffer, most, MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
  if (size < 0 && errno == EINTR) return true;
  bool good = size > 0;
  if (good) {
    const ByteView bytes(buffer, static_cast<std::size_t>(size));
    good = frames_.take(bytes, [this](ByteView datagram) {
      events_.on_datagram(datagram);
      return open();
    });
    if (!verified_) unverified_bytes_ += bytes.size();
    good = good && (verified_ || unverified_bytes_ < terms_.unverified_bytes);
  }
  if (!good) close();
  return good;
}

// --- out ---------------------------------------------------------------------

std::optional<std::size_t> TcpConnection::put(ByteView bytes) {
  const ssize_t sent =
      ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return 0;
  return std::nullopt;
}

bool TcpConnection::nobody_answers(Instant now) {
  if (unanswered_++ == 0) unanswered_since_ = now;
  return unanswered_ > terms_.unanswered_datagrams &&
         now - unanswered_since_ > terms_.unanswered_time;
}

bool TcpConnection::send(Instant now, ByteView datagram) {
  if (!open() || datagram.size() < kTcpFrameLeast || datagram.size() > wire::kPacketBytesMax)
    return false;
  if (nobody_answers(now)) {
    end_soon();
    return false;
  }
  Bytes frame = tcp_frame(datagram);
  std::size_t sent = 0;
  if (waiting_.empty()) {
    const auto taken = put(frame);
    if (!taken) {
      end_soon();
      return false;
    }
    sent = *taken;
    if (sent == frame.size()) return true;
  } else if (waiting_bytes_ + frame.size() > terms_.waiting_bytes) {
    return false;
  }
  const bool writing = !waiting_.empty();
  if (!writing) sent_of_first_ = sent;
  waiting_bytes_ += frame.size();
  waiting_.push_back({std::move(frame), now});
  if (!writing)
    asio::co_spawn(
        socket_.get_executor(),
        [self = shared_from_this()]() -> asio::awaitable<void> { co_await self->write(); },
        ends_all);
  return true;
}

asio::awaitable<void> TcpConnection::write() {
  boost::system::error_code error;
  while (!error && open() && !waiting_.empty()) {
    co_await socket_.async_wait(asio::socket_base::wait_write,
                                asio::redirect_error(asio::use_awaitable, error));
    while (!error && open() && !waiting_.empty() && write_some()) {
    }
  }
}

// Never the newest, and nothing that was begun.
void TcpConnection::drop_old() {
  if (sent_of_first_ > 0) return;
  const Instant now = os_now().mono;
  while (waiting_.size() > 1 && now - waiting_.front().since > terms_.waiting_time) {
    waiting_bytes_ -= waiting_.front().frame.size();
    waiting_.pop_front();
    ++dropped_late_;
  }
}

bool TcpConnection::write_some() {
  drop_old();
  const Bytes& frame = waiting_.front().frame;
  const auto taken = put(ByteView(frame).subspan(sent_of_first_));
  if (!taken) {
    end_soon();
    return false;
  }
  sent_of_first_ += *taken;
  if (sent_of_first_ < frame.size()) return false;
  waiting_bytes_ -= frame.size();
  waiting_.pop_front();
  sent_of_first_ = 0;
  return true;
}

}  // namespace detente::io
