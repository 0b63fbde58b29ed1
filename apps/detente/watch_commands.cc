// The watch of this side: on and off watch, handover, alarms, what came by other
// ways, and the station's own log of it. Deeds are signed by the officer's own key.
#include <fmt/format.h>

#include "base/civil.h"
#include "client_commands.h"
#include "client_compose.h"
#include "client_deed.h"
#include "client_show.h"
#include "clocks.h"
#include "crypto/hash.h"
#include "dates.h"
#include "first_words.h"
#include "io/file_stream.h"
#include "io/os_clock.h"
#include "station/watch_deed.h"
#include "watch_show.h"
#include "wire/text.h"

namespace detente::cli {

namespace {

using station::Deed;

struct DeedOptions {
  std::string officer, to, to_passphrase_file, line, bearer, way = "in", words, at, capture, since, until;
  std::vector<std::string> lines;
  std::uint64_t alarm = 0, readability = 0, after = 0;
  bool read_back = false;
};

struct Signer {
  OfficerId number;
  std::uint32_t counter = 0;
  station::OfficerKeys keys;
};

Result<Signer> open_signer(const SideDir& side, const std::string& name, std::string_view passphrase) {
  DETENTE_TRY(officer, side.officer(name));
  DETENTE_TRY(keys, side.open_officer(name, passphrase));
  DETENTE_TRY(counter, side.take_officer_counter(name, io::os_wall_time()));
  return Signer{officer.number, counter, std::move(keys)};
}

// One of two officers who sign in one run: neither knows the other's passphrase. A context asks once, so each has his own.
Result<Signer> open_one_of_two(const Context& context, const SideDir& side, const std::string& name, const std::string& file) {
  DETENTE_TRY_VOID(side.officer(name));
  Context his;
  his.passphrase_file = file.empty() ? context.passphrase_file : file;
  DETENTE_TRY(passphrase, his.passphrase(side.info().passphrase_file, Context::Ask::kOpen, "Passphrase of officer " + name));
  return open_signer(side, name, passphrase);
}

Result<std::vector<Signer>> open_signers(Context& context, const SideDir& side, const std::string& officer, const SecondSigner& second) {
  std::vector<Signer> out;
  if (second.officer.empty()) {
    DETENTE_TRY(passphrase, context.passphrase(side, Context::Ask::kOpen));
    DETENTE_TRY(only, open_signer(side, officer, passphrase));
    out.push_back(std::move(only));
    return out;
  }
  DETENTE_TRY(first, open_one_of_two(context, side, officer, ""));
  auto other = open_one_of_two(context, side, second.officer, second.passphrase_file);
  if (!other && second.passphrase_file.empty() && context.passphrase_given(side))
    return fail(other.error().fault, other.error().message + "; with a passphrase of his own: --to-passphrase-file FILE");
  DETENTE_TRY(found, std::move(other));
  out.push_back(std::move(first));
  out.push_back(std::move(found));
  return out;
}

}  // namespace

Result<Json> post_deed(Context& context, Deed deed, const std::string& officer, const SecondSigner& second) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  for (std::string& line : deed.lines) {
    DETENTE_TRY(found, find_line(station, line));
    line = found.text();
  }
  if (!deed.line.empty()) {
    DETENTE_TRY(found, find_line(station, deed.line));
    deed.line = found.text();
  }
  DETENTE_TRY(signers, open_signers(context, side, officer, second));
  deed.officer = signers.front().number;
  deed.counter = signers.front().counter;
  deed.time = io::os_wall_time();
  if (signers.size() > 1) deed.to = signers.back().number;
  const Json text = station::write_deed(deed);
  Json signatures = Json::array();
  for (const Signer& one : signers)
    signatures.push_back({{"officer", one.number.value},
                          {"signature", to_base64(station::sign_deed(side.name(), text, one.keys.sign))}});
  return station.post("/v1/watch", {{"deed", text}, {"signatures", signatures}});
}

