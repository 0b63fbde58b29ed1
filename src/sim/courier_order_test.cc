// Two stations without any path, files in any order: drawn from seeds. spec/courier.md.
#include <gtest/gtest.h>

#include "sim/courier_for_test.h"
#include "sim/quiet_pair.h"

namespace detente::sim {
namespace {

using std::chrono::seconds;

// Files of both directions are made, lost, doubled and shuffled; in the end one exchange makes the records equal.
TEST(CourierOrder, AnyOrderLossAndRepetitionComeToTheSameRecord) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    QuietPair pair(seed);
    pair.tamper = [](std::size_t, const Bytes&) -> std::optional<Bytes> { return std::nullopt; };
    pair.start();
    SeededRandom random(seed);
    std::vector<std::pair<std::size_t, Bytes>> bag;  // to whom
    std::size_t said = 0;
    const auto put = [&](std::size_t side) {
      const auto packed = pair.pack(side);
      ASSERT_TRUE(packed) << packed.error().message;
      bag.emplace_back(1 - side, packed->file);
    };
    const auto draw = [&](std::size_t at) {
      const auto [to, file] = bag[at];
      if (random.below(4) != 0) bag.erase(bag.begin() + static_cast<std::ptrdiff_t>(at));
      if (random.below(5) == 0) return;  // lost, or its copy left in the bag
      static_cast<void>(pair.take(to, file));
    };
    for (int step = 0; step < 120; ++step) {
      const std::size_t side = random.below(2);
      switch (random.below(6)) {
        case 0:
        case 1: {
          const LineId id{static_cast<std::uint16_t>(1 + random.below(2))};
          const auto precedence = static_cast<record::Precedence>(random.below(4));
          if (pair.say(side, id, "entry " + std::to_string(step), precedence)) ++said;
          pair.settle();
          break;
        }
        case 2: put(side); break;
        case 3:
          if (random.below(8) == 0) {
            pair.stop(side);
            pair.start(side);
            pair.settle();
          }
          pair.run(seconds(random.below(40)));
          break;
        default:
          if (!bag.empty()) draw(random.below(bag.size()));
      }
    }
    for (int round = 0; round < 8; ++round)
      for (std::size_t side : {0u, 1u}) {
        const auto packed = pair.pack(side);
        ASSERT_TRUE(packed);
        const auto taken = pair.take(1 - side, packed->file);
        ASSERT_TRUE(taken) << "seed " << seed << ": " << taken.error().message;
      }
    std::size_t recorded = 0;
    for (const LineId id : {kLine, kDeniable})
      for (std::size_t side : {0u, 1u}) {
        const core::Line& here = *pair.station(side).peer(PeerId{0}).line(id);
        const core::Line& there = *pair.station(1 - side).peer(PeerId{0}).line(id);
        EXPECT_EQ(here.own().durable_size(), there.far().durable_size()) << seed;
        EXPECT_EQ(here.own().receipted_size(), here.own().durable_size()) << seed;
        EXPECT_EQ(here.queued(), 0u) << seed;
        if (here.own().durable_size() > 0) {
          EXPECT_EQ(*record::root_at(*pair.store(side).tiles(here.own().key()), here.own().durable_size()),
                    there.far().held().root);
        }
        recorded += here.own().durable_size();
      }
    EXPECT_EQ(recorded, said) << seed;
    for (std::size_t side : {0u, 1u})
      for (const core::DeskEvent& event : pair.take_events(side))
        if (const auto* alarm = std::get_if<core::Alarm>(&event))
          ADD_FAILURE() << "seed " << seed << ", side " << side << ": " << alarm->text;
  }
}

}  // namespace
}  // namespace detente::sim
