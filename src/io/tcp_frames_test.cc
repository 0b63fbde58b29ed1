#include "io/tcp_frames.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"

namespace detente::io {
namespace {

std::vector<Bytes> take_all(TcpFrames& frames, ByteView bytes, bool& good) {
  std::vector<Bytes> out;
  good = frames.take(bytes, [&](ByteView datagram) {
    out.push_back(to_bytes(datagram));
    return true;
  });
  return out;
}

TEST(TcpFrames, WhereverTheStreamIsCutTheSameDatagramsComeOut) {
  SeededRandom random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<Bytes> sent;
    Bytes stream;
    const std::uint64_t count = 1 + random.below(12);
    for (std::uint64_t i = 0; i < count; ++i) {
      Bytes datagram(kTcpFrameLeast + random.below(wire::kPacketBytesMax - kTcpFrameLeast + 1));
      random.fill(datagram);
      append(stream, tcp_frame(datagram));
      sent.push_back(std::move(datagram));
    }
    TcpFrames frames;
    std::vector<Bytes> got;
    const std::uint64_t longest = round % 3 == 0 ? 1 : round % 3 == 1 ? 50 : 4000;
    for (std::size_t at = 0; at < stream.size();) {
      const auto part = std::min<std::size_t>(1 + random.below(longest), stream.size() - at);
      bool good = false;
      for (Bytes& datagram : take_all(frames, ByteView(stream).subspan(at, part), good))
        got.push_back(std::move(datagram));
      ASSERT_TRUE(good);
      at += part;
    }
    ASSERT_EQ(got, sent) << "round " << round;
  }
}

TEST(TcpFrames, ALengthOfNoPacketEndsTheStream) {
  for (std::size_t length : {0u, 1u, 2u, 3u, 1201u, 1202u, 0x1603u, 65535u}) {
    Bytes bytes = tcp_frame(Bytes(20));
    bytes.push_back(static_cast<std::uint8_t>(length >> 8));
    bytes.push_back(static_cast<std::uint8_t>(length));
    bytes.resize(bytes.size() + 3000);
    for (std::size_t cut : {bytes.size(), std::size_t{23}, std::size_t{22}}) {
      TcpFrames frames;
      bool good = false;
      EXPECT_EQ(take_all(frames, ByteView(bytes).first(cut), good).size(), 1u);
      if (cut < bytes.size()) {
        EXPECT_TRUE(good) << "half a length says nothing yet";
        EXPECT_TRUE(take_all(frames, ByteView(bytes).subspan(cut), good).empty());
      }
      EXPECT_FALSE(good) << length << " cut at " << cut;
    }
  }
  TcpFrames frames;
  bool good = false;
  EXPECT_EQ(take_all(frames, tcp_frame(Bytes(4)), good).size(), 1u);
  EXPECT_EQ(take_all(frames, tcp_frame(Bytes(1200)), good).size(), 1u);
  EXPECT_TRUE(good);
}

TEST(TcpFrames, StopsWhenTheTakerHasEnough) {
  Bytes stream = tcp_frame(Bytes(10));
  append(stream, tcp_frame(Bytes(11)));
  TcpFrames frames;
  int taken = 0;
  EXPECT_TRUE(frames.take(stream, [&](ByteView) { return ++taken < 1; }));
  EXPECT_EQ(taken, 1);
}

}  // namespace
}  // namespace detente::io
