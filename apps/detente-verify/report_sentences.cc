// The verdict for a person who knows neither station nor format.
#include "base/civil.h"
#include "report.h"
#include "wire/text.h"

namespace detente::verify {
namespace {

using record::CheckResult;
using record::Finding;

std::string by(const Finding& finding) {
  std::string out = finding.side;
  if (!finding.post.empty()) out += "/" + finding.post;
  if (finding.number.value != 0)
    out += " (credential " + std::to_string(finding.number.value) + ")";
  return out;
}

std::string officer(const Finding& finding) {
  std::string out = finding.role ? accord::to_string(*finding.role) : "officer";
  out += " " + by(finding);
  if (finding.person_closed == true) out += ", whose name stays closed,";
  return out;
}

// What a proved check means.
std::string meaning(const Finding& f, const record::ItemFindings& item) {
  const std::string place =
      "entry " + std::to_string(item.index) + " of the first " + std::to_string(item.size);
  if (f.check == "revocation")
    return f.time ? by(f) + " was revoked on " + format_utc(*f.time) + ", and its side vouches for this entry"
                  : "no bulletin that you gave revokes " + by(f);
  if (f.check == "inclusion") return "it is " + place + " of this log";
  if (f.check == "checkpoint") return "its author, station " + by(f) + ", signed the log with it";
  if (f.check == "cosignature")
    return "the other side, station " + by(f) +
           ", signed that it had exactly this durably stored at " +
           format_utc(f.time.value_or(WallTime{})) + " by its clock";
  if (f.check == "officer")
    return "the " + officer(f) + " signed these words (signature number " +
           std::to_string(f.counter.value_or(0)) + ")";
  return f.check;
}

// What a check is about, where it is not proved.
std::string subject(const Finding& f) {
  if (f.check == "inclusion") return "its place in the log";
  if (f.check == "checkpoint") return "the author's signature, station " + by(f);
  if (f.check == "cosignature") return "the other side's receipt, " + by(f);
  if (f.check == "officer") return "the signature of an officer, " + by(f);
  if (f.check == "accord") return "the accord";
  if (f.check == "bulletin") return "a bulletin that you gave";
  if (f.check == "revocation") return "what " + by(f) + " signed";
  if (f.check == "annex") return "the annex of line " + std::to_string(f.line ? f.line->value : 0);
  return "a credential";
}

std::string sentence(const Finding& f, const std::string& proved) {
  switch (f.result) {
    case CheckResult::kProved: return "  proved: " + proved + "\n";
    case CheckResult::kFailed: return "  FAILED: " + subject(f) + ": " + f.why + "\n";
    case CheckResult::kAbsent: return "  not there: " + subject(f) + ": " + f.why + "\n";
    case CheckResult::kUnchecked: return "  not checked: " + subject(f) + ": " + f.why + "\n";
  }
  return {};
}

std::string header_sentences(const record::Header& header) {
  std::string out;
  if (header.entry_class == record::EntryClass::kDrill)
    out += "  A DRILL: both sides were exercising.\n";
  if (header.entry_class == record::EntryClass::kTest) out += "  A TEST, not a live entry.\n";
  out += "  Kind " + std::to_string(header.kind) + ", " +
         record::precedence_name(header.precedence) + ", written at " + format_utc(header.time) +
         " by its author's clock.\n";
  if (!header.subject.empty()) out += "  Subject: " + wire::display_line(header.subject) + "\n";
  return out;
}

std::string indented(const std::string& text) {
  std::string out = "    | ";
  for (const char c : text) {
    out += c;
    if (c == '\n') out += "    | ";
  }
  return out + "\n";
}

std::string shown(const record::ItemFindings& item) {
  if (const auto* alone = std::get_if<record::ShownHeader>(&item.shown)) {
    const auto header = record::decode_header(alone->header);
    return (header ? header_sentences(*header) : "") +
           "  Its words are not shown; whoever has them can prove that they are these.\n";
  }
  const auto* whole = std::get_if<record::ShownWhole>(&item.shown);
  if (!whole) return "  Neither its words nor its header are shown.\n";
  const auto entry = record::decode_entry(whole->bytes);
  if (!entry) return {};
  std::string out = header_sentences(entry->header);
  if (entry->header.body_form == record::BodyForm::kText)
    return out + indented(wire::display_text(as_string(entry->body)));
  return out + "  Its body is not text: " + std::to_string(entry->body.size()) + " bytes, hex\n" +
         indented(to_hex(entry->body));
}

std::string item_sentences(const record::ItemFindings& item) {
  std::string out = "\nEntry " + std::to_string(item.index) + " of the log " +
                    wire::display_line(item.origin) + "\n" + shown(item);
  for (const Finding& finding : item.checks) out += sentence(finding, meaning(finding, item));
  if (!item.attested)
    out += "  Unattested: the line is deniable. This proves nothing to an outsider.\n";
  return out;
}

std::string accord_sentences(const record::AccordFindings& accord, const accord::Accord& terms) {
  std::string out = "Accord " + to_hex(accord.digest) + ", version " +
                    std::to_string(accord.version) + ", between " + terms.first().name + " (" +
                    wire::display_line(terms.first().self) + ") and " + terms.second().name + " (" +
                    wire::display_line(terms.second().self) + ")\n";
  for (const accord::AccordSide& side : terms.sides)
    out += "  root key of " + side.name + ": " + to_base64(side.root.bytes()) + "\n";
  for (const Finding& finding : accord.checks) {
    const std::string proved =
        finding.check == "accord"
            ? "both sides' root keys signed it"
            : "the annex of line " + std::to_string(finding.line->value) + " is the agreed one";
    out += sentence(finding, proved);
  }
  return out;
}

}  // namespace

int exit_code(record::Verdict verdict) {
  switch (verdict) {
    case record::Verdict::kProved: return 0;
    case record::Verdict::kFailed: return 1;
    case record::Verdict::kUnanchored: return 3;
    case record::Verdict::kUnattested: return 4;
  }
  return 1;
}

std::string unusable_sentence(const std::string& error) {
  return "This file cannot be used: " + wire::display_line(error) +
         "\nIf it was cut off or changed on its way, its first holder has it whole: get it from there again, as a file.\n";
}

std::string verdict_sentence(record::Verdict verdict) {
  switch (verdict) {
    case record::Verdict::kProved: return "All of this is proved.\n";
    case record::Verdict::kFailed: return "NOT proved: something here fails.\n";
    case record::Verdict::kUnanchored:
      return "The signatures fit each other; nobody told me whose keys these are. Give the sides' "
             "root keys (--root, --card) or the accord's digest (--accord) as you know them.\n";
    case record::Verdict::kUnattested: return "Unattested: this proves nothing to an outsider.\n";
  }
  return {};
}

namespace {

std::string revocation_sentence(const std::vector<std::string>& sides) {
  if (sides.empty())
    return "Revocation not checked: whether a credential was revoked since, both sides' bulletins say (--bulletin).\n";
  std::string out = "Revocation checked against the bulletins that you gave, of " + sides.front();
  for (std::size_t i = 1; i < sides.size(); ++i) out += " and " + sides[i];
  return out + "; a later bulletin may say more.\n";
}

}  // namespace

std::string evidence_sentences(const record::ExtractFindings& findings) {
  if (!findings.error.empty())
    return unusable_sentence(findings.error);
  std::string out;
  for (std::size_t i = 0; i < findings.accords.size(); ++i)
    out += accord_sentences(findings.accords[i], findings.terms[i]);
  for (const Finding& finding : findings.credentials) {
    const std::string role = finding.role ? accord::to_string(*finding.role) : "unknown";
    out += sentence(finding, "the root of " + finding.side + " vouches for the keys of " + role +
                                 " " + by(finding));
  }
  for (const record::ItemFindings& item : findings.items) out += item_sentences(item);
  return out + "\n" + revocation_sentence(findings.revocation_of);
}

std::string extract_sentences(const record::ExtractFindings& findings) {
  return evidence_sentences(findings) + verdict_sentence(findings.verdict);
}

}  // namespace detente::verify
