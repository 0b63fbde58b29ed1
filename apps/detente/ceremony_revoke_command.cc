// station revoke and officer revoke.
#include "base/civil.h"
#include "ceremony_commands.h"
#include "ceremony_revoke.h"
#include "ceremony_root.h"
#include "client_commands.h"
#include "entries_text.h"
#include "io/os_clock.h"

namespace detente::cli {
namespace {

struct RevokeOptions {
  std::string officer;  // empty: the station itself
  std::string post = "main", until;
  std::vector<std::string> from, last;
  std::uint16_t number = 0;
  bool nothing = false;
};

bool station_runs(const SideDir& side) {
  return io::exists(side.socket_file()) && StationClient(side).get("/v1/status").has_value();
}

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
  // An officer's words stand in the logs of a station that is not lost: what the other side has of them counts.
  if (out.empty() && !options.nothing && !options.officer.empty())
    DETENTE_TRY_VOID(station_runs(side) ? add_from_station(StationClient(side), until, out) : add_from_record(side.dir(), options.post, until, out));
  if (out.empty() && !options.nothing && options.officer.empty())
    return fail(Fault::kMalformed,
                "station revoke: say how far its log counts: --from FILE (what the other side exported of it), --from DIR "
                "(a restored backup) or --last LINE=EPOCH:SIZE:ROOT; or that nothing of it does: --nothing");
  if (!out.empty() && options.nothing)
    return fail(Fault::kConflict, "--nothing stands alone");
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
                                       : entries_text(at->second.size) + " of log " + to_hex(at->second.epoch)));
  }
}

Json positions_json(const Positions& positions) {
  Json out = Json::array();
  for (const auto& [line, last] : positions)
    out.push_back({{"line", line.value}, {"epoch", to_hex(last.epoch)}, {"size", last.size}, {"root", to_hex(last.root)}});
  return out;
}

struct Lost {
  std::vector<OfficerId> numbers;
  std::string who;    // "Station south/main (no. 3)"
  std::string fate;   // "declared lost"
  std::string works;  // "What it wrote"
};

Result<Lost> find_lost(const SideDir& side, const RevokeOptions& options) {
  DETENTE_TRY(own, side.own_roster());
  Lost out;
  if (options.officer.empty()) {
    DETENTE_TRY(numbers, station_numbers(own, options.post, options.number == 0 ? std::nullopt : std::optional(OfficerId{options.number})));
    out.numbers = std::move(numbers);
    out.who = "Station " + side.name() + "/" + options.post + " (no. " + std::to_string(out.numbers.back().value) + ")";
    out.fate = "declared lost";
    out.works = "What it wrote";
  } else {
    DETENTE_TRY(numbers, officer_numbers(side, own, options.officer));
    out.numbers = std::move(numbers);
    out.who = "Officer " + options.officer + " (no. " + std::to_string(out.numbers.back().value) + ", " +
              own.by_number(out.numbers.back())->credential.post + ")";
    out.fate = "revoked";
    out.works = "What he signed";
  }
  return out;
}

Result<void> run_revoke(Context& context, const RevokeOptions& options) {
  DETENTE_TRY(side, context.side());
  DETENTE_TRY(lost, find_lost(side, options));
  DETENTE_TRY(positions, find_positions(side, options));
  DETENTE_TRY(lines, names_of_lines(side));
  context.say("To be signed: " + lost.who + " is to be " + lost.fate + ", for ever. " + lost.works + " counts up to here, on every line:");
  say_positions(context, lines, positions);
  DETENTE_TRY(agreed, context.confirm("Sign this with the root key?"));
  if (!agreed) return fail(Fault::kDenied, "not signed; nothing was changed");
  DETENTE_TRY(passphrase, context.passphrase(side, Context::Ask::kOpen));
  DETENTE_TRY(root, side.open_root(passphrase));
  DETENTE_TRY(revoked, revoke_keys(side, lost.numbers, positions, root, io::os_wall_time()));
  DETENTE_TRY(told, tell_station(side, revoked.bytes));
  // Where the next root key is in force already, this one's word does not count.
  DETENTE_TRY(repeated, repeat_revocations(side, passphrase, io::os_wall_time()));
  for (const Bytes& again : repeated) DETENTE_TRY_VOID(tell_station(side, again));
  context.say(lost.who + " is " + lost.fate + ". It stands in bulletin " + std::to_string(revoked.bulletin) +
              (told ? "; the running station tells every counterpart. Where a line is cut off: detente bulletin export FILE"
                    : ". It must reach every counterpart: detente bulletin export FILE"));
  Json list = Json::array();
  for (const OfficerId one : lost.numbers) list.push_back(one.value);
  Json result{{"numbers", list}, {"bulletin", revoked.bulletin}, {"positions", positions_json(positions)}, {"told", told}};
  result[options.officer.empty() ? "station" : "officer"] = options.officer.empty() ? side.name() + "/" + options.post : options.officer;
  context.result(std::move(result));
  context.next("detente bulletin export FILE, and by any courier to each counterpart: detente bulletin import FILE");
  if (options.officer.empty())
    context.next("a new station at this post: in a directory of its own, detente station enrol (docs/operations.md, "
                 "\"A station is lost or captured\")");
  return {};
}

// How far what was signed counts.
void add_positions(CLI::App& revoke, RevokeOptions& options) {
  revoke.add_option("--from", options.from, "How far it counts: an extract of the other side's, or a directory with its record")
      ->type_name("FILE|DIR")
      ->allow_extra_args(false);
  revoke.add_option("--until", options.until, "Only what was there by then, 2020-06-16T05:49:00Z: receipted, of an extract; written, of a record");
  revoke.add_option("--last", options.last, "The same, typed; repeat it for each line")
      ->type_name("LINE=EPOCH:SIZE:ROOT")
      ->allow_extra_args(false);
}

}  // namespace

void add_station_revoke_command(CLI::App& station, Context& context) {
  auto options = std::make_shared<RevokeOptions>();
  CLI::App* revoke = station.add_subcommand("revoke", "Declare the own station lost or captured, by the root key");
  revoke->add_option("--post", options->post, "Name of the station")->check(a_name())->capture_default_str();
  revoke->add_option("--number", options->number, "Number of its credential, where several have the post");
  add_positions(*revoke, *options);
  revoke->add_flag("--nothing", options->nothing, "Nothing that it ever wrote counts");
  example(*revoke, "detente station revoke --from liaison.dex --until 2020-06-16T05:49:00Z");
  on_run(*revoke, context, [&context, options] { return run_revoke(context, *options); });
}

void add_officer_revoke_command(CLI::App& officer, Context& context) {
  auto options = std::make_shared<RevokeOptions>();
  CLI::App* revoke = officer.add_subcommand("revoke", "End an officer's credential for ever, by the root key; what the other side has receipted of his words counts on");
  revoke->add_option("NAME", options->officer, "As detente officer list shows it")->required()->check(a_name());
  revoke->add_option("--post", options->post, "The station in whose logs his words stand")->check(a_name())->capture_default_str();
  add_positions(*revoke, *options);
  revoke->add_flag("--nothing", options->nothing, "Nothing that he ever signed counts");
  example(*revoke, "detente officer revoke park --until 2020-06-16T05:49:00Z");
  on_run(*revoke, context, [&context, options] { return run_revoke(context, *options); });
}

}  // namespace detente::cli
