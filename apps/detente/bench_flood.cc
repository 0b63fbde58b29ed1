#include "bench_flood.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <new>

#include "base/check.h"
#include "wire/packet.h"

namespace detente::cli {

template <typename T>
class Shared {
 public:
  Shared() {
    void* place =
        mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    DETENTE_CHECK(place != MAP_FAILED);
    value_ = new (place) T();
  }
  ~Shared() { munmap(value_, sizeof(T)); }
  Shared(const Shared&) = delete;
  T* operator->() const { return value_; }

 private:
  T* value_;
};

namespace {

constexpr std::size_t kCallsKept = 16;
constexpr std::size_t kPacketsKept = 256;
constexpr std::size_t kAtOnce = 64;             // datagrams a system call
constexpr int kListenLongerMs = 300;            // after the last one was sent
constexpr std::size_t kCallsBetweenLooks = 16;  // system calls between two looks at what came back

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  out.sin_port = htons(port);
  return out;
}

int socket_on(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  if (fd >= 0 && bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return fd;
  if (fd >= 0) close(fd);
  return -1;
}

// A child must not outlive the benchmark.
pid_t fork_bound() {
  const pid_t pid = fork();
  if (pid == 0) prctl(PR_SET_PDEATHSIG, SIGKILL);
  return pid;
}

void end_child(pid_t& pid) {
  if (pid <= 0) return;
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  pid = -1;
}

struct KeptDatagram {
  std::size_t size = 0;
  std::array<std::uint8_t, wire::kPacketBytesMax> bytes;
};

template <std::size_t N>
struct KeptList {
  std::array<KeptDatagram, N> items;
  std::atomic<std::size_t> count = 0;

  void add(const std::uint8_t* bytes, std::size_t size) {
    const std::size_t at = count.load(std::memory_order_relaxed);
    if (at == N || size > wire::kPacketBytesMax) return;
    std::copy_n(bytes, size, items[at].bytes.begin());
    items[at].size = size;
    count.store(at + 1, std::memory_order_release);
  }
  std::vector<Bytes> all() const {
    std::vector<Bytes> out;
    const std::size_t have = count.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < have; ++i)
      out.emplace_back(items[i].bytes.begin(),
                       items[i].bytes.begin() + static_cast<std::ptrdiff_t>(items[i].size));
    return out;
  }
};

}  // namespace

// --- the bystander ---------------------------------------------------------------

struct Recorder::Kept {
  KeptList<kCallsKept> calls;
  KeptList<kPacketsKept> packets;

  // Packets of the newest session only: what came before a call is of an older one.
  void keep(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return;
    if (bytes[0] == wire::kFirstPacket || bytes[0] == wire::kFirstPacketOfLife) {
      calls.add(bytes, size);
    } else if (bytes[0] != wire::kReplyPacket && bytes[0] != wire::kNoticePacket) {
      packets.add(bytes, size);
    }
  }
};