namespace {

Result<Json> own_watch(Context& context) {
  DETENTE_TRY(side, context.side());
  return StationClient(side).get("/v1/watch");
}

Result<void> say_watch(Context& context) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(watch, station.get("/v1/watch"));
  for (const std::string& line : watch_lines(watch)) context.say(line);
  context.result(std::move(watch));
  return say_clocks(context, station);
}

// Before anybody is asked for a passphrase. An officer whose credential was renewed has several numbers.
Result<void> check_on_watch(Context& context, const DeedOptions& options) {
  DETENTE_TRY(watch, own_watch(context));
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  std::vector<std::string> lines;
  for (const std::string& line : options.lines) {
    DETENTE_TRY(found, find_line(station, line));
    lines.push_back(found.text());
  }
  DETENTE_TRY(officer, side.officer(options.officer));
  std::map<std::string, std::string> others;  // names where they are known here
  const auto is_one = [](const Json& on, OfficerId number) {
    const Json& all = on["numbers"];
    return std::find(all.begin(), all.end(), number.value) != all.end();
  };
  DETENTE_TRY(names, side.officers());
  for (const Json& on : watch["on_watch"]) {
    const std::string line = on.value("line", "");
    if (!lines.empty() && std::find(lines.begin(), lines.end(), line) == lines.end()) continue;
    if (is_one(on, officer.number)) return {};
    std::string who = on.value("officer", "");
    for (const std::string& name : names)
      if (const auto known = side.officer(name); known && is_one(on, known->number)) who = name + " (" + who + ")";
    others[who] += " " + line;
  }
  std::string text = options.officer + " is not on watch";
  for (const std::string& line : lines) text += (line == lines.front() ? " on " : ", ") + line;
  for (const auto& [who, where] : others) text += "; " + who + " is:" + where;
  if (others.empty()) text += ", and nobody else is";
  return fail(Fault::kState, text + ". " +
                                 (others.empty() ? "A watch begins with: detente watch on --as " + options.officer
                                                 : "Whoever is on watch leaves it or hands it over himself; " + options.officer +
                                                       " goes on beside him with: detente watch on --as " + options.officer));
}

Result<void> on_or_off(Context& context, const DeedOptions& options, const char* what) {
  if (std::string_view(what) == "off") DETENTE_TRY_VOID(check_on_watch(context, options));
  Deed deed;
  deed.what = what;
  deed.lines = options.lines;
  DETENTE_TRY(answer, post_deed(context, deed, options.officer));
  context.say(answer.value("officer", "") + " is " + (std::string(what) == "on" ? "on" : "off") + " watch");
  return say_watch(context);
}

// What both sign: the giver's words, and the matters that are open when the watch changes hands. Those that do not fit are
// signed by number and digest; the words are never shortened.
Result<std::string> handover_words(const std::string& words, const std::vector<std::string>& matters) {
  constexpr std::size_t kListedMax = station::kDeedWordsMax - 120;  // leaves room for the last line
  if (const auto good = wire::check_text(words, kListedMax); !good) return fail_at("--words", good.error());
  std::string out = words;
  const auto add = [&out](const std::string& line) { out += (out.empty() ? "" : "\n") + line; };
  auto next = matters.begin();
  for (; next != matters.end() && out.size() + next->size() + 7 <= kListedMax; ++next) add("open: " + *next);
  if (next == matters.end()) return out;
  std::string rest;
  for (auto one = next; one != matters.end(); ++one) rest += *one + "\n";
  add("and " + std::to_string(matters.end() - next) + " more, their lines by SHA-256 " + to_hex(crypto::sha256(as_bytes(rest))));
  return out;
}

