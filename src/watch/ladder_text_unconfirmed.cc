// What was sent, is known to arrive, and draws no receipt: their disk is full, or their quota for the line is used up.
#include "watch/ladder_text.h"

namespace detente::watch {

namespace {

// Beside the heartbeat, by which a living session is known: docs/operations.md, "The status ladder".
constexpr Duration kFlashBesideHeartbeat = std::chrono::seconds(5);

}  // namespace

bool is_unconfirmed(const LadderFacts& facts) {
  if (!facts.unconfirmed) return false;
  const UnconfirmedFacts& waits = *facts.unconfirmed;
  Duration term = waits.flash ? facts.heartbeat + kFlashBesideHeartbeat : fresh_for(facts);
  term += waits.on_the_way;
  for (const PathFacts& path : facts.paths) term = std::max(term, path.late_by * 2);
  return facts.now.mono - waits.since >= term;
}

std::string unconfirmed_words(const LadderFacts& facts) {
  const UnconfirmedFacts& waits = *facts.unconfirmed;
  const std::string what = waits.count == 1 ? (waits.flash ? "a FLASH of ours" : "1 entry of ours")
                                            : std::to_string(waits.count) + " entries of ours" + (waits.flash ? ", a FLASH among them," : "");
  return "What we send arrives at the station of " + facts.far + ", and " + what + (waits.count == 1 ? " is" : " are") +
         " NOT confirmed as on its disk: no receipt has come since " + since_text(facts, waits.since) + ", for " +
         span_text(facts.now.mono - waits.since) + ".";
}

}  // namespace detente::watch
