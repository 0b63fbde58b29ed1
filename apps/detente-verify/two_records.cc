// The verifier's command for two records of one log that do not agree.
#include "commands.h"
#include "json.h"
#include "record/two_records_verify.h"
#include "report.h"
#include "wire/text.h"

namespace detente::verify {
namespace {

using record::CheckResult;
using record::Finding;
using record::TwoRecordsFindings;

std::string proved_words(const Finding& finding) {
  if (finding.check == "held") return "the first: the station of " + finding.side + " signed the record that the evidence shows";
  if (finding.check == "second") return "the second: the same station signed another root of the same size";
  return "the two do not agree: no record begins with both";
}

std::string sentences(const TwoRecordsFindings& findings) {
  const record::Checkpoint& second = findings.file.second.checkpoint;
  std::string out = "Two records of " + wire::display_line(second.origin) + "\n  at size " + std::to_string(second.size) + "\n";
  for (const Finding& finding : findings.checks)
    out += finding.result == CheckResult::kProved ? "  proved: " + proved_words(finding) + "\n"
                                                  : "  FAILED: " + wire::display_line(finding.why) + "\n";
  out += "  not proved by any file: which of the two was meant, and why there are two\n\nThe evidence:\n";
  return out + evidence_sentences(findings.evidence) + verdict_sentence(findings.verdict);
}

std::string json(const TwoRecordsFindings& findings) {
  JsonObject out;
  out.text("verdict", record::to_string(findings.verdict)).text("error", findings.error);
  if (findings.error.empty()) {
    const record::Checkpoint& second = findings.file.second.checkpoint;
    out.text("origin", wire::display_line(second.origin)).number("size", second.size);
    out.text("held_root", to_hex(findings.file.held_root)).text("second_root", to_hex(second.root));
    out.raw("evidence", extract_json(findings.evidence));
  }
  return out.raw("checks", findings_json(findings.checks)).str();
}

}  // namespace

Result<Answer> verify_two_records(const Options& options) {
  DETENTE_TRY(anchor, read_anchor(options));
  DETENTE_TRY_VOID(add_bulletins(options, anchor));
  DETENTE_TRY(bytes, read_file(options.file, record::kTwoRecordsBytesMax));
  const TwoRecordsFindings findings = record::verify_two_records(bytes, anchor);
  Answer out;
  out.exit = exit_code(findings.verdict);
  if (options.json) {
    out.text = json(findings) + "\n";
  } else if (!findings.error.empty()) {
    out.text = unusable_sentence(findings.error) + verdict_sentence(findings.verdict);
  } else {
    out.text = sentences(findings);
  }
  return out;
}

}  // namespace detente::verify
