// The verdict of spec/record.md section 9 as JSON; "entry", "why" and "name" are this program's
// additions.
#include "json.h"
#include "report.h"
#include "wire/text.h"

namespace detente::verify {
namespace {

using record::Finding;

const char* class_name(record::EntryClass entry_class) {
  switch (entry_class) {
    case record::EntryClass::kLive: return "live";
    case record::EntryClass::kDrill: return "drill";
    case record::EntryClass::kTest: return "test";
  }
  return "unknown";
}

std::string entry_json(const record::Header& header, const Bytes* body) {
  JsonObject out;
  out.text("class", class_name(header.entry_class));
  out.number("kind", header.kind);
  out.text("precedence", record::precedence_name(header.precedence));
  out.number("time", header.time.seconds);
  if (!header.subject.empty()) out.text("subject", wire::display_line(header.subject));
  if (body && header.body_form == record::BodyForm::kText)
    out.text("text", wire::display_text(as_string(*body)));
  else if (body)
    out.text("body", to_hex(*body));
  return out.str();
}

std::string item_json(const record::ItemFindings& item) {
  static constexpr const char* kShown[] = {"whole", "header", "leaf"};
  JsonObject out;
  out.text("origin", item.origin).number("index", item.index).number("size", item.size);
  out.text("shown", kShown[item.shown.index()]).truth("attested", item.attested);
  out.raw("checks", findings_json(item.checks));
  if (const auto* whole = std::get_if<record::ShownWhole>(&item.shown)) {
    if (const auto entry = record::decode_entry(whole->bytes))
      out.raw("entry", entry_json(entry->header, &entry->body));
  } else if (const auto* alone = std::get_if<record::ShownHeader>(&item.shown)) {
    if (const auto header = record::decode_header(alone->header))
      out.raw("entry", entry_json(*header, nullptr));
  }
  return out.str();
}

}  // namespace

std::string finding_json(const Finding& finding) {
  JsonObject out;
  out.text("check", finding.check).text("result", record::to_string(finding.result));
  if (!finding.side.empty()) out.text("side", finding.side);
  if (!finding.post.empty()) out.text("post", finding.post);
  if (finding.number.value != 0) out.number("number", finding.number.value);
  if (finding.role) out.text("role", accord::to_string(*finding.role));
  if (finding.person_closed) out.text("person", *finding.person_closed ? "closed" : "none");
  if (finding.line) out.number("line", finding.line->value);
  if (finding.time) out.number("time", finding.time->seconds);
  if (finding.counter) out.number("counter", *finding.counter);
  if (!finding.why.empty()) out.text("why", finding.why);
  return out.str();
}

std::string findings_json(const std::vector<Finding>& findings) {
  std::vector<std::string> out;
  for (const Finding& finding : findings) out.push_back(finding_json(finding));
  return json_list(out);
}

std::string extract_json(const record::ExtractFindings& findings) {
  std::vector<std::string> accords, items;
  for (const record::AccordFindings& accord : findings.accords)
    accords.push_back(JsonObject()
                          .text("digest", to_hex(accord.digest))
                          .number("version", accord.version)
                          .raw("checks", findings_json(accord.checks))
                          .str());
  for (const record::ItemFindings& item : findings.items) items.push_back(item_json(item));
  return JsonObject()
      .text("verdict", record::to_string(findings.verdict))
      .text("error", findings.error)
      .raw("accords", json_list(accords))
      .raw("credentials", findings_json(findings.credentials))
      .raw("items", json_list(items))
      .text("revocation", findings.revocation_of.empty() ? "unchecked" : "checked")
      .str();
}

}  // namespace detente::verify
