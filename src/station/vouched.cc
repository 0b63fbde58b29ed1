#include "station/vouched.h"

#include <map>

#include "base/civil.h"
#include "record/epoch_body.h"
#include "record/proof.h"

namespace detente::station {

namespace {

constexpr int kEpochsMax = 64;  // that one position is followed back through

std::optional<std::uint64_t> size_of(const record::Reader& store, const record::LogKey& log) {
  const auto held = store.log_of(log.line, log.own, log.epoch);
  return held && held->log == log ? std::optional(held->size) : std::nullopt;
}

// Where the log before stood, as the first entry of this one names it.
std::optional<record::LogPosition> before(const record::Reader& store, const record::LogKey& log) {
  const auto first = store.entries(log, 0, 1, 1);
  if (first.empty()) return std::nullopt;
  const Result<record::Entry> entry = record::decode_entry(first.front().bytes);
  return entry ? record::epoch_before(*entry) : std::nullopt;
}

// Whether the entry stands below the position: in its log, or in one that the log's own first entry
// names as the one before, and so on back.
bool is_below(const record::Reader& store, record::LogKey log, std::uint64_t index,
              const accord::LastValid& last) {
  const record::EpochId wanted = log.epoch;
  record::LogPosition at{last.epoch, last.size, last.root};
  for (int i = 0; i < kEpochsMax; ++i) {
    log.epoch = at.epoch;
    const auto size = size_of(store, log);
    if (!size) return false;
    // A station that holds less than that many entries has nothing to compare.
    if (at.size <= *size && record::root_at(*store.tiles(log), at.size) != at.root) return false;
    if (log.epoch == wanted) return index < at.size;
    const auto earlier = before(store, log);
    if (!earlier) return false;
    at = *earlier;
  }
  return false;
}

// The station's credentials that fit the log: those whose key signed its tree. On a deniable line
// nothing is signed, so each of that post's may have.
std::vector<OfficerId> authors_of(const record::Reader& store, const accord::Roster& roster,
                                  const record::LogKey& log, std::uint64_t index) {
  auto checkpoint = store.checkpoint_covering(log, index + 1);
  if (!checkpoint) checkpoint = store.checkpoint_covering(log, size_of(store, log).value_or(0));
  const std::string origin = record::log_origin(log.line.lineage, log.line.line, log.station_id, log.epoch);
  // A station that is renewed keeps its key, and a side may renew without end.
  std::map<ByteArray<32>, bool> known;
  const auto signed_it = [&](const accord::Credential& station) {
    const auto [held, fresh] = known.try_emplace(station.sign_key.bytes());
    if (fresh)
      held->second = record::verify_checkpoint({origin, checkpoint->size, checkpoint->root}, station.sign_key, *checkpoint->signature);
    return held->second;
  };
  std::vector<OfficerId> out;
  for (const accord::SignedCredential* one : roster.all()) {
    const accord::Credential& station = one->credential;
    if (!station.is_station() || station.station_id() != log.station_id) continue;
    if (checkpoint && checkpoint->signature && !signed_it(station)) continue;
    out.push_back(station.number);
  }
  return out;
}

std::string why_not(const accord::Roster& roster, OfficerId number, const accord::LastValid* last) {
  const accord::SignedCredential* one = roster.by_number(number);
  const auto since = roster.revoked_at(number);
  std::string out = roster.side() + " declared its station " + one->credential.post + " (no. " +
                    std::to_string(number.value) + ") lost" + (since ? " on " + format_utc(*since) : "") + " and ";
  if (last == nullptr) return out + "vouches for nothing that it wrote on this line";
  return out + "vouches for the first " + std::to_string(last->size) + " entries of its log " +
         to_hex(last->epoch).substr(0, 8) + "... alone: this one is not among them, whatever date it claims";
}

const accord::LastValid* position_on(const std::vector<accord::Revocation>& revocations, LineId line) {
  for (const accord::Revocation& revocation : revocations)
    if (revocation.last_valid && revocation.last_valid->line == line) return &*revocation.last_valid;
  return nullptr;
}

// A log that nothing is signed in is of the station that has a lost one's place only if it began here after that one was
// declared lost: from then on nothing of the lost one is taken.
bool may_be_successors(const record::Reader& store, const record::LogKey& log, const std::optional<WallTime>& lost_at) {
  const auto first = store.entries(log, 0, 1, 1);
  if (first.empty() || !lost_at) return true;
  const auto checkpoint = store.checkpoint_covering(log, 1);
  return (checkpoint && checkpoint->signature) || *lost_at < first.front().stored_at;
}

}  // namespace

Vouch vouch_for(const record::Reader& store, const accord::Roster& roster, const record::LogKey& log,
                std::uint64_t index) {
  if (!roster.any_station_revoked()) return {};
  Vouch out;
  bool other = false;  // a station that is not revoked may have written it
  std::optional<WallTime> lost_at;
  for (const OfficerId number : authors_of(store, roster, log, index)) {
    if (!roster.revoked(number)) {
      other = true;
      continue;
    }
    const auto revocations = roster.revocations(number);
    const accord::LastValid* last = position_on(revocations, log.line.line);
    if (last != nullptr && is_below(store, log, index, *last)) return {};
    out = {false, why_not(roster, number, last)};
    lost_at = roster.revoked_at(number);
    if (last != nullptr && last->epoch == log.epoch) return out;  // its log, whoever else has the post
  }
  return other && may_be_successors(store, log, lost_at) ? Vouch{} : out;
}

}  // namespace detente::station
