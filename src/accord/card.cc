#include "accord/card.h"

#include <array>

#include "accord/fields.h"
#include "accord/toml_reader.h"
#include "accord/toml_writer.h"

namespace detente::accord {
namespace {

constexpr std::string_view kCardFormat = "detente-card/1";
constexpr std::string_view kAskForCard = "; ask for the card again";

Result<void> check_fields(std::string_view side, std::string_view display) {
  DETENTE_TRY_VOID(check_name_of("card: side", side));
  return check_filled_text_of("card: display", display, kDisplayBytesMax);
}

Result<Card> read_fields(std::string_view text) {
  DETENTE_TRY(document, TomlDocument::parse(text, "card", kCardSizeMax));
  auto table = document.root();
  table.expect("format", kCardFormat, "this program reads no other version of a card");
  std::string side = table.text("side");
  std::string display = table.text("display");
  const Bytes root_bytes = table.base64("root", 32);
  const WallTime created = table.time("created");
  table.close();
  DETENTE_TRY_VOID(document.result());
  DETENTE_TRY_VOID(check_fields(side, display));
  auto root = crypto::VerifyKey::from_bytes(root_bytes);
  if (!root) return fail_at("card: root", root.error());
  return Card{std::move(side), std::move(display), *root, created};
}

}  // namespace

Result<std::string> make_card(std::string_view side, std::string_view display, WallTime created,
                              const crypto::SignKey& root) {
  DETENTE_TRY_VOID(check_fields(side, display));
  TomlWriter writer;
  writer.comment(
      "Card of a side: its name and its root key, signed by that key. It proves that its maker "
      "holds\n"
      "the key; whose the key is, hands and the fingerprint words of the ceremony prove.");
  writer.blank()
      .text("format", kCardFormat)
      .text("side", side)
      .text("display", display)
      .text("root", to_base64(root.verify_key().bytes()))
      .time("created", created);
  Note note;
  note.text = writer.take();
  DETENTE_TRY(signature, sign_note(note.text, side, root));
  note.signatures.push_back(std::move(signature));
  return encode_note(note);
}

Result<Card> parse_card(ByteView file) {
  if (file.size() > kCardSizeMax)
    return fail(Fault::kLimit, "card: larger than 4 KiB; this cannot be a card");
  auto note = parse_note(file);
  if (!note) return fail_at("card", note.error());
  DETENTE_TRY(card, read_fields(note->text));
  DETENTE_TRY(verifier, NoteVerifier::make(card.side, NoteKeyType::kEd25519, card.root));
  const std::array keys = {verifier};
  // One line exactly: a card has one signer, and nothing unsigned travels with it.
  if (note->signatures.size() != 1 || !verify_note(*note, keys))
    return fail(Fault::kAuthentication, "card: the signature of \"" + card.side +
                                            "\" does not fit, so something in it was changed" +
                                            std::string(kAskForCard));
  return card;
}

Result<void> check_card_is_of(const Card& card, std::string_view side) {
  if (card.side == side) return {};
  return fail(Fault::kConflict, "card: this is the card of \"" + card.side + "\", not of \"" +
                                    shown(side) + "\"; take the other file");
}

}  // namespace detente::accord
