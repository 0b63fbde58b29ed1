// proposal and restore: what the two sides offer each other and agree on, and how lines that were cut come back.
// spec/acts.md, spec/restoration.md.
#include <algorithm>

#include "base/civil.h"
#include "client_live.h"
#include "client_proposals.h"
#include "client_request.h"
#include "clocks.h"
#include "io/os_clock.h"
#include "lift_progress.h"
#include "line/proposal.h"
#include "line/restoration.h"
#include "wire/text.h"

namespace detente::cli {

namespace {


struct ProposalOptions : ActOptions {
  std::string id, words, counterpart, at, lapse;
  std::vector<std::string> lines, media;
  bool watch = false, all = false;
};

// --- list ------------------------------------------------------------------------------

std::string when(const Json& seconds) { return format_utc(WallTime{seconds.get<std::uint32_t>()}); }

void add_run_lines(std::vector<std::string>& out, const Json& run) {
  const bool over = !run["end"].is_null();
  out.push_back("    tests: " + (over ? (run["state"] == "missed" ? "" : "ended: ") + run["end"].get<std::string>() : std::string("running")));
  if (run.contains("their_end") && !run["their_end"].is_null())
    out.push_back("    the other station has ended its tests: " + run["their_end"].get<std::string>());
  if (run.value("anew", false)) out.push_back("    what has not opened needs a new agreement: detente restore propose");
  for (const Json& line : run.value("lines", Json::array())) {
    std::string words = "      " + line["line"].get<std::string>() + ": ";
    if (line["retired"].get<bool>()) {
      out.push_back(words + (line["open"].get<bool>() ? "was open when the tests ended; " : "did not open; ") + "the accord does not have it any more");
      continue;
    }
    const std::string passed = line["passed"].get<std::string>();
    words += line["open"].get<bool>() ? "open" : passed.empty() ? (over ? "nothing is known to have passed" : "nothing has passed yet") : "passed both ways: " + passed;
    if (!line["open"].get<bool>()) words += ", wanted: " + line["wanted"].get<std::string>();
    if (!line["path_works"].get<bool>()) words += over ? "; no path worked both ways" : "; no path works both ways";
    if (line["log_only"].get<bool>()) words += "; log only: what passes between the stations tells nothing of its own equipment";
    if (line["desk_wanted"].get<bool>() && !line["desk_passed"].get<bool>())
      words += over ? "; a word of both desks was missing" : "; waits for a word of both desks (detente restore desk)";
    if (line["cut_anew"].get<bool>()) words += "; this side's cut is newer than the agreement, or of more than it names: it takes a new agreement";
    if (line["their_cut_anew"].get<bool>()) words += "; their cut is newer than the agreement, or of more than it names: it takes a new agreement";
    out.push_back(words);
  }
  for (const Json& path : run.value("paths", Json::array()))
    out.push_back("      path " + path["path"].get<std::string>() + ": " + path["finding"].get<std::string>());
}

// What stands in the way of an agreement that is still to be carried out.
void add_agreement_lines(std::vector<std::string>& out, const Json& one, std::uint32_t now) {
  if (one["state"] != "accepted" || one["matter"] != "restoration" || one["instant"].is_null()) return;
  const bool over = now >= one["instant"].get<std::uint32_t>() + line::kRestorationSeconds;
  if (over || (!one["restoration"].is_null() && one["restoration"]["state"] == "ended")) return;
  for (const Json& line : one["lines"]) {
    const std::string name = "    " + line["line"].get<std::string>() + ": ";
    if (line["counts"] == false) {
      out.push_back(name + "another agreement about this line is the one that counts (the earliest instant)");
    } else if (line["cut_anew"] == true || line["their_cut_anew"] == true) {
      const std::string whose = line["cut_anew"] == true ? "our" : "their";
      out.push_back(name + whose + " cut is newer than this agreement, or of more than it names; a new agreement is needed");
    }
  }
}

void add_proposal_lines(std::vector<std::string>& out, const std::string& counterpart, const Json& one, std::uint32_t now) {
  const std::string who = one["by"] == "us" ? "we" : counterpart;
  out.push_back(counterpart + "/" + one["name"].get<std::string>() + "  " + one["state"].get<std::string>() +
                (one["crossed"].get<bool>() ? " (crossed with the other side's answer)" : "") + "  " + when(one["time"]) + "  " + who + " (" +
                signer_words(one) + "): " + one["act"].get<std::string>());
  if (one["state"] == "lapsed") {
    out.push_back("    nobody answered it before its hour, as the log of the side shows that had to");
  } else if (!one["decided"].is_null()) {
    const Json& decided = one["decided"];
    const std::string words = decided["words"].get<std::string>();
    out.push_back("    " + one["state"].get<std::string>() + " by " + (decided["by"] == "us" ? "us" : counterpart) + " (" +
                  signer_words(decided) + "), " + when(decided["time"]) + (words.empty() ? "" : ": " + words));
  }
  const bool open = one["state"] == "offered";
  const Json& last = one["lapse"].is_null() ? one["instant"] : one["lapse"];
  const bool over = !last.is_null() && last.get<std::uint32_t>() <= now;  // an answer is not taken any more
  if (open && over) out.push_back("    its hour has passed by this station's clock, without an answer that is known here");
  if (open && !over && one["by"] == "them") {
    const std::string name = counterpart + "/" + one["name"].get<std::string>();
    const bool incomplete = one["announcement"].is_object() && !one["announcement"].value("complete", true);
    out.push_back(one["matter"] == "announcement" ? "    detente announce agree " + name + " --as OFFICER" + (incomplete ? " --text FILE" : "") +
                                                        ", or detente proposal reject " + name + " --as OFFICER"
                                                  : "    detente proposal accept " + name + " --as OFFICER, or reject");
  }
  add_agreement_lines(out, one, now);
  if (!one["restoration"].is_null()) add_run_lines(out, one["restoration"]);
}

Result<LiveFrame> frame(Context& context, const StationClient& station, const std::string& only, bool restorations, bool all) {
  context.forget_result();
  DETENTE_TRY(names, counterparts_of(station, only));
  LiveFrame out;
  out.json["proposals"] = Json::array();
  std::size_t left_out = 0;
  for (const std::string& name : names) {
    DETENTE_TRY(proposals, proposals_of(station, name, all ? "?all=1" : ""));
    left_out += proposals["left_out"].get<std::size_t>();
    for (Json& one : proposals["proposals"]) {
      if (restorations && one["matter"] != "restoration") continue;
      add_proposal_lines(out.lines, name, one, proposals["now"].get<std::uint32_t>());
      one["counterpart"] = name;
      out.json["proposals"].push_back(one);
    }
  }
  out.json["left_out"] = left_out;
  if (left_out > 0)
    out.lines.push_back("(" + std::to_string(left_out) + " older ones that bind nobody here are not shown; --all shows them, and each is answered by its name)");
  if (out.lines.empty()) out.lines.push_back(restorations ? "no restoration is proposed; detente restore propose" : "nothing is proposed");
  DETENTE_TRY_VOID(add_clocks(out, station, only));
  return out;
}

Result<void> show(Context& context, const ProposalOptions& options, bool restorations) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side, StationClient::patience_for(options.watch));
  return show_once_or_live(context, options.watch, kRedraw,
                           [&] { return frame(context, station, options.counterpart, restorations, options.all); });
}

