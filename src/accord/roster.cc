#include "accord/roster.h"

#include <algorithm>

#include "accord/root_signed.h"
#include "crypto/hash.h"

namespace detente::accord {
namespace {

constexpr std::size_t kMissingShownMax = 64;
constexpr std::string_view kAlarm =
    "; the root key may be in other hands: ask the side over another way";

bool contradict(const Revocation& a, const Revocation& b) {
  if (!a.last_valid || !b.last_valid) return a != b;
  return a.last_valid->line == b.last_valid->line && a != b;
}

}  // namespace

SideRoots roots_of(std::string_view side, std::span<const Accord* const> lineage) {
  SideRoots out;
  for (const Accord* accord : lineage) {
    const AccordSide* named = accord->side(side);
    if (named == nullptr || (!out.empty() && out.back().key == named->root)) continue;
    if (!out.empty()) out.back().retired = named->retired.value_or(RetiredRoot{});
    out.push_back({named->root});
  }
  return out;
}

namespace {

// The root that is said to have signed; the present one where it is none of them, so that the error is about that.
const SideRoot& signer_of(ByteView bytes, const SideRoots& roots) {
  const auto named = root_named(bytes);
  for (const SideRoot& root : roots) {
    const Kid kid = kid_of(root.key);
    if (named && std::equal(named->begin(), named->end(), kid.begin(), kid.end())) return root;
  }
  return roots.back();
}

tl::unexpected<Error> retired(const std::string& what, std::string_view side, const std::string& last) {
  return fail(Fault::kDenied, what + " of " + std::string(side) + ": it is signed by a root key that is retired, and of which nothing counts above " +
                                  what.substr(0, what.find(' ')) + " " + last + "; ask " + std::string(side) +
                                  " for one under its present root key. If it did not issue this one, the retired key is in other hands");
}

Result<void> check_retired(const SignedCredential& credential, const SideRoot& root, std::string_view side) {
  if (!root.retired || credential.credential.number.value <= root.retired->last_credential) return {};
  return retired("credential " + std::to_string(credential.credential.number.value), side, std::to_string(root.retired->last_credential));
}

}  // namespace

Result<SignedCredential> read_credential(ByteView bytes, const SideRoots& roots, std::string_view side) {
  const SideRoot& root = signer_of(bytes, roots);
  DETENTE_TRY(credential, parse_credential(bytes, root.key, side));
  DETENTE_TRY_VOID(check_retired(credential, root, side));
  return credential;
}

Result<Bulletin> read_bulletin(ByteView bytes, const SideRoots& roots, std::string_view side) {
  const SideRoot& root = signer_of(bytes, roots);
  DETENTE_TRY(bulletin, parse_bulletin(bytes, root.key, side));
  if (root.retired && bulletin.number > root.retired->last_bulletin)
    return retired("bulletin " + std::to_string(bulletin.number), side, std::to_string(root.retired->last_bulletin));
  for (const SignedCredential& credential : bulletin.credentials) DETENTE_TRY_VOID(check_retired(credential, root, side));
  return bulletin;
}

Roster::Roster(std::string side, const crypto::VerifyKey& root) : Roster(std::move(side), SideRoots{{root}}) {}

Roster::Roster(std::string side, SideRoots roots) : side_(std::move(side)), roots_(std::move(roots)) {}

// True when it is new and fits what is held.
Result<bool> Roster::check_new(const SignedCredential& credential) const {
  const OfficerId number = credential.credential.number;
  const std::string name = "credential " + std::to_string(number.value) + " of " + side_;
  if (const SignedCredential* held = by_number(number)) {
    if (held->bytes == credential.bytes) return false;
    return fail(Fault::kConflict,
                name + ": two different ones have this number" + std::string(kAlarm));
  }
  const auto same_kid = kids_.find(kid_of(credential.credential.sign_key));
  if (same_kid == kids_.end()) return true;
  const Credential& other = by_number(same_kid->second)->credential;
  // The same key again is a renewal if it is the same post's; else one key would speak for two.
  if (other.sign_key != credential.credential.sign_key ||
      other.role != credential.credential.role || other.post != credential.credential.post)
    return fail(Fault::kConflict, name + ": its key has the id of number " +
                                      std::to_string(other.number.value) +
                                      "'s; it needs a key of its own");
  return true;
}

Result<bool> Roster::check_new(const Revocation& revocation) const {
  const auto held = revocations_.find(revocation.number);
  if (held == revocations_.end()) return true;
  for (const Revocation& other : held->second) {
    if (other == revocation) return false;
    if (contradict(other, revocation))
      return fail(Fault::kConflict, "revocation of number " +
                                        std::to_string(revocation.number.value) + " of " + side_ +
                                        ": it names another last valid position than before" +
                                        std::string(kAlarm));
  }
  return true;
}

void Roster::insert(const SignedCredential& credential) {
  const OfficerId number = credential.credential.number;
  OfficerId& newest = kids_[kid_of(credential.credential.sign_key)];
  newest = std::max(newest, number);
  credentials_.emplace(number, credential);
}

Result<bool> Roster::add(ByteView bytes) {
  DETENTE_TRY(credential, read_credential(bytes, roots_, side_));
  DETENTE_TRY(is_new, check_new(credential));
  if (is_new) insert(credential);
  return is_new;
}

Result<bool> Roster::apply(ByteView bytes) {
  auto bulletin = read_bulletin(bytes, roots_, side_);
  if (bulletin) return take(bytes, *bulletin);
  // Played again it changes nothing, and is no word of a thief's.
  if (holds(bytes)) return false;
  return tl::unexpected<Error>(bulletin.error());
}

bool Roster::holds(ByteView bulletin) const {
  const Digest digest = crypto::sha256(bulletin);
  return std::any_of(bulletins_.begin(), bulletins_.end(), [&](const auto& held) { return held.second == digest; });
}

Result<bool> Roster::apply_held(ByteView bytes) {
  DETENTE_TRY(bulletin, parse_bulletin(bytes, signer_of(bytes, roots_).key, side_));
  return take(bytes, bulletin);
}

Result<bool> Roster::take(ByteView bytes, const Bulletin& bulletin) {
  const Digest digest = crypto::sha256(bytes);
  if (const auto held = bulletins_.find(bulletin.number); held != bulletins_.end()) {
    if (held->second == digest) return false;
    return fail(Fault::kConflict, "bulletin " + std::to_string(bulletin.number) + " of " + side_ +
                                      ": two different ones have this number" +
                                      std::string(kAlarm));
  }
  // On a copy, so that a bulletin is taken whole or not at all.
  Roster next = *this;
  for (const SignedCredential& credential : bulletin.credentials) {
    DETENTE_TRY(is_new, next.check_new(credential));
    if (is_new) next.insert(credential);
  }
  for (const Revocation& revocation : bulletin.revocations) {
    DETENTE_TRY(is_new, next.check_new(revocation));
    if (is_new) next.revocations_[revocation.number].push_back(revocation);
    const RevokedBy by{bulletin.issued, bulletin.number};
    const auto [at, is_first] = next.revoked_at_.emplace(revocation.number, by);
    if (!is_first) at->second = std::min(at->second, by);
  }
  next.bulletins_.emplace(bulletin.number, digest);
  *this = std::move(next);
  return true;
}

const SignedCredential* Roster::by_number(OfficerId number) const {
  const auto found = credentials_.find(number);
  return found == credentials_.end() ? nullptr : &found->second;
}

const SignedCredential* Roster::by_kid(const Kid& kid) const {
  const auto found = kids_.find(kid);
  return found == kids_.end() ? nullptr : by_number(found->second);
}

OfficerId Roster::first_number(OfficerId number) const {
  const SignedCredential* held = by_number(number);
  if (held == nullptr) return number;
  for (const auto& [other, credential] : credentials_)
    if (credential.credential.sign_key == held->credential.sign_key) return other;
  return number;
}

OfficerId Roster::newest_number(OfficerId number) const {
  const SignedCredential* held = by_number(number);
  return held == nullptr ? number : kids_.at(kid_of(held->credential.sign_key));
}

const SignedCredential* Roster::station(std::string_view post) const {
  const SignedCredential* newest = nullptr;
  for (const auto& [number, held] : credentials_)
    if (held.credential.is_station() && held.credential.post == post && !revoked(number))
      newest = &held;
  return newest;
}

std::vector<const SignedCredential*> Roster::all() const {
  std::vector<const SignedCredential*> out;
  for (const auto& [number, held] : credentials_) out.push_back(&held);
  return out;
}

bool Roster::revoked(OfficerId number) const { return revocations_.contains(number); }

std::optional<WallTime> Roster::revoked_at(OfficerId number) const {
  const auto found = revoked_at_.find(number);
  return found == revoked_at_.end() ? std::nullopt : std::optional(found->second.first);
}

std::uint64_t Roster::revoked_by(OfficerId number) const {
  const auto found = revoked_at_.find(number);
  return found == revoked_at_.end() ? 0 : found->second.second;
}

bool Roster::any_station_revoked() const {
  return std::any_of(revocations_.begin(), revocations_.end(), [&](const auto& one) {
    const SignedCredential* held = by_number(one.first);
    return held != nullptr && held->credential.is_station();
  });
}

std::vector<const SignedCredential*> Roster::revoked_stations(std::string_view post) const {
  std::vector<const SignedCredential*> out;
  for (const auto& [number, held] : credentials_)
    if (held.credential.is_station() && held.credential.post == post && revoked(number)) out.push_back(&held);
  return out;
}

void Roster::suspend(const Suspension& suspension) {
  const SignedCredential* held = by_number(suspension.number);
  if (held != nullptr) suspensions_[{kid_of(held->credential.sign_key), suspension.from}] = suspension;
}

std::optional<Suspension> Roster::suspended(OfficerId number, WallTime at) const {
  const SignedCredential* held = by_number(number);
  if (held == nullptr) return std::nullopt;
  const Kid kid = kid_of(held->credential.sign_key);
  auto newest = suspensions_.upper_bound({kid, at});
  if (newest == suspensions_.begin() || (--newest)->first.first != kid) return std::nullopt;
  const Suspension& found = newest->second;
  return found.from < found.until && at <= found.until ? std::optional(found) : std::nullopt;
}

std::vector<Revocation> Roster::revocations(OfficerId number) const {
  const auto found = revocations_.find(number);
  return found == revocations_.end() ? std::vector<Revocation>() : found->second;
}

std::uint64_t Roster::highest_bulletin() const {
  return bulletins_.empty() ? 0 : bulletins_.rbegin()->first;
}

std::vector<std::uint64_t> Roster::missing_bulletins() const {
  std::vector<std::uint64_t> out;
  std::uint64_t expected = 1;
  for (const auto& [number, digest] : bulletins_) {
    for (; expected < number && out.size() < kMissingShownMax; ++expected) out.push_back(expected);
    expected = number + 1;
  }
  return out;
}

}  // namespace detente::accord
