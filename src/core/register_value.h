// A register as the store has it, for who reads a record without its lines.
#pragma once

#include "core/registers.h"

namespace detente::core {

Result<Register> decode_register(ByteView bytes);

}  // namespace detente::core
