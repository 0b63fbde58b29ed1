#include "line/proposal_book.h"

#include <algorithm>
#include <utility>

namespace detente::line {

namespace {

constexpr std::size_t kRunLookedAt = 64;
constexpr std::size_t kEntriesALife = 8;  // what a life costs that no entry had named before

bool is_act(const Sighting& sighting) { return sighting.proposal || sighting.answer; }

}  // namespace

// --- what comes in -----------------------------------------------------------------

Result<void> ProposalBook::check_room(const Sighting& sighting) const {
  const Held& held = held_[sighting.at.side];
  if ((sighting.proposal && !has_room(sighting.at.side, record::kProposal)) ||
      (sighting.answer && !has_room(sighting.at.side, record::kProposalAnswer)))
    return fail(Fault::kLimit, "that side has written more proposals or answers than are computed with");
  // The first entry of a life says where the life stands: without it acts would lose their order.
  if (!is_act(sighting) && sighting.at.index > 0 && held.entries >= limits_.entries)
    return fail(Fault::kLimit, "that side's accord line has more entries than the hours of proposals are computed from");
  const Logs& logs = logs_[sighting.at.side];
  if (logs.size() >= limits_.lives && !logs.contains(sighting.at.epoch))
    return fail(Fault::kLimit, "that side's accord line was begun anew more often than proposals are computed from");
  return {};
}

void ProposalBook::clear() {
  const std::uint64_t changes = changes_ + 1;
  *this = ProposalBook(limits_);
  changes_ = changes;
}

std::optional<Filled> ProposalBook::nearly_full(std::uint8_t side) const {
  const auto near = [](std::size_t held, std::size_t most) { return held >= most - most / 8; };
  const Held& held = held_[side];
  if (near(held.proposals, limits_.proposals) || near(held.answers, limits_.answers)) return Filled::kActs;
  if (near(held.entries, limits_.entries)) return Filled::kEntries;
  return near(logs_[side].size(), limits_.lives) ? std::optional(Filled::kLives) : std::nullopt;
}

Result<void> ProposalBook::add(const Sighting& sighting) {
  const ActPlace& at = sighting.at;
  if (at.side > 1) return fail(Fault::kMalformed, "an entry of neither side of the accord");
  DETENTE_TRY_VOID(check_room(sighting));
  Log& log = logs_[at.side][at.epoch];
  const bool orders_lives = at.index == 0 || log.passages.empty();
  const std::size_t seen_lives = log.passages.seen_lives();
  if (acts_.contains(at) || !log.passages.add(at.index, sighting.time, sighting.seen)) return {};
  Held& held = held_[at.side];
  held.entries += (is_act(sighting) ? 0 : 1) + kEntriesALife * (log.passages.seen_lives() - seen_lives);
  held.proposals += sighting.proposal ? 1 : 0;
  held.answers += sighting.answer ? 1 : 0;
  latest_[at.side] = std::max(latest_[at.side], sighting.time);
  if (sighting.before && !log.before) log.before = sighting.before;
  if (sighting.seen) {
    std::uint64_t& most = most_seen_[other_side(at.side)][sighting.seen->epoch];
    most = std::max(most, sighting.seen->size);
  }
  if (is_act(sighting)) {
    ++changes_;
    acts_.emplace(at, sighting);
    if (sighting.on) acts_on_[*sighting.on].insert(at);
  }
  if (sighting.proposal) {
    proposals_.reset();
    unknown_.insert(at);
    if (const auto lapse = lapse_of(*sighting.proposal)) hours_[at.side].emplace(*lapse, at);
  }
  if (orders_lives) {
    lives_[at.side].reset();
    reaches_[at.side].clear();
  }
  // A record that is read at a start comes in no order: it is looked at when all of it is here.
  if (orders_lives || !log.passages.in_order()) {
    forget_all();
  } else if (stands_last(at)) {
    take_last(sighting);
  } else {
    forget_what_changes(sighting);
  }
  return {};
}

// Whether nothing of its side's log stands behind it, and no entry that is here was written by one who had seen it.
bool ProposalBook::stands_last(const ActPlace& place) const {
  const Lives& known = lives(place.side);
  if (known.in_order.back() != place.epoch || known.continued.count(place.epoch) > 0) return false;
  if (logs_[place.side].at(place.epoch).passages.last() != place.index) return false;
  const auto most = most_seen_[place.side].find(place.epoch);
  return most == most_seen_[place.side].end() || most->second <= place.index;
}

// An entry behind all others can decide what it refers to, and be the late one by which an open proposal lapses; what has
// been decided before it stays. So a long log costs nothing anew with every entry.
void ProposalBook::take_last(const Sighting& added) {
  lapse_by(added);
  compute_what_it_is_on(added);
  if (added.proposal) remember(added.at, {{ProposalState::kOffered, added.at, false, {}}, {}});
}

// By what it lapses stays as it was.
void ProposalBook::compute_what_it_is_on(const Sighting& added) {
  const auto on = added.on ? known_.find(*added.on) : known_.end();
  if (on == known_.end()) return;
  const Known now{compute(on->first, on->second.lapse), on->second.lapse};
  remember(on->first, now);
}

// Whether that entry of the other side's, whose author had seen the proposal, shows that it is late.
bool ProposalBook::is_late(const Sighting& added, const ActPlace& proposal, WallTime lapse) const {
  if (added.time >= lapse) return true;
  const std::vector<ActPlace> late = late_places(proposal, lapse);
  return std::any_of(late.begin(), late.end(), [&](const ActPlace& place) { return saw(added.seen, place); });
}

void ProposalBook::lapse_by(const Sighting& added) {
  const std::uint8_t side = other_side(added.at.side);
  const WallTime latest = std::max(added.time, latest_[side]);
  std::vector<ActPlace> lapsed;
  for (const auto& [lapse, at] : offered_[side]) {
    if (lapse > latest) break;
    if (saw(added.seen, at) && is_late(added, at, lapse)) lapsed.push_back(at);
  }
  for (const ActPlace& at : lapsed) {
    Known now = known_.at(at);
    now.lapse = Step{ProposalAct::kLapse, Actor::kTime, added.at, added.seen};
    // Behind all others it is the last step in every order.
    now.outcome.state = step(now.outcome.state, now.lapse->act, now.lapse->by).value_or(now.outcome.state);
    now.outcome.decided_at = added.at;
    remember(at, now);
    ++changes_;
  }
}

// Whether an entry that stands anywhere may be the one by which that proposal lapses, or its author's first late one.
bool ProposalBook::may_change(const Sighting& added, const Hour& of) const {
  const auto& [lapse, proposal] = of;
  if (added.at.side == proposal.side) {
    const bool same = added.at.epoch == proposal.epoch;
    if (same ? added.at.index < proposal.index : precedes(added.at, proposal)) return false;
    return logs_[proposal.side].at(added.at.epoch).passages.first_since(same ? proposal.index : 0, lapse) == added.at.index;
  }
  if (!saw(added.seen, proposal)) return false;
  const auto found = known_.find(proposal);
  // Behind the first that shows it, it shows nothing. One that decides nothing any more still has its place among the acts.
  if (found == known_.end() || (found->second.lapse && precedes(found->second.lapse->at, added.at))) return false;
  return is_late(added, proposal, lapse);
}

// An entry that others stand behind: all that hangs on it is computed again.
void ProposalBook::forget_what_changes(const Sighting& added) {
  std::vector<ActPlace> changed;
  const auto look_at = [&](const Hour& of) {
    if (may_change(added, of)) changed.push_back(of.second);
  };
  // Where it stands close behind a later one it is the first late one of what stands between them alone.
  const ActPlace& at = added.at;
  const auto run = logs_[at.side].at(at.epoch).passages.run_before(at.index, kRunLookedAt);
  const std::set<Hour>& own = hours_[at.side];
  for (auto of = run ? own.lower_bound({run->latest, {}}) : own.begin(); of != own.end() && of->first <= added.time; ++of) look_at(*of);
  for (auto act = acts_.lower_bound({at.side, at.epoch, run ? run->from : at.index}); act != acts_.end() && act->first <= at; ++act)
    if (act->second.proposal)
      if (const auto lapse = lapse_of(*act->second.proposal); lapse && *lapse <= added.time) look_at({*lapse, act->first});
  const std::uint8_t other = other_side(at.side);
  const WallTime latest = std::max(added.time, latest_[other]);
  for (auto of = hours_[other].begin(); of != hours_[other].end() && of->first <= latest; ++of) look_at(*of);
  // An act of its author's may stand before what was left out of account as too late.
  if (added.on && added.on->side == at.side) changed.push_back(*added.on);
  for (const ActPlace& proposal : changed) forget(proposal);
  compute_what_it_is_on(added);
}

void ProposalBook::forget(const ActPlace& proposal) {
  if (known_.erase(proposal) == 0) return;
  ++changes_;
  unknown_.insert(proposal);
  accepted_.erase(proposal);
  if (const auto lapse = lapse_of(*find(proposal))) offered_[proposal.side].erase({*lapse, proposal});
}

void ProposalBook::forget_all() {
  ++changes_;
  for (const auto& [proposal, known] : known_) unknown_.insert(unknown_.end(), proposal);
  known_.clear();
  accepted_.clear();
  for (std::set<Hour>& offered : offered_) offered.clear();
  proposals_.reset();
}

// --- what is known -----------------------------------------------------------------

void ProposalBook::remember(const ActPlace& proposal, const Known& known) const {
  known_.insert_or_assign(proposal, known);
  unknown_.erase(proposal);
  const ProposalState state = known.outcome.state;
  if (state == ProposalState::kAccepted) accepted_.insert(proposal);
  else accepted_.erase(proposal);
  const auto lapse = lapse_of(*acts_.at(proposal).proposal);
  if (!lapse) return;
  const Hour hour(*lapse, proposal);
  if (state == ProposalState::kOffered) offered_[proposal.side].insert(hour);
  else offered_[proposal.side].erase(hour);
}

const ProposalBook::Known& ProposalBook::known(const ActPlace& proposal) const {
  if (const auto found = known_.find(proposal); found != known_.end()) return found->second;
  const std::optional<Step> lapse = lapse_step(proposal);
  remember(proposal, {compute(proposal, lapse), lapse});
  return known_.at(proposal);
}

std::vector<ActPlace> ProposalBook::accepted(Matter matter) const {
  while (!unknown_.empty()) {
    const ActPlace next = *unknown_.begin();
    static_cast<void>(known(next));
  }
  std::vector<ActPlace> out;
  for (const ActPlace& at : accepted_)
    if (acts_.at(at).proposal->matter == matter) out.push_back(at);
  std::sort(out.begin(), out.end(), [this](const ActPlace& a, const ActPlace& b) { return stands_before(a, b); });
  return out;
}

// --- the order of entries ------------------------------------------------------------

// The lives that go back to that one, and how much of it who saw them saw.
const ProposalBook::Reaches& ProposalBook::reaches(std::uint8_t side, const record::EpochId& to) const {
  const auto [known, fresh] = reaches_[side].try_emplace(to);
  if (!fresh) return known->second;
  const Logs& logs = logs_[side];
  for (const auto& [from, first] : logs) {
    auto log = logs.find(from);
    // A hostile side can have its epochs name each other in a ring: each is asked once.
    for (std::size_t asked = 0; log != logs.end() && asked < logs.size(); ++asked) {
      const std::optional<LogPart>& before = log->second.before;
      if (!before) break;
      if (before->epoch == to) {
        known->second.emplace(from, before->size);
        break;
      }
      log = logs.find(before->epoch);
    }
  }
  return known->second;
}

// Whether a log of which so much was seen had that entry.
bool ProposalBook::saw(const std::optional<LogPart>& seen, const ActPlace& what) const {
  if (!seen) return false;
  if (seen->epoch == what.epoch) return what.index < seen->size;
  const Reaches& lives = reaches(what.side, what.epoch);
  const auto life = lives.find(seen->epoch);
  return life != lives.end() && what.index < life->second;
}

// The least of each life that who saw it saw that entry, too.
std::vector<LogPart> ProposalBook::parts_with(const ActPlace& what) const {
  std::vector<LogPart> out = {{what.epoch, what.index + 1}};
  for (const auto& [epoch, size] : reaches(what.side, what.epoch))
    if (epoch != what.epoch && what.index < size) out.push_back({epoch, 0});
  return out;
}

std::optional<std::uint64_t> ProposalBook::first_that_saw(const Passages& passages, const ActPlace& what) const {
  return passages.first_that_saw(parts_with(what));
}

// Lives of one side's disk, the earlier first. One that names the life before stands behind it. Of lives that do not know
// of each other (a disk that went back, or to nothing) the one that began earlier by its side's clock is the earlier; whose
// clock was set back began when the life before it did.
ProposalBook::Rank ProposalBook::compute_rank(std::uint8_t side, const record::EpochId& epoch) const {
  const Logs& logs = logs_[side];
  Rank out{WallTime{}, 0, epoch};
  auto log = logs.find(epoch);
  for (std::size_t asked = 0; log != logs.end() && asked <= logs.size(); ++asked) {
    if (const auto began = log->second.passages.began()) out.began = std::max(out.began, *began);
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

// In the order of proposals(), which breaks a tie between agreements.
bool ProposalBook::stands_before(const ActPlace& a, const ActPlace& b) const {
  return a.side != b.side ? a.side < b.side : precedes(a, b);
}

std::optional<WallTime> ProposalBook::time_of(const ActPlace& entry) const {
  const auto log = logs_[entry.side].find(entry.epoch);
  return log == logs_[entry.side].end() ? std::nullopt : log->second.passages.time_of(entry.index);
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

// --- what an outcome is computed from ------------------------------------------------

// The first late entry of each epoch of the author's log, from the proposal on: who saw a later one saw it.
std::vector<ActPlace> ProposalBook::late_places(const ActPlace& from, WallTime lapse) const {
  std::vector<ActPlace> out;
  for (const auto& [epoch, log] : logs_[from.side]) {
    const bool same = epoch == from.epoch;
    if (!same && precedes({from.side, epoch, 0}, from)) continue;
    if (const auto late = log.passages.first_since(same ? from.index : 0, lapse)) out.push_back({from.side, epoch, *late});
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

// Of one life of the other side's log: the first entry that had seen it and is late, or had seen a late one of its author.
std::optional<std::uint64_t> ProposalBook::first_lapse(const Passages& passages, const ActPlace& proposal, WallTime lapse,
                                                       const std::vector<ActPlace>& late) const {
  const auto first = first_that_saw(passages, proposal);
  if (!first) return std::nullopt;
  auto out = passages.first_since(*first, lapse);
  while (out && !saw(passages.seen_at(*out), proposal)) out = passages.first_since(*out + 1, lapse);
  for (const ActPlace& place : late) {
    auto by = first_that_saw(passages, place);
    if (by) by = std::max(*by, *first);
    const auto saw_both = [&](const std::optional<LogPart>& seen) { return saw(seen, place) && saw(seen, proposal); };
    while (by && (!out || *by < *out) && !saw_both(passages.seen_at(*by))) by = passages.first_from(*by + 1);
    if (by) out = std::min(out.value_or(*by), *by);
  }
  return out;
}

// The first that lapses it in the order of the other side's lives.
std::optional<ProposalBook::Step> ProposalBook::lapse_step(const ActPlace& proposal) const {
  const auto lapse = lapse_of(*acts_.at(proposal).proposal);
  if (!lapse) return std::nullopt;
  const std::uint8_t side = other_side(proposal.side);
  const std::vector<ActPlace> late = late_places(proposal, *lapse);
  for (const record::EpochId& epoch : lives(side).in_order) {
    const Passages& passages = logs_[side].at(epoch).passages;
    if (const auto at = first_lapse(passages, proposal, *lapse, late))
      return Step{ProposalAct::kLapse, Actor::kTime, {side, epoch, *at}, passages.seen_at(*at)};
  }
  return std::nullopt;
}

std::vector<ProposalBook::Step> ProposalBook::other_steps(const ActPlace& proposal, const std::optional<Step>& lapse) const {
  std::vector<Step> out = steps_of(proposal, other_side(proposal.side));
  if (!lapse) return out;
  const auto behind = std::find_if(out.begin(), out.end(), [&](const Step& one) { return !precedes(one.at, lapse->at); });
  out.insert(behind, *lapse);
  return out;
}

// The author's act stands before what it had not seen of the other side's.
std::vector<ProposalBook::Step> ProposalBook::merged(const ActPlace& proposal, const std::optional<Step>& lapse) const {
  const std::vector<Step> author = steps_of(proposal, proposal.side);
  const std::vector<Step> other = other_steps(proposal, lapse);
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
  return find(place) == nullptr ? std::nullopt : std::optional(known(place).outcome);
}

Outcome ProposalBook::compute(const ActPlace& place, const std::optional<Step>& lapse) const {
  Outcome out;
  out.state = step(ProposalState::kNone, ProposalAct::kOffer, Actor::kAuthor).value_or(ProposalState::kNone);
  out.decided_at = place;
  const Step* withdrawn = nullptr;  // an offer that was still open
  const std::vector<Step> steps = merged(place, lapse);
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
  std::sort(proposals_->begin(), proposals_->end(), [this](const ActPlace& a, const ActPlace& b) { return stands_before(a, b); });
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
  for (const ActPlace& at : accepted(matter)) {
    const Proposal& proposal = *find(at);
    if (about(proposal)) all.push_back({at, known(at).outcome.decided_at, proposal.instant.value_or(WallTime{0})});
  }
  const Agreement* best = nullptr;
  for (const Agreement& one : all) {
    const bool older = std::any_of(all.begin(), all.end(), [&](const Agreement& another) {
      return another.at != one.at && after(one.accepted_at, another.accepted_at);
    });
    // accepted() is in the order that breaks a tie: side, then log.
    if (!older && (best == nullptr || one.instant < best->instant)) best = &one;
  }
  return best == nullptr ? std::nullopt : std::optional(best->at);
}

}  // namespace detente::line
