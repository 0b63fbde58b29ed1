#include "ceremony.h"

namespace detente::cli {
namespace {

// An earlier try that was broken off leaves side.toml without a card.
Result<SideDir> open_or_create(const io::Path& dir, const station::SideInfo& info) {
  auto side = SideDir::open(dir);
  if (!side && side.error().fault == Fault::kNotFound) return SideDir::create(dir, info);
  if (!side) return side;
  if (io::exists(dir / "card.note") || side->name() != info.side)
    return fail(Fault::kConflict, dir.string() + ": the side \"" + side->name() +
                                      "\" lives here already, and its keys are not overwritten; "
                                      "choose another directory with --dir");
  return side;
}

}  // namespace

Result<SideDir> init_side(const io::Path& dir, const io::Path& vault, const station::SideInfo& info,
                          const Sealing& sealing) {
  auto root = crypto::SignKey::generate(sealing.random);
  // First, since it judges name and display: nothing is made for a name that no card can have.
  DETENTE_TRY(first_card, accord::make_card(info.side, info.display, info.created, root));
  DETENTE_TRY(side, open_or_create(dir, info));
  if (!vault.empty()) side.set_vault(vault);
  if (side.has_root())
    return fail(Fault::kConflict, side.vault().string() +
                                      ": holds a root key already, and no key is overwritten; name "
                                      "another directory with --vault, or move it away if no card "
                                      "was ever made of it");
  DETENTE_TRY_VOID(side.seal_root(root, sealing));
  DETENTE_TRY_VOID(side.save_own_card(first_card));
  return side;
}

}  // namespace detente::cli
