// spec/acts.md: the rules around the table of acts, and the table itself.
#include "line/act_table.h"
#include "spec_pages.h"

namespace detente::cli {
namespace {

using namespace line;

constexpr const char* kHead = R"(# Acts

Version 1. Normative. Printed by `detente spec acts` from the table by which the program steps; not for editing by hand. What a line's registers and the proposals between two sides may do, and how both
sides compute the same from the same two logs. Bodies are in `cut.md` (kind 12) and `record.md` section 3 (kinds 13 and 14). "Log" is a side's log of the accord line here, all its epochs one after another (section 4).

## 1. Registers

Each side has one register for each line except the accord line, and in each medium. Only that side's acts in its own log, its own clock and its own tests move it. A state and an act that have no row here: the act is refused by its own
station, and on the other side it is recorded and counts for nothing.

)";

constexpr const char* kKnown = R"(
**Epochs.** A cut and an announcement each begin a *cut epoch*, numbered one above the newest of that register, from 1. It is *in force* from the moment that the register is cut by it: an announced one from its hour. An announcement that was
taken back was never in force. Whether it was taken back before its hour is decided by the header's time of the act that did it: the register is its author's, and so is the clock.

**What is known.** Of the other side's register a station knows the newest act of the highest epoch that is on its disk, whatever order copies came in. An announced register counts as cut from its hour on by the clock of who looks, until a
newer act is there. Of the acts in the table, cut, announce and what makes a register clear are entries (kind 12, cut and clear). The rest has none: to the other side restoring is still cut, and only the act that clears ends it.

**Open** is shown when the own register and the other's last known register both carry ordinary entries, and never else; how old that knowledge is stands beside it.

**Ordinary entries**, what crosses and what has *crossed with the cut* are `cut.md` section 2's: a side sends and takes ordinary entries only while it shows the line open, and one that names (header key 8) an older epoch of its register than the newest that was in force is crossed, also after the line is open again. What is
not taken has no receipt, so that its author repeats it: the act that cleared his register may still be on its way.

A cut is the act of one side and needs nobody's consent; so none of these rules promises that both sides know of a cut at one time. What they do promise: no side takes ordinary entries while its own register is cut or restoring; none shows open without the other's newest known
clear; and when no new act is made and both directions deliver at last, both show the same.

## 2. Lift

Who cut may lift, where the accord holds the other side's consent beforehand; else the way back is an agreed restoration. Either way the register goes through the tests: a lift opens nothing by itself. An announcement is taken back without tests and without consent.

## 3. Proposals

A proposal is an entry of kind 13 on the accord line, in an officer's words. Its *author* is the side that signed it.

)";

constexpr const char* kOrder = R"(
What was carried out stays carried out: a withdrawal after an announcement's release or an accord's adoption changes the proposal's state and takes nothing back. A restoration is carried out when the register is clear; a withdrawal that arrives in the tests ends them.

## 4. The order of acts

The state of a proposal is computed from the two logs alone, never from when something arrived. Who holds less of them computes from that, and comes to the same when the rest is there.

**A side's log** is its epochs, one behind those that its first entry (kind 3) names, directly or through others. An epoch's *begin* is the latest time in its own first entry and those of the epochs that it so names; of two epochs the one with the earlier begin is the earlier, of the same begin the one with fewer epochs before it that are known here, then the one with the lower bytes. So a disk that went back, or to nothing, and names no newer life, stands behind what began earlier by its side's clock. Within an epoch the index decides.

**Has seen.** An entry has seen an entry of the other side if its header's `seen` names that epoch and a size above its index, or an epoch after it: then the first entry of that epoch, with what it names, is asked in the same way.

**Acts that count.** With one reference, which is to the proposal, of the same class as it, signed validly by an officer with the right to, by signatures none of which had come before (`record.md` section 5), and

- of the author's log: a withdrawal that stands after the proposal;
- of the other's: an acceptance, rejection, withdrawal or counter-offer (kind 13) that has seen the proposal.

**What is vouched for.** An entry *after the last valid* position of its station (`credential.md` section 3) is, for registers, proposals and agreements alike, as if it were not there; so is an officer's act after the last valid position of one who signed it. Both stay in the record and are shown. When a revocation arrives, at the side that
issued it or at the other, both compute anew from the entries that are left, in the order of this section: a cut after the position is in force no more, one that such an act had lifted, or a restoration agreed by such an act had ended, is in force again, and a proposal that it had answered is open. What went out meanwhile, an announcement or a message, is out.

