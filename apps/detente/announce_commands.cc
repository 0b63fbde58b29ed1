// announce: what both sides release at one agreed instant, each by its own station. spec/announcement.md.
#include <algorithm>

#include "announce_show.h"
#include "base/civil.h"
#include "client_act.h"
#include "client_deed.h"
#include "client_documents.h"
#include "client_live.h"
#include "client_request.h"
#include "io/os_clock.h"
#include "line/proposal.h"
#include "wire/text.h"

namespace detente::cli {

namespace {

using record::Announcement;
using record::AnnouncementMode;


struct AnnounceOptions : ActOptions {
  std::string id, counterpart, text, core, at, lapse, words;
  bool identical = false, shown = false, unseen = false, watch = false;
};

// ---- texts ----

Result<std::string> read_text(const std::string& path) {
  DETENTE_TRY(bytes, io::read_file(path, record::kAnnouncedTextMax));
  std::string text = as_string(bytes);
  if (const auto good = record::check_announced_text(text); !good) return fail_at(path, good.error());
  return text;
}

// The station keeps it from now on, before anything is signed. The digest by which it is named.
Result<Digest> keep_at_station(const StationClient& station, const std::string& counterpart, const std::string& text, AnnouncementMode mode) {
  DETENTE_TRY(kept, station.post("/v1/counterparts/" + escape(counterpart) + "/announcements",
                                 {{"text", to_base64(as_bytes(text))}, {"mode", record::to_string(mode)}}));
  const auto salt_bytes = from_hex(kept.value("salt", ""));
  const auto salt = salt_bytes ? to_array<16>(*salt_bytes) : std::nullopt;
  if (!salt) return fail(Fault::kMalformed, "the station's answer cannot be read");
  // Made here, of the text that this officer read: no station chooses what he signs for.
  return record::announced_text_digest(*salt, as_bytes(text));
}

Result<std::vector<record::Attachment>> attach(const Context& context, const StationClient& station, const LineAddress& accord,
                                               const std::string& path, AnnouncementMode mode) {
  std::vector<record::Attachment> out;
  if (mode == AnnouncementMode::kUnseen) return out;
  DETENTE_TRY(document, hand_over(context, station, accord, path, "text/plain"));
  document.file_name.clear();
  out.push_back(std::move(document));
  return out;
}

Result<std::string> their_text(const StationClient& station, const FoundProposal& found, const Announcement& what) {
  DETENTE_TRY(text, shown_text(station, found));
  if (record::announced_text_digest({}, as_bytes(text)) != what.text)
    return fail(Fault::kConflict, "the text that they show is not the one that they signed for: the two differ. Reject it: detente proposal reject " + found.text());
  return text;
}

Result<void> same_text(const std::string& path, const std::string& theirs) {
  DETENTE_TRY(ours, read_text(path));
  if (ours == theirs) return {};
  const auto apart = std::mismatch(ours.begin(), ours.end(), theirs.begin(), theirs.end());
  return fail(Fault::kConflict, path + " and the text that they show differ, first at byte " + std::to_string(apart.first - ours.begin() + 1) +
                                    ": one identical text is agreed on as they show it, or not at all (detente proposal reject)");
}

// ---- draft ----

Result<AnnouncementMode> mode_of(const AnnounceOptions& options) {
  if (int{options.identical} + int{options.shown} + int{options.unseen} != 1)
    return fail(Fault::kMalformed, "say one of --identical (one text for both), --shown (each its own, read by the other before) and --unseen");
  return options.identical ? AnnouncementMode::kIdentical : options.shown ? AnnouncementMode::kShown : AnnouncementMode::kUnseen;
}

// False when it went into a file for those who sign.
Result<bool> post_offer(Context& context, const StationClient& station, const AnnounceOptions& options, const LineAddress& accord,
                        line::Proposal proposal, const Announcement& what, const std::optional<FoundProposal>& instead) {
  proposal.matter = line::Matter::kAnnouncement;
  proposal.content = record::announcement_content(what);
  DETENTE_TRY_VOID(record::parse_announcement_content(proposal.content).map([](const auto&) {}));
  DETENTE_TRY(mandate, mandate_of(options));
  proposal.mandate = proof_of(mandate);
  DETENTE_TRY(attachments, attach(context, station, accord, options.text, what.mode));
  Act act{record::kProposal, line::proposal_body(proposal), {}, {}, record::Precedence::kImmediate, std::move(attachments), mandate};
  if (instead) act.reference = reference_to(instead->proposal);
  DETENTE_TRY(to_file, goes_to_file(station, options, station::GraveAct::kAnnounce));
  if (to_file) {
    DETENTE_TRY_VOID(write_request(context, accord, options, std::move(act), "announce-" + accord.counterpart));
    return false;
  }
  DETENTE_TRY(arrived, post_act(context, accord, options, std::move(act)));
  static_cast<void>(arrived);
  return true;
}

Result<void> draft(Context& context, const AnnounceOptions& options) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(mode, mode_of(options));
  DETENTE_TRY(accord, accord_of(station, options.counterpart));
  DETENTE_TRY(text, read_text(options.text));
  DETENTE_TRY(proposal, read_terms({options.at, options.lapse, options.words}, io::os_wall_time()));
  Announcement what{mode, options.core, {}, {}};
  std::optional<FoundProposal> instead;
  if (!options.id.empty()) {
    DETENTE_TRY(found, find_announcement(station, options.id));
    DETENTE_TRY_VOID(check_replaced(found, options.counterpart));
    DETENTE_TRY(theirs, announcement_of(found));
    if (mode != AnnouncementMode::kIdentical && theirs.mode == mode) what.other = theirs.text;
    instead = std::move(found);
  }
  DETENTE_TRY(digest, keep_at_station(station, options.counterpart, text, mode));
  what.text = digest;
  DETENTE_TRY(posted, post_offer(context, station, options, accord, proposal, what, instead));
  if (!posted) return {};
  context.say("  nothing is agreed yet; once it is, both stations release at " + format_utc(*proposal.instant) + " by their own clocks");
  context.next("detente announce show " + options.counterpart);
  return {};
}

// ---- agree ----

Result<void> counter(Context& context, const StationClient& station, const AnnounceOptions& options, const FoundProposal& found, const Announcement& what) {
  if (options.text.empty())
    return fail(Fault::kMalformed, "each side has its own text here, and yours is not named yet: --text FILE");
  DETENTE_TRY(text, read_text(options.text));
  if (what.mode == AnnouncementMode::kShown) {
    DETENTE_TRY(theirs, their_text(station, found, what));
    say_text(context, "Their text", theirs);
  }
  DETENTE_TRY(agreed, context.confirm("Answer with your own text" + (options.officer.empty() ? "" : " as " + options.officer) + "?"));
  if (!agreed) return fail(Fault::kDenied, "nothing was signed");
  DETENTE_TRY(accord, accord_of(station, found.counterpart));
  DETENTE_TRY(digest, keep_at_station(station, found.counterpart, text, what.mode));
  line::Proposal proposal;
  proposal.instant = WallTime{found.proposal["instant"].get<std::uint32_t>()};
  DETENTE_TRY(posted, post_offer(context, station, options, accord, proposal, {what.mode, what.core, digest, what.text}, found));
  if (!posted) return {};
  context.say("  it names both texts now: they accept it, and both are signed for");
  context.next("detente announce show " + found.counterpart);
  return {};
}

Result<void> accept(Context& context, const StationClient& station, const AnnounceOptions& options, const FoundProposal& found, const Announcement& what) {
  if (what.mode != AnnouncementMode::kUnseen) {
    DETENTE_TRY(theirs, their_text(station, found, what));
    if (what.mode == AnnouncementMode::kIdentical && !options.text.empty()) DETENTE_TRY_VOID(same_text(options.text, theirs));
    say_text(context, what.mode == AnnouncementMode::kIdentical ? "The text of both" : "Their text", theirs);
  }
  if (what.mode != AnnouncementMode::kIdentical && !options.text.empty())
    return fail(Fault::kMalformed, "your text was named already, and this accepts it; another one is a counter-offer: detente announce draft --instead-of " + found.text());
  DETENTE_TRY(accord, accord_of(station, found.counterpart));
  DETENTE_TRY(mandate, mandate_of(options));
  Act answer{record::kProposalAnswer, line::answer_body({line::AnswerAct::kAccept, options.words, proof_of(mandate)}), {},
             reference_to(found.proposal), record::Precedence::kImmediate, {}, mandate};
  DETENTE_TRY(to_file, goes_to_file(station, options, station::GraveAct::kAnnounce));
  if (to_file) return write_request(context, accord, options, std::move(answer), "announce-" + accord.counterpart);
  DETENTE_TRY(agreed, context.confirm("Agree to exactly this as " + options.officer + "?"));
  if (!agreed) return fail(Fault::kDenied, "nothing was signed");
  DETENTE_TRY(arrived, post_act(context, accord, options, std::move(answer)));
  static_cast<void>(arrived);
  context.next("detente announce show " + found.counterpart + " --watch");
  return {};
}

Result<void> agree(Context& context, const AnnounceOptions& options) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(found, find_announcement(station, options.id));
  if (found.proposal["by"] != "them" || found.proposal["state"] != "offered")
    return fail(Fault::kState, found.text() + " is " + found.proposal["state"].get<std::string>() +
                                   (found.proposal["by"] == "us" ? ", and it is ours: the other side agrees to it" : ": there is nothing to agree to"));
  DETENTE_TRY(what, announcement_of(found));
  context.say(found.text() + ": " + found.proposal["act"].get<std::string>());
  return what.complete() ? accept(context, station, options, found, what) : counter(context, station, options, found, what);
}

