#include "core/restorations.h"

#include <algorithm>

#include "base/mutant.h"
#include "core/agreement_marks.h"
#include "crypto/hash.h"
#include "record/blob.h"

namespace detente::core {

namespace {

using line::RestorationEnd;
using line::RestorationTestOf;
using record::Whose;

constexpr Duration kTick = std::chrono::seconds(1);
// An agreed hour may be far off, and the clock may be set meanwhile.
constexpr Duration kLookEvery = std::chrono::seconds(30);
// So long the report waits for a path that has not shown itself yet: three heartbeats of a quiet one.
constexpr Duration kPathPatience = std::chrono::seconds(60);
constexpr const char* kMarks = "restorations";
constexpr std::size_t kMarksKept = 64;
constexpr std::size_t kRunsKept = 16;

// What nobody could have kept from another test: it follows from the agreement and the author's side.
Bytes test_document(const line::ActPlace& agreement, std::uint8_t author) {
  Bytes out;
  for (std::uint64_t block = 0; out.size() < line::kTestDocumentBytes; ++block) {
    Bytes seed = to_bytes(as_bytes("detente/1 test document"));
    append(seed, agreement.epoch);
    append_be(seed, agreement.index, 8);
    append_be(seed, agreement.side, 1);
    append_be(seed, author, 1);
    append_be(seed, block, 8);
    append(out, crypto::sha256({ByteView(seed)}));
  }
  out.resize(line::kTestDocumentBytes);
  return out;
}

bool is_test(const record::Entry& entry) { return entry.header.kind == record::kRestorationTest; }

}  // namespace

const Line* Restorations::line(LineId id) const {
  const auto found = parts_.lines->find(id);
  return found == parts_.lines->end() ? nullptr : found->second.get();
}

// --- marks -------------------------------------------------------------------------

void Restorations::load(Context& context, record::Fence fence) {
  fence_ = fence;
  marks_.clear();
  runs_.clear();
  next_ = context.now.mono;
  looked_at_ = parts_.agreements->revision();
  agreed_ = parts_.agreements->restorations();
  loaded_ = true;
  const auto bytes = context.store.value(marks_key(kMarks, *parts_.identity));
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
    const auto ended = std::find_if(marks_.begin(), marks_.end(), [](const auto& one) { return one.second == Mark::kEnded; });
    marks_.erase(ended == marks_.end() ? marks_.begin() : ended);
  }
  wire::CborWriter out;
  out.array(marks_.size());
  for (const auto& [at, mark] : marks_)
    write_place(out.array(4), at).uint(static_cast<std::uint64_t>(mark));
  record::Batch batch;
  batch.fence = fence_;
  batch.writes.push_back(record::PutValue{marks_key(kMarks, *parts_.identity), out.take()});
  // A disk that refuses this: the tests go on, and a station that starts again may try them once more.
  context.effects.persist({std::move(batch)}, [](Context&) {}, [](Context&, const Error&) {});
}

// --- from the agreement to its end -------------------------------------------------

