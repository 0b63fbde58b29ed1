// NameLookup: the addresses of a host's name, asked of the system by a thread of its own.
//
// The system's call takes many seconds where a name server does not answer, and cannot be stopped. So nobody waits for that
// thread: it ends by itself, also after the lookup has gone.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace detente::io {

// In numbers, without ports; none when the name has none now. Called by a thread of its own, perhaps when its caller has gone.
using AddressesOf = std::function<std::vector<std::string>(const std::string& name)>;
std::vector<std::string> addresses_by_system(const std::string& name);

class NameLookup {
 public:
  NameLookup(const std::string& name, const AddressesOf& addresses_of);
  // Nothing while there is none.
  std::optional<std::vector<std::string>> answer() const;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace detente::io
