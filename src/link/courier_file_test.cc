#include "../../tests/support/golden.h"

#include "link/courier_file.h"

namespace detente::link {
namespace {

Bytes ascending(std::uint8_t first) {
  Bytes out(32);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(first + i);
  return out;
}

CourierMark mark(std::uint8_t first) { return *to_array<16>(ByteView(ascending(first)).first(16)); }

class CourierFile : public testing::Test {
 protected:
  CourierFile() {
    const Layers both = {*crypto::AeadAlgorithm::load("ChaCha20-Poly1305"), *crypto::AeadAlgorithm::load("ARIA-256-GCM")};
    south_.accord = north_.accord = *to_array<32>(ascending(0xc0));
    south_.local_static = &south_key_;
    north_.local_static = &north_key_;
    south_.remote_static = north_key_.public_key();
    north_.remote_static = south_key_.public_key();
    south_.send_layers = north_.receive_layers = both;
    south_.receive_layers = north_.send_layers = Layers(both.rbegin(), both.rend());
    header_ = {south_.accord, "south/main", "north/main", 2, 1770000000, *to_array<32>(ascending(0x20))};
    contents_.made = WallTime{1770000000};
    contents_.life = mark(0x01);
    contents_.challenge = mark(0x30);
    contents_.answers = mark(0x50);
    contents_.told = 1769990000;
    contents_.sections = {{LineId{0}, Bytes{0, 0}, std::nullopt, {}},
                          {LineId{2}, std::nullopt, CourierReceipt{mark(0x60), 300, {2, 44, 7}}, {{1, {2, 5, 0}}, {0, {2, 6}}}}};
  }
  Bytes sealed() const {
    return *seal_courier(south_, psk_, header_, encode_courier_contents(contents_));
  }
  Result<Bytes> opened(ByteView file) const {
    DETENTE_TRY(parsed, parse_courier(file));
    return open_courier(north_, psk_, parsed);
  }

  crypto::AgreeKey south_key_ = *crypto::AgreeKey::from_private(ascending(0x10));
  crypto::AgreeKey north_key_ = *crypto::AgreeKey::from_private(ascending(0x40));
  Bytes psk_ = ascending(0x80);
  PairConfig south_, north_;
  CourierHeader header_;
  CourierContents contents_;
};

TEST_F(CourierFile, IsTheSameForEver) {
  const Bytes held = support::golden("courier/v1-file.courier", sealed());
  const auto parsed = parse_courier(held);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->header, header_);
  const auto contents = open_courier(north_, psk_, *parsed);
  ASSERT_TRUE(contents) << contents.error().message;
  EXPECT_EQ(*parse_courier_contents(*contents), contents_);
}

TEST_F(CourierFile, SaysLittleOfItsLength) {
  const std::size_t small = sealed().size();
  contents_.sections[1].entries.resize(100, {0, Bytes(20, 1)});
  EXPECT_EQ(sealed().size(), small);
  contents_.sections[1].entries.resize(500, {0, Bytes(20, 1)});
  EXPECT_GT(sealed().size(), small);
  EXPECT_FALSE(seal_courier(south_, psk_, header_, Bytes(kCourierContentsMax + 1)));
  const auto largest = seal_courier(south_, psk_, header_, Bytes(kCourierContentsMax));
  ASSERT_TRUE(largest);
  EXPECT_LE(largest->size(), kCourierFileMax);
  EXPECT_TRUE(opened(*largest));
}

TEST_F(CourierFile, CutOffAnywhereIsRefused) {
  const Bytes file = sealed();
  for (std::size_t size = 0; size < file.size(); size += size < 300 ? 1 : 97) {
    const auto got = opened(ByteView(file).first(size));
    ASSERT_FALSE(got) << size;
    EXPECT_EQ(got.error().fault, Fault::kMalformed) << size;
  }
  EXPECT_FALSE(opened(concat(file, Bytes{0})));
  EXPECT_FALSE(opened(Bytes(kCourierFileMax + 1)));
}

TEST_F(CourierFile, OneBitAnywhereIsRefused) {
  const Bytes file = sealed();
  for (std::size_t at = 0; at < file.size(); at += at < 300 ? 1 : 53)
    for (const int bit : {0, 3, 7}) {
      Bytes changed = file;
      changed[at] ^= static_cast<std::uint8_t>(1 << bit);
      EXPECT_FALSE(opened(changed)) << at << " " << bit;
    }
}

TEST_F(CourierFile, OpensForThePairAloneAndInItsDirection) {
  const Bytes file = sealed();
  const auto parsed = *parse_courier(file);
  EXPECT_FALSE(open_courier(north_, ascending(0x81), parsed)) << "another secret";
  const auto third = *crypto::AgreeKey::from_private(ascending(0x77));
  PairConfig other = north_;
  other.local_static = &third;
  EXPECT_FALSE(open_courier(other, psk_, parsed));
  other = north_;
  other.remote_static = third.public_key();
  EXPECT_FALSE(open_courier(other, psk_, parsed)) << "of another station";
  CourierHeader turned = header_;
  std::swap(turned.from, turned.to);
  const Bytes back = *seal_courier(north_, psk_, turned, encode_courier_contents(contents_));
  EXPECT_NE(as_string(back), as_string(file));
  EXPECT_FALSE(open_courier(north_, psk_, *parse_courier(back))) << "its own file";
}

TEST_F(CourierFile, ALaterVersionIsToldApart) {
  Bytes file = sealed();
  const std::string_view magic = "detente-courier/1";
  const auto at = std::search(file.begin(), file.end(), magic.begin(), magic.end());
  ASSERT_NE(at, file.end());
  *(at + 16) = '2';
  EXPECT_EQ(parse_courier(file).error().fault, Fault::kUnsupported);
  *(at + 2) = 'x';
  EXPECT_EQ(parse_courier(file).error().fault, Fault::kMalformed);
}

TEST_F(CourierFile, ContentsHaveOneSpelling) {
  const Bytes good = encode_courier_contents(contents_);
  EXPECT_EQ(encode_courier_contents(*parse_courier_contents(good)), good);
  EXPECT_FALSE(parse_courier_contents(concat(good, Bytes{0})));
  for (std::size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(parse_courier_contents(ByteView(good).first(size)));
  std::swap(contents_.sections[0], contents_.sections[1]);
  EXPECT_FALSE(parse_courier_contents(encode_courier_contents(contents_)));
  contents_.sections = {{LineId{0}, Bytes(kCourierFrameMax + 1), std::nullopt, {}}};
  EXPECT_FALSE(parse_courier_contents(encode_courier_contents(contents_)));
  contents_.sections = {{LineId{0}, std::nullopt, std::nullopt, {{3, {}}}}};
  EXPECT_FALSE(parse_courier_contents(encode_courier_contents(contents_)));
}

TEST_F(CourierFile, NoTwoHaveOneKey) {
  const Bytes first = sealed();
  header_.id[0] ^= 1;
  const Bytes second = sealed();
  const ByteView a = parse_courier(first)->sealed, b = parse_courier(second)->sealed;
  EXPECT_FALSE(equal(a.first(64), b.first(64)));
}

}  // namespace
}  // namespace detente::link
