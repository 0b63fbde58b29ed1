// The event loop: one thread, ppoll(2), and the only clock of the program.
#pragma once

#include <optional>

#include "control.h"
#include "ends.h"

namespace detente::linkemu {

// Runs until SIGTERM, SIGINT or `quit`. The signals are blocked before anything is opened, so that
// none is missed.
Result<void> block_signals();
Result<void> run_loop(Ends& ends, Link& link, Control* control);

}  // namespace detente::linkemu