**Lapse.** A proposal that names an instant lapses at that instant, or at the earlier hour that it names. An entry of the other side's log that has seen the proposal is *late* if, for itself or an entry before it that has seen the proposal, too, the header's time is not before that hour; or if one of
them has seen an entry of the author's log, from the proposal on, whose header's time is not before it. The lapse stands directly before the first late entry, whatever its kind. So the clock of who had to answer decides, as its own log shows it; an answer that is dated back after a later entry counts for nothing; and a clock that was
once wrong spoils no other proposal. Until such an entry is there, a station says that the hour has passed by its clock. An author who wants certainty withdraws.

**The merge.** Each side's acts on a proposal stand in the order of its log. An act of the author stands before every act of the other side that it has not seen, and after those that it has. In this order they go through the table of section 3, from none.

What follows from it:

- Acceptance and withdrawal that crossed: withdrawn; both screens say "crossed". Rejection or counter-offer and withdrawal that crossed: withdrawn, and a counter-offer stands for itself.
- Acceptance and counter-offer to one proposal are of one side's log: the first counts.
- Two proposals that crossed may both be accepted: section 5.

**How much.** Of each side's log a station computes with the first 16,384 proposals, 16,384 answers, 262,144 entries of other kinds and 64 epochs, each as it came. The first entry of an epoch is read beyond that number of entries; an entry that names an epoch of the other side which its own epoch had not named before costs eight more. What
comes beyond changes nothing. A station tells its people when seven eighths of one of these are taken.

## 5. Agreements

An accepted proposal is an *agreement*. A restoration covers a register's cut only if its owner's part (the proposal or the acceptance) stands after that cut in the owner's log: a later cut is not opened by an older agreement. It is tried once; after tests that fell back
a new one is needed.

Of several agreements about one thing (the same matter; for a restoration, a line and medium in common; each announcement is a thing of its own) one counts. Those are out of which another's acceptance has seen the acceptance, or stands after it in the same log. Out against another whose acceptance is dated after its instant is, too, a restoration whose end a station of either side has reported (`restoration.md` section 4): a disk that went back may have taken along what would have seen it. Of the rest it is the one with the earliest instant (none is the
earliest), then of the side that stands first in the accord's order, then the earliest in its author's log.

## 6. The model

`spec/model/line.pml` is these rules for spin, one line, two sides, with crossings, losses, copies in any order, crashes, lifts, a restoration with its hours, the words of both desks and the dark; the tables above are printed into `spec/model/transitions.pml` (`detente spec model`). `tests/model/model_test.py` searches every state at several sizes and shows that with any
one row removed a promise of section 1 breaks, or something that has to be possible is not; and that a row by which a cut line would open without tests is found, and a station that does not wait for its desks.
)";

const char* state_words(RegisterState state) {
  switch (state) {
    case RegisterState::kClear: return "no cut of this side";
    case RegisterState::kAnnounced: return "a cut at an hour up to 72 h ahead is signed";
    case RegisterState::kCut: return "a cut is in force";
    case RegisterState::kRestoring: return "a cut is in force, and the tests that may end it run";
  }
  return "";
}

std::string register_tables() {
  std::string out = "| state | what it says | ordinary entries |\n|---|---|---|\n";
  for (int value = 0; value <= static_cast<int>(RegisterState::kRestoring); ++value) {
    const auto state = static_cast<RegisterState>(value);
    out += std::string("| ") + to_string(state) + " | " + state_words(state) + " | " +
           (carries_ordinary(state) ? "carried" : "none") + " |\n";
  }
  out += "\n| from | act | to | by | what happens | why |\n|---|---|---|---|---|---|\n";
  for (const RegisterRow& row : register_rows())
    out += std::string("| ") + to_string(row.from) + " | " + to_string(row.act) + " | " + to_string(row.to) +
           " | " + row.who + " | " + row.what + " | " + row.why + " |\n";
  return out;
}

std::string proposal_table() {
  std::string out = "| from | act | by | to | what happens | why |\n|---|---|---|---|---|---|\n";
  for (const ProposalRow& row : proposal_rows())
    out += std::string("| ") + to_string(row.from) + " | " + to_string(row.act) + " | " + to_string(row.by) +
           " | " + to_string(row.to) + " | " + row.what + " | " + row.why + " |\n";
  return out;
}

}  // namespace

std::string acts_page() { return kHead + register_tables() + kKnown + proposal_table() + kOrder; }

}  // namespace detente::cli
