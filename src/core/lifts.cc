#include "core/lifts.h"

#include <algorithm>

namespace detente::core {

namespace {

using line::RestorationEnd;
using line::RestorationTestOf;
using record::Whose;

constexpr Duration kTestWindow = std::chrono::seconds(line::kRestorationSeconds);
constexpr std::size_t kRunsKept = 32;
constexpr std::size_t kLookedBack = 16;  // lifts of former lives, of each side
constexpr std::size_t kWaitingKept = 256;
// Of the other side's: each draws two entries and a document of 4 KiB.
constexpr std::uint64_t kAnswersAtOnce = 16;
constexpr Duration kAnswerAgain = std::chrono::seconds(30);
// And for ever in the log: 96 in a day fill a side's part of the book in years (line/proposal_book.h).
constexpr std::uint64_t kAnswersInADay = 96;
constexpr Duration kFlood = std::chrono::minutes(10);

bool is_lift_of(const record::Entry& entry, const std::vector<line::RegisterOf>& registers) {
  if (entry.header.kind != record::kRegister) return false;
  const auto act = line::parse_register_body(entry.body);
  return act && act->clear && act->clear->ground == line::ClearGround::kLifted && act->clear->lines == registers;
}

// A line is lifted once at a time: the newer first test says that the older is over.
bool share_a_line(const std::vector<line::RegisterOf>& a, const std::vector<line::RegisterOf>& b) {
  return std::any_of(a.begin(), a.end(), [&b](const line::RegisterOf& one) {
    return std::any_of(b.begin(), b.end(), [&one](const line::RegisterOf& other) { return other.line == one.line; });
  });
}

// What of the register a lift of this cut epoch ends.
line::MediaMask ended_media(const Register& value, std::uint64_t cut_epoch) {
  line::MediaMask out = 0;
  for (const Cut& cut : value.cuts)
    if (!cut.cleared && cut.cut_epoch <= cut_epoch) out = static_cast<line::MediaMask>(out | cut.media);
  return out;
}

}  // namespace

Lifts::Lifts(RestorationTests tests) : tests_(tests), answers_(kAnswersAtOnce, 1, kAnswerAgain), answers_in_a_day_(kAnswersInADay, kAnswersInADay, std::chrono::hours(24)) {}

// --- begin ---------------------------------------------------------------------------

void Lifts::load(Context& context) {
  runs_.clear();
  waiting_.clear();
  refused_since_.reset();
  known_ = agreements().lift_tests().next_number();
  looked_back_ = false;
  loaded_ = true;
  next_ = context.now.mono;
  // A copy: what goes back is in the list no more.
  const std::vector<Line::HeldLift> held = tests_.accord_line()->held_lifts();
  for (const Line::HeldLift& lift : held) {
    LiftRun run = new_run(context, Whose::kAuthors, lift.registers);
    run.held = lift.id;
    fall_back(context, run, RestorationEnd::kStopped, "this station was started anew while its tests ran; sign it again");
    runs_.push_back(std::move(run));
  }
}

LiftRun Lifts::new_run(const Context& context, Whose whose, const std::vector<line::RegisterOf>& registers) const {
  LiftRun out;
  out.whose = whose;
  out.registers = registers;
  out.began = context.now.mono;
  for (const line::RegisterOf& of : registers) {
    const line::MediaMask media = ended_media(this->registers().of(whose, of.line), of.cut_epoch);
    TestedLine line = tests_.tested({of.line, media});
    if (!line.retired || whose == Whose::kAuthors) out.lines.push_back(std::move(line));  // of theirs it is known to them
  }
  return out;
}

void Lifts::begin(Context& context, LiftRun run) {
  if (runs_.size() >= kRunsKept) {
    const auto ended = std::find_if(runs_.begin(), runs_.end(), [](const LiftRun& one) { return one.end.has_value(); });
    if (ended != runs_.end()) runs_.erase(ended);
  }
  runs_.push_back(std::move(run));
  tests_.try_paths(context);
  tell_lines(context, runs_.back());
}

void Lifts::take_up_own(Context& context) {
  for (const Line::HeldLift& lift : tests_.accord_line()->held_lifts()) {
    const auto same = [&](const LiftRun& run) { return run.whose == Whose::kAuthors && run.held == lift.id; };
    if (std::any_of(runs_.begin(), runs_.end(), same)) continue;
    LiftRun run = new_run(context, Whose::kAuthors, lift.registers);
    run.held = lift.id;
    run.from = tests_.accord_line()->own().size();
    begin(context, std::move(run));
  }
}

// Of those that this life found on the disk, the ones whose cut still stands and that nobody has ended.
bool Lifts::stands(const LiftTest& test) const {
  return !agreements().lift_end(test) && std::all_of(test.registers.begin(), test.registers.end(), [&](const line::RegisterOf& of) {
    const Register& value = registers().theirs(of.line);
    return value.cut_epoch() == of.cut_epoch && value.open_cut() != nullptr;
  });
}

void Lifts::take_up_theirs(Context& context) {
  const LiftTests& tests = agreements().lift_tests();
  if (!looked_back_)
    for (const LiftTest& test : tests.newest(agreements().side_of(Whose::kOthers), kLookedBack))
      if (stands(test)) take_up(context, test);
  for (auto fresh = tests.all().lower_bound(known_); fresh != tests.all().end(); ++fresh)
    if (agreements().whose(fresh->second.at) == Whose::kOthers) take_up(context, fresh->second);
  known_ = tests.next_number();
  forget_waiting([this](const LiftTest& one) { return agreements().lift_end(one).has_value(); });
  while (!waiting_.empty() && may_answer(context.now.mono)) {
    LiftRun run = new_run(context, Whose::kOthers, tests.find(waiting_.front())->registers);
    run.at = waiting_.front();
    waiting_.erase(waiting_.begin());
    begin(context, std::move(run));
  }
  tell_of_a_flood(context);
}

// A line is lifted once at a time.
void Lifts::take_up(Context& context, const LiftTest& test) {
  for (LiftRun& run : runs_)
    if (run.whose == Whose::kOthers && !run.end && share_a_line(run.registers, test.registers)) end(context, run, RestorationEnd::kStopped);
  forget_waiting([&test](const LiftTest& one) { return share_a_line(one.registers, test.registers); });
  waiting_.push_back(test.at);
  if (waiting_.size() > kWaitingKept) waiting_.erase(waiting_.begin());
}

bool Lifts::may_answer(Instant now) {
  if (!answers_in_a_day_.take(now)) return false;
  if (answers_.take(now)) return true;
  answers_in_a_day_.give_back(1);
  return false;
}

// And what is kept no more, because so many came after it.
void Lifts::forget_waiting(const std::function<bool(const LiftTest&)>& which) {
  const auto forgotten = [&](const line::ActPlace& at) {
    const LiftTest* test = agreements().lift_tests().find(at);
    return test == nullptr || which(*test);
  };
  waiting_.erase(std::remove_if(waiting_.begin(), waiting_.end(), forgotten), waiting_.end());
}

// A disk that went back gets the lifts of weeks anew within seconds: that is over soon, and tells nobody.
void Lifts::tell_of_a_flood(Context& context) {
  Bucket& empty = answers_in_a_day_.left() == 0 ? answers_in_a_day_ : answers_;
  if (waiting_.empty() && empty.left() > 0) refused_since_.reset();
  if (waiting_.empty()) return;
  if (!refused_since_) refused_since_ = context.now.mono;
  if (context.now.mono - *refused_since_ >= kFlood && empty.newly_refused())
    context.effects.notify(Alarm{peer(), AlarmKind::kRate, "the other station lifts its cuts more often than is tested here"});
}

// Whoever lifts reports how it ended, also when that was the end of its station's life.
void Lifts::report_what_ran_before(Context& context) {
  for (const LiftTest& test : agreements().lift_tests().newest(agreements().side_of(Whose::kAuthors), kLookedBack)) {
    if (agreements().lift_end(test)) continue;
    LiftRun run = new_run(context, Whose::kAuthors, test.registers);
    run.at = test.at;
    look(context, run);
    run.end = run.cleared ? RestorationEnd::kLifted : RestorationEnd::kStopped;
    tests_.report(context, run);
  }
}

// --- while it runs -------------------------------------------------------------------

void Lifts::advance(Context& context) {
  const bool due = next_ && *next_ <= context.now.mono;
  const auto open = [](const LiftRun& run) { return !run.end; };
  const bool running = std::any_of(runs_.begin(), runs_.end(), open);
  const bool news = known_ < agreements().lift_tests().next_number() || !tests_.accord_line()->held_lifts().empty();
  if (!loaded_ || (!due && !running && !news) || std::exchange(advancing_, true)) return;
  next_.reset();
  take_up_theirs(context);
  take_up_own(context);
  if (!std::exchange(looked_back_, true)) report_what_ran_before(context);
  for (LiftRun& run : runs_) {
    if (run.end) continue;
    look(context, run);
    if (run.whose == Whose::kAuthors) run_own(context, run);
    else run_theirs(context, run);
  }
  if (!waiting_.empty() || std::any_of(runs_.begin(), runs_.end(), open)) next_ = context.now.mono + kTick;
  advancing_ = false;
}

void Lifts::look(Context& context, LiftRun& run) const {
  tests_.look(context, run);
  // Of a cut of theirs that is not known here it is not known either that it has ended.
  run.cleared = std::all_of(run.registers.begin(), run.registers.end(), [&](const line::RegisterOf& of) {
    const Register& value = registers().of(run.whose, of.line);
    return value.cut_epoch() >= of.cut_epoch && ended_media(value, of.cut_epoch) == 0;
  });
  for (TestedLine& line : run.lines) {
    const auto of = std::find_if(run.registers.begin(), run.registers.end(),
                                 [&](const line::RegisterOf& one) { return one.line == line.of.line; });
    line.cut_anew = registers().of(run.whose, line.of.line).cut_epoch() > of->cut_epoch;
    line.open = !line.retired && run.cleared && registers().closed_media(line.of.line) == 0;
  }
}

bool Lifts::is_first_test(const record::Entry& entry, const LiftRun& run) const {
  const auto test = line::parse_restoration_test_body(entry.body);
  return is_restoration_test(entry) && test && test->of == RestorationTestOf::kLift && test->registers == run.registers;
}

// Its place is what all the others refer to.
void Lifts::send_first_test(Context& context, LiftRun& run) const {
  const record::EpochId& epoch = tests_.accord_line()->own().key().epoch;
  for (const auto& [number, test] : agreements().lift_tests().all())
    if (agreements().whose(test.at) == Whose::kAuthors && test.at.epoch == epoch && test.at.index >= run.from &&
        test.registers == run.registers)
      run.at = test.at;
  const auto waits = [&](const record::Entry& entry) { return is_first_test(entry, run); };
  if (!run.at && !tests_.accord_line()->disk_rests() && !tests_.accord_line()->any_waiting(waits))
    tests_.submit(context, {}, record::kRestorationTest,
                  line::restoration_test_body({RestorationTestOf::kLift, {}, "", run.registers}));
}

void Lifts::run_own(Context& context, LiftRun& run) {
  if (run.cleared) {
    tests_.accord_line()->give_back_lift(context, run.held, "an agreed restoration opened the lines first: this lift is not needed any more");
    if (run.every_path_works() || context.now.mono - run.began >= kPathPatience) end(context, run, RestorationEnd::kLifted);
    return;
  }
  Line& accord = *tests_.accord_line();
  if (!accord.holds_lift(run.held)) {
    // It gets its index; or it went back to its officer with all that waited (core/line.h).
    const auto is_act = [&](const record::Entry& entry) { return is_lift_of(entry, run.registers); };
    if (!accord.any_waiting(is_act)) end(context, run, RestorationEnd::kStopped);
    return;
  }
  const auto anew = [](const TestedLine& line) { return line.cut_anew; };
  if (std::any_of(run.lines.begin(), run.lines.end(), anew))
    return fall_back(context, run, RestorationEnd::kTakenBack, "the line was cut anew");
  if (over(context, run))
    return fall_back(context, run, RestorationEnd::kTimeOver, "its tests did not pass within two hours: " + lacking(run));
  if (!run.at) send_first_test(context, run);
  if (!run.at) return;
  const auto documents = [](const TestedLine& line) { return (line.wanted & line::kDocument) != 0; };
  if (std::any_of(run.lines.begin(), run.lines.end(), documents)) tests_.send(context, *run.at, RestorationTestOf::kDocument);
  const auto works = [](const TestedLine& line) { return line.works(); };
  if (std::all_of(run.lines.begin(), run.lines.end(), works)) accord.release_lift(context, run.held);
}

// The document only against one of theirs: whoever lifts says what is tested, and how it ended. What is known here of the
// register says nothing: their disk, or this one, may be an older copy.
void Lifts::run_theirs(Context& context, LiftRun& run) {
  const LiftTest* test = agreements().lift_tests().find(*run.at);
  if (const auto ended = test == nullptr ? std::nullopt : agreements().lift_end(*test)) return end(context, run, *ended);
  if (over(context, run)) return end(context, run, RestorationEnd::kTimeOver);
  tests_.send(context, *run.at, RestorationTestOf::kText);
  if (agreements().test(*run.at, Whose::kOthers, RestorationTestOf::kDocument) != nullptr)
    tests_.send(context, *run.at, RestorationTestOf::kDocument);
}

bool Lifts::over(const Context& context, const LiftRun& run) const { return context.now.mono - run.began >= kTestWindow; }

bool Lifts::lifting(LineId line) const {
  return std::any_of(runs_.begin(), runs_.end(), [line](const LiftRun& run) {
    return run.whose == Whose::kAuthors && !run.end && !run.cleared &&
           std::any_of(run.registers.begin(), run.registers.end(), [line](const auto& of) { return of.line == line; });
  });
}

// --- its end -------------------------------------------------------------------------

Result<void> Lifts::take_back(Context& context, LineId line) {
  for (LiftRun& run : runs_) {
    const bool names = std::any_of(run.registers.begin(), run.registers.end(), [line](const auto& of) { return of.line == line; });
    if (run.whose != Whose::kAuthors || run.end || !names || !tests_.accord_line()->holds_lift(run.held)) continue;
    look(context, run);
    fall_back(context, run, RestorationEnd::kTakenBack, "it was taken back; until then: " + lacking(run));
    return {};
  }
  return fail(Fault::kState, "no lift of that line by this side is being tested: there is nothing to take back");
}

void Lifts::fall_back(Context& context, LiftRun& run, RestorationEnd end, const std::string& why) {
  run.why = why;
  const std::string words = "the lift of " + names_of(run.registers) + " has fallen back and the cut stands: " + why;
  tests_.accord_line()->give_back_lift(context, run.held, words);
  context.effects.notify(Alarm{peer(), AlarmKind::kLift, words});
  this->end(context, run, end);
}

void Lifts::end(Context& context, LiftRun& run, RestorationEnd end) {
  run.end = end;
  tests_.take_back(context, run.at, [&](const record::Entry& entry) {
    return run.whose == Whose::kAuthors && is_first_test(entry, run);
  });
  if (run.whose == Whose::kAuthors) tests_.report(context, run);
  tell_lines(context, run);
}

// Desks look again at what these registers say.
void Lifts::tell_lines(Context& context, const LiftRun& run) const {
  for (const TestedLine& line : run.lines)
    if (!line.retired) context.effects.notify(RegisterChanged{peer(), line.of.line, std::nullopt});
}

std::string Lifts::names_of(const std::vector<line::RegisterOf>& registers) const {
  std::string out;
  for (const line::RegisterOf& of : registers) {
    const Line* line = tests_.line(of.line);
    out += (out.empty() ? "" : ", ") + (line == nullptr ? "line " + std::to_string(of.line.value) : line->setup().name);
  }
  return out;
}

std::string Lifts::lacking(const LiftRun& run) const {
  std::string out;
  for (const TestedLine& one : run.lines) {
    if (one.retired) continue;
    const auto missing = static_cast<line::MediaMask>(one.wanted & ~one.passed);
    std::string of_line;
    const auto add = [&](const std::string& words) { of_line += (of_line.empty() ? "" : ", ") + words; };
    if (missing != 0) add(line::media_words(missing) + " did not pass both ways");
    if (!one.path_works) add("no path that it may take works both ways");
    if (one.desk_wanted && !one.desk_passed) add("the desks of both sides have not spoken for it");
    if (!of_line.empty()) out += (out.empty() ? "" : "; ") + tests_.line(one.of.line)->setup().name + ": " + of_line;
  }
  const char* const found[] = {"works both ways", "nothing is heard", "nothing of ours arrives"};
  for (const line::ReportedPath& path : run.paths)
    if (path.finding != line::PathFinding::kBothWays)
      out += (out.empty() ? "path " : "; path ") + std::to_string(path.path.value) + ": " + found[static_cast<std::size_t>(path.finding)];
  return out.empty() ? "all had passed" : out;
}

}  // namespace detente::core
