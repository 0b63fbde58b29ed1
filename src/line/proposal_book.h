// ProposalBook: what became of each proposal, computed from both sides' logs of
// the accord line. spec/acts.md sections 3 to 5.
//
// Entries come in any order and more than once; only which of them are here
// decides, so both sides come to the same when both hold both logs. Nothing is
// read from a clock, and nothing hangs on when something arrived.
//
// The book believes what it is given: whether a signature is valid and an officer
// had the right is asked before (`counts` of sighting_of). Every entry of the
// accord line goes in, not the acts alone: they show how late it was.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "line/sighting.h"

namespace detente::line {

// Of each side, so that one that fills its part takes nothing from the other.
struct BookLimits {
  // Each by itself: they are read in another order at a start than they came in.
  std::size_t proposals = 16'384;
  std::size_t answers = 16'384;
  std::size_t entries = 262'144;  // that are neither, about 12 MB
  std::size_t lives = 64;
};

enum class Filled { kActs, kEntries, kLives };

struct Outcome {
  ProposalState state = ProposalState::kNone;
  ActPlace decided_at;   // the entry that made it so; of a lapse the first late one
  bool crossed = false;  // a withdrawal and an acceptance, neither of which had seen the other
  std::optional<ActPlace> accepted_at;  // the other side's acceptance that counted, whatever came after
};

class ProposalBook {
 public:
  explicit ProposalBook(BookLimits limits = {}) : limits_(limits) {}

  // Of everything but what changes() counts.
  void clear();

  // kLimit when that side's part of the book is full: what is in it stays right, and goes on being answered. kMalformed for
  // a third side. A place that is here already stays as it is.
  Result<void> add(const Sighting& sighting);
  // Whether a proposal, or an answer, of that side would still find its place; of other kinds every one does.
  bool has_room(std::uint8_t side, record::Kind kind) const {
    if (kind == record::kProposal) return held_[side].proposals < limits_.proposals;
    return kind != record::kProposalAnswer || held_[side].answers < limits_.answers;
  }
  // Of which seven eighths of that side's room are taken.
  std::optional<Filled> nearly_full(std::uint8_t side) const;

  // Grows with every entry that may change an outcome. Those that only show how late it is do so where something lapses.
  std::uint64_t changes() const { return changes_; }

  // All proposals, first those of side 0, each side's in its log's order. Stays as it is until the next add().
  const std::vector<ActPlace>& proposals() const;
  // Those of this matter that are accepted, in the same order.
  std::vector<ActPlace> accepted(Matter matter) const;
  const Proposal* find(const ActPlace& place) const;
  // Nothing where there is no proposal.
  std::optional<Outcome> outcome(const ActPlace& place) const;

  // The other side's acceptance of it that counted, whatever came after; nothing: it never was accepted.
  std::optional<ActPlace> accepted_at(const ActPlace& place) const;

  // Of the agreements of this matter about what `about` accepts, the one that counts.
  using About = std::function<bool(const Proposal&)>;
  std::optional<ActPlace> agreed(Matter matter, const About& about) const;

  // The header's time of the entry there, of any kind; nothing when it is not here.
  std::optional<WallTime> time_of(const ActPlace& entry) const;
  // Whether a proposal of another epoch of that side's log has the same index, so that the index names neither.
  bool shares_index(const ActPlace& place) const;
  // Nothing where there is no proposal.
  std::optional<record::EntryClass> class_of(const ActPlace& place) const;

  // Whether `later`, of the same side, stands after `earlier` in its log.
  bool precedes(const ActPlace& earlier, const ActPlace& later) const;

 private:
  struct Log {
    std::optional<LogPart> before;
    Passages passages;
  };
  struct Step {
    ProposalAct act;
    Actor by;
    ActPlace at;
    std::optional<LogPart> seen;
  };
  using Logs = std::map<record::EpochId, Log>;
  struct Rank {
    WallTime began;  // the latest first entry of it and the lives that it names, by their side's clock
    std::size_t depth = 0;
    record::EpochId epoch{};
    auto operator<=>(const Rank&) const = default;
  };