void Restorations::advance(Context& context) {
  if (!loaded_) return;
  const bool news = std::exchange(looked_at_, parts_.agreements->revision()) != parts_.agreements->revision();
  const bool due = next_ && *next_ <= context.now.mono;
  const bool running = std::any_of(runs_.begin(), runs_.end(), [](const RestorationRun& run) { return !run.end; });
  if ((!news && !due && !running) || std::exchange(advancing_, true)) return;
  next_.reset();
  const std::uint32_t now = context.now.wall.seconds;
  const WallTime since{now > line::kRestorationSeconds ? now - line::kRestorationSeconds : 0};
  if (news) agreed_ = parts_.agreements->restorations();
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

bool Restorations::is_reported(const line::ActPlace& agreement) const {
  return parts_.agreements->reported(agreement, Whose::kAuthors) || accord_line()->any_waiting([&](const record::Entry& entry) {
    return entry.header.kind == record::kRestorationReport && parts_.agreements->target(Whose::kAuthors, entry.header) == agreement;
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
    RestorationRun run{*known, context.now.mono, {}, {}, {}};
    for (const line::RestoredLine& line : known->lines) {
      run.lines.push_back({line});
      run.lines.back().open = (parts_.registers->closed_media(line.line) & line.media) == 0;
    }
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

std::optional<Instant> Restorations::next_deadline() const { return next_; }

bool Restorations::restoring(LineId line) const {
  return std::any_of(runs_.begin(), runs_.end(), [line](const RestorationRun& run) {
    return !run.end && std::any_of(run.lines.begin(), run.lines.end(),
                                   [line](const RestorationRun::Line& one) { return one.of.line == line; });
  });
}

void Restorations::begin(Context& context, const AgreedRestoration& agreement) {
  marks_[agreement.at] = Mark::kRunning;
  keep_marks(context);
  RestorationRun run{agreement, context.now.mono, {}, {}, {}};
  for (const line::RestoredLine& of : agreement.lines) {
    const Line* here = line(of.line);
    if (here == nullptr) continue;
    RestorationRun::Line one{of};
    one.wanted = here->setup().documents ? of.media & (line::kText | line::kDocument) : of.media & line::kText;
    one.desk_wanted = here->setup().desk_restores;
    run.lines.push_back(one);
  }
  if (runs_.size() == kRunsKept) runs_.erase(runs_.begin());
  runs_.push_back(std::move(run));
  parts_.link->try_paths(context);
  context.effects.notify(RestorationChanged{parts_.identity->peer});
}

void Restorations::run(Context& context, RestorationRun& run) {
  look_at_paths(run);
  for (RestorationRun::Line& line : run.lines) look_at_line(context, run, line);
  const auto open = [](const RestorationRun::Line& line) { return line.open; };
  if (std::all_of(run.lines.begin(), run.lines.end(), open)) {
    const auto shown = [](const line::ReportedPath& path) { return path.finding == line::PathFinding::kBothWays; };
    if (std::all_of(run.paths.begin(), run.paths.end(), shown) || context.now.mono - run.began >= kPathPatience)
      end(context, run, RestorationEnd::kOpen);
    return;
  }
  if (agreed(run.agreement.at) == nullptr) return end(context, run, RestorationEnd::kWithdrawn);
  if (context.now.wall.seconds >= run.agreement.instant.seconds + line::kRestorationSeconds)
    return end(context, run, RestorationEnd::kTimeOver);
  send_tests(context, run);
  clear(context, run);
}

void Restorations::end(Context& context, RestorationRun& run, RestorationEnd end) {
  look_at_paths(run);
  run.end = end;
  marks_[run.agreement.at] = Mark::kEnded;
  keep_marks(context);
  accord_line()->withdraw(context, is_test, "the tests of this restoration are over");
  if (!run.lines.empty() && !mutant(Mutant::kReportForgotten))
    submit(context, run, record::kRestorationReport, line::restoration_report_body(report_of(run)));
  context.effects.notify(RestorationChanged{parts_.identity->peer});
}

// --- tests -------------------------------------------------------------------------

// Whether this side's test waits for its place already.
bool Restorations::waits(const line::ActPlace& agreement, RestorationTestOf of) const {
  return accord_line()->any_waiting([&](const record::Entry& entry) {
    const auto test = line::parse_restoration_test_body(entry.body);
    return is_test(entry) && test && test->of == of &&
           parts_.agreements->target(Whose::kAuthors, entry.header) == agreement;
  });
}

void Restorations::send_tests(Context& context, const RestorationRun& run) {
  line::MediaMask wanted = 0;
  for (const RestorationRun::Line& line : run.lines) wanted = static_cast<line::MediaMask>(wanted | line.wanted);
  const auto sent = [&](RestorationTestOf of) {
    return parts_.agreements->test(run.agreement.at, Whose::kAuthors, of) != nullptr || waits(run.agreement.at, of);
  };
  if (!sent(RestorationTestOf::kText))
    submit(context, run, record::kRestorationTest, line::restoration_test_body({RestorationTestOf::kText, {}, ""}));
  if ((wanted & line::kDocument) == 0 || sent(RestorationTestOf::kDocument)) return;
  const Bytes bytes = test_document(run.agreement.at, parts_.agreements->place(Whose::kAuthors, {}, 0).side);
  const Digest root = record::blob_root(bytes);
  const auto here = context.store.blob({parts_.identity->lineage, parts_.identity->counterpart, true, root});
  if (!here || here->state == record::BlobState::kFilling) {
    static_cast<void>(parts_.documents->put(context, {root, bytes.size(), kAccordLine, 0, bytes}));
    return;
  }
  submit(context, run, record::kRestorationTest, line::restoration_test_body({RestorationTestOf::kDocument, {}, ""}),
         {{root, bytes.size(), "application/octet-stream", ""}});
}

bool Restorations::receipted(const line::ActPlace& own) const {
  const OwnLog& log = accord_line()->own();
  return log.key().epoch == own.epoch && own.index < log.receipted_size();
}

// Both ways: ours has the other side's receipt, theirs is here.
bool Restorations::passed(Context& context, const RestorationRun& run, RestorationTestOf of) const {
  const Agreements::Test* own = parts_.agreements->test(run.agreement.at, Whose::kAuthors, of);
  const Agreements::Test* theirs = parts_.agreements->test(run.agreement.at, Whose::kOthers, of);
  if (own == nullptr || theirs == nullptr || !receipted(own->at)) return false;
  if (of != RestorationTestOf::kDocument) return true;
  const auto state = [&](bool ours, const Agreements::Test& test) {
    const auto blob = context.store.blob({parts_.identity->lineage, parts_.identity->counterpart, ours, test.document->digest});
    return blob ? std::optional(blob->state) : std::nullopt;
  };
  return state(true, *own) == record::BlobState::kConfirmed && state(false, *theirs) == record::BlobState::kHere;
}

void Restorations::look_at_paths(RestorationRun& run) const {
  run.paths.clear();
  for (const PathState& path : parts_.link->paths().all()) {
    if (run.paths.size() == line::kReportedPathsMax) break;
    auto finding = line::PathFinding::kBothWays;
    if (!path.confirmed || *path.confirmed < run.began) finding = line::PathFinding::kNothingArrives;
    if (!path.heard || *path.heard < run.began) finding = line::PathFinding::kNothingHeard;
    run.paths.push_back({path.id, finding});
  }
  std::sort(run.paths.begin(), run.paths.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
}

void Restorations::look_at_line(Context& context, RestorationRun& run, RestorationRun::Line& line) const {
  const Registers& registers = *parts_.registers;
  const LineId id = line.of.line;
  for (const auto& [medium, of] : {std::pair(line::kText, RestorationTestOf::kText),
                                   std::pair(line::kDocument, RestorationTestOf::kDocument)})
    if ((line.wanted & medium) != 0 && passed(context, run, of)) line.passed = static_cast<line::MediaMask>(line.passed | medium);
  line.desk_passed = parts_.agreements->desk_spoke(run.agreement.at, Whose::kAuthors, id) &&
                     parts_.agreements->desk_spoke(run.agreement.at, Whose::kOthers, id);
  const std::vector<PathId>& allowed = this->line(id)->setup().paths;
  line.path_works = std::any_of(run.paths.begin(), run.paths.end(), [&](const line::ReportedPath& path) {
    return path.finding == line::PathFinding::kBothWays &&
           (allowed.empty() || std::find(allowed.begin(), allowed.end(), path.path) != allowed.end());
  });
  line.cut_anew = false;
  for (const Cut& cut : registers.own(id).cuts)
    if (!cut.cleared && (registers.closed_media(id, Whose::kAuthors) & cut.media) != 0)
      line.cut_anew |= (cut.media & ~line.of.media) != 0 ||
                       !parts_.agreements->covers(run.agreement.at, Whose::kAuthors, id, cut.cut_epoch);
  line.open = line.works() && (registers.closed_media(id) & line.of.media) == 0;
}

// This side's registers of the lines whose tests have passed.
void Restorations::clear(Context& context, const RestorationRun& run) {
  line::ClearAct act{{}, line::ClearGround::kRestored};
  for (const RestorationRun::Line& line : run.lines) {
    const bool cut = parts_.registers->closed_media(line.of.line, Whose::kAuthors) != 0;
    if (line.works() && cut && !line.cut_anew && act.lines.size() < line::kCutLinesMax)
      act.lines.push_back({line.of.line, parts_.registers->own(line.of.line).cut_epoch()});
  }
  if (!act.lines.empty()) submit(context, run, record::kRegister, line::clear_body(act));
}

// --- entries -----------------------------------------------------------------------

std::optional<record::Reference> Restorations::reference_to(const Context& context, const line::ActPlace& place) const {
  const Whose whose = parts_.agreements->whose(place);
  const bool own = whose == Whose::kAuthors;
  const record::LogKey log{{parts_.identity->lineage, kAccordLine},
                           own,
                           own ? parts_.identity->our_station : parts_.identity->their_station,
                           place.epoch};
  const auto found = context.store.entries(log, place.index, place.index + 1, 1);
  if (found.empty()) return std::nullopt;
  return record::Reference{whose, place.epoch, place.index, found.front().leaf};
}

bool Restorations::submit(Context& context, const RestorationRun& run, record::Kind kind, Bytes body,
                          std::vector<record::Attachment> attachments) const {
  const auto agreement = reference_to(context, run.agreement.at);
  if (!agreement) return false;
  record::Entry entry;
  entry.header.line = kAccordLine;
  entry.header.kind = kind;
  if (kind == record::kRestorationTest) entry.header.entry_class = record::EntryClass::kTest;
  entry.header.time = context.now.wall;
  // Not FLASH: it must not come ahead of what it stands on.
  entry.header.precedence = std::min(record::Precedence::kImmediate, accord_line()->setup().highest);
  entry.header.body_form = record::BodyForm::kCbor;
  entry.header.references = {*agreement};
  entry.header.attachments = std::move(attachments);
  entry.body = std::move(body);
  return accord_line()->submit(context, std::move(entry)).has_value();
}

line::RestorationReport Restorations::report_of(const RestorationRun& run) const {
  line::RestorationReport out{*run.end, {}, run.paths};
  for (const RestorationRun::Line& one : run.lines) {
    const Line* here = line(one.of.line);
    if (here == nullptr) continue;
    out.lines.push_back({one.of.line, one.passed, one.open, here->far().durable_size(),
                         here->own().unreceipted().size() + here->queued()});
  }
  return out;
}

}  // namespace detente::core