// --- acts ------------------------------------------------------------------------------

// Whose rule an answer is under: agreeing is grave, stepping back is not.
std::optional<station::GraveAct> grave_act(const Json& proposal, line::AnswerAct act) {
  if (act != line::AnswerAct::kAccept) return std::nullopt;
  if (proposal["matter"] == "restoration") return station::GraveAct::kRestore;
  if (proposal["matter"] == "announcement") return station::GraveAct::kAnnounce;
  return std::nullopt;
}

Result<void> answer(Context& context, const ProposalOptions& options, line::AnswerAct act) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(found, find_proposal(station, options.id));
  if (!options.words.empty()) DETENTE_TRY_VOID(wire::check_text(options.words, line::kProposalWordsMax));
  context.say(found.counterpart + "/" + found.proposal["id"].get<std::string>() + ": " + found.proposal["act"].get<std::string>());
  DETENTE_TRY(to_file, goes_to_file(station, options, grave_act(found.proposal, act)));
  DETENTE_TRY(accord, accord_of(station, found.counterpart));
  DETENTE_TRY(mandate, mandate_of(options));
  Act answer{record::kProposalAnswer, line::answer_body({act, options.words, proof_of(mandate)}), {}, reference_to(found.proposal),
             record::Precedence::kImmediate, {}, mandate};
  if (to_file) return write_request(context, accord, options, std::move(answer), "answer-" + found.counterpart);
  if (act == line::AnswerAct::kAccept) {
    DETENTE_TRY(agreed, context.confirm("Accept exactly this as " + options.officer + "?"));
    if (!agreed) return fail(Fault::kDenied, "nothing was signed");
  }
  DETENTE_TRY(arrived, post_act(context, accord, options, std::move(answer)));
  static_cast<void>(arrived);
  context.next("detente proposal list " + found.counterpart);
  return {};
}