// ---- withdraw, release, show ----

Result<void> withdraw(Context& context, const AnnounceOptions& options) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(found, find_announcement(station, options.id));
  if (!options.words.empty()) DETENTE_TRY_VOID(wire::check_text(options.words, line::kProposalWordsMax));
  DETENTE_TRY(accord, accord_of(station, found.counterpart));
  DETENTE_TRY(arrived, post_act(context, accord, options,
                                {record::kProposalAnswer, line::answer_body({line::AnswerAct::kWithdraw, options.words, {}}), {},
                                 reference_to(found.proposal), record::Precedence::kImmediate}));
  const bool out = found.proposal["announcement"]["state"] == "released";
  context.say(out       ? "  this side has released its text already: what is out stays out"
              : arrived ? "  this station releases nothing, and theirs knows of it"
                        : "  this station releases nothing; theirs has not said yet that it knows: if it releases first, both screens say crossed");
  context.next("detente announce show " + found.counterpart);
  return {};
}

Result<void> release(Context& context, const AnnounceOptions& options) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(found, find_announcement(station, options.id));
  const Json& digest = found.proposal["announcement"]["ours"]["digest"];
  if (digest.is_null()) return fail(Fault::kState, found.text() + " names no text of this side's");
  DETENTE_TRY(agreed, context.confirm("Release your text of " + found.text() + " at its instant, or now if that has passed, as " + options.officer + "?"));
  if (!agreed) return fail(Fault::kDenied, "nothing was signed");
  DETENTE_TRY(accord, accord_of(station, found.counterpart));
  station::Deed deed;
  deed.what = "release";
  deed.line = accord.text();
  deed.capture = digest.get<std::string>();
  deed.proposal = (found.proposal["whose"] == "own" ? "own-" : "far-") + found.proposal["epoch"].get<std::string>() + "/" +
                  std::to_string(found.proposal["index"].get<std::uint64_t>());
  DETENTE_TRY(answer, post_deed(context, deed, options.officer));
  context.result(std::move(answer));
  context.next("detente announce show " + found.counterpart);
  return {};
}

