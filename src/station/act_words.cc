#include "station/act_words.h"

#include "base/civil.h"
#include "line/proposal.h"
#include "line/register_act.h"
#include "record/announcement.h"
#include "station/mandates.h"
#include "station/side_rules.h"
#include "wire/text.h"

namespace detente::station {

namespace {

using Words = std::vector<std::string>;

constexpr std::size_t kLabelWidth = 14;

void add(Words& out, std::string label, const std::string& text) {
  label.resize(kLabelWidth, ' ');
  out.push_back(label + wire::display_line(text));
}

std::string in_quotes(const std::string& text) { return "\"" + text + "\""; }

// In groups of four, as people read it to each other.
std::string grouped(ByteView bytes) {
  const std::string hex = to_hex(bytes);
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 4) out += (i == 0 ? "" : " ") + hex.substr(i, 4);
  return out;
}

Result<std::string> line_name(const ActGround& ground, LineId line) {
  const accord::Annex* annex = ground.accord->annex(line);
  if (annex == nullptr)
    return fail(Fault::kNotFound, "the accord that lies here has no line of number " + std::to_string(line.value));
  return annex->name + " (line " + std::to_string(line.value) + ")";
}

Result<void> add_registers(Words& out, const ActGround& ground, const std::vector<line::RegisterOf>& lines, const char* which) {
  for (const line::RegisterOf& of : lines) {
    DETENTE_TRY(name, line_name(ground, of.line));
    add(out, "Line", name + which + std::to_string(of.cut_epoch));
  }
  return {};
}

Result<Words> register_words(const ActGround& ground, const record::Entry& entry) {
  DETENTE_TRY(act, line::parse_register_body(entry.body));
  Words out;
  if (act.clear) {
    if (act.clear->ground != line::ClearGround::kLifted)
      return fail(Fault::kUnsupported, "a restoration clears lines by itself: nobody signs that");
    add(out, "Act", "LIFT: " + ground.side + " takes its own cut back");
    DETENTE_TRY_VOID(add_registers(out, ground, act.clear->lines, ", up to its cut no. "));
    return out;
  }
  add(out, "Act", "CUT: " + ground.side + " sends and takes nothing more");
  DETENTE_TRY_VOID(add_registers(out, ground, act.cut->lines, ", its cut no. "));
  add(out, "Medium", line::media_words(act.cut->media));
  if (act.cut->dark) add(out, "In the dark", "this station then sends and answers nothing at all");
  add(out, "From", act.cut->effective ? format_utc(*act.cut->effective) : "at once");
  add(out, "Reason", act.cut->reason.empty() ? "none is given, and the other side sees that" : in_quotes(act.cut->reason));
  return out;
}

Result<void> add_content(Words& out, const ActGround& ground, const line::Proposal& proposal) {
  if (proposal.matter == line::Matter::kRestoration) {
    DETENTE_TRY(lines, line::parse_restoration_content(proposal.content));
    for (const line::RestoredLine& one : lines) {
      DETENTE_TRY(name, line_name(ground, one.line));
      add(out, "Line", name + ", " + line::media_words(one.media));
    }
    return {};
  }
  if (proposal.matter == line::Matter::kAnnouncement) {
    DETENTE_TRY(what, record::parse_announcement_content(proposal.content));
    add(out, "Core", in_quotes(what.core));
    add(out, "Texts", what.mode == record::AnnouncementMode::kIdentical ? "one identical text for both"
                      : what.mode == record::AnnouncementMode::kShown   ? "each side its own, read by the other before"
                                                                        : "each side its own, unseen by the other");
    add(out, "Text", "of this proposal's author, digest " + grouped(what.text));
    if (what.other) add(out, "Other text", "of the other side, digest " + grouped(*what.other));
    return {};
  }
  const std::string text = as_string(proposal.content);
  const bool readable = !text.empty() && wire::check_text(text, line::kProposalContentMax).has_value();
  add(out, "Content", readable ? in_quotes(text) : "bytes " + to_hex(proposal.content));
  return {};
}

Result<Words> proposal_words(const ActGround& ground, const record::Entry& entry) {
  DETENTE_TRY(proposal, line::parse_proposal_body(entry.body));
  static constexpr const char* kMatters[] = {"", "to RESTORE lines", "an ANNOUNCEMENT", "a CHANGE OF THE ACCORD", "another matter"};
  const auto matter = static_cast<std::size_t>(proposal.matter);
  if (matter == 0 || matter >= std::size(kMatters))
    return fail(Fault::kUnsupported, "a proposal of matter " + std::to_string(matter) + ", which this program cannot put into words");
  Words out;
  add(out, "Act", std::string("PROPOSAL: ") + kMatters[matter]);
  DETENTE_TRY_VOID(add_content(out, ground, proposal));
  add(out, "At", proposal.instant ? format_utc(*proposal.instant) : "no hour");
  if (proposal.lapse) add(out, "Answer before", format_utc(*proposal.lapse));
  for (const record::Attachment& document : entry.header.attachments)
    add(out, "Document", grouped(document.digest) + ", " + std::to_string(document.length) + " bytes, " + document.media_type +
                             (document.file_name.empty() ? "" : ", " + in_quotes(document.file_name)));
  add(out, "Words", proposal.words.empty() ? "none" : in_quotes(proposal.words));
  return out;
}

Result<Words> words_of(const ActGround& ground, const record::ActFile& file, const record::Entry& entry);

Result<void> add_referred(Words& out, const ActGround& ground, const record::ActFile& file) {
  DETENTE_TRY(referred, record::referred_entry(file));
  if (referred.header.kind != record::kProposal || referred.header.line != kAccordLine)
    return fail(Fault::kMalformed, "an act that refers to something else than a proposal");
  DETENTE_TRY(theirs, proposal_words(ground, referred));
  const record::Reference& at = file.entry.header.references.front();
  add(out, "To this of", (at.whose == record::Whose::kAuthors ? ground.side : file.counterpart) + ", entry " + std::to_string(at.index) + " of " +
                             format_utc(referred.header.time) + ":");
  for (const std::string& line : theirs) out.push_back("  " + line);
  return {};
}

Result<Words> answer_words(const record::Entry& entry) {
  DETENTE_TRY(answer, line::parse_answer_body(entry.body));
  static constexpr const char* kSaid[] = {"ACCEPT the proposal", "REJECT the proposal", "WITHDRAW from the proposal"};
  Words out;
  add(out, "Act", kSaid[static_cast<std::size_t>(answer.act)]);
  add(out, "Words", answer.words.empty() ? "none" : in_quotes(answer.words));
  return out;
}

Result<Words> words_of(const ActGround& ground, const record::ActFile& file, const record::Entry& entry) {
  switch (entry.header.kind) {
    case record::kRegister: return register_words(ground, entry);
    case record::kProposal: {
      DETENTE_TRY(out, proposal_words(ground, entry));
      if (!entry.header.references.empty()) DETENTE_TRY_VOID(add_referred(out, ground, file));
      return out;
    }
    case record::kProposalAnswer: {
      DETENTE_TRY(out, answer_words(entry));
      DETENTE_TRY_VOID(add_referred(out, ground, file));
      return out;
    }
    default:
      return fail(Fault::kUnsupported, "an entry of kind " + std::to_string(entry.header.kind) + ", which this program cannot put into words");
  }
}

// The order, where there is one: text and proof are of this very act.
Result<void> add_mandate(Words& out, const ActGround& ground, const record::ActFile& file) {
  const auto proof = mandate_of(file.entry);
  if (!proof && !file.mandate) return {};
  if (!proof || !file.mandate) return fail(Fault::kMalformed, "an act that carries a mandate comes with its file, and the other way round");
  std::optional<line::Matter> answered;
  if (file.entry.header.kind == record::kProposalAnswer) {
    DETENTE_TRY(referred, record::referred_entry(file));
    DETENTE_TRY(proposal, line::parse_proposal_body(referred.body));
    answered = proposal.matter;
  }
  const auto act = grave_act_of(file.entry, answered);
  if (!act) return fail(Fault::kMalformed, "this act is under no rule and carries no mandate");
  DETENTE_TRY(lines, lines_of(file));
  const WallTime at = file.entry.header.time;
  DETENTE_TRY_VOID(check_mandate_text(*ground.accord, *file.mandate, {file.side, file.counterpart, *act, std::move(lines), *proof, at, at}));
  DETENTE_TRY(shown, mandate_lines(*ground.accord, *ground.own, *file.mandate));
  for (const std::string& line : shown) out.push_back(wire::display_line(line));
  return {};
}

// What is not shown below has to be what it is without being said.
Result<void> check_header(const record::Header& header) {
  record::Header shown;
  shown.line = kAccordLine;
  shown.kind = header.kind;
  shown.author = header.author;
  shown.time = header.time;
  shown.precedence = header.precedence;
  shown.references = header.references;
  shown.body_form = record::BodyForm::kCbor;
  if (header.kind == record::kProposal) shown.attachments = header.attachments;
  if (shown == header) return {};
  return fail(Fault::kUnsupported, "an act that says more than this program would show: it is not signed here");
}

Result<void> check_ground(const ActGround& ground, const record::ActFile& file) {
  if (file.side != ground.side)
    return fail(Fault::kConflict, "this act is of the side " + file.side + "; in this directory is " + ground.side);
  if (ground.accord->accord.side(file.counterpart) == nullptr || file.counterpart == ground.side)
    return fail(Fault::kConflict, "this act is for " + file.counterpart + ", which is no side of the accord that lies here");
  if (file.accord != ground.accord->digest || file.accord_version != ground.accord->accord.version)
    return fail(Fault::kConflict, "this act is under version " + std::to_string(file.accord_version) + " of an accord, digest " +
                                      to_hex(file.accord).substr(0, 16) + "; here lies version " +
                                      std::to_string(ground.accord->accord.version) + ", digest " +
                                      to_hex(ground.accord->digest).substr(0, 16) + ": it is not signed here");
  return {};
}

}  // namespace

