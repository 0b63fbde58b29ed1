// Officers' signatures under an entry of the record: one judgement for everything that shows the entry, or acts on it.
#pragma once

#include <string>
#include <vector>

#include "station/running.h"
#include "station/verdict.h"

namespace detente::station {

// Of each signature, in their order.
std::vector<Verdict> judge_signatures(const Running& running, const Counterpart& counterpart, const record::LogKey& log,
                                      std::uint64_t index, const record::Entry& entry);

// What a list shows of them.
struct SignedBy {
  std::size_t valid = 0;          // how many are
  std::optional<Verdict> faulty;  // the first that is not; `why` names its officer
};
SignedBy signed_by(const record::Entry& entry, const std::vector<Verdict>& verdicts);

// Why an act that takes an officer counts for nothing; empty where it counts, or is no such act.
std::string why_without_effect(const Running& running, const Counterpart& counterpart, const accord::Annex& annex, bool own,
                               const record::Entry& entry, const SignedBy& by);

}  // namespace detente::station
