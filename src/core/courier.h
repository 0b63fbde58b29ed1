// Courier: files that are carried between the two stations by hand, where no path
// is. spec/courier.md.
//
// Every file holds all that the other side is not known to hold, so a lost one is
// made good by the next. The danger is an old file: a station that begins anew
// may have a disk copied back from last month, and what it sent before is under
// way in somebody's bag. So a file is taken only when it shows that it was made
// after its station had heard of this one's present life, and never one of a life
// of its station's that is over: what spec/session.md section 8 does for paths.
// All of that is in memory: it is of this life.
#pragma once

#include <map>
#include <memory>
#include <set>

#include "core/line.h"
#include "core/link.h"

namespace detente::core {

// One entry of the own log, for a file of its own.
struct CourierAct {
  LineId line;
  std::uint64_t index = 0;
  std::optional<SubmissionId> waiting = {};  // one that waits: it gets its index first
};

class Courier {
 public:
  using Lines = std::map<LineId, std::unique_ptr<Line>>;
  // Borrowed; all outlive it.
  Courier(const PairIdentity& identity, Link& link, const Lines& lines)
      : identity_(&identity), link_(&link), lines_(&lines) {}

  // Errors are for the person, who then knows what to do; what is on its way is told by an event.
  Result<CourierId> pack(Context& context, const std::optional<CourierAct>& act);
  Result<CourierId> take(Context& context, ByteView file);
  CourierId next_id() const { return next_id_; }
  void count_from(CourierId next) { next_id_ = next; }  // of one that goes on where another ended

 private:
  // The other station as its files have shown it.
  struct Other {
    link::CourierMark life{};
    link::CourierMark challenge{};
    std::uint64_t number = 0;        // the highest
    std::uint64_t state_number = 0;  // of the file whose log states were the last to be used
    std::set<std::uint64_t> taken;
    std::uint64_t sessions = 0;      // that there had been when this life was met: later ones are of it, or of one after it
  };
  enum class Age { kOfFormerLife, kUnheard, kHeard };

  void wake(Context& context);
  // Nothing is made for, nor taken by, a station that its side declared lost.
  Result<void> check_stations() const;
  Result<void> check_maker(Context& context, const link::ParsedCourier& file) const;
  // `then` once all that was asked of the disk has ended; CourierFailed if the disk refuses.
  void after_commits(Context& context, CourierId id, EffectQueue::Then then);
  void tell_packed(Context& context, CourierId id, const std::optional<CourierAct>& act);
  Result<CourierId> pack_waiting(Context& context, const CourierAct& act);
  Result<CourierPacked> build(Context& context, CourierId id, const std::optional<CourierAct>& act);
  Result<void> check_header(const link::CourierHeader& header) const;
  bool takes_accord(const Digest& accord) const;
  Result<link::CourierContents> open(Context& context, const link::ParsedCourier& file);
  Age meet(Context& context, const link::CourierContents& contents, std::uint64_t number);
  std::vector<Line::CourierIntake> hand_on(Context& context, const link::CourierContents& contents, bool newest);
  void finish(Context& context, CourierTaken taken, std::vector<Line::CourierIntake> intakes);

  const PairIdentity* identity_;
  Link* link_;
  const Lines* lines_;
  CourierId next_id_ = 1;
  std::uint64_t last_number_ = 0;
  std::optional<link::CourierMark> life_;  // drawn when the first file is made or taken
  link::CourierMark challenge_{};
  std::uint64_t far_lives_ = 0;  // that the link knew of when the challenge was drawn
  crypto::AgreePublic far_key_{};  // whose files `other_` is of
  std::optional<Other> other_;
};

}  // namespace detente::core
