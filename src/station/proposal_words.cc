#include "station/proposal_words.h"

#include <algorithm>

#include "base/civil.h"

namespace detente::station {

namespace {

using record::Whose;

const char* const kMatters[] = {"", "restoration", "announcement", "change of the accord", "other"};

}  // namespace

std::string matter_name(line::Matter matter) {
  const auto number = static_cast<std::size_t>(matter);
  return number < std::size(kMatters) ? kMatters[number] : "matter " + std::to_string(number);
}

std::string line_name(const Counterpart& counterpart, LineId line) {
  const accord::Annex* annex = counterpart.annex_or_retired(line);
  return annex == nullptr ? "line " + std::to_string(line.value) : annex->name;
}

namespace {

std::string names_of(const Counterpart& counterpart, const std::vector<line::RestoredLine>& lines) {
  std::string out;
  for (const line::RestoredLine& one : lines)
    out += (out.empty() ? "" : ", ") + line_name(counterpart, one.line) +
           (one.media == line::kAllMedia ? "" : " (" + line::media_words(one.media) + ")");
  return out;
}

}  // namespace

std::vector<line::RestoredLine> restored_lines(const line::Proposal& proposal) {
  if (proposal.matter != line::Matter::kRestoration) return {};
  return line::parse_restoration_content(proposal.content).value_or(std::vector<line::RestoredLine>());
}

namespace {

std::string announcement_words(const line::Proposal& proposal) {
  const auto what = record::parse_announcement_content(proposal.content);
  if (!what) return "something that cannot be read";
  const char* const how[] = {"one identical text", "each side its own text, shown beforehand", "each side its own text, not shown beforehand"};
  return "\"" + what->core + "\", " + how[static_cast<std::size_t>(what->mode)] + (what->complete() ? "" : "; the other side's text is not named yet");
}

std::string release_words(const line::Release& release) {
  return "the station released its text of an agreed announcement at " + format_utc(release.at) + " by its clock";
}

std::string adoption_words(const line::Adoption& adoption) {
  return "the station holds version " + std::to_string(adoption.version) + " of the accord, " + to_hex(adoption.accord).substr(0, 16) +
         "..., signed by both sides, and goes on under it as soon as the other station does";
}

}  // namespace

std::string offer_words(const Counterpart& counterpart, const line::Proposal& proposal) {
  std::string out = "proposes " + (proposal.matter == line::Matter::kRestoration
                                       ? "to restore " + names_of(counterpart, restored_lines(proposal))
                                   : proposal.matter == line::Matter::kAnnouncement ? "to announce " + announcement_words(proposal)
                                   : proposal.matter == line::Matter::kAccordChange
                                       ? "to go on under another accord, " + to_hex(proposal.content).substr(0, 16) + "..."
                                                                                    : matter_name(proposal.matter));
  if (proposal.instant) out += ", at " + format_utc(*proposal.instant);
  if (proposal.lapse) out += ", an answer wanted before " + format_utc(*proposal.lapse);
  return out + (proposal.words.empty() ? "" : ": " + proposal.words);
}

namespace {

std::string answer_words(const line::Answer& answer) {
  const char* const said[] = {"accepts the proposal", "rejects the proposal", "withdraws"};
  return said[static_cast<std::size_t>(answer.act)] + (answer.words.empty() ? std::string() : ": " + answer.words);
}

std::string test_words(const Counterpart& counterpart, const line::RestorationTest& test) {
  if (test.of == line::RestorationTestOf::kText) return "test of a restoration or a lift: text, says the station";
  if (test.of == line::RestorationTestOf::kDocument) return "test of a restoration or a lift: a document, says the station";
  std::string names;
  for (const line::RegisterOf& of : test.registers) names += (names.empty() ? "" : ", ") + line_name(counterpart, of.line);
  if (test.of == line::RestorationTestOf::kLift) return "the cut of " + names + " is being lifted; first test of the lift: text, says the station";
  for (const LineId line : test.lines) names += (names.empty() ? "" : ", ") + line_name(counterpart, line);
  return "the desk of " + names + " is there: " + test.words;
}

std::string path_name(const Counterpart& counterpart, PathId path) {
  for (const accord::AccordPath& one : counterpart.accord.accord.paths)
    if (one.number == path) return one.name;
  return "path " + std::to_string(path.value);
}

const char* finding_name(line::PathFinding finding) {
  switch (finding) {
    case line::PathFinding::kBothWays: return "works both ways";
    case line::PathFinding::kNothingHeard: return "nothing is heard on it";
    case line::PathFinding::kNothingArrives: break;
  }
  return "nothing of ours arrives on it";
}

std::string reported_line_words(const Counterpart& counterpart, const line::ReportedLine& line) {
  const accord::Annex* annex = counterpart.accord.annex(line.line);
  const std::string name = line_name(counterpart, line.line);
  if (annex == nullptr) return name + (line.open ? " was open then" : " did not open") + ", and is not in the accord any more";
  const char* const nothing = annex->log_only ? ", log only: the stations test nothing of it" : ", nothing is known to have passed";
  return name + (line.open ? " is open" : " stays cut") +
         (line.tested == 0 ? nothing : ", passed both ways: " + line::media_words(line.tested)) + "; " +
         std::to_string(line.held) + " entries of the other side's are here" +
         (line.waiting == 0 ? "" : ", " + std::to_string(line.waiting) + " of ours wait for its receipt");
}

std::string report_words(const Counterpart& counterpart, const line::RestorationReport& report) {
  std::string out = std::string("report of the tests, by the station: ") + to_string(report.end);
  for (const line::ReportedLine& line : report.lines) out += "; " + reported_line_words(counterpart, line);
  for (const line::ReportedPath& path : report.paths) out += "; path " + path_name(counterpart, path.path) + ": " + finding_name(path.finding);
  return out;
}

}  // namespace

std::string restoration_words(const Counterpart& counterpart, const record::Entry& entry) {
  const auto said = [&](auto parsed, auto words) { return parsed ? words(*parsed) : std::string(); };
  switch (entry.header.kind) {
    case record::kProposal:
      return said(line::parse_proposal_body(entry.body), [&](const auto& one) { return offer_words(counterpart, one); });
    case record::kProposalAnswer: return said(line::parse_answer_body(entry.body), answer_words);
    case record::kRestorationTest:
      return said(line::parse_restoration_test_body(entry.body), [&](const auto& one) { return test_words(counterpart, one); });
    case record::kAdoption: return said(line::parse_adoption_body(entry.body), adoption_words);
    case record::kRelease: return said(line::parse_release_body(entry.body), release_words);
    case record::kRestorationReport:
      return said(line::parse_restoration_report_body(entry.body), [&](const auto& one) { return report_words(counterpart, one); });
    default: return "";
  }
}

// --- how its tests go, and went ------------------------------------------------------

namespace {

Json tested_line_json(const Counterpart& counterpart, const core::TestedLine& line) {
  return {{"line", line_name(counterpart, line.of.line)},
          {"retired", line.retired},
          {"log_only", line.log_only},
          {"wanted", line::media_words(line.wanted)},
          {"passed", line.passed == 0 ? "" : line::media_words(line.passed)},
          {"path_works", line.path_works},
          {"desk_wanted", line.desk_wanted},
          {"desk_passed", line.desk_passed},
          {"cut_anew", line.cut_anew},
          {"their_cut_anew", line.their_cut_anew},
          {"open", line.open}};
}

// As this station wrote it in an earlier life: nothing of its tests is known any more but this.
core::TestRun reported_run(const Counterpart& counterpart, const line::Proposal& proposal, const line::RestorationReport& report) {
  core::TestRun out;
  out.end = report.end;
  out.paths = report.paths;
  const auto works = [](const line::ReportedPath& path) { return path.finding == line::PathFinding::kBothWays; };
  const bool path_works = std::any_of(report.paths.begin(), report.paths.end(), works);
  for (const line::ReportedLine& line : report.lines) {
    core::TestedLine tested;
    tested.of.line = line.line;
    tested.wanted = tested.passed = line.tested;
    for (const line::RestoredLine& one : restored_lines(proposal))
      if (one.line == line.line) tested.wanted = one.media;
    const accord::Annex* annex = counterpart.accord.annex(line.line);
    tested.retired = annex == nullptr;
    tested.log_only = annex != nullptr && annex->log_only;
    tested.path_works = path_works;
    tested.open = line.open;
    out.lines.push_back(std::move(tested));
  }
  return out;
}

}  // namespace

Json test_run_json(const Counterpart& counterpart, const core::TestRun& run) {
  Json out{{"state", run.end ? "ended" : "testing"}, {"end", run.end ? Json(to_string(*run.end)) : Json()}};
  for (const core::TestedLine& line : run.lines) out["lines"].push_back(tested_line_json(counterpart, line));
  for (const line::ReportedPath& path : run.paths)
    out["paths"].push_back({{"path", path_name(counterpart, path.path)}, {"finding", finding_name(path.finding)}});
  return out;
}

namespace {

Json missed_json() {
  return {{"state", "missed"},
          {"end", kMissedWords},
          {"lines", Json::array()},
          {"paths", Json::array()}};
}

}  // namespace

Json restoration_json(const Counterpart& counterpart, const core::Peer& peer, const std::vector<core::AgreedRestoration>& agreed,
                      const line::ActPlace& at, WallTime now) {
  const core::Agreements& agreements = peer.agreements();
  const line::Proposal& proposal = *agreements.book().find(at);
  if (proposal.matter != line::Matter::kRestoration) return {};
  const line::RestorationReport* ours = agreements.report(at, Whose::kAuthors);
  const line::RestorationReport* theirs = agreements.report(at, Whose::kOthers);
  Json out;
  std::optional<line::RestorationEnd> end;
  if (ours != nullptr) {
    out = test_run_json(counterpart, reported_run(counterpart, proposal, *ours));
    end = ours->end;
  }
  for (const core::RestorationRun& run : peer.restorations().runs())
    if (run.agreement.at == at) {
      out = test_run_json(counterpart, run);
      end = run.end;
    }
  const bool missed = out.is_null() && std::any_of(agreed.begin(), agreed.end(), [&](const core::AgreedRestoration& one) {
    return one.at == at && one.instant.seconds + line::kRestorationSeconds < now.seconds;
  });
  if (missed) out = missed_json();
  if (out.is_null()) return out;
  if (end == line::RestorationEnd::kWithdrawn && agreements.book().outcome(at)->state == line::ProposalState::kAccepted)
    out["end"] = "a newer agreement about the same line replaced this one";
  out["their_end"] = theirs == nullptr ? Json() : Json(to_string(theirs->end));
  const auto opened = [](const line::RestorationReport& report) {
    return std::all_of(report.lines.begin(), report.lines.end(), [](const line::ReportedLine& line) { return line.open; });
  };
  out["anew"] = missed || (end && *end != line::RestorationEnd::kOpen && !(ours != nullptr && opened(*ours)));
  return out;
}

}  // namespace detente::station