Result<void> hand_over(Context& context, const DeedOptions& options) {
  DETENTE_TRY_VOID(check_on_watch(context, options));
  DETENTE_TRY(watch, own_watch(context));
  Deed deed;
  deed.what = "handover";
  deed.lines = options.lines;
  DETENTE_TRY(words, handover_words(options.words, open_matters(watch)));
  deed.words = std::move(words);
  context.say("To be signed by " + options.officer + " and " + options.to + ": the watch is handed over.");
  for (const std::string& part : wrap(wire::display_text(deed.words), kColumns - 2)) context.say("  " + part);
  DETENTE_TRY(answer, post_deed(context, deed, options.officer, {options.to, options.to_passphrase_file}));
  context.say(answer.value("officer", "") + " has handed the watch over; both have signed");
  context.result({{"words", deed.words}});
  return say_watch(context);
}

Result<void> simple_deed(Context& context, Deed deed, const std::string& officer, const std::string& done) {
  DETENTE_TRY(answer, post_deed(context, std::move(deed), officer));
  context.say(done + " (watch log, line " + std::to_string(answer["n"].get<std::uint64_t>()) + ")");
  context.result(std::move(answer));
  return {};
}

Result<std::string> digest_of_file(const std::string& path) {
  DETENTE_TRY(file, io::FileReader::open(path));
  if (file.size() > (std::uint64_t{256} << 20)) return fail(Fault::kLimit, path + ": more than 256 MiB");
  Bytes all(static_cast<std::size_t>(file.size()));
  for (std::size_t at = 0; at < all.size();) {
    DETENTE_TRY(size, file.read(MutableBytes(all).subspan(at)));
    if (size == 0) return fail(Fault::kIo, path + ": became shorter while it was read");
    at += size;
  }
  return to_hex(crypto::sha256(all));
}

Result<void> contact(Context& context, const DeedOptions& options, bool heard_in_public) {
  Deed deed;
  deed.what = heard_in_public ? "heard" : "contact";
  deed.line = options.line;
  deed.bearer = options.bearer;
  if (options.words.empty()) return fail(Fault::kMalformed, "WORDS are empty: write what was said, word for word");
  if (options.bearer.empty())
    return fail(Fault::kMalformed, heard_in_public ? "--outlet is empty: say who said it, and where" : "--bearer is empty: say how it came");
  DETENTE_TRY_VOID(wire::check_text(options.words, station::kDeedWordsMax));
  deed.words = options.words;
  const WallTime now = io::os_wall_time();
  deed.at = now;
  if (!options.at.empty()) {
    DETENTE_TRY(at, parse_when(options.at, now));
    deed.at = at;
  }
  if (!heard_in_public) {
    deed.way = options.way;
    deed.read_back = options.read_back;
    deed.readability = options.readability;
  } else if (!options.capture.empty()) {
    DETENTE_TRY(digest, digest_of_file(options.capture));
    deed.capture = digest;
  }
  return simple_deed(context, std::move(deed), options.officer,
                     heard_in_public ? "kept as heard in public; it changes no state"
                                     : "kept: the officer says so, and the station no more than that");
}

Result<WallTime> time_option(const std::string& text, const char* option) {
  return text.size() == 10 ? parse_date(text, option) : parse_when(text, io::os_wall_time());
}

// Page by page to its end, whatever its length; a program gets the first page, and the sums of all.
Result<void> show_log(Context& context, const DeedOptions& options, const std::string& only) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  std::string target = "/v1/watch/log?limit=2000" + only;
  std::string counterpart;
  if (!options.line.empty()) {
    DETENTE_TRY(line, find_line(station, options.line));
    target += "&line=" + escape(line.text());
    counterpart = line.counterpart;
  }
  if (!options.since.empty()) {
    DETENTE_TRY(since, time_option(options.since, "--since"));
    target += "&since=" + std::to_string(since.seconds);
  }
  if (!options.until.empty()) {
    DETENTE_TRY(until, time_option(options.until, "--until"));
    target += "&until=" + std::to_string(until.seconds);
  }
  WatchLogSums sums;
  Json first;
  bool any = false;
  for (std::uint64_t after = options.after;;) {
    DETENTE_TRY(log, station.get(target + "&after=" + std::to_string(after)));
    for (const std::string& line : watch_log_lines(log)) {
      context.say(line);
      any = true;
    }
    sums.add(log);
    const bool more = log["more"] == true && log["next"].is_number_unsigned();
    if (more) after = log["next"].get<std::uint64_t>();
    if (first.is_null()) first = std::move(log);
    if (!more) break;
  }
  if (!any) context.say("Nothing in this span.");
  for (const std::string& line : sums.lines()) context.say(line);
  first["sums"] = sums.json();
  context.result(std::move(first));
  return say_clocks(context, station, counterpart);
}

