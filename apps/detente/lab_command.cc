// lab new: two sides or more to try with.
#include <algorithm>

#include "ceremony_commands.h"
#include "client_commands.h"
#include "io/os_clock.h"
#include "lab.h"
#include "line_terms.h"

namespace detente::cli {
namespace {

struct LabOptions {
  LabChoices choices;
  std::string dir, seal = "both";
  std::vector<std::string> lines = {"presidential", "military-west", "liaison"};
  std::vector<std::string> kinds, deniable, log_only, vectors, providers;
  LineTerms terms;
};

void choose_lines(LabOptions& options) {
  const auto& deniable = options.deniable;
  for (const std::string& name : deniable)
    if (std::find(options.lines.begin(), options.lines.end(), name) == options.lines.end())
      options.lines.push_back(name);
  for (const std::string& name : options.lines) {
    LineChoice choice;
    choice.name = name;
    choice.deniable = std::find(deniable.begin(), deniable.end(), name) != deniable.end();
    options.choices.lines.push_back(std::move(choice));
  }
  for (const std::string& name : options.log_only) {
    LineChoice choice;
    choice.name = name;
    choice.log_only = true;
    options.choices.lines.push_back(std::move(choice));
  }
}

Result<void> choose_ciphers(LabOptions& options) {
  LabChoices& choices = options.choices;
  if (choices.their_aead.empty()) choices.their_aead = choices.aead;
  for (const std::string& text : options.vectors) {
    DETENTE_TRY(parts, split_pair("--cipher-vectors", text));
    DETENTE_TRY(vectors, read_text(parts.second, station::kCipherVectorsMax));
    choices.cipher_vectors[parts.first] = std::move(vectors);
  }
  for (const std::string& provider : options.providers)
    choices.providers.push_back(std::filesystem::absolute(provider).lexically_normal());
  return {};
}

Result<void> choose_paths(LabOptions& options) {
  for (const std::string& word : options.kinds) {
    DETENTE_TRY(kind, parse_path_kind(word));
    options.choices.kinds.push_back(kind);
  }
  options.choices.paths = std::max(options.choices.paths, options.choices.kinds.size());
  return {};
}

Json link_json(const LabLink& link) {
  Json lines = Json::array(), paths = Json::array();
  for (const accord::Annex& annex : link.lines)
    if (annex.line != kAccordLine)
      lines.push_back({{"number", annex.line.value},
                       {"name", annex.name},
                       {"evidence", to_string(annex.evidence)}});
  for (const station::PathConfig& path : link.paths)
    paths.push_back(
        {{"name", path.name}, {"listen", path.listen.text()}, {"peer", path.peer.text()}});
  return {{"counterpart", link.counterpart},
          {"accord", to_hex(link.accord)},
          {"words", link.words},
          {"lines", lines},
          {"paths", paths}};
}

// Fields of the first counterpart stand in the side itself, too: most have one.
Json side_json(const LabSide& side) {
  Json out = {{"name", side.name},
              {"dir", side.dir.string()},
              {"station", side.station},
              {"officers", side.officers},
              {"passphrase_file", side.passphrase_file.string()}};
  Json links = Json::array();
  for (const LabLink& link : side.links) links.push_back(link_json(link));
  for (const char* field : {"counterpart", "lines", "paths"}) out[field] = links.front()[field];
  out["counterparts"] = links;
  return out;
}

void say_side(Context& context, const LabSide& side) {
  std::string officers;
  for (const std::string& officer : side.officers)
    officers += (officers.empty() ? "" : ", ") + officer;
  context.say(side.station + "  in " + side.dir.string() + ", officers " + officers);
  for (const LabLink& link : side.links) {
    for (const station::PathConfig& path : link.paths)
      context.say("  to " + link.counterpart + " on " + path.name + "  listens " +
                  path.listen.text() + "  sends to " + path.peer.text());
    for (const accord::Annex& annex : link.lines)
      if (annex.line != kAccordLine)
        context.say("  line " + std::to_string(annex.line.value) + "  " + link.counterpart + "/" +
                    annex.name + "  " + to_string(annex.evidence));
  }
}

Result<void> run_lab(Context& context, LabOptions& options) {
  LabChoices& choices = options.choices;
  choices.dir = std::filesystem::absolute(options.dir).lexically_normal();
  if (!choices.dir.has_filename()) choices.dir = choices.dir.parent_path();
  choices.seal_both = options.seal == "both";
  if (context.work_factor_given) choices.work_factor = context.work_factor;
  choose_lines(options);
  DETENTE_TRY_VOID(choose_line_terms(options.terms, options.choices.lines));
  DETENTE_TRY_VOID(choose_ciphers(options));
  DETENTE_TRY_VOID(choose_paths(options));
  context.say("The passphrases will lie beside the keys, so these are sealed at work factor " +
              std::to_string(choices.work_factor) + ": for trying, not for a line that matters.");
  DETENTE_TRY(sides, make_lab(choices, io::os_wall_time(), context.random()));
  Json list = Json::array();
  for (const LabSide& side : sides) {
    say_side(context, side);
    list.push_back(side_json(side));
    context.next("detente --dir " + side.dir.string() + " station run");
  }
  const LabLink& first = sides.front().links.front();
  context.next("detente --dir " + sides.front().dir.string() + " send " + first.counterpart + "/" +
               first.lines[1].name + " --as " + sides.front().officers.front() +
               " \"Good morning\"");
  context.result({{"dir", choices.dir.string()},
                  {"accord", to_hex(first.accord)},
                  {"words", first.words},
                  {"sides", list}});
  return {};
}

}  // namespace

void add_lab_commands(CLI::App& app, Context& context) {
  CLI::App& lab = group(app, "lab", "A laboratory: sides for trying and testing");
  CLI::App* fresh = lab.add_subcommand("new", "Two sides by the real ceremony, with fresh keys");
  auto options = std::make_shared<LabOptions>();
  LabChoices& choices = options->choices;
  choices.officers = {"kim"};
  choices.their_officers = {"ri"};
  choices.their_aead.clear();
  fresh->add_option("LAB", options->dir, "A directory that is not there yet")->required();
  fresh->add_option("--lines", options->lines, "Lines, a,b")
      ->delimiter(',')
      ->check(a_name())
      ->capture_default_str()
      ->allow_extra_args(false);
  fresh->add_option("--deniable", options->deniable, "Which of them are deniable")
      ->delimiter(',')
      ->check(a_name())
      ->allow_extra_args(false);
  fresh->add_option("--log-only", options->log_only, "Further lines that are log only")
      ->delimiter(',')
      ->check(a_name())
      ->allow_extra_args(false);
  add_line_terms(*fresh, options->terms);
  fresh->add_option("--heartbeat", choices.heartbeat_seconds, "Seconds, as in detente accord draft")
      ->check(CLI::Range(1, 86400));
  fresh->add_option("--paths", choices.paths, "How many paths")
      ->check(CLI::Range(1, 32))
      ->capture_default_str();
  fresh
      ->add_option("--kinds", options->kinds,
                   "Kinds of path1, path2, ...: udp or tcp, a,b (default: udp each)")
      ->delimiter(',')
      ->check(CLI::IsMember({"udp", "tcp"}))
      ->expected(1, 32)
      ->allow_extra_args(false);
  fresh
      ->add_option("--first-port", choices.first_port,
                   "Take the free ports of 127.0.0.1 from this one on (default: drawn)")
      ->check(CLI::Range(1, 65535));
  fresh->add_flag("--gap", choices.gap,
                  "Peers are free ports where nothing listens: put anything between");
  fresh->add_flag("--unknown-zones", choices.unknown_zones, "Take time zones that this machine does not know as they are");
  fresh->add_option("--seal", options->seal, "both ciphers, or one (south's)")
      ->check(CLI::IsMember({"both", "one"}))
      ->capture_default_str();
  fresh->add_option("--aead", choices.aead, "South's cipher")->capture_default_str();
  fresh->add_option("--their-aead", choices.their_aead, "The others' (default: the same)");
  fresh
      ->add_option("--cipher-vectors", options->vectors,
                   "AEAD=FILE: test vectors of a cipher of your own")
      ->allow_extra_args(false);
  fresh->add_option("--provider", options->providers, "OpenSSL provider module with such a cipher")
      ->allow_extra_args(false);
  fresh->add_option("--officers", choices.officers, "South's officers, a,b")
      ->delimiter(',')
      ->check(a_name())
      ->capture_default_str()
      ->allow_extra_args(false);
  fresh->add_option("--their-officers", choices.their_officers, "Each other side's officers")
      ->delimiter(',')
      ->check(a_name())
      ->capture_default_str()
      ->allow_extra_args(false);
  fresh
      ->add_option("--counterparts", choices.counterparts,
                   "How many sides south has an accord with")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  example(*fresh,
          "detente lab new /var/tmp/lab --lines military-west,liaison --deniable liaison --paths 2 "
          "--json");
  on_run(*fresh, context, [&context, options] { return run_lab(context, *options); });
}

}  // namespace detente::cli
