// The core's behaviour, one situation each, on a quiet pair of stations.
#include <gtest/gtest.h>

#include "sim/names_for_test.h"
#include "sim/quiet_pair.h"

namespace detente::sim {
namespace {

constexpr LineId kProvable{1};
constexpr LineId kDeniable{2};

std::string text_at(QuietPair& pair, std::size_t side, LineId line, std::uint64_t index) {
  const core::Peer& peer = pair.station(side).peer(PeerId{0});
  const auto entries = pair.store(side).entries(peer.line(line)->far().key(), index, index + 1, 1);
  return entries.empty() ? "" : as_string(record::decode_entry(entries[0].bytes)->body);
}

class EachEvidence : public testing::TestWithParam<LineId> {};

TEST_P(EachEvidence, AWordCrossesAndItsReceiptComesBack) {
  QuietPair pair(1);
  pair.start();
  pair.take_events(0);
  ASSERT_TRUE(pair.say(0, GetParam(), "The boats have turned back."));
  pair.settle();
  const auto events = pair.take_events(0);
  ASSERT_EQ(of<core::EntryPlaced>(events).size(), 1u);
  ASSERT_EQ(of<core::ReceiptVerified>(events).size(), 1u);
  EXPECT_EQ(of<core::ReceiptVerified>(events)[0].size, 1u);
  const auto arrived = of<core::EntryArrived>(pair.take_events(1));
  ASSERT_EQ(arrived.size(), 1u);
  EXPECT_FALSE(arrived[0].early);
  EXPECT_EQ(text_at(pair, 1, GetParam(), 0), "The boats have turned back.");
}

TEST_P(EachEvidence, WhatIsWrittenWithoutALinkWaitsAndGoesInOrderOfPrecedence) {
  QuietPair pair(2);
  pair.start(0);
  pair.settle();
  for (const auto& [text, precedence] :
       {std::pair("first routine", record::Precedence::kRoutine),
        std::pair("second routine", record::Precedence::kRoutine),
        std::pair("the flash", record::Precedence::kFlash)})
    ASSERT_TRUE(pair.say(0, GetParam(), text, precedence));
  pair.settle();
  EXPECT_EQ(of<core::EntryQueued>(pair.take_events(0)).size(), 3u);
  EXPECT_EQ(pair.store(0).outbox({pair.pair().lineage(), GetParam()}).size(), 3u);
  pair.start(1);
  pair.run(std::chrono::seconds(60));
  EXPECT_EQ(text_at(pair, 1, GetParam(), 0), "the flash");
  EXPECT_EQ(text_at(pair, 1, GetParam(), 1), "first routine");
  EXPECT_EQ(text_at(pair, 1, GetParam(), 2), "second routine");
  EXPECT_TRUE(pair.store(0).outbox({pair.pair().lineage(), GetParam()}).empty());
}

// While the first group is under way and at the other side, the next is written here.
TEST_P(EachEvidence, AFullWindowGoesInTwoGroups) {
  QuietPair pair(3);
  pair.start(0);
  for (int i = 0; i < 80; ++i) ASSERT_TRUE(pair.say(0, GetParam(), "word " + std::to_string(i)));
  pair.settle();
  pair.start(1);
  pair.run(std::chrono::seconds(60));
  const record::LogKey log = pair.station(0).peer(PeerId{0}).line(GetParam())->own().key();
  std::set<std::uint64_t> groups;
  for (std::uint64_t index = 0; index < 80; ++index)
    groups.insert(pair.store(0).checkpoint_covering(log, index + 1).value().size);
  EXPECT_TRUE(groups.contains(32) && groups.contains(64) && groups.contains(80));
  EXPECT_EQ(text_at(pair, 1, GetParam(), 79), "word 79");
}

TEST_P(EachEvidence, AWaitingWordSurvivesARestart) {
  QuietPair pair(3);
  pair.start(0);
  ASSERT_TRUE(pair.say(0, GetParam(), "written before the power went"));
  pair.settle();
  pair.stop(0);
  pair.start(0);
  pair.start(1);
  pair.run(std::chrono::seconds(60));
  EXPECT_EQ(text_at(pair, 1, GetParam(), 0), "written before the power went");
}

TEST_P(EachEvidence, ALostReceiptIsAskedForAgainAndTheEntryIsNotTakenTwice) {
  QuietPair pair(4);
  pair.start();
  int lost = 0;
  pair.tamper = [&](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
    if (from == 1 && lost < 3) {
      ++lost;
      return std::nullopt;
    }
    return datagram;
  };
  ASSERT_TRUE(pair.say(0, GetParam(), "once"));
  pair.run(std::chrono::seconds(30));
  EXPECT_EQ(lost, 3);
  EXPECT_EQ(of<core::EntryArrived>(pair.take_events(1)).size(), 1u);
  EXPECT_EQ(of<core::ReceiptVerified>(pair.take_events(0)).size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Lines, EachEvidence, testing::Values(kProvable, kDeniable));

TEST(Station, AProvableLineCarriesSignaturesAndADeniableOneNone) {
  QuietPair pair(5);
  pair.start();
  ASSERT_TRUE(pair.say(0, kProvable, "on the record"));
  ASSERT_TRUE(pair.say(0, kDeniable, "off the record"));
  pair.settle();
  for (const auto& [line, is_signed] : {std::pair(kProvable, true), std::pair(kDeniable, false)}) {
    const record::LogKey log = pair.station(1).peer(PeerId{0}).line(line)->far().key();
    const auto checkpoint = pair.store(1).checkpoint_covering(log, 1);
    const auto receipt = pair.store(1).newest_cosignature(log);
    ASSERT_TRUE(checkpoint && receipt);
    EXPECT_EQ(checkpoint->signature.has_value(), is_signed);
    EXPECT_EQ(receipt->signature.has_value(), is_signed);
    EXPECT_EQ(receipt->time.seconds != 0, is_signed);
  }
}

TEST(Station, TheCheckpointAndTheReceiptVerifyForAnOutsider) {
  QuietPair pair(6);
  pair.start();
  ASSERT_TRUE(pair.say(0, kProvable, "one"));
  ASSERT_TRUE(pair.say(0, kProvable, "two"));
  pair.settle();
  const core::OwnLog& own = pair.station(0).peer(PeerId{0}).line(kProvable)->own();
  const auto checkpoint = pair.store(0).checkpoint_covering(own.key(), 2);
  const auto receipt = pair.store(0).newest_cosignature(own.key());
  ASSERT_TRUE(checkpoint && receipt);
  ASSERT_EQ(receipt->size, 2u);
  const record::Checkpoint text{own.origin(), 2, checkpoint->root};
  EXPECT_TRUE(record::verify_checkpoint(text, pair.pair().log_key(0).verify_key(), *checkpoint->signature));
  EXPECT_FALSE(record::verify_checkpoint(text, pair.pair().log_key(1).verify_key(), *checkpoint->signature));
}

// On every datagram, every place: a flipped byte is loss, never a wrong word.
TEST(Station, FlippedBytesAreLossAndNothingElse) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    QuietPair pair(seed);
    SeededRandom random(seed);
    pair.tamper = [&](std::size_t, Bytes datagram) -> std::optional<Bytes> {
      if (random.below(3) == 0) {
        const std::uint64_t at = random.below(datagram.size());
        const std::uint64_t bit = random.below(8);
        datagram[at] ^= static_cast<std::uint8_t>(1u << bit);
      }
      return datagram;
    };
    pair.start();
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(pair.say(0, kProvable, "word " + std::to_string(i)));
      ASSERT_TRUE(pair.say(1, kDeniable, "answer " + std::to_string(i)));
      pair.run(std::chrono::seconds(20));
    }
    pair.tamper = nullptr;
    pair.run(std::chrono::minutes(5));
    for (int i = 0; i < 5; ++i) {
      EXPECT_EQ(text_at(pair, 1, kProvable, i), "word " + std::to_string(i)) << "seed " << seed;
      EXPECT_EQ(text_at(pair, 0, kDeniable, i), "answer " + std::to_string(i)) << "seed " << seed;
    }
    for (std::size_t side : {0u, 1u})
      EXPECT_TRUE(of<core::Alarm>(pair.take_events(side)).empty()) << "seed " << seed;
  }
}

