// Questions to a person at the terminal: the terminal itself, never stdin, so
// that a pipe cannot answer by accident.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace detente::cli {

bool has_terminal();
// Without echo; `twice` for a new one. kDenied when there is no terminal.
Result<SecretBytes> ask_passphrase(std::string_view question, bool twice);
// True for "yes" in full. kDenied when there is no terminal.
Result<bool> ask_yes(std::string_view question);

}  // namespace detente::cli
