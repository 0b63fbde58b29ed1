// The checks of an extract's items, and the verdict over all. The tables of
// spec/record.md section 9 are the order here.
#include "record/extract_verify.h"

#include <algorithm>

#include "record/extract_ground.h"
#include "record/extract_revocation.h"

namespace detente::record {
namespace {

// The root that leaf, place and hashes give (RFC 9162 section 2.1.3.2); nothing for a wrong number
// of hashes. verify_inclusion compares with a root that is known, and here none is.
std::optional<Digest> root_from(const Digest& leaf, const ExtractItem& item) {
  std::uint64_t node = item.index;
  std::uint64_t last = item.size - 1;
  Digest root = leaf;
  for (const Digest& hash : item.inclusion) {
    if (last == 0) return std::nullopt;
    if ((node & 1) != 0 || node == last) {
      root = node_hash(hash, root);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      root = node_hash(root, hash);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last != 0) return std::nullopt;
  return root;
}

class ItemCheck {
 public:
  using UsedCounters = std::set<std::tuple<std::string, OfficerId, std::uint64_t>>;

  ItemCheck(const Ground& ground, const ExtractItem& item, UsedCounters& used)
      : ground_(ground), item_(item), log_(*parse_log_origin(item.origin)), used_(used) {}

  ItemFindings run();

 private:
  void read_shown();
  Finding inclusion(const std::optional<Digest>& root) const;
  Finding checkpoint(const std::optional<Digest>& root) const;
  Finding cosignature(const std::optional<Digest>& root) const;
  void officers(std::vector<Finding>& checks);
  Finding officer(const OfficerSignature& signature, bool is_first);
  // Fills in who it is; a reason when this credential cannot stand for it (at its time, if known).
  std::string credential_fits(const accord::Credential* credential, bool station,
                              Finding& finding) const;

  const Ground& ground_;
  const ExtractItem& item_;
  LogName log_;
  UsedCounters& used_;
  Digest leaf_{};
  std::optional<Header> header_;
  std::optional<Entry> entry_;
};

void ItemCheck::read_shown() {
  if (const auto* whole = std::get_if<ShownWhole>(&item_.shown)) {
    entry_ = *decode_entry(whole->bytes);  // decode_extract tried it
    header_ = entry_->header;
    leaf_ = leaf_of(whole->bytes, whole->salt);
  } else if (const auto* alone = std::get_if<ShownHeader>(&item_.shown)) {
    header_ = *decode_header(alone->header);
    leaf_ = leaf_from_inner(alone->header, alone->inner);
  } else {
    leaf_ = std::get<ShownLeaf>(item_.shown).leaf;
  }
}

Finding failed(Finding finding, std::string why) {
  finding.result = CheckResult::kFailed;
  finding.why = std::move(why);
  return finding;
}

std::string ItemCheck::credential_fits(const accord::Credential* credential, bool station,
                                       Finding& finding) const {
  if (!credential) return "the credential of that number is not in the file, or is not the side's";
  finding.post = credential->post;
  finding.role = credential->role;
  if (!credential->is_station()) finding.person_closed = credential->person.has_value();
  if (credential->is_station() != station)
    return station ? "the credential is not a station's" : "the credential is a station's";
  if (!credential->allows(log_.line)) return "the credential is not for this line";
  if (finding.time && !credential->valid_at(*finding.time))
    return "the credential was not valid at that time";
  return {};
}

Finding ItemCheck::inclusion(const std::optional<Digest>& root) const {
  Finding finding{.check = "inclusion"};
  if (!root) return failed(finding, "the hashes lead to no tree of this size");
  if (!item_.checkpoint) {
    finding.result = CheckResult::kAbsent;
    finding.why = "no signature fixes the tree";
  }
  return finding;
}

Finding ItemCheck::checkpoint(const std::optional<Digest>& root) const {
  Finding finding{.check = "checkpoint", .side = log_.side, .post = log_.post};
  if (header_) finding.time = header_->time;
  if (!item_.checkpoint) {
    if (!ground_.deniable(log_.line)) return failed(finding, "the author's checkpoint is missing");
    finding.result = CheckResult::kAbsent;
    finding.why = "unattested: the line leaves no proof to an outsider, as both sides agreed";
    return finding;
  }
  finding.number = item_.checkpoint->station;
  const auto* credential = ground_.credential(log_.side, finding.number);
  if (std::string why = credential_fits(credential, true, finding); !why.empty())
    return failed(finding, why);
  if (credential->post != log_.post) return failed(finding, "the credential is of another station");
  if (!root || !verify_checkpoint({item_.origin, item_.size, *root}, credential->sign_key,
                                  item_.checkpoint->signature))
    return failed(finding, "the signature does not fit this entry in this log");
  return finding;
}

Finding ItemCheck::cosignature(const std::optional<Digest>& root) const {
  Finding finding{.check = "cosignature"};
  finding.side = ground_.terms().side_opposite(log_.side)->name;
  if (!item_.cosignature) {
    finding.result = CheckResult::kAbsent;
    finding.why = "no receipt of the other side is in this file";
    return finding;
  }
  finding.number = item_.cosignature->station;
  finding.time = item_.cosignature->time;
  const auto* credential = ground_.credential(finding.side, finding.number);
  if (std::string why = credential_fits(credential, true, finding); !why.empty())
    return failed(finding, why);
  const Cosignature cosignature{item_.cosignature->time.seconds, item_.cosignature->signature};
  if (!root ||
      !verify_cosignature({item_.origin, item_.size, *root}, cosignature, *credential->cosign_key))
    return failed(finding, "the receipt does not fit this entry in this log at this time");
  return finding;
}

Finding ItemCheck::officer(const OfficerSignature& signature, bool is_first) {
  Finding finding{.check = "officer", .side = log_.side, .number = signature.officer};
  finding.time = entry_->header.time;
  finding.counter = signature.counter;
  const bool fresh = used_.emplace(log_.side, signature.officer, signature.counter).second;
  const auto* credential = ground_.credential(log_.side, signature.officer);
  if (std::string why = credential_fits(credential, false, finding); !why.empty())
    return failed(finding, why);
  if (is_first && entry_->header.author != signature.officer)
    return failed(finding, "the entry names another officer as its author");
  if (!fresh) return failed(finding, "the officer used this signature's counter before");
  const GroundAccord* accord = ground_.version(signature.accord_version);
  if (!accord) {
    finding.result = CheckResult::kUnchecked;
    finding.why = "it was made under version " + std::to_string(signature.accord_version) +
                  " of the accord, which is not in this file";
    return finding;
  }
  if (!verify_officer(entry_->header, entry_->body, accord->digest, signature,
                      credential->sign_key))
    return failed(finding, "the signature does not fit this entry");
  return finding;
}

void ItemCheck::officers(std::vector<Finding>& checks) {
  if (entry_)
    for (std::size_t i = 0; i < entry_->signatures.size(); ++i)
      checks.push_back(officer(entry_->signatures[i], i == 0));
  if (entry_ && (!entry_->signatures.empty() || header_->author == kStationItself)) return;
  Finding finding{.check = "officer", .result = CheckResult::kUnchecked, .side = log_.side};
  finding.why = "officers' signatures are not shown";
  if (header_) finding.number = header_->author;
  if (entry_) {
    finding.result = CheckResult::kAbsent;
    finding.why = "the station alone says that this officer wrote it";
  }
  checks.push_back(std::move(finding));
}

ItemFindings ItemCheck::run() {
  read_shown();
  const auto root = root_from(leaf_, item_);
  ItemFindings out{item_.origin, item_.index, item_.size, item_.shown, false, {}, root};
  out.attested = item_.checkpoint.has_value();
  out.checks = {inclusion(root), checkpoint(root), cosignature(root)};
  officers(out.checks);
  return out;
}

bool any_failed(const std::vector<Finding>& checks) {
  return std::any_of(checks.begin(), checks.end(),
                     [](const Finding& f) { return f.result == CheckResult::kFailed; });
}

Verdict judge(const ExtractFindings& findings, bool anchored) {
  bool failed = any_failed(findings.credentials);
  for (const AccordFindings& accord : findings.accords) failed |= any_failed(accord.checks);
  bool attested = true;
  for (const ItemFindings& item : findings.items) {
    failed |= any_failed(item.checks);
    attested &= item.attested;
  }
  if (failed) return Verdict::kFailed;
  if (!attested) return Verdict::kUnattested;
  return anchored ? Verdict::kProved : Verdict::kUnanchored;
}

}  // namespace

const char* to_string(CheckResult result) {
  switch (result) {
    case CheckResult::kProved: return "proved";
    case CheckResult::kFailed: return "failed";
    case CheckResult::kAbsent: return "absent";
    case CheckResult::kUnchecked: return "unchecked";
  }
  return "unknown";
}

const char* to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::kProved: return "proved";
    case Verdict::kUnanchored: return "unanchored";
    case Verdict::kUnattested: return "unattested";
    case Verdict::kFailed: return "failed";
  }
  return "unknown";
}

ExtractFindings verify_extract(ByteView bytes, const TrustAnchor& anchor) {
  ExtractFindings out;
  const auto broken = [](const Error& error) {
    ExtractFindings empty;
    empty.error = error.message;
    return empty;
  };
  const auto extract = decode_extract(bytes);
  if (!extract) return broken(extract.error());
  const auto ground = read_ground(*extract, anchor, out);
  if (!ground) return broken(ground.error());
  ItemCheck::UsedCounters used;
  for (const ExtractItem& item : extract->items)
    out.items.push_back(ItemCheck(*ground, item, used).run());
  check_revocations(*extract, *ground, anchor.bulletins, out);
  out.verdict = judge(out, is_anchored(*ground, anchor));
  return out;
}

}  // namespace detente::record
