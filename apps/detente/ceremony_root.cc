#include "ceremony_root.h"

#include <algorithm>
#include <set>

namespace detente::cli {

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

Result<void> check_may_issue(const SideDir& side) {
  DETENTE_TRY(renewal, side.renewal());
  if (!renewal.done.empty() && !renewal.open.empty())
    return fail(Fault::kState, "the root key is renewed with " + listed(renewal.done) + " and not yet with " + listed(renewal.open) +
                                   ", so no one key counts with all of them: renew it there first (detente side show), then issue. "
                                   "A revocation is issued under both");
  if (!renewal.signed_for.empty())
    return fail(Fault::kState, "an accord with " + listed(renewal.signed_for) +
                                   " that renews the root key is signed, and counts nothing that the present key issues from now on: wait until "
                                   "it is in force, or draft it again afterwards. A revocation is issued all the same");
  return {};
}

Result<std::vector<Bytes>> repeat_revocations(const SideDir& side, std::string_view passphrase, WallTime now) {
  std::vector<Bytes> out;
  DETENTE_TRY(renewal, side.renewal());
  DETENTE_TRY(next, side.next_card());
  if (!next || renewal.done.empty()) return out;
  DETENTE_TRY(all, side.bulletins(side.name()));
  DETENTE_TRY(card, side.own_card());
  std::set<accord::Revocation> missing, there;
  for (const Bytes& bytes : all) {
    if (const auto by_next = accord::parse_bulletin(bytes, next->root, side.name())) {
      there.insert(by_next->revocations.begin(), by_next->revocations.end());
    } else if (const auto by_present = accord::parse_bulletin(bytes, card.root, side.name());
               by_present && by_present->number > renewal.last_bulletin) {
      missing.insert(by_present->revocations.begin(), by_present->revocations.end());
    }
  }
  for (const accord::Revocation& one : there) missing.erase(one);
  if (missing.empty()) return out;
  DETENTE_TRY(root, side.open_root_named(next->root, passphrase));
  std::vector<accord::Revocation> list(missing.begin(), missing.end());
  for (std::size_t from = 0; from < list.size(); from += accord::kBulletinRevocationsMax) {
    const std::size_t size = std::min(accord::kBulletinRevocationsMax, list.size() - from);
    DETENTE_TRY(own, side.own_roster());
    DETENTE_TRY(bytes, accord::issue_bulletin(side.name(), own.highest_bulletin() + 1, now, {},
                                              std::span<const accord::Revocation>(list).subspan(from, size), root));
    DETENTE_TRY_VOID(side.add_bulletin(side.name(), bytes));
    out.push_back(std::move(bytes));
  }
  return out;
}

}  // namespace detente::cli
