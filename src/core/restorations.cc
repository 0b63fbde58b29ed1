#include "core/restorations.h"

#include <algorithm>

#include "base/mutant.h"
#include "core/agreement_marks.h"

namespace detente::core {

namespace {

using line::RestorationEnd;
using line::RestorationTestOf;
using record::Whose;

constexpr const char* kRestorationMarks = "restorations";
constexpr std::size_t kMarksKept = 64;
constexpr std::size_t kTestRunsKept = 16;

}  // namespace

// --- marks -------------------------------------------------------------------------

void Restorations::load(Context& context, record::Fence fence) {
  fence_ = fence;
  marks_.clear();
  runs_.clear();
  next_ = context.now.mono;
  looked_at_ = tests_.parts().agreements->revision();
  look_at_agreements();
  loaded_ = true;
  const auto bytes = context.store.value(marks_key(kRestorationMarks, *tests_.parts().identity));
  if (!bytes) return;
  wire::CborReader reader(*bytes);
  const auto count = reader.array();
  for (std::size_t i = 0; count && i < *count; ++i) {
    if (!reader.array(4)) return;
    const auto at = read_place(reader);
    const auto mark = reader.uint();
    if (!at || !mark) return;
    marks_[*at] = static_cast<Mark>(*mark);
  }
}

void Restorations::keep_marks(Context& context) {
  while (marks_.size() > kMarksKept) {
    // The oldest of those that ended: of one whose hours are not over the mark is what keeps it from beginning again.
    const line::ProposalBook& book = tests_.parts().agreements->book();
    const auto goes_first = [&book](const auto& one) {
      const line::Proposal* proposal = book.find(one.first);
      return std::pair(one.second != Mark::kEnded, proposal != nullptr ? proposal->instant : std::nullopt);
    };
    marks_.erase(std::min_element(marks_.begin(), marks_.end(),
                                  [&](const auto& a, const auto& b) { return goes_first(a) < goes_first(b); }));
  }
  wire::CborWriter out;
  out.array(marks_.size());
  for (const auto& [at, mark] : marks_)
    write_place(out.array(4), at).uint(static_cast<std::uint64_t>(mark));
  record::Batch batch;
  batch.fence = fence_;
  batch.writes.push_back(record::PutValue{marks_key(kRestorationMarks, *tests_.parts().identity), out.take()});
  // A disk that refuses this: the tests go on, and a station that starts again may try them once more.
  context.effects.persist({std::move(batch)}, [](Context&) {}, [](Context&, const Error&) {});
}

// --- from the agreement to its end -------------------------------------------------

void Restorations::advance(Context& context) {
  if (!loaded_) return;
  const bool news = std::exchange(looked_at_, tests_.parts().agreements->revision()) != tests_.parts().agreements->revision();
  const bool due = next_ && *next_ <= context.now.mono;
  const bool running = std::any_of(runs_.begin(), runs_.end(), [](const RestorationRun& run) { return !run.end; });
  if ((!news && !due && !running) || std::exchange(advancing_, true)) return;
  next_.reset();
  const std::uint32_t now = context.now.wall.seconds;
  const WallTime since{now > line::kRestorationSeconds ? now - line::kRestorationSeconds : 0};
  look_at_agreements();
  for (const AgreedRestoration& one : agreed_) {
    if (one.instant < since || marks_.count(one.at) > 0) continue;
    if (one.instant.seconds > now) {
      const Duration left = std::chrono::seconds(one.instant.seconds - now);
      const Instant at = context.now.mono + std::min<Duration>(left, kLookEvery);
      next_ = std::min(next_.value_or(at), at);
    } else {
      begin(context, one);
    }
  }
  end_what_ran_before(context, since);
  for (RestorationRun& one : runs_)
    if (!one.end) run(context, one);
  if (std::any_of(runs_.begin(), runs_.end(), [](const RestorationRun& one) { return !one.end; }))
    next_ = std::min(next_.value_or(context.now.mono + kTick), context.now.mono + kTick);
  advancing_ = false;
}

void Restorations::look_at_agreements() {
  const std::uint64_t now = tests_.parts().agreements->agreed_revision();
  if (std::exchange(agreed_of_, now) != now) agreed_ = tests_.parts().agreements->restorations();
}

bool Restorations::is_reported(const line::ActPlace& agreement) const {
  const Agreements& agreements = *tests_.parts().agreements;
  return agreements.reported(agreement, Whose::kAuthors) || tests_.accord_line()->any_waiting([&](const record::Entry& entry) {
    return entry.header.kind == record::kRestorationReport && agreements.target(Whose::kAuthors, entry.header) == agreement;
  });
}

// It ran when this station stopped, or had ended and its report was not on the disk yet: what its tests were worth is
// not known any more.
void Restorations::end_what_ran_before(Context& context, WallTime since) {
  for (auto& mark : marks_) {
    const line::ActPlace& at = mark.first;
    const bool here = std::any_of(runs_.begin(), runs_.end(), [&](const RestorationRun& run) { return run.agreement.at == at; });
    if (here) continue;
    const bool ended = std::exchange(mark.second, Mark::kEnded) == Mark::kEnded;
    const AgreedRestoration* known = agreed(at);
    if (known == nullptr || known->instant < since || (ended && is_reported(at))) continue;
    RestorationRun run = new_run(context, *known);
    for (TestedLine& line : run.lines) look_at_register(run, line);
    runs_.push_back(std::move(run));
  }
  const auto before = [this](const RestorationRun& run) { return !run.end && marks_.at(run.agreement.at) == Mark::kEnded; };
  for (RestorationRun& run : runs_)
    if (before(run)) end(context, run, RestorationEnd::kStopped);
}

const AgreedRestoration* Restorations::agreed(const line::ActPlace& at) const {
  const auto found = std::find_if(agreed_.begin(), agreed_.end(), [&](const AgreedRestoration& one) { return one.at == at; });
  return found == agreed_.end() ? nullptr : &*found;
}

// An own act counts from its commit on, and to a station that is dark nothing comes after it.
std::optional<Instant> Restorations::next_deadline() const {
  return loaded_ && looked_at_ != tests_.parts().agreements->revision() ? Instant{} : next_;
}

bool Restorations::restoring(LineId line) const {
  return std::any_of(runs_.begin(), runs_.end(), [line](const RestorationRun& run) {
    return !run.end && std::any_of(run.lines.begin(), run.lines.end(),
                                   [line](const TestedLine& one) { return one.of.line == line && !one.cut_anew; });
  });
}

RestorationRun Restorations::new_run(const Context& context, const AgreedRestoration& agreement) const {
  RestorationRun out;
  out.at = agreement.at;
  out.began = context.now.mono;
  out.agreement = agreement;
  for (const line::RestoredLine& of : agreement.lines) out.lines.push_back(tests_.tested(of));
  return out;
}

void Restorations::begin(Context& context, const AgreedRestoration& agreement) {
  marks_[agreement.at] = Mark::kRunning;
  keep_marks(context);
  if (runs_.size() >= kTestRunsKept) {
    const auto ended = std::find_if(runs_.begin(), runs_.end(), [](const RestorationRun& run) { return run.end.has_value(); });
    if (ended != runs_.end()) runs_.erase(ended);
  }
  runs_.push_back(new_run(context, agreement));
  tests_.try_paths(context);
  context.effects.notify(RestorationChanged{tests_.parts().identity->peer});
}

void Restorations::run(Context& context, RestorationRun& run) {
  tests_.look(context, run);
  for (TestedLine& line : run.lines) look_at_register(run, line);
  const auto open = [](const TestedLine& line) { return line.open; };
  if (std::all_of(run.lines.begin(), run.lines.end(), open)) {
    if (run.every_path_works() || context.now.mono - run.began >= kPathPatience)
      end(context, run, RestorationEnd::kOpen);
    return;
  }
  if (agreed(run.agreement.at) == nullptr) return end(context, run, RestorationEnd::kWithdrawn);
  if (const auto ended = ended_there(run)) return end(context, run, *ended);
  if (context.now.wall.seconds >= run.agreement.instant.seconds + line::kRestorationSeconds)
    return end(context, run, RestorationEnd::kTimeOver);
  const auto over = [](const TestedLine& line) { return line.open || line.retired || line.cut_anew || line.their_cut_anew; };
  if (std::all_of(run.lines.begin(), run.lines.end(), over)) return end(context, run, RestorationEnd::kTakenBack);
  send_tests(context, run);
  clear(context, run);
}

// The other station tests no more, and has left a line as it was: here nothing can pass either. One that died over its
// report may have opened all before.
std::optional<RestorationEnd> Restorations::ended_there(const RestorationRun& run) const {
  const line::RestorationReport* report = tests_.parts().agreements->report(run.agreement.at, Whose::kOthers);
  if (report == nullptr || report->end == RestorationEnd::kOpen) return std::nullopt;
  const bool all_open = std::all_of(report->lines.begin(), report->lines.end(), [](const line::ReportedLine& line) { return line.open; });
  return all_open ? std::nullopt : std::optional(report->end);
}

void Restorations::end(Context& context, RestorationRun& run, RestorationEnd end) {
  tests_.look_at_paths(run);
  // What the registers say now, whatever passed: a line that nothing holds cut is not told to stay so.
  for (TestedLine& line : run.lines) line.open = !line.retired && carries(line.of);
  run.end = end;
  marks_[run.agreement.at] = Mark::kEnded;
  keep_marks(context);
  tests_.take_back(context, run.agreement.at);
  if (!mutant(Mutant::kReportForgotten)) tests_.report(context, run);
  context.effects.notify(RestorationChanged{tests_.parts().identity->peer, end});
}

// --- tests and what follows ----------------------------------------------------------

void Restorations::send_tests(Context& context, const RestorationRun& run) {
  tests_.send(context, run.agreement.at, RestorationTestOf::kText);
  const auto documents = [](const TestedLine& line) { return (line.wanted & line::kDocument) != 0; };
  if (std::any_of(run.lines.begin(), run.lines.end(), documents))
    tests_.send(context, run.agreement.at, RestorationTestOf::kDocument);
}

void Restorations::look_at_register(const RestorationRun& run, TestedLine& line) const {
  line.cut_anew = cut_anew(run.agreement.at, line.of, Whose::kAuthors);
  line.their_cut_anew = cut_anew(run.agreement.at, line.of, Whose::kOthers);
  line.open = line.works() && carries(line.of);
}

bool Restorations::carries(const line::RestoredLine& of) const {
  return (tests_.parts().registers->closed_media(of.line) & of.media) == 0;
}

bool Restorations::covers(const line::ActPlace& agreement, const line::RestoredLine& of, Whose whose, const Cut& cut) const {
  const Agreements& agreements = *tests_.parts().agreements;
  if ((cut.media & ~of.media) != 0) return false;
  // This side clears only what its part is known to cover; of the other side's cuts it knows only what has come.
  // One that is not in this log was told of before anything got its place in it.
  if (whose == Whose::kAuthors && cut.told()) {
    const auto part = agreements.part_of(agreement, whose);
    return part && part->epoch == tests_.accord_line()->own().key().epoch;
  }
  return whose == Whose::kAuthors ? agreements.covers(agreement, whose, of.line, cut.cut_epoch)
                                  : !agreements.cut_since(agreement, whose, of.line, cut.cut_epoch);
}

// A clear ends every cut up to its own, announced ones, too: up to the first that is not covered.
std::uint64_t Restorations::ends(const line::ActPlace& agreement, const line::RestoredLine& of, Whose whose) const {
  std::uint64_t out = 0;
  for (const Cut& cut : tests_.parts().registers->of(whose, of.line).cuts) {
    if (cut.cleared) continue;
    if (!covers(agreement, of, whose, cut)) break;
    out = cut.cut_epoch;
  }
  return out;
}

bool Restorations::cut_anew(const line::ActPlace& agreement, const line::RestoredLine& of, Whose whose) const {
  const Registers& registers = *tests_.parts().registers;
  const std::uint64_t ended = ends(agreement, of, whose);
  const std::vector<Cut>& cuts = registers.of(whose, of.line).cuts;
  return std::any_of(cuts.begin(), cuts.end(), [&](const Cut& cut) {
    return cut.cut_epoch > ended && registers.in_force(whose, of.line, cut);
  });
}

// This side's registers of the lines whose tests have passed.
void Restorations::clear(Context& context, const RestorationRun& run) {
  line::ClearAct act{{}, line::ClearGround::kRestored};
  for (const TestedLine& line : run.lines) {
    const bool cut = tests_.parts().registers->closed_media(line.of.line, Whose::kAuthors) != 0;
    if (line.works() && cut && !line.cut_anew && act.lines.size() < line::kCutLinesMax)
      act.lines.push_back({line.of.line, ends(run.agreement.at, line.of, Whose::kAuthors)});
  }
  if (!act.lines.empty() && !tests_.accord_line()->disk_rests()) tests_.submit(context, run.agreement.at, record::kRegister, line::clear_body(act));
}

}  // namespace detente::core
