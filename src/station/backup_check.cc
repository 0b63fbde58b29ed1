// Whether the signatures in a record are those of the stations that the accords
// and credentials of a side name, and whether a start could read its values.
#include <algorithm>
#include <functional>

#include "core/register_value.h"
#include "io/sqlite_signed.h"
#include "record/checkpoint.h"
#include "station/anchor.h"
#include "station/backup.h"
#include "wire/cbor.h"
#include "wire/text.h"

namespace detente::station {

namespace {

// One accord of this side, with what its signatures are checked against.
struct Ground {
  std::string counterpart;
  accord::AccordInForce accord;
  accord::Roster theirs;
};

Result<std::vector<Ground>> grounds(const SideDir& side) {
  std::vector<Ground> out;
  DETENTE_TRY(counterparts, side.counterparts());
  for (const std::string& name : counterparts) {
    auto accord = side.accord_in_force(name);
    if (!accord && accord.error().fault == Fault::kState) continue;  // not signed yet: no record
    if (!accord) return fail_at("accord with " + name, accord.error());
    DETENTE_TRY(roster, side.roster_of(name));
    out.push_back({name, std::move(*accord), std::move(roster)});
  }
  return out;
}

constexpr std::uint64_t kTellEvery = 512;

using Keys = std::vector<crypto::VerifyKey>;

// Every credential that the side ever issued counts, since an old epoch stands under the keys of its day; a renewal has the
// same keys.
template <typename KeyOf>
Keys keys_of(const accord::Roster& roster, KeyOf key_of) {
  Keys out;
  for (const accord::SignedCredential* one : roster.all()) {
    const std::optional<crypto::VerifyKey> key = one->credential.is_station() ? key_of(one->credential) : std::nullopt;
    if (key && std::find(out.begin(), out.end(), *key) == out.end()) out.push_back(*key);
  }
  return out;
}

// The signatures of one kind over one log, oldest first. One that verifies under no key is damaged, or of a station whose
// credential is not here: the latter only where a bulletin of its side is missing, and never between two of one key.
class Row {
 public:
  Row(const char* what, const io::CheckedLog& log, const accord::Roster& signers, Keys keys)
      : what_(what), log_(log), signers_(signers), keys_(std::move(keys)) {}

  template <typename Fits>
  Result<void> add(std::uint64_t size, Fits fits) {
    std::optional<std::size_t> by;
    if (last_ && fits(keys_[*last_])) by = last_;
    for (std::size_t at = 0; !by && at < keys_.size(); ++at)
      if (at != last_ && fits(keys_[at])) by = at;
    if (!by) {
      if (waiting_++ == 0) first_waiting_ = size;
      return {};
    }
    if (waiting_ > 0 && (by == last_ || all_known())) return damaged();
    unknown_ += std::exchange(waiting_, 0);
    last_ = by;
    ++verified_;
    return {};
  }
  Result<void> end(BackupRecord& out) {
    if (waiting_ > 0 && (last_ || all_known())) return damaged();
    out.signatures += verified_;
    out.signatures_unknown += unknown_ + waiting_;
    return {};
  }

 private:
  bool all_known() const { return signers_.highest_bulletin() > 0 && signers_.missing_bulletins().empty(); }
  tl::unexpected<Error> damaged() const {
    return fail(Fault::kAuthentication, std::string("the record is damaged: the ") + what_ + " over " + std::to_string(first_waiting_) +
                                            " entries of " + log_.log.station_id + " on line " + std::to_string(log_.log.line.line.value) +
                                            " does not verify under any station's key of " + signers_.side() +
                                            ". Keep a copy of the station's whole directory, and restore an older backup (detente restore)");
  }

