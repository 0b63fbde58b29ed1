#include "ceremony_revoke.h"

#include <algorithm>
#include <charconv>

#include "client_address.h"
#include "io/sqlite_store.h"
#include "record/extract_verify.h"
#include "record/merkle.h"
#include "record/tiles.h"

namespace detente::cli {
namespace {

constexpr std::uint64_t kChunk = 500;

bool is_proved(const record::ItemFindings& item, std::string_view check) {
  return std::any_of(item.checks.begin(), item.checks.end(), [&](const record::Finding& finding) {
    return finding.check == check && finding.result == record::CheckResult::kProved;
  });
}

std::optional<WallTime> receipt_time(const record::ItemFindings& item) {
  for (const record::Finding& finding : item.checks)
    if (finding.check == "cosignature" && finding.result == record::CheckResult::kProved) return finding.time;
  return std::nullopt;
}

// Of renewals, too; without those that are revoked.
std::vector<OfficerId> numbers_of_key(const accord::Roster& own, const crypto::VerifyKey& key) {
  std::vector<OfficerId> out;
  for (const accord::SignedCredential* one : own.all())
    if (one->credential.sign_key == key && !own.revoked(one->credential.number)) out.push_back(one->credential.number);
  return out;
}

// Of one line the later position counts; two logs of one line are for a person to choose between.
Result<void> keep_later(Positions& positions, const accord::LastValid& found, const std::string& where) {
  const auto [held, is_new] = positions.emplace(found.line, found);
  if (is_new || held->second == found) return {};
  if (held->second.epoch != found.epoch)
    return fail(Fault::kConflict, where + ": line " + std::to_string(found.line.value) +
                                      " has two logs here, and one position is named for a line: give the newer log's "
                                      "alone, or type it by --last");
  if (found.size > held->second.size) held->second = found;
  return {};
}

// How much of an own log has the other side's receipt, and of that what was written by `until`.
std::optional<std::pair<std::uint64_t, Digest>> last_receipted(const record::Reader& store, const record::LogKey& log, std::optional<WallTime> until) {
  const auto receipt = store.newest_cosignature(log);
  if (!receipt) return std::nullopt;
  if (!until || receipt->time <= *until) return std::pair(receipt->size, receipt->root);
  std::uint64_t size = 0;
  for (bool more = true; more && size < receipt->size;) {
    const auto some = store.entries(log, size, std::min(receipt->size, size + kChunk), kChunk);
    const auto later = std::find_if(some.begin(), some.end(), [&](const record::StoredEntry& entry) { return *until < entry.stored_at; });
    size += static_cast<std::uint64_t>(later - some.begin());
    more = later == some.end() && !some.empty();
  }
  const auto root = size == 0 ? std::nullopt : record::root_at(*store.tiles(log), size);
  return root ? std::optional(std::pair(size, *root)) : std::nullopt;
}

// The same as the running station tells it.
Result<std::optional<accord::LastValid>> last_receipted(const StationClient& station, const LineAddress& line, std::optional<WallTime> until) {
  DETENTE_TRY(record, station.get(line.target() + "/record"));
  const auto unreadable = [&] { return fail(Fault::kMalformed, "the station's answer about " + line.text() + " cannot be read"); };
  for (const Json& log : record["logs"]) {
    if (log["whose"] != "own" || log["epoch"] != record["own_epoch"] || log["cosignature"].is_null()) continue;
    const Json& receipt = log["cosignature"];
    const auto epoch = from_hex(log["epoch"].get<std::string>()), root = from_hex(receipt["root"].get<std::string>());
    if (!epoch || epoch->size() != 16 || !root || root->size() != 32) return unreadable();
    accord::LastValid out{LineId{record["line_number"].get<std::uint16_t>()}, *to_array<16>(*epoch), receipt["size"].get<std::uint64_t>(), *to_array<32>(*root)};
    if (!until || receipt["time"].get<std::uint32_t>() <= until->seconds) return std::optional(out);
    record::Frontier written;  // until that hour
    for (bool more = true; more && written.size() < out.size;) {
      DETENTE_TRY(some, station.get(line.target() + "/entries?whose=own&limit=200&since=" + std::to_string(written.size())));
      more = !some["entries"].empty();
      for (const Json& entry : some["entries"]) {
        const auto leaf = from_hex(entry["leaf"].get<std::string>());
        if (!leaf || leaf->size() != 32 || entry["index"] != written.size()) return unreadable();
        more = more && written.size() < out.size && entry["stored_at"].get<std::uint32_t>() <= until->seconds;
        if (!more) break;
        written.append(*to_array<32>(*leaf));
      }
    }
    if (written.size() == 0) return std::optional<accord::LastValid>();
    out.size = written.size();
    out.root = written.root();
    return std::optional(out);
  }
  return std::optional<accord::LastValid>();
}

// The accord whose digest vouches for the keys in the extract: the two sides' own.
Result<record::TrustAnchor> anchor_of(const SideDir& side) {
  record::TrustAnchor out;
  DETENTE_TRY(card, side.own_card());
  out.roots.emplace(side.name(), card.root);
  return out;
}

}  // namespace

Result<std::vector<OfficerId>> station_numbers(const accord::Roster& own, const std::string& post,
                                               std::optional<OfficerId> number) {
  std::vector<const accord::Credential*> live;
  for (const accord::SignedCredential* one : own.all())
    if (one->credential.is_station() && one->credential.post == post && !own.revoked(one->credential.number))
      live.push_back(&one->credential);
  const accord::Credential* chosen = nullptr;
  for (const accord::Credential* one : live) {
    if (number && one->number != *number) continue;
    if (!number && chosen != nullptr && chosen->sign_key != one->sign_key)
      return fail(Fault::kConflict, "station " + post + ": there are several of that post, no. " +
                                        std::to_string(chosen->number.value) + " and no. " +
                                        std::to_string(one->number.value) + "; say which is lost by --number");
    chosen = one;
  }
  if (chosen == nullptr)
    return fail(Fault::kNotFound, "station " + post + (number ? ", no. " + std::to_string(number->value) : "") +
                                      ": this side has no such station that is not revoked already");
  return numbers_of_key(own, chosen->sign_key);
}

Result<std::vector<OfficerId>> officer_numbers(const SideDir& side, const accord::Roster& own, const std::string& name) {
  DETENTE_TRY(officer, side.officer(name));
  const accord::SignedCredential* held = own.by_number(officer.number);
  if (held == nullptr)
    return fail(Fault::kNotFound, "credential " + std::to_string(officer.number.value) + " of " + name + " is not in bulletins/" + own.side());
  std::vector<OfficerId> out = numbers_of_key(own, held->credential.sign_key);
  if (out.empty()) return fail(Fault::kConflict, "officer " + name + " is revoked already");
  return out;
}

Result<void> add_from_extract(const SideDir& side, const io::Path& file, const std::string& post,
                              std::optional<WallTime> until, Positions& positions) {
  DETENTE_TRY(bytes, io::read_file(file, record::kExtractBytesMax));
  DETENTE_TRY(anchor, anchor_of(side));
  const record::ExtractFindings found = record::verify_extract(bytes, anchor);
  const std::string where = file.string();
  if (!found.error.empty()) return fail(Fault::kMalformed, where + ": " + found.error);
  if (found.verdict == record::Verdict::kFailed)
    return fail(Fault::kAuthentication,
                where + ": it does not prove what it says (detente-verify entry " + where + " shows why)");
  bool any = false;
  std::optional<accord::LastValid> unattested;
  for (const record::ItemFindings& item : found.items) {
    DETENTE_TRY(log, record::parse_log_origin(item.origin));
    if (log.side == side.name() && log.post == post && item.root && !item.attested) unattested = {log.line, log.epoch, item.size, *item.root};
    const auto received = receipt_time(item);
    if (log.side != side.name() || log.post != post || !item.root || !received || !is_proved(item, "checkpoint"))
      continue;
    if (until && *until < *received) continue;
    DETENTE_TRY_VOID(keep_later(positions, {log.line, log.epoch, item.size, *item.root}, where));
    any = true;
  }
  if (!any && unattested)
    return fail(Fault::kUnsupported, where + ": line " + std::to_string(unattested->line.value) +
                                         " is deniable: no receipt of it can be proved by a file. Have the other side read out how many "
                                         "entries of station " + side.name() + "/" + post +
                                         " it vouches for (detente record show LINE --at SIZE), and name that: --last LINE=EPOCH:SIZE:ROOT; this file holds, unattested, " +
                                         to_hex(unattested->epoch) + ":" + std::to_string(unattested->size) + ":" + to_hex(unattested->root));
  if (!any)
    return fail(Fault::kNotFound, where + ": it holds nothing of station " + side.name() + "/" + post +
                                      " that the other side receipted" + (until ? " by that time" : "") +
                                      "; ask for: detente record export LINE far INDEX --out FILE");
  return {};
}

Result<void> add_from_record(const io::Path& dir, const std::string& post,
                             std::optional<WallTime> until, Positions& positions) {
  DETENTE_TRY(side, SideDir::open(dir));
  if (!io::exists(side.record_file()))
    return fail(Fault::kNotFound, dir.string() + ": no record of a station is there; restore a backup, or give a "
                                                 "file that the other side exported");
  DETENTE_TRY(store, io::SqliteStore::open(side.record_file().string()));
  DETENTE_TRY(counterparts, side.counterparts());
  for (const std::string& name : counterparts) {
    DETENTE_TRY(accord, side.accord_in_force(name));
    for (const auto& [line, annex] : accord.annexes) {
      const record::Reader::LogInfo* newest = nullptr;
      const auto logs = store->logs({accord.lineage, line});
      for (const record::Reader::LogInfo& info : logs)
        if (info.log.own && info.log.station_id == side.name() + "/" + post) newest = &info;
      if (newest == nullptr) continue;
      const auto last = last_receipted(*store, newest->log, until);
      if (last) DETENTE_TRY_VOID(keep_later(positions, {line, newest->log.epoch, last->first, last->second}, dir.string()));
    }
  }
  return {};
}

Result<void> add_from_station(const StationClient& station, std::optional<WallTime> until, Positions& positions) {
  DETENTE_TRY(status, station.get("/v1/status"));
  for (const LineAddress& line : all_lines(status)) {
    DETENTE_TRY(found, last_receipted(station, line, until));
    if (found) DETENTE_TRY_VOID(keep_later(positions, *found, line.text()));
  }
  return {};
}

Result<void> add_typed(const SideDir& side, const std::string& text, Positions& positions) {
  const auto wrong = [&] {
    return fail(Fault::kMalformed, "--last " + text + ": write LINE=EPOCH:SIZE:ROOT, as the other side reads them from "
                                                      "detente record show LINE");
  };
  const std::size_t equals = text.find('='), colon = text.find(':', equals), last = text.rfind(':');
  if (equals == std::string::npos || colon == std::string::npos || last == colon) return wrong();
  const auto epoch = from_hex(text.substr(equals + 1, colon - equals - 1));
  const auto root = from_hex(text.substr(last + 1));
  const std::string_view size_text = std::string_view(text).substr(colon + 1, last - colon - 1);
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(size_text.data(), size_text.data() + size_text.size(), size);
  if (!epoch || epoch->size() != 16 || !root || root->size() != 32 || size_text.empty() || error != std::errc() ||
      end != size_text.data() + size_text.size())
    return wrong();
  DETENTE_TRY(lines, line_numbers(side, {text.substr(0, equals)}));
  if (lines.size() != 1)
    return fail(Fault::kConflict, "--last " + text + ": several accords have a line of that name under other numbers");
  return keep_later(positions, {lines.front(), *to_array<16>(*epoch), size, *to_array<32>(*root)}, "--last " + text);
}

Result<Revoked> revoke_keys(const SideDir& side, const std::vector<OfficerId>& numbers,
                            const Positions& positions, const crypto::SignKey& root, WallTime now) {
  DETENTE_TRY(own, side.own_roster());
  std::vector<accord::Revocation> revocations;
  for (const OfficerId number : numbers) {
    if (positions.empty()) revocations.push_back({number, std::nullopt});
    for (const auto& [line, last] : positions) revocations.push_back({number, last});
  }
  Revoked out{own.highest_bulletin() + 1, {}};
  DETENTE_TRY(bytes, accord::issue_bulletin(side.name(), out.bulletin, now, {}, revocations, root));
  DETENTE_TRY_VOID(side.add_bulletin(side.name(), bytes));
  out.bytes = std::move(bytes);
  return out;
}

}  // namespace detente::cli
