// Registers: what both sides have cut, of every line with one counterpart, and so what may cross it.
// spec/cut.md.
//
// Invariants: a register's cut epoch never falls; what is in force here is durable here; an own cut is in
// force once it is on the disk, whether or not anything can be sent.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/context.h"
#include "core/line_setup.h"
#include "line/act_table.h"
#include "line/proposal_book.h"
#include "line/register_act.h"
#include "record/entry_wire.h"
#include "record/store.h"

namespace detente::core {

// One cut of one line by one side, and how it ended.
struct Cut {
  std::uint64_t cut_epoch = 0;
  line::MediaMask media = line::kAllMedia;
  WallTime signed_at;                 // by its author's clock
  std::optional<WallTime> effective;  // nothing: at once
  WallTime noted;                     // when it was on the disk here
  OfficerId author;
  std::string reason;                 // empty: withheld
  bool dark = false;                  // while every line is cut so, its author sends and answers nothing
  std::optional<record::MandateProof> mandate;  // as the act carries it: whoever shows it verifies it
  std::optional<WallTime> cleared;    // signed then, by its author's clock
  std::optional<line::ClearGround> ground;
  // This side's, and not in its log here: the other station told of it when this disk had gone back.
  bool told() const { return author == OfficerId{} && !cleared; }
  // By its author's clock, or the hour that it was announced for.
  WallTime since() const { return effective.value_or(signed_at); }
};

// A side's register of one line: its cuts, ascending. 32 in all: of what was ended the newest, and
// all that are open; of more than so many the newest are folded into one that shuts as much as they do.
struct Register {
  std::vector<Cut> cuts;
  record::EpochId log{};  // of the other side's: the log whose act was the last. What a newer log says is newer
  std::uint64_t cut_epoch() const { return cuts.empty() ? 0 : cuts.back().cut_epoch; }
  // A cut that has not been cleared, in force or announced.
  const Cut* open_cut() const { return cuts.empty() || cuts.back().cleared ? nullptr : &cuts.back(); }
};

Bytes encode_register(const Register& value);  // as the store has it

// What an act says, once it is durable.
struct RegisterChange {
  record::Whose whose;
  LineId line;
  Register value;
};
using RegisterChanges = std::vector<RegisterChange>;

class Registers {
 public:
  // Whether an act on registers counts: its officers may do that and their signatures are good. Where a side's station
  // decides nothing (the simulator), everything counts. `at`: where it stands, if it has its place.
  using Counts = std::function<bool(record::Whose whose, const record::Entry& entry, const std::optional<line::ActPlace>& at)>;

  Registers(const PairIdentity& identity, Counts counts) : identity_(&identity), counts_(std::move(counts)) {}

  void load(Context& context, const std::vector<LineId>& lines, record::Fence fence);

  // An act as the record or the outbox has it.
  struct KnownAct {
    record::Whose whose;
    std::optional<line::ActPlace> at;  // nothing: it waits for its place
    WallTime stored_at;
    record::Entry entry;
  };
  // The registers as these acts alone make them, each side's in its order: when what somebody said is not vouched for any
  // more. Not while a commit of the accord line is under way. The lines of which something is another than before.
  std::vector<LineId> rebuild(Context& context, const std::vector<KnownAct>& acts);

  // What a desk wrote on the accord line: kConflict when it does not fit what the registers say now.
  Result<void> check_own(const record::Entry& entry) const;

  // Who is called for each line of which something may be another than before; and who knows what the other side has
  // not receipted. Set once, by the owner of both.
  struct Hooks {
    std::function<void(Context&, LineId)> changed;
    std::function<bool(LineId)> act_unreceipted;
    std::function<bool(LineId)> restoring;  // the tests of an agreed restoration of that line run here
    std::function<bool(LineId)> lifting;    // those of an own lift of it
    // Whether that side's clear, which says that a restoration ended it, refers to an agreed one.
    std::function<bool(record::Whose, const record::Entry&)> ends_restoration;
  };
  void set_hooks(Hooks hooks) { hooks_ = std::move(hooks); }

  // Whether an own act that check_own() let through waits for tests: it lifts a cut that is in force.
  bool wants_tests(const record::Entry& entry) const;
  // Something else than an act may have changed what may happen on these lines.
  void touch(Context& context, const std::vector<line::RegisterOf>& lines) const;

  // An entry that a batch is about to make durable: what it says of registers goes into the batch with it.
  // `at`: its place in the other side's log; one's own disk needs none.
  void note(const Context& context, record::Whose whose, const std::optional<line::ActPlace>& at, const record::Entry& entry,
            record::Batch& batch, RegisterChanges& out);
  // The batch is durable.
  void apply(Context& context, const RegisterChanges& changes);
  // A batch was refused: what was noted on top of it is void.
  void forget_noted() { noted_ = in_force_; }

