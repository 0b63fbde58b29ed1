#include "channel.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace detente::linkemu {
namespace {

using std::chrono::milliseconds;

Packet numbered(std::uint32_t number, std::size_t size = 100) {
  Bytes bytes;
  append_be(bytes, number, 4);
  bytes.resize(std::max<std::size_t>(size, 4));
  return {std::move(bytes)};
}

std::uint32_t number_of(const Packet& packet) {
  return static_cast<std::uint32_t>(read_be(ByteView(packet.bytes).first(4)));
}

struct Arrival {
  Instant at;
  std::uint32_t number;
};

// Runs the channel until it is empty, waking exactly when it asks to be woken.
std::vector<Arrival> drain(Channel& channel) {
  std::vector<Arrival> out;
  while (const auto next = channel.next_deadline())
    while (const auto packet = channel.pop_due(*next)) out.push_back({*next, number_of(*packet)});
  return out;
}

TEST(Channel, PassesAtOnceWhenNothingIsSet) {
  Channel channel({}, {}, 1);
  channel.push({5}, numbered(7));
  const auto packet = channel.pop_due({5});
  ASSERT_TRUE(packet);
  EXPECT_EQ(number_of(*packet), 7u);
  EXPECT_FALSE(channel.pop_due({5}));
  EXPECT_FALSE(channel.next_deadline());
}

TEST(Channel, KeepsTheRateToAMicrosecondWithoutDrift) {
  for (const std::uint64_t rate :
       {75ull, 300ull, 2400ull, 64'000ull, 999'983ull, 1'000'000'000ull}) {
    Settings settings;
    settings.rate_bps = rate;
    settings.queue_bytes = 10'000'000;
    Channel channel(settings, {}, 1);
    std::uint64_t bits = 0;
    std::vector<std::uint64_t> sent;
    for (std::uint32_t i = 0; i < 2000; ++i) {
      const std::size_t size = 40 + i * 7 % 1400;
      channel.push({0}, numbered(i, size));
      sent.push_back(bits += size * 8);
    }
    const auto arrivals = drain(channel);
    ASSERT_EQ(arrivals.size(), sent.size());
    for (std::size_t i = 0; i < sent.size(); ++i)
      ASSERT_EQ(arrivals[i].at.micros, static_cast<std::int64_t>(sent[i] * 1'000'000 / rate))
          << "packet " << i << " at " << rate;
  }
}

TEST(Channel, CountsHeadersBelowThePayload) {
  Settings settings;
  settings.rate_bps = 8'000'000;  // a byte takes a microsecond
  Channel channel(settings, {Carried::kDatagrams, 28}, 1);
  channel.push({0}, numbered(1, 100));
  EXPECT_EQ(channel.next_deadline()->micros, 128);
  EXPECT_EQ(channel.counters().bytes_in, 128u);
}

TEST(Channel, AnIdleLinkOwesNothing) {
  Settings settings;
  settings.rate_bps = 8000;  // a byte a millisecond
  Channel channel(settings, {}, 1);
  channel.push({0}, numbered(1));
  EXPECT_EQ(drain(channel).at(0).at.micros, 100'000);
  channel.push({5'000'000}, numbered(2));
  EXPECT_EQ(drain(channel).at(0).at.micros, 5'100'000);
}

TEST(Channel, DelayComesAfterTheRate) {
  Settings settings;
  settings.rate_bps = 8000;
  settings.delay = milliseconds(200);
  Channel channel(settings, {}, 1);
  channel.push({0}, numbered(1));
  channel.push({0}, numbered(2));
  const auto arrivals = drain(channel);
  ASSERT_EQ(arrivals.size(), 2u);
  EXPECT_EQ(arrivals[0].at.micros, 300'000);
  EXPECT_EQ(arrivals[1].at.micros, 400'000);
}

TEST(Channel, QueueIsBoundedAndDropsItsTail) {
  Settings settings;
  settings.rate_bps = 8000;
  settings.queue_bytes = 1000;
  Channel channel(settings, {}, 1);
  for (std::uint32_t i = 0; i < 30; ++i) channel.push({0}, numbered(i));
  EXPECT_EQ(channel.waiting_bytes(), 1000u);
  EXPECT_EQ(channel.counters().queue_full, 20u);
  // One has gone out: one place is free.
  channel.push({100'000}, numbered(100));
  channel.push({100'000}, numbered(101));
  EXPECT_EQ(channel.counters().queue_full, 21u);
  std::vector<std::uint32_t> numbers;
  for (const Arrival& arrival : drain(channel)) numbers.push_back(arrival.number);
  EXPECT_EQ(numbers, (std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 100}));
}

TEST(Channel, AQueueShorterThanAPacketIsNoBlackhole) {
  Settings settings;
  settings.rate_bps = 8000;
  settings.queue_bytes = 10;
  Channel channel(settings, {}, 1);
  channel.push({0}, numbered(1));
  channel.push({0}, numbered(2));
  EXPECT_EQ(drain(channel).size(), 1u);
}

TEST(Channel, MemoryIsBoundedWhateverTheDelay) {
  Settings settings;
  settings.delay = kTimeMax;
  settings.queue_bytes = 1024ull * 1024 * 1024;
  settings.duplicate_ppm = kMillion;
  Channel channel(settings, {}, 1);
  constexpr std::size_t kSize = 60'000;
  for (std::uint32_t i = 0; i < 3000; ++i) channel.push({0}, numbered(i, kSize));
  EXPECT_GT(channel.counters().queue_full, 0u);
  EXPECT_LE(channel.under_way() * kSize, kHeldMax + kSize);
}

// Share over many seeds: within four standard deviations of what was asked for.
void expect_share(std::uint32_t Settings::*field, std::uint64_t Counters::*counter) {
  for (const std::uint32_t ppm : {5'000u, 200'000u, 900'000u}) {
    std::uint64_t hits = 0, all = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      Settings settings;
      settings.*field = ppm;
      Channel channel(settings, {}, seed);
      for (std::uint32_t i = 0; i < 1000; ++i) channel.push({i}, numbered(i));
      hits += channel.counters().*counter;
      all += 1000;
    }
    const double share = ppm / double{kMillion}, n = static_cast<double>(all);
    EXPECT_NEAR(static_cast<double>(hits), n * share, 4 * std::sqrt(n * share * (1 - share)));
  }
}

TEST(Channel, SharesAreAsAskedFor) {
  expect_share(&Settings::loss_ppm, &Counters::lost);
  expect_share(&Settings::duplicate_ppm, &Counters::duplicated);
  expect_share(&Settings::flip_ppm, &Counters::flipped);
  expect_share(&Settings::reorder_ppm, &Counters::reordered);
}

TEST(Channel, AllAndNothing) {
  Settings settings;
  settings.loss_ppm = kMillion;
  Channel channel(settings, {}, 3);
  for (std::uint32_t i = 0; i < 1000; ++i) channel.push({0}, numbered(i));
  EXPECT_TRUE(drain(channel).empty());
  EXPECT_EQ(channel.counters().lost, 1000u);
  EXPECT_EQ(channel.counters().packets_out, 0u);
}

TEST(Channel, ALostPacketTakesItsTimeOnTheLink) {
  Settings settings;
  settings.rate_bps = 8000;
  settings.loss_ppm = kMillion;
  Channel channel(settings, {}, 3);
  channel.push({0}, numbered(1));
  settings.loss_ppm = 0;
  channel.set({0}, settings);
  channel.push({0}, numbered(2));
  const auto arrivals = drain(channel);
  ASSERT_EQ(arrivals.size(), 1u);
  EXPECT_EQ(arrivals[0].at.micros, 200'000);
}

TEST(Channel, ReorderedPacketsComeLaterAndTheOthersKeepTheirOrder) {
  Settings settings;
  settings.delay = milliseconds(10);
  settings.reorder_ppm = 100'000;
  settings.reorder_extra = milliseconds(30);
  Channel channel(settings, {}, 7);
  for (std::uint32_t i = 0; i < 1000; ++i) channel.push({i * 1000}, numbered(i));
  std::set<std::uint32_t> seen;
  std::uint32_t highest = 0;
  std::uint64_t late = 0;
  for (const Arrival& arrival : drain(channel)) {
    EXPECT_TRUE(seen.insert(arrival.number).second);
    const std::int64_t under_way = arrival.at.micros - arrival.number * 1000;
    if (under_way == 40'000) {
      ++late;
    } else {
      EXPECT_EQ(under_way, 10'000);
      EXPECT_GE(arrival.number, highest);
      highest = arrival.number;
    }
  }
  EXPECT_EQ(seen.size(), 1000u);
  EXPECT_EQ(late, channel.counters().reordered);
  EXPECT_GT(late, 50u);
}

TEST(Channel, JitterIsSpreadAndKeepsTheOrder) {
  Settings settings;
  settings.delay = milliseconds(20);
  settings.jitter = milliseconds(10);
  Channel channel(settings, {}, 7);
  // Far enough apart that no packet waits for the one before it.
  for (std::uint32_t i = 0; i < 1000; ++i) channel.push({i * 20'000}, numbered(i));
  double sum = 0;
  for (const Arrival& arrival : drain(channel)) {
    const std::int64_t extra = arrival.at.micros - arrival.number * 20'000 - 20'000;
    ASSERT_GE(extra, 0);
    ASSERT_LE(extra, 10'000);
    sum += static_cast<double>(extra);
  }
  EXPECT_NEAR(sum / 1000, 5000, 400);

  Channel dense(settings, {}, 7);
  for (std::uint32_t i = 0; i < 1000; ++i) dense.push({i}, numbered(i));
  std::uint32_t expected = 0;
  for (const Arrival& arrival : drain(dense)) EXPECT_EQ(arrival.number, expected++);
  EXPECT_EQ(expected, 1000u);
}

TEST(Channel, DropsWhatIsLargerThanTheMtu) {
  Settings settings;
  settings.mtu_bytes = 576;
  Channel plain(settings, {}, 1), udp(settings, {Carried::kDatagrams, 28}, 1);
  for (const std::size_t size : {548u, 549u, 576u, 577u}) {
    plain.push({0}, numbered(1, size));
    udp.push({0}, numbered(1, size));
  }
  EXPECT_EQ(plain.counters().too_large, 1u);
  EXPECT_EQ(udp.counters().too_large, 3u);
  EXPECT_EQ(drain(plain).size(), 3u);
  EXPECT_EQ(drain(udp).size(), 1u);
}

TEST(Channel, FlipsExactlyOneBit) {
  Settings settings;
  settings.flip_ppm = kMillion;
  Channel channel(settings, {}, 5);
  std::set<std::size_t> places;
  for (int i = 0; i < 200; ++i) {
    channel.push({0}, {Bytes(50, 0)});
    const auto packet = channel.pop_due({0});
    ASSERT_TRUE(packet);
    int bits = 0;
    for (std::size_t at = 0; at < packet->bytes.size(); ++at) {
      bits += std::popcount(packet->bytes[at]);
      if (packet->bytes[at] != 0) places.insert(at);
    }
    EXPECT_EQ(bits, 1);
  }
  EXPECT_GT(places.size(), 30u);
}

TEST(Channel, ABlackholeSwallowsAndHeals) {
  Settings settings;
  settings.delay = milliseconds(100);
  Channel channel(settings, {}, 1);
  channel.push({0}, numbered(1));
  settings.blackhole = true;
  channel.set({50'000}, settings);
  channel.push({60'000}, numbered(2));
  EXPECT_FALSE(channel.pop_due({150'000}));
  settings.blackhole = false;
  channel.set({200'000}, settings);
  channel.push({200'000}, numbered(3));
  const auto arrivals = drain(channel);
  ASSERT_EQ(arrivals.size(), 1u);
  EXPECT_EQ(arrivals[0].number, 3u);
  EXPECT_EQ(channel.counters().blackholed, 2u);
}

TEST(Channel, AStreamLosesAndMovesNothing) {
  Settings settings;
  settings.jitter = milliseconds(50);
  settings.rate_bps = 800'000;
  settings.loss_ppm = settings.duplicate_ppm = settings.reorder_ppm = kMillion;
  settings.queue_bytes = 200;
  Channel channel(settings, {Carried::kStream, 0}, 1);
  std::uint32_t pushed = 0, expected = 0;
  Instant now{0};
  for (int step = 0; step < 20'000; ++step, now = now + Duration(100)) {
    if (channel.has_room()) channel.push(now, numbered(pushed++));
    EXPECT_LE(channel.waiting_bytes(), 300u);
    // Held back and let go again in turn.
    if (step % 1000 == 0) {
      settings.blackhole = !settings.blackhole;
      channel.set(now, settings);
    }
    while (const auto packet = channel.pop_due(now)) {
      EXPECT_FALSE(settings.blackhole);
      EXPECT_EQ(number_of(*packet), expected++);
    }
  }
  settings.blackhole = false;
  channel.set(now, settings);
  for (const Arrival& arrival : drain(channel)) EXPECT_EQ(arrival.number, expected++);
  EXPECT_EQ(expected, pushed);
  EXPECT_GT(pushed, 1000u);
}

TEST(Channel, ANewRateCountsForWhatWaits) {
  Settings settings;
  settings.rate_bps = 1;
  Channel channel(settings, {}, 1);
  channel.push({0}, numbered(1));
  channel.push({0}, numbered(2));
  settings.rate_bps = 8000;
  channel.set({1'000'000}, settings);
  const auto arrivals = drain(channel);
  ASSERT_EQ(arrivals.size(), 2u);
  EXPECT_EQ(arrivals[0].at.micros, 1'100'000);
  EXPECT_EQ(arrivals[1].at.micros, 1'200'000);
}

TEST(Channel, AShorterDelayLetsOvertake) {
  Settings settings;
  settings.delay = std::chrono::seconds(10);
  Channel channel(settings, {}, 1);
  channel.push({0}, numbered(1));
  settings.delay = milliseconds(1);
  channel.set({1000}, settings);
  channel.push({1000}, numbered(2));
  const auto arrivals = drain(channel);
  ASSERT_EQ(arrivals.size(), 2u);
  EXPECT_EQ(arrivals[0].number, 2u);
  EXPECT_EQ(arrivals[0].at.micros, 2000);
}

std::vector<std::uint32_t> survivors(Settings settings, std::uint64_t seed) {
  Channel channel(settings, {}, seed);
  for (std::uint32_t i = 0; i < 300; ++i) channel.push({i * 100}, numbered(i));
  std::vector<std::uint32_t> out;
  for (const Arrival& arrival : drain(channel)) out.push_back(arrival.number);
  return out;
}

TEST(Channel, OneSeedOneFate) {
  Settings settings;
  settings.loss_ppm = 300'000;
  const auto first = survivors(settings, 42);
  EXPECT_EQ(survivors(settings, 42), first);
  EXPECT_NE(survivors(settings, 43), first);
  // What else is set does not change who is lost.
  settings.jitter = milliseconds(5);
  settings.flip_ppm = 1;
  settings.rate_bps = 10'000'000;
  EXPECT_EQ(survivors(settings, 42), first);
}

// Every packet is accounted for, and nothing comes before its time.
RC_GTEST_PROP(Channel, CountersAddUp, (std::uint64_t seed)) {
  SeededRandom random(seed);
  Settings settings;
  settings.rate_bps = random.below(2) == 0 ? 0 : 1000 + random.below(10'000'000);
  settings.queue_bytes = random.below(20'000);
  settings.delay = Duration(random.below(100'000));
  settings.jitter = Duration(random.below(100'000));
  for (const auto field : {&Settings::loss_ppm, &Settings::duplicate_ppm, &Settings::reorder_ppm})
    settings.*field = static_cast<std::uint32_t>(random.below(kMillion));
  settings.mtu_bytes = 500 + static_cast<std::uint32_t>(random.below(1000));
  Channel channel(settings, {}, seed);
  Instant now{0};
  std::uint64_t out = 0;
  for (std::uint32_t i = 0; i < 300; ++i) {
    now = now + Duration(random.below(5000));
    channel.push(now, numbered(i, 40 + random.below(1400)));
    if (random.below(20) == 0) {
      settings.blackhole = !settings.blackhole;
      channel.set(now, settings);
    }
    while (channel.pop_due(now)) ++out;
    const auto next = channel.next_deadline();
    RC_ASSERT(!next || *next > now);
  }
  settings.blackhole = false;
  channel.set(now, settings);
  out += drain(channel).size();
  const Counters& c = channel.counters();
  RC_ASSERT(out == c.packets_out);
  RC_ASSERT(c.packets_in + c.duplicated ==
            c.packets_out + c.lost + c.queue_full + c.too_large + c.blackholed);
}

}  // namespace
}  // namespace detente::linkemu
