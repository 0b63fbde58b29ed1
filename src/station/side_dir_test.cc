// The files of a side that are read back: keys of the station, pairs, officers.
#include "station/side_dir.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "accord/accord_for_test.h"

namespace detente::station {
namespace {

accord::SharedRoot shared_root(SeededRandom& random) {
  const Digest lineage{7};
  const auto south = accord::make_hand_key("south", lineage, random);
  const auto north = accord::make_hand_key("north", lineage, random);
  return std::move(*accord::SharedRoot::derive(lineage, "south", south, "north", north));
}

// No byte may be changed, added or taken away without an error, except inside the keys' own bytes.
template <typename Parse>
std::size_t accepted_changes(const Bytes& file, Parse parse) {
  std::size_t accepted = 0;
  for (std::size_t size = 0; size < file.size(); ++size)
    EXPECT_FALSE(parse(ByteView(file).first(size))) << size;
  EXPECT_FALSE(parse(concat(file, Bytes{0})));
  for (std::size_t i = 0; i < file.size(); ++i) {
    Bytes changed = file;
    changed[i] ^= 1;
    accepted += parse(changed) ? 1 : 0;
  }
  return accepted;
}

TEST(StationKeys, ReadBack) {
  SeededRandom random(1);
  const StationKeys keys = make_station_keys(OfficerId{258}, random);
  const Bytes file = to_bytes(encode_station_keys(keys).view());
  const auto read = parse_station_keys(file);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->number, keys.number);
  EXPECT_EQ(read->log.verify_key(), keys.log.verify_key());
  EXPECT_EQ(read->cosign.verify_key(), keys.cosign.verify_key());
  EXPECT_EQ(read->noise.public_key(), keys.noise.public_key());
  // Three keys of 32 bytes and the two bytes of the number.
  EXPECT_LE(accepted_changes(file, parse_station_keys), 3u * 32 + 2);
}

TEST(PairFile, BothSidesDeriveTheSame) {
  SeededRandom random(2);
  const auto root = shared_root(random);
  const PairFile south = derive_pair(root, Digest{7}, "south/main", "north/main", true);
  const PairFile north = derive_pair(root, Digest{7}, "north/main", "south/main", false);
  EXPECT_TRUE(equal(south.psk_0->view(), north.psk_0->view()));
  EXPECT_TRUE(equal(south.salt_key.view(), north.salt_key.view()));
  EXPECT_TRUE(equal(south.keys.ours.mac.view(), north.keys.theirs.mac.view()));
  EXPECT_TRUE(equal(south.keys.theirs.mac.view(), north.keys.ours.mac.view()));
  EXPECT_EQ(south.keys.ours.hint, north.keys.theirs.hint);
  EXPECT_NE(south.keys.ours.hint, south.keys.theirs.hint);
  const PairFile other = derive_pair(root, Digest{7}, "south/main", "north/reserve", true);
  EXPECT_FALSE(equal(south.psk_0->view(), other.psk_0->view()));
}

TEST(PairFile, ReadBack) {
  SeededRandom random(3);
  PairFile pair = derive_pair(shared_root(random), Digest{7}, "south/main", "north/main", true);
  for (const bool with_psk : {true, false}) {
    if (!with_psk) pair.psk_0.reset();
    const Bytes file = to_bytes(encode_pair(pair).view());
    const auto read = parse_pair(file);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->psk_0.has_value(), with_psk);
    EXPECT_TRUE(equal(encode_pair(*read).view(), file));
    EXPECT_GT(accepted_changes(file, parse_pair), 0u);
  }
}

TEST(OfficerFile, ReadBack) {
  OfficerFile officer{"kim",
                      OfficerId{3},
                      "duty-officer",
                      accord::CredentialRole::kPrincipal,
                      accord::PersonOpening{{1, 2, 3}, "Kim \"Min-jun\""},
                      4'000'000'000u};
  for (const bool with_person : {true, false}) {
    if (!with_person) officer.person.reset();
    const auto text = write_officer(officer);
    ASSERT_TRUE(text) << text.error().message;
    const auto read = parse_officer(*text);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*write_officer(*read), *text);
    EXPECT_EQ(read->last_counter, officer.last_counter);
    EXPECT_EQ(read->role, officer.role);
  }
  officer.person = accord::PersonOpening{{}, "two\nlines"};
  EXPECT_FALSE(write_officer(officer));
}

class Side : public ::testing::Test {
 protected:
  Side() {
    std::string name = (std::filesystem::temp_directory_path() / "side-test-XXXXXX").string();
    dir_ = ::mkdtemp(name.data());
  }
  ~Side() override { std::filesystem::remove_all(dir_); }
  io::Path dir_;
};

