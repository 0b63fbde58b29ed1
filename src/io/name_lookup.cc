#include "io/name_lookup.h"

#include <netdb.h>

#include <mutex>
#include <system_error>
#include <thread>

#include "io/address.h"

namespace detente::io {

std::vector<std::string> addresses_by_system(const std::string& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;  // one of each address
  addrinfo* found = nullptr;
  std::vector<std::string> out;
  if (getaddrinfo(name.c_str(), nullptr, &hints, &found) != 0) return out;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next)
    out.push_back(SocketAddress::of(*one->ai_addr, one->ai_addrlen).host_text());
  freeaddrinfo(found);
  return out;
}

struct NameLookup::Shared {
  std::mutex mutex;
  std::optional<std::vector<std::string>> answer;
};

NameLookup::NameLookup(const std::string& name, const AddressesOf& addresses_of) : shared_(std::make_shared<Shared>()) {
  try {
    std::thread([shared = shared_, name, addresses_of] {
      std::vector<std::string> found = addresses_of(name);
      const std::lock_guard guard(shared->mutex);
      shared->answer = std::move(found);
    }).detach();
  } catch (const std::system_error&) {
    shared_->answer.emplace();  // the system has no thread left
  }
}

std::optional<std::vector<std::string>> NameLookup::answer() const {
  const std::lock_guard guard(shared_->mutex);
  return shared_->answer;
}

}  // namespace detente::io
