// What the report of a restoration says of lines that the accord has no more, of those that are log only, and of those
// that nothing holds cut. spec/restoration.md section 4.
#include "sim/acting_pair_for_test.h"

namespace detente::sim {
namespace {

using line::RestorationEnd;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

core::LineSetup line_of(LineId id, const char* name) { return {id, name, true, record::Precedence::kFlash, 1000, {}, true}; }

class Reported : public ActingPair {
 protected:
  explicit Reported(PairOptions options = with_one_to_retire()) : ActingPair(59, std::move(options)) {}
  static PairOptions with_one_to_retire() {
    PairOptions out;
    out.lines = {{kAccordLine, "accord", true, record::Precedence::kFlash, 1000, {}}, line_of(kCutLine, "military-west"), line_of(kOther, "sounding")};
    out.next_lines = {out.lines[0], out.lines[1]};
    return out;
  }
  void agree_on(const std::vector<line::RestoredLine>& lines, Duration ahead) {
    line::Proposal proposal;
    proposal.matter = line::Matter::kRestoration;
    proposal.content = line::restoration_content(lines);
    proposal.instant = WallTime{pair_.now(0).wall.seconds +
                                static_cast<std::uint32_t>(std::chrono::duration_cast<seconds>(ahead).count())};
    const auto done = answer(1, line::AnswerAct::kAccept, 0, propose(0, proposal));
    ASSERT_TRUE(done) << done.error().message;
  }
  void cut_both_lines() {
    ASSERT_TRUE(act(0, line::cut_body({{{kCutLine, 1}, {kOther, 1}}, line::kAllMedia, {}, ""})));
    pair_.settle();
  }
  // Both go on under the accord without the second line, by files by hand.
  void retire() {
    for (std::size_t side : {0u, 1u}) pair_.hold_second(side);
    for (int round = 0; round < 4; ++round)
      for (std::size_t from : {0u, 1u}) {
        pair_.run(seconds(30));
        const auto file = pair_.pack(from);
        ASSERT_TRUE(file) << file.error().message;
        ASSERT_TRUE(pair_.take(1 - from, file->file));
        for (std::size_t side : {0u, 1u}) pair_.go_on_if_due(side, {kOther});
        pair_.settle();
      }
    for (std::size_t side : {0u, 1u}) ASSERT_TRUE(pair_.under_second(side)) << side;
  }
};

const std::vector<line::RestoredLine> kBothLines = {{kCutLine, line::kAllMedia}, {kOther, line::kAllMedia}};

TEST_F(Reported, ALineThatWasRetiredBeforeTheHourDoesNotOpenAndTheOthersDo) {
  cut_both_lines();
  agree_on(kBothLines, minutes(30));
  retire();
  pair_.run(minutes(40));
  for (std::size_t side : {0u, 1u}) {
    EXPECT_TRUE(open(side)) << side;
    ASSERT_TRUE(report(side)) << side;
    EXPECT_EQ(report(side)->end, RestorationEnd::kTakenBack) << side;
    EXPECT_EQ(report(side)->lines, (std::vector<line::ReportedLine>{{kCutLine, line::kText | line::kDocument, true, 0, 0}, {kOther}})) << side;
  }
}

TEST_F(Reported, WhereEveryLineWasRetiredBothStillReport) {
  cut_both_lines();
  agree_on({{kOther, line::kAllMedia}}, minutes(30));
  retire();
  pair_.run(minutes(40));
  for (std::size_t side : {0u, 1u}) {
    ASSERT_TRUE(report(side)) << side;
    EXPECT_EQ(report(side)->end, RestorationEnd::kTakenBack) << side << ": not every line is open";
    EXPECT_EQ(report(side)->lines, std::vector<line::ReportedLine>{{kOther}}) << side;
  }
}

TEST_F(Reported, AnotherAccordThatComesDuringTheTestsEndsThemAndTheRetiredLineIsNotOpen) {
  cut_both_lines();
  agree_on(kBothLines, minutes(5));
  lose_[0] = lose_[1] = true;
  pair_.run(minutes(6));
  ASSERT_TRUE(peer(0).restorations().restoring(kCutLine));
  retire();
  lose_[0] = lose_[1] = false;
  pair_.run(minutes(10));
  for (std::size_t side : {0u, 1u}) {
    EXPECT_FALSE(open(side)) << side;
    ASSERT_TRUE(report(side)) << side;
    EXPECT_EQ(report(side)->end, RestorationEnd::kStopped) << side;
    ASSERT_EQ(report(side)->lines.size(), 2u) << side;
    const auto said = report(side);  // a loop over a part of a temporary would outlive it
    for (const line::ReportedLine& line : said->lines) EXPECT_FALSE(line.open) << side << ", " << line.line.value;
    const auto& run = peer(side).restorations().runs().back();
    EXPECT_TRUE(run.lines.back().retired) << side;
    EXPECT_FALSE(run.lines.back().open) << side;
  }
}

TEST_F(Reported, ALineThatNothingHoldsCutDoesNotStayCutWhateverPassed) {
  agree_on({{kCutLine, line::kAllMedia}}, minutes(5));
  lose_[1] = true;
  pair_.run(hours(3));
  lose_[1] = false;
  pair_.run(hours(1));
  ASSERT_TRUE(report(0));
  EXPECT_EQ(report(0)->end, RestorationEnd::kTimeOver);
  EXPECT_TRUE(report(0)->lines.front().open);
}

TEST_F(Reported, TwoRestorationsAtOnceOpenEachItsLinesAndEachIsReported) {
  cut_both_lines();
  agree_on({{kCutLine, line::kAllMedia}}, minutes(10));
  agree_on({{kOther, line::kAllMedia}}, minutes(10));
  pair_.run(minutes(13));
  for (std::size_t side : {0u, 1u}) {
    for (const LineId line : {kCutLine, kOther}) EXPECT_EQ(registers(side).closed_media(line), 0) << side;
    EXPECT_EQ(accord_entries(side, record::kRestorationReport).size(), 2u) << side;
    for (const core::RestorationRun& run : peer(side).restorations().runs()) EXPECT_EQ(run.end, RestorationEnd::kOpen) << side;
  }
}

TEST_F(Reported, OfTwoThatShareALineTheNewerCarriesItAndTheOtherNothing) {
  cut_both_lines();
  agree_on({{kCutLine, line::kAllMedia}}, minutes(10));
  agree_on(kBothLines, minutes(20));
  pair_.run(minutes(15));
  EXPECT_FALSE(open(0)) << "the newer agreement about it counts, at its hour";
  EXPECT_TRUE(accord_entries(0, record::kRestorationReport).empty());
  pair_.run(minutes(8));
  for (std::size_t side : {0u, 1u}) {
    for (const LineId line : {kCutLine, kOther}) EXPECT_EQ(registers(side).closed_media(line), 0) << side;
    EXPECT_EQ(accord_entries(side, record::kRestorationReport).size(), 1u) << side;
  }
}

class ReportedOfLogOnly : public Reported {
 protected:
  ReportedOfLogOnly() : Reported(log_only()) {}
  static PairOptions log_only() {
    PairOptions out;
    out.lines = {{kAccordLine, "accord", true, record::Precedence::kFlash, 1000, {}}, line_of(kCutLine, "voice-radio")};
    out.lines.back().log_only = true;
    return out;
  }
};

TEST_F(ReportedOfLogOnly, NothingIsSaidToHavePassedOverTheLine) {
  cut(0);
  agree_on({{kCutLine, line::kAllMedia}}, minutes(5));
  pair_.run(minutes(8));
  for (std::size_t side : {0u, 1u}) {
    EXPECT_TRUE(open(side)) << side;
    ASSERT_TRUE(report(side)) << side;
    EXPECT_EQ(report(side)->end, RestorationEnd::kOpen) << side;
    EXPECT_EQ(report(side)->lines, (std::vector<line::ReportedLine>{{kCutLine, 0, true, 0, 0}})) << side;
  }
}

}  // namespace
}  // namespace detente::sim
