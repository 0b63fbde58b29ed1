// Agreements: what the two sides have proposed to each other on the accord line, what became of it, and
// what they have agreed to restore. spec/acts.md sections 3 to 5, spec/restoration.md.
//
// Every entry of the accord line goes in once it is here: own ones when they are durable, the other side's when
// they are verified; all of it is read again where the disk refused one of those.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "core/accord_log.h"
#include "core/lift_tests.h"
#include "core/newest_kept.h"
#include "core/seen_signatures.h"
#include "line/adoption.h"
#include "line/proposal_book.h"
#include "line/release.h"
#include "line/restoration.h"
#include "record/announcement.h"

namespace detente::core {

// An accepted proposal of a restoration.
struct AgreedRestoration {
  line::ActPlace at;
  std::vector<line::RestoredLine> lines;
  WallTime instant;
};

// An accepted proposal of an announcement, which names the texts of both sides.
struct AgreedAnnouncement {
  line::ActPlace at;
  record::Announcement what;
  WallTime instant;
};

class Agreements {
 public:
  // Whether an act counts: its officers may do that and their signatures are good. `at`: where it stands, if it has its
  // place; what a revoked officer signed before his last valid position goes on counting. Nothing: every one does.
  using Counts = std::function<bool(record::Whose whose, const record::Entry& entry, const std::optional<line::ActPlace>& at)>;

  Agreements(const PairIdentity& identity, bool we_are_first, Counts counts, Vouched vouched);

  // Again, when somebody was revoked: what stands beyond his last valid position is left out, as if it were not there.
  // Not while a commit of the accord line is under way: what it brings is noted and not in the store.
  void load(const Context& context);
  // Whether that left an act out, of whatever kind.
  bool left_out() const { return left_out_; }
  // Every entry of the accord line that is vouched for.
  bool vouched(record::Whose whose, const record::EpochId& epoch, std::uint64_t index) const {
    return !vouched_ || vouched_(whose, epoch, index);
  }
  // Whether it is an act that counts. One that was replayed by its station does not: its officer did not sign it for this.
  bool note(record::Whose whose, const record::EpochId& epoch, std::uint64_t index, const record::Entry& entry);
  bool replayed(record::Whose whose, const record::EpochId& epoch, std::uint64_t index, const record::Entry& entry) const {
    return whose == record::Whose::kOthers && seen_.replayed({epoch, index}, entry);
  }
  // Whoever takes an entry of theirs shows it what signed it, before it is noted.
  SeenSignatures& seen() { return seen_; }

  const line::ProposalBook& book() const { return book_; }
  record::Whose whose(const line::ActPlace& place) const {
    return place.side == own_side_ ? record::Whose::kAuthors : record::Whose::kOthers;
  }
  std::uint8_t side_of(record::Whose whose) const { return whose == record::Whose::kAuthors ? own_side_ : line::other_side(own_side_); }
  line::ActPlace place(record::Whose whose, const record::EpochId& epoch, std::uint64_t index) const { return {side_of(whose), epoch, index}; }
  // What an entry of that side refers to; nothing without exactly one reference.
  std::optional<line::ActPlace> target(record::Whose author, const record::Header& header) const;

  // What a desk of this side wrote: kNotFound, kConflict when it leads nowhere from what is known now.
  Result<void> check_own(const record::Entry& entry) const;

  // Those that stand; each line only where this agreement is the one that counts. Another answer only after another
  // agreed_revision().
  std::vector<AgreedRestoration> restorations() const;
  // Whether that side's part of the agreement stands after its cut of that epoch in its log.
  std::optional<line::ActPlace> part_of(const line::ActPlace& agreement, record::Whose whose) const;
  bool covers(const line::ActPlace& agreement, record::Whose whose, LineId line, std::uint64_t cut_epoch) const;
  // Whether it is known to stand after it. Of a cut of which nothing is here but what a register says, neither is so.
  bool cut_since(const line::ActPlace& agreement, record::Whose whose, LineId line, std::uint64_t cut_epoch) const;
  // Whether that side's clear, which says that it ends a restoration, refers to one that both had agreed on and that
  // names every line of it. What was withdrawn since stays carried out.
  bool ends_restoration(record::Whose whose, const record::Entry& clear) const;

