// sign, act show and act submit: a grave act as a file, read and signed on a machine that need not be the station's.
#include "base/civil.h"
#include "client_proposals.h"
#include "client_request.h"
#include "io/file.h"
#include "io/os_clock.h"

namespace detente::cli {

namespace {

constexpr std::uint32_t kFresh = 3600;  // seconds

struct SignOptions : ActOptions {
  std::string file;
};

struct Read {
  Bytes bytes;
  record::ActFile act;
};

Result<Read> read_act(const std::string& path) {
  DETENTE_TRY(bytes, io::read_file(path, record::kActFileMax));
  auto act = record::parse_act_file(bytes);
  if (!act)
    return fail(act.error().fault, path + ": is no act to be signed, or was cut off or changed on its way (" + act.error().message +
                                       "): get it again from whoever made it with --to-sign");
  return Read{std::move(bytes), std::move(*act)};
}

Result<void> sign(Context& context, const SignOptions& options) {
  DETENTE_TRY(side, context.side());
  DETENTE_TRY(read, read_act(options.file));
  DETENTE_TRY_VOID(show_and_sign(context, side, read.act, options.officer, [&]() -> Result<void> {
    DETENTE_TRY(again, io::read_file(options.file, record::kActFileMax));
    if (equal(again, read.bytes)) return {};
    return fail(Fault::kConflict, options.file + " was changed while you read it: nothing is signed. Look at it again");
  }));
  DETENTE_TRY_VOID(io::write_file(options.file, record::encode_act_file(read.act), io::kSecretMode));
  const std::size_t count = read.act.entry.signatures.size();
  context.say(options.file + ": signed by " + options.officer + "; " + std::to_string(count) + (count == 1 ? " has" : " have") + " signed. Nothing was sent.");
  context.next("detente act submit " + options.file + ", where the station runs, when enough have signed");
  context.result({{"file", options.file}});
  return {};
}

// Much may have changed since it was written; who hands it over is told.
void say_age(Context& context, WallTime written) {
  const WallTime now = io::os_wall_time();
  if (now.seconds < written.seconds + std::uint64_t{kFresh}) return;
  context.say("  WRITTEN " + std::to_string((now.seconds - written.seconds) / 60) + " MINUTES AGO, at " + format_utc(written) +
              ": what it says is done now, as it was meant then");
}

Result<void> submit(Context& context, const SignOptions& options) {
  DETENTE_TRY(side, context.side());
  DETENTE_TRY(read, read_act(options.file));
  DETENTE_TRY_VOID(show_act(context, side, read.act));
  if (read.act.entry.signatures.empty())
    return fail(Fault::kDenied, "nobody has signed this yet: detente sign " + options.file + " --as NAME");
  say_age(context, read.act.entry.header.time);
  const StationClient station(side);
  DETENTE_TRY(line, accord_of(station, read.act.counterpart));
  station::Submission out;
  out.entry = std::move(read.act.entry);
  out.mandate = std::move(read.act.mandate);
  for (const record::Reference& to : out.entry.header.references) out.references.push_back({to.whose, to.epoch, to.index, to.leaf});
  out.entry.header.references.clear();
  DETENTE_TRY_VOID(set_wait(out, options.wait, options.timeout));
  DETENTE_TRY(answer, station.post(line.target() + "/entries", station::write_submission(out)));
  const bool arrived = say_outcome(context, line, out, answer);
  if (!arrived) context.say("  taken by this side's station; " + line.counterpart + " learns of it as soon as anything gets through");
  return {};
}

CLI::App& add_on_file(CLI::App& to, const char* name, const char* about, SignOptions& options) {
  CLI::App* command = to.add_subcommand(name, about);
  command->add_option("FILE", options.file, "As cut, lift, proposal and restore propose write it with --to-sign")->required();
  return *command;
}

}  // namespace

void add_sign_commands(CLI::App& app, Context& context) {
  auto options = std::make_shared<SignOptions>();
  CLI::App& command = add_on_file(app, "sign", "Read the exact text of a grave act and sign it; needs no station", *options);
  command.add_option("--as", options->officer, "The officer or principal whose key signs")->required()->check(a_name());
  example(command, "detente sign cut-north.act --as park");
  on_run(command, context, [&context, options] { return sign(context, *options); });

  CLI::App& act = group(app, "act", "One act as a file: to be signed, or to be carried");
  auto shown = std::make_shared<SignOptions>();
  CLI::App& show = add_on_file(act, "show", "What an act says that is to be signed, and who has signed it", *shown);
  example(show, "detente act show cut-north.act");
  on_run(show, context, [&context, shown]() -> Result<void> {
    DETENTE_TRY(side, context.side());
    DETENTE_TRY(read, read_act(shown->file));
    return show_act(context, side, read.act);
  });

  auto handed = std::make_shared<SignOptions>();
  CLI::App& hand_over = add_on_file(act, "submit", "Hand an act that was signed to this side's station, which does it", *handed);
  add_wait_options(hand_over, handed->wait, handed->timeout);
  example(hand_over, "detente act submit cut-north.act");
  on_run(hand_over, context, [&context, handed] { return submit(context, *handed); });
}

}  // namespace detente::cli
