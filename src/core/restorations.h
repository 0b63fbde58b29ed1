// Restorations: carries out what the two sides have agreed to restore. At the agreed instant this station tries every
// path, sends its tests and takes the other side's; when what a line needs has passed both ways, this side's
// register of it is signed clear; when all are open, or it is over, the report is written. spec/restoration.md.
//
// Whoever stops on the way (a withdrawal, the end of the time, a station that starts again) leaves the cut as it
// was: the only step that opens anything is the one entry that clears.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "core/agreements.h"
#include "core/line.h"

namespace detente::core {

// One agreement that is, or was in this life, carried out here.
struct RestorationRun {
  struct Line {
    line::RestoredLine of;
    line::MediaMask wanted = 0;  // that have to pass
    line::MediaMask passed = 0;  // both ways
    bool desk_wanted = false, desk_passed = false;
    bool path_works = false;     // one of those that the accord allows it, both ways
    bool cut_anew = false;       // this side's cut is newer than the agreement, or of more media
    bool open = false;
    bool works() const { return passed == wanted && path_works && (!desk_wanted || desk_passed); }
  };
  AgreedRestoration agreement;
  Instant began;
  std::vector<Line> lines;
  std::vector<line::ReportedPath> paths;
  std::optional<line::RestorationEnd> end;  // nothing: the tests run
};

class Restorations {
 public:
  using Lines = std::map<LineId, std::unique_ptr<Line>>;
  struct Parts {  // borrowed; all outlive it
    const PairIdentity* identity;
    Link* link;
    Documents* documents;
    const Registers* registers;
    const Agreements* agreements;
    const Lines* lines;
  };
  explicit Restorations(Parts parts) : parts_(parts) {}

  void load(Context& context, record::Fence fence);
  // After everything that may have changed something; cheap when nothing is agreed.
  void advance(Context& context);
  std::optional<Instant> next_deadline() const;

  // Whether the tests for this line run: the state "restoring" of spec/acts.md.
  bool restoring(LineId line) const;
  // The newest last; of what ended, those of this life.
  const std::vector<RestorationRun>& runs() const { return runs_; }

 private:
  enum class Mark : std::uint8_t { kRunning = 1, kEnded = 2 };

  void begin(Context& context, const AgreedRestoration& agreement);
  void run(Context& context, RestorationRun& run);
  void end_what_ran_before(Context& context, WallTime since);
  bool is_reported(const line::ActPlace& agreement) const;  // or the report waits for its place
  const AgreedRestoration* agreed(const line::ActPlace& at) const;  // nothing when it does not stand any more
  void end(Context& context, RestorationRun& run, line::RestorationEnd end);
  void send_tests(Context& context, const RestorationRun& run);
  void look_at_paths(RestorationRun& run) const;
  void look_at_line(Context& context, RestorationRun& run, RestorationRun::Line& line) const;
  bool passed(Context& context, const RestorationRun& run, line::RestorationTestOf of) const;
  bool receipted(const line::ActPlace& own) const;
  void clear(Context& context, const RestorationRun& run);
  bool submit(Context& context, const RestorationRun& run, record::Kind kind, Bytes body,
              std::vector<record::Attachment> attachments = {}) const;
  bool waits(const line::ActPlace& agreement, line::RestorationTestOf of) const;
  line::RestorationReport report_of(const RestorationRun& run) const;
  std::optional<record::Reference> reference_to(const Context& context, const line::ActPlace& place) const;
  void keep_marks(Context& context);
  const Line* line(LineId id) const;
  Line* accord_line() const { return parts_.lines->at(kAccordLine).get(); }

  Parts parts_;
  record::Fence fence_;
  std::map<line::ActPlace, Mark> marks_;  // of what was tried: each agreement is once
  std::vector<RestorationRun> runs_;
  std::uint64_t looked_at_ = 0;           // the agreements' revision
  std::vector<AgreedRestoration> agreed_;  // all that stand, as of that
  std::optional<Instant> next_;
  bool loaded_ = false;
  bool advancing_ = false;
};

}  // namespace detente::core
