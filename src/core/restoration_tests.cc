#include "core/restoration_tests.h"

#include <algorithm>

#include "crypto/hash.h"
#include "record/blob.h"

namespace detente::core {

namespace {

using line::RestorationTestOf;
using record::Whose;

// What nobody could have kept from another test: it follows from the tested and the author's side.
Bytes test_document(const line::ActPlace& tested, std::uint8_t author) {
  Bytes out;
  for (std::uint64_t block = 0; out.size() < line::kTestDocumentBytes; ++block) {
    Bytes seed = to_bytes(as_bytes("detente/1 test document"));
    append(seed, tested.epoch);
    append_be(seed, tested.index, 8);
    append_be(seed, tested.side, 1);
    append_be(seed, author, 1);
    append_be(seed, block, 8);
    append(out, crypto::sha256({ByteView(seed)}));
  }
  out.resize(line::kTestDocumentBytes);
  return out;
}

}  // namespace

bool is_restoration_test(const record::Entry& entry) { return entry.header.kind == record::kRestorationTest; }

bool TestRun::every_path_works() const {
  return std::all_of(paths.begin(), paths.end(),
                     [](const line::ReportedPath& path) { return path.finding == line::PathFinding::kBothWays; });
}

const Line* RestorationTests::line(LineId id) const {
  const auto found = parts_.lines->find(id);
  return found == parts_.lines->end() ? nullptr : found->second.get();
}

TestedLine RestorationTests::tested(const line::RestoredLine& of) const {
  const Line* here = line(of.line);
  TestedLine out{of};
  out.retired = here == nullptr;
  if (out.retired) return out;
  out.log_only = here->setup().log_only;
  // Of a line that is log only: that the other station is there at all.
  out.wanted = here->setup().documents && !out.log_only ? of.media & (line::kText | line::kDocument) : of.media & line::kText;
  out.desk_wanted = here->setup().desk_restores;
  return out;
}

// --- this side's -------------------------------------------------------------------

// It has its place, or waits for it.
bool RestorationTests::sent(const line::ActPlace& at, RestorationTestOf of) const {
  return parts_.agreements->test(at, Whose::kAuthors, of) != nullptr || accord_line()->any_waiting([&](const record::Entry& entry) {
    const auto test = line::parse_restoration_test_body(entry.body);
    return is_restoration_test(entry) && test && test->of == of && parts_.agreements->target(Whose::kAuthors, entry.header) == at;
  });
}

void RestorationTests::send(Context& context, const line::ActPlace& at, RestorationTestOf of) const {
  if (accord_line()->disk_rests() || sent(at, of)) return;
  if (of == RestorationTestOf::kDocument) return send_document(context, at);
  submit(context, at, record::kRestorationTest, line::restoration_test_body({of, {}, ""}));
}

void RestorationTests::send_document(Context& context, const line::ActPlace& at) const {
  const Bytes bytes = test_document(at, parts_.agreements->side_of(Whose::kAuthors));
  const Digest root = record::blob_root(bytes);
  const auto here = context.store.blob({parts_.identity->lineage, parts_.identity->counterpart, true, root});
  if (!here || here->state == record::BlobState::kFilling) {
    if (parts_.documents->disk_rests(context.now.mono)) return;
    static_cast<void>(parts_.documents->put(context, {root, bytes.size(), kAccordLine, 0, bytes}));
    return;
  }
  submit(context, at, record::kRestorationTest, line::restoration_test_body({RestorationTestOf::kDocument, {}, ""}),
         {{root, bytes.size(), "application/octet-stream", ""}});
}

void RestorationTests::take_back(Context& context, const std::optional<line::ActPlace>& at, const Line::Pick& also) const {
  const auto mine = [&](const record::Entry& entry) {
    if (!is_restoration_test(entry)) return false;
    return (at && parts_.agreements->target(Whose::kAuthors, entry.header) == at) || (also && also(entry));
  };
  accord_line()->withdraw(context, mine, "the tests that this belongs to are over");
}

// --- what has passed ---------------------------------------------------------------

void RestorationTests::look(Context& context, TestRun& run) const {
  look_at_paths(run);
  for (TestedLine& line : run.lines)
    if (!line.retired) look_at_line(context, run, line);
}

bool RestorationTests::receipted(const line::ActPlace& own) const {
  const OwnLog& log = accord_line()->own();
  return log.key().epoch == own.epoch && own.index < log.receipted_size();
}

// Both ways: ours has the other side's receipt, theirs is here.
bool RestorationTests::passed(Context& context, const TestRun& run, RestorationTestOf of) const {
  if (!run.at) return false;
  const Agreements::Test* own = parts_.agreements->test(*run.at, Whose::kAuthors, of);
  const Agreements::Test* theirs = parts_.agreements->test(*run.at, Whose::kOthers, of);
  if (own == nullptr || theirs == nullptr || !receipted(own->at)) return false;
  if (of != RestorationTestOf::kDocument) return true;
  const auto state = [&](bool ours, const Agreements::Test& test) {
    const auto blob = context.store.blob({parts_.identity->lineage, parts_.identity->counterpart, ours, test.document->digest});
    return blob ? std::optional(blob->state) : std::nullopt;
  };
  return state(true, *own) == record::BlobState::kConfirmed && state(false, *theirs) == record::BlobState::kHere;
}

void RestorationTests::look_at_paths(TestRun& run) const {
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

void RestorationTests::look_at_line(Context& context, const TestRun& run, TestedLine& line) const {
  const LineId id = line.of.line;
  for (const auto& [medium, of] : {std::pair(line::kText, RestorationTestOf::kText),
                                   std::pair(line::kDocument, RestorationTestOf::kDocument)})
    if ((line.wanted & medium) != 0 && passed(context, run, of)) line.passed = static_cast<line::MediaMask>(line.passed | medium);
  line.desk_passed = run.at && parts_.agreements->desk_spoke(*run.at, Whose::kAuthors, id) &&
                     parts_.agreements->desk_spoke(*run.at, Whose::kOthers, id);
  const std::vector<PathId>& allowed = this->line(id)->setup().paths;
  line.path_works = std::any_of(run.paths.begin(), run.paths.end(), [&](const line::ReportedPath& path) {
    return path.finding == line::PathFinding::kBothWays &&
           (allowed.empty() || std::find(allowed.begin(), allowed.end(), path.path) != allowed.end());
  });
}

// --- entries -----------------------------------------------------------------------

std::optional<record::Reference> RestorationTests::reference_to(const Context& context, const line::ActPlace& place) const {
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

bool RestorationTests::submit(Context& context, const std::optional<line::ActPlace>& at, record::Kind kind, Bytes body,
                              std::vector<record::Attachment> attachments) const {
  record::Entry entry;
  if (at) {
    const auto reference = reference_to(context, *at);
    if (!reference) return false;
    entry.header.references = {*reference};
  }
  entry.header.line = kAccordLine;
  entry.header.kind = kind;
  if (kind == record::kRestorationTest) entry.header.entry_class = record::EntryClass::kTest;
  entry.header.time = context.now.wall;
  // Not FLASH: it must not come ahead of what it stands on.
  entry.header.precedence = std::min(record::Precedence::kImmediate, accord_line()->setup().highest);
  entry.header.body_form = record::BodyForm::kCbor;
  entry.header.attachments = std::move(attachments);
  entry.body = std::move(body);
  return accord_line()->submit(context, std::move(entry)).has_value();
}

void RestorationTests::report(Context& context, const TestRun& run) const {
  if (!run.at || !run.end) return;
  const auto waits = [&](const record::Entry& entry) {
    return entry.header.kind == record::kRestorationReport && parts_.agreements->target(Whose::kAuthors, entry.header) == run.at;
  };
  if (accord_line()->any_waiting(waits)) return;
  line::RestorationReport out{*run.end, {}, run.paths};
  for (const TestedLine& one : run.lines) {
    line::ReportedLine said{one.of.line, one.log_only ? line::MediaMask{0} : one.passed, one.open};
    if (const Line* here = line(one.of.line); here != nullptr) {
      said.held = here->far().durable_size();
      said.waiting = here->own().unreceipted().size() + here->queued();
    }
    out.lines.push_back(said);
  }
  submit(context, run.at, record::kRestorationReport, line::restoration_report_body(out));
}

}  // namespace detente::core
