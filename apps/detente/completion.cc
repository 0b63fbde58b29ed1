#include "completion.h"

namespace detente::cli {
namespace {

using Apps = std::vector<const CLI::App*>;

Apps subcommands(const CLI::App& app) {
  Apps out;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    out.push_back(sub);
  return out;
}

// Words that may follow: commands, and options with the common ones.
std::string words_of(const CLI::App& app, const CLI::App& root) {
  std::string out;
  for (const CLI::App* sub : subcommands(app)) out += sub->get_name() + " ";
  for (const CLI::App* from : {&app, &root}) {
    for (const CLI::Option* option : from->get_options())
      for (const std::string& name : option->get_lnames()) out += "--" + name + " ";
    if (&app == &root) break;
  }
  if (!out.empty()) out.pop_back();
  return out;
}

// One arm of the case statement for each command: "station run) words=...".
void add_cases(const CLI::App& app, const CLI::App& root, const std::string& path,
               std::string& out) {
  out += "    '" + path + "') words=\"" + words_of(app, root) + "\" ;;\n";
  for (const CLI::App* sub : subcommands(app))
    add_cases(*sub, root, path.empty() ? sub->get_name() : path + " " + sub->get_name(), out);
}

// "'station'|'station run'|...": every command by its path.
void add_paths(const CLI::App& app, const std::string& path, std::string& out) {
  for (const CLI::App* sub : subcommands(app)) {
    const std::string whole = path.empty() ? sub->get_name() : path + " " + sub->get_name();
    out += (out.empty() ? "'" : "|'") + whole + "'";
    add_paths(*sub, whole, out);
  }
}

// The path of commands typed so far: a word is one where that command has it; a line or a text may be called like another.
std::string function_body(const CLI::App& app) {
  std::string paths;
  add_paths(app, "", paths);
  std::string cases;
  add_cases(app, app, "", cases);
  return "  local path='' words='' i\n"
         "  for ((i = 1; i < cword; i++)); do\n"
         "    case \"${typed[i]}\" in\n"
         "      --dir|--vault|--passphrase-file|--work-factor) i=$((i + 1)); continue ;;\n"
         "    esac\n"
         "    case \"${path:+$path }${typed[i]}\" in\n"
         "      " +
         paths +
         ") path=\"${path:+$path }${typed[i]}\" ;;\n"
         "    esac\n"
         "  done\n"
         "  case \"$path\" in\n" +
         cases + "  esac\n";
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
  return "# bash completion for detente: source it, or put it into /etc/bash_completion.d\n"
         "_detente() {\n"
         "  local cword=$COMP_CWORD\n"
         "  local -a typed=(\"${COMP_WORDS[@]}\")\n" +
         function_body(app) +
         "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
         "}\n"
         "complete -o default -F _detente detente\n";
}

std::string zsh_completion(const CLI::App& app) {
  return "#compdef detente\n"
         "# zsh completion for detente: put it into a directory of $fpath as _detente\n"
         "_detente() {\n"
         "  emulate -L zsh\n"
         "  setopt ksh_arrays sh_word_split\n"
         "  local cword=$((CURRENT - 1))\n"
         "  local -a typed=(\"${words[@]}\")\n"
         "  _detente_words() {\n" +
         function_body(app) +
         "  print -r -- \"$words\"\n"
         "  }\n"
         "  local found=\"$(_detente_words)\"\n"
         "  compadd -- $found\n"
         "  _files\n"
         "}\n"
         "compdef _detente detente\n";
}

}  // namespace detente::cli
