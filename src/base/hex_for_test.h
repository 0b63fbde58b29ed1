// Bytes as the vectors' files and the tests write them.
#pragma once

#include <string>

#include "base/bytes.h"

namespace detente {

inline Bytes hex(const std::string& text) { return from_hex(text).value(); }

}  // namespace detente
