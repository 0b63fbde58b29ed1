// Restorations: carries out what the two sides have agreed to restore. At the agreed instant this station tries every
// path, sends its tests and takes the other side's; when what a line needs has passed both ways, this side's
// register of it is signed clear; when all are open, or it is over, the report is written. spec/restoration.md.
//
// Whoever stops on the way (a withdrawal, the end of the time, a station that starts again) leaves the cut as it
// was: the only step that opens anything is the one entry that clears.
#pragma once

#include <map>
#include <optional>

#include "core/restoration_tests.h"

namespace detente::core {

// One agreement that is, or was in this life, carried out here.
struct RestorationRun : TestRun {
  AgreedRestoration agreement;
};

class Restorations {
 public:
  explicit Restorations(RestorationTests tests) : tests_(tests) {}

  void load(Context& context, record::Fence fence);
  // After everything that may have changed something; cheap when nothing is agreed.
  void advance(Context& context);
  std::optional<Instant> next_deadline() const;

  // Whether that side holds the line cut by a cut that this agreement does not end: it is newer than that side's part of
  // the agreement, or of more media than it names, or stands behind one that is.
  bool cut_anew(const line::ActPlace& agreement, const line::RestoredLine& of, record::Whose whose) const;
  // Whether the tests for this line run: the state "restoring" of spec/acts.md.
  bool restoring(LineId line) const;
  // The newest last; of what ended, those of this life.
  const std::vector<RestorationRun>& runs() const { return runs_; }

 private:
  enum class Mark : std::uint8_t { kRunning = 1, kEnded = 2 };

  void look_at_agreements();
  void begin(Context& context, const AgreedRestoration& agreement);
  void run(Context& context, RestorationRun& run);
  void end_what_ran_before(Context& context, WallTime since);
  bool is_reported(const line::ActPlace& agreement) const;  // or the report waits for its place
  bool covers(const line::ActPlace& agreement, const line::RestoredLine& of, record::Whose whose, const Cut& cut) const;
  std::uint64_t ends(const line::ActPlace& agreement, const line::RestoredLine& of, record::Whose whose) const;
  const AgreedRestoration* agreed(const line::ActPlace& at) const;  // nothing when it does not stand any more
  std::optional<line::RestorationEnd> ended_there(const RestorationRun& run) const;
  void end(Context& context, RestorationRun& run, line::RestorationEnd end);
  RestorationRun new_run(const Context& context, const AgreedRestoration& agreement) const;
  void send_tests(Context& context, const RestorationRun& run);
  void look_at_register(const RestorationRun& run, TestedLine& line) const;
  bool carries(const line::RestoredLine& of) const;  // both registers let those media pass
  void clear(Context& context, const RestorationRun& run);
  void keep_marks(Context& context);

  RestorationTests tests_;
  record::Fence fence_;
  std::map<line::ActPlace, Mark> marks_;  // of what was tried: each agreement is once
  std::vector<RestorationRun> runs_;
  std::uint64_t looked_at_ = 0;           // the agreements' revision
  std::vector<AgreedRestoration> agreed_;  // all that stand
  std::uint64_t agreed_of_ = 0;            // as of that agreed_revision()
  std::optional<Instant> next_;
  bool loaded_ = false;
  bool advancing_ = false;
};

}  // namespace detente::core