struct Chosen {
  std::string counterpart;
  std::vector<line::RestoredLine> lines;
  std::vector<std::string> names;
};

Result<Chosen> chosen_lines(const StationClient& station, const ProposalOptions& options) {
  DETENTE_TRY(status, station.get("/v1/status"));
  DETENTE_TRY(media, media_of(options.media));
  Chosen out;
  for (const std::string& name : options.lines) {
    DETENTE_TRY(line, find_line(status, name));
    DETENTE_TRY(ladder, station.get(line.target() + "/status"));
    if (!out.counterpart.empty() && out.counterpart != line.counterpart)
      return fail(Fault::kMalformed, "a restoration is agreed with one counterpart: propose to each by itself");
    out.counterpart = line.counterpart;
    out.names.push_back(ladder["line"].get<std::string>());
    out.lines.push_back({LineId{ladder["line_number"].get<std::uint16_t>()}, media});
  }
  std::sort(out.lines.begin(), out.lines.end(), [](const auto& a, const auto& b) { return a.line < b.line; });
  return out;
}

Result<void> propose(Context& context, const ProposalOptions& options) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(chosen, chosen_lines(station, options));
  Bytes content = line::restoration_content(chosen.lines);
  DETENTE_TRY_VOID(line::parse_restoration_content(content).map([](const auto&) {}));
  DETENTE_TRY(proposal, read_terms({options.at, options.lapse, options.words}, io::os_wall_time()));
  proposal.matter = line::Matter::kRestoration;
  proposal.content = std::move(content);
  DETENTE_TRY(mandate, mandate_of(options));
  proposal.mandate = proof_of(mandate);
  Act act{record::kProposal, line::proposal_body(proposal), {}, {}, record::Precedence::kImmediate, {}, mandate};
  if (!options.id.empty()) {
    DETENTE_TRY(replaced, find_proposal(station, options.id));
    DETENTE_TRY_VOID(check_replaced(replaced, chosen.counterpart));
    act.reference = reference_to(replaced.proposal);
  }
  DETENTE_TRY(to_file, goes_to_file(station, options, station::GraveAct::kRestore));
  DETENTE_TRY(accord, accord_of(station, chosen.counterpart));
  if (to_file) return write_request(context, accord, options, std::move(act), "restore-" + chosen.counterpart);
  DETENTE_TRY(arrived, post_act(context, accord, options, std::move(act)));
  static_cast<void>(arrived);
  context.say("  an officer of " + chosen.counterpart + " accepts or rejects it; at " + format_utc(*proposal.instant) + " both stations begin the tests by themselves");
  context.next("detente restore show --watch");
  return {};
}

// The agreement about these lines whose tests run; where none runs, the newest that stands: its station says what is wrong.
Json tested_restoration(const Json& proposals, const std::vector<std::string>& names) {
  Json out;
  for (const Json& one : proposals) {
    if (one["matter"] != "restoration" || one["state"] != "accepted") continue;
    const bool all = std::all_of(names.begin(), names.end(), [&](const std::string& name) {
      return std::any_of(one["lines"].begin(), one["lines"].end(), [&](const Json& line) { return line["line"] == name; });
    });
    if (!all) continue;
    out = one;
    if (!one["restoration"].is_null() && one["restoration"]["state"] == "testing") return out;
  }
  return out;
}

Result<void> desk(Context& context, const ProposalOptions& options) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(chosen, chosen_lines(station, options));
  DETENTE_TRY(all, proposals_of(station, chosen.counterpart));
  DETENTE_TRY(lifts, lifts_of(station, chosen.counterpart));
  const Json lifted = tested_lift(lifts, chosen.names);
  const Json open = lifted.is_null() ? tested_restoration(all["proposals"], chosen.names) : lifted;
  if (open.is_null())
    return fail(Fault::kState, "no restoration of these lines with " + chosen.counterpart + " is agreed on, and no lift of them is being tested");
  line::RestorationTest test{line::RestorationTestOf::kDesk, {}, options.words};
  for (const line::RestoredLine& one : chosen.lines) test.lines.push_back(one.line);
  const Bytes body = line::restoration_test_body(test);
  DETENTE_TRY_VOID(line::parse_restoration_test_body(body).map([](const auto&) {}));
  DETENTE_TRY(accord, accord_of(station, chosen.counterpart));
  DETENTE_TRY(arrived, post_act(context, accord, options,
                                {record::kRestorationTest, body, record::EntryClass::kTest, reference_to(open), record::Precedence::kImmediate}));
  static_cast<void>(arrived);
  return {};
}