void add_span(CLI::App& command, DeedOptions& options) {
  command.add_option("--since", options.since, "From this date, as 2026-06-09, or time on");
  command.add_option("--until", options.until, "Before this date or time");
  command.add_option("--after", options.after, "After this number of the log's lines: `next` of a --json page that has `more`");
}

CLI::App* officer_command(CLI::App& in, const char* name, const char* about, DeedOptions& options) {
  CLI::App* command = in.add_subcommand(name, about);
  command->add_option("--as", options.officer, "The officer of the own side, who signs")->required();
  return command;
}

void add_watch(CLI::App& app, Context& context) {
  CLI::App& watch = group(app, "watch", "Who is on watch at this station");
  for (const char* what : {"on", "off"}) {
    auto options = std::make_shared<DeedOptions>();
    CLI::App* command = officer_command(watch, what, std::string(what) == "on" ? "Go on watch" : "Leave the watch", *options);
    command->add_option("LINE", options->lines, "These lines; all of them without");
    example(*command, std::string("detente watch ") + what + " --as kim");
    on_run(*command, context, [&context, options, what] { return on_or_off(context, *options, what); });
  }
  auto handover = std::make_shared<DeedOptions>();
  CLI::App* command = officer_command(watch, "handover", "Hand the watch and its open matters over; both sign", *handover);
  command->add_option("--to", handover->to, "The officer who takes over, and signs, too")->required();
  command->add_option("--to-passphrase-file", handover->to_passphrase_file,
                      "His passphrase, for programs; a person is asked for each of the two");
  command->add_option("--words", handover->words, "What else the other should know");
  command->add_option("LINE", handover->lines, "These lines; all of them without");
  example(*command, "detente watch handover --as kim --to park");
  on_run(*command, context, [&context, handover] { return hand_over(context, *handover); });
  auto here = std::make_shared<DeedOptions>();
  command = officer_command(watch, "here", "Answer the vigilance prompt: I am awake", *here);
  example(*command, "detente watch here --as kim");
  on_run(*command, context, [&context, here] {
    Deed deed;
    deed.what = "here";
    return simple_deed(context, deed, here->officer, "answered");
  });
  command = watch.add_subcommand("show", "Who is on watch, and what waits for a person");
  example(*command, "detente watch show");
  on_run(*command, context, [&context] { return say_watch(context); });
}

