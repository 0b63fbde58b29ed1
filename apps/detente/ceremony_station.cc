// Credentials for the own station and officers, and the link of a pair.
#include <algorithm>
#include <limits>

#include "base/civil.h"
#include "ceremony.h"
#include "ceremony_root.h"
#include "station/anchor.h"

namespace detente::cli {
namespace {

constexpr std::uint32_t kDay = 24 * 60 * 60;
// The other side's clock may be behind ours.
constexpr std::uint32_t kClockGrace = 60 * 60;

struct Validity {
  WallTime from, to;
};

Validity valid_for(std::uint32_t days, WallTime now) {
  const std::uint64_t end = std::uint64_t{now.seconds} + std::uint64_t{days} * kDay;
  const std::uint64_t last = std::numeric_limits<std::uint32_t>::max();
  return {{now.seconds - std::min(now.seconds, kClockGrace)},
          {static_cast<std::uint32_t>(std::min(end, last))}};
}

// A number is never used again, so the next one is above all that were ever issued.
// An officer whose enrolment was broken off before the bulletin has one too.
Result<OfficerId> next_number(const SideDir& side, const accord::Roster& own) {
  DETENTE_TRY_VOID(check_may_issue(side));
  std::uint32_t highest = 0;
  for (const accord::SignedCredential* credential : own.all())
    highest = std::max<std::uint32_t>(highest, credential->credential.number.value);
  DETENTE_TRY(officers, side.officers());
  for (const std::string& name : officers) {
    DETENTE_TRY(officer, side.officer(name));
    highest = std::max<std::uint32_t>(highest, officer.number.value);
  }
  if (io::exists(side.station_dir() / "station.key")) {
    DETENTE_TRY(keys, side.station_keys());
    highest = std::max<std::uint32_t>(highest, keys.number.value);
  }
  if (highest >= std::numeric_limits<std::uint16_t>::max())
    return fail(Fault::kLimit, "all 65535 numbers for credentials of this side are used");
  return OfficerId{static_cast<std::uint16_t>(highest + 1)};
}

Result<Issued> issue(const SideDir& side, const accord::Roster& own,
                     const accord::Credential& credential, const crypto::SignKey& root,
                     WallTime now) {
  DETENTE_TRY(bytes, accord::issue_credential(credential, root));
  Issued issued{credential, own.highest_bulletin() + 1, {}};
  DETENTE_TRY(bulletin, accord::issue_bulletin(side.name(), issued.bulletin, now,
                                               std::span<const Bytes>(&bytes, 1), {}, root));
  DETENTE_TRY_VOID(side.add_bulletin(side.name(), bulletin));
  issued.bytes = std::move(bulletin);
  return issued;
}

// The credential of that number again, for `days` from now on.
Result<accord::Credential> renewal_of(const SideDir& side, const accord::Roster& own, OfficerId number,
                                      const std::string& who, std::uint32_t days, WallTime now) {
  const accord::SignedCredential* held = own.by_number(number);
  if (held == nullptr)
    return fail(Fault::kNotFound, who + ": credential " + std::to_string(number.value) +
                                      " is not in this side's bulletins: its enrolment was broken off; give the same "
                                      "`enrol` command again, and it goes on");
  if (own.revoked(number))
    return fail(Fault::kDenied, who + ": credential " + std::to_string(number.value) +
                                    " is revoked and its keys stay so: enrol anew");
  accord::Credential out = held->credential;
  DETENTE_TRY(next, next_number(side, own));
  const Validity validity = valid_for(days, now);
  if (validity.to <= out.not_after)
    return fail(Fault::kConflict, who + ": the credential is valid until " +
                                      format_utc(out.not_after) + " already; give more --days");
  out.number = next;
  out.not_before = validity.from;
  out.not_after = validity.to;
  return out;
}

// A directory that was restored from a backup of a lost station: its record goes on in new epochs, under other keys.
Result<void> drop_lost_keys(const SideDir& side, OfficerId lost) {
  DETENTE_TRY_VOID(station::mark_restored(side.restored_file(), "station no. " + std::to_string(lost.value) +
                                                                    " was declared lost; another has its record"));
  return io::remove_file(side.station_dir() / "station.key");
}

// Keys are made once, unless they were revoked; another post needs another directory, since one disk is one station.
Result<station::StationKeys> own_station_keys(const SideDir& side, const accord::Roster& own, const std::string& post,
                                              KeyRandom& random) {
  const bool there = io::exists(side.station_dir() / "station.key");
  // New keys beside the old record are another station to the counterparts, who go on with the one whose credential holds.
  if (side.has_lost_station_keys() && own.station(post) != nullptr) return side.station_keys();
  if (side.has_lost_station_keys() && io::exists(side.record_file()) && !io::exists(side.restored_file()))
    DETENTE_TRY_VOID(station::mark_restored(side.restored_file(), "the key file was gone, and the station declared lost; another has its record"));
  DETENTE_TRY(number, next_number(side, own));
  if (there) {
    DETENTE_TRY(keys, side.station_keys());
    if (!own.revoked(keys.number)) return keys;
    DETENTE_TRY_VOID(drop_lost_keys(side, keys.number));
  }
  DETENTE_TRY_VOID(side.save_new_station_keys(station::make_station_keys(number, random)));
  return side.station_keys();
}

Result<void> check_peer(const SideDir& side, const station::CounterpartConfig& peer) {
  DETENTE_TRY(files, side.accord_files(peer.name));
  for (const station::PathConfig& path : peer.paths)
    if (files.note.accord.path(path.name) == nullptr)
      return fail(Fault::kNotFound, "station: the accord with " + peer.name + " has no path \"" +
                                        path.name + "\"; detente accord show " + peer.name +
                                        " names them");
  if (peer.paths.empty())
    return fail(Fault::kMalformed, "station: no path to " + peer.name +
                                       "; give --listen PATH=ADDRESS and --to PATH=ADDRESS");
  return {};
}

Result<station::StationConfig> merged_config(const SideDir& side, const StationChoices& choices) {
  station::StationConfig config;
  config.post = choices.post;
  if (io::exists(side.station_config_file())) {
    DETENTE_TRY(old, side.station_config());
    if (old.post != choices.post)
      return fail(Fault::kConflict, "station: " + side.name() + "/" + old.post +
                                        " is enrolled here; another station of this side needs a "
                                        "directory of its own");
    config = std::move(old);
  }
  for (const station::CounterpartConfig& peer : choices.peers) {
    DETENTE_TRY_VOID(check_peer(side, peer));
    if (auto* known = config.counterpart(peer.name))
      *known = peer;
    else
      config.counterparts.push_back(peer);
  }
  for (const std::string& provider : choices.providers)
    if (std::find(config.providers.begin(), config.providers.end(), provider) ==
        config.providers.end())
      config.providers.push_back(provider);
  DETENTE_TRY_VOID(station::check_station_config(config));
  return config;
}

// The file of an officer who has one, of an enrolment that was broken off before its bulletin: no credential has its number.
Result<std::optional<station::OfficerFile>> broken_off_enrolment(const SideDir& side, const accord::Roster& own,
                                                                 const std::string& name) {
  std::optional<station::OfficerFile> none;
  DETENTE_TRY(file, side.officer(name));
  if (own.by_number(file.number) != nullptr) return none;
  // One that is not here may have the number: then these keys are in use.
  if (!own.missing_bulletins().empty())
    return fail(Fault::kState, "officer " + name + ": credential " + std::to_string(file.number.value) +
                                   " is in none of this side's bulletins that are here, and some are missing (detente side "
                                   "show): bring them back first");
  return std::optional(std::move(file));
}

// Keys that a broken-off enrolment sealed. Keys that ever had a credential are not taken up: it may be revoked.
Result<std::optional<station::OfficerKeys>> keys_left(const SideDir& side, const accord::Roster& own, const std::string& name,
                                                      std::string_view passphrase) {
  DETENTE_TRY(left, side.officer_keys_left(name, passphrase));
  if (!left) return std::optional<station::OfficerKeys>();
  for (const accord::SignedCredential* one : own.all())
    if (one->credential.sign_key == left->sign.verify_key())
      return fail(Fault::kConflict, "officer " + name + ": officers/" + name + ".age has the keys of credential " +
                                        std::to_string(one->credential.number.value) +
                                        ", which was issued before; no key is ever overwritten: choose another name, or move the file away");
  return std::optional(std::move(*left));
}

}  // namespace

Result<std::optional<Issued>> enrol_station(const SideDir& side, const StationChoices& choices,
                                            const crypto::SignKey& root, WallTime now,
                                            KeyRandom& random) {
  DETENTE_TRY(config, merged_config(side, choices));
  DETENTE_TRY(own, side.own_roster());
  DETENTE_TRY(keys, own_station_keys(side, own, choices.post, random));
  std::optional<Issued> issued;
  if (own.by_number(keys.number) == nullptr) {
    const Validity validity = valid_for(choices.days, now);
    const accord::Credential credential{.role = accord::CredentialRole::kStation,
                                        .side = side.name(),
                                        .post = choices.post,
                                        .number = keys.number,
                                        .sign_key = keys.log.verify_key(),
                                        .agree_key = keys.noise.public_key(),
                                        .cosign_key = keys.cosign.verify_key(),
                                        .lines = std::nullopt,
                                        .not_before = validity.from,
                                        .not_after = validity.to,
                                        .person = std::nullopt};
    DETENTE_TRY(done, issue(side, own, credential, root, now));
    issued = std::move(done);
  }
  DETENTE_TRY_VOID(side.save_station_config(config));
  return issued;
}

Result<void> check_ready_to_link(const SideDir& side, std::string_view counterpart) {
  const std::string with(counterpart);
  DETENTE_TRY(accord, side.accord_in_force(counterpart));
  DETENTE_TRY(config, side.station_config());
  const station::CounterpartConfig* peer = config.counterpart(counterpart);
  if (peer == nullptr)
    return fail(Fault::kNotFound, "station: " + with +
                                      " is not among its counterparts; first: "
                                      "detente station enrol --peer " +
                                      with + " --listen PATH=ADDRESS --to PATH=ADDRESS");
  DETENTE_TRY(roster, side.roster_of(counterpart));
  if (roster.station(peer->their_post) == nullptr)
    return fail(Fault::kNotFound,
                "station: no credential of " + with + "/" + peer->their_post +
                    " here; first: detente bulletin import FILE, with the file that " + with +
                    " made by detente bulletin export");
  return {};
}

Result<bool> link_station(const SideDir& side, std::string_view counterpart,
                          std::string_view passphrase) {
  DETENTE_TRY_VOID(check_ready_to_link(side, counterpart));
  if (side.has_pair(counterpart)) return false;
  DETENTE_TRY(accord, side.accord_in_force(counterpart));
  DETENTE_TRY(config, side.station_config());
  DETENTE_TRY(root, open_shared_root(side, counterpart, passphrase));
  const std::string theirs =
      std::string(counterpart) + "/" + config.counterpart(counterpart)->their_post;
  const auto pair = station::derive_pair(root, accord.lineage, side.name() + "/" + config.post,
                                         theirs, accord.accord.first().name == side.name());
  DETENTE_TRY_VOID(side.save_new_pair(counterpart, pair));
  return true;
}

Result<Issued> enrol_officer(const SideDir& side, const OfficerChoices& choices,
                             const crypto::SignKey& root, const Sealing& sealing, WallTime now) {
  DETENTE_TRY(own, side.own_roster());
  DETENTE_TRY(number, next_number(side, own));
  DETENTE_TRY(officers, side.officers());
  const bool has_file = std::find(officers.begin(), officers.end(), choices.name) != officers.end();
  std::optional<station::OfficerFile> broken_off;
  if (has_file) {
    DETENTE_TRY(file, broken_off_enrolment(side, own, choices.name));
    broken_off = std::move(file);
  }
  if (broken_off) number = broken_off->number;  // that one was never issued
  // Checked before half a second of scrypt is spent on keys that are another's.
  std::optional<station::OfficerKeys> left;
  if (broken_off || !has_file) {
    DETENTE_TRY(found, keys_left(side, own, choices.name, sealing.passphrase));
    left = std::move(found);
  }
  const bool goes_on = broken_off || left;
  const auto keys = left ? std::move(*left) : station::make_officer_keys(sealing.random);
  station::OfficerFile file{choices.name, number, choices.post, choices.role, std::nullopt, 0};
  if (broken_off) file.last_counter = broken_off->last_counter;
  if (!choices.person.empty()) file.person = accord::open_person(choices.person, sealing.random);
  const Validity validity = valid_for(choices.days, now);
  accord::Credential credential{.role = choices.role,
                                .side = side.name(),
                                .post = choices.post,
                                .number = number,
                                .sign_key = keys.sign.verify_key(),
                                .agree_key = keys.agree.public_key(),
                                .cosign_key = std::nullopt,
                                .lines = choices.lines,
                                .not_before = validity.from,
                                .not_after = validity.to,
                                .person = std::nullopt};
  if (file.person) credential.person = accord::person_digest(*file.person);
  DETENTE_TRY(checked, accord::issue_credential(credential, root));  // before a key is on disk
  DETENTE_TRY_VOID(side.save_new_officer(file, keys, sealing, goes_on));
  return issue(side, own, credential, root, now);
}

Result<Issued> renew_officer(const SideDir& side, std::string_view name, std::uint32_t days,
                             const crypto::SignKey& root, WallTime now) {
  DETENTE_TRY(own, side.own_roster());
  DETENTE_TRY(file, side.officer(name));
  DETENTE_TRY(renewed, renewal_of(side, own, file.number, "officer " + file.name, days, now));
  DETENTE_TRY(issued, issue(side, own, renewed, root, now));
  DETENTE_TRY_VOID(side.set_officer_number(name, renewed.number));
  return issued;
}

Result<Issued> renew_station(const SideDir& side, std::uint32_t days, const crypto::SignKey& root,
                             WallTime now) {
  DETENTE_TRY(own, side.own_roster());
  DETENTE_TRY(keys, side.station_keys());
  const OfficerId newest = own.newest_number(keys.number);
  DETENTE_TRY(renewed, renewal_of(side, own, newest, "the station", days, now));
  renewed.not_before = own.by_number(newest)->credential.not_before;
  return issue(side, own, renewed, root, now);
}

Result<std::vector<LineId>> line_numbers(const SideDir& side,
                                         const std::vector<std::string>& names) {
  DETENTE_TRY(counterparts, side.counterparts());
  std::vector<LineId> out;
  for (const std::string& name : names) {
    bool found = false;
    for (const std::string& counterpart : counterparts) {
      DETENTE_TRY(files, side.accord_files(counterpart));
      for (const std::string& text : files.annexes) {
        DETENTE_TRY(annex, accord::parse_annex(text));
        if (annex.name != name) continue;
        out.push_back(annex.line);
        found = true;
      }
    }
    if (!found)
      return fail(Fault::kNotFound, "line \"" + name +
                                        "\": no accord of this side has it; detente accord show "
                                        "COUNTERPART names them");
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace detente::cli
