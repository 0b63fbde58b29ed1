#include "record/proposal_body.h"

#include "record/act_body.h"

namespace detente::record {

namespace {

Result<std::optional<WallTime>> hour_or_null(wire::CborReader& reader) {
  DETENTE_TRY(type, reader.peek());
  if (type == wire::CborType::kNull) {
    DETENTE_TRY_VOID(reader.null());
    return std::optional<WallTime>();
  }
  DETENTE_TRY(hour, read_time(reader));
  return std::optional<WallTime>(hour);
}

void write_hour(wire::CborWriter& out, const std::optional<WallTime>& hour) {
  if (hour)
    out.uint(hour->seconds);
  else
    out.null();
}

}  // namespace

Bytes proposal_body(const Proposal& proposal) {
  wire::CborWriter out;
  out.array(4 + body_end_items(proposal.words, proposal.mandate)).uint(static_cast<std::uint64_t>(proposal.matter));
  out.bytes(proposal.content);
  write_hour(out, proposal.instant);
  write_hour(out, proposal.lapse);
  write_body_end(out, proposal.words, proposal.mandate);
  return out.take();
}

Result<Proposal> parse_proposal_body(ByteView body) {
  wire::CborReader reader(body);
  DETENTE_TRY(items, reader.array());
  if (items < 4 || items > 6) return fail(Fault::kMalformed, "a proposal with too few or too many parts");
  Proposal out;
  DETENTE_TRY(matter, read_bounded(reader, kMatterMax, "a proposal's matter"));
  if (matter == 0) return fail(Fault::kMalformed, "a proposal of no matter");
  out.matter = static_cast<Matter>(matter);
  DETENTE_TRY(content, reader.bytes());
  if (content.size() > kProposalContentMax) return fail(Fault::kMalformed, "a proposal's content beyond its bound");
  out.content = to_bytes(content);
  DETENTE_TRY(instant, hour_or_null(reader));
  DETENTE_TRY(lapse, hour_or_null(reader));
  out.instant = instant;
  out.lapse = lapse;
  DETENTE_TRY(end, read_body_end(reader, items - 4, kProposalWordsMax));
  out.words = std::move(end.words);
  out.mandate = end.mandate;
  DETENTE_TRY_VOID(reader.expect_end());
  return out;
}

Bytes answer_body(const Answer& answer) {
  wire::CborWriter out;
  out.array(1 + body_end_items(answer.words, answer.mandate)).uint(static_cast<std::uint64_t>(answer.act));
  write_body_end(out, answer.words, answer.mandate);
  return out.take();
}

Result<Answer> parse_answer_body(ByteView body) {
  wire::CborReader reader(body);
  DETENTE_TRY(items, reader.array());
  if (items < 1 || items > 3) return fail(Fault::kMalformed, "an answer with too few or too many parts");
  Answer out;
  DETENTE_TRY(act, read_bounded(reader, static_cast<std::uint64_t>(AnswerAct::kWithdraw), "an answer's act"));
  out.act = static_cast<AnswerAct>(act);
  DETENTE_TRY(end, read_body_end(reader, items - 1, kProposalWordsMax));
  out.words = std::move(end.words);
  out.mandate = end.mandate;
  DETENTE_TRY_VOID(reader.expect_end());
  return out;
}

}  // namespace detente::record
