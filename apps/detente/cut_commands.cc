// cut and lift: acts of an officer on this side's registers. spec/cut.md.
#include <map>

#include "base/civil.h"
#include "client_request.h"
#include "io/os_clock.h"
#include "lift_progress.h"
#include "line/register_act.h"
#include "wire/text.h"

namespace detente::cli {

namespace {

struct CutOptions : ActOptions {
  std::vector<std::string> lines;
  std::vector<std::string> media;
  std::string reason, effective;
  bool all = false, no_reason = false, dark = false;
  bool no_wait = false, take_back = false;  // of a lift
};

// Why the line has no part in the act; nothing: it has one. `media`: of a cut.
struct Wanted {
  bool cut = false, announced = false;
  line::MediaMask media = line::kAllMedia;
  bool skip = false;  // lines that can have no part in it are left out, else they are an error
};

std::optional<std::string> hindrance(const LineAddress& line, const Json& registers, const Wanted& wanted) {
  const auto overlaps = [&](const char* key) { return (registers[key].get<unsigned>() & wanted.media) != 0; };
  if (wanted.cut && wanted.announced && overlaps("own_closed")) return "this side has cut " + line.text() + " already";
  if (wanted.cut && wanted.announced && overlaps("own_announced"))
    return "a cut of " + line.text() + " is announced already: lift it before another hour is announced";
  if (wanted.cut) return std::nullopt;
  if (registers["own"].is_null())
    return "this side has not cut " + line.text() + ": there is nothing to lift" +
           (registers["theirs"].is_null() ? "" : "; " + line.counterpart + " has cut it");
  if (registers["lifting"].get<bool>()) return "this side's lift of " + line.text() + " is being tested already";
  // Of a line that is named the station says so, by its own rule.
  if (wanted.skip && registers["own"]["in_force"].get<bool>() && !registers["lift_alone"].get<bool>())
    return "line " + line.text() + " is cut, and the accord has no standing consent of " + line.counterpart +
           " to its being lifted by one side: both agree to restore it (detente restore propose)";
  return std::nullopt;
}

// The lines that are meant, by act: one is of one accord, and of so many lines.
struct OfOneAct {
  std::string counterpart;
  std::vector<LineAddress> lines;
};
using ByAct = std::vector<OfOneAct>;

ByAct by_act(const std::map<std::string, std::vector<LineAddress>>& by_counterpart) {
  ByAct out;
  for (const auto& [counterpart, lines] : by_counterpart)
    for (std::size_t from = 0; from < lines.size(); from += line::kCutLinesMax) {
      const auto begin = lines.begin() + static_cast<std::ptrdiff_t>(from);
      const auto count = static_cast<std::ptrdiff_t>(std::min(line::kCutLinesMax, lines.size() - from));
      out.push_back({counterpart, {begin, begin + count}});
    }
  return out;
}

Result<ByAct> chosen_lines(const Json& status, const CutOptions& options) {
  std::map<std::string, std::vector<LineAddress>> out;
  if (options.all == !options.lines.empty())
    return fail(Fault::kMalformed, "name the lines, or --all for every line of every counterpart");
  if (options.all)
    for (const LineAddress& line : all_lines(status))
      if (!is_accord_line(status, line)) out[line.counterpart].push_back(line);
  for (const std::string& name : options.lines) {
    DETENTE_TRY(line, find_line(status, name));
    if (is_accord_line(status, line))
      return fail(Fault::kDenied, line.text() + " is the accord line: it is never cut, and carries the way back");
    std::vector<LineAddress>& named = out[line.counterpart];
    const auto same = [&](const LineAddress& other) { return other.text() == line.text(); };
    if (std::any_of(named.begin(), named.end(), same)) return fail(Fault::kMalformed, line.text() + " is named twice");
    named.push_back(line);
  }
  return by_act(out);
}

struct Registers {
  std::vector<line::RegisterOf> next;    // what the next act names
  std::vector<LineAddress> lines;        // the same
  std::vector<std::string> left_out;     // why lines are not in it
  std::vector<LineAddress> no_way_back;  // lines that this side alone cannot open again
  bool in_force = false;                 // a cut of this side's is
};

Result<Registers> registers_of(const StationClient& station, const std::vector<LineAddress>& lines, const Wanted& wanted) {
  Registers found;
  std::vector<line::RegisterOf>& out = found.next;
  for (const LineAddress& line : lines) {
    DETENTE_TRY(status, station.get(line.target() + "/status"));
    const Json& registers = status["registers"];
    if (const auto why = hindrance(line, registers, wanted)) {
      if (!wanted.skip) return fail(Fault::kState, *why);
      found.left_out.push_back(*why);
      continue;
    }
    found.lines.push_back(line);
    if (!registers["lift_alone"].get<bool>()) found.no_way_back.push_back(line);
    found.in_force = found.in_force || (!registers["own"].is_null() && registers["own"]["in_force"].get<bool>());
    const auto cuts = registers["own_cuts"].get<std::uint64_t>();
    out.push_back({LineId{status["line_number"].get<std::uint16_t>()}, wanted.cut ? cuts + 1 : cuts});
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.line < b.line; });
  return found;
}

// Those that are left out; an error when no line is left.
Result<void> say_left_out(Context& context, const std::vector<std::string>& left_out, bool any_left) {
  std::string all;
  for (const std::string& why : left_out) all += (all.empty() ? "" : "; ") + why;
  if (!any_left) return fail(Fault::kState, "no line is left: " + all);
  for (const std::string& why : left_out) context.say("Left out: " + why);
  return {};
}

std::string names_of(const std::vector<LineAddress>& lines) {
  std::string out;
  for (const LineAddress& line : lines) out += (out.empty() ? "" : ", ") + line.text();
  return out;
}

Result<line::CutAct> draft_cut(const CutOptions& options, WallTime now) {
  line::CutAct act;
  if (options.reason.empty() == !options.no_reason)
    return fail(Fault::kMalformed, "give the --reason that the other side will read, or say --no-reason");
  if (!options.reason.empty()) DETENTE_TRY_VOID(wire::check_text(options.reason, line::kCutReasonMax));
  act.reason = options.reason;
  DETENTE_TRY(media, media_of(options.media));
  act.media = media;
  act.dark = options.dark;
  if (act.dark && !options.media.empty())
    return fail(Fault::kMalformed, "--dark is of all media: this station then sends and answers nothing");
  if (options.effective.empty()) return act;
  DETENTE_TRY(at, parse_when(options.effective, now));
  if (at <= now || at.seconds - now.seconds > line::kAnnouncedSecondsMax)
    return fail(Fault::kLimit, "--effective is an hour to come, at most 72 hours ahead; it is now " + format_utc(now));
  act.effective = at;
  return act;
}

using Acts = std::vector<std::pair<std::string, Bytes>>;  // by counterpart

// For others to sign, a file for each: an act is of one accord.
Result<void> write_all(Context& context, const Json& status, const ActOptions& options, const Acts& acts, const std::string& name,
                       const std::optional<record::MandateFile>& mandate) {
  if (acts.size() > 1 && !options.to_sign.empty())
    return fail(Fault::kMalformed, "an act is of one counterpart and of at most 16 lines: name the lines of one, and write the others to files of their own");
  std::map<std::string, int> count;
  for (const auto& [counterpart, body] : acts) {
    const int number = ++count[counterpart];
    DETENTE_TRY_VOID(write_request(context, accord_line(status, counterpart), options,
                                   {record::kRegister, body, {}, {}, record::Precedence::kFlash, {}, mandate},
                                   name + "-" + counterpart + (number > 1 ? "-" + std::to_string(number) : "")));
  }
  return {};
}

// `learns`: how the other side comes to know of it.
Result<void> post_all(Context& context, const Json& status, const ActOptions& options, const Acts& acts,
                      const std::optional<record::MandateFile>& mandate, const std::string& learns = "as soon as anything gets through") {
  if (acts.size() > 1 && mandate)
    return fail(Fault::kMalformed, "a mandate is of one counterpart and of at most 16 lines: name the lines of one, and act on the others with mandates of their own");
  for (const auto& [counterpart, body] : acts) {
    DETENTE_TRY(arrived, post_act(context, accord_line(status, counterpart), options,
                                  {record::kRegister, body, {}, {}, record::Precedence::kFlash, {}, mandate}));
    if (!arrived) context.say("  in force on this side; " + counterpart + " learns of it " + learns);
  }
  return {};
}

Result<void> cut(Context& context, const CutOptions& options) {
  DETENTE_TRY(act, draft_cut(options, io::os_wall_time()));
  DETENTE_TRY(mandate, mandate_of(options));
  act.mandate = proof_of(mandate);
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(to_file, goes_to_file(station, options, station::GraveAct::kCut));
  DETENTE_TRY(status, station.get("/v1/status"));
  DETENTE_TRY(chosen, chosen_lines(status, options));
  Acts acts;
  std::vector<LineAddress> no_way_back;
  std::vector<std::string> left_out;
  std::string names;
  for (const auto& [counterpart, lines] : chosen) {
    // In the dark no line may be left out.
    DETENTE_TRY(registers, registers_of(station, lines, {true, act.effective.has_value(), act.media, options.all && !act.dark}));
    std::move(registers.left_out.begin(), registers.left_out.end(), std::back_inserter(left_out));
    if (registers.next.empty()) continue;
    names += (names.empty() ? "" : ", ") + names_of(registers.lines);
    act.lines = std::move(registers.next);
    std::move(registers.no_way_back.begin(), registers.no_way_back.end(), std::back_inserter(no_way_back));
    acts.emplace_back(counterpart, line::cut_body(act));
    context.say("To be signed: cut " + names_of(registers.lines) + (act.media == line::kAllMedia ? "" : " for " + line::media_words(act.media)) +
                (act.dark ? " in the dark" : "") + (act.effective ? ", effective " + format_utc(*act.effective) : ", at once"));
  }
  DETENTE_TRY_VOID(say_left_out(context, left_out, !acts.empty()));
  context.say(act.reason.empty() ? "No reason is given; the other side sees that." : "The reason: " + act.reason);
  if (act.dark)
    context.say(std::string("In the dark ") + (act.effective ? "from that hour on" : "at once") +
                " this station sends and answers nothing, not even " + (act.effective ? "a receipt" : "this act") +
                ": what follows goes by file alone (detente courier export).");
  if (!no_way_back.empty())
    context.say("The accord has no standing consent to a lift of " + names_of(no_way_back) +
                ": only a restoration by both sides ends this cut (detente restore propose).");
  if (to_file) return write_all(context, status, options, acts, "cut", mandate);
  DETENTE_TRY(agreed, context.confirm("Sign this cut as " + options.officer + "?"));
  if (!agreed) return fail(Fault::kDenied, "nothing was cut");
  ActOptions posted = options;
  if (act.dark && !act.effective) posted.wait = "durable";  // nothing that could answer is sent
  DETENTE_TRY_VOID(post_all(context, status, posted, acts, mandate,
                            act.dark && !act.effective ? "by file alone: detente courier export" : "as soon as anything gets through"));
  context.result({{"lines", names}, {"left_out", left_out}, {"effective", act.effective ? Json(act.effective->seconds) : Json()}});
  return {};
}

// A lift of a cut that is in force waits for its tests; nobody waits for a receipt of it before.
// Its number, where its end is to be waited for.
Result<std::optional<std::uint64_t>> post_lift(Context& context, const StationClient& station, const Json& status,
                                               const CutOptions& options, const std::string& counterpart, Act act) {
  ActOptions posted = options;
  posted.wait = options.wait == "none" ? "none" : "durable";
  DETENTE_TRY(side, context.side());
  DETENTE_TRY(composed, compose_act(accord_line(status, counterpart), posted, std::move(act)));
  const station::Submission shown = composed.submission;
  DETENTE_TRY(answer, post_entry(context, side, station, std::move(composed)));
  say_outcome(context, accord_line(status, counterpart), shown, answer);
  if (answer["state"] != "testing" || options.no_wait || options.wait != "receipt") return std::optional<std::uint64_t>();
  return std::optional(answer["submission"].get<std::uint64_t>());
}

Result<void> take_back(Context& context, const StationClient& station, const ByAct& chosen) {
  for (const auto& [counterpart, lines] : chosen)
    for (const LineAddress& line : lines) {
      DETENTE_TRY(done, station.post(line.target() + "/lift/take-back", Json::object()));
      context.say("The lift of " + line.text() + " is taken back; the cut stands");
      context.result(done);
    }
  return {};
}

Result<void> lift(Context& context, const CutOptions& options) {
  DETENTE_TRY(mandate, mandate_of(options));
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(status, station.get("/v1/status"));
  DETENTE_TRY(chosen, chosen_lines(status, options));
  if (options.take_back) return take_back(context, station, chosen);
  DETENTE_TRY(to_file, goes_to_file(station, options, station::GraveAct::kLift));
  Acts acts, announced;
  std::vector<std::string> left_out;
  for (const auto& [counterpart, lines] : chosen) {
    DETENTE_TRY(registers, registers_of(station, lines, {false, false, line::kAllMedia, options.all}));
    std::move(registers.left_out.begin(), registers.left_out.end(), std::back_inserter(left_out));
    if (registers.next.empty()) continue;
    (registers.in_force ? acts : announced).emplace_back(counterpart, line::clear_body({std::move(registers.next), line::ClearGround::kLifted, proof_of(mandate)}));
    context.say("To be signed: this side lifts its cut of " + names_of(registers.lines));
  }
  DETENTE_TRY_VOID(say_left_out(context, left_out, !acts.empty() || !announced.empty()));
  if (to_file) {
    std::move(announced.begin(), announced.end(), std::back_inserter(acts));
    return write_all(context, status, options, acts, "lift", mandate);
  }
  DETENTE_TRY_VOID(post_all(context, status, options, announced, mandate));
  std::vector<std::pair<std::string, std::uint64_t>> tested;
  for (const auto& [counterpart, body] : acts) {
    DETENTE_TRY(submission, post_lift(context, station, status, options, counterpart,
                                      {record::kRegister, body, {}, {}, record::Precedence::kFlash, {}, mandate}));
    if (submission) tested.emplace_back(counterpart, *submission);
  }
  for (const auto& [counterpart, submission] : tested) DETENTE_TRY_VOID(follow_lift(context, station, counterpart, submission));
  return {};
}

void add_common(CLI::App& command, CutOptions& options) {
  command.add_option("LINE", options.lines, "north/military-west, or military-west where unique; several");
  command.add_flag("--all", options.all, "Every line of every counterpart, but the accord lines");
  add_signing_options(command, options);
}

}  // namespace

