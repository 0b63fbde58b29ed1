// accord propose, fetch: the accord that follows the one in force travels as a proposal, with its files.
// spec/amendment.md section 2.
#include "ceremony_amend.h"
#include "ceremony_commands.h"
#include "client_act.h"
#include "client_commands.h"
#include "client_documents.h"
#include "client_proposals.h"
#include "io/os_clock.h"
#include "line/adoption.h"
#include "record/blob.h"

namespace detente::cli {

namespace {

struct ProposeOptions : ActOptions {
  std::string counterpart, id, lapse, words;
  bool replace = false;
};

// As a file, since that is how documents are handed over; it is gone afterwards.
Result<record::Attachment> hand_over_bundle(const Context& context, const SideDir& side, const StationClient& station,
                                            const LineAddress& accord, ByteView bundle) {
  const io::Path file = side.dir() / ("accord-" + to_hex(record::blob_root(bundle)).substr(0, 16) + ".files");
  DETENTE_TRY_VOID(io::write_file(file, bundle, io::kPublicMode));
  auto out = hand_over(context, station, accord, file.string(), line::kBundleMediaType);
  DETENTE_TRY_VOID(io::remove_file(file));
  if (out) out->file_name.clear();
  return out;
}

Result<std::string> whole_document(const StationClient& station, const std::string& target) {
  constexpr std::size_t kPieces = 16;  // that one answer has at most
  std::string out;
  for (std::size_t piece = 0; out.size() <= line::kBundleMax; piece += kPieces) {
    DETENTE_TRY(part, station.get_bytes(target + "&piece=" + std::to_string(piece)));
    out += part;
    if (part.size() < kPieces * record::kPieceBytes) return out;
  }
  return fail(Fault::kLimit, "an accord's files of more than 512 KiB");
}

Result<void> propose(Context& context, const ProposeOptions& options) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(next, next_of(side, options.counterpart));
  DETENTE_TRY_VOID(check_next(side, options.counterpart, next));
  DETENTE_TRY(old, side.accord_files(options.counterpart));
  for (const std::string& line : difference_lines(next, old)) context.say("  " + line);
  DETENTE_TRY(bundle, station::bundle_of(next, old));
  DETENTE_TRY(accord, accord_of(station, options.counterpart));
  DETENTE_TRY(proposal, read_terms({std::nullopt, options.lapse, options.words}, io::os_wall_time()));
  proposal.matter = line::Matter::kAccordChange;
  proposal.content = to_bytes(next.note.digest);
  DETENTE_TRY(agreed, context.confirm("Propose this as " + options.officer + "?"));
  if (!agreed) return fail(Fault::kDenied, "nothing was signed");
  DETENTE_TRY(files, hand_over_bundle(context, side, station, accord, bundle));
  std::vector<record::Attachment> attachments;
  attachments.push_back(std::move(files));
  DETENTE_TRY(arrived, post_act(context, accord, options,
                                {record::kProposal, line::proposal_body(proposal), {}, {}, record::Precedence::kImmediate, std::move(attachments)}));
  static_cast<void>(arrived);
  context.next("detente proposal list " + options.counterpart);
  return {};
}

Result<void> fetch(Context& context, const ProposeOptions& options) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(found, find_proposal(station, options.id));
  const Json document = found.proposal.value("document", Json());
  const auto content = from_base64(found.proposal.value("content", ""));
  if (found.proposal["matter"] != "change of the accord" || !document.is_string() || !content)
    return fail(Fault::kState, found.text() + " proposes no change of the accord with its files: detente proposal list");
  DETENTE_TRY(accord, accord_of(station, found.counterpart));
  DETENTE_TRY(bundle, whole_document(station, accord.target() + "/documents/" + document.get<std::string>() + "/bytes?whose=" +
                                                  found.proposal["whose"].get<std::string>()));
  DETENTE_TRY(old, side.accord_files(found.counterpart));
  DETENTE_TRY(next, station::files_of_bundle(as_bytes(bundle), old));
  if (!equal(next.note.digest, *content))
    return fail(Fault::kConflict, "the accord that they show is not the one that they signed the proposal for: detente proposal reject " + found.text());
  DETENTE_TRY(imported, import_next_accord(side, found.counterpart, next, options.replace));
  context.say(imported == Imported::kNothingNew ? "It is here already. What differs from the accord in force:"
                                                : "Taken. Read it (detente accord show " + found.counterpart + " --next); what differs from the accord in force:");
  const std::vector<std::string> difference = difference_lines(next, old);
  for (const std::string& line : difference) context.say("  " + line);
  context.result({{"counterpart", found.counterpart},
                  {"accord", to_hex(next.note.digest)},
                  {"version", next.note.accord.version},
                  {"difference", difference},
                  {"changed", imported != Imported::kNothingNew}});
  context.next("detente accord sign " + found.counterpart + " --next, and detente proposal accept " + found.text() + " --as OFFICER");
  return {};
}

}  // namespace

void add_accord_proposal_commands(CLI::App& accord, Context& context) {
  auto options = std::make_shared<ProposeOptions>();
  CLI::App* offer = accord.add_subcommand("propose", "Offer the accord that follows to the other side, with its files");
  offer->add_option("COUNTERPART", options->counterpart)->required()->check(a_name());
  offer->add_option("--answer-by", options->lapse, "The hour by which an answer is wanted");
  offer->add_option("--words", options->words, "For the other side to read; at most 300 bytes");
  offer->add_option("--as", options->officer, "The officer of the own side who proposes and signs it")->required();
  add_wait_options(*offer, options->wait, options->timeout);
  example(*offer, "detente accord propose north --as kim");
  on_run(*offer, context, [&context, options] { return propose(context, *options); });

  CLI::App* take = accord.add_subcommand("fetch", "Take the accord that the other side proposes, to be read and signed");
  take->add_option("PROPOSAL", options->id, "north/far-12, as `detente proposal list` names it")->required();
  take->add_flag("--replace", options->replace, "In place of a draft that is here");
  example(*take, "detente accord fetch north/far-12");
  on_run(*take, context, [&context, options] { return fetch(context, *options); });
}

}  // namespace detente::cli