TEST(Station, StrangersAndReplaysGetNotOneByte) {
  QuietPair pair(7);
  std::vector<Bytes> seen;
  pair.tamper = [&](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
    if (from == 0) seen.push_back(datagram);
    return datagram;
  };
  pair.start();
  ASSERT_TRUE(pair.say(0, kProvable, "one"));
  pair.settle();
  ASSERT_GE(seen.size(), 2u);
  const std::uint64_t dropped = pair.station(1).datagrams_dropped();
  pair.take_bytes();
  SeededRandom random(1);
  for (int i = 0; i < 2000; ++i) {
    Bytes noise(1 + random.below(1300));
    random.fill(noise);
    if (i % 4 == 0) noise.resize(83);
    if (i % 4 < 2) noise[0] = static_cast<std::uint8_t>(1 + random.below(3));
    pair.station(1).on_datagram(pair.now(1), core::SocketId{0}, noise);
  }
  for (const Bytes& datagram : seen)
    pair.station(1).on_datagram(pair.now(1), core::SocketId{0}, datagram);
  for (const core::Effect& effect : pair.station(1).take_effects())
    EXPECT_FALSE(std::holds_alternative<core::SendDatagram>(effect));
  EXPECT_GE(pair.station(1).datagrams_dropped(), dropped + 2000);
}

