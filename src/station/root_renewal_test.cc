// Which root key speaks for a side, as its directory says: the accords decide, a broken-off step leaves a key that works, and
// what was taken while a key counted stays.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "accord/accord_for_test.h"
#include "station/side_dir.h"

namespace detente::station {
namespace {

using accord::test::kMorning;
constexpr const char* kPassphrase = "a passphrase of the test";

AccordFiles files_of(const accord::AccordNote& note) {
  return {note,
          accord::test::annex_texts(),
          {{"ChaCha20-Poly1305", "vectors of south"}, {"ARIA-256-GCM", "vectors of north"}},
          to_bytes(as_bytes("dictionary"))};
}

class RootRenewed : public testing::Test {
 protected:
  RootRenewed() {
    std::string name = testing::TempDir() + "roots-XXXXXX";
    path_ = ::mkdtemp(name.data());
    side_.emplace(SideDir::create(path_ / "south", {"south", "South", kMorning, ""}).value());
    EXPECT_TRUE(side_->save_own_card(accord::test::south_card()));
    EXPECT_TRUE(side_->seal_root(accord::test::south(), sealing()));
    EXPECT_TRUE(side_->import_card(accord::test::north_card()));
    EXPECT_TRUE(side_->save_accord_files("north", files_of(first_)));
    EXPECT_TRUE(side_->add_bulletin("south", bulletin(1, accord::test::south())));
    EXPECT_TRUE(side_->make_next_root(sealing(), kMorning));
  }
  ~RootRenewed() override { std::filesystem::remove_all(path_); }

  Sealing sealing() { return {kPassphrase, 2, random_}; }
  crypto::SignKey next() const { return side_->open_root_named(side_->next_card().value()->root, kPassphrase).value(); }
  crypto::VerifyKey signing() const { return side_->open_root(kPassphrase).value().verify_key(); }
  static Bytes bulletin(std::uint64_t number, const crypto::SignKey& root, std::uint16_t revoked = 0) {
    const auto credential = accord::issue_credential(accord::test::officer(static_cast<std::uint16_t>(number)), root).value();
    const accord::Revocation revocation{OfficerId{revoked}, std::nullopt};
    if (revoked != 0) return accord::issue_bulletin("south", number, kMorning, {}, {&revocation, 1}, root).value();
    return accord::issue_bulletin("south", number, kMorning, {&credential, 1}, {}, root).value();
  }
  AccordFiles second() const {
    accord::Accord accord = accord::test::successor_of(first_);
    accord.sides[0].root = next().verify_key();
    accord.sides[0].retired = accord::RetiredRoot{1, 1};
    auto note = accord::parse_accord_note(as_bytes(accord::write_accord(accord).value())).value();
    note = accord::sign_renewal(std::move(note), first_, accord::test::south()).value();
    note = accord::sign_accord(std::move(note), next()).value();
    return files_of(accord::sign_accord(std::move(note), accord::test::north()).value());
  }
  void adopt() {
    ASSERT_TRUE(side_->save_next_accord_files("north", second()));
    ASSERT_TRUE(side_->adopt("north", 2));
  }
  bool there(const char* file) const { return std::filesystem::exists(side_->vault() / file); }

