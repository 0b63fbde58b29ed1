// station revoke.
#include "base/civil.h"
#include "ceremony_commands.h"
#include "ceremony_revoke.h"
#include "client_commands.h"
#include "io/os_clock.h"

namespace detente::cli {
namespace {

struct RevokeOptions {
  std::string post = "main", until;
  std::vector<std::string> from, last;
  std::uint16_t number = 0;
  bool nothing = false;
};

Result<Positions> find_positions(const SideDir& side, const RevokeOptions& options) {
  std::optional<WallTime> until;
  if (!options.until.empty()) {
    auto at = parse_utc(options.until);
    if (!at) return fail_at("--until", at.error());
    until = *at;
  }
  Positions out;
  for (const std::string& from : options.from) {
    const io::Path path(from);
    DETENTE_TRY_VOID(std::filesystem::is_directory(path) ? add_from_record(path, options.post, until, out)
                                                         : add_from_extract(side, path, options.post, until, out));
  }
  for (const std::string& text : options.last) DETENTE_TRY_VOID(add_typed(side, text, out));
  if (out.empty() && !options.nothing)
    return fail(Fault::kMalformed,
                "station revoke: say how far its log counts: --from FILE (what the other side exported of it), --from DIR "
                "(a restored backup) or --last LINE=EPOCH:SIZE:ROOT; or that nothing of it does: --nothing");
  if (!out.empty() && options.nothing)
    return fail(Fault::kConflict, "station revoke: --nothing stands alone");
  return out;
}

Result<std::map<LineId, std::string>> names_of_lines(const SideDir& side) {
  std::map<LineId, std::string> out;
  DETENTE_TRY(counterparts, side.counterparts());
  for (const std::string& name : counterparts) {
    DETENTE_TRY(files, side.accord_files(name));
    for (const std::string& text : files.annexes) {
      DETENTE_TRY(annex, accord::parse_annex(text));
      out.emplace(annex.line, annex.name);
    }
  }
  return out;
}

// What the signature will say, for whoever has to type yes.
void say_positions(const Context& context, const std::map<LineId, std::string>& lines, const Positions& positions) {
  for (const auto& [line, name] : lines) {
    const auto at = positions.find(line);
    context.say("  " + std::to_string(line.value) + " " + name + ": " +
                (at == positions.end() ? "nothing"
                                       : std::to_string(at->second.size) + " entries of log " + to_hex(at->second.epoch)));
  }
}

Json positions_json(const Positions& positions) {
  Json out = Json::array();
  for (const auto& [line, last] : positions)
    out.push_back({{"line", line.value}, {"epoch", to_hex(last.epoch)}, {"size", last.size}, {"root", to_hex(last.root)}});
  return out;
}

Result<void> run_revoke(Context& context, const RevokeOptions& options) {
  DETENTE_TRY(side, context.side());
  DETENTE_TRY(own, side.own_roster());
  const auto number = options.number == 0 ? std::nullopt : std::optional(OfficerId{options.number});
  DETENTE_TRY(numbers, station_numbers(own, options.post, number));
  DETENTE_TRY(positions, find_positions(side, options));
  DETENTE_TRY(lines, names_of_lines(side));
  const std::string id = side.name() + "/" + options.post + " (no. " + std::to_string(numbers.back().value) + ")";
  context.say("Station " + id + " is declared lost, for ever. What it wrote counts up to here, on every line:");
  say_positions(context, lines, positions);
  DETENTE_TRY(agreed, context.confirm("Sign this with the root key?"));
  if (!agreed) return fail(Fault::kDenied, "not signed; nothing was changed");
  DETENTE_TRY(root, open_root(context, side));
  DETENTE_TRY(revoked, revoke_station(side, numbers, positions, root, io::os_wall_time()));
  DETENTE_TRY(told, tell_station(side, revoked.bytes));
  context.say("It stands in bulletin " + std::to_string(revoked.bulletin) +
              (told ? "; the running station tells every counterpart. Where a line is cut off: detente bulletin export FILE"
                    : ". It must reach every counterpart: detente bulletin export FILE"));
  Json list = Json::array();
  for (const OfficerId one : numbers) list.push_back(one.value);
  context.result({{"station", side.name() + "/" + options.post},
                  {"numbers", list},
                  {"bulletin", revoked.bulletin},
                  {"positions", positions_json(positions)},
                  {"told", told}});
  context.next("detente bulletin export FILE, and by any courier to each counterpart: detente bulletin import FILE");
  context.next("a new station at this post: in a directory of its own, detente station enrol (docs/operations.md, "
               "\"A station is lost or captured\")");
  return {};
}

}  // namespace

void add_revoke_command(CLI::App& station, Context& context) {
  auto options = std::make_shared<RevokeOptions>();
  CLI::App* revoke = station.add_subcommand("revoke", "Declare the own station lost or captured, by the root key");
  revoke->add_option("--post", options->post, "Name of the station")->check(a_name())->capture_default_str();
  revoke->add_option("--number", options->number, "Number of its credential, where several have the post");
  revoke->add_option("--from", options->from, "How far it counts: an extract of the other side's, or a directory with its record")
      ->type_name("FILE|DIR")
      ->allow_extra_args(false);
  revoke->add_option("--until", options->until, "Of --from: only what was receipted by then, 2020-06-16T05:49:00Z");
  revoke->add_option("--last", options->last, "The same, typed; repeat it for each line")
      ->type_name("LINE=EPOCH:SIZE:ROOT")
      ->allow_extra_args(false);
  revoke->add_flag("--nothing", options->nothing, "Nothing that it ever wrote counts");
  example(*revoke, "detente station revoke --from liaison.dex --until 2020-06-16T05:49:00Z");
  on_run(*revoke, context, [&context, options] { return run_revoke(context, *options); });
}

}  // namespace detente::cli
