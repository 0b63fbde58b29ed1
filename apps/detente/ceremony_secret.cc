// The hand-carried secret: made, taken, and the words that cover it.
#include "ceremony.h"
#include "crypto/hash.h"

namespace detente::cli {
namespace {

using Whose = SideDir::Whose;

// The vault has one passphrase: a typing error must not seal a key under another.
Result<void> check_passphrase(const SideDir& side, std::string_view passphrase) {
  if (!side.has_root()) return {};
  DETENTE_TRY(root, side.open_root(passphrase));
  return {};
}

}  // namespace

Result<accord::HandKey> make_secret(const SideDir& side, std::string_view counterpart,
                                    const Sealing& sealing) {
  DETENTE_TRY(files, side.accord_files(counterpart));
  if (side.has_hand_key(counterpart, Whose::kOwn))
    return fail(Fault::kConflict, "secret: this side's hand key for " + std::string(counterpart) +
                                      " is made already and is not overwritten");
  DETENTE_TRY_VOID(check_passphrase(side, sealing.passphrase));
  auto key = accord::make_hand_key(side.name(), files.note.lineage, sealing.random);
  DETENTE_TRY_VOID(side.seal_hand_key(counterpart, Whose::kOwn, key, sealing));
  return key;
}

Result<bool> take_secret(const SideDir& side, std::string_view counterpart,
                         const accord::HandKey& theirs, const Sealing& sealing) {
  DETENTE_TRY(files, side.accord_files(counterpart));
  DETENTE_TRY_VOID(accord::check_hand_key_is_of(theirs, counterpart, files.note.lineage));
  if (side.has_hand_key(counterpart, Whose::kTheirs)) {
    DETENTE_TRY(held, side.open_hand_key(counterpart, Whose::kTheirs, sealing.passphrase));
    if (crypto::equal_secret(held.key.view(), theirs.key.view())) return false;
    return fail(Fault::kConflict,
                "secret: another hand key from " + std::string(counterpart) +
                    " is here already and is not overwritten; ask them which one holds, and move "
                    "the wrong one out of " +
                    side.vault().string());
  }
  DETENTE_TRY_VOID(check_passphrase(side, sealing.passphrase));
  DETENTE_TRY_VOID(side.seal_hand_key(counterpart, Whose::kTheirs, theirs, sealing));
  return true;
}

Result<accord::SharedRoot> open_shared_root(const SideDir& side, std::string_view counterpart,
                                            std::string_view passphrase) {
  DETENTE_TRY(files, side.accord_files(counterpart));
  DETENTE_TRY(own, side.open_hand_key(counterpart, Whose::kOwn, passphrase));
  DETENTE_TRY(theirs, side.open_hand_key(counterpart, Whose::kTheirs, passphrase));
  const accord::Accord& accord = files.note.accord;
  const bool own_first = accord.first().name == side.name();
  return accord::SharedRoot::derive(files.note.lineage, accord.first().name,
                                    own_first ? own : theirs, accord.second().name,
                                    own_first ? theirs : own);
}

Result<Words> ceremony_words(const SideDir& side, std::string_view counterpart,
                             std::string_view passphrase) {
  DETENTE_TRY(files, side.accord_files(counterpart));
  DETENTE_TRY(root, open_shared_root(side, counterpart, passphrase));
  const auto fingerprint = accord::fingerprint_of(files.note.accord, files.note.digest, root);
  Words out;
  for (const std::string_view word : accord::fingerprint_words(fingerprint))
    out.words.emplace_back(word);
  out.lines = accord::ceremony_lines(files.note, fingerprint);
  return out;
}

}  // namespace detente::cli
