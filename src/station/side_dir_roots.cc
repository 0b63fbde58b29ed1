// SideDir: which root keys speak for a side, what they signed, and how the own one gives way to the next. The accords say
// which it is, so nothing has to be switched by hand: spec/accord.md section 5, spec/credential.md section 4.
#include <algorithm>

#include "crypto/hash.h"
#include "crypto/seal.h"
#include "station/sealed_file.h"
#include "station/side_dir.h"

namespace detente::station {
namespace {

constexpr const char* kNextCard = "card-next.note";

using accord::SideRoot;
using accord::SideRoots;

SideRoots roots_in(std::string_view side, const std::vector<AccordFiles>& lineage) {
  std::vector<const accord::Accord*> accords;
  for (const AccordFiles& files : lineage) accords.push_back(&files.note.accord);
  return accord::roots_of(side, accords);
}

// A key counts as long as one of the accords in force names it, and then up to the highest of the numbers.
void merge(SideRoots& into, const SideRoots& more) {
  for (const SideRoot& root : more) {
    const auto held = std::find_if(into.begin(), into.end(), [&](const SideRoot& one) { return one.key == root.key; });
    if (held == into.end()) {
      into.push_back(root);
    } else if (!held->retired || !root.retired) {
      held->retired.reset();
    } else {
      held->retired->last_bulletin = std::max(held->retired->last_bulletin, root.retired->last_bulletin);
      held->retired->last_credential = std::max(held->retired->last_credential, root.retired->last_credential);
    }
  }
}

Result<void> write_bulletin(const Path& file, ByteView bulletin) {
  DETENTE_TRY_VOID(io::make_directory(file.parent_path()));
  return io::write_new_file(file, bulletin, io::kPublicMode);
}

}  // namespace

// ---- roots and rosters ----

Result<SideRoots> SideDir::own_roots() const {
  SideRoots out;
  DETENTE_TRY(names, counterparts());
  for (const std::string& counterpart : names) {
    DETENTE_TRY(lineage, lineage_files(counterpart));
    if (lineage.back().note.complete()) merge(out, roots_in(name(), lineage));
  }
  DETENTE_TRY(card, own_card());
  if (std::none_of(out.begin(), out.end(), [&](const SideRoot& one) { return one.key == card.root; })) out.push_back({card.root});
  std::stable_partition(out.begin(), out.end(), [](const SideRoot& one) { return one.retired.has_value(); });
  return out;
}

Result<SideRoots> SideDir::roots_of(std::string_view counterpart) const {
  if (!has_accord(counterpart)) {
    DETENTE_TRY(card, card_of(counterpart));
    return SideRoots{{card.root}};
  }
  DETENTE_TRY(files, accord_files(counterpart));
  if (files.note.accord.side(counterpart) == nullptr)
    return fail(Fault::kConflict, accord_dir(counterpart).string() +
                                      ": this accord is not with \"" + std::string(counterpart) +
                                      "\"; put it where it belongs");
  DETENTE_TRY(lineage, lineage_files(counterpart));
  return roots_in(counterpart, lineage);
}

Result<accord::Roster> SideDir::roster(std::string_view side, SideRoots roots) const {
  accord::Roster roster{std::string(side), std::move(roots)};
  DETENTE_TRY(all, bulletins(side));
  for (const Bytes& bytes : all) {
    // It was judged when it was taken.
    auto applied = roster.apply_held(bytes);
    if (!applied) return fail_at(bulletin_dir(side).string(), applied.error());
  }
  return roster;
}

Result<accord::Roster> SideDir::own_roster() const {
  DETENTE_TRY(roots, own_roots());
  return roster(name(), std::move(roots));
}

Result<accord::Roster> SideDir::roster_of(std::string_view counterpart) const {
  DETENTE_TRY(roots, roots_of(counterpart));
  return roster(counterpart, std::move(roots));
}

Result<bool> SideDir::add_bulletin(std::string_view side, ByteView bulletin) const {
  auto known = side == name() ? own_roster() : roster_of(side);
  if (!known) return tl::unexpected<Error>(known.error());
  DETENTE_TRY(is_new, known->apply(bulletin));
  if (!is_new) return false;
  DETENTE_TRY(parsed, accord::read_bulletin(bulletin, known->roots(), side));
  DETENTE_TRY_VOID(write_bulletin(bulletin_file(side, parsed.number), bulletin));
  return true;
}

Result<bool> SideDir::save_bulletin(const accord::Roster& held, ByteView bulletin) const {
  DETENTE_TRY(files, bulletin_files(held.side()));
  if (files.size() + 1 != held.bulletin_count()) return add_bulletin(held.side(), bulletin);
  DETENTE_TRY(parsed, accord::read_bulletin(bulletin, held.roots(), held.side()));
  const Path file = bulletin_file(held.side(), parsed.number);
  if (io::exists(file)) return add_bulletin(held.side(), bulletin);  // it is another one that is missing
  DETENTE_TRY_VOID(write_bulletin(file, bulletin));
  return true;
}

// ---- the root key, and the next one ----

Path SideDir::root_file() const { return vault_ / "root.age"; }
Path SideDir::next_root_file() const { return vault_ / "root-next.age"; }
Path SideDir::next_card_file() const { return dir_ / kNextCard; }

bool SideDir::has_root() const { return io::exists(root_file()); }

Result<std::optional<accord::Card>> SideDir::next_card() const {
  if (!io::exists(next_card_file())) return std::optional<accord::Card>();
  DETENTE_TRY(note, io::read_file(next_card_file(), accord::kCardSizeMax));
  auto card = accord::parse_card(note);
  if (card && card->side == name()) return std::optional(std::move(*card));
  return fail(Fault::kConflict, next_card_file().string() + ": is no card of \"" + name() + "\"; restore it from a backup, or, if no accord "
                                                            "names its key yet, remove it and " + next_root_file().string());
}

Result<crypto::SignKey> SideDir::open_root_of(const Path& file, std::string_view passphrase) const {
  DETENTE_TRY(plain, open_sealed(file, passphrase));
  auto root = crypto::SignKey::from_seed(plain.view());
  if (!root) return fail_at(file.string(), root.error());
  return std::move(*root);
}

Result<crypto::SignKey> SideDir::open_root_named(const crypto::VerifyKey& key, std::string_view passphrase) const {
  DETENTE_TRY(next, next_card());
  std::vector<Path> files{root_file(), next_root_file()};
  if (next && next->root == key) std::reverse(files.begin(), files.end());
  bool any = false;
  for (const Path& file : files) {
    if (!io::exists(file)) continue;
    DETENTE_TRY(root, open_root_of(file, passphrase));
    if (root.verify_key() == key) return root;
    any = true;
  }
  if (!any)
    return fail(Fault::kNotFound, root_file().string() +
                                      ": the root key is not here; bring the medium that holds it, "
                                      "and name its directory with --vault");
  return fail(Fault::kConflict, root_file().string() + ": this is not the root key that speaks for \"" + name() +
                                    "\"; take that side's own vault, with the key that its accords name");
}

Result<crypto::VerifyKey> SideDir::present_root() const {
  DETENTE_TRY(roots, own_roots());
  // The first that counts: while the renewal is not everywhere in force, the one that everybody knew before.
  for (const SideRoot& root : roots)
    if (!root.retired) return root.key;
  return roots.back().key;
}

Result<crypto::SignKey> SideDir::open_root(std::string_view passphrase) const {
  DETENTE_TRY(key, present_root());
  return open_root_named(key, passphrase);
}

Result<void> SideDir::make_next_root(const Sealing& sealing, WallTime now) const {
  DETENTE_TRY(card, own_card());
  DETENTE_TRY(next, next_card());
  if (next)
    return fail(Fault::kConflict, next_root_file().string() + ": a next root key is made already: detente accord amend COUNTERPART --renew-root");
  if (!has_root())
    return fail(Fault::kNotFound, root_file().string() + ": the root key is not here, and the next one has its place beside it; bring the "
                                                         "medium, and name its directory with --vault");
  // One that was broken off has left the key without its card.
  if (!io::exists(next_root_file())) {
    const auto fresh = crypto::SignKey::generate(sealing.random);
    const Bytes sealed = crypto::seal_with_passphrase(fresh.seed(), sealing.passphrase, sealing.work_factor, sealing.random);
    DETENTE_TRY_VOID(io::write_new_file(next_root_file(), sealed, io::kSecretMode));
  }
  DETENTE_TRY(key, open_root_of(next_root_file(), sealing.passphrase));
  DETENTE_TRY(note, accord::make_card(name(), card.display, now, key));
  return io::write_new_file(next_card_file(), as_bytes(note), io::kPublicMode);
}

Result<RootRenewal> SideDir::renewal() const {
  RootRenewal out;
  DETENTE_TRY(next, next_card());
  DETENTE_TRY(names, counterparts());
  for (const std::string& counterpart : names) {
    DETENTE_TRY(files, accord_files(counterpart));
    const accord::AccordSide* own = files.note.accord.side(name());
    if (own == nullptr || !files.note.complete()) continue;
    const bool done = next && own->root == next->root;
    (done ? out.done : out.open).push_back(counterpart);
    if (done) {
      DETENTE_TRY(lineage, lineage_files(counterpart));
      const SideRoots roots = roots_in(name(), lineage);
      const std::uint64_t last = roots.size() < 2 ? 0 : roots[roots.size() - 2].retired->last_bulletin;
      out.last_bulletin = out.done.size() == 1 ? last : std::min(out.last_bulletin, last);
    }
    if (const auto follows = next_accord_files(counterpart); follows && *follows) {
      const accord::AccordNote& note = (*follows)->note;
      const accord::AccordSide* then = note.accord.side(name());
      if (then != nullptr && then->root != own->root && note.signed_by[then == &note.accord.first() ? 0 : 1])
        out.signed_for.push_back(counterpart);
    }
  }
  if (!next) out.open.clear();
  return out;
}

Result<bool> SideDir::card_is_former() const {
  DETENTE_TRY(card, own_card());
  DETENTE_TRY(key, present_root());
  return card.root != key && !io::exists(next_card_file()) && !io::exists(next_root_file());
}

Result<void> SideDir::renew_card(const crypto::SignKey& root, WallTime now) const {
  DETENTE_TRY(card, own_card());
  DETENTE_TRY(note, accord::make_card(name(), card.display, now, root));
  return io::write_file(dir_ / "card.note", as_bytes(note), io::kPublicMode);
}

// Each step leaves a vault that open_root() finds its way in, and what was broken off is taken up again.
Result<Path> SideDir::retire_root(bool keep) const {
  DETENTE_TRY(card, own_card());
  const accord::Kid kid = accord::kid_of(card.root);
  const Path kept = vault_ / ("root-retired-" + to_hex(ByteView(kid)) + ".age");
  DETENTE_TRY(note, io::read_file(next_card_file(), accord::kCardSizeMax));
  if (io::exists(next_root_file())) {
    DETENTE_TRY(next, io::read_file(next_root_file(), kSealedMax));
    if (io::exists(root_file())) {
      DETENTE_TRY(old, io::read_file(root_file(), kSealedMax));
      if (keep && old != next && !io::exists(kept)) DETENTE_TRY_VOID(io::write_new_file(kept, old, 0400));
    }
    DETENTE_TRY_VOID(io::write_file(root_file(), next, io::kSecretMode));
  }
  DETENTE_TRY_VOID(io::write_file(dir_ / "card.note", note, io::kPublicMode));
  DETENTE_TRY_VOID(io::remove_file(next_root_file()));
  DETENTE_TRY_VOID(io::remove_file(next_card_file()));
  return kept;
}

}  // namespace detente::station