TEST(Station, TheSecretMovesForwardAndAnOldBackupCatchesUp) {
  PairOptions options;
  options.policy.secret_step_seconds = 600;
  options.policy.fresh_handshake = std::chrono::minutes(10);
  QuietPair pair(8, options);
  pair.start();
  const MemoryStore::Snapshot old = pair.store(0).snapshot();
  pair.run(std::chrono::hours(12));
  const std::uint16_t moved = pair.station(0).peer(PeerId{0}).link().psk_epoch();
  EXPECT_GT(moved, 48);
  EXPECT_EQ(moved, pair.station(1).peer(PeerId{0}).link().psk_epoch());
  pair.stop(0);
  pair.store(0).restore(old);
  pair.start(0);
  pair.run(std::chrono::minutes(5));
  EXPECT_GE(pair.station(0).peer(PeerId{0}).link().psk_epoch(), moved);
  ASSERT_TRUE(pair.say(0, kProvable, "after the backup"));
  pair.run(std::chrono::minutes(1));
  EXPECT_EQ(text_at(pair, 1, kProvable, 0), "after the backup");
}

// Seed 2000 of thirty days: a disk that went back asked with each entry that came, and drew all the others again.
TEST(Station, WhatALostDiskHadCrossesAgainAboutOnce) {
  constexpr int kEntries = 400;
  constexpr Duration kCommit = std::chrono::milliseconds(4);
  QuietPair pair(21);
  pair.start();
  const MemoryStore::Snapshot old = pair.store(1).snapshot();
  pair.take_bytes();
  for (int i = 0; i < kEntries; ++i) {
    ASSERT_TRUE(pair.say(0, kProvable, "an entry like any other, number " + std::to_string(i)));
    pair.run(std::chrono::seconds(1));
  }
  ASSERT_EQ(pair.station(0).peer(PeerId{0}).line(kProvable)->own().receipted_size(), kEntries);
  const std::uint64_t first_time = pair.take_bytes();
  pair.stop(1);
  pair.store(1).restore(old);
  pair.take_events(1);
  Instant free_at;
  pair.disk = [&](std::size_t side) {
    const Instant now = pair.now(side).mono;
    if (side == 1 && now < free_at) return QuietPair::Disk::kBusy;
    if (side == 1) free_at = now + kCommit;
    return QuietPair::Disk::kTakes;
  };
  pair.start(1);
  const auto held = [&] { return pair.station(1).peer(PeerId{0}).line(kProvable)->far().durable_size(); };
  int waited = 0;
  for (; held() < kEntries && waited < 60000; ++waited) pair.run(std::chrono::milliseconds(1));
  EXPECT_EQ(held(), kEntries);
  const std::uint64_t again = pair.take_bytes();
  EXPECT_LT(again, first_time);
  EXPECT_LT(waited, 5000);
  for (const auto& alarm : of<core::Alarm>(pair.take_events(1)))
    EXPECT_NE(alarm.kind, core::AlarmKind::kRate) << alarm.text;
}