  // Those that stand, each by itself. Another answer only after another agreed_revision().
  std::vector<AgreedAnnouncement> announcements() const;
  // The text of that side's that it names; nothing as long as it names none.
  std::optional<Digest> announced_text(const line::ActPlace& proposal, record::Whose whose) const;
  // That side's station says that it released its text: the first entry that does.
  struct Released {
    line::ActPlace at;
    line::Release what;
  };
  const Released* released(const line::ActPlace& agreement, record::Whose whose) const;
  // An announcement was withdrawn by one side before the other released its text, which can mean only that it came too
  // late there.
  bool release_crossed(const line::ActPlace& agreement) const;

  // That side's station says that it holds this accord: the first entry that does.
  struct Adopted {
    line::ActPlace at;
    line::Adoption what;
    std::optional<record::Attachment> files;
  };
  const Adopted* adopted(record::Whose whose, const Digest& accord) const;
  // Those of the other side's.
  std::vector<Adopted> their_adoptions() const;

  // The newest test of that side's under that agreement.
  struct Test {
    line::ActPlace at;
    std::optional<record::Attachment> document;
  };
  const Test* test(const line::ActPlace& agreement, record::Whose whose, line::RestorationTestOf of) const;
  // Whether that side's officer has said that he is at the desk of that line, by his clock at or after the agreed
  // instant: before it there was no test that he could have read.
  bool desk_spoke(const line::ActPlace& agreement, record::Whose whose, LineId line) const;

  const LiftTests& lift_tests() const { return lifts_; }
  // How that lift ended, as the station that lifts reports it.
  std::optional<line::RestorationEnd> lift_end(const LiftTest& test) const;

  // How the restoration ended, as that side's station reports it: the first report that it wrote.
  bool reported(const line::ActPlace& agreement, record::Whose whose) const { return report(agreement, whose) != nullptr; }
  const line::RestorationReport* report(const line::ActPlace& agreement, record::Whose whose) const {
    return kept(whose).reported.find(agreement);
  }

  // Grows with every entry that may change an answer.
  std::uint64_t revision() const { return revision_; }
  // Grows with those that may change restorations() or announcements(): few of all.
  std::uint64_t agreed_revision() const { return book_.changes() + reports_; }
  // Says so, once of each side, while there is still room for the proposals and answers that it writes.
  void tell_of_a_full_book(Context& context);

 private:
  void note_register_act(record::Whose whose, const line::ActPlace& at, const record::Entry& entry);
  void note_test(record::Whose whose, const line::ActPlace& at, const record::Entry& entry);
  void note_lift_test(record::Whose whose, const line::ActPlace& at, const line::RestorationTest& test);
  void note_report(record::Whose whose, const record::Entry& entry);
  void note_release(record::Whose whose, const line::ActPlace& at, const record::Entry& entry);
  void note_adoption(record::Whose whose, const line::ActPlace& at, const record::Entry& entry);

  // What that side's station says by itself, and its desks: nobody else has to sign it, so it writes as much as it likes.
  struct Kept {
    NewestKept<std::pair<line::ActPlace, line::RestorationTestOf>, Test> tests;
    NewestKept<std::pair<line::ActPlace, LineId>, WallTime> desks;  // the newest, by its author's clock
    NewestKept<line::ActPlace, line::RestorationReport> reported;
    NewestKept<Digest, Adopted> adopted;
    NewestKept<std::pair<LineId, std::uint64_t>, line::ActPlace> cuts;  // by line and cut epoch
    std::map<line::ActPlace, Released> released;  // of proposals of announcements: as many as the book has
    Kept();
  };
  Kept& kept(record::Whose whose) { return kept_[whose == record::Whose::kAuthors ? 0 : 1]; }
  const Kept& kept(record::Whose whose) const { return kept_[whose == record::Whose::kAuthors ? 0 : 1]; }


  const PairIdentity* identity_;
  std::uint8_t own_side_;
  Counts counts_;
  Vouched vouched_;
  SeenSignatures seen_;
  bool left_out_ = false;
  line::ProposalBook book_;
  Kept kept_[2];  // own, theirs
  LiftTests lifts_;
  std::uint64_t reports_ = 0;
  std::uint64_t revision_ = 0;
  bool told_full_[2] = {false, false};  // own, theirs
};

}  // namespace detente::core
