// A station in the dark whose accord is amended: that a line is added is no act, and ends no dark. spec/cut.md section 5.
#include "sim/acting_pair_for_test.h"

namespace detente::sim {
namespace {

using std::chrono::minutes;

constexpr LineId kAdded{3};

PairOptions with_a_line_added() {
  PairOptions out;
  out.lines = {{kAccordLine, "accord", true, record::Precedence::kFlash, 1000, {}},
               {kCutLine, "military-west", true, record::Precedence::kFlash, 1000, {}, true}};
  out.next_lines = out.lines;
  out.next_lines.push_back({kAdded, "liaison", true, record::Precedence::kFlash, 1000, {}, true});
  return out;
}

class DarkAmended : public ActingPair {
 protected:
  DarkAmended() : ActingPair(53, with_a_line_added()) {
    pair_.tamper = [this](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
      ++sent_[from];
      return datagram;
    };
  }
  void carry(std::size_t from) {
    const auto file = pair_.pack(from);
    ASSERT_TRUE(file) << file.error().message;
    const auto taken = pair_.take(1 - from, file->file);
    ASSERT_TRUE(taken) << taken.error().message;
    pair_.go_on_if_due(0);
    pair_.go_on_if_due(1);
    pair_.settle();
  }
  std::size_t sent_[2] = {0, 0};
};

TEST_F(DarkAmended, StaysInTheDarkWhenALineIsAdded) {
  line::CutAct how;
  how.dark = true;
  cut(0, how);
  for (std::size_t side : {0u, 1u}) pair_.hold_second(side);
  for (int round = 0; round < 4; ++round) {
    for (std::size_t from : {0u, 1u}) {
      pair_.run(minutes(1));
      carry(from);
    }
  }
  for (std::size_t side : {0u, 1u}) ASSERT_TRUE(pair_.under_second(side)) << side;
  sent_[0] = 0;
  pair_.run(minutes(30));
  EXPECT_EQ(sent_[0], 0u) << "nobody has lifted anything";
  EXPECT_TRUE(peer(0).link().dark());
  restart(0);
  pair_.run(minutes(30));
  EXPECT_EQ(sent_[0], 0u);
  EXPECT_FALSE(registers(1).dark_lines(record::Whose::kOthers).empty());
  lift(0);
  pair_.run(minutes(2));
  EXPECT_FALSE(peer(0).link().dark());
  EXPECT_TRUE(open(0) && open(1));
  EXPECT_TRUE(say(1, "after", false, kAdded));
  EXPECT_EQ(held(0, kAdded), 1u);
}

}  // namespace
}  // namespace detente::sim
