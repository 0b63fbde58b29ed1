// accord draft, show, sign, export, import, check.
#include "ceremony_amend.h"
#include "ceremony_commands.h"
#include "client_commands.h"
#include "io/os_clock.h"
#include "line_terms.h"
#include "station/schedules.h"

namespace detente::cli {
namespace {

struct DraftOptions {
  DraftChoices choices;
  LineTerms terms;
  std::vector<std::string> lines, paths, highest, vectors;
  bool replace = false;
};

Json accord_json(const std::string& counterpart, const AccordFiles& files) {
  Json signed_by = Json::array();
  for (std::size_t i = 0; i < 2; ++i)
    if (files.note.signed_by[i]) signed_by.push_back(files.note.accord.sides[i].name);
  return {{"counterpart", counterpart},
          {"accord", to_hex(files.note.digest)},
          {"first", files.note.accord.first().name},
          {"second", files.note.accord.second().name},
          {"signed_by", signed_by},
          {"complete", files.note.complete()}};
}

Result<std::uint8_t> parse_precedence(const std::string& word) {
  constexpr std::array kWords = {"routine", "priority", "immediate", "flash"};
  for (std::size_t i = 0; i < kWords.size(); ++i)
    if (word == kWords[i]) return static_cast<std::uint8_t>(i);
  return fail(Fault::kMalformed, "--highest " + word +
                                     ": is no precedence; choose routine, priority, immediate or "
                                     "flash");
}

// "--line NAME[:deniable|:log-only]" and "--highest [NAME=]PRECEDENCE".
Result<std::vector<LineChoice>> parse_lines(const DraftOptions& options) {
  std::vector<LineChoice> out;
  for (const std::string& text : options.lines) {
    const std::size_t colon = text.find(':');
    const std::string evidence = colon == std::string::npos ? "provable" : text.substr(colon + 1);
    if (evidence != "provable" && evidence != "deniable" && evidence != "log-only")
      return fail(Fault::kMalformed,
                  "--line " + text + ": write NAME, NAME:deniable or NAME:log-only");
    out.push_back({text.substr(0, colon), evidence == "deniable", 3});
    out.back().log_only = evidence == "log-only";
  }
  for (const std::string& text : options.highest) {
    const std::size_t equals = text.find('=');
    const std::string line = equals == std::string::npos ? "" : text.substr(0, equals);
    DETENTE_TRY(precedence,
                parse_precedence(equals == std::string::npos ? text : text.substr(equals + 1)));
    bool found = false;
    for (LineChoice& choice : out) {
      if (!line.empty() && choice.name != line) continue;
      choice.highest = precedence;
      found = true;
    }
    if (!found) return fail(Fault::kNotFound, "--highest " + text + ": no --line of that name");
  }
  return out;
}

// "NAME=FILE"; without a name it is for the AEADs that are not this program's own.
Result<void> read_vectors(DraftOptions& options) {
  for (const std::string& text : options.vectors) {
    const std::size_t equals = text.find('=');
    const std::string file = equals == std::string::npos ? text : text.substr(equals + 1);
    DETENTE_TRY(vectors, read_text(file, station::kCipherVectorsMax));
    if (equals != std::string::npos) {
      options.choices.cipher_vectors[text.substr(0, equals)] = vectors;
      continue;
    }
    for (const std::string& aead : {options.choices.aead, options.choices.their_aead})
      if (crypto::shipped_vectors(aead).empty()) options.choices.cipher_vectors[aead] = vectors;
  }
  return {};
}

// Time zones that this machine does not know: no fault of the accord.
void say_unknown(Context& context, const std::vector<std::string>& unknown) {
  for (const std::string& message : unknown) context.say("Not known here, " + message + ".");
  if (!unknown.empty()) context.result({{"unknown", unknown}});
}

Result<void> run_draft(Context& context, DraftOptions& options) {
  DETENTE_TRY(side, context.side());
  const std::string& counterpart = options.choices.counterpart;
  if (side.has_accord(counterpart)) {
    DETENTE_TRY(old, side.accord_files(counterpart));
    if (!options.replace || old.note.complete())
      return fail(Fault::kConflict,
                  "accord: there is one with " + counterpart + " already" +
                      (old.note.complete() ? ", signed by both; it stays"
                                           : "; --replace puts a new draft in its place"));
  }
  if (options.paths.empty()) options.paths = {"path1"};
  for (const std::string& text : options.paths) {
    DETENTE_TRY(path, parse_path_choice(text));
    options.choices.paths.push_back(std::move(path));
  }
  if (options.choices.their_aead.empty()) options.choices.their_aead = options.choices.aead;
  DETENTE_TRY(lines, parse_lines(options));
  options.choices.lines = std::move(lines);
  DETENTE_TRY_VOID(read_vectors(options));
  DETENTE_TRY_VOID(choose_line_terms(options.terms, options.choices.lines));
  DETENTE_TRY(files,
              draft_accord_files(side, options.choices, io::os_wall_time(), context.random()));
  DETENTE_TRY(unknown, station::check_schedules(files.note.accord, files.annexes));
  DETENTE_TRY_VOID(side.save_accord_files(counterpart, files));
  say_unknown(context, unknown);
  context.say("Drafted in " + side.accord_dir(counterpart).string() + ". The order of the sides " +
              (options.choices.first.empty() ? "was drawn by lot: " : "is as given: ") +
              files.note.accord.first().name + " first.");
  context.say("Digest " + to_hex(files.note.digest));
  context.result(accord_json(counterpart, files));
  context.result({{"dir", side.accord_dir(counterpart).string()}});
  say_next(context, side);
  return {};
}

Result<void> run_show_next(Context& context, const std::string& counterpart) {
  DETENTE_TRY(side, context.side());
  DETENTE_TRY(next, next_of(side, counterpart));
  DETENTE_TRY(old, side.accord_files(counterpart));
  for (const std::string& line : accord_lines(next)) context.say(line);
  context.say("What differs from version " + std::to_string(old.note.accord.version) + ", which is in force:");
  const std::vector<std::string> difference = difference_lines(next, old);
  for (const std::string& line : difference) context.say("  " + line);
  context.result(accord_json(counterpart, next));
  context.result({{"version", next.note.accord.version}, {"difference", difference}, {"text", next.note.text}});
  return {};
}

Result<void> run_show(Context& context, const std::string& what) {
  const bool is_path = what.find('/') != std::string::npos || io::exists(what);
  const auto files = [&]() -> Result<AccordFiles> {
    if (is_path) {
      const io::Path path = what;
      return station::read_accord_files(path.filename() == "accord.note" ? path.parent_path()
                                                                         : path);
    }
    DETENTE_TRY(side, context.side());
    return side.accord_files(what);
  }();
  if (!files) return tl::unexpected<Error>(files.error());
  for (const std::string& line : accord_lines(*files)) context.say(line);
  Json annexes = Json::array();
  for (const std::string& annex : files->annexes) annexes.push_back(annex);
  context.result(accord_json(is_path ? "" : what, *files));
  context.result({{"text", files->note.text}, {"annexes", annexes}});
  return {};
}

Result<AccordFiles> files_to_hand(const SideDir& side, const std::string& counterpart, bool next) {
  return next ? next_of(side, counterpart) : side.accord_files(counterpart);
}

Result<AccordFiles> sign_first(const SideDir& side, const std::string& counterpart, std::string_view passphrase) {
  DETENTE_TRY(root, side.open_root(passphrase));
  return sign_accord_files(side, counterpart, root);
}

Result<void> run_sign(Context& context, const std::string& counterpart, bool next) {
  DETENTE_TRY(side, context.side());
  DETENTE_TRY(files, files_to_hand(side, counterpart, next));
  DETENTE_TRY(other, counterpart_of(side, files.note.accord));
  for (const std::string& line : accord_lines(files)) context.say(line);
  const bool own_first = files.note.accord.first().name == side.name();
  bool is_signed = files.note.signed_by[own_first ? 0 : 1];
  if (next) {
    DETENTE_TRY(with_both_keys, next_is_signed(side, counterpart, files));
    is_signed = with_both_keys;
    DETENTE_TRY(old, side.accord_files(counterpart));
    for (const std::string& line : difference_lines(files, old)) context.say("  " + line);
  }
  if (is_signed) {
    context.say("This side has signed it already; nothing changed.");
  } else {
    DETENTE_TRY(agreed, context.confirm("Sign this accord for " + side.name() + "?"));
    if (!agreed) return fail(Fault::kDenied, "not signed: the answer was not yes");
    DETENTE_TRY(passphrase, context.passphrase(side, Context::Ask::kOpen));
    DETENTE_TRY(done, next ? sign_next_accord_files(side, counterpart, passphrase) : sign_first(side, counterpart, passphrase));
    files = std::move(done);
    context.say("Signed by " + side.name() + ".");
  }
  context.result(accord_json(counterpart, files));
  say_next(context, side);
  return {};
}

Result<void> run_export(Context& context, const std::string& counterpart, const std::string& to, bool next) {
  DETENTE_TRY(side, context.side());
  DETENTE_TRY(files, files_to_hand(side, counterpart, next));
  DETENTE_TRY_VOID(station::export_accord_files(to, files));
  context.say("The accord and all that it names by digest are in " + to +
              "; nothing there is "
              "secret. Hand the directory to " +
              counterpart + "; there: detente accord import " + to);
  context.result(accord_json(counterpart, files));
  context.result({{"to", to}});
  return {};
}

const char* imported_text(Imported imported) {
  switch (imported) {
    case Imported::kNew: return "Imported. Read it before you sign it.";
    case Imported::kSignatureAdded:
      return "The same accord, with a signature that was not here: added.";
    case Imported::kNothingNew: return "The same accord and no new signature; nothing changed.";
    case Imported::kReplaced: return "Took theirs in place of the draft that was here.";
  }
  return "";
}

Result<void> run_import(Context& context, const std::string& from, bool replace) {
  DETENTE_TRY(side, context.side());
  DETENTE_TRY(imported, import_accord(side, from, replace));
  DETENTE_TRY(theirs, station::read_accord_files(from));
  DETENTE_TRY(counterpart, counterpart_of(side, theirs.note.accord));
  DETENTE_TRY(in_force, side.accord_files(counterpart));
  const bool next = in_force.note.accord.version + 1 == theirs.note.accord.version;
  DETENTE_TRY(files, files_to_hand(side, counterpart, next));
  context.say(imported_text(imported));
  if (next && files.note.complete())
    context.say("It is signed by both sides: the station goes on under it as soon as the other side's station holds it, too.");
  context.say("Digest " + to_hex(files.note.digest));
  context.result(accord_json(counterpart, files));
  context.result({{"changed", imported != Imported::kNothingNew}});
  say_next(context, side);
  return {};
}

Result<void> load_providers(const SideDir& side) {
  if (!io::exists(side.station_config_file())) return {};
  DETENTE_TRY(config, side.station_config());
  for (const std::string& provider : config.providers)
    DETENTE_TRY_VOID(crypto::load_provider(provider));
  return {};
}

Result<void> run_check(Context& context, const std::string& counterpart,
                       const std::vector<std::string>& providers) {
  DETENTE_TRY(side, context.side());
  DETENTE_TRY_VOID(load_providers(side));
  for (const std::string& provider : providers) DETENTE_TRY_VOID(crypto::load_provider(provider));
  DETENTE_TRY(files, side.accord_files(counterpart));
  DETENTE_TRY(other, counterpart_of(side, files.note.accord));
  DETENTE_TRY(unknown, check_accord_here(files));
  context.say("The accord with " + counterpart +
              " is whole: signed by both, every annex is the one "
              "that was signed, and the ciphers here give the agreed vectors.");
  context.say("Digest " + to_hex(files.note.digest));
  context.result(accord_json(counterpart, files));
  say_unknown(context, unknown);
  return {};
}

void add_draft(CLI::App& accord, Context& context) {
  CLI::App* draft = accord.add_subcommand("draft", "Write an accord for both to read and sign");
  auto options = std::make_shared<DraftOptions>();
  options->choices.their_aead.clear();
  DraftChoices& choices = options->choices;
  draft->add_option("COUNTERPART", choices.counterpart)->required()->check(a_name());
  draft
      ->add_option("--line", options->lines,
                   "A line: NAME, NAME:deniable, or NAME:log-only (equipment of its own); repeat it")
      ->required()
      ->allow_extra_args(false);
  draft
      ->add_option("--path", options->paths,
                   "A path: NAME (UDP), or NAME:tcp; repeat it (default path1)")
      ->allow_extra_args(false);
  draft->add_option("--aead", choices.aead, "This side's cipher")->capture_default_str();
  draft->add_option("--their-aead", choices.their_aead, "The other side's (default: the same)");
  draft->add_option("--seal", choices.seal, "both, or the side whose cipher alone is used")
      ->capture_default_str();
  draft->add_option("--self", choices.self,
                    "What this side calls itself (default: its card's words)");
  draft->add_option("--other", choices.other, "What this side calls the other");
  draft->add_option("--highest", options->highest, "[LINE=]PRECEDENCE: the highest that is allowed")
      ->allow_extra_args(false);
  add_line_terms(*draft, options->terms);
  draft
      ->add_option("--cipher-vectors", options->vectors,
                   "[AEAD=]FILE: test vectors of a cipher of your own")
      ->allow_extra_args(false);
  draft->add_option("--heartbeat", choices.heartbeat_seconds,
                    "Seconds without a word after which a station shows that it is there (default 20)")
      ->check(CLI::Range(1, 86400));
  draft->add_option("--title", choices.title, "Of the accord");
  draft->add_option("--first", choices.first, "The side that the lot drawn in the room put first");
  draft->add_flag("--unknown-zones", choices.unknown_zones, "Take time zones that this machine does not know as they are");
  draft->add_flag("--replace", options->replace, "In place of a draft that is not signed by both");
  example(*draft,
          "detente accord draft north --line military-west --line liaison:deniable --path fibre "
          "--people military-west=duty-officer,watch-leader");
  on_run(*draft, context, [&context, options] { return run_draft(context, *options); });
}

}  // namespace

void add_accord_commands(CLI::App& app, Context& context) {
  CLI::App& accord = group(app, "accord", "The accord: drafted by one, read and signed by both");
  add_draft(accord, context);
  add_amend_command(accord, context);
  add_accord_proposal_commands(accord, context);

  auto what = std::make_shared<std::string>(), directory = std::make_shared<std::string>();
  auto next = std::make_shared<bool>(false);
  const auto of_next = [next](CLI::App& command) {
    command.add_flag("--next", *next, "Of the accord that follows the one in force (detente accord amend)");
  };
  CLI::App* show = accord.add_subcommand("show", "The whole text, as it is signed");
  show->add_option("COUNTERPART", *what, "Or a directory that was handed over")->required();
  of_next(*show);
  example(*show, "detente accord show north");
  on_run(*show, context, [&context, what, next] { return *next ? run_show_next(context, *what) : run_show(context, *what); });

  CLI::App* sign = accord.add_subcommand("sign", "Show the whole text, ask, and sign it");
  sign->add_option("COUNTERPART", *what)->required()->check(a_name());
  of_next(*sign);
  example(*sign, "detente accord sign north");
  on_run(*sign, context, [&context, what, next] { return run_sign(context, *what, *next); });

  CLI::App* to = accord.add_subcommand("export", "Put the accord's files into a directory");
  to->add_option("COUNTERPART", *what)->required()->check(a_name());
  to->add_option("DIR2", *directory)->required();
  of_next(*to);
  example(*to, "detente accord export north to-north");
  on_run(*to, context,
         [&context, what, directory, next] { return run_export(context, *what, *directory, *next); });

  auto replace = std::make_shared<bool>(false);
  CLI::App* from =
      accord.add_subcommand("import", "Take an accord, or signatures, from a directory");
  from->add_option("DIR2", *directory)->required();
  from->add_flag("--replace", *replace,
                 "Take theirs in place of a draft that is not signed by both");
  example(*from, "detente accord import to-north");
  on_run(*from, context,
         [&context, directory, replace] { return run_import(context, *directory, *replace); });

  auto providers = std::make_shared<std::vector<std::string>>();
  CLI::App* check = accord.add_subcommand("check", "Signatures, annexes, and the ciphers here");
  check->add_option("COUNTERPART", *what)->required()->check(a_name());
  check->add_option("--provider", *providers, "OpenSSL provider module to load")
      ->allow_extra_args(false);
  example(*check, "detente accord check north");
  on_run(*check, context,
         [&context, what, providers] { return run_check(context, *what, *providers); });
}

}  // namespace detente::cli