  // What the logs say of the order of a side's lives; computed since the last life came.
  struct Lives {
    std::map<record::EpochId, Rank> ranks;
    std::vector<record::EpochId> in_order;
    std::set<record::EpochId> continued;  // a later life names it as the one before
  };

  // What became of a proposal by the entries that are here, and the entry by which it lapses where nothing came before.
  struct Known {
    Outcome outcome;
    std::optional<Step> lapse;
  };
  struct Held {
    std::size_t proposals = 0;
    std::size_t answers = 0;
    std::size_t entries = 0;
  };
  using Hour = std::pair<WallTime, ActPlace>;  // when a proposal lapses

  Result<void> check_room(const Sighting& sighting) const;
  bool saw(const std::optional<LogPart>& seen, const ActPlace& what) const;
  using Reaches = std::map<record::EpochId, std::uint64_t>;
  const Reaches& reaches(std::uint8_t side, const record::EpochId& to) const;
  std::vector<LogPart> parts_with(const ActPlace& what) const;
  std::optional<std::uint64_t> first_that_saw(const Passages& passages, const ActPlace& what) const;
  bool after(const ActPlace& earlier, const ActPlace& later) const;  // of either side: had seen it
  bool stands_before(const ActPlace& a, const ActPlace& b) const;
  Rank compute_rank(std::uint8_t side, const record::EpochId& epoch) const;
  const Lives& lives(std::uint8_t side) const;
  bool stands_last(const ActPlace& place) const;
  void take_last(const Sighting& added);
  void compute_what_it_is_on(const Sighting& added);
  bool is_late(const Sighting& added, const ActPlace& proposal, WallTime lapse) const;
  void lapse_by(const Sighting& added);
  bool may_change(const Sighting& added, const Hour& of) const;
  void forget_what_changes(const Sighting& added);
  void forget(const ActPlace& proposal);
  void forget_all();
  void remember(const ActPlace& proposal, const Known& known) const;
  const Known& known(const ActPlace& proposal) const;
  std::vector<ActPlace> late_places(const ActPlace& from, WallTime lapse) const;
  std::optional<ProposalAct> act_on(const ActPlace& proposal, const ActPlace& at) const;
  std::vector<Step> steps_of(const ActPlace& proposal, std::uint8_t of) const;
  std::optional<std::uint64_t> first_lapse(const Passages& passages, const ActPlace& proposal, WallTime lapse,
                                           const std::vector<ActPlace>& late) const;
  std::optional<Step> lapse_step(const ActPlace& proposal) const;
  std::vector<Step> other_steps(const ActPlace& proposal, const std::optional<Step>& lapse) const;
  std::vector<Step> merged(const ActPlace& proposal, const std::optional<Step>& lapse) const;
  Outcome compute(const ActPlace& proposal, const std::optional<Step>& lapse) const;

  BookLimits limits_;
  Logs logs_[2];
  Held held_[2];
  WallTime latest_[2];  // of that side's entries, by its clock
  std::map<ActPlace, Sighting> acts_;
  std::map<ActPlace, std::set<ActPlace>> acts_on_;         // by the proposal that they refer to
  std::map<record::EpochId, std::uint64_t> most_seen_[2];  // of that side's lives, by any entry of the other side
  std::uint64_t changes_ = 0;
  std::set<Hour> hours_[2];                         // of that side's proposals
  mutable std::map<ActPlace, Known> known_;         // by proposal; those that no later entry has changed
  mutable std::set<ActPlace> unknown_;              // the others
  mutable std::set<ActPlace> accepted_;             // of those in known_
  mutable std::set<Hour> offered_[2];               // of those the offered ones of that side
  mutable std::optional<Lives> lives_[2];
  mutable std::map<record::EpochId, Reaches> reaches_[2];
  mutable std::optional<std::vector<ActPlace>> proposals_;
};

}  // namespace detente::line
