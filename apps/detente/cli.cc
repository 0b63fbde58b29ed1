#include "cli.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "cli_terminal.h"
#include "wire/text.h"

namespace detente::cli {
namespace {

void print_line(std::FILE* to, std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), to);
  std::fputc('\n', to);
}

// The first line, without its end: what people and password stores write.
Result<SecretBytes> passphrase_of(const io::Path& file) {
  DETENTE_TRY(bytes, io::read_secret_file(file, kPassphraseMax));
  const ByteView all = bytes.view();
  const auto end =
      std::find_if(all.begin(), all.end(), [](auto c) { return c == '\n' || c == '\r'; });
  if (end == all.begin())
    return fail(Fault::kDenied,
                file.string() + ": its first line is empty; write the passphrase there");
  return SecretBytes::copy_of(all.first(static_cast<std::size_t>(end - all.begin())));
}

}  // namespace

Result<SideDir> Context::side() const {
  DETENTE_TRY(side, SideDir::open(dir));
  if (!vault.empty()) side.set_vault(vault);
  return side;
}

void Context::say(std::string_view line) const {
  if (!json) print_line(stdout, line);
}

void Context::progress(std::string_view line) const {
  if (json || ::isatty(STDERR_FILENO) == 0) return;
  const std::string text = "\r" + std::string(line) + "\x1b[K";
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

void Context::result(Json fields) {
  for (auto& [key, value] : fields.items()) result_[key] = value;
}

Result<std::string_view> Context::passphrase(const SideDir& side, Ask ask) {
  return passphrase(side.info().passphrase_file, ask);
}

Result<std::string_view> Context::passphrase(const std::string& file_of_side, Ask ask) {
  return passphrase(file_of_side, ask,
                    ask == Ask::kMake ? "New passphrase for this side's keys"
                                      : "Passphrase of this side's keys");
}

Result<std::string_view> Context::passphrase(const std::string& file_of_side, Ask ask,
                                             std::string_view question) {
  if (passphrase_.empty()) {
    DETENTE_TRY(found, find_passphrase(file_of_side, ask, question));
    passphrase_ = std::move(found);
  }
  return std::string_view(reinterpret_cast<const char*>(passphrase_.view().data()),
                          passphrase_.size());
}

Result<SecretBytes> Context::find_passphrase(const std::string& file_of_side, Ask ask,
                                             std::string_view question) const {
  const char* value = std::getenv("DETENTE_PASSPHRASE");
  if (!passphrase_file.empty()) return passphrase_of(passphrase_file);
  if (value != nullptr && *value != 0) return SecretBytes::copy_of(as_bytes(value));
  if (!file_of_side.empty()) return passphrase_of(file_of_side);
  return ask_passphrase(question, ask == Ask::kMake);
}

bool Context::passphrase_given(const SideDir& side) const {
  const char* value = std::getenv("DETENTE_PASSPHRASE");
  return !passphrase_file.empty() || (value != nullptr && *value != 0) ||
         !side.info().passphrase_file.empty();
}

bool Context::can_get_passphrase(const SideDir& side) const {
  return !passphrase_.empty() || passphrase_given(side) || has_terminal();
}

Result<station::Sealing> Context::sealing(const SideDir& side, Ask ask) {
  DETENTE_TRY(phrase, passphrase(side, ask));
  return station::Sealing{phrase, work_factor, random_};
}

Result<bool> Context::confirm(std::string_view question) const {
  if (yes) return true;
  return ask_yes(question);
}

int Context::run() {
  Result<void> done;
  try {
    done = action ? action() : Result<void>{};
  } catch (const std::exception& error) {
    // A library's; ours give Results. The file system and memory are what is left.
    done = fail(Fault::kIo, std::string("could not go on: ") + error.what());
  }
  if (!done) {
    print_error(done.error());
    return 1;
  }
  print_result();
  return std::fflush(stdout) == 0 ? 0 : 1;
}

void Context::print_result() const {
  if (json) {
    Json out = {{"ok", true}};
    for (const auto& [key, value] : result_.items()) out[key] = value;
    out["ok"] = true;
    if (!next_.empty() && !out.contains("next")) out["next"] = next_;
    print_line(stdout, out.dump());
    return;
  }
  if (next_.empty()) return;
  print_line(stdout, "\nNext:");
  for (const std::string& step : next_) print_line(stdout, "  " + step);
}

void Context::print_error(const Error& error) const {
  std::fflush(stdout);
  // File names and what the other side wrote may be in it.
  if (!json) return print_line(stderr, "detente: " + wire::display_text(error.message));
  print_line(stdout, error_object(error).dump());
}

Json Context::error_object(const Error& error) const {
  Json out = {{"ok", false},
              {"error", {{"fault", to_string(error.fault)}, {"message", wire::display_text(error.message)}}}};
  // What was found until then: a run whose result is that something is wrong says what.
  for (const auto& [key, value] : result_.items())
    if (key != "ok" && key != "error") out[key] = value;  // of the station's answer, which was good
  return out;
}

void on_run(CLI::App& command, Context& context, Context::Action action) {
  command.callback([&context, action = std::move(action)] { context.action = action; });
}

void example(CLI::App& command, const std::string& line) {
  const std::string before = command.get_footer();
  command.footer((before.empty() ? "Example:" : before) + "\n  " + line);
}

CLI::Validator a_name() {
  return CLI::Validator(
      [](std::string& text) {
        const auto good = wire::check_name(text);
        return good ? std::string() : good.error().message;
      },
      "NAME");
}

}  // namespace detente::cli
