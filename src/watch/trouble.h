// A trouble that was noticed, and is not known to have ended.
#pragma once

#include <string>

#include "base/time.h"

namespace detente::watch {

struct Trouble {
  Instant since, last;
  std::string words;
};

}  // namespace detente::watch
