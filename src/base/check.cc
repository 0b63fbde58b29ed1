#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace detente {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "detente: broken promise of the program at %s:%d: %s\n", file, line,
               condition);
  std::abort();
}

}  // namespace detente