  const char* what_;
  const io::CheckedLog& log_;
  const accord::Roster& signers_;
  Keys keys_;
  std::optional<std::size_t> last_;  // the key of the newest that verified
  std::uint64_t waiting_ = 0;        // since then, of no key
  std::uint64_t first_waiting_ = 0;
  std::uint64_t verified_ = 0;
  std::uint64_t unknown_ = 0;
};

Result<void> check_log(const Ground& ground, const accord::Roster& ours, const io::CheckedLog& log, io::SignedReader& reader,
                       const std::function<void()>& tell, BackupRecord& out) {
  const accord::Roster& author = log.log.own ? ours : ground.theirs;
  const accord::Roster& cosigner = log.log.own ? ground.theirs : ours;
  const std::string origin = record::log_origin(log.log.line.lineage, log.log.line.line,
                                                log.log.station_id, log.log.epoch);
  Row checkpoints("checkpoint", log, author, keys_of(author, [&](const accord::Credential& one) {
                    return one.station_id() == log.log.station_id ? std::optional(one.sign_key) : std::nullopt;
                  }));
  Row receipts("receipt", log, cosigner, keys_of(cosigner, [](const accord::Credential& one) { return one.cosign_key; }));
  io::OnSigned on;
  on.checkpoint = [&](const record::StoredCheckpoint& one) -> Result<void> {
    tell();
    if (!one.signature) return {};
    const record::Checkpoint text{origin, one.size, one.root};
    return checkpoints.add(one.size, [&](const crypto::VerifyKey& key) { return record::verify_checkpoint(text, key, *one.signature); });
  };
  on.receipt = [&](const record::StoredCosignature& one) -> Result<void> {
    tell();
    if (!one.signature) return {};
    const record::Checkpoint text{origin, one.size, one.root};
    const record::Cosignature cosignature{one.time.seconds, *one.signature};
    return receipts.add(one.size, [&](const crypto::VerifyKey& key) { return record::verify_cosignature(text, cosignature, key); });
  };
  DETENTE_TRY_VOID(reader.read(log.log, on));
  DETENTE_TRY_VOID(checkpoints.end(out));
  return receipts.end(out);
}

std::string line_name(const Ground* ground, LineId line) {
  const accord::Annex* annex = ground == nullptr ? nullptr : ground->accord.annex(line);
  return annex == nullptr ? std::to_string(line.value) : annex->name;
}

// As a start reads it: a register by its form, what else the core keeps by that of its encoding.
bool readable(const std::string& key, ByteView value) {
  if (key.starts_with("accord-left/")) return value.size() == sizeof(Digest);
  if (key.starts_with("register/") && !key.ends_with("/came")) return core::decode_register(value).has_value();
  for (const char* kept : {"register/", "dark/", "announcements/", "restorations/", "early/"}) {
    if (!key.starts_with(kept)) continue;
    wire::CborReader reader(value);
    return reader.item().has_value() && reader.empty();
  }
  return true;
}

}  // namespace

Result<void> check_values(const SideDir& side, const io::CheckedRecord& record, const std::optional<Bytes>& anchor) {
  for (const auto& [key, value] : record.values)
    if (!readable(key, value))
      return fail(Fault::kMalformed, "the record is damaged: its value \"" + wire::display_line(key) + "\" cannot be read. Keep a copy of "
                                     "the station's whole directory, and restore an older backup (detente restore)");
  std::uint64_t own = 0;
  for (const io::CheckedLog& log : record.logs) own += log.log.own ? log.size : 0;
  const auto in_record = record.values.find(kAnchorKey);
  const auto life = check_life(anchor, in_record == record.values.end() ? std::nullopt : std::optional(in_record->second), record.logs.empty(), own,
                               io::exists(side.restored_file()));
  if (!life) return fail_at("no backup is made of a record on which this station would not start", life.error());
  return {};
}

Result<BackupRecord> check_signatures(const SideDir& side, const io::CheckedRecord& record, const std::string& path, const OnStage& stage) {
  DETENTE_TRY(reader, io::SignedReader::open(path));
  DETENTE_TRY(of, reader.count());
  std::uint64_t done = 0;
  const std::function<void()> tell = [&, of = of] {
    if (stage && ++done % kTellEvery == 0) stage("checking the signatures", done, of);
  };
  DETENTE_TRY(all, grounds(side));
  DETENTE_TRY(ours, side.own_roster());
  std::map<record::LineKey, BackupLine> lines;
  for (const Ground& ground : all)
    for (const auto& [id, annex] : ground.accord.annexes)
      lines[{ground.accord.lineage, id}] = {ground.counterpart, annex.name, 0, 0};
  BackupRecord out;
  out.entries = record.entries;
  for (const io::CheckedLog& log : record.logs) {
    const Ground* ground = nullptr;
    for (const Ground& one : all)
      if (one.accord.lineage == log.log.line.lineage) ground = &one;
    auto [line, is_new] = lines.try_emplace(log.log.line);
    if (is_new) {  // of an accord whose files are gone: kept, and no keys to check it with
      line->second.counterpart = ground == nullptr ? "(no accord here)" : ground->counterpart;
      line->second.name = line_name(ground, log.log.line.line);
    }
    (log.log.own ? line->second.own : line->second.far) += log.size;
    if (ground == nullptr) continue;
    DETENTE_TRY_VOID(check_log(*ground, ours, log, reader, tell, out));
  }
  for (auto& [key, line] : lines) out.lines.push_back(std::move(line));
  return out;
}

}  // namespace detente::station