TEST_F(Side, CounterOnlyGrows) {
  const auto side = SideDir::create(dir_ / "s", {"south", "South", WallTime{100}, ""});
  ASSERT_TRUE(side);
  SeededRandom random(4);
  const OfficerFile officer{"kim", OfficerId{1}, "desk", accord::CredentialRole::kOfficer, {}, 0};
  ASSERT_TRUE(side->save_new_officer(officer, make_officer_keys(random), {"phrase", 2, random}));
  EXPECT_EQ(*side->take_officer_counter("kim", WallTime{500}), 500u);
  EXPECT_EQ(*side->take_officer_counter("kim", WallTime{500}), 501u);
  EXPECT_EQ(*side->take_officer_counter("kim", WallTime{7}), 502u);  // a clock that went back
  EXPECT_EQ(*side->take_officer_counter("kim", WallTime{900}), 900u);
  EXPECT_EQ(side->take_officer_counter("lee", WallTime{1}).error().fault, Fault::kNotFound);
  EXPECT_TRUE(side->open_officer("kim", "phrase"));
  EXPECT_EQ(side->open_officer("kim", "other").error().fault, Fault::kDenied);
}

TEST_F(Side, AnEnrolmentGoesOnWithTheKeysThatItSealed) {
  const auto side = SideDir::create(dir_ / "s", {"south", "South", WallTime{100}, ""});
  ASSERT_TRUE(side);
  SeededRandom random(4);
  const OfficerFile officer{"kim", OfficerId{1}, "desk", accord::CredentialRole::kOfficer, {}, 0};
  EXPECT_FALSE(*side->officer_keys_left("kim", "phrase"));
  const OfficerKeys keys = make_officer_keys(random);
  ASSERT_TRUE(side->save_new_officer(officer, keys, {"phrase", 2, random}));
  // Killed before the second file; or before the bulletin, when both are there.
  for (const bool both : {false, true}) {
    if (!both) std::filesystem::remove(side->dir() / "officers" / "kim.toml");
    const auto left = side->officer_keys_left("kim", "phrase");
    ASSERT_TRUE(left && *left);
    EXPECT_EQ((*left)->sign.verify_key(), keys.sign.verify_key());
    EXPECT_EQ(side->officer_keys_left("kim", "other").error().fault, Fault::kDenied);
    EXPECT_EQ(side->save_new_officer(officer, **left, {"phrase", 2, random}).error().fault, Fault::kConflict);
    EXPECT_TRUE(side->save_new_officer(officer, **left, {"phrase", 2, random}, true));
    EXPECT_EQ(side->open_officer("kim", "phrase")->sign.verify_key(), keys.sign.verify_key());
  }
}

TEST_F(Side, ABulletinIsSavedOnceWhicheverOtherIsMissing) {
  const auto side = SideDir::create(dir_ / "s", {"south", "South", WallTime{100}, ""});
  ASSERT_TRUE(side && side->save_own_card(accord::test::south_card()));
  const auto bulletin = [](std::uint64_t number) {
    return accord::issue_bulletin("south", number, WallTime{100}, {}, {}, accord::test::south()).value();
  };
  auto held = side->own_roster();
  ASSERT_TRUE(held);
  for (std::uint64_t number = 1; number <= 3; ++number) ASSERT_EQ(*held->apply(bulletin(number)), true);
  EXPECT_EQ(*side->save_bulletin(*held, bulletin(1)), true);
  EXPECT_EQ(*side->save_bulletin(*held, bulletin(2)), true);
  const auto again = side->save_bulletin(*held, bulletin(2));  // all but the third are here
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_FALSE(*again);
  EXPECT_EQ(*side->save_bulletin(*held, bulletin(3)), true);
  EXPECT_EQ(*side->save_bulletin(*held, bulletin(3)), false);
  EXPECT_EQ(side->own_roster()->bulletin_count(), 3u);
}

TEST_F(Side, NamesNeverLeaveTheDirectory) {
  const auto side = SideDir::create(dir_ / "s", {"south", "South", WallTime{100}, ""});
  ASSERT_TRUE(side);
  const std::string prefix = (dir_ / "s").string();
  for (const char* name : {"../x", "/etc", "", ".", "a/b", "A"}) {
    EXPECT_TRUE(side->accord_dir(name).lexically_normal().string().starts_with(prefix + "/"))
        << name;
    EXPECT_FALSE(side->card_of(name)) << name;
    EXPECT_FALSE(side->officer(name)) << name;
    EXPECT_FALSE(side->has_pair(name)) << name;
  }
}

TEST_F(Side, PskIsForgotten) {
  const auto side = SideDir::create(dir_ / "s", {"south", "South", WallTime{100}, ""});
  ASSERT_TRUE(side);
  SeededRandom random(5);
  const PairFile pair =
      derive_pair(shared_root(random), Digest{7}, "south/main", "north/main", true);
  ASSERT_TRUE(side->save_new_pair("north", pair));
  EXPECT_EQ(side->save_new_pair("north", pair).error().fault, Fault::kConflict);
  EXPECT_TRUE(side->pair("north")->psk_0);
  ASSERT_TRUE(side->forget_psk_0("north"));
  ASSERT_TRUE(side->forget_psk_0("north"));
  const auto left = side->pair("north");
  ASSERT_TRUE(left);
  EXPECT_FALSE(left->psk_0);
  EXPECT_TRUE(equal(left->salt_key.view(), pair.salt_key.view()));
}

}  // namespace
}  // namespace detente::station