TEST(Station, AFlashIsShownBeforeTheLowerOnesThatAreLost) {
  QuietPair pair(9);
  pair.start();
  ASSERT_TRUE(pair.say(0, kProvable, "zeroth"));
  pair.settle();
  pair.take_events(1);
  bool lose = true;
  pair.tamper = [&](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
    if (from == 0 && lose) return std::nullopt;
    return datagram;
  };
  ASSERT_TRUE(pair.say(0, kProvable, "routine, lost"));
  pair.settle();
  lose = false;
  ASSERT_TRUE(pair.say(0, kProvable, "flash", record::Precedence::kFlash));
  pair.settle();
  auto arrived = of<core::EntryArrived>(pair.take_events(1));
  ASSERT_EQ(arrived.size(), 1u);
  EXPECT_TRUE(arrived[0].early);
  EXPECT_EQ(arrived[0].index, 2u);
  EXPECT_EQ(of<core::ReceiptVerified>(pair.take_events(0)).back().size, 1u)
      << "no receipt for what is not all there";
  pair.run(std::chrono::seconds(10));
  arrived = of<core::EntryArrived>(pair.take_events(1));
  ASSERT_EQ(arrived.size(), 1u) << "the flash is not shown again";
  EXPECT_EQ(arrived[0].index, 1u);
  EXPECT_EQ(of<core::ReceiptVerified>(pair.take_events(0)).back().size, 3u);
}

TEST(Station, AClockThatIsFarOffStopsNothing) {
  QuietPair pair(14);
  pair.start();
  for (const std::uint32_t seconds : {4294967295u, 0u, 1770000000u}) {
    record::Entry entry;
    entry.header.line = kProvable;
    entry.header.time = WallTime{seconds};
    entry.body = to_bytes(as_bytes("dated " + std::to_string(seconds)));
    ASSERT_TRUE(pair.submit(0, entry));
    pair.settle();
  }
  EXPECT_EQ(of<core::ReceiptVerified>(pair.take_events(0)).back().size, 3u);
  EXPECT_EQ(text_at(pair, 1, kProvable, 0), "dated 4294967295");
  EXPECT_EQ(text_at(pair, 1, kProvable, 2), "dated 1770000000");
}

TEST(Station, ADrillStaysADrillAndAFrameOfAnotherClassIsNoEntry) {
  QuietPair pair(10);
  pair.start();
  record::Entry entry;
  entry.header.line = kProvable;
  entry.header.entry_class = record::EntryClass::kDrill;
  entry.header.time = pair.now(0).wall;
  entry.body = to_bytes(as_bytes("exercise exercise exercise"));
  ASSERT_TRUE(pair.submit(0, entry));
  pair.settle();
  const auto log = pair.station(1).peer(PeerId{0}).line(kProvable)->far().key();
  const auto stored = pair.store(1).entries(log, 0, 1, 1);
  ASSERT_EQ(stored.size(), 1u);
  EXPECT_EQ(record::decode_entry(stored[0].bytes)->header.entry_class, record::EntryClass::kDrill);
}

