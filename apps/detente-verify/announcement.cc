// The verifier's command for what a station released at an agreed instant.
#include "base/civil.h"
#include "commands.h"
#include "json.h"
#include "record/release_verify.h"
#include "report.h"
#include "wire/text.h"

namespace detente::verify {
namespace {

using record::CheckResult;
using record::Finding;
using record::ReleaseFindings;

const char* mode_words(record::AnnouncementMode mode) {
  switch (mode) {
    case record::AnnouncementMode::kIdentical: return "one identical text for both";
    case record::AnnouncementMode::kShown: return "each side its own text, which the other had read";
    case record::AnnouncementMode::kUnseen: break;
  }
  return "each side its own text, which the other had not seen";
}

std::string proved_words(const Finding& finding) {
  if (finding.check == "agreement") return "officers of both sides signed for this announcement";
  if (finding.check == "text") return "the text is the one that both signed for, byte for byte";
  return "the instant is the one that both signed for";
}

std::string release_sentences(const ReleaseFindings& findings) {
  const record::ReleaseFile& file = findings.file;
  std::string out = "Announcement: " + wire::display_line(file.core) + "\n  " + mode_words(file.mode) + "; this is the text of " + file.side +
                    "\n  agreed for " + format_utc(file.instant) + "; released " + format_utc(file.released) + " by that station's clock" +
                    (file.released > file.instant ? ", " + std::to_string(file.released.seconds - file.instant.seconds) + " s late" : "") + "\n";
  for (const Finding& finding : findings.checks)
    out += finding.result == CheckResult::kProved ? "  proved: " + proved_words(finding) + "\n" : "  FAILED: " + wire::display_line(finding.why) + "\n";
  out += "  not proved by any file: when it was released, and that nobody withdrew it before\n\nThe evidence:\n";
  // A reader must not meet the verdict on the evidence alone and take it for the file's.
  return out + evidence_sentences(findings.evidence);
}

std::string release_json(const ReleaseFindings& findings) {
  const record::ReleaseFile& file = findings.file;
  JsonObject out;
  out.text("verdict", record::to_string(findings.verdict)).text("error", findings.error);
  if (findings.error.empty()) {
    out.text("side", file.side).text("core", wire::display_line(file.core)).text("mode", record::to_string(file.mode));
    out.number("instant", file.instant.seconds).number("released", file.released.seconds);
    out.number("late_s", file.released > file.instant ? file.released.seconds - file.instant.seconds : 0);
    out.text("digest", to_hex(file.text_digest)).raw("evidence", extract_json(findings.evidence));
  }
  return out.raw("checks", findings_json(findings.checks)).str();
}

}  // namespace

Result<Answer> verify_announcement(const Options& options) {
  DETENTE_TRY(anchor, read_anchor(options));
  DETENTE_TRY_VOID(add_bulletins(options, anchor));
  DETENTE_TRY(bytes, read_file(options.file, record::kReleaseFileMax));
  const ReleaseFindings findings = record::verify_release(bytes, anchor);
  Answer out;
  out.exit = exit_code(findings.verdict);
  if (options.json) {
    out.text = release_json(findings) + "\n";
  } else if (!findings.error.empty()) {
    out.text = unusable_sentence(findings.error) + verdict_sentence(findings.verdict);
  } else {
    out.text = release_sentences(findings) + verdict_sentence(findings.verdict);
  }
  return out;
}

}  // namespace detente::verify
