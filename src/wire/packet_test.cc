#include "wire/packet.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "wire/frame.h"

namespace detente::wire {
namespace {

TEST(PacketHeader, RestoresTheNearestCounter) {
  SeededRandom random(5);
  for (int i = 0; i < 20000; ++i) {
    const std::size_t bytes = std::size_t{1} << random.below(3);
    const std::uint64_t half = std::uint64_t{1} << (8 * bytes - 1);
    const std::uint64_t expected = random.below(std::uint64_t{1} << 33);
    const std::uint64_t away = random.below(half);
    const bool below = random.below(2) == 0;
    if (below && away > expected) continue;
    const std::uint64_t full = below ? expected - away : expected + away;
    const std::uint64_t low = full & ((half << 1) - 1);
    EXPECT_EQ(restore_counter(low, bytes, expected), full);
  }
}

TEST(PacketHeader, RoundTripsAndRefusesOtherShapes) {
  for (std::size_t bytes : {1u, 2u, 4u}) {
    PacketHeader header{true, 0xbeef, 0x7f, bytes};
    Bytes packet = encode_packet_header(header);
    packet.push_back(1);
    const auto parsed = parse_packet(packet);
    ASSERT_TRUE(parsed);
    EXPECT_TRUE(parsed->header.key_phase);
    EXPECT_EQ(parsed->header.session, 0xbeef);
    EXPECT_EQ(parsed->header.counter_low, 0x7fu);
    EXPECT_EQ(parsed->sealed.size(), 1u);
  }
  EXPECT_FALSE(parse_packet({}));
  EXPECT_FALSE(parse_packet(Bytes{0x43, 0, 0, 0, 0}));
  EXPECT_FALSE(parse_packet(Bytes{0x48, 0, 0, 0, 0}));
  EXPECT_FALSE(parse_packet(Bytes{0x41, 0, 0, 0, 0})) << "nothing is sealed in it";
  EXPECT_FALSE(parse_packet(Bytes(kPacketBytesMax + 1, 0x40)));
}

TEST(Frames, RoundTripInOrder) {
  const std::vector<Frame> frames = {
      {FrameType::kEntry, FrameClass::kDrill, false, {1, 2, 3}},
      {FrameType::kProbe, FrameClass::kLive, true, {}},
      {FrameType::kCosignature, FrameClass::kTest, false, Bytes(300, 7)}};
  const ParsedFrames parsed = parse_frames(encode_frames(frames));
  ASSERT_FALSE(parsed.fault);
  ASSERT_EQ(parsed.frames.size(), frames.size());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    EXPECT_EQ(parsed.frames[i].type, frames[i].type);
    EXPECT_EQ(parsed.frames[i].frame_class, frames[i].frame_class);
    EXPECT_EQ(parsed.frames[i].critical, frames[i].critical);
    EXPECT_EQ(parsed.frames[i].body, frames[i].body);
  }
}

TEST(Frames, SkipsTheUnknownAndStopsAtTheUnknownCritical) {
  // type 20, length 1+2; then a close frame to the end
  const ParsedFrames skipped = parse_frames(Bytes{20, 3, 9, 9, 11, 0, 'x'});
  EXPECT_FALSE(skipped.fault);
  ASSERT_EQ(skipped.frames.size(), 1u);
  EXPECT_EQ(skipped.frames[0].type, FrameType::kClose);
  const ParsedFrames stopped = parse_frames(Bytes{11, 1, 0x80 | 20, 3, 9, 9, 11, 0});
  ASSERT_TRUE(stopped.fault);
  EXPECT_EQ(stopped.fault->fault, Fault::kUnsupported);
  EXPECT_EQ(stopped.frames.size(), 1u);
}

TEST(Frames, NoBytesCanDoMoreThanFail) {
  SeededRandom random(11);
  for (int i = 0; i < 20000; ++i) {
    Bytes bytes(random.below(40));
    random.fill(bytes);
    const ParsedFrames parsed = parse_frames(bytes);
    std::size_t sum = 0;
    for (const Frame& frame : parsed.frames) sum += frame.body.size();
    EXPECT_LE(sum, bytes.size());
  }
}

}  // namespace
}  // namespace detente::wire
