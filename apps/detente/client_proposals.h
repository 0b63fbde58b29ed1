// Proposals as the command line names them: "north/far-12".
#pragma once

#include "client_compose.h"
#include "line/proposal.h"
#include "station/submission.h"

namespace detente::cli {

Result<LineAddress> accord_of(const StationClient& station, const std::string& counterpart);
// `query`: "?id=far-12", "?all=1", or nothing.
Result<Json> proposals_of(const StationClient& station, const std::string& counterpart, const std::string& query = "");
// All of them, or the one that is named.
Result<std::vector<std::string>> counterparts_of(const StationClient& station, const std::string& only);

struct FoundProposal {
  std::string counterpart;
  Json proposal;
  std::string text() const { return counterpart + "/" + proposal["name"].get<std::string>(); }
};
// "north/far-12", or "far-12" where one counterpart alone has it; "north/far-1a2b3c4d/12" where several epochs have a 12.
Result<FoundProposal> find_proposal(const StationClient& station, const std::string& id);
station::SubmissionReference reference_to(const Json& proposal);
// "duty-officer, by mandate of its president": who made this proposal, or decided it.
std::string signer_words(const Json& proposal_or_decision);

// What any proposal may say beside its content, as a person wrote it; `lapse` and `words` may be empty. `now` is what
// "+30m" is counted from.
struct ProposalTerms {
  std::optional<std::string> at;  // nothing: of a matter that has no instant
  const std::string& lapse;
  const std::string& words;
};
Result<line::Proposal> read_terms(const ProposalTerms& terms, WallTime now);
// kMalformed: that proposal is not of the side that the counter-offer goes to.
Result<void> check_replaced(const FoundProposal& replaced, const std::string& counterpart);

}  // namespace detente::cli
