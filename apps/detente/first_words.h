// The card that lies before an officer at the first sign of life after a silence: what to say first, in this order, as
// docs/operations.md has it, and what is open on this side, with what this station knows at that moment.
#pragma once

#include "client_address.h"

namespace detente::cli {

struct FirstWords {
  // post, paths, hours, next_call, waiting, unread; `say`: sentences in their order; `for_you`: what is open here, each
  // with what (open, waiting, held, alarm, proposal), class, at, words.
  Json json;
  std::vector<std::string> lines;
};
Result<FirstWords> first_words(const StationClient& station, const LineAddress& line, const Json& own_watch);

// What it is made of: the station's answers.
struct FirstWordsFacts {
  LineAddress line;
  Json status, ladder, watch, facts, own_watch, waiting, proposals;
};
FirstWords first_words_of(const FirstWordsFacts& facts);

// Whether the card belongs to it: nobody has answered the first sign of life yet.
bool wants_first_words(const Json& alarm);

}  // namespace detente::cli