  const Register& of(record::Whose whose, LineId line) const { return at(in_force_, whose, line); }
  const Register& own(LineId line) const { return of(record::Whose::kAuthors, line); }
  const Register& theirs(LineId line) const { return of(record::Whose::kOthers, line); }

  // The oldest cut of that side's that keeps `media` off the line now; nothing: none does. Until the next call of a
  // function that changes registers.
  const Cut* closed_by(record::Whose whose, LineId line, line::MediaMask media) const;
  const Cut* newest_closing(record::Whose whose, LineId line, line::MediaMask media) const;
  // The same of both sides; an own one first.
  struct Closed {
    record::Whose whose;
    Cut cut;
    Cut newest;  // of that side's and that medium's, with the words that count now; often the same
  };
  std::optional<Closed> closed(LineId line, line::MediaMask media) const;
  line::MediaMask closed_media(LineId line, record::Whose whose) const;
  line::MediaMask closed_media(LineId line) const {
    return closed_media(line, record::Whose::kAuthors) | closed_media(line, record::Whose::kOthers);
  }
  // Whether the other side has receipted all that this side's register of that line says.
  bool other_side_knows(LineId line) const { return !hooks_.act_unreceipted || !hooks_.act_unreceipted(line); }

  // Whether that cut of that register is in force: at once, or its hour has come, whatever the clock shows now.
  bool in_force(record::Whose whose, LineId line, const Cut& cut) const { return !cut.cleared && has_come({whose, line}, cut); }
  // Whether a cut in the dark of that side's is in force there.
  bool dark(record::Whose whose, LineId line) const;
  // The lines by whose cuts that side went dark, and is; none: it is not. Of its own side's end, tests come before it.
  const std::set<LineId>& dark_lines(record::Whose whose) const;

  // What the other side's register says to one who lost it: nothing while it is clear.
  std::optional<record::LogState::YourCut> their_open_cut(LineId line) const;
  // What the other station says of this side's, at the first contact: a cut that is newer than all on this disk is held.
  bool learn_own(Context& context, LineId line, const record::LogState::YourCut& told);

  // Announced hours that have come.
  void advance(Context& context);
  std::optional<Instant> next_deadline() const { return look_at_; }

 private:
  using Key = std::pair<record::Whose, LineId>;
  using Table = std::map<Key, Register>;
  static const Register& at(const Table& table, record::Whose whose, LineId line);
  std::string value_key(const Key& key) const;
  bool tested(LineId line) const;  // "restoring" of spec/acts.md, where a cut is in force
  bool has_come(const Key& key, const Cut& cut) const;  // at once, or its hour
  bool counts(record::Whose whose, const record::Entry& entry, const line::RegisterAct& act,
              const std::optional<line::ActPlace>& at) const;
  std::vector<Cut> told_above(const Key& key, std::uint64_t cut_epoch) const;
  void take_up(Table& table, const Table& before, const KnownAct& known, const line::RegisterAct& act) const;
  line::RegisterState state_of(const Register& value, line::MediaMask media, const Key& key) const;
  line::RegisterState state_for(line::RegisterDeed deed, const Register& value, line::MediaMask media, LineId line) const;
  std::vector<LineId> look(Context& context);  // lines of which an announced hour has come
  // Of these the hour of a cut has come, whatever made this station look.
  void tell_come(Context& context, const std::vector<LineId>& lines);
  void load_hours(const Context& context, const Key& key);
  void keep_hours(Context& context);
  void keep_told(Context& context);
  std::string dark_key(record::Whose whose) const;
  void load_dark(const Context& context);
  void look_at_dark(Context& context);

  const PairIdentity* identity_;
  Counts counts_;
  Hooks hooks_;
  Table in_force_;  // durable
  Table noted_;     // and in commits that are under way
  // Announced cuts whose hour has come, durable beside the register: a clock that steps back does not open the line again.
  // An act by what it says: a disk that went back numbers its cuts anew.
  using Announced = std::array<std::uint64_t, 3>;  // cut epoch, signed at, effective
  static Announced announced(const Cut& cut);
  std::map<Key, std::set<Announced>> came_;
  std::set<Key> hours_to_keep_, told_to_keep_;
  std::set<LineId> lines_;  // of the accord in force, but the accord line
  std::map<record::Whose, std::set<LineId>> dark_, dark_kept_;
  record::Fence fence_;
  std::optional<Instant> look_at_;
};

// What of a line an entry is.
line::MediaMask medium_of(const record::Header& header);
// What is refused on a line that is cut: all but the opening of an epoch and circuit tests.
bool is_ordinary(const record::Header& header);
// "north has cut line military-west since …: reason".
std::string closed_words(const Registers::Closed& closed, const std::string& line, const std::string& counterpart);

}  // namespace detente::core