Result<void> show(Context& context, const AnnounceOptions& options) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side, StationClient::patience_for(options.watch));
  return show_once_or_live(context, options.watch, kRedraw, [&] { return announcements_frame(context, station, options.id); });
}

void add_signing(CLI::App& command, AnnounceOptions& options) {
  command.add_option("--as", options.officer, "The officer of the own side who does this and signs it")->required();
  add_wait_options(command, options.wait, options.timeout);
}

void add_draft(CLI::App& announce, Context& context) {
  auto options = std::make_shared<AnnounceOptions>();
  CLI::App* command = announce.add_subcommand("draft", "Offer to announce something together at an hour");
  command->add_option("COUNTERPART", options->counterpart, "With whom")->required();
  command->add_option("--core", options->core, "What both announce, in one line; at most 200 bytes")->required();
  command->add_option("--text", options->text, "A file with this side's text; at most 16,384 bytes")->required()->check(CLI::ExistingFile);
  command->add_option("--at", options->at, "2021-07-27T02:00:00Z, or +30m: when both stations release")->required();
  command->add_flag("--identical", options->identical, "One text, word for word, for both");
  command->add_flag("--shown", options->shown, "Each side its own text, which the other reads before it agrees");
  command->add_flag("--unseen", options->unseen, "Each side its own text; the other sees a digest until it is out");
  command->add_option("--answer-by", options->lapse, "An earlier hour by which an answer is wanted");
  command->add_option("--words", options->words, "For the other side to read; at most 300 bytes");
  command->add_option("--instead-of", options->id, "A counter-offer: the other side's announcement that it replaces, as north/far-12");
  add_signing_options(*command, *options);
  example(*command, "detente announce draft north --core \"The lines are open again\" --text ours.txt --at 2021-07-27T02:00:00Z --unseen --as kim");
  on_run(*command, context, [&context, options] { return draft(context, *options); });
}

