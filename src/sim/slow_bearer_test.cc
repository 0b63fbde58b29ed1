// A path of a few thousand bits a second: what is urgent waits for a packet of what is not, not for all of it.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/names_for_test.h"
#include "sim/quiet_pair.h"

namespace detente::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kTextBytes = 800;

// Both directions of a serial line: a datagram leaves when those before it have.
struct SlowPair {
  static PairOptions options(std::uint64_t rate_bps, bool configured) {
    PairOptions out;
    if (configured) out.path_terms[kPath] = {rate_bps, 0, kFraming};
    return out;
  }
  SlowPair(std::uint64_t seed, std::uint64_t rate, bool configured)
      : rate_bps(rate), pair(seed, options(rate, configured)), random(seed) {
    pair.delay = [this](std::size_t from, std::size_t bytes) {
      largest = std::max(largest, bytes);
      const Instant now = pair.now(from).mono;
      free_at[from] = std::max(free_at[from], now) +
                      Duration(static_cast<std::int64_t>((bytes + kFraming) * 8 * 1000000 / rate_bps));
      return free_at[from] - now;
    };
    pair.start();
    pair.run(seconds(30));
    pair.take_events(1);
  }
  // Text that no compression shortens by much.
  std::string text() {
    std::string out;
    for (std::size_t i = 0; i < kTextBytes; ++i) out.push_back(static_cast<char>('!' + random.below(90)));
    return out;
  }
  void say(int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(pair.say(0, kLine, texts.emplace_back(text())));
    }
  }
  void collect() {
    const record::LogKey log = pair.station(1).peer(PeerId{0}).line(kLine)->far().key();
    for (const core::DeskEvent& event : pair.take_events(1)) {
      whole |= std::holds_alternative<core::DocumentArrived>(event);
      const auto* arrived = std::get_if<core::EntryArrived>(&event);
      if (arrived == nullptr || arrived->line != kLine) continue;
      auto stored = arrived->early ? pair.store(1).early_entries(log)
                                   : pair.store(1).entries(log, arrived->index, arrived->index + 1, 1);
      std::erase_if(stored, [&](const record::StoredEntry& one) { return one.index != arrived->index; });
      ASSERT_EQ(stored.size(), 1u);
      came.push_back(*record::decode_entry(stored[0].bytes));
    }
  }
  // How long a FLASH is under way that is written now.
  Duration flash() {
    const Instant said = pair.now(0).mono;
    EXPECT_TRUE(pair.say(0, kLine, "Hold your fire.", record::Precedence::kFlash));
    while (pair.now(0).mono - said < seconds(300)) {
      pair.run(milliseconds(20));
      collect();
      if (std::any_of(came.begin(), came.end(), [](const auto& one) { return one.header.precedence == record::Precedence::kFlash; })) break;
    }
    return pair.now(0).mono - said;
  }
  void all_arrive_in_order() {
    for (int i = 0; i < 600 && came.size() < texts.size() + 1; ++i) {
      pair.run(seconds(1));
      collect();
    }
    std::vector<std::string> got;
    for (const record::Entry& entry : came)
      if (entry.header.precedence == record::Precedence::kRoutine) got.emplace_back(as_string(entry.body));
    EXPECT_TRUE(got == texts) << got.size() << " of " << texts.size();
  }

  std::uint64_t rate_bps;
  QuietPair pair;
  SeededRandom random;
  Instant free_at[2];
  std::size_t largest = 0;
  bool whole = false;  // a document arrived
  std::vector<std::string> texts;
  std::vector<record::Entry> came;
};

// One packet in the bearer, the FLASH, and what is sent both ways meanwhile.
constexpr Duration kFlashMost = seconds(3);

TEST(SlowBearer, AFlashWaitsForOnePacketOfLongTexts) {
  SlowPair slow(1, 2400, true);
  slow.say(24);
  slow.pair.run(seconds(20));
  slow.collect();
  EXPECT_LT(slow.came.size(), 8u);
  EXPECT_LE(slow.flash(), kFlashMost);
  slow.all_arrive_in_order();
  EXPECT_LE(slow.largest, 508u);  // a packet of 1,200 bytes would hold a FLASH back for four seconds
}

TEST(SlowBearer, AnImmediateOfAnotherLineWaitsForOnePacketOfLongTexts) {
  SlowPair slow(4, 2400, true);
  slow.say(24);
  slow.pair.run(seconds(20));
  slow.collect();
  const Instant said = slow.pair.now(0).mono;
  ASSERT_TRUE(slow.pair.say(0, LineId{2}, "Call me.", record::Precedence::kImmediate));
  const auto arrived = [&] {
    const auto entries = of<core::EntryArrived>(slow.pair.take_events(1));
    return std::any_of(entries.begin(), entries.end(), [](const core::EntryArrived& one) { return one.line == LineId{2}; });
  };
  while (!arrived() && slow.pair.now(0).mono - said < seconds(120)) slow.pair.run(milliseconds(20));
  EXPECT_LE(slow.pair.now(0).mono - said, kFlashMost);
}

