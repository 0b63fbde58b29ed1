// Documents beside messages: how they share paths, what becomes of one when a path dies or the disk is full, and what the two
// desks are told meanwhile.
#include <gtest/gtest.h>

#include "sim/names_for_test.h"
#include "sim/quiet_pair.h"

namespace detente::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// South sends. A path that is as long as `way`, and takes `bytes_per_second` (0: any number).
struct FlowPair {
  FlowPair(std::uint64_t seed, Duration way, std::uint64_t bytes_per_second, std::size_t paths = 1)
      : FlowPair(seed, way, bytes_per_second, options(paths)) {}
  FlowPair(std::uint64_t seed, Duration way, std::uint64_t bytes_per_second, PairOptions options) : pair(seed, std::move(options)) {
    pair.delay = [this, way, bytes_per_second](std::size_t from, std::size_t bytes) {
      if (bytes_per_second == 0) return way;
      const Instant now = pair.now(from).mono;
      free_at[from] = std::max(free_at[from], now) + Duration(static_cast<std::int64_t>(bytes * 1000000 / bytes_per_second));
      return free_at[from] - now + way;
    };
    pair.tamper = [this](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
      if (from == kSouth) crossed += datagram.size();
      return datagram;
    };
    pair.start();
    pair.run(seconds(5));
  }
  static PairOptions options(std::size_t paths) {
    PairOptions out;
    out.paths = paths;
    return out;
  }
  Digest send(std::size_t size, std::uint64_t seed, record::Precedence precedence = record::Precedence::kRoutine) {
    return pair.send_document(kSouth, kLine, drawn(size, seed), precedence);
  }
  bool arrived(const Digest& root) const { return pair.document(kNorth, root).has_value(); }
  // A short message every `period`, until `root` is there or the time is over. How long it took.
  Duration chat_until(const Digest& root, Duration period, Duration most) {
    const Instant since = pair.now(kSouth).mono;
    while (!arrived(root) && pair.now(kSouth).mono - since < most) {
      EXPECT_TRUE(pair.say(kSouth, kLine, "Chat."));
      pair.run(period);
    }
    return pair.now(kSouth).mono - since;
  }
  bool is_flash(const core::EntryArrived& event) {
    const record::LogKey log = pair.station(kNorth).peer(PeerId{0}).line(kLine)->far().key();
    for (const record::StoredEntry& one : event.early ? pair.store(kNorth).early_entries(log)
                                                      : pair.store(kNorth).entries(log, event.index, event.index + 1, 1))
      if (one.index == event.index) return record::decode_entry(one.bytes)->header.precedence == record::Precedence::kFlash;
    return false;
  }
  // How long a FLASH is under way that is written now.
  Duration flash() {
    pair.take_events(kNorth);
    const Instant said = pair.now(kSouth).mono;
    EXPECT_TRUE(pair.say(kSouth, kLine, "Hold your fire.", record::Precedence::kFlash));
    for (bool there = false; !there && pair.now(kSouth).mono - said < seconds(60);) {
      pair.run(milliseconds(2));
      for (const core::DeskEvent& event : pair.take_events(kNorth)) {
        const auto* one = std::get_if<core::EntryArrived>(&event);
        if (one != nullptr && one->line == kLine) there |= is_flash(*one);
      }
    }
    return pair.now(kSouth).mono - said;
  }
  std::optional<core::DocumentProgress> progress(std::size_t side, const Digest& root) {
    return pair.station(side).peer(PeerId{0}).documents().progress(side == kSouth, root, pair.now(side).mono);
  }

  QuietPair pair;
  Instant free_at[2];
  std::uint64_t crossed = 0;  // from south
};

