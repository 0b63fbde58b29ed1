// completion bash|zsh; man.
#include "cli.h"
#include "completion.h"

namespace detente::cli {

void add_completion_commands(CLI::App& app, Context& context) {
  auto shell = std::make_shared<std::string>();
  CLI::App* completion =
      app.add_subcommand("completion", "Print a shell's completion of these commands");
  completion->add_option("SHELL", *shell)->required()->check(CLI::IsMember({"bash", "zsh"}));
  example(*completion, "detente completion bash > /etc/bash_completion.d/detente");
  on_run(*completion, context, [&app, &context, shell]() -> Result<void> {
    const std::string script = *shell == "bash" ? bash_completion(app) : zsh_completion(app);
    context.say(script);
    context.result({{"shell", *shell}, {"script", script}});
    return {};
  });

  CLI::App* man = app.add_subcommand("man", "Print the manual page (roff)");
  example(*man, "detente man | man -l -");
  on_run(*man, context, [&app, &context]() -> Result<void> {
    const std::string page = man_page(app, DETENTE_VERSION);
    context.say(page);
    context.result({{"page", page}});
    return {};
  });
}

}  // namespace detente::cli