// Also of what waited for a session, whatever the lines' numbers are: where both know what the other holds, and where they ask.
TEST(SlowBearer, AnImmediateOfAnotherLineIsTheFirstOfASession) {
  for (const bool restarts : {false, true})
    for (const bool asks : {false, true}) {
      SCOPED_TRACE((restarts ? "both start" : "one starts") + std::string(asks ? ", and ask" : ""));
      SlowPair slow(5, 64'000, false);
      slow.pair.tamper = [&](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
        if (asks && from == 1) return std::nullopt;
        return datagram;
      };
      slow.say(1);  // its receipt may be lost
      slow.pair.run(seconds(10));
      slow.pair.close(1);
      slow.pair.stop(1);
      slow.pair.tamper = nullptr;
      slow.pair.run(seconds(200));
      slow.say(12);
      ASSERT_TRUE(slow.pair.say(0, LineId{2}, "Call me.", record::Precedence::kImmediate));
      slow.pair.run(seconds(5));
      if (restarts) {
        slow.pair.stop(0);
        slow.pair.start(0);
      }
      slow.pair.take_events(1);
      slow.pair.start(1);
      std::optional<LineId> first;
      for (int i = 0; i < 1200 && !first; ++i) {
        slow.pair.run(milliseconds(100));
        for (const core::EntryArrived& one : of<core::EntryArrived>(slow.pair.take_events(1)))
          if (!first) first = one.line;
      }
      EXPECT_EQ(first, LineId{2});
    }
}

TEST(SlowBearer, NorForWhatIsSentAgainAfterAHole) {
  SlowPair slow(2, 2400, true);
  slow.say(20);
  slow.pair.run(seconds(5));
  slow.pair.cut(kPath, true);
  slow.pair.run(seconds(120));
  slow.pair.cut(kPath, false);
  for (int i = 0; i < 100 && slow.came.empty(); ++i) {
    slow.pair.run(milliseconds(500));
    slow.collect();
  }
  EXPECT_LE(slow.flash(), kFlashMost);
  slow.all_arrive_in_order();
}

// A bearer whose rate nobody configured shows it by its delay.
TEST(SlowBearer, ADocumentThereHardlyDelaysAFlash) {
  SlowPair slow(3, 64'000, false);
  Bytes document(400'000);
  slow.random.fill(document);
  slow.pair.send_document(0, kLine, document);
  Duration longest{};
  for (int i = 0; i < 10; ++i) {
    slow.pair.run(seconds(3) + milliseconds(170 * i));
    slow.collect();
    slow.came.clear();
    longest = std::max(longest, slow.flash());
  }
  // Two packets of 1,200 bytes, and its own; a queue of 12,000 bytes would be 1.5 s.
  EXPECT_LE(longest, milliseconds(500));
  slow.pair.run(seconds(120));
  slow.collect();
  EXPECT_TRUE(slow.whole);
}

// Nor has one of so low a rate that a single packet of a document takes seconds: one is under way at a time, but for a trial.
TEST(SlowBearer, ADocumentWithoutARateLeavesOnePacketBeforeAFlash) {
  for (const std::uint64_t rate : {2400u, 9600u}) {
    SlowPair slow(4, rate, false);
    const Duration packet(static_cast<std::int64_t>((508 + kFraming) * 8 * 1000000 / rate));
    const Duration alone = slow.flash();
    Bytes document(rate * 20);
    slow.random.fill(document);
    slow.pair.send_document(0, kLine, document);
    Duration longest{}, sum{};
    for (int i = 0; i < 10; ++i) {
      slow.pair.run(packet * (i == 0 ? 0 : 3) + milliseconds(170 * i));
      slow.collect();
      slow.came.clear();
      const Duration took = slow.flash();
      sum += took;
      longest = std::max(longest, took);
    }
    EXPECT_LE(longest, alone + packet * 2) << rate << " bit/s; alone " << alone.count();
    EXPECT_LE(sum / 10, alone + packet) << rate << " bit/s";
    EXPECT_LE(slow.largest, 508u) << rate;
    slow.pair.run(seconds(300));
    slow.collect();
    EXPECT_TRUE(slow.whole) << rate;
  }
}

// Nor do short messages open the bearer to more of the document: its one packet is under way, and beside it one of them.
TEST(SlowBearer, ADocumentBesideShortMessagesLeavesOnePacketBeforeAFlash) {
  for (const std::uint64_t rate : {2400u, 9600u}) {
    const Duration packet(static_cast<std::int64_t>((508 + kFraming) * 8 * 1000000 / rate));
    const Duration message(static_cast<std::int64_t>((60 + kFraming) * 8 * 1000000 / rate));
    Duration longest[2]{}, sum[2]{};
    for (const bool beside : {false, true}) {
      SlowPair slow(5, rate, false);
      const Bytes document = [&] {
        Bytes out(rate * 10);
        slow.random.fill(out);
        return out;
      }();
      if (beside) slow.pair.send_document(0, kLine, document);
      for (int i = 0; i < 10; ++i) {
        for (int j = 0; j < 4; ++j) {
          ASSERT_TRUE(slow.pair.say(0, kLine, "Chat " + std::to_string(i * 4 + j)));
          slow.pair.run(packet * 2 / 3 + milliseconds(37 * i));
        }
        slow.collect();
        slow.came.clear();
        Duration took = slow.flash();
        sum[beside] += took;
        longest[beside] = std::max(longest[beside], took);
      }
      slow.pair.run(seconds(300));
      slow.collect();
      EXPECT_EQ(slow.whole, beside) << rate;
    }
    EXPECT_LE(longest[1], longest[0] + packet * 2 + message) << rate << " bit/s; without it " << longest[0].count();
    EXPECT_LE(sum[1] / 10, sum[0] / 10 + packet + message) << rate << " bit/s; without it " << sum[0].count() / 10;
  }
}

}  // namespace
}  // namespace detente::sim
