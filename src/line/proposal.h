// Bodies of the entries by which two sides come to agree: a proposal (kind 13)
// and an answer to one (kind 14). spec/record.md section 3.
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

namespace detente::line {

inline constexpr std::size_t kProposalContentMax = 400;  // bytes; longer texts are attachments
inline constexpr std::size_t kProposalWordsMax = 300;    // bytes
inline constexpr std::size_t kRestoredLinesMax = 64;

// A number that this program does not know is kept: the other side may be newer.
enum class Matter : std::uint8_t { kRestoration = 1, kAnnouncement = 2, kAccordChange = 3, kOther = 4 };
inline constexpr std::uint8_t kMatterMax = 63;

// A counter-offer is a proposal whose one reference is to the other side's that it replaces.
struct Proposal {
  Matter matter = Matter::kOther;
  Bytes content;  // by matter: restoration_content(), the digest of the accord, ...
  std::optional<WallTime> instant;
  std::optional<WallTime> lapse;
  std::string words;
  std::optional<record::MandateProof> mandate = {};
  bool operator==(const Proposal&) const = default;
};
// The hour from which on it cannot be accepted: what agrees on an instant lapses at it at the latest.
std::optional<WallTime> lapse_of(const Proposal& proposal);
Bytes proposal_body(const Proposal& proposal);
Result<Proposal> parse_proposal_body(ByteView body);

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

enum class AnswerAct : std::uint8_t { kAccept = 0, kReject = 1, kWithdraw = 2 };
struct Answer {
  AnswerAct act = AnswerAct::kAccept;
  std::string words;
  std::optional<record::MandateProof> mandate = {};
  bool operator==(const Answer&) const = default;
};
Bytes answer_body(const Answer& answer);
Result<Answer> parse_answer_body(ByteView body);
ProposalAct act_of(AnswerAct act);

bool is_proposal_act(record::Kind kind);
// What a desk may write of these: kMalformed (form, references, hours that have passed), kDenied (another line, no
// officer's signature).
Result<void> check_proposal_act(const record::Entry& entry);

}  // namespace detente::line
