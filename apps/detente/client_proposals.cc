#include "client_proposals.h"

#include "client_documents.h"
#include "client_reference.h"
#include "client_show.h"
#include "wire/text.h"

namespace detente::cli {

Result<LineAddress> accord_of(const StationClient& station, const std::string& counterpart) {
  DETENTE_TRY(status, station.get("/v1/status"));
  return accord_line(status, counterpart);
}

Result<Json> proposals_of(const StationClient& station, const std::string& counterpart, const std::string& query) {
  return station.get("/v1/counterparts/" + escape(counterpart) + "/proposals" + query);
}

Result<std::vector<std::string>> counterparts_of(const StationClient& station, const std::string& only) {
  DETENTE_TRY(status, station.get("/v1/status"));
  std::vector<std::string> out;
  for (const Json& one : status["counterparts"])
    if (only.empty() || one["name"] == only) out.push_back(one["name"].get<std::string>());
  if (out.empty()) return fail(Fault::kNotFound, "this station has no counterpart " + only + "; `detente status` lists them");
  return out;
}

namespace {

// "north/far-12", "far-12", and with the epoch of its log, as it begins: "north/far-1a2b3c4d/12".
struct ProposalName {
  std::string counterpart, id, epoch;
};

ProposalName parse_proposal_name(std::string text) {
  ProposalName out;
  if (const std::size_t slash = text.find('/'); slash != text.npos && !text.starts_with("own-") && !text.starts_with("far-")) {
    out.counterpart = text.substr(0, slash);
    text.erase(0, slash + 1);
  }
  const std::size_t dash = text.find('-'), slash = text.find('/');
  if (dash != text.npos && slash != text.npos && dash < slash) {
    out.epoch = text.substr(dash + 1, slash - dash - 1);
    text.erase(dash + 1, slash - dash);
  }
  out.id = text;
  return out;
}

}  // namespace

Result<FoundProposal> find_proposal(const StationClient& station, const std::string& id) {
  const ProposalName wanted = parse_proposal_name(id);
  DETENTE_TRY(names, counterparts_of(station, wanted.counterpart));
  std::vector<FoundProposal> found;
  for (const std::string& name : names) {
    DETENTE_TRY(all, proposals_of(station, name, "?id=" + escape(wanted.id)));
    for (const Json& one : all["proposals"])
      if (one["id"] == wanted.id && one["epoch"].get<std::string>().starts_with(wanted.epoch)) found.push_back({name, one});
  }
  if (found.empty())
    return fail(Fault::kNotFound, "there is no proposal " + id + "; `detente proposal list` shows all, as north/far-12");
  if (found.front().counterpart != found.back().counterpart)
    return fail(Fault::kConflict, "several counterparts have a proposal " + id + ": say north/" + id);
  // A number comes again in a new epoch of a log, and whoever noted it before that means another than whoever noted it after.
  if (found.size() > 1) {
    std::string all;
    for (const FoundProposal& one : found) all += (all.empty() ? "" : ", ") + one.text() + " (" + one.proposal["state"].get<std::string>() + ")";
    return fail(Fault::kConflict, "proposal " + id + " stands in " + std::to_string(found.size()) + " epochs of its log; say which: " + all);
  }
  return found.front();
}

station::SubmissionReference reference_to(const Json& proposal) {
  station::SubmissionReference out;
  out.whose = proposal["whose"] == "own" ? record::Whose::kAuthors : record::Whose::kOthers;
  out.index = proposal["index"].get<std::uint64_t>();
  if (const auto epoch = from_hex(proposal["epoch"].get<std::string>())) out.epoch = to_array<16>(*epoch);
  return out;
}

std::string signer_words(const Json& proposal_or_decision) {
  const std::string ordered = proposal_or_decision.value("ordered", "");
  const auto late = proposal_or_decision.value("late_s", std::uint64_t{0});
  return proposal_or_decision["post"].get<std::string>() + (ordered.empty() ? "" : ", " + ordered) +
         (late == 0 ? "" : ", SIGNED " + upper(duration_text(late)) + " BEFORE IT WAS HERE");
}

Result<line::Proposal> read_terms(const ProposalTerms& terms, WallTime now) {
  line::Proposal out;
  if (terms.at) {
    DETENTE_TRY(at, parse_when(*terms.at, now));
    out.instant = at;
  }
  if (!terms.lapse.empty()) {
    DETENTE_TRY(lapse, parse_when(terms.lapse, now));
    out.lapse = lapse;
  }
  if (!terms.words.empty()) DETENTE_TRY_VOID(wire::check_text(terms.words, line::kProposalWordsMax));
  out.words = terms.words;
  return out;
}

Result<void> check_replaced(const FoundProposal& replaced, const std::string& counterpart) {
  if (replaced.counterpart == counterpart) return {};
  return fail(Fault::kMalformed, "a counter-offer goes to the side whose proposal it replaces");
}

}  // namespace detente::cli
