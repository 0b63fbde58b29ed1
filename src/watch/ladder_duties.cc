// What a person here has to do, or waits for: of FLASH, calls and queries.
#include "watch/ladder_text.h"

namespace detente::watch {

std::string flash_text(const LadderFacts& facts, bool barred) {
  constexpr std::size_t kNamedMax = 4;
  if (facts.flashes.empty()) return "";
  const std::uint64_t count = facts.flashes.size() + facts.flashes_more;
  const bool many = count > 1;
  std::string out = (many ? std::to_string(count) + " FLASH of theirs wait, the first since " : "A FLASH of theirs waits since ") +
                    time_text(facts.flashes.front().at) + ", and nobody has acknowledged " + (many ? "them" : "it") +
                    ": detente inbox LINE shows " + (many ? "them" : "it");
  if (barred) return out + "; the acknowledgement waits until the line takes entries again.";
  out += ", then detente ack LINE " + facts.flashes.front().index + " --as YOU";
  for (std::size_t i = 1; i < facts.flashes.size() && i < kNamedMax; ++i) out += (i == 1 ? ", and so with " : ", ") + facts.flashes[i].index;
  return out + (count > kNamedMax ? " and the rest." : ".");
}

std::string duties_text(const LadderFacts& facts) {
  using What = UnderWay::What;
  std::string out;
  for (const UnderWay& one : facts.people.under_way) {
    const std::string since = time_text(one.since), until = time_text(one.until);
    if (!out.empty()) out += " ";
    switch (one.what) {
      case What::kWeCalled: out += "Wait for the answer to our call of " + since + ", until " + until + "."; break;
      case What::kWeAsked: out += "Wait for the answer to our query of " + since + ", until " + until + "."; break;
      case What::kAskNotThere:
        out += "Our query of " + since + " is not known to have reached their station: nobody there was asked yet.";
        break;
      case What::kOurCall: out += "It is our turn: make the check call of " + since + ": detente call LINE --as YOU."; break;
      case What::kTheirCall:
        out += "They are late with the check call of " + since + ": you may make it: detente call LINE --as YOU.";
        break;
      case What::kTheyCalled: out += "They called at " + since + ": detente answer LINE --as YOU."; break;
      case What::kTheyAsked:
        out += "They ask since " + since + " whether anybody is here: detente presence ready LINE --as YOU, or not-now.";
        break;
    }
  }
  return out;
}

std::string waiting_text(const LadderFacts& facts) {
  using What = UnderWay::What;
  std::string out;
  for (const UnderWay& one : facts.people.under_way) {
    if (one.what == What::kAskNotThere)
      out += std::string(out.empty() ? "" : "; ") + "asked whether anybody is there at " + time_text(one.since) + ", and no receipt of their station has come for it";
    if (one.what == What::kWeCalled || one.what == What::kWeAsked)
      out += std::string(out.empty() ? "" : "; ") + (one.what == What::kWeCalled ? "called" : "asked whether anybody is there") +
             " at " + time_text(one.since) + ", waiting for an answer until " + time_text(one.until);
  }
  return out;
}

}  // namespace detente::watch
