// Of stations whose own side declared them lost: theirs, ours before this one, and this one itself.
#include "watch/ladder_text.h"

namespace detente::watch {

std::string lost_words(const LadderFacts& facts) {
  const LostFacts& lost = *facts.station.lost;
  std::string out = sentence_start(facts.far) + " declared its station at " + lost.post + " (no. " +
                    std::to_string(lost.number) + ") lost" + (lost.at ? " on " + time_text(*lost.at) : "") +
                    ": what still comes from it is not taken. ";
  if (lost.calls > 0)
    out += "Somebody calls with its keys (" + std::to_string(lost.calls) + " calls since this station's start, the last " +
           span_text(age_of(facts, lost.called).value_or(Duration{})) + " ago) and gets no answer. ";
  if (lost.files > 0)
    out += std::to_string(lost.files) + (lost.files == 1 ? " courier file" : " courier files") + " made with its keys " +
           (lost.files == 1 ? "was" : "were") + " brought since then and not taken. ";
  return out + (lost.successor ? "Station no. " + std::to_string(*lost.successor) + " has its place."
                               : "No other station was named in its place.");
}

std::string own_lost_words(const LostFacts& lost) {
  return "Our station at " + lost.post + ", no. " + std::to_string(lost.number) + ", was declared lost" +
         (lost.at ? " on " + time_text(*lost.at) : "") +
         (lost.successor ? "; this one, no. " + std::to_string(*lost.successor) + ", has its place." : ".");
}

SituationText revoked_here_text(const LadderFacts& facts) {
  const LostFacts& lost = *facts.own_lost;
  const std::string by = lost.bulletin == 0 ? "" : ", by bulletin " + std::to_string(lost.bulletin) + " of our side";
  return {"THIS STATION IS REVOKED",
          "Our own side declared this station at " + lost.post + ", no. " + std::to_string(lost.number) + ", lost" +
              (lost.at ? " on " + time_text(*lost.at) : "") + by + ": who has that bulletin takes nothing of what it sends any more.",
          lost.successor ? "Stop this station. Go on at the one that has its place, no. " + std::to_string(*lost.successor) + "."
                         : "Stop this station, and ask whoever holds the root key for another in its place: docs/operations.md, "
                           "\"A station is lost or captured\"."};
}

}  // namespace detente::watch
