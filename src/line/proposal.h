// The entries by which two sides come to agree: a proposal (kind 13) and an answer
// to one (kind 14), whose bodies are record/proposal_body.h's. What each matter's
// content is, and what a desk may write of them. spec/record.md section 3.
//
// What follows from them is proposal_book.h's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "line/act_table.h"
#include "line/register_act.h"
#include "record/entry.h"
#include "record/proposal_body.h"

namespace detente::line {

inline constexpr std::size_t kRestoredLinesMax = 64;

using record::Answer, record::AnswerAct, record::Matter, record::Proposal;
using record::answer_body, record::parse_answer_body, record::parse_proposal_body, record::proposal_body;
using record::kMatterMax, record::kProposalContentMax, record::kProposalWordsMax;

// The hour from which on it cannot be accepted: what agrees on an instant lapses at it at the latest.
std::optional<WallTime> lapse_of(const Proposal& proposal);

// The content of a restoration: lines ascending, each once, with at least one medium.
struct RestoredLine {
  LineId line;
  MediaMask media = kAllMedia;
  bool operator==(const RestoredLine&) const = default;
};
Bytes restoration_content(const std::vector<RestoredLine>& lines);
Result<std::vector<RestoredLine>> parse_restoration_content(ByteView content);

// The content of an announcement is record/announcement.h's. kMalformed for an instant that is too far ahead.
Result<void> check_announced_ahead(WallTime instant, WallTime now);

ProposalAct act_of(AnswerAct act);

bool is_proposal_act(record::Kind kind);
// What a desk may write of these: kMalformed (form, references, hours that have passed), kDenied (another line, no
// officer's signature).
Result<void> check_proposal_act(const record::Entry& entry);

}  // namespace detente::line
