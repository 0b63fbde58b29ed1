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

#include <compare>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "line/proposal.h"

namespace detente::line {

inline constexpr std::size_t kBookEntriesMax = 250'000;  // about 30 MB

// An entry of the accord line; `side` is its author's place in the accord's order, 0 or 1.
struct ActPlace {
  std::uint8_t side = 0;
  record::EpochId epoch{};
  std::uint64_t index = 0;
  auto operator<=>(const ActPlace&) const = default;
};

// So much of a log: the entries of `epoch` below `size`, and what that epoch's first entry names.
struct LogPart {
  record::EpochId epoch{};
  std::uint64_t size = 0;
  bool operator==(const LogPart&) const = default;
};

// What the book needs of an entry.
struct Sighting {
  ActPlace at;
  record::EntryClass entry_class = record::EntryClass::kLive;
  WallTime time;
  std::optional<LogPart> seen;    // of the other side's log
  std::optional<LogPart> before;  // of the own log, where this is an epoch's first entry
  std::optional<ActPlace> on;     // what a counter-offer or an answer refers to
  std::optional<Proposal> proposal;
  std::optional<Answer> answer;
};
// `counts`: signed validly by an officer who may. A body that does not read counts for nothing.
Sighting sighting_of(std::uint8_t side, const record::EpochId& epoch, std::uint64_t index,
                     const record::Entry& entry, bool counts);

struct Outcome {
  ProposalState state = ProposalState::kNone;
  ActPlace decided_at;   // the entry that made it so; of a lapse the first late one
  bool crossed = false;  // a withdrawal and an acceptance, neither of which had seen the other
  std::optional<ActPlace> accepted_at;  // the other side's acceptance that counted, whatever came after
};

class ProposalBook {
 public:
  // kLimit when the book is full; kMalformed for a third side. A place that is here already stays as it is.
  Result<void> add(const Sighting& sighting);

  // All proposals, first those of side 0, each side's in its log's order. Stays as it is until the next add().
  const std::vector<ActPlace>& proposals() const;
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
  struct Passage {
    WallTime time;
    std::optional<LogPart> seen;
  };
  struct Log {
    std::optional<LogPart> before;
    std::map<std::uint64_t, Passage> passages;
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

  bool saw(const std::optional<LogPart>& seen, const ActPlace& what) const;
  bool after(const ActPlace& earlier, const ActPlace& later) const;  // of either side: had seen it
  Rank compute_rank(std::uint8_t side, const record::EpochId& epoch) const;
  const Lives& lives(std::uint8_t side) const;
  bool stands_last(const ActPlace& place) const;
  void forget_outcomes(const Sighting& added);
  std::vector<ActPlace> late_places(const ActPlace& from, WallTime lapse) const;
  std::optional<ProposalAct> act_on(const ActPlace& proposal, const ActPlace& at) const;
  std::vector<Step> steps_of(const ActPlace& proposal, std::uint8_t of) const;
  std::optional<Step> lapse_step(const ActPlace& proposal) const;
  std::vector<Step> other_steps(const ActPlace& proposal) const;
  std::vector<Step> merged(const ActPlace& proposal) const;
  Outcome compute(const ActPlace& proposal) const;

  Logs logs_[2];
  std::map<ActPlace, Sighting> acts_;
  std::size_t held_ = 0;
  std::map<ActPlace, std::set<ActPlace>> acts_on_;              // by the proposal that they refer to
  std::map<record::EpochId, std::uint64_t> most_seen_[2];       // of that side's lives, by any entry of the other side
  mutable std::map<ActPlace, Outcome> outcomes_;                // those that no later entry has changed
  mutable std::optional<Lives> lives_[2];
  mutable std::optional<std::vector<ActPlace>> proposals_;
};

}  // namespace detente::line
