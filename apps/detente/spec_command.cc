// spec acts|model: pages of spec/ that follow from a table in the program.
#include "cli.h"
#include "spec_pages.h"

namespace detente::cli {

void add_spec_command(CLI::App& app, Context& context) {
  auto page = std::make_shared<std::string>();
  CLI::App* spec = app.add_subcommand(
      "spec", "Print a page of the specification that follows from a table in this program");
  spec->add_option("PAGE", *page, "acts: spec/acts.md; model: spec/model/transitions.pml")
      ->required()
      ->check(CLI::IsMember({"acts", "model"}));
  example(*spec, "detente spec acts");
  on_run(*spec, context, [&context, page]() -> Result<void> {
    std::string text = *page == "acts" ? acts_page() : acts_model();
    text.pop_back();  // say() ends the line
    context.say(text);
    context.result({{"page", *page}, {"text", text + "\n"}});
    return {};
  });
}

}  // namespace detente::cli