Result<std::unique_ptr<Recorder>> Recorder::between(const End& first, const End& second) {
  const std::array<int, 2> sockets = {socket_on(first.sends_to), socket_on(second.sends_to)};
  if (sockets[0] < 0 || sockets[1] < 0)
    return fail(Fault::kIo, "a port between the two stations was taken meanwhile: run it again");
  // What comes where the first one sends goes to the second, and leaves from where the second
  // sends.
  const std::array<sockaddr_in, 2> to = {loopback(second.listens), loopback(first.listens)};
  std::unique_ptr<Recorder> out(new Recorder());
  out->kept_ = std::make_unique<Shared<Kept>>();
  out->pid_ = fork_bound();
  if (out->pid_ == 0) {
    std::array<pollfd, 2> ready = {pollfd{sockets[0], POLLIN, 0}, pollfd{sockets[1], POLLIN, 0}};
    std::array<std::uint8_t, 2048> bytes;
    while (poll(ready.data(), ready.size(), -1) >= 0)
      for (std::size_t i = 0; i < ready.size(); ++i) {
        if ((ready[i].revents & (POLLIN | POLLERR)) == 0) continue;
        const ssize_t size = recv(sockets[i], bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (size < 0) continue;
        if (i == 1) (*out->kept_)->keep(bytes.data(), static_cast<std::size_t>(size));
        sendto(sockets[1 - i], bytes.data(), static_cast<std::size_t>(size), 0,
               reinterpret_cast<const sockaddr*>(&to[i]), sizeof to[i]);
      }
    _exit(0);
  }
  for (int fd : sockets) close(fd);
  return out;
}

Recorder::~Recorder() { end_child(pid_); }
std::vector<Bytes> Recorder::calls() const { return (*kept_)->calls.all(); }
std::vector<Bytes> Recorder::packets() const { return (*kept_)->packets.all(); }

// --- the stranger ----------------------------------------------------------------

struct Flood::Counts {
  std::atomic<std::uint64_t> sent = 0;
  std::atomic<std::uint64_t> answered = 0;
  std::atomic<bool> enough = false;
};

namespace {

void pin_to_last_core() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(static_cast<std::size_t>(std::max<long>(sysconf(_SC_NPROCESSORS_ONLN), 1) - 1), &cores);
  sched_setaffinity(0, sizeof cores, &cores);
}

// One system call's worth after the other, all prepared beforehand.
std::vector<mmsghdr> prepare(const std::vector<Bytes>& datagrams, std::vector<iovec>& parts,
                             sockaddr_in& to) {
  parts.resize(datagrams.size());
  std::vector<mmsghdr> out(datagrams.size());
  for (std::size_t i = 0; i < datagrams.size(); ++i) {
    parts[i] = {const_cast<std::uint8_t*>(datagrams[i].data()), datagrams[i].size()};
    out[i].msg_hdr.msg_name = &to;
    out[i].msg_hdr.msg_namelen = sizeof to;
    out[i].msg_hdr.msg_iov = &parts[i];
    out[i].msg_hdr.msg_iovlen = 1;
  }
  return out;
}

std::uint64_t take_answers(int fd) {
  std::array<std::uint8_t, 2048> bytes;
  std::uint64_t out = 0;
  while (recv(fd, bytes.data(), bytes.size(), MSG_DONTWAIT) >= 0) ++out;
  return out;
}

}  // namespace

Flood::Flood(std::uint16_t port, const std::vector<Bytes>& datagrams)
    : counts_(std::make_unique<Shared<Counts>>()) {
  DETENTE_CHECK(!datagrams.empty());
  pid_ = fork_bound();
  if (pid_ != 0) return;
  pin_to_last_core();
  Counts& counts = *counts_->operator->();
  sockaddr_in to = loopback(port);
  const int fd = socket_on(0);
  std::vector<iovec> parts;
  std::vector<mmsghdr> all = prepare(datagrams, parts, to);
  std::size_t at = 0;
  for (std::size_t calls = 0; fd >= 0 && !counts.enough; ++calls) {
    const std::size_t some = std::min(kAtOnce, all.size() - at);
    const int sent = sendmmsg(fd, all.data() + at, static_cast<unsigned>(some), 0);
    if (sent > 0) counts.sent += static_cast<std::uint64_t>(sent);
    at = (at + some) % all.size();
    if (calls % kCallsBetweenLooks == 0) counts.answered += take_answers(fd);
  }
  pollfd ready{fd, POLLIN, 0};
  while (poll(&ready, 1, kListenLongerMs) > 0) counts.answered += take_answers(fd);
  _exit(0);
}

Flood::~Flood() { end_child(pid_); }
std::uint64_t Flood::sent() const { return (*counts_)->sent; }

std::uint64_t Flood::answered() {
  (*counts_)->enough = true;
  if (pid_ > 0) waitpid(pid_, nullptr, 0);
  pid_ = -1;
  return (*counts_)->answered;
}

}  // namespace detente::cli
