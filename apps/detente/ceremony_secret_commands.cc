// secret make, secret take; words.
#include "ceremony_commands.h"
#include "cli_terminal.h"
#include "client_commands.h"

namespace detente::cli {
namespace {

using Whose = SideDir::Whose;

Result<accord::HandKey> made_or_held(Context& context, const SideDir& side,
                                     const std::string& counterpart, bool& is_new) {
  is_new = !side.has_hand_key(counterpart, Whose::kOwn);
  DETENTE_TRY(sealing, context.sealing(side, Context::Ask::kOpen));
  if (is_new) return make_secret(side, counterpart, sealing);
  return side.open_hand_key(counterpart, Whose::kOwn, sealing.passphrase);
}

std::string text_of(const SecretBytes& secret) { return as_string(secret.view()); }

Result<void> run_make(Context& context, const std::string& counterpart, const std::string& out,
                      bool words) {
  if (out.empty() && !words)
    return fail(Fault::kMalformed, "secret: say how it leaves: --out FILE, or --words");
  DETENTE_TRY(side, context.side());
  DETENTE_TRY(files, side.accord_files(counterpart));
  bool is_new = false;
  DETENTE_TRY(key, made_or_held(context, side, counterpart, is_new));
  context.say(is_new ? "Made this side's hand key for " + counterpart + "."
                     : "This is the hand key that was made before; there is only one.");
  Json json = {{"counterpart", counterpart}, {"new", is_new}};
  if (!out.empty()) {
    DETENTE_TRY_VOID(io::write_new_file(out, accord::encode_hand_key(key).view(), io::kSecretMode));
    context.say(out + " is secret: it changes hands in one room, and is destroyed afterwards.");
    json["file"] = out;
  }
  if (words) {
    const std::string text = text_of(accord::hand_key_words(key));
    context.say("Read to the other side in one room, never over a telephone:\n" + text);
    json["words"] = text;
  }
  context.result(std::move(json));
  say_next(context, side);
  return {};
}

// Media that are handed over often know no owners, so who can read the file is not asked here.
Result<SecretBytes> read_carried(const std::string& file) {
  DETENTE_TRY(bytes, io::read_file(file, accord::kHandKeyFileMax));
  return SecretBytes(std::move(bytes));
}

Result<accord::HandKey> key_from(const SideDir& side, const std::string& counterpart,
                                 const std::string& file, bool words) {
  DETENTE_TRY(files, side.accord_files(counterpart));
  if (!words) {
    DETENTE_TRY(bytes, read_carried(file));
    auto key = accord::parse_hand_key(bytes.view());
    if (!key) return fail_at(file, key.error());
    return key;
  }
  SecretBytes text;
  if (file.empty()) {
    DETENTE_TRY(typed, ask_passphrase("The 33 words of " + counterpart + ", in one line", false));
    text = std::move(typed);
  } else {
    DETENTE_TRY(bytes, read_carried(file));
    text = std::move(bytes);
  }
  return accord::hand_key_from_words(
      counterpart, files.note.lineage,
      {reinterpret_cast<const char*>(text.view().data()), text.size()});
}

Result<void> run_take(Context& context, const std::string& counterpart, const std::string& file,
                      bool words) {
  if (file.empty() && !words)
    return fail(Fault::kMalformed, "secret: name the file that the other side gave, or --words");
  DETENTE_TRY(side, context.side());
  DETENTE_TRY(key, key_from(side, counterpart, file, words));
  DETENTE_TRY(sealing, context.sealing(side, Context::Ask::kOpen));
  DETENTE_TRY(is_new, take_secret(side, counterpart, key, sealing));
  context.say(is_new ? "Took the hand key of " + counterpart + "; it is sealed in " +
                           side.vault().string() + ". Destroy the file or paper that it came on."
                     : "This hand key was here already; nothing changed.");
  DETENTE_TRY(linked, link_where_ready(context, side));
  context.result({{"counterpart", counterpart}, {"new", is_new}, {"linked", linked}});
  say_next(context, side);
  return {};
}

Result<void> run_words(Context& context, const std::string& counterpart) {
  DETENTE_TRY(side, context.side());
  DETENTE_TRY(accord, side.accord_in_force(counterpart));
  DETENTE_TRY(passphrase, context.passphrase(side, Context::Ask::kOpen));
  DETENTE_TRY(words, ceremony_words(side, counterpart, passphrase));
  for (const std::string& line : words.lines) context.say(line);
  context.result(
      {{"counterpart", counterpart}, {"accord", to_hex(accord.digest)}, {"words", words.words}});
  say_next(context, side);
  return {};
}

}  // namespace

void add_secret_commands(CLI::App& app, Context& context) {
  CLI::App& secret = group(app, "secret", "Hand keys: exchanged in one room");
  auto counterpart = std::make_shared<std::string>(), file = std::make_shared<std::string>();
  auto words = std::make_shared<bool>(false);

  CLI::App* make = secret.add_subcommand("make", "Make this side's hand key, and give it out");
  make->add_option("COUNTERPART", *counterpart)->required()->check(a_name());
  make->add_option("--out", *file, "New file to hand over");
  make->add_flag("--words", *words, "Show it as words");
  example(*make, "detente secret make north --out for-north.key");
  on_run(*make, context, [&context, counterpart, file, words] {
    return run_make(context, *counterpart, *file, *words);
  });

  CLI::App* take = secret.add_subcommand("take", "Take the other side's hand key");
  take->add_option("COUNTERPART", *counterpart)->required()->check(a_name());
  take->add_option("FILE", *file, "What they handed over");
  take->add_flag("--words", *words, "Words instead: in FILE, or asked for at the terminal");
  example(*take, "detente secret take north from-north.key");
  on_run(*take, context, [&context, counterpart, file, words] {
    return run_take(context, *counterpart, *file, *words);
  });

  CLI::App* show =
      app.add_subcommand("words", "The fingerprint words, to read aloud to each other");
  show->add_option("COUNTERPART", *counterpart)->required()->check(a_name());
  example(*show, "detente words north");
  on_run(*show, context, [&context, counterpart] { return run_words(context, *counterpart); });
}

}  // namespace detente::cli
