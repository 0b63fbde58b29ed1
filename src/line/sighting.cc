#include "line/sighting.h"

#include "record/epoch_body.h"

namespace detente::line {

namespace {

LogPart part_of(const record::LogPosition& position) { return {position.epoch, position.size}; }

void read_act(Sighting& out, const record::Entry& entry) {
  const auto& references = entry.header.references;
  if (references.size() == 1) {
    const record::Reference& one = references.front();
    const bool own = one.whose == record::Whose::kAuthors;
    out.on = ActPlace{own ? out.at.side : other_side(out.at.side), one.epoch, one.index};
  }
  if (entry.header.kind == record::kProposal && references.size() <= 1) {
    if (auto proposal = parse_proposal_body(entry.body)) out.proposal = std::move(*proposal);
  }
  if (entry.header.kind == record::kProposalAnswer && out.on) {
    if (auto answer = parse_answer_body(entry.body)) out.answer = std::move(*answer);
  }
}

}  // namespace

Sighting sighting_of(std::uint8_t side, const record::EpochId& epoch, std::uint64_t index,
                     const record::Entry& entry, bool counts) {
  Sighting out;
  out.at = {side, epoch, index};
  out.entry_class = entry.header.entry_class;
  out.time = entry.header.time;
  if (entry.header.seen) out.seen = part_of(*entry.header.seen);
  if (const auto before = index == 0 ? record::epoch_before(entry) : std::nullopt) out.before = part_of(*before);
  if (counts && entry.header.body_form == record::BodyForm::kCbor) read_act(out, entry);
  return out;
}

}  // namespace detente::line
