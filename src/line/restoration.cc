#include "line/restoration.h"

#include "record/act_body.h"
#include "line/proposal.h"

namespace detente::line {

namespace {

using record::read_bounded, record::read_words;

constexpr std::uint64_t kCountMax = std::uint64_t{1} << 48;

Result<LineId> read_line(wire::CborReader& reader) {
  DETENTE_TRY(value, read_bounded(reader, UINT16_MAX, "a line's number"));
  if (value == kAccordLine.value) return fail(Fault::kMalformed, "the accord line is never cut, and not restored");
  return LineId{static_cast<std::uint16_t>(value)};
}

std::size_t parts_of(RestorationTestOf of) {
  if (of == RestorationTestOf::kDesk) return 3;
  return of == RestorationTestOf::kLift ? 2 : 1;
}

Result<ReportedLine> read_reported_line(wire::CborReader& reader) {
  DETENTE_TRY_VOID(reader.array(5));
  ReportedLine out;
  DETENTE_TRY(line, read_line(reader));
  DETENTE_TRY(tested, read_bounded(reader, kAllMedia, "a line's media"));
  DETENTE_TRY(open, read_bounded(reader, 1, "whether a line is open"));
  DETENTE_TRY(held, read_bounded(reader, kCountMax, "a number of entries"));
  DETENTE_TRY(waiting, read_bounded(reader, kCountMax, "a number of entries"));
  out.line = line;
  out.tested = static_cast<MediaMask>(tested);
  out.open = open == 1;
  out.held = held;
  out.waiting = waiting;
  return out;
}

Result<ReportedPath> read_reported_path(wire::CborReader& reader) {
  DETENTE_TRY_VOID(reader.array(2));
  DETENTE_TRY(path, read_bounded(reader, UINT8_MAX, "a path's number"));
  DETENTE_TRY(finding, read_bounded(reader, static_cast<std::uint64_t>(PathFinding::kNothingArrives), "what is found of a path"));
  return ReportedPath{PathId{static_cast<decltype(PathId::value)>(path)}, static_cast<PathFinding>(finding)};
}

}  // namespace

Bytes restoration_test_body(const RestorationTest& test) {
  wire::CborWriter out;
  out.array(parts_of(test.of)).uint(static_cast<std::uint64_t>(test.of));
  if (test.of == RestorationTestOf::kLift) write_registers(out, test.registers);
  if (test.of != RestorationTestOf::kDesk) return out.take();
  out.array(test.lines.size());
  for (const LineId line : test.lines) out.uint(line.value);
  out.text(test.words);
  return out.take();
}

Result<RestorationTest> parse_restoration_test_body(ByteView body) {
  wire::CborReader reader(body);
  DETENTE_TRY(items, reader.array());
  DETENTE_TRY(of, read_bounded(reader, static_cast<std::uint64_t>(RestorationTestOf::kLift), "what is tested"));
  RestorationTest out;
  out.of = static_cast<RestorationTestOf>(of);
  if (items != parts_of(out.of)) return fail(Fault::kMalformed, "a restoration's test with too few or too many parts");
  if (out.of == RestorationTestOf::kLift) {
    DETENTE_TRY(registers, read_registers(reader));
    out.registers = std::move(registers);
  }
  if (out.of == RestorationTestOf::kDesk) {
    DETENTE_TRY(count, reader.array());
    if (count == 0 || count > kRestoredLinesMax) return fail(Fault::kMalformed, "a desk's test names 1 to 64 lines");
    for (std::size_t i = 0; i < count; ++i) {
      DETENTE_TRY(line, read_line(reader));
      if (!out.lines.empty() && out.lines.back() >= line) return fail(Fault::kMalformed, "a desk test's lines do not ascend");
      out.lines.push_back(line);
    }
    DETENTE_TRY(words, read_words(reader, kTestWordsMax));
    out.words = std::move(words);
  }
  DETENTE_TRY_VOID(reader.expect_end());
  return out;
}

const char* to_string(RestorationEnd end) {
  switch (end) {
    case RestorationEnd::kOpen: return "every line is open";
    case RestorationEnd::kTimeOver: return "the time for the tests is over";
    case RestorationEnd::kWithdrawn: return "the agreement was withdrawn";
    case RestorationEnd::kLifted: return "the cut is lifted";
    case RestorationEnd::kTakenBack: return "it was taken back, or what has not opened was cut anew, by more than was agreed, or is not in the accord any more";
    case RestorationEnd::kStopped: break;
  }
  return "a station was started anew, or went on under another accord, while the tests ran";
}

Bytes restoration_report_body(const RestorationReport& report) {
  wire::CborWriter out;
  out.array(3).uint(static_cast<std::uint64_t>(report.end)).array(report.lines.size());
  for (const ReportedLine& line : report.lines)
    out.array(5).uint(line.line.value).uint(line.tested).uint(line.open ? 1 : 0).uint(line.held).uint(line.waiting);
  out.array(report.paths.size());
  for (const ReportedPath& path : report.paths)
    out.array(2).uint(path.path.value).uint(static_cast<std::uint64_t>(path.finding));
  return out.take();
}

Result<RestorationReport> parse_restoration_report_body(ByteView body) {
  wire::CborReader reader(body);
  DETENTE_TRY_VOID(reader.array(3));
  RestorationReport out;
  DETENTE_TRY(end, read_bounded(reader, static_cast<std::uint64_t>(RestorationEnd::kTakenBack), "how a restoration ended"));
  out.end = static_cast<RestorationEnd>(end);
  DETENTE_TRY(lines, reader.array());
  if (lines == 0 || lines > kRestoredLinesMax) return fail(Fault::kMalformed, "a report names 1 to 64 lines");
  for (std::size_t i = 0; i < lines; ++i) {
    DETENTE_TRY(line, read_reported_line(reader));
    if (!out.lines.empty() && out.lines.back().line >= line.line) return fail(Fault::kMalformed, "a report's lines do not ascend");
    out.lines.push_back(line);
  }
  DETENTE_TRY(paths, reader.array());
  if (paths > kReportedPathsMax) return fail(Fault::kMalformed, "a report names at most 32 paths");
  for (std::size_t i = 0; i < paths; ++i) {
    DETENTE_TRY(path, read_reported_path(reader));
    if (!out.paths.empty() && out.paths.back().path >= path.path) return fail(Fault::kMalformed, "a report's paths do not ascend");
    out.paths.push_back(path);
  }
  DETENTE_TRY_VOID(reader.expect_end());
  return out;
}

}  // namespace detente::line
