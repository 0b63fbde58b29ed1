#include "ceremony_commands.h"

#include "wire/text.h"

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

Result<void> read_hours(const std::vector<std::string>& texts, std::vector<LineChoice>& lines) {
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    const std::string line = equals == std::string::npos ? "" : text.substr(0, equals);
    const std::string file = equals == std::string::npos ? text : text.substr(equals + 1);
    DETENTE_TRY(content, read_text(file, accord::kAnnexTextMax));
    auto hours = accord::parse_hours(content);
    if (!hours) return fail_at(file, hours.error());
    bool found = false;
    for (LineChoice& choice : lines) {
      if (!line.empty() && choice.name != line) continue;
      choice.hours = *hours;
      found = true;
    }
    if (!found) return fail(Fault::kNotFound, "--hours " + text + ": no --line of that name");
  }
  return {};
}

Result<void> choose_people(const std::vector<std::string>& texts, std::vector<LineChoice>& lines) {
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    const std::string line = equals == std::string::npos ? "" : text.substr(0, equals);
    std::vector<std::string> posts = {""};
    for (const char c : equals == std::string::npos ? text : text.substr(equals + 1)) {
      if (c == ',')
        posts.emplace_back();
      else
        posts.back().push_back(c);
    }
    for (const std::string& post : posts) {
      auto good = wire::check_name(post);
      if (!good) return fail_at("--people " + text, good.error());
    }
    bool found = false;
    for (LineChoice& choice : lines) {
      if (!line.empty() && choice.name != line) continue;
      choice.people = posts;
      found = true;
    }
    if (!found) return fail(Fault::kNotFound, "--people " + text + ": no --line of that name");
  }
  return {};
}

Result<void> choose_stations(const std::vector<std::string>& texts, std::vector<LineChoice>& lines) {
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) return fail(Fault::kMalformed, "--station " + text + ": write LINE=POST, as liaison=liaison");
    const std::string post = text.substr(equals + 1);
    if (auto good = wire::check_name(post); !good) return fail_at("--station " + text, good.error());
    const auto line = std::find_if(lines.begin(), lines.end(), [&](const LineChoice& one) { return one.name == text.substr(0, equals); });
    if (line == lines.end()) return fail(Fault::kNotFound, "--station " + text + ": no --line of that name");
    line->station = post;
  }
  return {};
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
