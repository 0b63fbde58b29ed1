// Lifts: a side takes its own cut back alone. The act waits at its station without an index (core/line.h) while this one
// tests the lines, and gets its index when they have passed; else it goes back to its officer, and the cut stands. And
// what the other side lifts: this station answers its tests. spec/cut.md section 4, spec/restoration.md section 5.
//
// The only step that opens anything is the officer's own act. It does not outlive its station's present life.
#pragma once

#include <functional>

#include "core/limits.h"
#include "core/restoration_tests.h"

namespace detente::core {

// One lift that runs here, or has ended in this life.
struct LiftRun : TestRun {
  record::Whose whose = record::Whose::kAuthors;
  std::vector<line::RegisterOf> registers;
  SubmissionId held = 0;       // of an own one: the act
  std::uint64_t from = 0;      // and the index from which on the own log has its tests
  bool cleared = false;        // its author's registers are clear
  std::string why;             // it fell back
};

class Lifts {
 public:
  explicit Lifts(RestorationTests tests);

  // What ran when this station stopped goes back to its officers.
  void load(Context& context);
  // After everything that may have changed something; cheap when nothing is lifted.
  void advance(Context& context);
  std::optional<Instant> next_deadline() const { return next_; }
  // An officer of this side takes his lift of that line back: kState where none is under way.
  Result<void> take_back(Context& context, LineId line);

  // Whether an own lift of that line is tested.
  bool lifting(LineId line) const;
  // The newest last; of what ended, those of this life.
  const std::vector<LiftRun>& runs() const { return runs_; }

 private:
  void take_up_own(Context& context);
  void take_up_theirs(Context& context);
  void take_up(Context& context, const LiftTest& test);
  void forget_waiting(const std::function<bool(const LiftTest&)>& which);
  bool may_answer(Instant now);
  void tell_of_a_flood(Context& context);
  void report_what_ran_before(Context& context);
  void begin(Context& context, LiftRun run);
  void run_own(Context& context, LiftRun& run);
  void run_theirs(Context& context, LiftRun& run);
  void look(Context& context, LiftRun& run) const;
  void send_first_test(Context& context, LiftRun& run) const;
  void fall_back(Context& context, LiftRun& run, line::RestorationEnd end, const std::string& why);
  void end(Context& context, LiftRun& run, line::RestorationEnd end);
  void tell_lines(Context& context, const LiftRun& run) const;
  std::string names_of(const std::vector<line::RegisterOf>& registers) const;
  std::string lacking(const LiftRun& run) const;
  bool stands(const LiftTest& test) const;
  bool is_first_test(const record::Entry& entry, const LiftRun& run) const;
  bool over(const Context& context, const LiftRun& run) const;
  LiftRun new_run(const Context& context, record::Whose whose, const std::vector<line::RegisterOf>& registers) const;
  const Agreements& agreements() const { return *tests_.parts().agreements; }
  const Registers& registers() const { return *tests_.parts().registers; }
  PeerId peer() const { return tests_.parts().identity->peer; }

  RestorationTests tests_;
  std::vector<LiftRun> runs_;
  std::uint64_t known_ = 0;   // lift tests of both sides, by number: those below it were looked at
  bool looked_back_ = false;  // at those that this life found on the disk
  std::optional<Instant> next_;
  std::vector<line::ActPlace> waiting_;  // first tests of the other side's, until `answers_` lets them be taken up
  std::optional<Instant> refused_since_;
  Bucket answers_, answers_in_a_day_;
  bool loaded_ = false;
  bool advancing_ = false;
};

}  // namespace detente::core