void add_signing(CLI::App& command, ProposalOptions& options) {
  command.add_option("--as", options.officer, "The officer of the own side who does this and signs it")->required();
  add_wait_options(command, options.wait, options.timeout);
}

void add_answer(CLI::App& proposals, Context& context, const char* name, const char* about, line::AnswerAct act) {
  auto options = std::make_shared<ProposalOptions>();
  CLI::App* command = proposals.add_subcommand(name, about);
  command->add_option("PROPOSAL", options->id, "north/far-12, as `detente proposal list` shows it")->required();
  command->add_option("--words", options->words, "For the other side to read; at most 300 bytes");
  add_signing_options(*command, *options);
  example(*command, std::string("detente proposal ") + name + " north/far-12 --as kim");
  on_run(*command, context, [&context, options, act] { return answer(context, *options, act); });
}

void add_list(CLI::App& to, Context& context, const char* name, const char* about, bool restorations) {
  auto options = std::make_shared<ProposalOptions>();
  CLI::App* command = to.add_subcommand(name, about);
  command->add_option("COUNTERPART", options->counterpart, "All, where none is named");
  command->add_flag("--all", options->all, "Also the older ones that are over, or that the other side offered");
  command->add_flag("--watch", options->watch, "Again and again, until Ctrl-C");
  example(*command, "detente " + to.get_name() + " " + name);
  on_run(*command, context, [&context, options, restorations] { return show(context, *options, restorations); });
}

}  // namespace

void add_proposal_commands(CLI::App& app, Context& context) {
  CLI::App& proposals = group(app, "proposal", "What the two sides offer each other, and agree on");
  add_list(proposals, context, "list", "Every proposal, its state, and who answered it", false);
  add_answer(proposals, context, "accept", "Agree to exactly what the other side offered", line::AnswerAct::kAccept);
  add_answer(proposals, context, "reject", "Say no, with words or without", line::AnswerAct::kReject);
  add_answer(proposals, context, "withdraw", "Take the own offer back, or step back from what was agreed", line::AnswerAct::kWithdraw);

  CLI::App& restore = *app.get_subcommand("restore");
  const std::string footer = restore.get_footer();
  restore.footer("");  // its example is not theirs
  auto options = std::make_shared<ProposalOptions>();
  CLI::App* offer = restore.add_subcommand("propose", "Offer to restore lines at an hour; both stations test them then");
  offer->add_option("LINE", options->lines, "north/military-west, or military-west where unique; several")->required();
  offer->add_option("--at", options->at, "2021-07-27T01:00:00Z, or +30m: when the tests begin")->required();
  offer->add_option("--answer-by", options->lapse, "An earlier hour by which an answer is wanted");
  offer->add_option("--medium", options->media, "Only this of it: text, document, voice; may be given again");
  offer->add_option("--words", options->words, "For the other side to read; at most 300 bytes");
  offer->add_option("--instead-of", options->id, "A counter-offer: the other side's proposal that it replaces, as north/far-12");
  add_signing_options(*offer, *options);
  example(*offer, "detente restore propose military-west military-east --at 2021-07-27T01:00:00Z --as kim");
  on_run(*offer, context, [&context, options] { return propose(context, *options); });

  auto word = std::make_shared<ProposalOptions>();
  CLI::App* at_desk = restore.add_subcommand("desk", "While its tests run: an officer at the line's desk says how he reads the other side");
  at_desk->add_option("LINE", word->lines, "north/liaison, or liaison where unique; several")->required();
  at_desk->add_option("--words", word->words, "How it is read")->required();
  add_signing(*at_desk, *word);
  example(*at_desk, "detente restore desk north/liaison --words \"I read you well.\" --as kim");
  on_run(*at_desk, context, [&context, word] { return desk(context, *word); });
  add_list(restore, context, "show", "Restorations: what is agreed, which tests have passed, what is missing", true);
  restore.footer(footer);
}

}  // namespace detente::cli