TEST(Station, AFullDiskRefusesAndLosesNothing) {
  QuietPair pair(11);
  pair.start();
  pair.store(0).set_full(true);
  ASSERT_TRUE(pair.say(0, kProvable, "there is no room"));
  pair.settle();
  EXPECT_EQ(of<core::SubmissionFailed>(pair.take_events(0)).size(), 1u);
  EXPECT_EQ(pair.station(1).peer(PeerId{0}).line(kProvable)->far().size(), 0u);
  pair.store(0).set_full(false);
  pair.store(1).set_full(true);
  ASSERT_TRUE(pair.say(0, kProvable, "there is room here"));
  pair.settle();
  EXPECT_TRUE(of<core::ReceiptVerified>(pair.take_events(0)).empty()) << "not on their disk: no receipt";
  pair.store(1).set_full(false);
  pair.run(std::chrono::minutes(1));
  EXPECT_EQ(of<core::ReceiptVerified>(pair.take_events(0)).size(), 1u);
  EXPECT_EQ(text_at(pair, 1, kProvable, 0), "there is room here");
}

// A refused commit is followed by a look at what is on the disk; what cannot be read there ends no station.
TEST(Station, ADamagedDiskTakesNothingMoreAndTheStationStays) {
  QuietPair pair(11);
  pair.start();
  for (std::uint8_t path = 1; path <= 2; ++path) pair.cut(PathId{path}, true);
  ASSERT_TRUE(pair.say(0, kProvable, "under way"));
  pair.settle();
  pair.take_events(0);
  SeededRandom random(1);
  const auto sound = pair.store(0).snapshot();
  ASSERT_TRUE(pair.store(0).damage_recent(random));
  const auto log = pair.station(0).peer(PeerId{0}).line(kProvable)->own().key();
  EXPECT_TRUE(pair.store(0).entries(log, 0, 1, 1).empty());
  ASSERT_TRUE(pair.say(0, kProvable, "after it was found"));
  pair.settle();
  EXPECT_EQ(of<core::SubmissionFailed>(pair.take_events(0)).size(), 1u);
  for (std::uint8_t path = 1; path <= 2; ++path) pair.cut(PathId{path}, false);
  pair.run(std::chrono::minutes(2));
  EXPECT_EQ(pair.station(1).peer(PeerId{0}).line(kProvable)->far().size(), 0u) << "nothing is sent from such a disk";

  pair.stop(0);
  pair.run(std::chrono::minutes(2));
  pair.store(0).restore(sound);
  pair.start(0);
  pair.run(std::chrono::minutes(2));
  EXPECT_EQ(text_at(pair, 1, kProvable, 0), "under way");
}

TEST(Station, RefusesWhatADeskMayNotWrite) {
  QuietPair pair(12);
  pair.start();
  const auto refused = [&](LineId line, const std::string& text) {
    const auto result = pair.say(0, line, text);
    return result ? "taken" : result.error().message;
  };
  EXPECT_NE(refused(kProvable, std::string(2000, 'x')).find("bytes"), std::string::npos);
  EXPECT_NE(refused(kProvable, ""), "taken");
  EXPECT_NE(refused(kProvable, "bad \xff byte"), "taken");
  EXPECT_NE(refused(kProvable, "turned \xe2\x80\xae around"), "taken");
  EXPECT_NE(refused(kProvable, "bell \x07"), "taken");
  EXPECT_NE(refused(LineId{77}, "no such line"), "taken");
}

