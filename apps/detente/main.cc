// detente: all commands of a side in one program.
#include <charconv>
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

// The parser reads unsigned numbers with strtoull, which takes -1 and 010 and 2^64 + 1 for other numbers than they say.
std::string no_plain_number(const std::string& text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  const bool plain = read.ec == std::errc() && read.ptr == end && (text.size() == 1 || text.front() != '0');
  return plain ? "" : "\"" + text + "\" is no whole number that fits here, written as 0, 1, 2, ...";
}

void take_plain_numbers_alone(CLI::App& command) {
  for (CLI::Option* option : command.get_options())
    if (option->get_type_name().rfind("UINT", 0) == 0) option->check(no_plain_number);
  for (CLI::App* below : command.get_subcommands([](CLI::App*) { return true; })) take_plain_numbers_alone(*below);
}

// Whether a parse error was wanted to be JSON: the parser may have stopped before --json.
bool asks_json(int argc, char** argv) {
  for (int i = 1; i < argc; ++i)
    if (std::string_view(argv[i]) == "--json") return true;
  return false;
}

int wrong_usage(const CLI::App& app, const CLI::ParseError& error, Context& context) {
  if (error.get_exit_code() == 0) return app.exit(error);  // --help and --version
  // The innermost command that was named, and what stands where a command of it should.
  const CLI::App* command = &app;
  std::string name = app.get_name();
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().back();
    name += " " + command->get_name();
  }
  // Unknown words end up with the outermost one, see fallthrough().
  const std::vector<std::string> rest = app.remaining(true);
  const bool unknown = command->get_require_subcommand_min() > 0 && !rest.empty();
  const std::string message =
      (unknown ? "There is no command or option \"" + rest.front() + "\" here" : std::string(error.what())) + "; see " + name +
      " --help";
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
  take_plain_numbers_alone(app);
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
