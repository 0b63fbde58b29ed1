// Bulletins in a file for the other side, and from it.
#include "ceremony.h"
#include "wire/cbor.h"
#include "wire/text.h"

namespace detente::cli {
namespace {

// A file is a CBOR array: format, side, and the bulletins as byte strings. A
// bare bulletin is taken, too.
constexpr std::string_view kFormat = "detente-bulletins/1";
constexpr std::size_t kBulletinsMax = 4096;

struct BulletinFile {
  std::string side;
  std::vector<ByteView> bulletins;
};

Result<BulletinFile> parse_file(ByteView bytes) {
  wire::CborReader reader(bytes);
  BulletinFile file;
  DETENTE_TRY_VOID(reader.array(3));
  DETENTE_TRY(format, reader.text());
  if (format != kFormat)
    return fail(Fault::kUnsupported,
                "is no file of bulletins that this program can read; ask for "
                "the file that detente bulletin export made");
  DETENTE_TRY(side, reader.text());
  file.side = side;
  DETENTE_TRY(count, reader.array());
  if (count > kBulletinsMax)
    return fail(Fault::kLimit, "more than 4096 bulletins; is it the right file?");
  for (std::size_t i = 0; i < count; ++i) {
    DETENTE_TRY(bulletin, reader.bytes());
    file.bulletins.push_back(bulletin);
  }
  DETENTE_TRY_VOID(reader.expect_end());
  return file;
}

// Whose bare bulletin it is, told by the root key that signed it.
Result<std::string> signer_of(const SideDir& side, ByteView bulletin) {
  DETENTE_TRY(known, side.cards());
  known.push_back(side.name());
  for (const std::string& name : known) {
    auto card = name == side.name() ? side.own_card() : side.card_of(name);
    if (card && accord::parse_bulletin(bulletin, card->root, name)) return name;
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
  writer.array(3).text(kFormat).text(side.name()).array(all.size());
  for (const Bytes& bulletin : all) writer.bytes(bulletin);
  return writer.take();
}

Result<TakenBulletins> import_bulletins(const SideDir& side, ByteView bytes) {
  BulletinFile file;
  wire::CborReader reader(bytes);
  if (const auto type = reader.peek(); type && *type == wire::CborType::kArray) {
    DETENTE_TRY(parsed, parse_file(bytes));
    file = std::move(parsed);
  } else {
    DETENTE_TRY(signer, signer_of(side, bytes));
    file = {std::move(signer), {bytes}};
  }
  auto name_is_good = wire::check_name(file.side);
  if (!name_is_good) return fail_at("side", name_is_good.error());
  if (file.side == side.name())
    return fail(Fault::kConflict,
                "these are the bulletins of this side itself; import those that "
                "the other side gave you");
  TakenBulletins taken{file.side, 0, 0, {}};
  for (const ByteView bulletin : file.bulletins) {
    DETENTE_TRY(is_new, side.add_bulletin(file.side, bulletin));
    ++(is_new ? taken.added : taken.known);
    if (is_new) taken.fresh.push_back(to_bytes(bulletin));
  }
  return taken;
}

}  // namespace detente::cli
