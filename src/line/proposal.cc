#include "line/proposal.h"

#include <algorithm>

#include "record/act_body.h"
#include "line/adoption.h"
#include "record/announcement.h"

namespace detente::line {

namespace {

using record::read_bounded;

Result<void> check_content(const Proposal& proposal) {
  switch (proposal.matter) {
    case Matter::kRestoration: {
      DETENTE_TRY(lines, parse_restoration_content(proposal.content));
      static_cast<void>(lines);
      return {};
    }
    case Matter::kAccordChange:
      if (proposal.content.size() == sizeof(Digest)) return {};
      return fail(Fault::kMalformed, "a change of the accord names its 32-byte digest");
    case Matter::kAnnouncement: {
      DETENTE_TRY(announcement, record::parse_announcement_content(proposal.content));
      static_cast<void>(announcement);
      return {};
    }
    case Matter::kOther: return {};
  }
  return fail(Fault::kUnsupported, "a proposal of a matter that this program does not know");
}

// A text that is shown travels with the proposal; one that is not, does not.
Result<void> check_announcement(const record::Header& header, const Proposal& proposal) {
  DETENTE_TRY(what, record::parse_announcement_content(proposal.content));
  if (!proposal.instant) return fail(Fault::kMalformed, "an announcement names the instant at which both sides release it");
  DETENTE_TRY_VOID(check_announced_ahead(*proposal.instant, header.time));
  if (header.entry_class != record::EntryClass::kLive)
    return fail(Fault::kMalformed, "an announcement is no drill: what is released stays released");
  const bool shown = what.mode != record::AnnouncementMode::kUnseen;
  if (header.attachments.size() != (shown ? 1u : 0u))
    return fail(Fault::kMalformed, shown ? "a text that is shown beforehand is the proposal's one attachment"
                                         : "a text that is not shown beforehand is not attached");
  if (shown && (header.attachments.front().length == 0 || header.attachments.front().length > record::kAnnouncedTextMax))
    return fail(Fault::kLimit, "an announced text has 1 to 16,384 bytes");
  return {};
}

// The accord's files, for the other side to read; or none, where they are handed over.
Result<void> check_accord_change(const record::Header& header) {
  if (header.attachments.size() > 1) return fail(Fault::kMalformed, "a proposed accord has its files as the one attachment, or none");
  if (header.attachments.empty()) return {};
  const record::Attachment& files = header.attachments.front();
  if (files.media_type != kBundleMediaType) return fail(Fault::kMalformed, "what is attached to a proposed accord is its files");
  if (files.length == 0 || files.length > kBundleMax) return fail(Fault::kLimit, "an accord's files of more than 512 KiB travel by no line");
  return {};
}

Result<void> check_offer(const record::Header& header, const Proposal& proposal) {
  DETENTE_TRY_VOID(check_content(proposal));
  if (header.references.size() > 1 ||
      (header.references.size() == 1 && header.references.front().whose != record::Whose::kOthers))
    return fail(Fault::kMalformed,
                "a proposal refers to nothing, a counter-offer to the other side's proposal that it replaces");
  if (const auto lapse = lapse_of(proposal); lapse && *lapse <= header.time)
    return fail(Fault::kState, "the proposal would have lapsed before it is made: name a later hour");
  if (proposal.instant && proposal.lapse && *proposal.lapse > *proposal.instant)
    return fail(Fault::kMalformed, "a proposal lapses at its instant at the latest: name an earlier hour to lapse at");
  if (proposal.matter == Matter::kAnnouncement) return check_announcement(header, proposal);
  if (proposal.matter == Matter::kAccordChange) return check_accord_change(header);
  return {};
}

Result<void> check_answer(const record::Header& header, const Answer& answer) {
  if (header.references.size() == 1) {
    // An agreement may be left by either side, so a withdrawal may be of one's own proposal or of theirs.
    if (answer.act == AnswerAct::kWithdraw) return {};
    if (header.references.front().whose == record::Whose::kOthers) return {};
  }
  return fail(Fault::kMalformed, "an answer refers to the other side's proposal, and to nothing else");
}

}  // namespace

Result<void> check_announced_ahead(WallTime instant, WallTime now) {
  if (std::uint64_t{instant.seconds} <= std::uint64_t{now.seconds} + record::kAnnouncedAheadMax) return {};
  return fail(Fault::kMalformed, "an announcement is agreed at most 400 days ahead: name an earlier instant");
}

std::optional<WallTime> lapse_of(const Proposal& proposal) {
  if (proposal.instant && proposal.lapse) return std::min(*proposal.instant, *proposal.lapse);
  return proposal.instant ? proposal.instant : proposal.lapse;
}

Bytes restoration_content(const std::vector<RestoredLine>& lines) {
  wire::CborWriter out;
  out.array(lines.size());
  for (const RestoredLine& one : lines) out.array(2).uint(one.line.value).uint(one.media);
  return out.take();
}

Result<std::vector<RestoredLine>> parse_restoration_content(ByteView content) {
  wire::CborReader reader(content);
  DETENTE_TRY(items, reader.array());
  if (items == 0 || items > kRestoredLinesMax) return fail(Fault::kMalformed, "a restoration names 1 to 64 lines");
  std::vector<RestoredLine> out;
  for (std::size_t i = 0; i < items; ++i) {
    DETENTE_TRY_VOID(reader.array(2));
    DETENTE_TRY(line, read_bounded(reader, UINT16_MAX, "a line's number"));
    DETENTE_TRY(media, read_bounded(reader, kAllMedia, "a line's media"));
    if (line == kAccordLine.value || media == 0)
      return fail(Fault::kMalformed, "a restoration of the accord line, which is never cut, or of no medium");
    const LineId id{static_cast<std::uint16_t>(line)};
    if (!out.empty() && out.back().line >= id) return fail(Fault::kMalformed, "a restoration's lines do not ascend");
    out.push_back({id, static_cast<MediaMask>(media)});
  }
  DETENTE_TRY_VOID(reader.expect_end());
  return out;
}

ProposalAct act_of(AnswerAct act) {
  switch (act) {
    case AnswerAct::kAccept: return ProposalAct::kAccept;
    case AnswerAct::kReject: return ProposalAct::kReject;
    case AnswerAct::kWithdraw: break;
  }
  return ProposalAct::kWithdraw;
}

bool is_proposal_act(record::Kind kind) { return kind == record::kProposal || kind == record::kProposalAnswer; }

Result<void> check_proposal_act(const record::Entry& entry) {
  if (entry.header.line != kAccordLine)
    return fail(Fault::kDenied, "proposals and answers stand on the accord line; this entry is of another line");
  if (entry.header.body_form != record::BodyForm::kCbor)
    return fail(Fault::kMalformed, "a proposal or its answer is \"body\", not \"text\"");
  if (entry.signatures.empty())
    return fail(Fault::kDenied, "only a person proposes and answers: say --as OFFICER, whose signature it carries");
  if (entry.header.kind == record::kProposal) {
    DETENTE_TRY(proposal, parse_proposal_body(entry.body));
    return check_offer(entry.header, proposal);
  }
  DETENTE_TRY(answer, parse_answer_body(entry.body));
  return check_answer(entry.header, answer);
}

}  // namespace detente::line
