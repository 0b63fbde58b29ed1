#include "client_act.h"

#include "client_show.h"

namespace detente::cli {

void add_act_options(CLI::App& command, ActOptions& options, bool with_drill) {
  command.add_option("LINE", options.address, "north/military-west, or military-west where unique")->required();
  command.add_option("--as", options.officer, "The officer of the own side who does this and signs it");
  if (with_drill) command.add_flag("--drill", options.drill, "Part of a drill: not the real thing");
  add_wait_options(command, options.wait, options.timeout);
}

std::string class_mark(record::EntryClass entry_class) {
  return entry_class == record::EntryClass::kLive ? "" : upper(station::class_name(entry_class)) + " | ";
}

Result<line::MediaMask> media_of(const std::vector<std::string>& names) {
  line::MediaMask out = 0;
  for (const std::string& name : names) {
    const auto medium = line::medium_from(name);
    if (!medium) return fail(Fault::kMalformed, "--medium is text, document or voice");
    out = static_cast<line::MediaMask>(out | *medium);
  }
  return names.empty() ? line::kAllMedia : out;
}

Result<Compose> compose_act(const LineAddress& line, const ActOptions& options, Act act) {
  Compose out;
  out.line = line;
  out.officer = options.officer;
  record::Header& header = out.submission.entry.header;
  header.kind = act.kind;
  header.body_form = act.kind == record::kMessage ? record::BodyForm::kText : record::BodyForm::kCbor;
  header.entry_class = act.entry_class;
  header.precedence = act.precedence;
  header.attachments = std::move(act.attachments);
  out.submission.entry.body = std::move(act.body);
  out.submission.mandate = std::move(act.mandate);
  if (act.reference) out.submission.references.push_back(*act.reference);
  DETENTE_TRY_VOID(set_wait(out.submission, options.wait, options.timeout));
  return out;
}

Result<bool> post_act(Context& context, const LineAddress& line, const ActOptions& options, Act act) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  if (!act.says.empty())
    context.say(class_mark(act.entry_class) + (options.officer.empty() ? "To be sent: " : "To be signed: ") + act.says);
  DETENTE_TRY(out, compose_act(line, options, std::move(act)));
  const station::Submission shown = out.submission;
  DETENTE_TRY(answer, post_entry(context, side, station, std::move(out)));
  return say_outcome(context, line, shown, answer);
}

}  // namespace detente::cli
