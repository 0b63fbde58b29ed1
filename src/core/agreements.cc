#include "core/agreements.h"

#include <algorithm>
#include <set>

namespace detente::core {

namespace {

using record::Whose;

constexpr std::size_t kWaitingBytes = std::size_t{4} << 20;  // of entries while the proposals are read
// Of each side.
constexpr std::size_t kTestsKept = 4096;
constexpr std::size_t kLiftsKept = 4096;
constexpr std::size_t kReportsKept = 4096;
constexpr std::size_t kCutsKept = 16'384;
constexpr std::size_t kAdoptionsKept = 1024;

Whose other(Whose whose) { return whose == Whose::kAuthors ? Whose::kOthers : Whose::kAuthors; }

bool names(const std::vector<line::RestoredLine>& lines, LineId line, line::MediaMask media) {
  return std::any_of(lines.begin(), lines.end(),
                     [&](const line::RestoredLine& one) { return one.line == line && (one.media & media) != 0; });
}

// Of a proposal of another matter, none.
// What the other side's station may not have checked.
Result<void> check_accepted_announcement(const line::Proposal& proposal, const record::Header& answer) {
  DETENTE_TRY(what, record::parse_announcement_content(proposal.content));
  if (!proposal.instant) return fail(Fault::kState, "this announcement names no instant: reject it, and offer one that does");
  if (!what.complete())
    return fail(Fault::kState, "this announcement names the other side's text alone: answer with your own, by "
                               "`detente announce agree ID --text FILE`");
  if (answer.entry_class != record::EntryClass::kLive) return fail(Fault::kMalformed, "an announcement is no drill");
  return line::check_announced_ahead(*proposal.instant, answer.time);
}

const char* words_of(line::Filled filled) {
  switch (filled) {
    case line::Filled::kActs: return "no more of its proposals and answers are taken into account";
    case line::Filled::kEntries: return "its clock shows no more that a proposal has lapsed";
    case line::Filled::kLives: return "no more of what it signs after another loss of its disk is taken into account";
  }
  return "";
}

bool is_act(record::Kind kind) { return line::is_proposal_act(kind) || kind == record::kRegister; }

std::vector<line::RestoredLine> lines_of(const line::Proposal& proposal) {
  if (proposal.matter != line::Matter::kRestoration) return {};
  return line::parse_restoration_content(proposal.content).value_or(std::vector<line::RestoredLine>());
}

}  // namespace

Agreements::Kept::Kept() : tests(kTestsKept), desks(kTestsKept), reported(kReportsKept), adopted(kAdoptionsKept), cuts(kCutsKept) {}

Agreements::Agreements(const PairIdentity& identity, bool we_are_first, Counts counts, Vouched vouched)
    : identity_(&identity),
      own_side_(we_are_first ? 0 : 1),
      counts_(std::move(counts)),
      vouched_(std::move(vouched)),
      lifts_(kLiftsKept) {}

void Agreements::load(const Context& context) {
  book_.clear();
  for (Kept& of_a_side : kept_) of_a_side = Kept();  // and not the lifts, whose tests may run
  left_out_ = false;
  ++revision_;
  seen_.load(context, *identity_);
  const auto take = [&](const RecordedEntry& one) {
    const bool fits = book_.has_room(side_of(one.whose), one.entry.header.kind);
    const bool counts = one.vouched && note(one.whose, one.epoch, one.index, one.entry);
    left_out_ = left_out_ || (fits && !counts && is_act(one.entry.header.kind));
  };
  // What is asked of an answer hangs on its proposal: these first. The rest waits here, unless it is so much that it is read
  // a second time instead.
  std::vector<RecordedEntry> rest;
  std::size_t bytes = 0;
  read_accord_line(context, *identity_, vouched_, [&](RecordedEntry one) {
    if (one.whose == Whose::kOthers) seen_.take({one.epoch, one.index}, one.entry);
    if (one.entry.header.kind == record::kProposal) return take(one);
    bytes += sizeof one + one.entry.body.size();
    if (bytes <= kWaitingBytes) rest.push_back(std::move(one));
  });
  if (bytes <= kWaitingBytes) {
    for (const RecordedEntry& one : rest) take(one);
    return;
  }
  rest.clear();
  read_accord_line(context, *identity_, vouched_, [&](RecordedEntry one) {
    if (one.entry.header.kind != record::kProposal) take(one);
  });
}

bool Agreements::note(Whose whose, const record::EpochId& epoch, std::uint64_t index, const record::Entry& entry) {
  const line::ActPlace at = place(whose, epoch, index);
  const record::Kind kind = entry.header.kind;
  // What has no room is not worth a look at its signature: an act each would be one at every start and every bulletin.
  if (!book_.has_room(at.side, kind)) return false;
  const bool judged = is_act(kind) || kind == record::kRestorationTest;
  const bool counts = judged && !replayed(whose, epoch, index, entry) && (!counts_ || counts_(whose, entry, at));
  // A book that is full computes on from what it has; tell_of_a_full_book() has said so before.
  static_cast<void>(book_.add(line::sighting_of(at.side, epoch, index, entry, counts && line::is_proposal_act(kind))));
  ++revision_;
  if (kind == record::kRelease) note_release(whose, at, entry);
  if (kind == record::kRestorationReport) note_report(whose, entry);
  if (kind == record::kAdoption) note_adoption(whose, at, entry);
  if (counts && kind == record::kRegister) note_register_act(whose, at, entry);
  if (counts && kind == record::kRestorationTest) note_test(whose, at, entry);
  return counts;
}

void Agreements::note_register_act(Whose whose, const line::ActPlace& at, const record::Entry& entry) {
  const Result<line::RegisterAct> act = line::parse_register_body(entry.body);
  if (!act || !act->cut || !line::names_an_hour_in_reach(*act, entry.header.time)) return;
  for (const line::RegisterOf& of : act->lines()) kept(whose).cuts.at({of.line, of.cut_epoch}) = at;
}

void Agreements::note_test(Whose whose, const line::ActPlace& at, const record::Entry& entry) {
  const Result<line::RestorationTest> test = line::parse_restoration_test_body(entry.body);
  const auto agreement = target(whose, entry.header);
  if (!test) return;
  if (test->of == line::RestorationTestOf::kLift) return note_lift_test(whose, at, *test);
  if (!agreement) return;
  if (test->of == line::RestorationTestOf::kDesk) {
    for (const LineId line : test->lines) {
      WallTime& said = kept(whose).desks.at({*agreement, line});
      said = std::max(said, entry.header.time);
    }
    return;
  }
  Test found{at, {}};
  if (entry.header.attachments.size() == 1) found.document = entry.header.attachments.front();
  if (test->of == line::RestorationTestOf::kDocument && !found.document) return;
  kept(whose).tests.at({*agreement, test->of}) = found;
}

// It is its author's test of text, too.
void Agreements::note_lift_test(Whose whose, const line::ActPlace& at, const line::RestorationTest& test) {
  lifts_.add({at, test.registers});
  kept(whose).tests.at({at, line::RestorationTestOf::kText}) = {at, {}};
}

std::optional<line::RestorationEnd> Agreements::lift_end(const LiftTest& test) const {
  const line::RestorationReport* said = report(test.at, whose(test.at));
  return said == nullptr ? std::nullopt : std::optional(said->end);
}

void Agreements::note_report(Whose whose, const record::Entry& entry) {
  const auto on = target(whose, entry.header);
  const auto report = line::parse_restoration_report_body(entry.body);
  if (!on || !report || reported(*on, whose)) return;
  kept(whose).reported.at(*on) = *report;
  ++reports_;
}

// A station's own word about itself: nobody has to sign it, and what it claims decides nothing here.
void Agreements::note_release(Whose whose, const line::ActPlace& at, const record::Entry& entry) {
  const Result<line::Release> release = line::parse_release_body(entry.body);
  const auto agreement = target(whose, entry.header);
  const line::Proposal* proposal = agreement ? book_.find(*agreement) : nullptr;
  if (!release || proposal == nullptr || proposal->matter != line::Matter::kAnnouncement) return;
  const auto [known, fresh] = kept(whose).released.emplace(*agreement, Released{at, *release});
  if (!fresh && book_.precedes(at, known->second.at)) known->second = {at, *release};
}

// The same: the accord itself is proved by both sides' root signatures, and what this says is of its author alone.
void Agreements::note_adoption(Whose whose, const line::ActPlace& at, const record::Entry& entry) {
  const Result<line::Adoption> adoption = line::parse_adoption_body(entry.body);
  if (!adoption || adopted(whose, adoption->accord) != nullptr) return;
  Adopted found{at, *adoption, {}};
  if (entry.header.attachments.size() == 1) found.files = entry.header.attachments.front();
  kept(whose).adopted.at(adoption->accord) = found;
}

void Agreements::tell_of_a_full_book(Context& context) {
  for (const Whose whose : {Whose::kAuthors, Whose::kOthers}) {
    const bool own = whose == Whose::kAuthors;
    bool& told = told_full_[own ? 0 : 1];
    const auto filled = told ? std::nullopt : book_.nearly_full(side_of(whose));
    if (!filled) continue;
    told = true;
    context.effects.notify(Alarm{identity_->peer, AlarmKind::kQuota,
                                 std::string(own ? "this side has" : "the other side has") + " written so much on the accord line that soon " +
                                     words_of(*filled) + ": ask what it does there; the way out is a new accord that is no successor of this one",
                                 kAccordLine});
  }
}

std::optional<line::ActPlace> Agreements::target(Whose author, const record::Header& header) const {
  if (header.references.size() != 1) return std::nullopt;
  const record::Reference& one = header.references.front();
  return place(one.whose == Whose::kAuthors ? author : other(author), one.epoch, one.index);
}

Result<void> Agreements::check_own(const record::Entry& entry) const {
  DETENTE_TRY_VOID(line::check_proposal_act(entry));
  const auto on = target(Whose::kAuthors, entry.header);
  if (entry.header.kind == record::kProposal && !on) return {};
  if (!on || book_.find(*on) == nullptr)
    return fail(Fault::kNotFound, "the entry that this refers to is no proposal, or its signature does not count");
  auto deed = line::ProposalAct::kCounter;
  if (entry.header.kind == record::kProposalAnswer) {
    DETENTE_TRY(answer, line::parse_answer_body(entry.body));
    deed = line::act_of(answer.act);
  }
  const line::ProposalState state = book_.outcome(*on)->state;
  const line::Proposal& proposal = *book_.find(*on);
  const auto by = whose(*on) == Whose::kAuthors ? line::Actor::kAuthor : line::Actor::kOther;
  if (!line::step(state, deed, by))
    return fail(Fault::kConflict, std::string("the proposal is ") + line::to_string(state) + ", and there is nothing to " +
                                      line::to_string(deed) + "; `detente proposal list` shows what is open");
  const auto lapse = line::lapse_of(proposal);
  if (state == line::ProposalState::kOffered && by == line::Actor::kOther && lapse && entry.header.time >= *lapse)
    return fail(Fault::kState, "the hour by which the proposal wanted an answer has passed: offer it anew");
  const bool accepts = entry.header.kind == record::kProposalAnswer && deed == line::ProposalAct::kAccept;
  if (accepts && proposal.matter == line::Matter::kAnnouncement) return check_accepted_announcement(proposal, entry.header);
  return {};
}

std::vector<AgreedRestoration> Agreements::restorations() const {
  std::vector<AgreedRestoration> out;
  // One whose end was reported is no rival of what was accepted after its hour: its own acceptance may be on one disk alone,
  // so that nobody can have seen it.
  std::set<const line::Proposal*> ended;
  for (const Kept& of_a_side : kept_)
    for (const auto& [of, report] : of_a_side.reported) ended.insert(book_.find(of));
  std::map<const line::Proposal*, std::vector<line::RestoredLine>> named;
  const auto lines_named = [&named](const line::Proposal& proposal) -> const std::vector<line::RestoredLine>& {
    const auto [known, fresh] = named.try_emplace(&proposal);
    if (fresh) known->second = lines_of(proposal);
    return known->second;
  };
  for (const line::ActPlace& at : book_.accepted(line::Matter::kRestoration)) {
    const line::Proposal& proposal = *book_.find(at);
    if (!proposal.instant) continue;
    const WallTime accepted = book_.time_of(*book_.accepted_at(at)).value_or(WallTime{});
    AgreedRestoration one{at, {}, *proposal.instant};
    for (const line::RestoredLine& line : lines_named(proposal)) {
      const auto about = [&](const line::Proposal& another) {
        const bool over = ended.count(&another) > 0 && another.instant && *another.instant < accepted;
        return (&another == &proposal || !over) && names(lines_named(another), line.line, line.media);
      };
      if (book_.agreed(line::Matter::kRestoration, about) == at) one.lines.push_back(line);
    }
    if (!one.lines.empty()) out.push_back(std::move(one));
  }
  return out;
}

// The proposal, or the acceptance.
std::optional<line::ActPlace> Agreements::part_of(const line::ActPlace& agreement, Whose whose) const {
  if (this->whose(agreement) == whose) return agreement;
  return book_.accepted_at(agreement);
}

bool Agreements::covers(const line::ActPlace& agreement, Whose whose, LineId line, std::uint64_t cut_epoch) const {
  const line::ActPlace* cut = kept(whose).cuts.find({line, cut_epoch});
  const auto part = part_of(agreement, whose);
  return cut != nullptr && part && book_.precedes(*cut, *part);
}

bool Agreements::cut_since(const line::ActPlace& agreement, Whose whose, LineId line, std::uint64_t cut_epoch) const {
  return kept(whose).cuts.find({line, cut_epoch}) != nullptr && part_of(agreement, whose) && !covers(agreement, whose, line, cut_epoch);
}

bool Agreements::ends_restoration(Whose whose, const record::Entry& clear) const {
  const auto agreement = target(whose, clear.header);
  const line::Proposal* proposal = agreement ? book_.find(*agreement) : nullptr;
  const Result<line::RegisterAct> act = line::parse_register_body(clear.body);
  if (proposal == nullptr || !act || !act->clear || !book_.accepted_at(*agreement)) return false;
  const std::vector<line::RestoredLine> agreed = lines_of(*proposal);
  return std::all_of(act->lines().begin(), act->lines().end(),
                     [&](const line::RegisterOf& of) { return names(agreed, of.line, line::kAllMedia); });
}

std::vector<AgreedAnnouncement> Agreements::announcements() const {
  std::vector<AgreedAnnouncement> out;
  for (const line::ActPlace& at : book_.accepted(line::Matter::kAnnouncement)) {
    const line::Proposal& proposal = *book_.find(at);
    if (!proposal.instant) continue;
    if (book_.class_of(at) != record::EntryClass::kLive) continue;
    if (auto what = record::parse_announcement_content(proposal.content); what && what->complete())
      out.push_back({at, std::move(*what), *proposal.instant});
  }
  return out;
}

std::optional<Digest> Agreements::announced_text(const line::ActPlace& proposal, Whose whose) const {
  const line::Proposal* found = book_.find(proposal);
  if (found == nullptr || found->matter != line::Matter::kAnnouncement) return std::nullopt;
  const auto what = record::parse_announcement_content(found->content);
  if (!what) return std::nullopt;
  return what->mode == record::AnnouncementMode::kIdentical || this->whose(proposal) == whose ? std::optional(what->text) : what->other;
}

const Agreements::Released* Agreements::released(const line::ActPlace& agreement, Whose whose) const {
  const auto found = kept(whose).released.find(agreement);
  return found == kept(whose).released.end() ? nullptr : &found->second;
}

bool Agreements::release_crossed(const line::ActPlace& agreement) const {
  const auto outcome = book_.outcome(agreement);
  if (!outcome || outcome->state != line::ProposalState::kWithdrawn) return false;
  const line::ActPlace& withdrawal = outcome->decided_at;
  const Released* theirs = released(agreement, other(whose(withdrawal)));
  // Not what each had seen: either may have waited for its place long after it was said.
  const auto signed_at = book_.time_of(withdrawal);
  return theirs != nullptr && signed_at && *signed_at <= theirs->what.at;
}

const Agreements::Adopted* Agreements::adopted(Whose whose, const Digest& accord) const {
  return kept(whose).adopted.find(accord);
}

std::vector<Agreements::Adopted> Agreements::their_adoptions() const {
  std::vector<Adopted> out;
  for (const auto& [accord, one] : kept(Whose::kOthers).adopted) out.push_back(one);
  return out;
}

const Agreements::Test* Agreements::test(const line::ActPlace& agreement, Whose whose, line::RestorationTestOf of) const {
  return kept(whose).tests.find({agreement, of});
}

bool Agreements::desk_spoke(const line::ActPlace& agreement, Whose whose, LineId line) const {
  const WallTime* said = kept(whose).desks.find({agreement, line});
  if (said == nullptr) return false;
  const line::Proposal* proposal = book_.find(agreement);  // none: the first test of a lift, which comes before any word
  return proposal == nullptr || (proposal->instant && *said >= *proposal->instant);
}

}  // namespace detente::core
