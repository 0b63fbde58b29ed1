// What a person is told of each situation, for watch/ladder.cc.
#pragma once

#include <vector>

#include "watch/ladder_paths.h"

namespace detente::watch {

// What the texts are made of.
struct Judged {
  const LadderFacts& facts;
  std::vector<JudgedPath> paths;
  bool contact = false;  // both directions are known to work, over one path or two
};

inline constexpr const char* kNothingToDo = "Nothing.";

std::string lost_words(const LadderFacts& facts);
std::string own_lost_words(const LostFacts& lost);
SituationText revoked_here_text(const LadderFacts& facts);  // of this station itself
SituationText text_of(Situation situation, const Judged& judged);
// The same fact in one sentence, where it is not the situation.
std::string also_text(Situation situation, const Judged& judged);

// What a cut of text leaves open; empty: nothing.
std::string left_open(const LadderFacts& facts);
// "documents suspended by north", of cuts that leave text open; empty: there is none.
std::string beside_words(const LadderFacts& facts);
std::string beside_sentence(const LadderFacts& facts, const CutFacts& cut, bool ours);

// Nothing was heard since an outage that they had announced passed its end.
bool outlasts_outage(const LadderFacts& facts);

// A FLASH that nobody here has acknowledged; empty: there is none. `barred`: nothing can go out, or may.
std::string flash_text(const LadderFacts& facts, bool barred);
// What a person here has to do about calls and queries that are not over; empty: nothing.
std::string duties_text(const LadderFacts& facts);
// What this side asked and nobody has answered yet; empty: nothing.
std::string waiting_text(const LadderFacts& facts);

// Of ours that waits for a receipt for longer than the path needs; a FLASH sooner than the rest.
bool is_unconfirmed(const LadderFacts& facts);
std::string unconfirmed_words(const LadderFacts& facts);

// With a capital, where it has none.
std::string sentence_start(std::string text);
// "heard 3 s ago", "nothing was heard since this station's start, 5 s ago".
std::string heard_text(const LadderFacts& facts);

}  // namespace detente::watch
