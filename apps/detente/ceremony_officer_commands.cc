// officer enrol, officer list; bulletin export, bulletin import.
#include <set>

#include "accord/annex.h"
#include "base/civil.h"
#include "ceremony_commands.h"
#include "cli_terminal.h"
#include "client_commands.h"
#include "io/os_clock.h"
#include "wire/text.h"

namespace detente::cli {
namespace {

struct OfficerOptions {
  OfficerChoices choices;
  std::vector<std::string> lines;
  std::string role = "officer";
  std::string passphrase_file;
};

// The officer's own passphrase: nobody signs for him who only knows the vault's. Where nobody can
// be asked and no file is given it is the vault's (laboratories, scripts).
Result<SecretBytes> officer_passphrase(Context& context, const SideDir& side,
                                       const OfficerOptions& options) {
  if (!options.passphrase_file.empty()) {
    DETENTE_TRY(bytes, io::read_secret_file(options.passphrase_file, kPassphraseMax));
    const ByteView all = bytes.view();
    const auto end = std::find(all.begin(), all.end(), '\n');
    return SecretBytes::copy_of(all.first(static_cast<std::size_t>(end - all.begin())));
  }
  DETENTE_TRY(vault, context.passphrase(side, Context::Ask::kOpen));
  if (context.passphrase_given(side) || !has_terminal())
    return SecretBytes::copy_of(as_bytes(vault));
  return ask_passphrase("New passphrase of officer " + options.choices.name, true);
}

// Where the annexes name the posts that may speak and none of them names this one, it is a slip or of no use.
Result<void> say_unnamed_post(const Context& context, const SideDir& side, const std::string& post) {
  DETENTE_TRY(counterparts, side.counterparts());
  std::set<std::string> named;
  for (const std::string& counterpart : counterparts) {
    DETENTE_TRY(files, side.accord_files(counterpart));
    for (const std::string& text : files.annexes) {
      DETENTE_TRY(annex, accord::parse_annex(text));
      named.insert(annex.people.begin(), annex.people.end());
    }
  }
  if (named.empty() || named.count(post) != 0) return {};
  std::string list;
  for (const std::string& name : named) list += (list.empty() ? "" : ", ") + name;
  context.say("NOTE: no accord names the post " + post + " among those that may act on a line; they name " + list +
              ". If that is a slip, revoke this officer and enrol another.");
  return {};
}

Result<void> run_enrol(Context& context, OfficerOptions& options) {
  DETENTE_TRY(side, context.side());
  OfficerChoices& choices = options.choices;
  if (options.role == "principal") choices.role = accord::CredentialRole::kPrincipal;
  if (!options.lines.empty()) {
    DETENTE_TRY(lines, line_numbers(side, options.lines));
    choices.lines = std::move(lines);
  }
  DETENTE_TRY(root, open_root(context, side));
  DETENTE_TRY(secret, officer_passphrase(context, side, options));
  const std::string_view phrase(reinterpret_cast<const char*>(secret.view().data()), secret.size());
  const Sealing sealing{phrase, context.work_factor, context.random()};
  DETENTE_TRY(issued, enrol_officer(side, choices, root, sealing, io::os_wall_time()));
  DETENTE_TRY(told, tell_station(side, issued.bytes));
  context.say("Officer " + choices.name + " is enrolled as " + choices.post + ", number " +
              std::to_string(issued.credential.number.value) + ", until " +
              format_utc(issued.credential.not_after) + ".");
  DETENTE_TRY_VOID(say_unnamed_post(context, side, choices.post));
  context.say(told ? "The running station tells every counterpart."
                   : "Bulletin " + std::to_string(issued.bulletin) +
                         " must reach the other side: detente bulletin export FILE");
  context.result({{"officer", choices.name},
                  {"number", issued.credential.number.value},
                  {"post", choices.post},
                  {"role", to_string(choices.role)},
                  {"bulletin", issued.bulletin},
                  {"told", told}});
  DETENTE_TRY(linked, link_where_ready(context, side));
  context.result({{"linked", linked}});
  say_next(context, side);
  return {};
}

Result<void> run_renew(Context& context, const std::string& name, std::uint32_t days) {
  DETENTE_TRY(side, context.side());
  DETENTE_TRY(root, open_root(context, side));
  DETENTE_TRY(issued, renew_officer(side, name, days, root, io::os_wall_time()));
  context.say("Officer " + name + ", " + issued.credential.post + ", is renewed until " +
              format_utc(issued.credential.not_after) + ".");
  context.result({{"officer", name}, {"not_after", format_utc(issued.credential.not_after)}});
  DETENTE_TRY_VOID(say_issued(context, side, issued));
  say_next(context, side);
  return {};
}

Result<void> run_list(Context& context) {
  DETENTE_TRY(side, context.side());
  DETENTE_TRY(names, side.officers());
  DETENTE_TRY(roster, side.own_roster());
  Json list = Json::array();
  for (const std::string& name : names) {
    DETENTE_TRY(officer, side.officer(name));
    const auto* credential = roster.by_number(officer.number);
    const std::string until =
        credential != nullptr ? format_utc(credential->credential.not_after) : "";
    const bool revoked = roster.revoked(officer.number);
    context.say(name + "  number " + std::to_string(officer.number.value) + "  " +
                to_string(officer.role) + "  post " + officer.post +
                (officer.person ? "  " + wire::display_line(officer.person->name) : "") +
                (credential != nullptr ? "  until " + until
                                       : "  NO CREDENTIAL: the enrolment was broken off; go on with it: detente officer enrol " +
                                             name + " --post " + officer.post) +
                (revoked ? "  revoked" : ""));
    list.push_back({{"name", name},
                    {"number", officer.number.value},
                    {"role", to_string(officer.role)},
                    {"post", officer.post},
                    {"person", officer.person ? Json(officer.person->name) : Json()},
                    {"not_after", credential != nullptr ? Json(until) : Json()},
                    {"revoked", revoked}});
  }
  if (names.empty())
    context.say("No officer is enrolled: detente officer enrol NAME --post duty-officer");
  context.result({{"officers", list}});
  return {};
}

Result<void> run_export(Context& context, const std::string& file) {
  DETENTE_TRY(side, context.side());
  DETENTE_TRY(bytes, export_bulletins(side));
  DETENTE_TRY(all, side.bulletins(side.name()));
  DETENTE_TRY_VOID(io::write_file_once(file, bytes, io::kPublicMode));
  context.say(std::to_string(all.size()) + " bulletins of " + side.name() + " are in " + file +
              "; nothing in it is secret. The other side: detente bulletin import FILE");
  context.result({{"file", file}, {"bulletins", all.size()}});
  return {};
}

Result<void> run_import(Context& context, const std::string& file) {
  constexpr std::size_t kFileMax = 64 * 1024 * 1024;
  DETENTE_TRY(side, context.side());
  DETENTE_TRY(bytes, io::read_file(file, kFileMax));
  auto taken = import_bulletins(side, bytes);
  if (!taken && taken.error().fault == Fault::kMalformed)
    return fail(Fault::kMalformed, file + ": is no file of bulletins, or was cut off or changed on its way (" + taken.error().message +
                                       "): get it again from the other side");
  if (!taken) return fail_at(file, taken.error());
  context.say("Bulletins of " + taken->side + ": " + std::to_string(taken->added) + " new, " +
              std::to_string(taken->known) + " known before.");
  context.result({{"side", taken->side}, {"added", taken->added}, {"known", taken->known}});
  DETENTE_TRY(roster, side.roster_of(taken->side));
  context.result({{"missing", roster.missing_bulletins()}});
  if (const std::string words = missing_words(roster); !words.empty()) context.say(words + ".");
  DETENTE_TRY(running, tell_station_theirs(side, *taken));
  if (running.told) context.say("The station that runs here has taken them in.");
  if (running.other_station)
    context.say("Their station is another one from now on, or there is none: detente status says which.");
  context.result({{"told", running.told}, {"other_station", running.other_station}});
  DETENTE_TRY(linked, link_where_ready(context, side));
  context.result({{"linked", linked}});
  say_next(context, side);
  return {};
}

}  // namespace

void add_officer_commands(CLI::App& app, Context& context) {
  CLI::App& officer = group(app, "officer", "Officers and principals of this side");
  auto options = std::make_shared<OfficerOptions>();
  OfficerChoices& choices = options->choices;
  CLI::App* enrol = officer.add_subcommand("enrol", "Make an officer's keys and credential");
  enrol->add_option("NAME", choices.name, "How this side calls the key; stays at home")
      ->required()
      ->check(a_name());
  enrol->add_option("--post", choices.post, "What the other side sees")
      ->required()
      ->check(a_name());
  enrol->add_option("--lines", options->lines, "Lines by name, a,b (default: all)")
      ->delimiter(',')
      ->allow_extra_args(false);
  enrol->add_option("--person", choices.person,
                    "Full name: closed in the credential, opened at home");
  enrol->add_option("--role", options->role)
      ->check(CLI::IsMember({"officer", "principal"}))
      ->capture_default_str();
  enrol->add_option("--days", choices.days, "Validity of the credential")->capture_default_str();
  enrol->add_option("--officer-passphrase-file", options->passphrase_file,
                    "The officer's own passphrase (else asked for)");
  example(*enrol, "detente officer enrol kim --post duty-officer --person \"Kim Min-jun\"");
  on_run(*enrol, context, [&context, options] { return run_enrol(context, *options); });

  auto renewed = std::make_shared<std::string>();
  auto days = std::make_shared<std::uint32_t>(365);
  CLI::App* renew = officer.add_subcommand("renew", "The same officer and keys for a further time");
  renew->add_option("NAME", *renewed, "As detente officer list shows it")->required()->check(a_name());
  renew->add_option("--days", *days, "Validity from now on")->capture_default_str();
  example(*renew, "detente officer renew kim --days 365");
  on_run(*renew, context, [&context, renewed, days] { return run_renew(context, *renewed, *days); });

  add_suspend_command(officer, context);
  add_officer_revoke_command(officer, context);

  CLI::App* list = officer.add_subcommand("list", "Who is enrolled");
  example(*list, "detente officer list");
  on_run(*list, context, [&context] { return run_list(context); });
}

void add_bulletin_commands(CLI::App& app, Context& context) {
  CLI::App& bulletin = group(app, "bulletin", "Credentials, on their way to the other side");
  auto file = std::make_shared<std::string>();
  CLI::App* to = bulletin.add_subcommand("export", "All of this side's, in one file");
  to->add_option("FILE", *file)->required();
  example(*to, "detente bulletin export south.bulletins");
  on_run(*to, context, [&context, file] { return run_export(context, *file); });

  CLI::App* from =
      bulletin.add_subcommand("import", "Take the other side's; links where all is there");
  from->add_option("FILE", *file)->required();
  example(*from, "detente bulletin import north.bulletins");
  on_run(*from, context, [&context, file] { return run_import(context, *file); });
}

}  // namespace detente::cli
