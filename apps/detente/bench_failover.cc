// Cuts of one path and of all, in virtual time over the same core; the moment of
// the cut walks through the second between two messages.
// tests/system/failover_test.py does the same to real stations.
#include "bench.h"
#include "sim/path_figures.h"

namespace detente::cli {

namespace {

constexpr Duration kOneWay = std::chrono::milliseconds(20);
constexpr Duration kSecond = std::chrono::seconds(1);

double ms(Duration span) { return static_cast<double>(span.count()) / 1000; }

// The same cut at `runs` moments between two messages. The first is while the message is under way.
std::vector<sim::CutFigures> cuts(sim::CutSetting setting, std::size_t runs) {
  std::vector<sim::CutFigures> out;
  for (std::size_t i = 0; i < runs; ++i) {
    setting.seed = i + 1;
    setting.after_message = kOneWay / 2 + kSecond * i / runs;
    out.push_back(sim::cut_figures(setting));
  }
  return out;
}

}  // namespace

Result<std::vector<Figure>> bench_failover(const BenchChoices& choices) {
  const std::size_t runs = choices.quick ? 25 : 200;
  const std::string conditions = "round trip 40 ms on both paths, the better one cut, one message a second";
  Figure flash{"failover.flash_gap", "ms", {}, {}, 0, conditions + "; until the verified receipt, less the longest before the cut"};
  Figure routine{"failover.routine_gap", "ms", {}, {}, 1,
                 conditions + "; until it is delivered; limit: one round trip and the retransmission timeout at the cut"};
  Figure receipt{"failover.routine_gap_receipt", "ms", {}, {}, 1, "the same until the verified receipt"};
  Figure lost{"failover.lost", "", {}, {}, 0, "written and not receipted ten minutes after"};
  Figure hole{"hole.60s", "ms", {}, {}, 1000, "both paths cut for 60 s, one message a second; from the healing until the next delivery"};
  Figure hole_lost{"hole.60s_lost", "", {}, {}, 0, "of the same runs"};
  for (const auto precedence : {record::Precedence::kFlash, record::Precedence::kRoutine}) {
    sim::CutSetting setting;
    setting.precedence = precedence;
    setting.one_way = kOneWay;
    for (const sim::CutFigures& run : cuts(setting, runs)) {
      lost.values.push_back(static_cast<double>(run.lost));
      if (precedence == record::Precedence::kFlash) {
        flash.values.push_back(ms(std::max(Duration(0), run.receipted_after - run.receipted_before)));
        continue;
      }
      const double limit = ms(2 * kOneWay + run.timeout);
      routine.values.push_back(ms(run.delivered_after - run.delivered_before));
      routine.limits.push_back(limit);
      receipt.values.push_back(ms(run.receipted_after - run.receipted_before));
      receipt.limits.push_back(limit);
    }
  }
  sim::CutSetting setting;
  setting.one_way = kOneWay;
  setting.all_paths = true;
  setting.healed_after = std::chrono::seconds(60);
  for (const sim::CutFigures& run : cuts(setting, runs)) {
    hole.values.push_back(ms(run.first_after_healing));
    hole_lost.values.push_back(static_cast<double>(run.lost));
  }
  // The worst run is what counts, not the one in the middle.
  for (Figure* figure : {&flash, &routine, &receipt, &lost, &hole, &hole_lost}) figure->worst = true;
  return std::vector<Figure>{flash, routine, receipt, lost, hole, hole_lost};
}

}  // namespace detente::cli
