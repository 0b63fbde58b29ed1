// SideDir: the directory of one side, with a typed function for everything that
// lies in it. docs/architecture.md, "The side's directory".
//
// It knows names, formats and who may overwrite what; it asks nobody for a
// passphrase and decides nothing. Every message starts with the file's path.
// Nothing is cached but side.toml: two programs may work in one directory.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accord/accord.h"
#include "accord/card.h"
#include "accord/roster.h"
#include "accord/secret.h"
#include "io/file.h"
#include "station/side_dir_accord.h"
#include "station/side_dir_keys.h"
#include "station/side_dir_officer.h"
#include "station/station_config.h"

namespace detente::station {

using io::Path;

// side.toml
struct SideInfo {
  std::string side;     // "south"
  std::string display;  // "Republic of Korea"
  WallTime created;
  std::string passphrase_file;  // of a lab; empty otherwise
};

// How far the own root key is renewed. Counterparts, by name.
struct RootRenewal {
  std::vector<std::string> done;        // the accord in force names the next root key
  std::vector<std::string> open;        // it does not yet
  std::vector<std::string> signed_for;  // one that this side has signed will
  std::uint64_t last_bulletin = 0;      // of the present key, that each of `done` still counts
};

class SideDir {
 public:
  // kNotFound when no side was made there.
  static Result<SideDir> open(const Path& dir);
  // Makes the directory and side.toml; kConflict when there is a side already.
  static Result<SideDir> create(const Path& dir, const SideInfo& info);

  const Path& dir() const { return dir_; }
  const SideInfo& info() const { return info_; }
  const std::string& name() const { return info_.side; }
  // The offline part may lie elsewhere (another medium).
  void set_vault(Path vault) { vault_ = std::move(vault); }

  // ---- places ----
  Path vault() const { return vault_; }
  Path accord_dir(std::string_view counterpart) const;
  Path station_dir() const { return dir_ / "station"; }
  Path station_config_file() const { return station_dir() / "station.toml"; }
  Path record_file() const { return station_dir() / "record.db"; }
  Path anchor_file() const { return station_dir() / "anchor"; }
  // There as long as the disk's new life has not begun (anchor.h).
  Path restored_file() const { return station_dir() / "restored"; }
  // Of a backup that is being made.
  Path announcements_dir() const { return station_dir() / "announcements"; }  // what was released
  Path announced_texts_dir() const { return announcements_dir() / "texts"; }  // the own side's, before that
  Path snapshot_file() const { return station_dir() / "snapshot.db"; }
  Path backup_lock_file() const { return station_dir() / "backup.lock"; }
  Path socket_file() const { return station_dir() / "api.sock"; }
  // Of the watch: its log, and when the station last ran.
  Path watch_log_file() const { return station_dir() / "watch.log"; }
  Path alive_file() const { return station_dir() / "alive"; }
  Path heard_file() const { return station_dir() / "heard"; }
  Path log_file() const { return station_dir() / "station.log"; }

  // ---- cards ----
  Result<accord::Card> own_card() const;
  Result<std::string> own_card_note() const;  // the file's text
  Result<void> save_own_card(std::string_view note) const;
  Result<accord::Card> card_of(std::string_view counterpart) const;
  // True when it is new, false when the same card lies there already, kConflict for another one of
  // that name or for the own name.
  Result<bool> import_card(std::string_view note) const;
  Result<std::vector<std::string>> cards() const;  // sides whose card was imported, sorted

  // ---- accords ----
  // Counterparts with an accord, signed or not; sorted.
  Result<std::vector<std::string>> counterparts() const;
  bool has_accord(std::string_view counterpart) const;
  Result<AccordFiles> accord_files(std::string_view counterpart) const;
  Result<void> save_accord_files(std::string_view counterpart, const AccordFiles& files) const;
  // Of those that follow (side_dir_successor.cc): the one after the accord in force, signed or not, where there is one;
  // all from the first to the one in force; and the step itself, which one file makes.
  Path successor_dir(std::string_view counterpart, std::uint32_t version) const;
  Result<std::optional<AccordFiles>> next_accord_files(std::string_view counterpart) const;
  Result<void> save_next_accord_files(std::string_view counterpart, const AccordFiles& next) const;
  Result<std::vector<AccordFiles>> lineage_files(std::string_view counterpart) const;
  Result<void> adopt(std::string_view counterpart, std::uint32_t version) const;
  // Signed by both and with every annex; else the error says which step is missing.
  Result<accord::AccordInForce> accord_in_force(std::string_view counterpart) const;