void add_one(CLI::App& announce, Context& context, const char* name, const char* about, Result<void> (*run)(Context&, const AnnounceOptions&),
             bool with_words) {
  auto options = std::make_shared<AnnounceOptions>();
  CLI::App* command = announce.add_subcommand(name, about);
  command->add_option("ANNOUNCEMENT", options->id, "north/far-12, as `detente announce show` names it")->required();
  const bool agrees = std::string_view(name) == "agree";
  if (agrees)
    command->add_option("--text", options->text, "A file with this side's own text, or the identical one to be compared")->check(CLI::ExistingFile);
  if (with_words) command->add_option("--words", options->words, "For the other side to read; at most 300 bytes");
  agrees ? add_signing_options(*command, *options) : add_signing(*command, *options);
  example(*command, std::string("detente announce ") + name + " north/far-12 --as kim" + (agrees ? " --text ours.txt" : ""));
  on_run(*command, context, [&context, options, run] { return run(context, *options); });
}

}  // namespace

void add_announce_commands(CLI::App& app, Context& context) {
  CLI::App& announce = group(app, "announce", "What both sides announce at one agreed hour, each by its own station");
  add_draft(announce, context);
  add_one(announce, context, "agree", "Answer the other side's: with your own text, or by agreeing to what names both", agree, false);
  add_one(announce, context, "withdraw", "Take it back: this side releases nothing from now on", withdraw, true);
  add_one(announce, context, "release", "Say that it is released although the clocks are not known to agree, or it is a day late", release, false);
  auto options = std::make_shared<AnnounceOptions>();
  CLI::App* shown = announce.add_subcommand("show", "What is agreed, armed, released, withdrawn, crossed");
  shown->add_option("WHAT", options->id, "A counterpart, or one announcement as north/far-12 (with the text that they show)");
  shown->add_flag("--watch", options->watch, "Again and again, until Ctrl-C");
  example(*shown, "detente announce show north --watch");
  on_run(*shown, context, [&context, options] { return show(context, *options); });
}

}  // namespace detente::cli
