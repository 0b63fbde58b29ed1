// A hole in which a station begins anew: it has no session, and nothing but its own calls finds out that the hole is over.
#include <gtest/gtest.h>

#include <set>

#include "sim/names_for_test.h"
#include "sim/quiet_pair.h"

namespace detente::sim {
namespace {

using std::chrono::seconds;

void begin_anew_in_a_hole(QuietPair& pair) {
  pair.cut(kPath, true);
  pair.stop(kSouth);
  pair.start(kSouth);
}

TEST(Hole, IsOverSoonForAStationThatBeganAnewInIt) {
  for (int length = 20; length <= 90; length += 7) {
    QuietPair pair(4);
    pair.start();
    pair.run(seconds(1));
    begin_anew_in_a_hole(pair);
    pair.run(seconds(length));
    EXPECT_FALSE(pair.station(kSouth).peer(PeerId{0}).link().ready());
    pair.cut(kPath, false);
    pair.run(std::chrono::milliseconds(800));
    EXPECT_TRUE(pair.station(kSouth).peer(PeerId{0}).link().ready()) << length;
  }
}

// The whole of it: what was written in the hole is there within a second of its end.
TEST(Hole, WhatWasWrittenInItIsThereWithinASecond) {
  for (const std::size_t writer : {0u, 1u}) {
    QuietPair pair(6);
    pair.start();
    pair.run(seconds(1));
    begin_anew_in_a_hole(pair);
    ASSERT_TRUE(pair.say(writer, LineId{1}, "Written in the hole."));
    pair.run(seconds(60));
    pair.take_events(1 - writer);
    pair.cut(kPath, false);
    pair.run(seconds(1));
    bool came = false;
    for (const core::DeskEvent& event : pair.take_events(1 - writer))
      if (const auto* entry = std::get_if<core::EntryArrived>(&event)) came |= entry->line == LineId{1};
    EXPECT_TRUE(came) << writer;
  }
}

TEST(Hole, OfHoursIsCalledIntoRarely) {
  QuietPair pair(5);
  pair.start();
  begin_anew_in_a_hole(pair);
  std::set<Bytes> calls;  // each a commit and a key agreement to whom it reaches; a copy is neither
  std::size_t datagrams = 0;
  pair.tamper = [&](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
    if (from == kSouth && datagram.size() == 83) {
      ++datagrams;
      calls.insert(datagram);
    }
    return datagram;
  };
  pair.run(std::chrono::hours(1));
  EXPECT_LT(calls.size(), 150u);
  EXPECT_GT(calls.size(), 100u);
  EXPECT_LT(datagrams, 330u);
}

}  // namespace
}  // namespace detente::sim
