// Proposals as the command line names them: "north/far-12".
#pragma once

#include "client_address.h"
#include "station/submission.h"

namespace detente::cli {

Result<LineAddress> accord_of(const StationClient& station, const std::string& counterpart);
Result<Json> proposals_of(const StationClient& station, const std::string& counterpart);
// All of them, or the one that is named.
Result<std::vector<std::string>> counterparts_of(const StationClient& station, const std::string& only);

struct FoundProposal {
  std::string counterpart;
  Json proposal;
  std::string text() const { return counterpart + "/" + proposal["id"].get<std::string>(); }
};
// "north/far-12", or "far-12" where one counterpart alone has it.
Result<FoundProposal> find_proposal(const StationClient& station, const std::string& id);
station::SubmissionReference reference_to(const Json& proposal);

}  // namespace detente::cli