  io::Path path_;
  SeededRandom random_{5};
  std::optional<SideDir> side_;
  accord::AccordNote first_ = accord::test::sign_by_both(accord::test::accord());
};

TEST_F(RootRenewed, TheAccordInForceSaysWhichKeySigns) {
  EXPECT_EQ(signing(), accord::test::south().verify_key()) << "the next one is made, and no accord names it";
  EXPECT_EQ(side_->renewal()->open, std::vector<std::string>{"north"});
  EXPECT_EQ(side_->make_next_root(sealing(), kMorning).error().fault, Fault::kConflict) << "no key is overwritten";
  ASSERT_TRUE(side_->save_next_accord_files("north", second()));
  EXPECT_EQ(signing(), accord::test::south().verify_key()) << "held, not adopted";
  EXPECT_EQ(side_->renewal()->signed_for, std::vector<std::string>{"north"});
  ASSERT_TRUE(side_->adopt("north", 2));
  EXPECT_EQ(signing(), next().verify_key());
  EXPECT_EQ(side_->renewal()->done, std::vector<std::string>{"north"});
  EXPECT_EQ(side_->renewal()->last_bulletin, 1u);
}

TEST_F(RootRenewed, WhatTheFormerKeySignsAfterwardsIsRefusedAndWhatWasTakenStays) {
  const Bytes meanwhile = bulletin(2, accord::test::south(), 1);
  ASSERT_TRUE(side_->add_bulletin("south", meanwhile));
  adopt();
  ASSERT_TRUE(side_->own_roster());
  EXPECT_TRUE(side_->own_roster()->revoked(OfficerId{1})) << "taken in time";
  EXPECT_EQ(*side_->add_bulletin("south", meanwhile), false);
  EXPECT_EQ(side_->add_bulletin("south", bulletin(3, accord::test::south())).error().fault, Fault::kDenied);
  EXPECT_EQ(*side_->add_bulletin("south", bulletin(3, next())), true);
}

TEST_F(RootRenewed, TheNextKeyTakesThePlaceOfTheFormer) {
  adopt();
  const crypto::VerifyKey key = next().verify_key();
  const io::Path kept = side_->retire_root(true).value();
  EXPECT_TRUE(std::filesystem::exists(kept));
  EXPECT_EQ(std::filesystem::status(kept).permissions(), std::filesystem::perms::owner_read);
  EXPECT_FALSE(there("root-next.age"));
  EXPECT_FALSE(side_->next_card().value());
  EXPECT_EQ(side_->own_card()->root, key);
  EXPECT_EQ(signing(), key);
  EXPECT_EQ(side_->own_roots()->size(), 2u);
  EXPECT_TRUE(side_->own_roster());
}

TEST_F(RootRenewed, AStepThatWasBrokenOffIsTakenUpAgain) {
  adopt();
  const crypto::VerifyKey key = next().verify_key();
  // The key is in its place, and the card is not yet.
  ASSERT_TRUE(io::write_file(side_->vault() / "root.age", *io::read_file(side_->vault() / "root-next.age", 65536), io::kSecretMode));
  EXPECT_EQ(signing(), key);
  ASSERT_TRUE(io::remove_file(side_->vault() / "root-next.age"));
  EXPECT_EQ(signing(), key);
  ASSERT_TRUE(side_->retire_root(true));
  EXPECT_EQ(side_->own_card()->root, key);
  EXPECT_EQ(signing(), key);
}

TEST_F(RootRenewed, AKeyThatWasMadeWithoutItsCardIsTakenUpAgain) {
  const crypto::VerifyKey key = next().verify_key();
  ASSERT_TRUE(io::remove_file(side_->dir() / "card-next.note"));
  EXPECT_EQ(signing(), accord::test::south().verify_key());
  ASSERT_TRUE(side_->make_next_root(sealing(), kMorning));
  EXPECT_EQ(next().verify_key(), key);
}

TEST_F(RootRenewed, WithSeveralCounterpartsTheFormerKeySignsUntilAllHaveTheNext) {
  const auto east = accord::make_card("east", "East", kMorning, accord::test::sign_key(6)).value();
  accord::Accord with_east = accord::test::accord();
  with_east.sides[1].name = "east";
  with_east.sides[1].root = accord::test::sign_key(6).verify_key();
  auto note = accord::parse_accord_note(as_bytes(accord::write_accord(with_east).value())).value();
  note = accord::sign_accord(accord::sign_accord(std::move(note), accord::test::south()).value(), accord::test::sign_key(6)).value();
  ASSERT_TRUE(side_->import_card(east));
  ASSERT_TRUE(side_->save_accord_files("east", files_of(note)));
  adopt();
  EXPECT_EQ(signing(), accord::test::south().verify_key());
  EXPECT_EQ(side_->renewal()->open, std::vector<std::string>{"east"});
  EXPECT_EQ(*side_->add_bulletin("south", bulletin(2, accord::test::south())), true) << "for east";
  EXPECT_EQ(*side_->add_bulletin("south", bulletin(3, next())), true) << "for north";
}

TEST_F(RootRenewed, TheirNewCardIsTakenOnceTheAccordNamesItsKey) {
  const crypto::SignKey renewed = accord::test::sign_key(47);
  const std::string card = accord::make_card("north", "North", kMorning, renewed).value();
  EXPECT_EQ(side_->import_card(card).error().fault, Fault::kConflict);
  accord::Accord accord = accord::test::successor_of(first_);
  accord.sides[1].root = renewed.verify_key();
  accord.sides[1].retired = accord::RetiredRoot{0, 0};
  auto note = accord::parse_accord_note(as_bytes(accord::write_accord(accord).value())).value();
  note = accord::sign_renewal(std::move(note), first_, accord::test::north()).value();
  note = accord::sign_accord(accord::sign_accord(std::move(note), renewed).value(), accord::test::south()).value();
  ASSERT_TRUE(side_->save_next_accord_files("north", files_of(note)));
  EXPECT_FALSE(side_->import_card(card));
  ASSERT_TRUE(side_->adopt("north", 2));
  EXPECT_EQ(*side_->import_card(card), true);
  EXPECT_EQ(side_->card_of("north")->root, renewed.verify_key());
  EXPECT_EQ(side_->roster_of("north")->roots().size(), 2u);
}

}  // namespace
}  // namespace detente::station
