// officer suspend.
#include "base/civil.h"
#include "ceremony_commands.h"
#include "client_act.h"
#include "io/os_clock.h"
#include "line/suspension.h"

namespace detente::cli {

namespace {

struct SuspendOptions : ActOptions {
  std::string name, until = "+72h";
  bool over = false;
};

// Told on every accord line: each counterpart has to know it.
Result<void> suspend(Context& context, const SuspendOptions& options) {
  DETENTE_TRY(side, context.side());
  DETENTE_TRY(officer, side.officer(options.name));
  const WallTime now = io::os_wall_time();
  line::SuspensionAct act{officer.number, now};
  if (!options.over) {
    DETENTE_TRY(until, parse_when(options.until, now));
    if (until <= now || until.seconds - now.seconds > line::kSuspensionSecondsMax)
      return fail(Fault::kLimit, "--until is an hour to come, at most 72 hours ahead; it is now " + format_utc(now));
    act.until = until;
  }
  const std::string who = "officer " + options.name + " (no. " + std::to_string(officer.number.value) + ", " + officer.post + ")";
  context.say(std::string("To be signed: ") + (options.over ? "the suspension of " + who + " ends." : who + " is suspended until " + format_utc(act.until) + "."));
  DETENTE_TRY(agreed, context.confirm("Sign this as " + options.officer + "?"));
  if (!agreed) return fail(Fault::kDenied, "nothing was done");
  const StationClient station(side);
  DETENTE_TRY(status, station.get("/v1/status"));
  for (const Json& counterpart : status["counterparts"]) {
    const LineAddress line = accord_line(status, counterpart["name"].get<std::string>());
    DETENTE_TRY(arrived, post_act(context, line, options,
                                  {record::kSuspension, line::suspension_body(act), {}, {}, record::Precedence::kFlash}));
    if (!arrived) context.say("  in force on this side; " + line.counterpart + " learns of it as soon as anything gets through");
  }
  context.result({{"officer", options.name}, {"number", officer.number.value}, {"until", act.until.seconds}});
  return {};
}

}  // namespace

void add_suspend_command(CLI::App& officer, Context& context) {
  auto options = std::make_shared<SuspendOptions>();
  CLI::App* command = officer.add_subcommand("suspend", "A duty chief keeps an officer from acting, for 72 hours at most");
  command->add_option("NAME", options->name, "As detente officer list shows it")->required()->check(a_name());
  command->add_option("--as", options->officer, "The duty chief, who signs it")->required()->check(a_name());
  command->add_option("--until", options->until, "2026-11-24T12:00:00Z or +6h, at most 72 h ahead")->capture_default_str();
  command->add_flag("--over", options->over, "Take the suspension back");
  add_wait_options(*command, options->wait, options->timeout);
  example(*command, "detente officer suspend park --as lee --until +12h");
  on_run(*command, context, [&context, options] { return suspend(context, *options); });
}

}  // namespace detente::cli
