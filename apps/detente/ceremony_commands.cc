#include "ceremony_commands.h"

namespace detente::cli {

void add_ceremony_commands(CLI::App& app, Context& context) {
  add_side_commands(app, context);
  add_accord_commands(app, context);
  add_secret_commands(app, context);
  add_enrol_commands(app, context);
  add_officer_commands(app, context);
  add_bulletin_commands(app, context);
}

void say_next(Context& context, const SideDir& side) {
  constexpr std::string_view kCommand = "detente ";
  for (std::string step : next_steps(side)) {
    if (context.dir != "." && step.starts_with(kCommand))
      step = "detente --dir " + context.dir + " " + step.substr(kCommand.size());
    context.next(std::move(step));
  }
}

Result<std::string> read_text(const io::Path& file, std::size_t max) {
  DETENTE_TRY(bytes, io::read_file(file, max));
  return as_string(bytes);
}

Result<crypto::SignKey> open_root(Context& context, const SideDir& side) {
  DETENTE_TRY(passphrase, context.passphrase(side, Context::Ask::kOpen));
  return side.open_root(passphrase);
}

Result<std::pair<std::string, std::string>> split_pair(const std::string& option,
                                                       const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
    return fail(Fault::kMalformed,
                option + " " + text + ": write NAME=VALUE, as in fibre=127.0.0.1:7001");
  return std::pair(text.substr(0, equals), text.substr(equals + 1));
}

Result<void> say_issued(Context& context, const SideDir& side, const Issued& issued) {
  const std::string number = std::to_string(issued.bulletin);
  DETENTE_TRY(told, tell_station(side, issued.bytes));
  context.say("Credential " + std::to_string(issued.credential.number.value) +
              " stands in bulletin " + number +
              (told ? "; the running station tells every counterpart. Where a line is cut off: "
                      "detente bulletin export FILE"
                    : ". It must reach the other side: detente bulletin export FILE"));
  context.result(
      {{"number", issued.credential.number.value}, {"bulletin", issued.bulletin}, {"told", told}});
  return {};
}

Result<std::vector<std::string>> link_where_ready(Context& context, const SideDir& side) {
  std::vector<std::string> linked;
  DETENTE_TRY(counterparts, side.counterparts());
  for (const std::string& name : counterparts) {
    const bool ready = !side.has_pair(name) && check_ready_to_link(side, name) &&
                       side.has_hand_key(name, SideDir::Whose::kOwn) &&
                       side.has_hand_key(name, SideDir::Whose::kTheirs);
    if (!ready || !context.can_get_passphrase(side)) continue;
    DETENTE_TRY(passphrase, context.passphrase(side, Context::Ask::kOpen));
    DETENTE_TRY(is_new, link_station(side, name, passphrase));
    if (!is_new) continue;
    context.say("Linked with " + name + ": the key of the pair is in " +
                side.station_dir().string() +
                "; compare the words if you have not: detente words " + name);
    linked.push_back(name);
  }
  return linked;
}

}  // namespace detente::cli
