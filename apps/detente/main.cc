// detente: all commands of a side in one program.
#include <cstdlib>
#include <iostream>

#include "cli.h"

namespace detente::cli {
namespace {

constexpr const char* kAbout =
    "A hotline for two sides that do not trust each other.\n"
    "The way in: side init, card import, accord draft, accord sign, secret make, secret take, "
    "words,\n"
    "station enrol, officer enrol, bulletin import, station link, station run. Every step says "
    "what\n"
    "comes next; `detente side show` says it again. `detente lab new DIR` makes two sides to try "
    "with.";

void add_common_options(CLI::App& app, Context& context) {
  const char* dir = std::getenv("DETENTE_DIR");
  context.dir = dir != nullptr && *dir != 0 ? dir : ".";
  app.add_option("--dir", context.dir, "The side's directory ($DETENTE_DIR, else the current one)")
      ->type_name("DIR");
  app.add_flag("--json", context.json, "One JSON object on stdout instead of text");
  app.add_option("--vault", context.vault, "Where the offline keys lie, when not in DIR/vault")
      ->type_name("DIR");
  app.add_option("--passphrase-file", context.passphrase_file,
                 "Read the passphrase from this file's first line (else $DETENTE_PASSPHRASE, else "
                 "ask)")
      ->type_name("FILE");
  app.add_option_function<int>(
         "--work-factor",
         [&context](int factor) {
           context.work_factor = factor;
           context.work_factor_given = true;
         },
                 "log2 of the passphrase's cost, 18 unless given; fewer is for tests alone (lab new: 10)")
      ->check(CLI::Range(1, crypto::kWorkFactorMax));
  app.add_flag("--yes", context.yes, "Ask nothing: somebody has read it");
}

void add_commands(CLI::App& app, Context& context) {
  add_ceremony_commands(app, context);
#ifdef DETENTE_WITH_CLIENT_COMMANDS
  add_client_commands(app, context);
#endif
  add_calls_command(app, context);
  add_lab_commands(app, context);
#ifdef DETENTE_WITH_SIM_COMMANDS
  add_sim_command(app, context);
#endif
#ifdef DETENTE_WITH_BENCH_COMMANDS
  add_bench_command(app, context);
#endif
  add_spec_command(app, context);
  add_completion_commands(app, context);
}

// Whether a parse error was wanted to be JSON: the parser may have stopped before --json.
bool asks_json(int argc, char** argv) {
  for (int i = 1; i < argc; ++i)
    if (std::string_view(argv[i]) == "--json") return true;
  return false;
}

int wrong_usage(const CLI::App& app, const CLI::ParseError& error, Context& context) {
  if (error.get_exit_code() == 0) return app.exit(error);  // --help and --version
  const std::string message = std::string(error.what()) + "; see detente --help";
  context.print_error({Fault::kMalformed, message});
  return 2;
}

int run(int argc, char** argv) {
  CLI::App app(kAbout, "detente");
  app.set_version_flag("--version", "detente " DETENTE_VERSION);
  app.set_help_all_flag("--help-all", "Help for every command");
  app.fallthrough();  // common options may stand behind the command, too
  app.require_subcommand(1);
  Context context;
  add_common_options(app, context);
  add_commands(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    context.json = context.json || asks_json(argc, argv);
    return wrong_usage(app, error, context);
  }
  return context.run();
}

}  // namespace
}  // namespace detente::cli

int main(int argc, char** argv) { return detente::cli::run(argc, argv); }
