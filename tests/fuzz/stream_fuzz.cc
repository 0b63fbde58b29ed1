// Datagrams in a stream (spec/packet.md section 8): the same ones wherever the stream was cut, each in its bounds, and
// nothing behind a length that is none.
#include "fuzz.h"
#include "io/tcp_frames.h"

namespace detente::fuzz {

namespace {

struct Taken {
  bool good = true;
  std::vector<Bytes> datagrams;
};

// In pieces as `choices` says; without choices in one.
Taken take(ByteView stream, Choices* choices) {
  Taken out;
  io::TcpFrames frames;
  const auto each = [&](ByteView datagram) {
    FUZZ_EXPECT(datagram.size() >= io::kTcpFrameLeast && datagram.size() <= wire::kPacketBytesMax);
    out.datagrams.push_back(to_bytes(datagram));
    return true;
  };
  out.good = in_parts(stream, choices, 700, [&](ByteView part) { return frames.take(part, each); });
  return out;
}

}  // namespace

void run(ByteView input) {
  const Taken whole = take(input, nullptr);
  Choices choices(input);
  const Taken parts = take(input, &choices);
  FUZZ_EXPECT(whole.good == parts.good && whole.datagrams == parts.datagrams);
  Bytes again;
  for (const Bytes& datagram : whole.datagrams) append(again, io::tcp_frame(datagram));
  FUZZ_EXPECT(again.size() <= input.size() && equal(again, input.first(again.size())));
}

Seeds seeds() {
  Bytes two = io::tcp_frame(Bytes(4, 1)), largest = io::tcp_frame(Bytes(wire::kPacketBytesMax, 2));
  append(two, io::tcp_frame(Bytes(300, 3)));
  Bytes bad = two;
  append(bad, Bytes{0, 3, 1, 1, 1});
  return {{"two", two}, {"largest", largest}, {"bad", bad}, {"cut", Bytes(two.begin(), two.end() - 9)}};
}

}  // namespace detente::fuzz
