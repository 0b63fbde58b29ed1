#include "link/fragments.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "wire/reader.h"

namespace detente::link {
namespace {

wire::Frame entry_of(std::size_t size, SeededRandom& random) {
  wire::Frame frame{wire::FrameType::kEntry, wire::FrameClass::kDrill, false, Bytes(size)};
  random.fill(frame.body);
  return frame;
}

TEST(Fragments, InAnyOrderAndTwiceGiveTheFrameOnce) {
  SeededRandom random(3);
  for (int run = 0; run < 300; ++run) {
    const std::size_t size = 1 + random.below(3000);
    const wire::Frame frame = entry_of(size, random);
    const std::size_t room = kRoomLeast + random.below(1100);
    auto parts = cut_into_fragments(frame, static_cast<std::uint64_t>(run), room);
    for (const auto& part : parts) ASSERT_LE(wire::frame_size(part), room);
    for (std::size_t i = 0; i + 1 < parts.size(); ++i)
      std::swap(parts[i], parts[i + random.below(parts.size() - i)]);
    Reassembly reassembly;
    int whole = 0;
    for (int twice = 0; twice < 2; ++twice)
      for (const auto& part : parts) {
        const auto got = reassembly.add(part);
        ASSERT_TRUE(got);
        if (!*got) continue;
        ++whole;
        EXPECT_EQ((*got)->body, frame.body);
        EXPECT_EQ((*got)->frame_class, frame.frame_class);
      }
    EXPECT_EQ(whole, 1);
  }
}

TEST(Fragments, AHostileSenderIsBounded) {
  SeededRandom random(4);
  Reassembly reassembly;
  const wire::Frame frame = entry_of(2000, random);
  const auto first = cut_into_fragments(frame, 0, 600);
  ASSERT_TRUE(reassembly.add(first[0]));
  // Sixteen more unfinished parcels push the first one out.
  for (std::uint64_t parcel = 1; parcel <= 16; ++parcel)
    ASSERT_TRUE(reassembly.add(cut_into_fragments(frame, parcel, 600)[0]));
  for (std::size_t i = 1; i < first.size(); ++i) {
    const auto got = reassembly.add(first[i]);
    ASSERT_TRUE(got);
    EXPECT_FALSE(*got) << "its beginning is gone";
  }
  wire::Frame far = cut_into_fragments(entry_of(9000, random), 99, 1000).back();
  EXPECT_FALSE(reassembly.add(far)) << "beyond the largest parcel";
}

TEST(Fragments, PartsOfOneByteAreBoundedInNumber) {
  SeededRandom random(6);
  const auto part = [](std::uint64_t offset, bool last, Bytes bytes) {
    wire::Frame out{wire::FrameType::kFragment, wire::FrameClass::kLive, false, {7}};
    wire::append_varint(out.body, offset);
    out.body.push_back(last ? 1 : 0);
    append(out.body, bytes);
    return out;
  };
  Reassembly reassembly;
  std::size_t taken = 0;
  while (taken < kParcelBytesMax && reassembly.add(part(taken, false, {1}))) ++taken;
  EXPECT_EQ(taken, kParcelPartsMax);
  // The largest parcel in the smallest parts that are sent is whole all the same.
  Reassembly honest;
  const auto parts = cut_into_fragments(entry_of(kParcelBytesMax - 4, random), 8, kRoomLeast);
  EXPECT_LE(parts.size(), kParcelPartsMax);
  bool whole = false;
  for (const auto& one : parts) {
    const auto got = honest.add(one);
    ASSERT_TRUE(got);
    whole |= got->has_value();
  }
  EXPECT_TRUE(whole);
}

TEST(Fragments, OverlapsAreRefused) {
  SeededRandom random(5);
  const wire::Frame frame = entry_of(900, random);
  const auto wide = cut_into_fragments(frame, 1, 400);
  const auto narrow = cut_into_fragments(frame, 1, 300);
  Reassembly reassembly;
  bool refused = false;
  for (const auto& part : wide) refused |= !reassembly.add(part).has_value();
  EXPECT_FALSE(refused);
  Reassembly mixed;
  bool whole = false;
  for (std::size_t i = 0; i < narrow.size(); ++i) {
    const auto got = mixed.add(i % 2 == 0 ? narrow[i] : wide[std::min(i, wide.size() - 1)]);
    refused |= !got.has_value();
    whole |= got.has_value() && got->has_value();
  }
  EXPECT_TRUE(refused || !whole);
}

}  // namespace
}  // namespace detente::link
