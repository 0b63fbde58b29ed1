// What all commands of `detente` share: the side's directory, output for people
// and for programs, passphrases, errors.
//
// A command's translation unit has one function add_..._commands(CLI::App&,
// Context&). It names options and registers what the command does by on_run();
// main() parses, runs that, and prints the error if there is one. Nothing else
// writes to stdout or stderr.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/seal.h"
#include "io/os_random.h"
#include "station/side_dir.h"

namespace detente::cli {

using Json = nlohmann::ordered_json;
using station::SideDir;

inline constexpr std::size_t kPassphraseMax = 1024;  // bytes

class Context {
 public:
  // ---- options that every command takes; set by main() ----
  std::string dir;              // --dir, $DETENTE_DIR, or "."
  bool json = false;            // --json
  std::string vault;            // --vault; empty = DIR/vault
  std::string passphrase_file;  // --passphrase-file
  int work_factor = crypto::kWorkFactor;
  bool work_factor_given = false;
  bool yes = false;  // --yes: ask nothing

  // The side in `dir`; kNotFound names `detente side init`.
  Result<SideDir> side() const;
  io::OsKeyRandom& random() { return random_; }

  // ---- output ----
  // A line for a person (nothing with --json). Text from outside goes through wire::display_text
  // first; this does not do it.
  void say(std::string_view line = {}) const;
  // The same for the step that comes next: indented, after all the rest.
  void next(std::string step) { next_.push_back(std::move(step)); }
  // How far something long has come: one line that is written over, on a terminal's stderr alone.
  // Empty takes it away.
  void progress(std::string_view line) const;
  // The command's result: with --json {"ok":true, ...fields} at the end. Later fields replace.
  void result(Json fields);
  void forget_result() { result_ = Json::object(); }

  // ---- a person at the terminal ----
  enum class Ask { kOpen, kMake };  // kMake asks twice
  // --passphrase-file, $DETENTE_PASSPHRASE, side.toml's passphrase_file, else the terminal. Asked
  // once a run; the view lives as long as the context. kDenied when there is nobody to ask.
  Result<std::string_view> passphrase(const SideDir& side, Ask ask);
  Result<std::string_view> passphrase(const std::string& file_of_side, Ask ask);
  // The same with other words to ask by: "New passphrase for this backup".
  Result<std::string_view> passphrase(const std::string& file_of_side, Ask ask,
                                      std::string_view question);
  // Whether it comes from a file or the environment rather than from a person.
  bool passphrase_given(const SideDir& side) const;
  // Whether passphrase() would get one without asking a person, or there is a person to ask.
  bool can_get_passphrase(const SideDir& side) const;
  // The passphrase for new files of this side, with the cost that was asked for.
  Result<station::Sealing> sealing(const SideDir& side, Ask ask);
  // True for --yes or the answer "yes"; kDenied when there is nobody to ask.
  Result<bool> confirm(std::string_view question) const;

  // ---- for main() ----
  using Action = std::function<Result<void>()>;
  Action action;  // of the command that was given
  int run();      // runs it, prints its result or error; the exit code
  // stderr, or with --json {"ok":false,"error":{...}} on stdout.
  void print_error(const Error& error) const;
  // The same object; with the result's fields.
  Json error_object(const Error& error) const;

 private:
  Result<SecretBytes> find_passphrase(const std::string& file_of_side, Ask ask,
                                      std::string_view question) const;
  void print_result() const;
  io::OsKeyRandom random_;
  SecretBytes passphrase_;
  Json result_ = Json::object();
  std::vector<std::string> next_;
};

// What `command` does when it is the one that was given.
void on_run(CLI::App& command, Context& context, Context::Action action);
// An example in the command's --help (and in the man page).
void example(CLI::App& command, const std::string& line);

// For options that take a name of a side, line, path, post or officer: wrong usage otherwise.
CLI::Validator a_name();

// ---- the commands ----
void add_ceremony_commands(CLI::App& app, Context& context);  // side, card, accord, secret, ...
void add_client_commands(CLI::App& app, Context& context);    // station run, send, inbox, ...
void add_calls_command(CLI::App& app, Context& context);      // calls
void add_sim_command(CLI::App& app, Context& context);
void add_bench_command(CLI::App& app, Context& context);
void add_lab_commands(CLI::App& app, Context& context);
void add_spec_command(CLI::App& app, Context& context);         // spec
void add_completion_commands(CLI::App& app, Context& context);  // completion, man

}  // namespace detente::cli