Result<std::vector<LineId>> lines_of(const record::ActFile& file) {
  std::vector<LineId> out;
  if (file.entry.header.kind == record::kRegister) {
    DETENTE_TRY(act, line::parse_register_body(file.entry.body));
    for (const line::RegisterOf& of : act.lines()) out.push_back(of.line);
    return out;
  }
  record::Entry offer = file.entry;
  if (offer.header.kind == record::kProposalAnswer) {
    DETENTE_TRY(referred, record::referred_entry(file));
    offer = std::move(referred);
  }
  DETENTE_TRY(proposal, line::parse_proposal_body(offer.body));
  if (proposal.matter != line::Matter::kRestoration) return out;
  DETENTE_TRY(lines, line::parse_restoration_content(proposal.content));
  for (const line::RestoredLine& one : lines) out.push_back(one.line);
  return out;
}

Result<std::vector<std::string>> act_words(const ActGround& ground, const record::ActFile& file) {
  DETENTE_TRY_VOID(check_ground(ground, file));
  DETENTE_TRY_VOID(check_header(file.entry.header));
  DETENTE_TRY(out, words_of(ground, file, file.entry));
  DETENTE_TRY_VOID(add_mandate(out, ground, file));
  const record::Header& header = file.entry.header;
  add(out, "To", file.counterpart + ", on the accord line, as " + record::precedence_name(header.precedence));
  add(out, "Written", format_utc(header.time));
  add(out, "Accord", "version " + std::to_string(file.accord_version) + " between " + ground.accord->accord.first().name + " and " +
                         ground.accord->accord.second().name);
  add(out, "", grouped(ByteView(file.accord).first(16)));
  const Digest digest = record::act_digest(file);
  add(out, "This text", grouped(ByteView(digest).first(16)));
  return out;
}

}  // namespace detente::station
