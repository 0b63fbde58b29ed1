// The steps of the ceremony as functions: what the commands do and what `lab
// new` does, without a terminal. Each checks that the step before was done and
// says which one is missing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accord/fingerprint.h"
#include "accord/hours_text.h"
#include "base/time.h"
#include "station/side_dir.h"

namespace detente::cli {

using station::AccordFiles;
using station::Sealing;
using station::SideDir;

// ---- side ----

// Directory, root key, card. Taken up again where an earlier try was broken off; kConflict when the
// side is complete. `vault` empty: in the directory.
Result<SideDir> init_side(const io::Path& dir, const io::Path& vault, const station::SideInfo& info,
                          const Sealing& sealing);

// ---- accord ----

struct LineChoice {
  std::string name;
  bool deniable = false;
  std::uint8_t highest = 3;
  accord::HoursText hours = {};
  bool lift_alone = false;  // each side may lift its own cut alone
  bool desk_restores = false;  // a restoration waits for a word of both desks
  std::vector<std::string> people = {};  // posts that may join; none: every officer of the line
  std::vector<accord::Medium> media = {accord::Medium::kText, accord::Medium::kDocument};
  std::vector<std::string> paths = {};   // that it may take, the best first; none: every one
  bool log_only = false;
  std::string station = {};  // the post of the stations at which it ends; empty: every station
};

struct PathChoice {
  std::string name;
  accord::PathKind kind = accord::PathKind::kUdp;
};

struct DraftChoices {
  std::string counterpart;
  std::vector<LineChoice> lines;   // line 0 is added by itself
  std::vector<PathChoice> paths;
  std::string aead = "ChaCha20-Poly1305";
  std::string their_aead = "ChaCha20-Poly1305";
  std::string seal = "both";  // or a side's name
  std::string self, other;    // how this side calls itself and the other; empty: the cards' words
  std::string title;          // empty: the usual one
  std::optional<std::uint32_t> heartbeat_seconds;  // nothing: the usual ones
  std::string first;          // the side that the lot named; empty: drawn here
  std::map<std::string, std::string> cipher_vectors;  // of AEADs that this program ships none for
  bool unknown_zones = false;  // time zones that this machine does not know are taken as they are
};
// Refused: the first time zone that this machine does not know.
Result<void> check_zones(const AccordFiles& files);

// "NAME", or "NAME:KIND" with a kind that this program carries: udp, tcp.
Result<PathChoice> parse_path_choice(const std::string& text);
Result<accord::PathKind> parse_path_kind(const std::string& word);

// Draws the order by lot, draws the annexes' salts, saves nothing.
Result<AccordFiles> draft_accord_files(const SideDir& side, const DraftChoices& choices,
                                       WallTime now, KeyRandom& random);
// The accord's counterpart seen from this side; kConflict unless it is between this side and one
// whose card is here, both with the root keys of the cards.
Result<std::string> counterpart_of(const SideDir& side, const accord::Accord& accord);

enum class Imported { kNew, kSignatureAdded, kNothingNew, kReplaced };
// Takes the files of a directory that the other side handed over: a new accord, or more signatures
// under the same one. Another text is refused with the first line that differs, unless `replace`
// and the one that is here is not signed by both.
Result<Imported> import_accord(const SideDir& side, const io::Path& from, bool replace);
Result<AccordFiles> sign_accord_files(const SideDir& side, std::string_view counterpart,
                                      const crypto::SignKey& root);
// Everything that people sign, ready for a terminal: the text, then each annex.
std::vector<std::string> accord_lines(const AccordFiles& files);
// Signatures, annexes, schedules, and that the ciphers that it names are here and give the agreed
// vectors. Gives what this machine does not know and an accord may name all the same: time zones.
Result<std::vector<std::string>> check_accord_here(const AccordFiles& files);

// ---- secret ----

// Makes and seals this side's hand key; kConflict when there is one.
Result<accord::HandKey> make_secret(const SideDir& side, std::string_view counterpart,
                                    const Sealing& sealing);
// Seals the other side's. False when the same one is here already.
Result<bool> take_secret(const SideDir& side, std::string_view counterpart,
                         const accord::HandKey& theirs, const Sealing& sealing);
Result<accord::SharedRoot> open_shared_root(const SideDir& side, std::string_view counterpart,
                                            std::string_view passphrase);
struct Words {
  std::vector<std::string> words;
  std::vector<std::string> lines;  // of the page that is read aloud
};
Result<Words> ceremony_words(const SideDir& side, std::string_view counterpart,
                             std::string_view passphrase);

// ---- credentials ----

struct Issued {
  accord::Credential credential;
  std::uint64_t bulletin = 0;  // number of the new bulletin
  Bytes bytes;                 // of it
};

struct StationChoices {
  std::string post = "main";
  std::vector<station::CounterpartConfig> peers;  // complete: every path's two addresses
  std::vector<std::string> providers;
  std::uint32_t days = 3650;
};
// Keys (made once), configuration (peers are added or replaced), and the credential where there is
// none; nothing is issued for a station that has one.
Result<std::optional<Issued>> enrol_station(const SideDir& side, const StationChoices& choices,
                                            const crypto::SignKey& root, WallTime now,
                                            KeyRandom& random);
// kState or kNotFound with the step that is missing before the pair can be linked.
Result<void> check_ready_to_link(const SideDir& side, std::string_view counterpart);
// Derives the pair's key. False when it was linked before.
Result<bool> link_station(const SideDir& side, std::string_view counterpart,
                          std::string_view passphrase);

struct OfficerChoices {
  std::string name;
  std::string post;
  accord::CredentialRole role = accord::CredentialRole::kOfficer;
  std::optional<std::vector<LineId>> lines;
  std::string person;
  std::uint32_t days = 365;
};
Result<Issued> enrol_officer(const SideDir& side, const OfficerChoices& choices,
                             const crypto::SignKey& root, const Sealing& sealing, WallTime now);
// A renewal: the same keys, post and lines under a new number, for `days` from now on. kConflict when the
// credential that is there lasts as long. No passphrase of the officer's is needed.
Result<Issued> renew_officer(const SideDir& side, std::string_view name, std::uint32_t days,
                             const crypto::SignKey& root, WallTime now);
// The same for the station, from the beginning of the credential before: no time is left for which
// nobody vouches, though the renewal came late.
Result<Issued> renew_station(const SideDir& side, std::uint32_t days, const crypto::SignKey& root,
                             WallTime now);
// Numbers of lines by name, as any of the side's accords names them.
Result<std::vector<LineId>> line_numbers(const SideDir& side,
                                         const std::vector<std::string>& names);

// ---- bulletins ----

// All bulletins of this side in one file for the other.
Result<Bytes> export_bulletins(const SideDir& side);
struct TakenBulletins {
  std::string side;
  std::size_t added = 0, known = 0;
  std::vector<Bytes> fresh;  // those that were added
};
Result<TakenBulletins> import_bulletins(const SideDir& side, ByteView file);
// Numbers below the highest that were not seen; empty words when there are none.
std::string missing_words(const accord::Roster& roster);
// Hands a bulletin to the running station, which tells every counterpart. False when none runs.
Result<bool> tell_station(const SideDir& side, ByteView bulletin);
bool station_runs(const SideDir& side);
// The other side's, which came as a file. `told` is false when no station runs; `other_station`: another
// speaks for them from now on, or none does.
struct ToldTheirs {
  bool told = false, other_station = false;
};
Result<ToldTheirs> tell_station_theirs(const SideDir& side, const TakenBulletins& taken);

// ---- what is missing, in the order of the ceremony ----
std::vector<std::string> next_steps(const SideDir& side);

}  // namespace detente::cli
