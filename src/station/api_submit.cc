#include "line/message.h"
#include "line/watch_acts.h"
#include "station/api.h"
#include "station/cuts.h"
#include "station/desk_checks.h"
#include "station/mandates.h"
#include "station/proposals.h"
#include "station/side_rules.h"
#include "station/suspensions.h"

namespace detente::station {

namespace {

Result<record::Reference> resolve(Running& running, const core::Line& line,
                                  const SubmissionReference& wanted) {
  const bool own = wanted.whose == record::Whose::kAuthors;
  record::LogKey log = own ? line.own().key() : line.far().key();
  if (wanted.epoch) log.epoch = *wanted.epoch;
  const auto found = running.stored(log, wanted.index);
  if (!found)
    return fail(Fault::kNotFound, std::string("there is no entry ") + std::to_string(wanted.index) +
                                      " in " + (own ? "this side's" : "the other side's") +
                                      " log of this line to refer to");
  if (wanted.leaf && *wanted.leaf != found->leaf)
    return fail(Fault::kConflict, "entry " + std::to_string(wanted.index) +
                                      " is not the one that was read: look at it again");
  return record::Reference{wanted.whose, log.epoch, wanted.index, found->leaf};
}

Result<void> check_kind(const Running& running, const Counterpart& counterpart, const record::Entry& entry,
                        const accord::Annex& annex) {
  if (entry.header.kind == record::kRegister) return check_register_submission(running, counterpart, entry);
  if (line::is_proposal_act(entry.header.kind)) return check_proposal_submission(running, counterpart, entry);
  if (entry.header.kind == record::kRestorationTest) return check_desk_submission(running, counterpart, entry);
  if (entry.header.kind == record::kSuspension) return check_suspension_submission(running, entry);
  if (line::is_watch_act(entry.header.kind))
    return line::check_watch_act(entry, annex.provable());
  switch (entry.header.kind) {
    case record::kMessage:
      if (entry.header.body_form == record::BodyForm::kText) return {};
      return fail(Fault::kMalformed, "a message is \"text\", not \"body\"");
    case record::kPersonReceipt: {
      DETENTE_TRY(level, line::parse_receipt_body(entry.body));
      static_cast<void>(level);
      if (entry.header.references.size() == 1 &&
          entry.header.references.front().whose == record::Whose::kOthers)
        return {};
      return fail(Fault::kMalformed,
                  "a person's receipt refers to exactly one entry of the other side");
    }
    default:
      return fail(Fault::kUnsupported, "a desk cannot write an entry of kind \"" +
                                           kind_name(entry.header.kind) + "\" here");
  }
}

Result<void> check_signatures(const Running& running, const Counterpart& counterpart,
                              const accord::Annex& annex, const record::Entry& entry, WallTime now) {
  for (const record::OfficerSignature& signature : entry.signatures) {
    // Before the verdict, which only knows that the entry's time does not fit: here is what to do.
    const accord::SignedCredential* held = running.own_roster.by_number(signature.officer);
    if (held != nullptr) DETENTE_TRY_VOID(check_valid_now(held->credential, now));
    const Verdict verdict =
        judge_signature(entry, signature, counterpart.lineage(), running.own_roster, std::nullopt);
    if (verdict.value != Verdict::Value::kValid)
      return fail(Fault::kDenied, "the signature of officer " +
                                      std::to_string(signature.officer.value) + ": " + verdict.why);
    DETENTE_TRY_VOID(check_post(annex, held->credential));
  }
  if (entry.signatures.empty() && entry.header.author != kStationItself)
    return fail(Fault::kDenied, "an entry names an officer as its author only with his signature");
  return check_distinct_signers(running.own_roster, entry);
}

// After the signatures: a rule of two is two whose signatures are good.
Result<void> check_rules_of_side(const Running& running, const Counterpart& counterpart, const Submission& submission, WallTime now) {
  const record::Entry& entry = submission.entry;
  constexpr auto kOwn = record::Whose::kAuthors;
  const auto act = grave_act_of(entry, matter_answered(running, counterpart, kOwn, entry));
  const std::vector<LineId> lines = act ? lines_of_act(running, counterpart, kOwn, entry) : std::vector<LineId>();
  DETENTE_TRY_VOID(check_mandate_submission(running, counterpart, entry, act, lines, submission.mandate, now));
  return act ? check_signers(running.config.rules, *act, entry) : Result<void>{};
}

}  // namespace

Result<record::Entry> prepare_entry(Running& running, const Counterpart& counterpart,
                                    const accord::Annex& annex, Submission submission) {
  DETENTE_TRY_VOID(check_carried(annex));
  const WallTime now = running.driver->now().wall;
  record::Entry& entry = submission.entry;
  entry.header.line = annex.line;
  if (!submission.timed) {
    if (!entry.signatures.empty())
      return fail(Fault::kMalformed, "a signed entry needs the \"time\" that was signed");
    entry.header.time = now;
  }
  DETENTE_TRY_VOID(check_desk_time(entry.header.time, now));
  for (const SubmissionReference& wanted : submission.references) {
    DETENTE_TRY(reference, resolve(running, running.line(counterpart.peer, annex.line), wanted));
    entry.header.references.push_back(reference);
  }
  DETENTE_TRY_VOID(check_kind(running, counterpart, entry, annex));
  // What the line takes comes before what the signature says: the plainer mistake first. Without one
  // the line's own check says the same.
  const core::LineSetup& setup = running.line(counterpart.peer, annex.line).setup();
  if (!entry.signatures.empty())
    DETENTE_TRY_VOID(line::check_submission(entry, core::rules_for(setup, entry.header.kind)));
  DETENTE_TRY_VOID(check_signatures(running, counterpart, annex, entry, now));
  DETENTE_TRY_VOID(check_rules_of_side(running, counterpart, submission, now));
  return std::move(entry);
}

}  // namespace detente::station
