#include "record/extract_revocation.h"

#include <algorithm>

#include "accord/roster.h"
#include "base/civil.h"
#include "record/epoch_body.h"

namespace detente::record {
namespace {

using Rosters = std::map<std::string, accord::Roster>;

// Bulletins of the accord's two sides, checked under the roots in its text.
Rosters read_bulletins(const Ground& ground, const std::vector<Bytes>& bulletins, ExtractFindings& findings) {
  Rosters out;
  for (const Bytes& bytes : bulletins) {
    Finding finding{.check = "bulletin", .result = CheckResult::kFailed};
    finding.why = "no root key in the accord signed it";
    for (const accord::AccordSide& side : ground.terms().sides) {
      const accord::SideRoots roots = ground.roots(side.name);
      const auto read = accord::read_bulletin(bytes, roots, side.name);
      if (!read && read.error().fault != Fault::kDenied) continue;
      finding.side = side.name;
      if (!read) {  // of a root key that is retired, beyond what counts of it
        finding.why = read.error().message;
        continue;
      }
      const auto taken = out.try_emplace(side.name, side.name, roots).first->second.apply(bytes);
      if (taken) finding.result = CheckResult::kProved;
      finding.why = taken ? "" : taken.error().message;
    }
    if (finding.result == CheckResult::kFailed) findings.credentials.push_back(std::move(finding));
  }
  return out;
}

bool is_proved(const ItemFindings& item, std::string_view check) {
  return std::any_of(item.checks.begin(), item.checks.end(), [&](const Finding& finding) {
    return finding.check == check && finding.result == CheckResult::kProved;
  });
}

// By origin: the position before, that the first entry of a log names where it is in the extract.
using Before = std::map<std::string, LogPosition>;

Before positions_before(const ExtractFindings& findings) {
  Before out;
  for (const ItemFindings& item : findings.items) {
    const auto* whole = std::get_if<ShownWhole>(&item.shown);
    // Receipted, too: whoever has the keys can sign another beginning of the same log.
    if (item.index != 0 || whole == nullptr || !is_proved(item, "checkpoint") || !is_proved(item, "cosignature")) continue;
    const auto entry = decode_entry(whole->bytes);
    if (!entry) continue;
    if (const auto position = epoch_before(*entry)) out.emplace(item.origin, *position);
  }
  return out;
}

enum class Place { kBelow, kBeyond, kUntied };

Place place_of(const Before& before, const ItemFindings& item, const accord::LastValid& last) {
  const LogName log = *parse_log_origin(item.origin);
  const EpochId wanted = log.epoch;
  LogPosition at{last.epoch, last.size, last.root};
  for (std::size_t i = 0; i < before.size() && at.epoch != wanted; ++i) {  // they may go round in a circle
    const auto earlier = before.find(log_origin(log.lineage, log.line, log.side + "/" + log.post, at.epoch));
    if (earlier == before.end()) return Place::kBeyond;
    at = earlier->second;
  }
  if (at.epoch != wanted || item.index >= at.size) return Place::kBeyond;
  if (item.size == at.size) return item.root == at.root ? Place::kBelow : Place::kUntied;
  // Whoever has the keys can sign another history of the same length; the other side received one.
  return is_proved(item, "cosignature") ? Place::kBelow : Place::kUntied;
}

Finding judge(const Rosters& rosters, const Before& before, const ItemFindings& item, OfficerId number) {
  const LogName log = *parse_log_origin(item.origin);
  Finding finding{.check = "revocation", .side = log.side, .number = number};
  const auto roster = rosters.find(log.side);
  if (roster == rosters.end()) {
    finding.result = CheckResult::kUnchecked;
    finding.why = "no bulletin of " + log.side + " was given";
    return finding;
  }
  finding.time = roster->second.revoked_at(number);
  if (!finding.time) return finding;
  finding.result = CheckResult::kFailed;
  finding.why = "after the last valid: " + log.side + " revoked these keys on " + format_utc(*finding.time);
  for (const accord::Revocation& revocation : roster->second.revocations(number)) {
    if (!revocation.last_valid || revocation.last_valid->line != log.line) continue;
    const Place place = place_of(before, item, *revocation.last_valid);
    if (place == Place::kBelow) {
      finding.result = CheckResult::kProved;
      finding.why.clear();
      return finding;
    }
    finding.why += place == Place::kBeyond
                       ? " and vouches for the first " + std::to_string(revocation.last_valid->size) +
                             " entries of one log alone, whatever date this one claims"
                       : ", and nothing ties this to the history that it vouches for";
    return finding;
  }
  finding.why += " and vouches for nothing that they signed on this line";
  return finding;
}

}  // namespace

void check_revocations(const Extract& extract, const Ground& ground, const std::vector<Bytes>& bulletins,
                       ExtractFindings& findings) {
  if (bulletins.empty()) return;
  const Rosters rosters = read_bulletins(ground, bulletins, findings);
  for (const auto& [side, roster] : rosters) findings.revocation_of.push_back(side);
  const Before before = positions_before(findings);
  for (std::size_t i = 0; i < findings.items.size(); ++i) {
    ItemFindings& item = findings.items[i];
    std::vector<Finding> of_item;
    if (const auto& checkpoint = extract.items[i].checkpoint)
      of_item.push_back(judge(rosters, before, item, checkpoint->station));
    for (const Finding& check : item.checks)
      if (check.check == "officer" && check.counter) of_item.push_back(judge(rosters, before, item, check.number));
    for (Finding& finding : of_item) item.checks.push_back(std::move(finding));
  }
}

}  // namespace detente::record
