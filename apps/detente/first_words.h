// The card that lies before an officer at the first sign of life after a silence: what to say first, in this order, as
// docs/operations.md has it, with what this station knows at that moment.
#pragma once

#include "client_address.h"

namespace detente::cli {

struct FirstWords {
  Json json;  // post, paths, hours, next_call, waiting, unread, matters
  std::vector<std::string> lines;
};
Result<FirstWords> first_words(const StationClient& station, const LineAddress& line, const Json& own_watch);

// Whether the card belongs to it: nobody has answered the first sign of life yet.
bool wants_first_words(const Json& alarm);

}  // namespace detente::cli
