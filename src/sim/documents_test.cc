// Documents between two stations on a quiet network, one situation each.
#include <gtest/gtest.h>

#include "sim/names_for_test.h"
#include "sim/quiet_pair.h"

namespace detente::sim {
namespace {

using std::chrono::seconds;

record::BlobState state_of(QuietPair& pair, std::size_t side, bool own, const Digest& root) {
  const auto blob = pair.store(side).blob({pair.pair().lineage(), Pair::name(1 - side), own, root});
  return blob ? blob->state : record::BlobState::kFilling;
}

TEST(Documents, EverySizeArrivesAsItWasAndIsConfirmed) {
  for (const std::size_t size : {0u, 1u, 16383u, 16384u, 16385u, 100000u, 1500000u}) {
    QuietPair pair(size + 1);
    pair.start();
    pair.take_events(0);
    const Bytes bytes = drawn(size);
    const Digest root = pair.send_document(0, kLine, bytes);
    pair.run(seconds(5));
    ASSERT_EQ(pair.document(1, root), bytes) << size;
    EXPECT_EQ(state_of(pair, 1, false, root), record::BlobState::kHere);
    EXPECT_EQ(state_of(pair, 0, true, root), record::BlobState::kConfirmed);
    const auto arrived = of<core::DocumentArrived>(pair.take_events(1));
    ASSERT_EQ(arrived.size(), 1u);
    EXPECT_EQ(arrived[0].root, root);
    EXPECT_EQ(of<core::DocumentConfirmed>(pair.take_events(0)).size(), 1u);
  }
}

// Seed 14 of thirty days: one that waited for its turn stood before those that had theirs, and none was offered again,
// while the station asked to be woken for them at once, without end.
TEST(Documents, OneThatWaitsForItsTurnStopsNoOther) {
  PairOptions options;
  options.documents.room = 1;  // nothing is fetched: every offer stays unanswered
  QuietPair pair(14, options);
  pair.start();
  for (std::uint64_t i = 0; i < 60; ++i) {
    pair.send_document(0, kLine, drawn(100, i + 1));
    pair.run(std::chrono::milliseconds(20));
  }
  pair.run(std::chrono::minutes(30));
  pair.take_bytes();
  pair.run(std::chrono::hours(1));
  EXPECT_LT(pair.take_bytes(), 100'000u) << "what nobody answers is not offered for ever";
}

TEST(Documents, CostLittleMoreThanTheirBytes) {
  QuietPair pair(1);
  pair.start();
  pair.run(seconds(1));
  pair.take_bytes();
  const Bytes bytes = drawn(4000000);
  pair.send_document(0, kLine, bytes);
  pair.run(seconds(5));
  const std::uint64_t crossed = pair.take_bytes();
  RecordProperty("bytes", static_cast<int>(crossed));
  EXPECT_LT(crossed, bytes.size() * 115 / 100);
}

TEST(Documents, LossCostsTimeAndNothingElse) {
  QuietPair pair(2);
  SeededRandom random(5);
  pair.tamper = [&](std::size_t, Bytes datagram) -> std::optional<Bytes> {
    if (random.below(100) < 20) return std::nullopt;
    if (random.below(100) < 5) datagram[datagram.size() / 2] ^= 4;
    return datagram;
  };
  pair.start();
  const Bytes bytes = drawn(600000);
  const Digest root = pair.send_document(0, kLine, bytes);
  pair.run(seconds(120));
  EXPECT_EQ(pair.document(1, root), bytes);
  EXPECT_EQ(state_of(pair, 0, true, root), record::BlobState::kConfirmed);
}

// `side` is killed whenever another tenth crossed; what it had is not sent again.
void expect_resumed(std::size_t side) {
  QuietPair pair(3 + side);
  pair.start();
  const Bytes bytes = drawn(2000000);
  std::uint64_t budget = 200000, crossed = 0;
  pair.tamper = [&](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
    if (from == 0 && crossed > budget) return std::nullopt;
    if (from == 0) crossed += datagram.size();
    return datagram;
  };
  const Digest root = pair.send_document(0, kLine, bytes);
  for (int life = 0; life < 14; ++life) {
    pair.run(seconds(1));
    pair.stop(side);
    budget = crossed + 200000;
    pair.start(side);
    pair.run(seconds(40));  // what is up notices
  }
  EXPECT_EQ(pair.document(1, root), bytes);
  EXPECT_LT(crossed, bytes.size() * 3 / 2);
  EXPECT_EQ(state_of(pair, 0, true, root), record::BlobState::kConfirmed);
}
TEST(Documents, AReceiverThatIsKilledGoesOn) { expect_resumed(1); }
TEST(Documents, AnAuthorThatIsKilledGoesOn) { expect_resumed(0); }

TEST(Documents, GoOnOverAnotherPath) {
  PairOptions options;
  options.paths = 2;
  QuietPair pair(5, options);
  pair.start();
  const Bytes bytes = drawn(1000000);
  std::uint64_t crossed = 0;
  bool cut = false;
  pair.tamper = [&](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
    if (from == 0) crossed += datagram.size();
    if (crossed > 700000 && !cut) {
      cut = true;
      pair.cut(pair.station(0).peer(PeerId{0}).link().paths().best_id(), true);
    }
    return datagram;
  };
  const Digest root = pair.send_document(0, kLine, bytes);
  pair.run(seconds(20));
  EXPECT_TRUE(cut);
  EXPECT_EQ(pair.document(1, root), bytes);
  EXPECT_LT(crossed, bytes.size() * 13 / 10) << "it goes on where it was";
}

// Story seed 422: a message that waited for the path of its own line held up the documents of all others, and the
// station asked to be woken for them at once, without end.
TEST(Documents, GoOverTheirPathWhileAMessageWaitsForAnother) {
  constexpr LineId kSlow{1}, kFast{2};
  const PathId slow{1}, fast{2};
  PairOptions options;
  options.paths = 2;
  options.path_terms[slow] = {300, 508};
  options.lines = {{kAccordLine, "accord", true, record::Precedence::kFlash, 1000, {}},
                   {kSlow, "slow", true, record::Precedence::kFlash, 1000, {slow}},
                   {kFast, "fast", true, record::Precedence::kFlash, 1000, {fast}, true}};
  QuietPair pair(422, options);
  pair.start();
  pair.run(seconds(5));
  for (int i = 0; i < 70; ++i) ASSERT_TRUE(pair.say(0, kSlow, to_hex(drawn(150, static_cast<std::uint64_t>(i)))));
  const Bytes bytes = drawn(300000);
  const Digest root = pair.send_document(0, kFast, bytes);
  pair.run(seconds(4));
  EXPECT_GT(pair.station(0).peer(PeerId{0}).line(kSlow)->queued(), 0u) << "they still wait";
  EXPECT_EQ(pair.document(1, root), bytes);
}

TEST(Documents, AFlashGoesBeforeTheNextPacket) {
  PairOptions options;
  options.path_terms[PathId{1}] = {2400, 508};
  QuietPair pair(6, options);
  pair.start();
  pair.run(seconds(5));
  const Digest root = pair.send_document(0, kLine, drawn(1000000));
  pair.run(seconds(60));
  std::uint64_t since = 0;
  pair.take_bytes();
  ASSERT_TRUE(pair.say(0, kLine, "Hold your fire.", record::Precedence::kFlash));
  pair.tamper = [&](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
    if (from == 0) since += datagram.size();
    return datagram;
  };
  pair.take_events(1);
  pair.settle();
  EXPECT_EQ(of<core::EntryArrived>(pair.take_events(1)).size(), 1u);
  EXPECT_LE(since, 508u);
  EXPECT_EQ(state_of(pair, 1, false, root), record::BlobState::kWanted);
}

// What takes its time in the bearer is not lost: a packet there takes longer than what a small one's round trip suggests.
TEST(Documents, GoAsFastAsAConfiguredRateAllows) {
  PairOptions options;
  options.path_terms[PathId{1}] = {48000, 0, 28};
  QuietPair pair(31, options);
  std::int64_t free_at[2] = {0, 0};
  std::uint64_t crossed = 0;
  pair.delay = [&](std::size_t from, std::size_t bytes) {
    const std::int64_t now = pair.now(0).mono.micros;
    free_at[from] = std::max(free_at[from], now) + static_cast<std::int64_t>((bytes + 28) * 8 * 1000 / 64);
    if (from == 0) crossed += bytes + 28;
    return Duration(free_at[from] - now + 50'000);
  };
  pair.start();
  ASSERT_TRUE(pair.say(0, kLine, to_hex(drawn(465))));  // more than the first packets hold: larger ones are tried
  pair.run(std::chrono::minutes(15));  // of heartbeats: the round trip of small packets is well known
  crossed = 0;
  const Bytes bytes = drawn(120000);
  const Digest root = pair.send_document(0, kLine, bytes);
  pair.run(seconds(24));
  EXPECT_EQ(pair.document(1, root), bytes);
  EXPECT_LT(crossed, bytes.size() * 11 / 10);
  EXPECT_LE(crossed * 8, 48000u * 24);
  const core::PathState& path = pair.station(0).peer(PeerId{0}).link().paths().all().front();
  EXPECT_EQ(path.packet_bytes, 1200u);
  EXPECT_LT(path.flow.loss_per_mille(), 10u);
}

TEST(Documents, TheMoreUrgentOneGoesFirst) {
  PairOptions options;
  options.path_terms[PathId{1}] = {100000, 1200};
  QuietPair pair(7, options);
  pair.start();
  const Digest slow = pair.send_document(0, kLine, drawn(400000, 1));
  pair.run(seconds(5));
  const Digest urgent = pair.send_document(0, kLine, drawn(100000, 2), record::Precedence::kImmediate);
  pair.run(seconds(15));
  EXPECT_TRUE(pair.document(1, urgent));
  EXPECT_FALSE(pair.document(1, slow));
  pair.run(seconds(60));
  EXPECT_TRUE(pair.document(1, slow));
}

TEST(Documents, WhatIsTooLargeOrHasNoRoomIsNotFetched) {
  PairOptions options;
  options.documents.length_max = 300000;
  options.documents.room = 450000;
  QuietPair pair(8, options);
  pair.start();
  EXPECT_FALSE(pair.station(0).put_document(pair.now(0), PeerId{0}, {{}, 300001, kLine, 0, {}}));
  const Digest first = pair.send_document(0, kLine, drawn(300000, 1));
  pair.run(seconds(5));
  pair.take_events(1);
  const Digest second = pair.send_document(0, kLine, drawn(200000, 2));
  pair.run(seconds(5));
  EXPECT_EQ(state_of(pair, 1, false, first), record::BlobState::kHere);
  EXPECT_EQ(state_of(pair, 1, false, second), record::BlobState::kRefused);
  const auto alarms = of<core::Alarm>(pair.take_events(1));
  ASSERT_EQ(alarms.size(), 1u);
  EXPECT_EQ(alarms[0].kind, core::AlarmKind::kDocument);
  // The message that names it stands, and later ones arrive.
  ASSERT_TRUE(pair.say(0, kLine, "The map follows by courier."));
  pair.settle();
  EXPECT_EQ(of<core::EntryArrived>(pair.take_events(1)).size(), 1u);
}

TEST(Documents, AnEntryNamesOnlyWhatIsAtTheStation) {
  QuietPair pair(9);
  pair.start();
  record::Entry entry;
  entry.header.line = kLine;
  entry.header.time = pair.now(0).wall;
  entry.header.attachments = {{{1}, 10, "application/pdf", ""}};
  EXPECT_EQ(pair.submit(0, entry).error().fault, Fault::kState);
  entry.header.line = kAccordLine;
  EXPECT_EQ(pair.submit(0, entry).error().fault, Fault::kDenied);
  // Bytes that are not those of the root are found out, and dropped.
  pair.take_events(0);
  ASSERT_TRUE(pair.station(0).put_document(pair.now(0), PeerId{0}, {{1}, 10, kLine, 0, Bytes(10)}));
  ASSERT_TRUE(pair.say(0, kLine, "to carry the effects out"));
  pair.settle();
  const auto failed = of<core::DocumentFailed>(pair.take_events(0));
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_EQ(failed[0].error.fault, Fault::kConflict);
  EXPECT_FALSE(pair.store(0).blob({pair.pair().lineage(), "north", true, {1}}));
}

TEST(Documents, NobodyGetsWhatNoEntryNames) {
  QuietPair pair(10);
  pair.start();
  const Bytes bytes = drawn(5000);
  const Digest root = record::blob_root(bytes);
  ASSERT_TRUE(pair.station(0).put_document(pair.now(0), PeerId{0}, {root, bytes.size(), kLine, 0, bytes}));
  ASSERT_TRUE(pair.say(0, kLine, "to carry the effects out"));
  pair.settle();
  // A counterpart that knows the root asks for it.
  record::Batch batch;
  const auto fence = pair.store(1).claim({pair.pair().lineage(), kAccordLine});
  batch.fence = *fence;
  batch.writes.push_back(record::PutBlob{
      {pair.pair().lineage(), "south", false, root}, {bytes.size(), kLine, {}, record::BlobState::kWanted, {}}});
  ASSERT_TRUE(pair.store(1).commit({&batch, 1}));
  pair.stop(1);
  pair.start(1);
  pair.take_events(1);
  pair.run(seconds(90));
  EXPECT_FALSE(pair.document(1, root));
  const auto alarms = of<core::Alarm>(pair.take_events(1));
  EXPECT_EQ(std::count_if(alarms.begin(), alarms.end(),
                          [](const auto& a) { return a.kind == core::AlarmKind::kDocument; }),
            1);
}

TEST(Documents, AFullDiskLosesNoPiece) {
  QuietPair pair(11);
  pair.start();
  const Bytes bytes = drawn(800000);
  std::uint64_t crossed = 0;
  pair.tamper = [&](std::size_t, Bytes datagram) -> std::optional<Bytes> {
    crossed += datagram.size();
    if (crossed > 300000 && crossed < 310000) pair.store(1).set_full(true);
    return datagram;
  };
  const Digest root = pair.send_document(0, kLine, bytes);
  pair.run(seconds(10));
  EXPECT_FALSE(pair.document(1, root));
  pair.store(1).set_full(false);
  pair.run(seconds(60));
  EXPECT_EQ(pair.document(1, root), bytes);
}

// Whose disk has other bytes than those that were signed sends them at each question.
TEST(Documents, AnAuthorOfBadPiecesIsAskedLessAndLessOften) {
  QuietPair pair(15);
  pair.start();
  bool cut = true;
  std::uint64_t crossed = 0;
  pair.tamper = [&](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
    if (cut) return std::nullopt;
    if (from == 0) crossed += datagram.size();
    return datagram;
  };
  const Bytes bytes = drawn(10000);
  const Digest root = pair.send_document(0, kLine, bytes);
  record::Batch batch;
  batch.fence = {{pair.pair().lineage(), kLine}, 1};  // of its first life
  batch.writes.push_back(record::PutPiece{
      {pair.pair().lineage(), Pair::name(1), true, root}, 0, record::leaf_hash(bytes), drawn(10000, 8)});
  const Result<void> changed = pair.store(0).commit({&batch, 1});
  ASSERT_TRUE(changed) << changed.error().message;
  cut = false;
  pair.run(std::chrono::minutes(10));
  EXPECT_FALSE(pair.document(1, root));
  EXPECT_GT(crossed, 10 * bytes.size());
  EXPECT_LT(crossed, 40 * bytes.size());
}

// The same file from two desks at once: one entry names it, and it is not taken back.
TEST(Documents, TwoDesksHandOneFileOver) {
  QuietPair pair(12);
  pair.start();
  const Bytes bytes = drawn(5000);
  const Digest root = record::blob_root(bytes);
  const core::DocumentPart part{root, bytes.size(), kLine, 0, bytes};
  ASSERT_TRUE(pair.station(0).put_document(pair.now(0), PeerId{0}, part));
  EXPECT_EQ(pair.station(0).put_document(pair.now(0), PeerId{0}, part).error().fault, Fault::kState);
  pair.send_document(0, kLine, drawn(10, 2));  // carries the effects out
  pair.settle();
  ASSERT_TRUE(pair.station(0).put_document(pair.now(0), PeerId{0}, part));  // it is here already
  record::Entry entry;
  entry.header.line = kLine;
  entry.header.time = pair.now(0).wall;
  entry.header.attachments = {{root, bytes.size(), "application/pdf", ""}};
  ASSERT_TRUE(pair.submit(0, entry));
  pair.run(seconds(5));
  EXPECT_EQ(pair.document(1, root), bytes);
  EXPECT_EQ(state_of(pair, 0, true, root), record::BlobState::kConfirmed);
}

// Seed 2492 of thirty days: what was cleared away at a start gave free what was being handed over just then, a second handing over
// took back that an entry names it, and the other side was told for good that it is here no more.
TEST(Documents, WhatIsClearedAwayAtAStartGivesNoOtherFree) {
  QuietPair pair(13);
  pair.start();
  pair.hand_over(0, kLine, drawn(10, 2));
  pair.run(std::chrono::hours(25));
  pair.stop(0);
  unsigned let = 0;
  pair.disk = [&let](std::size_t side) {
    if (side != 0) return QuietPair::Disk::kTakes;
    if (let == 0) return QuietPair::Disk::kBusy;
    --let;
    return QuietPair::Disk::kTakes;
  };
  pair.start(0);  // the one that no message named for a day goes
  pair.take_events(0);
  const Bytes bytes = drawn(5000);
  const core::DocumentPart part{record::blob_root(bytes), bytes.size(), kLine, 0, bytes};
  ASSERT_TRUE(pair.station(0).put_document(pair.now(0), PeerId{0}, part));
  unsigned commits = 0;
  while (of<core::DocumentStored>(pair.take_events(0)).empty()) {
    const auto again = pair.station(0).put_document(pair.now(0), PeerId{0}, part);
    ASSERT_FALSE(again) << "handed over twice after " << commits << " commits";
    EXPECT_EQ(again.error().fault, Fault::kState);
    ASSERT_LT(++commits, 20u);
    let = 1;
    pair.run(std::chrono::milliseconds(100));
  }
  EXPECT_GE(commits, 3u) << "one that clears away, two of the document";
}

TEST(Documents, ConfirmedAlthoughNobodyHeardItForLong) {
  QuietPair pair(13);
  pair.start();
  Digest root{};
  bool deaf = true;
  pair.tamper = [&](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
    const bool there = state_of(pair, 1, false, root) == record::BlobState::kHere;
    if (from == 1 && there && deaf) return std::nullopt;
    return datagram;
  };
  const Bytes bytes = drawn(20000);
  root = record::blob_root(bytes);
  pair.send_document(0, kLine, bytes);
  pair.run(std::chrono::minutes(12));
  EXPECT_EQ(state_of(pair, 1, false, root), record::BlobState::kHere);
  EXPECT_EQ(state_of(pair, 0, true, root), record::BlobState::kNamed);
  deaf = false;
  pair.run(std::chrono::minutes(2));
  EXPECT_EQ(state_of(pair, 0, true, root), record::BlobState::kConfirmed);
}

TEST(Documents, ConfirmedAlthoughTheAuthorsDiskWasFull) {
  QuietPair pair(14);
  pair.start();
  Digest root{};
  bool filled = false;
  pair.tamper = [&](std::size_t, Bytes datagram) -> std::optional<Bytes> {
    if (!filled && state_of(pair, 1, false, root) == record::BlobState::kHere) {
      pair.store(0).set_full(true);
      filled = true;
    }
    return datagram;
  };
  const Bytes bytes = drawn(20000);
  root = record::blob_root(bytes);
  pair.send_document(0, kLine, bytes);
  pair.run(seconds(10));
  ASSERT_TRUE(filled);
  EXPECT_EQ(state_of(pair, 0, true, root), record::BlobState::kNamed);
  pair.take_events(0);
  pair.store(0).set_full(false);
  pair.run(seconds(10));
  EXPECT_EQ(state_of(pair, 0, true, root), record::BlobState::kConfirmed);
  EXPECT_EQ(of<core::DocumentConfirmed>(pair.take_events(0)).size(), 1u);
}

// The author's disk goes back to before it; the same document, sent again, is there already, or is asked for anew.
void expect_sent_again(bool had_arrived) {
  QuietPair pair(15);
  pair.start();
  pair.run(seconds(2));
  auto before = pair.store(0).snapshot();
  const Bytes bytes = drawn(60000);
  const Digest root = record::blob_root(bytes);
  bool nothing = false;
  pair.tamper = [&](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
    if (from == 1 && state_of(pair, 1, false, root) == record::BlobState::kWanted) nothing = !had_arrived;
    if (nothing) return std::nullopt;
    return datagram;
  };
  pair.send_document(0, kLine, bytes);
  pair.run(seconds(5));
  EXPECT_EQ(state_of(pair, 1, false, root), had_arrived ? record::BlobState::kHere : record::BlobState::kWanted);
  pair.stop(0);
  pair.store(0).restore(std::move(before));
  pair.tamper = {};
  pair.start(0);
  pair.run(seconds(60));
  EXPECT_FALSE(pair.store(0).blob({pair.pair().lineage(), "north", true, root}));
  pair.send_document(0, kLine, bytes);
  pair.run(seconds(30));
  EXPECT_EQ(pair.document(1, root), bytes);
  EXPECT_EQ(state_of(pair, 0, true, root), record::BlobState::kConfirmed);
}
TEST(Documents, SentAgainAfterTheAuthorsDiskWentBackAreHereAlready) { expect_sent_again(true); }
TEST(Documents, SentAgainAfterTheAuthorsDiskWentBackAreAskedForAgain) { expect_sent_again(false); }

// Those that wait for their turn want no attention meanwhile: time passes.
TEST(Documents, ManyAtOnceArriveOneAfterTheOther) {
  PairOptions options;
  options.path_terms[PathId{1}] = {9600, 508};
  QuietPair pair(16, options);
  pair.start();
  std::vector<Digest> roots;
  for (std::uint64_t i = 0; i < 20; ++i)
    roots.push_back(pair.send_document(0, kLine, drawn(6000 + i), static_cast<record::Precedence>(i % 4)));
  pair.run(std::chrono::minutes(5));
  for (const Digest& root : roots) EXPECT_TRUE(pair.document(1, root));
}

}  // namespace
}  // namespace detente::sim