void add_cut_commands(CLI::App& app, Context& context) {
  auto options = std::make_shared<CutOptions>();
  CLI::App* command = app.add_subcommand("cut", "Cut lines: this side sends and takes nothing on them any more");
  add_common(*command, *options);
  command->add_option("--reason", options->reason, "What the other side reads; at most 400 bytes");
  command->add_flag("--no-reason", options->no_reason, "Withhold the reason; the other side sees that");
  command->add_option("--effective", options->effective, "2026-11-24T12:00:00Z or +6h, at most 72 h ahead; at once without it");
  command->add_flag("--dark", options->dark, "This station sends and answers nothing at all, until it is lifted or restored");
  command->add_option("--medium", options->media, "Only this of it: text, document, voice; may be given again");
  example(*command, "detente cut --all --as kim --reason \"The leaflets\" --effective 2020-06-09T03:00:00Z");
  on_run(*command, context, [&context, options] { return cut(context, *options); });

  auto lifted = std::make_shared<CutOptions>();
  CLI::App* back = app.add_subcommand("lift", "Take this side's own cut back, where the accord lets one side do that: the lines open when their tests have passed");
  add_common(*back, *lifted);
  back->add_flag("--no-wait", lifted->no_wait, "Do not wait for the end of the tests; `detente status LINE` says how they stand");
  back->add_flag("--take-back", lifted->take_back, "A lift that is being tested goes back to its officer: the cut stands");
  example(*back, "detente lift north/military-west --as kim");
  on_run(*back, context, [&context, lifted] { return lift(context, *lifted); });
}

}  // namespace detente::cli
