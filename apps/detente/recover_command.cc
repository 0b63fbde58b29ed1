// station recover: what of the record has come back from the other sides, and what nobody here can know.
#include <chrono>
#include <thread>

#include "base/civil.h"
#include "ceremony_commands.h"
#include "client_address.h"
#include "client_commands.h"
#include "clocks.h"
#include "entries_text.h"
#include "record/checkpoint.h"

namespace detente::cli {

namespace {

// Number of the station's credential whose key signed the newest checkpoint of this log; 0: none known here did.
std::uint16_t signer_of(const accord::Roster& roster, const Json& log) {
  const Json& checkpoint = log["checkpoint"];
  if (checkpoint.is_null() || checkpoint["signature"].is_null()) return 0;
  const auto root = from_hex(checkpoint["root"].get<std::string>());
  const auto bytes = from_base64(checkpoint["signature"].get<std::string>());
  if (!root || root->size() != 32 || !bytes || bytes->size() != crypto::kSignatureSize) return 0;
  const record::Checkpoint text{log["origin"].get<std::string>(), checkpoint["size"].get<std::uint64_t>(), *to_array<32>(*root)};
  const auto signature = *to_array<crypto::kSignatureSize>(*bytes);
  for (const accord::SignedCredential* one : roster.all())
    if (one->credential.is_station() && record::verify_checkpoint(text, one->credential.sign_key, signature))
      return one->credential.number.value;
  return 0;
}

Json log_result(const accord::Roster& roster, const Json& log) {
  const std::uint16_t signer = signer_of(roster, log);
  const Json& checkpoint = log["checkpoint"];
  // The station's tree over all that it holds gives the root that was signed: nothing is missing in between.
  const bool whole = !checkpoint.is_null() && checkpoint["size"] == log["size"] && checkpoint["root"] == log["root"];
  return {{"epoch", log["epoch"]}, {"size", log["size"]}, {"root", log["root"]}, {"whole", whole}, {"signed_by", signer}};
}

std::string log_words(const std::string& far, const Json& log, bool provable) {
  const std::string entries = entries_text(log["size"].get<std::uint64_t>()) + " of log " +
                              log["epoch"].get<std::string>().substr(0, 8) + "...";
  if (!log["whole"].get<bool>()) return entries + ": the newest are not covered by a checkpoint yet";
  if (!provable) return entries + ", without a gap; the line leaves no proof whose they are";
  const auto signer = log["signed_by"].get<std::uint16_t>();
  if (signer == 0) return entries + ": NO KEY OF " + far + " THAT IS KNOWN HERE SIGNED THEM";
  return entries + ", without a gap, signed by station no. " + std::to_string(signer) + " of " + far;
}

struct LineResult {
  Json json;
  bool done = false;
};

Result<LineResult> look_at(const StationClient& station, const SideDir& side, const LineAddress& line) {
  DETENTE_TRY(record, station.get(line.target() + "/record"));
  DETENTE_TRY(roster, side.roster_of(line.counterpart));
  Json logs = Json::array();
  std::uint64_t held = 0;
  for (const Json& log : record["logs"])
    if (log["whose"] == "far") {
      logs.push_back(log_result(roster, log));
      if (log["epoch"] == record["far_epoch"]) held = log["size"].get<std::uint64_t>();
    }
  const bool asked = record["contact"].get<bool>(), coming = record["recovering"].get<bool>();
  return LineResult{{{"counterpart", line.counterpart},
                     {"line", line.line},
                     {"evidence", record["evidence"]},
                     {"state", !asked ? "not asked yet" : coming ? "coming" : "here"},
                     {"held", held},
                     {"had_receipted", record["had_receipted"]},
                     {"logs", std::move(logs)}},
                    asked && !coming};
}

void say_line(const Context& context, const Json& line) {
  const std::string far = line["counterpart"].get<std::string>();
  const std::string state = line["state"].get<std::string>();
  context.say(far + "/" + line["line"].get<std::string>() + ": " +
              (state == "coming" ? std::to_string(line["held"].get<std::uint64_t>()) + " of " +
                                       std::to_string(line["had_receipted"].get<std::uint64_t>()) +
                                       " entries that our side had receipted are here again"
               : state == "here" ? "all that our side had receipted is here"
                                 : far + " has not said yet what it holds"));
  for (const Json& log : line["logs"]) context.say("  " + log_words(far, log, line["evidence"] == "provable"));
}

Result<void> recover(Context& context, std::uint32_t wait_seconds) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(status, station.get("/v1/status"));
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(wait_seconds);
  Json lines;
  std::size_t done = 0;
  for (;;) {
    lines = Json::array();
    done = 0;
    for (const LineAddress& line : all_lines(status)) {
      DETENTE_TRY(found, look_at(station, side, line));
      done += found.done ? 1 : 0;
      lines.push_back(std::move(found.json));
    }
    context.progress(std::to_string(done) + " of " + std::to_string(lines.size()) + " lines are here");
    if (done == lines.size() || std::chrono::steady_clock::now() >= until) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
  }
  context.progress({});
  for (const Json& line : lines) say_line(context, line);
  context.say();
  context.say("What cannot be known here: whether they wrote more than they show, and what our side wrote that is neither in "
              "this record nor in a backup. They hold it: ask for an extract (detente record export LINE far INDEX).");
  context.result({{"complete", done == lines.size()}, {"lines", std::move(lines)}});
  return say_clocks(context, station);
}

}  // namespace

void add_recover_command(CLI::App& station, Context& context) {
  auto wait = std::make_shared<std::uint32_t>(0);
  CLI::App* command = station.add_subcommand("recover", "What of the record has come back from the other sides, and what it proves");
  command->add_option("--wait", *wait, "Seconds to wait until all of it is here")->check(CLI::Range(0, 86400));
  example(*command, "detente station recover --wait 600");
  on_run(*command, context, [&context, wait] { return recover(context, *wait); });
}

}  // namespace detente::cli
