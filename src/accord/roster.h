// Bulletin: a root's signed list of credentials and revocations. Roster: all
// that is known of a side's. spec/credential.md, "Bulletin" and "Roster".
//
// Why a roster takes bulletins in any order: nothing in one ever takes back
// what another said (credentials and revocations only add), so a revocation
// need not wait for a bulletin that a courier lost, and an old bulletin that
// is played again changes nothing. Numbers show what is missing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accord/accord_text.h"
#include "accord/credential.h"

namespace detente::accord {

inline constexpr std::size_t kBulletinSizeMax = 64 * 1024;
inline constexpr std::size_t kBulletinCredentialsMax = 256;
inline constexpr std::size_t kBulletinRevocationsMax = 256;

// What the credential signed counts on this line up to here, and not beyond.
struct LastValid {
  LineId line;
  ByteArray<16> epoch{};
  std::uint64_t size = 0;
  Digest root{};
  auto operator<=>(const LastValid&) const = default;
};

struct Revocation {
  OfficerId number;                     // of the credential
  std::optional<LastValid> last_valid;  // nothing: nothing that it signed is vouched for
  auto operator<=>(const Revocation&) const = default;
};

struct Bulletin {
  std::string side;
  std::uint64_t number = 1;  // from 1; one byte string each
  WallTime issued;
  std::vector<SignedCredential> credentials;
  std::vector<Revocation> revocations;
};

// `credentials`: bytes from issue_credential under the same root.
Result<Bytes> issue_bulletin(std::string_view side, std::uint64_t number, WallTime issued,
                             std::span<const Bytes> credentials,
                             std::span<const Revocation> revocations, const crypto::SignKey& root);
// Checks every credential in it too; one bad credential refuses the whole.
Result<Bulletin> parse_bulletin(ByteView bytes, const crypto::VerifyKey& root,
                                std::string_view side);

// Several in a file: as they stand in it, none of them looked into. A bare bulletin is a file, too; its side is not said.
inline constexpr std::string_view kBulletinFileFormat = "detente-bulletins/1";
struct BulletinFile {
  std::string side;
  std::vector<Bytes> bulletins;
};
Result<BulletinFile> parse_bulletin_file(ByteView bytes);

// The side's duty chief keeps somebody from acting while the root key is out of reach. spec/credential.md section 5.
struct Suspension {
  OfficerId number;
  WallTime from, until;  // not after `from`: takes back what was said before
};

// A root key of a side, and how far what it signed counts once an accord has put another in its place.
struct SideRoot {
  crypto::VerifyKey key;
  std::optional<RetiredRoot> retired{};
  bool operator==(const SideRoot&) const = default;
};
// Of a lineage, the oldest accord first: the last one is in force, and those before it are retired.
using SideRoots = std::vector<SideRoot>;
SideRoots roots_of(std::string_view side, std::span<const Accord* const> lineage);

// Both under whichever of the roots signed it. kDenied for what a retired one signed beyond what counts of it.
Result<SignedCredential> read_credential(ByteView bytes, const SideRoots& roots, std::string_view side);
Result<Bulletin> read_bulletin(ByteView bytes, const SideRoots& roots, std::string_view side);

class Roster {
 public:
  Roster(std::string side, const crypto::VerifyKey& root);
  Roster(std::string side, SideRoots roots);  // at least one; the last is the present one

  // Both give true when it was new, false when it was known already, byte for byte. kConflict when
  // it contradicts what is held; nothing is changed then. kDenied: of a root key that is retired.
  Result<bool> add(ByteView credential);
  Result<bool> apply(ByteView bulletin);
  // Whether this one was taken before, byte for byte.
  bool holds(ByteView bulletin) const;
  // Of one that was taken before, while its root was in force, however high its number.
  Result<bool> apply_held(ByteView bulletin);
  // The accord in force is another one: what is held stays.
  void set_roots(SideRoots roots) { roots_ = std::move(roots); }

  const std::string& side() const { return side_; }
  const SideRoots& roots() const { return roots_; }
  // Nothing when there is none. The pointers live until the roster changes.
  const SignedCredential* by_number(OfficerId number) const;
  const SignedCredential* by_kid(const Kid& kid) const;  // sign_key's; persons and stations
  // A renewal has the same key: the first and the newest number of whoever has this one; the same
  // number where none is known.
  OfficerId first_number(OfficerId number) const;
  OfficerId newest_number(OfficerId number) const;
  // The highest number at this post whose role is station and which is not revoked.
  const SignedCredential* station(std::string_view post) const;
  std::vector<const SignedCredential*> all() const;  // by number

  bool revoked(OfficerId number) const;
  // When its first revocation was issued, by the root's clock; nothing while there is none.
  std::optional<WallTime> revoked_at(OfficerId number) const;
  std::uint64_t revoked_by(OfficerId number) const;  // the bulletin's number; 0: none did
  bool any_station_revoked() const;
  // Those at this post, by number.
  std::vector<const SignedCredential*> revoked_stations(std::string_view post) const;
  std::vector<Revocation> revocations(OfficerId number) const;
  // Of one whose credential is held. One that says the same again changes nothing. Of several the one that begins last counts.
  void suspend(const Suspension& suspension);
  // Of whoever has the keys of this number.
  std::optional<Suspension> suspended(OfficerId number, WallTime at) const;
  std::size_t bulletin_count() const { return bulletins_.size(); }
  std::uint64_t highest_bulletin() const;                // 0 when none was applied
  std::vector<std::uint64_t> missing_bulletins() const;  // below the highest; at most 64 of them

 private:
  Result<bool> take(ByteView bytes, const Bulletin& bulletin);
  Result<bool> check_new(const SignedCredential& credential) const;
  Result<bool> check_new(const Revocation& revocation) const;
  void insert(const SignedCredential& credential);

  std::string side_;
  SideRoots roots_;
  std::map<OfficerId, SignedCredential> credentials_;
  std::map<Kid, OfficerId> kids_;
  std::map<OfficerId, std::vector<Revocation>> revocations_;
  using RevokedBy = std::pair<WallTime, std::uint64_t>;  // the earliest issued, and its bulletin
  std::map<OfficerId, RevokedBy> revoked_at_;
  std::map<std::pair<Kid, WallTime>, Suspension> suspensions_;  // (of the keys, from)
  std::map<std::uint64_t, Digest> bulletins_;
};

}  // namespace detente::accord
