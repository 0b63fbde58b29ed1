// RestorationTests: what a restoration and a lift test, and how: this station's tests on the accord line, the other
// side's, what of them has passed both ways, which paths work. spec/restoration.md section 2.
//
// It decides nothing: restorations.h and lifts.h say when tests are made and what follows from them.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "core/agreements.h"
#include "core/line.h"

namespace detente::core {

// So long a report waits for a path that has not shown itself yet: three heartbeats of a quiet one.
inline constexpr Duration kPathPatience = std::chrono::seconds(60);

// One line under test.
struct TestedLine {
  line::RestoredLine of;
  bool retired = false;        // the accord has it no more: it is not tested, and does not open
  bool log_only = false;       // what passed between the stations tells nothing of its own equipment
  line::MediaMask wanted = 0;  // that have to pass
  line::MediaMask passed = 0;  // both ways
  bool desk_wanted = false, desk_passed = false;
  bool path_works = false;     // one of those that the accord allows it, both ways
  bool cut_anew = false;       // this side's cut is newer than what is tested, or of more media
  bool their_cut_anew = false;  // the other side's is, as far as it is known here; of a lift, never
  bool open = false;
  bool works() const { return !retired && passed == wanted && path_works && (!desk_wanted || desk_passed); }
};

struct TestRun {
  std::optional<line::ActPlace> at;  // the entry that its tests refer to; nothing: it has no place yet
  Instant began;
  std::vector<TestedLine> lines;
  std::vector<line::ReportedPath> paths;
  std::optional<line::RestorationEnd> end;  // nothing: the tests run
  bool every_path_works() const;
};

class RestorationTests {
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
  explicit RestorationTests(Parts parts) : parts_(parts) {}

  // What has to pass of it.
  TestedLine tested(const line::RestoredLine& of) const;
  void try_paths(Context& context) const { parts_.link->try_paths(context); }

  // Each once; `of` is text or document.
  void send(Context& context, const line::ActPlace& at, line::RestorationTestOf of) const;
  // Those that still wait without an index; `also` beside what refers to `at`.
  void take_back(Context& context, const std::optional<line::ActPlace>& at, const Line::Pick& also = {}) const;
  // What has passed since, and which path works.
  void look(Context& context, TestRun& run) const;
  void look_at_paths(TestRun& run) const;
  void report(Context& context, const TestRun& run) const;
  // An entry of this station's on the accord line, which refers to `at`.
  bool submit(Context& context, const std::optional<line::ActPlace>& at, record::Kind kind, Bytes body,
              std::vector<record::Attachment> attachments = {}) const;

  const Parts& parts() const { return parts_; }
  const Line* line(LineId id) const;
  Line* accord_line() const { return parts_.lines->at(kAccordLine).get(); }

 private:
  bool sent(const line::ActPlace& at, line::RestorationTestOf of) const;
  void send_document(Context& context, const line::ActPlace& at) const;
  bool passed(Context& context, const TestRun& run, line::RestorationTestOf of) const;
  bool receipted(const line::ActPlace& own) const;
  void look_at_line(Context& context, const TestRun& run, TestedLine& line) const;
  std::optional<record::Reference> reference_to(const Context& context, const line::ActPlace& place) const;

  Parts parts_;
};

bool is_restoration_test(const record::Entry& entry);

}  // namespace detente::core
