// A directory in the place of another one, which stays beside it: at any moment, and
// after a power cut, the old one stands there or the new one, and nothing is gone.
#pragma once

#include "io/file.h"

namespace detente::station {

// `fresh` goes to `to`, and what is there to `aside`, a free name; all three in one directory. After an error all is as before,
// or the message says what is not.
Result<void> replace_directory(const io::Path& fresh, const io::Path& to, const io::Path& aside);

}  // namespace detente::station
