#include "bench_machine.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <thread>
#include <vector>

#include "io/os_clock.h"
#include "io/os_random.h"

namespace detente::cli {

namespace {

constexpr std::uint64_t kBlocks = 8192;
constexpr std::size_t kBlock = 512;
constexpr std::string_view kText = "about as long as a checkpoint's text: origin, size and root";
constexpr std::size_t kPacket = 200;  // about what a message takes

double seconds_since(Instant began) {
  return static_cast<double>((io::os_now().mono - began).count()) / 1e6;
}

int loopback_socket(sockaddr_in& address) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    return -1;
  return fd;
}

}  // namespace

// The far end of the round trip: sends back what comes, until an empty datagram.
struct Machine::Echo {
  int near_fd = -1, far_fd = -1;
  sockaddr_in near_address{}, far_address{};
  std::thread thread;

  bool start() {
    near_fd = loopback_socket(near_address);
    far_fd = loopback_socket(far_address);
    if (near_fd < 0 || far_fd < 0) return false;
    thread = std::thread([this] {
      std::array<std::uint8_t, 2048> bytes;
      for (;;) {
        const ssize_t n = recv(far_fd, bytes.data(), bytes.size(), 0);
        if (n <= 0) return;
        sendto(far_fd, bytes.data(), static_cast<std::size_t>(n), 0,
               reinterpret_cast<sockaddr*>(&near_address), sizeof near_address);
      }
    });
    return true;
  }
  void send(std::size_t size) {
    const std::vector<std::uint8_t> bytes(size);
    sendto(near_fd, bytes.data(), size, 0, reinterpret_cast<sockaddr*>(&far_address), sizeof far_address);
  }
  ~Echo() {
    if (thread.joinable()) {
      send(0);
      thread.join();
    }
    if (near_fd >= 0) close(near_fd);
    if (far_fd >= 0) close(far_fd);
  }
};

Machine::~Machine() {
  if (file_ >= 0) close(file_);
}

Result<std::unique_ptr<Machine>> Machine::on(const std::string& directory) {
  struct statfs info{};
  if (statfs(directory.c_str(), &info) == 0 && info.f_type == TMPFS_MAGIC)
    return fail(Fault::kState, directory + " is a tmpfs: a sync costs nothing there; give a directory on a disk with --on");
  std::unique_ptr<Machine> out(new Machine());
  const std::string path = directory + "/sync-probe";
  out->file_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (out->file_ < 0) return fail(Fault::kIo, "cannot write " + path + ": choose another directory with --on");
  const std::vector<std::uint8_t> zeros(kBlock * kBlocks);
  if (pwrite(out->file_, zeros.data(), zeros.size(), 0) != static_cast<ssize_t>(zeros.size()) ||
      fsync(out->file_) != 0)
    return fail(Fault::kIo, "cannot fill " + path + ": is the disk full?");
  out->echo_ = std::make_unique<Echo>();
  if (!out->echo_->start()) return fail(Fault::kIo, "cannot open a UDP socket on the loopback address");
  io::OsKeyRandom random;
  out->key_.emplace(crypto::SignKey::generate(random));
  return out;
}

double Machine::sync() {
  const std::array<std::uint8_t, kBlock> block{};
  const Instant began = io::os_now().mono;
  const auto at = static_cast<off_t>((next_block_++ % kBlocks) * kBlock);
  if (pwrite(file_, block.data(), block.size(), at) < 0 || fdatasync(file_) != 0) return 0;
  return seconds_since(began);
}

double Machine::udp_round_trip() {
  std::array<std::uint8_t, 2048> bytes;
  const Instant began = io::os_now().mono;
  echo_->send(kPacket);
  if (recv(echo_->near_fd, bytes.data(), bytes.size(), 0) < 0) return 0;
  return seconds_since(began);
}

double Machine::sign() {
  const Instant began = io::os_now().mono;
  signature_ = key_->sign(as_bytes(kText));
  return seconds_since(began);
}

double Machine::verify() {
  const Instant began = io::os_now().mono;
  const bool good = key_->verify_key().verify(as_bytes(kText), signature_);
  return good ? seconds_since(began) : 0;
}

}  // namespace detente::cli
