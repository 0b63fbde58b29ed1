// mandate: a principal orders an act of the own side, on a machine that need not be the station's. spec/signing.md section 4.
#include "base/civil.h"
#include "client_request.h"
#include "crypto/hash.h"
#include "io/file.h"
#include "io/os_clock.h"
#include "station/mandates.h"

namespace detente::cli {

namespace {

constexpr std::size_t kLetterMax = 64 * 1024 * 1024;

struct GiveOptions {
  std::string file, counterpart, officer, act, letter, letter_digest, valid_until = "+7d";
  std::vector<std::string> lines;
  bool all = false;
};

Result<Digest> letter_of(const GiveOptions& options) {
  if (options.letter.empty() == options.letter_digest.empty())
    return fail(Fault::kMalformed, "name the letter that orders this: --letter FILE, or its SHA-256: --letter-digest HEX");
  if (!options.letter.empty()) {
    DETENTE_TRY(bytes, io::read_file(options.letter, kLetterMax));
    return crypto::sha256(bytes);
  }
  const auto bytes = from_hex(options.letter_digest);
  const auto digest = bytes ? to_array<32>(*bytes) : std::nullopt;
  if (!digest) return fail(Fault::kMalformed, "--letter-digest is 64 hex digits, as sha256sum writes them");
  return *digest;
}

Result<std::vector<LineId>> lines_of(const accord::AccordInForce& accord, const GiveOptions& options) {
  if (options.all == !options.lines.empty())
    return fail(Fault::kMalformed, "name the lines that are meant (--line NAME, again for another), or --all");
  std::vector<LineId> out;
  for (const std::string& name : options.lines) {
    const accord::Annex* annex = accord.line_named(name);
    if (annex == nullptr || annex->line == kAccordLine)
      return fail(Fault::kNotFound, "the accord with " + options.counterpart + " has no line " + name + " that can be cut");
    out.push_back(annex->line);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

Result<record::Mandate> draft(Context& context, const SideDir& side, const accord::AccordInForce& accord, const station::OfficerFile& who,
                              const GiveOptions& options) {
  if (who.role != accord::CredentialRole::kPrincipal)
    return fail(Fault::kDenied, options.officer + " is no principal: one is made with detente officer enrol NAME --role principal");
  record::Mandate out;
  out.side = side.name();
  out.counterpart = options.counterpart;
  out.accord = accord.digest;
  out.principal = who.number;
  const auto act = record::grave_act_from(options.act);
  if (!act) return fail(Fault::kMalformed, "--act is cut, lift, restore or announce");
  out.act = *act;
  DETENTE_TRY(lines, lines_of(accord, options));
  out.lines = std::move(lines);
  DETENTE_TRY(letter, letter_of(options));
  out.letter = letter;
  out.given = io::os_wall_time();
  DETENTE_TRY(until, parse_when(options.valid_until, out.given));
  if (until <= out.given || until.seconds - out.given.seconds > record::kMandateSecondsMax)
    return fail(Fault::kLimit, "--valid-until is an hour to come, at most 90 days ahead");
  out.valid_until = until;
  out.nonce = context.random().array<16>();
  return out;
}

Result<void> give(Context& context, const GiveOptions& options) {
  DETENTE_TRY(side, context.side());
  DETENTE_TRY(who, side.officer(options.officer));
  DETENTE_TRY(accord, side.accord_in_force(options.counterpart));
  DETENTE_TRY(mandate, draft(context, side, accord, who, options));
  std::string names;
  for (const LineId line : mandate.lines) names += (names.empty() ? "" : ", ") + accord.annex(line)->name;
  context.say("To be signed: a mandate. " + side.name() + " is to " + options.act + " " + (names.empty() ? "every line" : names) + " with " + options.counterpart + ".");
  context.say("The letter that says so: SHA-256 " + to_hex(mandate.letter));
  context.say("For one act, until " + format_utc(mandate.valid_until) + ". The other side sees that " + who.post + " ordered it, and not this text.");
  DETENTE_TRY(agreed, context.confirm("Sign this as " + options.officer + " (" + who.post + ", no. " + std::to_string(who.number.value) + ")?"));
  if (!agreed) return fail(Fault::kDenied, "nothing was signed");
  DETENTE_TRY(passphrase, context.passphrase(side, Context::Ask::kOpen));
  DETENTE_TRY(keys, side.open_officer(options.officer, passphrase));
  const record::MandateFile file = record::sign_mandate(std::move(mandate), keys.sign);
  DETENTE_TRY_VOID(io::write_new_file(options.file, record::encode_mandate_file(file), io::kSecretMode));
  context.say(options.file + ": signed. It is for this side alone: its text never leaves it.");
  context.next("whoever acts: --mandate " + options.file + " with " + (options.act == "restore" ? "restore propose or proposal accept" : options.act == "announce" ? "announce draft or agree" : options.act));
  context.result({{"file", options.file}, {"digest", to_hex(file.proof().mandate)}, {"letter", to_hex(file.mandate.letter)}});
  return {};
}

Result<void> show(Context& context, const std::string& path) {
  DETENTE_TRY(side, context.side());
  DETENTE_TRY(file, read_mandate(path));
  DETENTE_TRY(accord, side.accord_in_force(file.mandate.counterpart));
  DETENTE_TRY(own, side.own_roster());
  DETENTE_TRY(lines, station::mandate_lines(accord, own, file));
  for (const std::string& line : lines) context.say(line);
  context.result({{"text", lines}});
  return {};
}

}  // namespace

void add_mandate_commands(CLI::App& app, Context& context) {
  CLI::App& mandate = group(app, "mandate", "A principal orders an act of the own side, citing a letter");
  auto options = std::make_shared<GiveOptions>();
  CLI::App* command = mandate.add_subcommand("give", "Sign the order for one act, with the principal's own key; needs no station");
  command->add_option("FILE", options->file, "The file to write")->required();
  command->add_option("--as", options->officer, "The principal who orders it and signs")->required()->check(a_name());
  command->add_option("--counterpart", options->counterpart, "The side that it is about")->required()->check(a_name());
  command->add_option("--act", options->act, "cut, lift, restore or announce")->required();
  command->add_option("--line", options->lines, "A line that is meant, by name; may be given again");
  command->add_flag("--all", options->all, "Every line of that counterpart");
  command->add_option("--letter", options->letter, "The letter that orders it: its SHA-256 is cited");
  command->add_option("--letter-digest", options->letter_digest, "The same by its SHA-256");
  command->add_option("--valid-until", options->valid_until, "2026-11-24T12:00:00Z or +7d, at most 90 days ahead")->capture_default_str();
  example(*command, "detente mandate give cut.mandate --as president --counterpart north --act cut --all --letter order.pdf");
  on_run(*command, context, [&context, options] { return give(context, *options); });

  auto file = std::make_shared<std::string>();
  CLI::App* shown = mandate.add_subcommand("show", "What a mandate orders, and whether its signature is good");
  shown->add_option("FILE", *file, "The file")->required();
  example(*shown, "detente mandate show cut.mandate");
  on_run(*shown, context, [&context, file] { return show(context, *file); });
}

}  // namespace detente::cli
