// Bulletins in a file for the other side, and from it.
#include "ceremony.h"
#include "wire/cbor.h"
#include "wire/text.h"

namespace detente::cli {
namespace {

// Whose bare bulletin it is, told by the root key that signed it.
Result<std::string> signer_of(const SideDir& side, ByteView bulletin) {
  DETENTE_TRY(known, side.cards());
  known.push_back(side.name());
  for (const std::string& name : known) {
    const auto roots = name == side.name() ? side.own_roots() : side.roots_of(name);
    if (!roots) continue;
    const auto read = accord::read_bulletin(bulletin, *roots, name);
    if (read) return name;
    if (read.error().fault == Fault::kDenied) return tl::unexpected<Error>(read.error());
  }
  return fail(Fault::kAuthentication,
              "is no bulletin of this side or of one whose card is here: it was changed, or is of "
              "another side; ask for it again");
}

}  // namespace

Result<Bytes> export_bulletins(const SideDir& side) {
  DETENTE_TRY(all, side.bulletins(side.name()));
  if (all.empty())
    return fail(Fault::kState,
                "bulletin: this side has issued none; first: detente station enrol, "
                "detente officer enrol");
  wire::CborWriter writer;
  writer.array(3).text(accord::kBulletinFileFormat).text(side.name()).array(all.size());
  for (const Bytes& bulletin : all) writer.bytes(bulletin);
  return writer.take();
}

Result<TakenBulletins> import_bulletins(const SideDir& side, ByteView bytes) {
  DETENTE_TRY(file, accord::parse_bulletin_file(bytes));
  if (file.side.empty()) {
    DETENTE_TRY(signer, signer_of(side, bytes));
    file.side = std::move(signer);
  }
  auto name_is_good = wire::check_name(file.side);
  if (!name_is_good) return fail_at("side", name_is_good.error());
  if (file.side == side.name())
    return fail(Fault::kConflict,
                "these are the bulletins of this side itself; import those that "
                "the other side gave you");
  TakenBulletins taken{file.side, 0, 0, {}};
  for (const Bytes& bulletin : file.bulletins) {
    DETENTE_TRY(is_new, side.add_bulletin(file.side, bulletin));
    ++(is_new ? taken.added : taken.known);
    if (is_new) taken.fresh.push_back(bulletin);
  }
  return taken;
}

std::string missing_words(const accord::Roster& roster) {
  std::string numbers;
  for (const std::uint64_t number : roster.missing_bulletins()) numbers += (numbers.empty() ? "" : ", ") + std::to_string(number);
  if (numbers.empty()) return "";
  return "Missing of " + roster.side() + "'s bulletins up to " + std::to_string(roster.highest_bulletin()) + ": " + numbers +
         ". Whom they name or revoke is not known here: ask for all of them (there: detente bulletin export FILE)";
}

}  // namespace detente::cli
