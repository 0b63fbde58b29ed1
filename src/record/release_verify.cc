#include "record/release_verify.h"

#include <algorithm>

#include "record/proposal_body.h"

namespace detente::record {

namespace {

// Of an entry that the evidence shows whole.
struct ShownEntry {
  const ItemFindings* item = nullptr;
  LogName log;
  Entry entry;
  Digest leaf{};
  bool signed_by_person = false;
};

struct SignedProposal {
  Announcement what;
  WallTime instant;
};

std::optional<ShownEntry> shown_entry(const ItemFindings& item) {
  const auto* whole = std::get_if<ShownWhole>(&item.shown);
  if (whole == nullptr) return std::nullopt;
  auto log = parse_log_origin(item.origin);
  auto entry = decode_entry(whole->bytes);
  if (!log || !entry || log->line != kAccordLine) return std::nullopt;
  const bool by_person = std::any_of(item.checks.begin(), item.checks.end(), [](const Finding& one) {
    return one.check == "officer" && one.result == CheckResult::kProved;
  });
  return ShownEntry{&item, std::move(*log), std::move(*entry), leaf_of(whole->bytes, whole->salt), by_person};
}

// What a proposal of kind 13 says, as far as it is asked here. spec/record.md section 3.
Result<SignedProposal> read_proposal(const Entry& entry) {
  if (entry.header.body_form != BodyForm::kCbor) return fail(Fault::kMalformed, "the proposal's body is of another form");
  DETENTE_TRY(proposal, parse_proposal_body(entry.body));
  if (proposal.matter != Matter::kAnnouncement) return fail(Fault::kMalformed, "the proposal is of another matter");
  if (!proposal.instant) return fail(Fault::kMalformed, "the proposal names no instant");
  DETENTE_TRY(what, parse_announcement_content(proposal.content));
  return SignedProposal{std::move(what), *proposal.instant};
}

bool accepts(const Entry& entry) {
  const auto answer = parse_answer_body(entry.body);
  return entry.header.body_form == BodyForm::kCbor && answer && answer->act == AnswerAct::kAccept;
}

bool refers_to(const ShownEntry& answer, const ShownEntry& proposal) {
  if (answer.entry.header.references.size() != 1) return false;
  const Reference& one = answer.entry.header.references.front();
  return one.whose == Whose::kOthers && one.epoch == proposal.log.epoch && one.index == proposal.item->index &&
         one.leaf == proposal.leaf && answer.log.side != proposal.log.side && answer.log.lineage == proposal.log.lineage &&
         proposal.entry.header.entry_class == EntryClass::kLive && answer.entry.header.entry_class == EntryClass::kLive;
}

struct Agreement {
  ShownEntry proposal;
  SignedProposal says;
  std::string other_side;     // that accepted it
  bool signed_by_both = false;  // by an officer of either; one of several acceptances is enough
};

// The first announcement that somebody accepted. Other proposals may stand in the evidence beside it.
std::optional<Agreement> find_agreement(const ExtractFindings& evidence) {
  std::vector<ShownEntry> all;
  for (const ItemFindings& item : evidence.items)
    if (auto one = shown_entry(item)) all.push_back(std::move(*one));
  for (const ShownEntry& proposal : all) {
    if (proposal.entry.header.kind != kProposal) continue;
    auto says = read_proposal(proposal.entry);
    if (!says) continue;
    std::string other_side;
    bool accepted_by_person = false;
    for (const ShownEntry& answer : all) {
      if (answer.entry.header.kind != kProposalAnswer || !accepts(answer.entry) || !refers_to(answer, proposal)) continue;
      other_side = answer.log.side;
      accepted_by_person |= answer.signed_by_person;
    }
    if (!other_side.empty())
      return Agreement{proposal, std::move(*says), other_side, proposal.signed_by_person && accepted_by_person};
  }
  return std::nullopt;
}

class Judge {
 public:
  explicit Judge(ReleaseFindings& out) : out_(out) {}

  void run() {
    const auto agreement = find_agreement(out_.evidence);
    if (!agreement) return add("agreement", "the evidence shows no announcement that the other side accepted");
    const ReleaseFile& file = out_.file;
    const Announcement& what = agreement->says.what;
    const bool author = file.side == agreement->proposal.log.side;
    std::string wrong;
    if (!agreement->signed_by_both) wrong = "an officer's signature of one side is missing or does not hold";
    else if (!what.complete()) wrong = "what was accepted names the text of one side alone";
    else if (!author && file.side != agreement->other_side) wrong = file.side + " is no side of it";
    else if (what.mode != file.mode || what.core != file.core) wrong = "the file's mode or core is another than what was signed";
    add("agreement", wrong);
    const bool one_text = what.mode == AnnouncementMode::kIdentical;
    const Digest own = author || one_text ? what.text : what.other.value_or(Digest{});
    const std::optional<Digest> other = one_text ? std::nullopt : author ? what.other : std::optional(what.text);
    const bool named = own == file.text_digest && other == file.other_digest;
    const bool fits = announced_text_digest(file.salt, as_bytes(file.text)) == own;
    add("text", fits && named ? "" : "this is not the text that both sides signed for: it was altered, or is another");
    std::string early;
    if (agreement->says.instant != file.instant) early = "the file's instant is another than what was signed";
    else if (file.released < file.instant) early = "by its own words it was released before the agreed instant";
    add("instant", early);
  }

 private:
  void add(const char* check, std::string why) {
    Finding finding{.check = check};
    finding.side = out_.file.side;
    finding.time = out_.file.instant;
    if (!why.empty()) finding.result = CheckResult::kFailed;
    finding.why = std::move(why);
    out_.checks.push_back(std::move(finding));
  }
  ReleaseFindings& out_;
};

}  // namespace

ReleaseFindings verify_release(ByteView bytes, const TrustAnchor& anchor) {
  ReleaseFindings out;
  auto file = parse_release_file(bytes);
  if (!file) {
    out.error = file.error().message;
    return out;
  }
  out.file = std::move(*file);
  out.evidence = verify_extract(out.file.evidence, anchor);
  Judge(out).run();
  const bool failed = std::any_of(out.checks.begin(), out.checks.end(),
                                  [](const Finding& one) { return one.result == CheckResult::kFailed; });
  out.verdict = failed ? Verdict::kFailed : out.evidence.verdict;
  return out;
}

}  // namespace detente::record
