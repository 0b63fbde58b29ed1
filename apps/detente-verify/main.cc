// detente-verify: what two sides of an accord signed, checked offline by anybody.
// Depends on no station code. Exit: 0 all proved, 1 something fails, 2 wrong
// usage, 3 fits together but nobody told whose keys these are, 4 unattested.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "commands.h"
#include "json.h"
#include "wire/text.h"

namespace detente::verify {
namespace {

constexpr int kWrongUsage = 2;

void add_anchor(CLI::App& command, Options& options) {
  command.add_option("--root", options.roots, "A side's root key as you know it: SIDE=BASE64")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("--card", options.cards, "A side's card, had from a hand that you trust")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("--accord", options.accord, "The accord's digest as you know it");
}

void add_bulletins(CLI::App& command, Options& options) {
  command.add_option("--bulletin", options.bulletins, "A side's bulletins, as detente bulletin export writes them")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

CLI::App& add_command(CLI::App& app, Options& options, const char* name, const char* about) {
  CLI::App& command = *app.add_subcommand(name, about);
  command.add_option("file", options.file, "File to check")->required();
  command.add_flag("--json", options.json, "Answer for programs");
  return command;
}

int finish(const Options& options, const Result<Answer>& answer) {
  if (answer) {
    std::fputs(answer->text.c_str(), stdout);
    return answer->exit;
  }
  const std::string message = wire::display_line(answer.error().message);
  std::fprintf(stderr, "detente-verify: %s\n", message.c_str());
  if (options.json) {
    const std::string error =
        JsonObject().text("fault", to_string(answer.error().fault)).text("message", message).str();
    std::printf("%s\n", JsonObject().truth("ok", false).raw("error", error).str().c_str());
  }
  return kWrongUsage;
}

int run(int argc, char** argv) {
  CLI::App app("Checks what two sides of an accord signed. Needs neither station nor network.");
  app.require_subcommand(1);
  Options options;
  CLI::App& accord = add_command(app, options, "accord", "An accord and its annexes");
  accord.add_option("--annex", options.annexes, "Annex of a line");
  add_anchor(accord, options);
  CLI::App& card = add_command(app, options, "card", "A side's card");
  CLI::App& entry = add_command(app, options, "entry", "One entry, in an extract");
  add_anchor(entry, options);
  add_bulletins(entry, options);
  CLI::App& extract = add_command(app, options, "extract", "An extract of a record");
  add_anchor(extract, options);
  add_bulletins(extract, options);
  CLI::App& announcement = add_command(app, options, "announcement", "A text that a station released at an agreed instant");
  add_anchor(announcement, options);
  add_bulletins(announcement, options);
  CLI::App& two_records = add_command(app, options, "two-records", "Proof that one station signed two records that do not agree");
  add_anchor(two_records, options);
  add_bulletins(two_records, options);
  CLI::App& note = add_command(app, options, "note", "A C2SP signed note");
  note.add_option("--vkey", options.vkeys, "Public key: NAME+ID+BASE64")->required();
  CLI::App& ed25519 = *app.add_subcommand("ed25519", "A bare signature, everything in hex");
  ed25519.add_option("key", options.key)->required();
  ed25519.add_option("message", options.message)->required();
  ed25519.add_option("signature", options.signature)->required();
  ed25519.add_flag("--json", options.json, "Answer for programs");
  const CLI::App& version = *app.add_subcommand("version", "Version of program and formats");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kWrongUsage;
  }
  if (version.parsed()) {
    std::printf("detente-verify %s, %s\n", DETENTE_VERSION,
                std::string(record::kExtractFormat).c_str());
    return 0;
  }
  if (accord.parsed()) return finish(options, verify_accord(options));
  if (card.parsed()) return finish(options, verify_card(options));
  if (ed25519.parsed()) return finish(options, verify_signature(options));
  if (note.parsed()) return finish(options, verify_note(options));
  if (two_records.parsed()) return finish(options, verify_two_records(options));
  if (announcement.parsed()) return finish(options, verify_announcement(options));
  return finish(options, verify_extract_file(options));
}

}  // namespace
}  // namespace detente::verify

int main(int argc, char** argv) { return detente::verify::run(argc, argv); }
