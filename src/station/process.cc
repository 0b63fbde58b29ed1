#include "station/process.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace detente::station {

std::string harden_process() {
  std::string missing;
  ::umask(077);
  const rlimit none{0, 0};
  if (::setrlimit(RLIMIT_CORE, &none) != 0 || ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
    missing += "core dumps are not off; ";
  // Without it and above the limit later allocations would fail: then not at all.
  rlimit lock{};
  const bool unlimited = ::getrlimit(RLIMIT_MEMLOCK, &lock) == 0 &&
                         (lock.rlim_cur == RLIM_INFINITY || ::geteuid() == 0);
  if (!unlimited || ::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0)
    missing += "memory is not locked against swapping (raise LimitMEMLOCK); ";
  if (!missing.empty()) missing.resize(missing.size() - 2);
  return missing;
}

void tell_service_manager(std::string_view state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr || path[0] == '\0') return;
  sockaddr_un address{};
  const std::size_t size = std::strlen(path);
  if (size >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path, size);
  if (path[0] == '@') address.sun_path[0] = '\0';  // the abstract namespace
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size);
  static_cast<void>(::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL,
                             reinterpret_cast<const sockaddr*>(&address), length));
  ::close(fd);
}

}  // namespace detente::station
