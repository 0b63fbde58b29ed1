// Whether the signatures in a record are those of the stations that the accords
// and credentials of a side name, and whether a start could read its values.
#include "core/register_value.h"
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

// Whether a station of the roster made it; every credential that the side ever issued counts, since
// an old epoch stands under the keys of its day.
template <typename Fits>
bool by_a_station(const accord::Roster& roster, Fits fits) {
  for (const accord::SignedCredential* one : roster.all())
    if (one->credential.is_station() && fits(one->credential)) return true;
  return false;
}

tl::unexpected<Error> not_signed(const char* what, const io::CheckedLog& log,
                                 const std::string& who) {
  return fail(Fault::kAuthentication, std::string("the record is damaged: the newest ") + what +
                                          " of " + log.log.station_id + " on line " +
                                          std::to_string(log.log.line.line.value) +
                                          " does not verify under any station's key of " + who);
}

Result<std::uint64_t> check_log(const Ground& ground, const accord::Roster& ours,
                                const io::CheckedLog& log) {
  std::uint64_t verified = 0;
  const accord::Roster& author = log.log.own ? ours : ground.theirs;
  const accord::Roster& cosigner = log.log.own ? ground.theirs : ours;
  const std::string origin = record::log_origin(log.log.line.lineage, log.log.line.line,
                                                log.log.station_id, log.log.epoch);
  if (log.checkpoint && log.checkpoint->signature) {
    const record::Checkpoint text{origin, log.checkpoint->size, log.checkpoint->root};
    const auto fits = [&](const accord::Credential& one) {
      return one.station_id() == log.log.station_id &&
             record::verify_checkpoint(text, one.sign_key, *log.checkpoint->signature);
    };
    if (!by_a_station(author, fits)) return not_signed("checkpoint", log, author.side());
    ++verified;
  }
  if (log.cosignature && log.cosignature->signature) {
    const record::Checkpoint text{origin, log.cosignature->size, log.cosignature->root};
    const record::Cosignature cosignature{log.cosignature->time.seconds,
                                          *log.cosignature->signature};
    const auto fits = [&](const accord::Credential& one) {
      return one.cosign_key && record::verify_cosignature(text, cosignature, *one.cosign_key);
    };
    if (!by_a_station(cosigner, fits)) return not_signed("receipt", log, cosigner.side());
    ++verified;
  }
  return verified;
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

Result<BackupRecord> check_signatures(const SideDir& side, const io::CheckedRecord& record) {
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
    DETENTE_TRY(verified, check_log(*ground, ours, log));
    out.signatures += verified;
  }
  for (auto& [key, line] : lines) out.lines.push_back(std::move(line));
  return out;
}

}  // namespace detente::station