void add_alarms(CLI::App& app, Context& context) {
  CLI::App& alarms = group(app, "alarm", "Alarms of this station");
  CLI::App* command = alarms.add_subcommand("list", "Alarms that are open, and the newest of those that were");
  example(*command, "detente alarm list");
  on_run(*command, context, [&context]() -> Result<void> {
    DETENTE_TRY(watch, own_watch(context));
    for (const std::string& line : alarm_lines(watch["alarms"])) context.say(line);
    for (const std::string& line : hook_lines(watch["hooks"])) context.say(line);
    DETENTE_TRY(side, context.side());
    const StationClient station(side);
    Json cards = Json::array();
    for (const Json& alarm : watch["alarms"]) {
      if (!wants_first_words(alarm)) continue;
      DETENTE_TRY(line, find_line(station, alarm.value("line", "")));
      DETENTE_TRY(card, first_words(station, line, watch));
      context.say();
      for (const std::string& text : card.lines) context.say(text);
      cards.push_back(std::move(card.json));
    }
    context.result({{"alarms", watch["alarms"]}, {"hooks", watch["hooks"]}, {"first_words", std::move(cards)}});
    return say_clocks(context, station);
  });
  auto options = std::make_shared<DeedOptions>();
  command = officer_command(alarms, "ack", "Say that you have seen an alarm and take care of it", *options);
  command->add_option("NUMBER", options->alarm, "As `detente alarm list` has it")->required();
  command->add_option("--words", options->words, "What is done about it");
  example(*command, "detente alarm ack 3 --as kim --words \"called the duty desk by telephone\"");
  on_run(*command, context, [&context, options] {
    Deed deed;
    deed.what = "acknowledge";
    deed.alarm = options->alarm;
    deed.words = options->words;
    return simple_deed(context, deed, options->officer, "acknowledged");
  });
}

void add_contact(CLI::App& app, Context& context) {
  CLI::App& contacts = group(app, "contact", "What came by other ways than a line");
  auto said = std::make_shared<DeedOptions>();
  CLI::App* command = officer_command(contacts, "log", "Record by hand what came by loudspeaker, radio, telephone, press", *said);
  command->add_option("LINE", said->line, "The line that it bears on")->required();
  command->add_option("WORDS", said->words, "What was said, word for word")->required();
  command->add_option("--bearer", said->bearer, "loudspeaker, open radio, telephone, ...")->required();
  command->add_option("--way", said->way, "in (from them) or out (from us)")->check(CLI::IsMember({"in", "out"}))->capture_default_str();
  command->add_option("--at", said->at, "When it was, as 2026-11-24T09:00:00Z (default: now)");
  command->add_flag("--read-back", said->read_back, "It was read back and found right");
  command->add_option("--readability", said->readability, "1 (bad) to 5 (excellent)")->check(CLI::Range(1, 5));
  example(*command, "detente contact log north/military-west \"Do you hear us?\" --bearer loudspeaker --as kim");
  on_run(*command, context, [&context, said] { return contact(context, *said, false); });
  auto heard = std::make_shared<DeedOptions>();
  command = officer_command(contacts, "heard", "Note what was said in public; it changes no state", *heard);
  command->add_option("LINE", heard->line, "The line that it bears on")->required();
  command->add_option("WORDS", heard->words, "What was said, word for word")->required();
  command->add_option("--outlet", heard->bearer, "Who said it, and where")->required();
  command->add_option("--at", heard->at, "When it was, as 2026-11-24T09:00:00Z (default: now)");
  command->add_option("--capture", heard->capture, "A recording or a page: its digest is kept")->check(CLI::ExistingFile);
  example(*command, "detente contact heard north/liaison \"All lines are cut\" --outlet \"state radio\" --as kim");
  on_run(*command, context, [&context, heard] { return contact(context, *heard, true); });
  auto list = std::make_shared<DeedOptions>();
  command = contacts.add_subcommand("list", "What was recorded by hand and heard in public");
  command->add_option("LINE", list->line, "Of this line alone");
  add_span(*command, *list);
  example(*command, "detente contact list north/military-west");
  on_run(*command, context, [&context, list] { return show_log(context, *list, "&only=contact"); });
}

}  // namespace

void add_watch_commands(CLI::App& app, Context& context) {
  add_watch(app, context);
  add_alarms(app, context);
  add_contact(app, context);
  auto options = std::make_shared<DeedOptions>();
  CLI::App* log = app.add_subcommand("log", "The watch log: own tries, calls and what became of them, deeds");
  log->add_option("LINE", options->line, "Of this line alone");
  add_span(*log, *options);
  example(*log, "detente log north/military-west --since 2020-06-09");
  on_run(*log, context, [&context, options] { return show_log(context, *options, ""); });
}

}  // namespace detente::cli
