// Bodies of the entries by which a restoration, or the lift of a cut, is carried out: a test (kind 15) and the report of
// how it ended (kind 16), both written by the stations themselves on the accord line. spec/restoration.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "line/register_act.h"

namespace detente::line {

inline constexpr std::uint32_t kRestorationSeconds = 2 * 3600;  // from the agreed instant on the tests may run
inline constexpr std::size_t kTestDocumentBytes = 4096;
inline constexpr std::size_t kTestWordsMax = 200;
inline constexpr std::size_t kReportedPathsMax = 32;  // every path that an accord can have

// kDesk: an officer at the line's desk says that he read the other side's test, and how well.
// kLift: the first test, of text, of whoever lifts his own cut; all others of this lift refer to it.
enum class RestorationTestOf : std::uint8_t { kText = 0, kDocument = 1, kDesk = 2, kLift = 3 };
struct RestorationTest {
  RestorationTestOf of = RestorationTestOf::kText;
  std::vector<LineId> lines;  // of kDesk: ascending, each once
  std::string words;          // of kDesk: how it was read
  std::vector<RegisterOf> registers = {};  // of kLift: what its author lifts
  bool operator==(const RestorationTest&) const = default;
};
Bytes restoration_test_body(const RestorationTest& test);
Result<RestorationTest> parse_restoration_test_body(ByteView body);

enum class RestorationEnd : std::uint8_t {
  kOpen = 0,       // every line is open
  kTimeOver = 1,   // some line's tests did not pass in time, or the other side kept its cut
  kWithdrawn = 2,  // either side stepped back
  kStopped = 3,    // a station was started anew, or went on under another accord, while its tests ran
  kLifted = 4,     // of a lift: its author's registers are clear
  kTakenBack = 5,  // of a lift: by its officer; or what was not open yet is held by another cut, or was retired
};
const char* to_string(RestorationEnd end);

enum class PathFinding : std::uint8_t { kBothWays = 0, kNothingHeard = 1, kNothingArrives = 2 };

struct ReportedLine {
  LineId line;
  MediaMask tested = 0;  // that passed, both ways
  bool open = false;
  std::uint64_t held = 0;     // entries of the other side's log here
  std::uint64_t waiting = 0;  // own ones without its receipt
  bool operator==(const ReportedLine&) const = default;
};
struct ReportedPath {
  PathId path;
  PathFinding finding = PathFinding::kNothingHeard;
  bool operator==(const ReportedPath&) const = default;
};
struct RestorationReport {
  RestorationEnd end = RestorationEnd::kOpen;
  std::vector<ReportedLine> lines;  // ascending, each once
  std::vector<ReportedPath> paths;  // the same
  bool operator==(const RestorationReport&) const = default;
};
Bytes restoration_report_body(const RestorationReport& report);
Result<RestorationReport> parse_restoration_report_body(ByteView body);

}  // namespace detente::line
