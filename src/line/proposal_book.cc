#include "line/proposal_book.h"

#include <algorithm>

#include "line/message.h"

namespace detente::line {

namespace {

std::uint8_t other_side(std::uint8_t side) { return static_cast<std::uint8_t>(1 - side); }

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
  if (entry.header.kind == record::kEpochOpening && index == 0) {
    if (const auto before = parse_epoch_body(entry.body); before && *before) out.before = part_of(**before);
  }
  if (counts && entry.header.body_form == record::BodyForm::kCbor) read_act(out, entry);
  return out;
}

Result<void> ProposalBook::add(const Sighting& sighting) {
  const ActPlace& at = sighting.at;
  if (at.side > 1) return fail(Fault::kMalformed, "an entry of neither side of the accord");
  if (held_ == kBookEntriesMax)
    return fail(Fault::kLimit, "the accord line has more entries than proposals are computed from");
  Log& log = logs_[at.side][at.epoch];
  if (!log.passages.emplace(at.index, Passage{sighting.time, sighting.seen}).second) return {};
  ++held_;
  if (sighting.before) log.before = sighting.before;
  if (at.index == 0 || log.passages.size() == 1) lives_[at.side].reset();
  if (sighting.seen) {
    std::uint64_t& most = most_seen_[other_side(at.side)][sighting.seen->epoch];
    most = std::max(most, sighting.seen->size);
  }
  forget_outcomes(sighting);
  if (!sighting.proposal && !sighting.answer) return {};
  acts_.emplace(at, sighting);
  if (sighting.on) acts_on_[*sighting.on].insert(at);
  return {};
}

// Whether nothing of its side's log stands behind it, and no entry that is here was written by one who had seen it.
bool ProposalBook::stands_last(const ActPlace& place) const {
  const Lives& known = lives(place.side);
  if (known.in_order.back() != place.epoch || known.continued.count(place.epoch) > 0) return false;
  if (logs_[place.side].at(place.epoch).passages.rbegin()->first != place.index) return false;
  const auto most = most_seen_[place.side].find(place.epoch);
  return most == most_seen_[place.side].end() || most->second <= place.index;
}

// An entry behind all others can decide what it refers to, and be the late one by which an open proposal lapses; what has
// been decided before it stays. So a long log costs nothing anew with every entry.
void ProposalBook::forget_outcomes(const Sighting& added) {
  if (!lives_[added.at.side] || !stands_last(added.at)) {
    outcomes_.clear();
    proposals_.reset();
    return;
  }
  std::erase_if(outcomes_, [&](const auto& known) {
    return known.second.state == ProposalState::kOffered || known.first == added.on;
  });
  if (added.proposal) proposals_.reset();
}

// Whether a log of which so much was seen had that entry.
bool ProposalBook::saw(const std::optional<LogPart>& seen, const ActPlace& what) const {
  const Logs& logs = logs_[what.side];
  std::optional<LogPart> part = seen;
  // A hostile side can have its epochs name each other in a ring: each is asked once.
  for (std::size_t asked = 0; part && asked <= logs.size(); ++asked) {
    if (part->epoch == what.epoch) return what.index < part->size;
    const auto log = logs.find(part->epoch);
    part = log == logs.end() ? std::nullopt : log->second.before;
  }
  return false;
}

// Lives of one side's disk, the earlier first. One that names the life before stands behind it. Of lives that do not know
// of each other (a disk that went back, or to nothing) the one that began earlier by its side's clock is the earlier; whose
// clock was set back began when the life before it did.
ProposalBook::Rank ProposalBook::compute_rank(std::uint8_t side, const record::EpochId& epoch) const {
  const Logs& logs = logs_[side];
  Rank out{WallTime{}, 0, epoch};
  auto log = logs.find(epoch);
  for (std::size_t asked = 0; log != logs.end() && asked <= logs.size(); ++asked) {
    const auto first = log->second.passages.find(0);
    if (first != log->second.passages.end()) out.began = std::max(out.began, first->second.time);
    if (!log->second.before) break;
    log = logs.find(log->second.before->epoch);
    if (log != logs.end()) ++out.depth;
  }
  return out;
}

const ProposalBook::Lives& ProposalBook::lives(std::uint8_t side) const {
  std::optional<Lives>& known = lives_[side];
  if (known) return *known;
  known.emplace();
  std::vector<Rank> ranked;
  for (const auto& [epoch, log] : logs_[side]) {
    ranked.push_back(known->ranks.emplace(epoch, compute_rank(side, epoch)).first->second);
    if (log.before) known->continued.insert(log.before->epoch);
  }
  std::sort(ranked.begin(), ranked.end());
  for (const Rank& one : ranked) known->in_order.push_back(one.epoch);
  return *known;
}

bool ProposalBook::precedes(const ActPlace& earlier, const ActPlace& later) const {
  if (earlier.epoch == later.epoch) return earlier.index < later.index;
  const auto rank = [this](const ActPlace& place) {
    const std::map<record::EpochId, Rank>& ranks = lives(place.side).ranks;
    const auto found = ranks.find(place.epoch);
    return found == ranks.end() ? Rank{WallTime{}, 0, place.epoch} : found->second;
  };
  return rank(earlier) < rank(later);
}

bool ProposalBook::after(const ActPlace& earlier, const ActPlace& later) const {
  if (earlier.side == later.side) return precedes(earlier, later);
  const auto found = acts_.find(later);
  return found != acts_.end() && saw(found->second.seen, earlier);
}

std::optional<WallTime> ProposalBook::time_of(const ActPlace& entry) const {
  const auto log = logs_[entry.side].find(entry.epoch);
  if (log == logs_[entry.side].end()) return std::nullopt;
  const auto passage = log->second.passages.find(entry.index);
  return passage == log->second.passages.end() ? std::nullopt : std::optional(passage->second.time);
}

bool ProposalBook::shares_index(const ActPlace& place) const {
  const Logs& logs = logs_[place.side];
  return std::any_of(logs.begin(), logs.end(), [&](const auto& log) {
    return log.first != place.epoch && find({place.side, log.first, place.index}) != nullptr;
  });
}

std::optional<record::EntryClass> ProposalBook::class_of(const ActPlace& place) const {
  const auto found = acts_.find(place);
  return found == acts_.end() || !found->second.proposal ? std::nullopt : std::optional(found->second.entry_class);
}

// The first late entry of each epoch of the author's log, from the proposal on: who saw a later one saw it.
std::vector<ActPlace> ProposalBook::late_places(const ActPlace& from, WallTime lapse) const {
  std::vector<ActPlace> out;
  for (const auto& [epoch, log] : logs_[from.side])
    for (const auto& [index, passage] : log.passages) {
      const ActPlace place{from.side, epoch, index};
      if (passage.time < lapse || precedes(place, from)) continue;
      out.push_back(place);
      break;
    }
  return out;
}

// What the entry there does to that proposal, if it counts.
std::optional<ProposalAct> ProposalBook::act_on(const ActPlace& proposal, const ActPlace& at) const {
  const auto found = acts_.find(at);
  if (found == acts_.end() || found->second.on != proposal) return std::nullopt;
  const Sighting& act = found->second;
  if (act.entry_class != acts_.at(proposal).entry_class) return std::nullopt;
  if (act.answer) return act_of(act.answer->act);
  return at.side == proposal.side ? std::nullopt : std::optional(ProposalAct::kCounter);
}

// In the order of their log: what the side `of` did to it. The other side has to have seen it.
std::vector<ProposalBook::Step> ProposalBook::steps_of(const ActPlace& proposal, std::uint8_t of) const {
  std::vector<Step> out;
  const auto acts = acts_on_.find(proposal);
  if (acts == acts_on_.end()) return out;
  const bool author = of == proposal.side;
  for (const ActPlace& at : acts->second) {
    const auto act = at.side == of ? act_on(proposal, at) : std::nullopt;
    if (!act) continue;
    const std::optional<LogPart>& seen = acts_.at(at).seen;
    if (author ? precedes(proposal, at) : saw(seen, proposal))
      out.push_back({*act, author ? Actor::kAuthor : Actor::kOther, at, seen});
  }
  std::sort(out.begin(), out.end(), [this](const Step& a, const Step& b) { return precedes(a.at, b.at); });
  return out;
}

// Of the other side's entries that saw it the first that is late, or that saw a late one of its author.
std::optional<ProposalBook::Step> ProposalBook::lapse_step(const ActPlace& proposal) const {
  const auto lapse = lapse_of(*acts_.at(proposal).proposal);
  if (!lapse) return std::nullopt;
  const std::uint8_t side = other_side(proposal.side);
  const std::vector<ActPlace> late = late_places(proposal, *lapse);
  for (const record::EpochId& epoch : lives(side).in_order)
    for (const auto& [index, passage] : logs_[side].at(epoch).passages) {
      const auto& seen = passage.seen;
      if (!saw(seen, proposal)) continue;
      const auto saw_it = [&](const ActPlace& place) { return saw(seen, place); };
      if (passage.time >= *lapse || std::any_of(late.begin(), late.end(), saw_it))
        return Step{ProposalAct::kLapse, Actor::kTime, {side, epoch, index}, seen};
    }
  return std::nullopt;
}

std::vector<ProposalBook::Step> ProposalBook::other_steps(const ActPlace& proposal) const {
  std::vector<Step> out = steps_of(proposal, other_side(proposal.side));
  const std::optional<Step> lapse = lapse_step(proposal);
  if (!lapse) return out;
  const auto behind = std::find_if(out.begin(), out.end(), [&](const Step& one) { return !precedes(one.at, lapse->at); });
  out.insert(behind, *lapse);
  return out;
}

// The author's act stands before what it had not seen of the other side's.
std::vector<ProposalBook::Step> ProposalBook::merged(const ActPlace& proposal) const {
  const std::vector<Step> author = steps_of(proposal, proposal.side);
  const std::vector<Step> other = other_steps(proposal);
  std::vector<Step> out;
  auto next = other.begin();
  for (const Step& step : author) {
    while (next != other.end() && saw(step.seen, next->at)) out.push_back(*next++);
    out.push_back(step);
  }
  out.insert(out.end(), next, other.end());
  return out;
}

std::optional<Outcome> ProposalBook::outcome(const ActPlace& place) const {
  if (find(place) == nullptr) return std::nullopt;
  auto known = outcomes_.find(place);
  if (known == outcomes_.end()) known = outcomes_.emplace(place, compute(place)).first;
  return known->second;
}

Outcome ProposalBook::compute(const ActPlace& place) const {
  Outcome out;
  out.state = step(ProposalState::kNone, ProposalAct::kOffer, Actor::kAuthor).value_or(ProposalState::kNone);
  out.decided_at = place;
  const Step* withdrawn = nullptr;  // an offer that was still open
  const std::vector<Step> steps = merged(place);
  for (const Step& one : steps) {
    if (withdrawn && one.act == ProposalAct::kAccept && !saw(one.seen, withdrawn->at)) out.crossed = true;
    const auto next = step(out.state, one.act, one.by);
    if (!next) continue;
    if (*next == ProposalState::kAccepted && !out.accepted_at) out.accepted_at = one.at;
    if (*next == ProposalState::kWithdrawn && out.state == ProposalState::kOffered) withdrawn = &one;
    out.state = *next;
    out.decided_at = one.at;
  }
  return out;
}

std::optional<ActPlace> ProposalBook::accepted_at(const ActPlace& place) const {
  const std::optional<Outcome> known = outcome(place);
  return known ? known->accepted_at : std::nullopt;
}

const std::vector<ActPlace>& ProposalBook::proposals() const {
  if (proposals_) return *proposals_;
  proposals_.emplace();
  for (const auto& [at, act] : acts_)
    if (act.proposal) proposals_->push_back(at);
  std::sort(proposals_->begin(), proposals_->end(), [this](const ActPlace& a, const ActPlace& b) {
    return a.side != b.side ? a.side < b.side : precedes(a, b);
  });
  return *proposals_;
}

const Proposal* ProposalBook::find(const ActPlace& place) const {
  const auto found = acts_.find(place);
  return found == acts_.end() || !found->second.proposal ? nullptr : &*found->second.proposal;
}

std::optional<ActPlace> ProposalBook::agreed(Matter matter, const About& about) const {
  struct Agreement {
    ActPlace at, accepted_at;
    WallTime instant;
  };
  std::vector<Agreement> all;
  for (const ActPlace& at : proposals()) {
    const Proposal& proposal = *find(at);
    if (proposal.matter != matter || !about(proposal)) continue;
    const Outcome now = *outcome(at);
    if (now.state == ProposalState::kAccepted)
      all.push_back({at, now.decided_at, proposal.instant.value_or(WallTime{0})});
  }
  const Agreement* best = nullptr;
  for (const Agreement& one : all) {
    const bool older = std::any_of(all.begin(), all.end(), [&](const Agreement& another) {
      return another.at != one.at && after(one.accepted_at, another.accepted_at);
    });
    // proposals() is in the order that breaks a tie: side, then log.
    if (!older && (best == nullptr || one.instant < best->instant)) best = &one;
  }
  return best == nullptr ? std::nullopt : std::optional(best->at);
}

}  // namespace detente::line