// One entry is always under way there, and none of them makes the way longer.
TEST(DocumentFlow, ATrickleOfMessagesOnALongWayStopsNoDocument) {
  struct Case {
    Duration way, period, most;
  };
  for (const Case& one : {Case{milliseconds(80), milliseconds(120), seconds(6)}, Case{milliseconds(300), milliseconds(400), seconds(15)},
                          Case{milliseconds(300), milliseconds(50), seconds(15)}}) {
    FlowPair flow(51, one.way, 0);
    const Digest none{};
    flow.chat_until(none, one.period, seconds(2));
    const Digest root = flow.send(100'000, 1, record::Precedence::kFlash);
    flow.chat_until(root, one.period, one.way * 6);
    EXPECT_LE(flow.flash(), one.way + milliseconds(20)) << one.way.count();
    EXPECT_LE(flow.chat_until(root, one.period, seconds(60)), one.most) << one.way.count() << " every " << one.period.count();
    EXPECT_TRUE(flow.arrived(root));
  }
}

// What a dead path had of it is sent over the other one although that one answers all the time.
TEST(DocumentFlow, WhatADeadPathHadGoesOnBeforeALessUrgentDocument) {
  for (int moment = 0; moment < 8; ++moment) {
    FlowPair flow(60, milliseconds(50), 100'000, 2);
    const Digest urgent = flow.send(512 * 1024, 1, record::Precedence::kFlash);
    const Digest slow = flow.send(3 << 20, 2);
    flow.chat_until(urgent, milliseconds(40), seconds(3) + milliseconds(37 * moment));
    ASSERT_FALSE(flow.arrived(urgent));
    flow.pair.cut(flow.pair.station(kSouth).peer(PeerId{0}).link().paths().best_id(), true);
    flow.chat_until(urgent, milliseconds(40), seconds(12));
    EXPECT_TRUE(flow.arrived(urgent)) << moment;
    EXPECT_FALSE(flow.arrived(slow));
  }
}

TEST(DocumentFlow, ItsAuthorIsToldNoMoreThanIsThere) {
  FlowPair flow(70, milliseconds(20), 200'000);
  const Digest slow = flow.send(3 << 20, 1);
  const auto check = [&](Duration span) {
    for (Duration at{}; at < span; at += milliseconds(250)) {
      flow.pair.run(milliseconds(250));
      const auto said = flow.progress(kSouth, slow), is = flow.progress(kNorth, slow);
      if (!said || !is) continue;
      EXPECT_LE(said->bytes, is->bytes + 4 * record::kPieceBytes);
      EXPECT_GE(said->bytes + 4 * record::kPieceBytes, is->bytes);
    }
  };
  check(seconds(8));
  ASSERT_FALSE(flow.arrived(slow));
  const Digest urgent = flow.send(512 * 1024, 2, record::Precedence::kFlash);
  check(seconds(5));
  EXPECT_TRUE(flow.arrived(urgent));
  check(seconds(20));
  EXPECT_TRUE(flow.arrived(slow));
}

// What came is kept until the disk has room, and not asked for again.
TEST(DocumentFlow, AFullDiskDrawsNothingTwice) {
  for (const std::size_t size : {1'500'000u, 20'000'000u}) {
    FlowPair flow(80, milliseconds(5), 2'000'000);
    const Digest root = flow.send(size, 1);
    flow.pair.run(milliseconds(400));
    flow.pair.store(kNorth).set_full(true);
    flow.pair.run(seconds(5));
    const auto before = flow.progress(kNorth, root);
    ASSERT_TRUE(before);
    const std::uint64_t there = before->bytes;
    EXPECT_LT(there, 1'000'000u) << "what the disk has";
    flow.pair.run(minutes(3));
    EXPECT_LE(flow.crossed, std::min<std::uint64_t>(size * 13 / 10, 12'000'000)) << size;
    EXPECT_EQ(flow.progress(kNorth, root)->bytes, there);
    EXPECT_LT(flow.progress(kNorth, root)->bytes_per_second, 2000u);
    EXPECT_LE(flow.pair.station(kNorth).peer(PeerId{0}).documents().buffered(), core::DocumentReceiver::kBufferedMax);
    flow.pair.store(kNorth).set_full(false);
    flow.pair.run(minutes(1));
    EXPECT_EQ(flow.pair.document(kNorth, root), drawn(size, 1)) << size;
    EXPECT_LE(flow.crossed, size * 13 / 10 + 9'000'000) << size;
  }
}

PairOptions paths_of_their_own() {
  PairOptions out = FlowPair::options(2);
  out.lines = {{kAccordLine, "accord", true, record::Precedence::kFlash, 1000, {}},
               {kLine, "military-west", true, record::Precedence::kFlash, 1000, {PathId{1}}, true},
               {LineId{2}, "military-east", true, record::Precedence::kFlash, 1000, {PathId{2}}, true}};
  return out;
}

// A frame that is cut is sent again once, whichever of its packets was lost, and whole.
TEST(DocumentFlow, InSmallPacketsThatAreLostItTakesLittleMoreThanWasLost) {
  PairOptions options;
  options.path_terms[PathId{1}] = {9600, 96, 28};
  constexpr std::size_t kSize = 300'000;  // whose pieces' proofs fill a packet each
  std::uint64_t clean = 0;
  for (const unsigned every : {0u, 8u}) {
    FlowPair flow(90, milliseconds(20), 1200, options);
    SeededRandom chance(8);  // not each eighth: with the five packets of a cut frame that fell into step
    flow.pair.tamper = [&](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
      if (from != kSouth) return datagram;
      flow.crossed += datagram.size();
      return every > 0 && chance.below(every) == 0 ? std::nullopt : std::optional(std::move(datagram));
    };
    flow.crossed = 0;
    const Digest root = flow.send(kSize, 1);
    for (int minute = 0; minute < 60 && !flow.arrived(root); ++minute) flow.pair.run(minutes(1));
    ASSERT_TRUE(flow.arrived(root)) << every;
    if (every == 0) clean = flow.crossed;
    EXPECT_LE(flow.crossed, clean * 3 / 2) << every;
  }
}

// At 296 bit/s, in packets that are too small for a piece's proof: the longest that something takes beside a document whose first
// piece's proof is on its way at some of the moments, and without it.
constexpr Duration kSmallPacket(96 * 1000000 / 37);
template <typename Measure>
std::pair<Duration, Duration> alone_and_most(std::uint64_t seed, const Measure& measure) {
  PairOptions options;
  options.path_terms[PathId{1}] = {296, 96, 0};
  Duration alone{0}, most{0};
  for (int moment = -1; moment < 24; ++moment) {
    FlowPair flow(seed, milliseconds(20), 37, options);
    flow.pair.run(minutes(2));
    if (moment >= 0) flow.send(300'000, 1);
    flow.pair.run(seconds(10) + milliseconds(700) * moment);
    (moment < 0 ? alone : most) = std::max(moment < 0 ? alone : most, measure(flow));
  }
  testing::Test::RecordProperty("alone_ms", static_cast<int>(alone.count() / 1000));
  testing::Test::RecordProperty("most_ms", static_cast<int>(most.count() / 1000));
  return {alone, most};
}

// The packets of the frame that is cut for a proof yield as all others of documents.
TEST(DocumentFlow, InSmallPacketsOnASlowBearerAFlashWaitsForOnePacket) {
  const auto [alone, most] = alone_and_most(95, [](FlowPair& flow) { return flow.flash(); });
  EXPECT_LE(most, alone + kSmallPacket * 11 / 10) << alone.count() << " alone, " << most.count() << " at most";
}

// Nor does a more urgent document wait for the rest of such a frame: one packet may be in the bearer when its message
// leaves, one when its bytes are asked for, and the question itself has one before it.
TEST(DocumentFlow, InSmallPacketsAMoreUrgentDocumentWaitsForOnePacket) {
  const auto [alone, most] = alone_and_most(96, [](FlowPair& flow) {
    const Instant said = flow.pair.now(kSouth).mono;
    const Digest urgent = flow.send(200, 2, record::Precedence::kFlash);
    while (!flow.arrived(urgent) && flow.pair.now(kSouth).mono - said < minutes(5)) flow.pair.run(milliseconds(50));
    EXPECT_TRUE(flow.arrived(urgent));
    return flow.pair.now(kSouth).mono - said;
  });
  EXPECT_LE(most, alone + kSmallPacket * 3) << alone.count() << " alone, " << most.count() << " at most";
}

TEST(DocumentFlow, AnHourWithoutAPathLeavesNoCopiesToBeSent) {
  PairOptions options;
  options.path_terms[PathId{1}] = {9600, 96, 28};
  FlowPair flow(91, milliseconds(20), 1200, options);
  const Digest root = flow.send(100'000, 1);
  flow.pair.run(seconds(20));
  flow.pair.cut(PathId{1}, true);
  flow.pair.run(minutes(60));
  flow.pair.cut(PathId{1}, false);
  flow.crossed = 0;
  for (int minute = 0; minute < 30 && !flow.arrived(root); ++minute) flow.pair.run(minutes(1));
  ASSERT_TRUE(flow.arrived(root));
  EXPECT_LE(flow.crossed, 240'000u);
}

TEST(DocumentFlow, AfterAHoleItGoesOnAtOnce) {
  FlowPair flow(9, milliseconds(20), 100000);
  flow.send(30 << 20, 7);
  flow.pair.run(seconds(5));
  for (const Duration hole : {Duration(seconds(40)), Duration(minutes(3))}) {
    flow.pair.cut(PathId{1}, true);
    flow.pair.run(hole);
    flow.pair.cut(PathId{1}, false);
    flow.crossed = 0;
    flow.pair.run(seconds(3));
    EXPECT_GT(flow.crossed, 50000u) << "after " << hole.count() / 1000000 << " s";
  }
}

// Lines have paths of their own: what one of them cannot carry keeps nothing of another's back, however urgent it is.
TEST(DocumentFlow, ALineWhosePathIsDeadStopsNoOtherLinesDocument) {
  for (const std::size_t stuck : {1u, 9u, 20u}) {  // more than are asked for at a time, and than have a place at their author
    FlowPair flow(90, milliseconds(20), 500'000, paths_of_their_own());
    std::vector<Digest> waiting;
    for (std::size_t i = 0; i < stuck; ++i) waiting.push_back(flow.send(1'000'000, 10 + i, record::Precedence::kImmediate));
    flow.pair.run(milliseconds(300));
    flow.pair.cut(PathId{1}, true);
    flow.pair.run(seconds(5));
    const Digest other = flow.pair.send_document(kSouth, LineId{2}, drawn(300'000, 2));
    flow.pair.run(seconds(20));  // the pair itself fails where a station wakes without end
    EXPECT_TRUE(flow.arrived(other)) << stuck;
    flow.pair.cut(PathId{1}, false);
    flow.pair.run(seconds(200));
    for (const Digest& root : waiting) EXPECT_TRUE(flow.arrived(root)) << stuck;
  }
}

// Two that have paths of their own go side by side.
TEST(DocumentFlow, TwoLinesWithPathsOfTheirOwnSendAtOnce) {
  FlowPair flow(91, milliseconds(20), 0, paths_of_their_own());
  const Digest one = flow.send(2'000'000, 1);
  const Digest other = flow.pair.send_document(kSouth, LineId{2}, drawn(2'000'000, 2));
  flow.pair.run(seconds(3));
  EXPECT_TRUE(flow.arrived(one));
  EXPECT_TRUE(flow.arrived(other));
}

// All is there and the disk takes nothing: it is asked after ever more rarely, and as long as it lasts.
TEST(DocumentFlow, WhatWaitsForAFullDiskIsOfferedEverMoreRarely) {
  FlowPair flow(92, milliseconds(5), 0);
  const Digest root = flow.send(1'000'000, 1);
  flow.pair.store(kNorth).set_full(true);
  flow.pair.run(seconds(30));
  const std::uint64_t before = flow.crossed;
  flow.pair.run(minutes(10));
  EXPECT_LE(flow.crossed - before, 60'000u) << "heartbeats, and an offer in thirty seconds";
  // And the word that it is here is lost.
  flow.pair.tamper = [&, lost = 0](std::size_t from, Bytes datagram) mutable -> std::optional<Bytes> {
    if (from == kNorth && flow.arrived(root) && ++lost <= 2) return std::nullopt;
    return datagram;
  };
  flow.pair.store(kNorth).set_full(false);
  flow.pair.run(minutes(2));
  EXPECT_TRUE(flow.arrived(root));
  EXPECT_EQ(flow.pair.station(kSouth).peer(PeerId{0}).documents().unconfirmed(kLine).count, 0u);
}

}  // namespace
}  // namespace detente::sim
