#include "io/udp_queue.h"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

#include "io/detached.h"
#include "io/os_clock.h"
#include "wire/packet.h"

namespace detente::io {

namespace asio = boost::asio;

namespace {

// What the kernel keeps while a commit or a burst holds the thread up.
constexpr int kReceiveBuffer = 4 << 20;
// Datagrams taken by one system call, before other work gets its turn.
constexpr std::size_t kBatch = 64;
// After a batch of strangers the open queue rests three times as long as that batch took, so that
// they get a quarter of the thread at most; and never less than what waking up costs many times
// over.
constexpr int kRestTimes = 3;
constexpr Duration kRestLeast = std::chrono::microseconds(200);
// A counterpart whose datagrams cost much (entries to verify, say) lets the others in between.
constexpr Duration kSlice = std::chrono::microseconds(500);

bool set_shared(int fd, bool shared) {
  const int value = shared ? 1 : 0;
  return setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &value, sizeof value) == 0;
}

}  // namespace

// Allocated once: a stranger's datagram costs no memory.
struct UdpQueue::Batch {
  // One byte more than any of ours has: what is longer shows.
  std::array<std::array<std::uint8_t, wire::kPacketBytesMax + 1>, kBatch> bytes;
  std::array<SocketAddress, kBatch> from;
  std::array<iovec, kBatch> parts;
  std::array<mmsghdr, kBatch> messages{};

  Batch() {
    for (std::size_t i = 0; i < kBatch; ++i) {
      parts[i] = {bytes[i].data(), bytes[i].size()};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      messages[i].msg_hdr.msg_name = from[i].raw();
    }
  }
  int receive(int fd) {
    for (mmsghdr& message : messages) message.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    return recvmmsg(fd, messages.data(), kBatch, MSG_DONTWAIT, nullptr);
  }
};

UdpQueue::UdpQueue(asio::io_context& context, bool tied)
    : socket_(context), rest_(context), tied_(tied), batch_(std::make_unique<Batch>()) {}

UdpQueue::~UdpQueue() = default;

bool UdpQueue::open_socket(int family, std::string& why) {
  boost::system::error_code error;
  static_cast<void>(
      socket_.open(family == AF_INET6 ? asio::ip::udp::v6() : asio::ip::udp::v4(), error));
  why = error.message();
  if (error) return false;
  // As much as the system allows; less is no error.
  static_cast<void>(setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer,
                               sizeof kReceiveBuffer));
  static_cast<void>(socket_.non_blocking(true, error));
  return true;
}

Result<std::unique_ptr<UdpQueue>> UdpQueue::open(asio::io_context& context,
                                                 const SocketAddress& address,
                                                 const std::string& host) {
  std::unique_ptr<UdpQueue> out(new UdpQueue(context, false));
  std::string why;
  if (!out->open_socket(address.family(), why))
    return fail(Fault::kIo, "no socket for " + address_text(host, address.port()) + ": " + why);
  DETENTE_TRY_VOID(bind_socket(out->socket_.native_handle(), address, host));
  return out;
}

std::unique_ptr<UdpQueue> UdpQueue::tied(UdpQueue& beside, const SocketAddress& to) {
  std::unique_ptr<UdpQueue> out(
      new UdpQueue(static_cast<asio::io_context&>(beside.socket_.get_executor().context()), true));
  out->tie(beside, to);
  return out;
}

// The port is shared for this moment and by this user's sockets alone: another program that wants
// it is told that it is in use, as before.
bool UdpQueue::open_beside(UdpQueue& beside) {
  const SocketAddress local = beside.local();
  std::string why;
  if (!open_socket(local.family(), why)) return false;
  const int fd = socket_.native_handle(), open = beside.socket_.native_handle();
  const bool bound =
      set_shared(open, true) && set_shared(fd, true) && bind_socket(fd, local, local.host_text()).has_value();
  set_shared(open, false);
  return bound;
}

void UdpQueue::tie(UdpQueue& beside, const SocketAddress& to) {
  if (socket_.is_open()) {
    // Else it would keep the address of this machine that the former one was reached from.
    const sockaddr nobody{AF_UNSPEC, {}};
    static_cast<void>(::connect(socket_.native_handle(), &nobody, sizeof nobody));
  } else if (!open_beside(beside)) {
    return close();
  }
  if (::connect(socket_.native_handle(), to.raw(), to.size) != 0) return close();
  listen();
}

void UdpQueue::start(Take take, std::function<void()> refused) {
  take_ = std::move(take);
  refused_ = std::move(refused);
  listen();
}

// One that was closed and opened again has perhaps not noticed yet.
void UdpQueue::listen() {
  if (!take_ || !socket_.is_open() || std::exchange(receiving_, true)) return;
  asio::co_spawn(socket_.get_executor(), receive(), ends_all);
}

bool UdpQueue::take_one(std::size_t i) {
  const mmsghdr& message = batch_->messages[i];
  if (message.msg_len > wire::kPacketBytesMax || !socket_.is_open())
    return false;  // longer than any of ours
  batch_->from[i].size = message.msg_hdr.msg_namelen;
  return take_(ByteView(batch_->bytes[i].data(), message.msg_len), batch_->from[i]);
}

// What is in the batch, in slices. How long that took, and whether one was of a counterpart.
asio::awaitable<std::pair<Duration, bool>> UdpQueue::take_batch(std::size_t count) {
  Duration spent{0};
  bool known = false;
  Instant began = os_now().mono;
  for (std::size_t i = 0; i < count; ++i) {
    known = take_one(i) || known;
    const Duration slice = os_now().mono - began;
    if (slice < kSlice || i + 1 == count) continue;
    spent += slice;
    co_await asio::post(socket_.get_executor(), asio::use_awaitable);
    began = os_now().mono;
  }
  co_return std::pair(spent + (os_now().mono - began), known);
}

asio::awaitable<void> UdpQueue::receive() {
  boost::system::error_code error;
  while (socket_.is_open()) {
    co_await socket_.async_wait(asio::socket_base::wait_read,
                                asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) continue;
    if (error || !socket_.is_open()) break;
    const int count = batch_->receive(socket_.native_handle());
    if (count < 0 && errno == ECONNREFUSED && refused_) refused_();
    if (count <= 0) continue;
    const auto [spent, known] = co_await take_batch(static_cast<std::size_t>(count));
    if (tied_ || known) continue;
    rest_.expires_after(
        std::chrono::microseconds(std::max(kRestLeast, spent * kRestTimes).count()));
    co_await rest_.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }
  receiving_ = false;
}

int UdpQueue::send(const SocketAddress& to, ByteView datagram) {
  const ssize_t sent = ::sendto(socket_.native_handle(), datagram.data(), datagram.size(),
                                MSG_DONTWAIT | MSG_NOSIGNAL, to.raw(), to.size);
  return sent >= 0 ? 0 : errno;
}

SocketAddress UdpQueue::local() const {
  SocketAddress out;
  out.size = sizeof out.storage;
  static_cast<void>(getsockname(const_cast<asio::ip::udp::socket&>(socket_).native_handle(),
                                out.raw(), &out.size));
  return out;
}

void UdpQueue::close() {
  boost::system::error_code ignored;
  static_cast<void>(socket_.close(ignored));
  rest_.cancel();
}

}  // namespace detente::io
