// Bodies of a proposal (kind 13) and of an answer to one (kind 14). spec/record.md section 3.
//
// Stands here and not with what follows from them (line/proposal.h): an outsider's verifier reads them, too.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "record/mandate.h"

namespace detente::record {

inline constexpr std::size_t kProposalContentMax = 400;  // bytes; longer texts are attachments
inline constexpr std::size_t kProposalWordsMax = 300;    // bytes

// A number that this program does not know is kept: the other side may be newer.
enum class Matter : std::uint8_t { kRestoration = 1, kAnnouncement = 2, kAccordChange = 3, kOther = 4 };
inline constexpr std::uint8_t kMatterMax = 63;

// A counter-offer is a proposal whose one reference is to the other side's that it replaces.
struct Proposal {
  Matter matter = Matter::kOther;
  Bytes content;  // by matter: line::restoration_content(), announcement_content(), the digest of the accord, ...
  std::optional<WallTime> instant;
  std::optional<WallTime> lapse;
  std::string words;
  std::optional<MandateProof> mandate = {};
  bool operator==(const Proposal&) const = default;
};
Bytes proposal_body(const Proposal& proposal);
Result<Proposal> parse_proposal_body(ByteView body);

enum class AnswerAct : std::uint8_t { kAccept = 0, kReject = 1, kWithdraw = 2 };
struct Answer {
  AnswerAct act = AnswerAct::kAccept;
  std::string words;
  std::optional<MandateProof> mandate = {};
  bool operator==(const Answer&) const = default;
};
Bytes answer_body(const Answer& answer);
Result<Answer> parse_answer_body(ByteView body);

}  // namespace detente::record
