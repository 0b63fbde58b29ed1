#include "client_request.h"

#include <algorithm>

#include "base/civil.h"
#include "io/file.h"
#include "io/os_clock.h"
#include "line/proposal.h"
#include "station/act_signing.h"
#include "station/side_rules.h"

namespace detente::cli {

namespace {

// What the signer stands on: files of his own directory.
struct Ground {
  accord::AccordInForce accord;
  accord::Roster own;
  std::string side;
  station::ActGround view() const { return {&accord, &own, side}; }
};

Result<Ground> ground_of(const SideDir& side, const record::ActFile& file) {
  DETENTE_TRY(accord, side.accord_in_force(file.counterpart));
  DETENTE_TRY(own, side.own_roster());
  return Ground{std::move(accord), std::move(own), side.name()};
}

// Gives what the act says, without who signed it.
Result<std::vector<std::string>> show(Context& context, const Ground& ground, const record::ActFile& file) {
  DETENTE_TRY(words, station::act_words(ground.view(), file));
  DETENTE_TRY(signers, station::signers_words(ground.view(), file));
  std::vector<std::string> all = words;
  all.insert(all.end(), signers.begin(), signers.end());
  if (signers.empty()) all.push_back("Signed by     nobody yet");
  for (const std::string& line : all) context.say(line);
  context.result({{"text", all}, {"signatures", file.entry.signatures.size()}});
  return words;
}

tl::unexpected<Error> unreadable() {
  return fail(Fault::kIo, "the station's answer about the entry referred to cannot be read");
}

Result<record::OfficerSignature> signature_of(const Json& one) {
  const auto bytes = from_base64(one.value("signature", ""));
  const auto signature = bytes ? to_array<crypto::kSignatureSize>(*bytes) : std::nullopt;
  if (!signature) return unreadable();
  return record::OfficerSignature{OfficerId{one.value("officer", std::uint16_t{0})}, one.value("counter", std::uint64_t{0}),
                                  one.value("accord_version", std::uint32_t{0}), *signature};
}

// Whole and with its salt: the signer's program checks that it is what the act refers to.
Result<record::ReferredEntry> referred(const StationClient& station, const LineAddress& line, const station::SubmissionReference& to) {
  DETENTE_TRY(found, station.get(line.entry(to.whose == record::Whose::kAuthors ? "own" : "far", to.index, to_hex(*to.epoch))));
  const auto header = from_base64(found.value("header", "")), body = from_base64(found.value("body", "")),
             salt = from_base64(found.value("salt", ""));
  const auto salt_bytes = salt ? to_array<16>(*salt) : std::nullopt;
  if (!header || !body || !salt_bytes) return unreadable();
  record::Entry entry;
  DETENTE_TRY(decoded, record::decode_header(*header));
  entry.header = std::move(decoded);
  entry.body = *body;
  for (const Json& one : found["evidence"]["signatures"]) {
    DETENTE_TRY(signature, signature_of(one));
    entry.signatures.push_back(signature);
  }
  return record::ReferredEntry{record::encode_entry(entry), *salt_bytes};
}

Result<record::ActFile> prepare(const SideDir& side, const StationClient& station, Compose compose) {
  DETENTE_TRY(line, station.get(compose.line.target()));
  DETENTE_TRY(accord, accord_of_line(side, compose.line.counterpart, line));
  DETENTE_TRY_VOID(complete_references(station, compose));
  record::ActFile out{side.name(), compose.line.counterpart, accord.digest, accord.accord.version, std::move(compose.submission.entry),
                      {}, std::move(compose.submission.mandate)};
  out.entry.header.line = kAccordLine;
  out.entry.header.time = io::os_wall_time();
  for (const station::SubmissionReference& to : compose.submission.references) {
    out.entry.header.references.push_back({to.whose, *to.epoch, to.index, *to.leaf});
    DETENTE_TRY(entry, referred(station, compose.line, to));
    out.refers_to = std::move(entry);
  }
  return out;
}

std::string default_name(const std::string& name, WallTime now) {
  std::string stamp = format_utc(now);  // no colons: some media take none in a name
  std::erase(stamp, ':');
  return name + "-" + stamp + ".act";
}

// Nothing for an act that no rule is of.
std::optional<station::GraveAct> grave_act(const record::ActFile& file) {
  std::optional<line::Matter> matter;
  if (file.refers_to)
    if (const auto entry = record::decode_entry(file.refers_to->bytes))
      if (const auto proposal = line::parse_proposal_body(entry->body)) matter = proposal->matter;
  return station::grave_act_of(file.entry, matter);
}

// What of this side's rule it still lacks.
Result<void> say_missing(Context& context, const StationClient& station, const record::ActFile& file) {
  const auto act = grave_act(file);
  if (!act) return {};
  DETENTE_TRY(status, station.get("/v1/status"));
  const std::string name = to_string(*act);
  const auto wanted = status.value("rules", Json::object()).value(name, std::size_t{1});
  const std::size_t signed_by = file.entry.signatures.size();
  const Json mandates = status.value("mandates", Json::array());
  const bool mandate = !file.mandate && std::find(mandates.begin(), mandates.end(), Json(name)) != mandates.end();
  context.say("  signatures: " + std::to_string(signed_by) + " of the " + std::to_string(wanted) + " that this side's rule wants of a " + name);
  if (mandate)
    context.say("  a principal's mandate is missing, and stands in the act itself: the station will not take this one. Prepare it anew "
                "with --mandate FILE (detente mandate give)");
  context.result({{"signatures_wanted", wanted}, {"mandate_missing", mandate}});
  return {};
}

}  // namespace

void add_signing_options(CLI::App& command, ActOptions& options) {
  command.add_option("--as", options.officer, "The officer of the own side who does this and signs it");
  command.add_option("--to-sign", options.to_sign,
                     "Write it to this file, for officers to sign (detente sign), and send nothing; without --as no key is needed here");
  command.add_option("--mandate", options.mandate, "The file of a principal's order, where this side's rule wants one (detente mandate give)");
  add_wait_options(command, options.wait, options.timeout);
}

Result<record::MandateFile> read_mandate(const std::string& path) {
  DETENTE_TRY(bytes, io::read_file(path, record::kMandateFileMax));
  auto file = record::parse_mandate_file(bytes);
  if (!file)
    return fail(file.error().fault, path + ": is no mandate, or was cut off or changed on its way (" + file.error().message +
                                        "): get it again from the principal (detente mandate give makes it)");
  return file;
}

Result<std::optional<record::MandateFile>> mandate_of(const ActOptions& options) {
  if (options.mandate.empty()) return std::optional<record::MandateFile>();
  DETENTE_TRY(file, read_mandate(options.mandate));
  return std::optional(std::move(file));
}

Result<bool> goes_to_file(const StationClient& station, const ActOptions& options, std::optional<station::GraveAct> act) {
  if (!options.to_sign.empty()) return true;
  if (options.officer.empty())
    return fail(Fault::kMalformed, "say --as OFFICER, who signs this, or --to-sign FILE to have it signed elsewhere");
  if (!act) return false;
  DETENTE_TRY(status, station.get("/v1/status"));
  return status.value("rules", Json::object()).value(to_string(*act), 1u) > 1;
}

Result<void> show_act(Context& context, const SideDir& side, const record::ActFile& file) {
  DETENTE_TRY(ground, ground_of(side, file));
  DETENTE_TRY(words, show(context, ground, file));
  static_cast<void>(words);
  return {};
}

Result<void> show_and_sign(Context& context, const SideDir& side, record::ActFile& file, const std::string& officer,
                           const std::function<Result<void>()>& unchanged) {
  DETENTE_TRY(who, side.officer(officer));
  DETENTE_TRY(ground, ground_of(side, file));
  DETENTE_TRY(shown, show(context, ground, file));
  DETENTE_TRY_VOID(station::check_signer(ground.view(), file, who.number, io::os_wall_time()));
  DETENTE_TRY(agreed, context.confirm("Sign exactly this as " + officer + " (" + who.post + ", no. " + std::to_string(who.number.value) + ")?"));
  if (!agreed) return fail(Fault::kDenied, "nothing was signed");
  DETENTE_TRY_VOID(unchanged());
  DETENTE_TRY(passphrase, context.passphrase(side, Context::Ask::kOpen));
  DETENTE_TRY(keys, side.open_officer(officer, passphrase));
  DETENTE_TRY(counter, side.take_officer_counter(officer, io::os_wall_time()));
  DETENTE_TRY_VOID(station::sign_act(ground.view(), file, shown, {who.number, counter, &keys.sign}));
  context.result({{"signatures", file.entry.signatures.size()}, {"officer", officer}});
  return {};
}

Result<void> write_request(Context& context, const LineAddress& line, const ActOptions& options, Act act, const std::string& name) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(compose, compose_act(line, options, std::move(act)));
  DETENTE_TRY(file, prepare(side, station, std::move(compose)));
  if (options.officer.empty()) {
    DETENTE_TRY_VOID(show_act(context, side, file));
  } else {
    DETENTE_TRY_VOID(show_and_sign(context, side, file, options.officer, [] { return Result<void>{}; }));
  }
  const std::string path = options.to_sign.empty() ? default_name(name, file.entry.header.time) : options.to_sign;
  DETENTE_TRY_VOID(io::write_new_file(path, record::encode_act_file(file), io::kSecretMode));
  context.say();
  context.say(path + ": written for those who sign it. Nothing was sent, and nothing has changed yet.");
  DETENTE_TRY_VOID(say_missing(context, station, file));
  context.next("each officer reads and signs it: detente sign " + path + " --as NAME");
  context.next("when enough have signed: detente act submit " + path);
  context.result({{"file", path}});
  return {};
}

}  // namespace detente::cli
