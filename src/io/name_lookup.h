// NameLookup: the addresses of a host's name, asked of the system by a thread of its own.
//
// The system's call takes many seconds where a name server does not answer, and cannot be stopped. So nobody waits for that
// thread: it ends by itself, also after the lookup has gone.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace detente::io {

class NameLookup {
 public:
  explicit NameLookup(const std::string& name);
  // In numbers; none when the name has none now. Nothing while there is no answer.
  std::optional<std::vector<std::string>> answer() const;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace detente::io