TEST(Station, ANewEpochNamesTheOneBeforeAndOldWordsStay) {
  QuietPair pair(13);
  pair.start();
  ASSERT_TRUE(pair.say(0, kProvable, "in the first life"));
  pair.settle();
  pair.stop(0);
  // The same disk, told that it has a new life.
  core::PeerSetup setup = pair.pair().setup(0);
  setup.new_epoch = true;
  SeededRandom keys(99), jitter(98);
  MemoryStore& store = pair.store(0);
  core::Station station(keys, jitter, store);
  station.add_peer(std::move(setup));
  ASSERT_TRUE(station.start(pair.now(0)));
  bool opened = false;
  for (const core::Effect& effect : station.take_effects())
    if (const auto* persist = std::get_if<core::Persist>(&effect)) {
      ASSERT_TRUE(store.commit(persist->batches));
      for (const record::Batch& batch : persist->batches)
        for (const record::Write& write : batch.writes)
          if (const auto* append = std::get_if<record::AppendEntry>(&write)) {
            opened |= append->log.line.line == kProvable && append->entry.index == 0;
          }
    }
  EXPECT_TRUE(opened);
  pair.start(0);
  pair.run(std::chrono::minutes(1));
  ASSERT_TRUE(pair.say(0, kProvable, "in the second life"));
  pair.run(std::chrono::minutes(1));
  EXPECT_EQ(text_at(pair, 1, kProvable, 1), "in the second life");
  std::size_t epochs = 0;
  for (const auto& info : pair.store(1).logs({pair.pair().lineage(), kProvable}))
    epochs += info.log.own ? 0 : 1;
  EXPECT_EQ(epochs, 2u);
}

// spec/record.md section 6: neither in one life nor after a start.
TEST(Station, TheTimeOfReceiptsNeverFallsWhateverTheClockDoes) {
  QuietPair pair(71);
  pair.ahead_seconds[1] = 86400;
  pair.start();
  const auto receipted_at = [&] {
    EXPECT_TRUE(pair.say(0, kProvable, "What time is it there?"));
    pair.settle();
    return pair.store(1).newest_cosignature(pair.station(1).peer(PeerId{0}).line(kProvable)->far().key())->time;
  };
  const WallTime ahead = receipted_at();
  pair.ahead_seconds[1] = 0;
  EXPECT_EQ(receipted_at(), ahead);
  pair.stop(1);
  pair.start(1);
  pair.run(std::chrono::seconds(30));
  EXPECT_EQ(receipted_at(), ahead);
  pair.ahead_seconds[1] = 2 * 86400;
  EXPECT_GT(receipted_at(), ahead);
}

// What is followed to another address (spec/packet.md section 7).
TEST(Station, APacketThatWasHeldBackIsTakenAndNotTheNewest) {
  QuietPair pair(72);
  pair.start();
  std::vector<Bytes> held;
  pair.tamper = [&](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
    if (from == 0) held.push_back(datagram);
    return from == 0 ? std::nullopt : std::optional(std::move(datagram));
  };
  ASSERT_TRUE(pair.say(0, kProvable, "Hold this one back."));
  pair.settle();
  ASSERT_FALSE(held.empty());
  const Bytes late = held.front();
  pair.tamper = nullptr;
  ASSERT_TRUE(pair.say(0, kProvable, "And let this one pass."));
  pair.settle();
  const auto heard = pair.station(1).on_datagram(pair.now(1), core::SocketId{0}, late);
  ASSERT_TRUE(heard);
  EXPECT_FALSE(heard->newest);
  pair.tamper = [&](std::size_t, Bytes datagram) -> std::optional<Bytes> {
    held.push_back(std::move(datagram));
    return std::nullopt;
  };
  held.clear();
  ASSERT_TRUE(pair.say(0, kProvable, "The newest of all."));
  pair.settle();
  ASSERT_FALSE(held.empty());
  const auto newest = pair.station(1).on_datagram(pair.now(1), core::SocketId{0}, held.back());
  ASSERT_TRUE(newest);
  EXPECT_TRUE(newest->newest);
}

}  // namespace
}  // namespace detente::sim
