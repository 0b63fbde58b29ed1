// accord amend.
#include "base/civil.h"
#include "ceremony_amend.h"
#include "ceremony_commands.h"
#include "io/os_clock.h"

namespace detente::cli {

namespace {

struct AmendOptions {
  AmendChoices choices;
  std::vector<std::string> add, hours, annexes;
  std::string not_before;
  bool replace = false;
};

Result<void> read_options(AmendOptions& options) {
  for (const std::string& text : options.add) {
    const std::size_t colon = text.find(':');
    const std::string how = colon == std::string::npos ? "provable" : text.substr(colon + 1);
    if (how != "provable" && how != "deniable" && how != "log-only")
      return fail(Fault::kMalformed, "--add-line " + text + ": write NAME, NAME:deniable or NAME:log-only");
    LineChoice line;
    line.name = text.substr(0, colon);
    line.deniable = how == "deniable";
    line.log_only = how == "log-only";
    options.choices.add.push_back(std::move(line));
  }
  for (const std::string& text : options.hours) {
    DETENTE_TRY(pair, split_pair("--hours", text));
    options.choices.hours[pair.first] = pair.second;
  }
  for (const std::string& text : options.annexes) {
    DETENTE_TRY(pair, split_pair("--annex", text));
    options.choices.annexes[pair.first] = pair.second;
  }
  if (options.not_before.empty()) return {};
  DETENTE_TRY(time, parse_utc(options.not_before));
  options.choices.not_before = time;
  return {};
}

Result<void> run_amend(Context& context, AmendOptions& options) {
  DETENTE_TRY(side, context.side());
  const std::string& counterpart = options.choices.counterpart;
  DETENTE_TRY_VOID(read_options(options));
  DETENTE_TRY(there, side.next_accord_files(counterpart));
  if (there && (there->note.complete() || !options.replace))
    return fail(Fault::kConflict, "accord: version " + std::to_string(there->note.accord.version) + " with " + counterpart + " is here already" +
                                      (there->note.complete() ? ", signed by both; it stays" : "; --replace puts a new draft in its place"));
  DETENTE_TRY(old, side.accord_files(counterpart));
  DETENTE_TRY(next, amend_accord_files(side, options.choices, io::os_wall_time(), context.random()));
  DETENTE_TRY_VOID(side.save_next_accord_files(counterpart, next));
  const std::string dir = side.successor_dir(counterpart, next.note.accord.version).string();
  context.say("Drafted version " + std::to_string(next.note.accord.version) + " in " + dir + ". What differs from the accord in force:");
  const std::vector<std::string> difference = difference_lines(next, old);
  for (const std::string& line : difference) context.say("  " + line);
  context.say("Digest " + to_hex(next.note.digest));
  context.say("Next: detente accord sign " + counterpart + " --next, and the other side's signature (detente accord export " + counterpart +
              " DIR --next, then there detente accord import DIR). The accord in force stays until both sides' stations hold the new one.");
  context.result({{"counterpart", counterpart},
                  {"accord", to_hex(next.note.digest)},
                  {"version", next.note.accord.version},
                  {"difference", difference},
                  {"dir", dir}});
  return {};
}

}  // namespace

void add_amend_command(CLI::App& accord, Context& context) {
  CLI::App* amend = accord.add_subcommand("amend", "Draft the accord that follows the one in force");
  auto options = std::make_shared<AmendOptions>();
  amend->add_option("COUNTERPART", options->choices.counterpart)->required()->check(a_name());
  amend->add_option("--add-line", options->add, "A line more: NAME, NAME:deniable or NAME:log-only; repeat it")->allow_extra_args(false);
  amend->add_option("--retire", options->choices.retire, "A line less, by its name: its record stays readable; repeat it")
      ->allow_extra_args(false);
  amend->add_option("--hours", options->hours, "LINE=FILE: its check calls and holidays from now on")
      ->type_name("LINE=FILE")
      ->allow_extra_args(false);
  amend->add_option("--annex", options->annexes, "LINE=FILE: the whole annex of a line, edited")
      ->type_name("LINE=FILE")
      ->allow_extra_args(false);
  amend->add_option("--heartbeat", options->choices.heartbeat_seconds, "Seconds without a word after which a station shows that it is there")
      ->check(CLI::Range(1, 86400));
  amend->add_flag("--renew-root", options->choices.renew_root,
                  "This side's next root key (detente side renew-root) in place of the present one");
  amend->add_option("--their-root", options->choices.their_next_card, "The other side's next root key, too: the card-next.note that it handed over")
      ->type_name("FILE");
  amend->add_option("--title", options->choices.title, "Of the accord");
  amend->add_option("--not-before", options->not_before, "When it may begin at the earliest, in UTC (default: now)");
  amend->add_flag("--replace", options->replace, "In place of a draft that is not signed by both");
  example(*amend, "detente accord amend north --add-line fishery --retire liaison --hours military-west=hours.toml");
  on_run(*amend, context, [&context, options] { return run_amend(context, *options); });
}

}  // namespace detente::cli