  // ---- bulletins ----
  // The roots come from the accords (and from the card where there is none yet), oldest first. Of the own ones each counts
  // that an accord in force names: several do while a renewal is not in force with every counterpart.
  Result<accord::SideRoots> own_roots() const;
  Result<accord::SideRoots> roots_of(std::string_view counterpart) const;
  Result<accord::Roster> own_roster() const;
  Result<accord::Roster> roster_of(std::string_view counterpart) const;
  // Bytes as they were issued, by number.
  Result<std::vector<Bytes>> bulletins(std::string_view side) const;
  // Checks it against the roster first. True when it is new. Own ones and counterparts' alike.
  Result<bool> add_bulletin(std::string_view side, ByteView bulletin) const;
  // The same of one that `held` has, whose others come from this directory: what is there is read again only where it is not
  // all but this one.
  Result<bool> save_bulletin(const accord::Roster& held, ByteView bulletin) const;

  // ---- vault: sealed with the passphrase, never overwritten ----
  bool has_root() const;
  // The one that signs for this side now: the present one, until the next is in force with every counterpart.
  Result<crypto::SignKey> open_root(std::string_view passphrase) const;
  Result<crypto::VerifyKey> present_root() const;
  Result<crypto::SignKey> open_root_named(const crypto::VerifyKey& key, std::string_view passphrase) const;
  // The next root key (side_dir_roots.cc): made beside the present one, in force by an accord that names it, and then in
  // the present one's place. `next_card`: nothing while none is made.
  Result<std::optional<accord::Card>> next_card() const;
  Result<void> make_next_root(const Sealing& sealing, WallTime now) const;
  Result<RootRenewal> renewal() const;
  // After a directory was restored from before the change: the card has a former key, and the vault is done already.
  Result<bool> card_is_former() const;
  Result<void> renew_card(const crypto::SignKey& root, WallTime now) const;
  // Where the former key is kept, sealed as it was, if it is.
  Result<Path> retire_root(bool keep) const;
  Result<void> seal_root(const crypto::SignKey& root, const Sealing& sealing) const;
  enum class Whose { kOwn, kTheirs };
  bool has_hand_key(std::string_view counterpart, Whose whose) const;
  Result<accord::HandKey> open_hand_key(std::string_view counterpart, Whose whose,
                                        std::string_view passphrase) const;
  Result<void> seal_hand_key(std::string_view counterpart, Whose whose, const accord::HandKey& key,
                             const Sealing& sealing) const;

  // ---- officers ----
  Result<std::vector<std::string>> officers() const;  // names, sorted
  Result<OfficerFile> officer(std::string_view name) const;
  Result<OfficerKeys> open_officer(std::string_view name, std::string_view passphrase) const;
  // What an enrolment under that name sealed before it was broken off, opened by the officer's passphrase of then.
  Result<std::optional<OfficerKeys>> officer_keys_left(std::string_view name, std::string_view passphrase) const;
  // Both files; kConflict when there is an officer of that name. `goes_on`: with what an enrolment left that was broken
  // off before anything was issued; keys that are there stay, the other file is written anew.
  Result<void> save_new_officer(const OfficerFile& officer, const OfficerKeys& keys, const Sealing& sealing,
                                bool goes_on = false) const;
  // Of a renewed credential; whatever signs from now on names it.
  Result<void> set_officer_number(std::string_view name, OfficerId number) const;
  // The counter for the officer's next signature: max(last + 1, now). On disk before it is given;
  // safe against another process that asks at the same time.
  Result<std::uint32_t> take_officer_counter(std::string_view name, WallTime now) const;

  // ---- station ----
  bool has_station() const;  // keys and configuration are there
  bool has_lost_station_keys() const;  // other files of a station are there, and its key file is not
  Result<void> check_station_keys_not_lost() const;  // kNotFound says what to do
  Result<StationConfig> station_config() const;
  Result<void> save_station_config(const StationConfig& config) const;
  Result<StationKeys> station_keys() const;
  Result<void> save_new_station_keys(const StationKeys& keys) const;
  bool has_pair(std::string_view counterpart) const;
  Result<PairFile> pair(std::string_view counterpart) const;
  Result<void> save_new_pair(std::string_view counterpart, const PairFile& pair) const;
  // Writes the file again without psk_0: for the daemon, when the chain stands in the record's
  // database. What the disk held before may still be readable below the file system.
  Result<void> forget_psk_0(std::string_view counterpart) const;

 private:
  SideDir(Path dir, SideInfo info);
  Result<std::uint32_t> adopted_version(std::string_view counterpart) const;
  Result<Path> in_force_dir(std::string_view counterpart) const;
  Path card_file(std::string_view counterpart) const;
  Path bulletin_dir(std::string_view side) const;
  Result<std::vector<std::string>> bulletin_files(std::string_view side) const;
  Path bulletin_file(std::string_view side, std::uint64_t number) const;
  Path pair_file(std::string_view counterpart) const;
  Path officer_file(std::string_view name) const;
  Path hand_key_file(std::string_view counterpart, Whose whose) const;
  Result<accord::Roster> roster(std::string_view side, accord::SideRoots roots) const;
  Path root_file() const;
  Path next_root_file() const;
  Path next_card_file() const;
  Result<crypto::SignKey> open_root_of(const Path& file, std::string_view passphrase) const;

  Path dir_;
  Path vault_;
  SideInfo info_;
};

}  // namespace detente::station
