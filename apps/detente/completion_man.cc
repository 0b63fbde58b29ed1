#include "completion.h"

namespace detente::cli {
namespace {

// For roff: backslashes and hyphens as themselves, no line that starts a request.
std::string roff(const std::string& text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
    line_start = c == '\n';
  }
  return out;
}

std::string label(const CLI::Option& option) {
  const std::string name = option.get_positional() ? option.get_name(true) : option.get_name();
  const std::string type = option.get_type_name();
  const bool flag = option.get_items_expected_max() == 0;
  return name + (flag || option.get_positional() || type.empty() ? "" : " " + type);
}

// Every command has these; the page need not say it each time.
bool is_help(const CLI::Option& option) {
  const auto names = option.get_lnames();
  return names.size() == 1 && (names[0] == "help" || names[0] == "help-all");
}

void add_options(const CLI::App& app, std::string& out) {
  for (const CLI::Option* option : app.get_options()) {
    if (is_help(*option)) continue;
    out += ".TP\n.B " + roff(label(*option)) + "\n";
    const std::string described = option->get_description();
    out += roff(described.empty() ? "(required)" : described) + "\n";
  }
}

void add_command(const CLI::App& app, const std::string& path, std::string& out) {
  const auto subs = app.get_subcommands([](const CLI::App*) { return true; });
  if (subs.empty()) {
    out += ".SS " + roff(path) + "\n" + roff(app.get_description()) + "\n";
    add_options(app, out);
    if (!app.get_footer().empty()) out += ".PP\n.nf\n" + roff(app.get_footer()) + "\n.fi\n";
  }
  for (const CLI::App* sub : subs) add_command(*sub, path + " " + sub->get_name(), out);
}

}  // namespace

std::string man_page(const CLI::App& app, const std::string& version) {
  std::string out = ".TH DETENTE 1 \"\" \"detente " + version +
                    "\" \"User commands\"\n"
                    ".SH NAME\ndetente \\- a hotline for two sides that do not trust each other\n"
                    ".SH SYNOPSIS\n.B detente\n[\\-\\-dir DIR] [\\-\\-json] COMMAND ...\n"
                    ".SH DESCRIPTION\n" +
                    roff(app.get_description()) + "\n.SH OPTIONS\n";
  add_options(app, out);
  out += ".SH COMMANDS\n";
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    add_command(*sub, "detente " + sub->get_name(), out);
  out +=
      ".SH EXIT STATUS\n0 when it was done, 1 when it was not (the message says why), 2 for wrong "
      "usage. What waits on this side's disk when its \\-\\-timeout is over was done; its state says what it waits for.\n"
      ".SH ENVIRONMENT\n.TP\n.B DETENTE_DIR\nThe side's directory.\n.TP\n"
      ".B DETENTE_PASSPHRASE\nThe passphrase; a file is safer.\n";
  return out;
}

}  // namespace detente::cli
