#include "accord/roster.h"

#include <gtest/gtest.h>

#include "accord/accord_for_test.h"
#include "wire/cbor.h"

namespace detente::accord {
namespace {

const crypto::SignKey kRosterRoot = test::south();
const crypto::VerifyKey kRosterPublic = kRosterRoot.verify_key();

Bytes issue(const Credential& credential) { return issue_credential(credential, kRosterRoot).value(); }

Bytes bulletin(std::uint64_t number, std::vector<Bytes> credentials,
               std::vector<Revocation> revocations = {}) {
  auto bytes = issue_bulletin("south", number, test::kMorning, credentials, revocations, kRosterRoot);
  EXPECT_TRUE(bytes) << bytes.error().message;
  return bytes.value();
}

Revocation up_to(std::uint16_t number, std::uint16_t line, std::uint64_t size) {
  return {{number}, LastValid{{line}, ByteArray<16>{9}, size, Digest{7}}};
}

TEST(Bulletin, GivesBackWhatWasPutIn) {
  const std::vector<Revocation> revocations = {{{1}, std::nullopt}, up_to(2, 0, 5), up_to(2, 1, 1)};
  const Bytes bytes = bulletin(4, {issue(test::officer(2)), issue(test::station(1))}, revocations);
  const auto read = parse_bulletin(bytes, kRosterPublic, "south");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->number, 4u);
  EXPECT_EQ(read->issued, test::kMorning);
  ASSERT_EQ(read->credentials.size(), 2u);
  EXPECT_EQ(read->credentials[0].credential.number, OfficerId{1});
  EXPECT_EQ(read->revocations, revocations);
}

TEST(Bulletin, EveryChangedBitIsNoticed) {
  const Bytes good = bulletin(1, {issue(test::station(1))}, {up_to(2, 0, 5)});
  for (std::size_t i = 0; i < good.size(); ++i)
    for (int bit = 0; bit < 8; bit += 3) {
      Bytes changed = good;
      changed[i] = static_cast<std::uint8_t>(changed[i] ^ (1 << bit));
      ASSERT_FALSE(parse_bulletin(changed, kRosterPublic, "south")) << i;
    }
  for (std::size_t size = 0; size < good.size(); ++size)
    ASSERT_FALSE(parse_bulletin(ByteView(good).first(size), kRosterPublic, "south"));
}

TEST(Bulletin, RefusesWhatIsNotOne) {
  const Bytes good = bulletin(1, {});
  EXPECT_FALSE(parse_bulletin(good, kRosterPublic, "north"));
  EXPECT_FALSE(parse_bulletin(good, test::north().verify_key(), "south"));
  EXPECT_FALSE(parse_bulletin(issue(test::station(1)), kRosterPublic, "south"));
  EXPECT_FALSE(parse_bulletin(Bytes(kBulletinSizeMax + 1), kRosterPublic, "south"));
  const auto refused = [](std::uint64_t number, std::vector<Bytes> credentials,
                          std::vector<Revocation> revocations) {
    return !issue_bulletin("south", number, test::kMorning, credentials, revocations, kRosterRoot);
  };
  EXPECT_TRUE(refused(0, {}, {}));
  EXPECT_TRUE(refused(1, {issue(test::station(1)), issue(test::station(1))}, {}));
  EXPECT_TRUE(refused(1, {issue_credential(test::station(1), test::north()).value()}, {}));
  EXPECT_TRUE(refused(1, {}, {{{1}, std::nullopt}, {{1}, std::nullopt}}));
  EXPECT_TRUE(refused(1, {}, {{{1}, std::nullopt}, up_to(1, 0, 5)}));
  EXPECT_TRUE(refused(1, {}, {up_to(1, 0, 4), up_to(1, 0, 5)}));
  EXPECT_TRUE(refused(1, {}, std::vector<Revocation>(257)));
}

TEST(Roster, FindsByNumberKeyAndPost) {
  Roster roster("south", kRosterPublic);
  EXPECT_TRUE(roster.add(issue(test::station(1))).value());
  EXPECT_FALSE(roster.add(issue(test::station(1))).value());
  EXPECT_TRUE(roster
                  .apply(bulletin(1, {issue(test::station(1)), issue(test::officer(2)),
                                      issue(test::station(3, "liaison")), issue(test::station(4))}))
                  .value());
  EXPECT_EQ(roster.all().size(), 4u);
  EXPECT_EQ(roster.station("main")->credential.number, OfficerId{4});
  EXPECT_EQ(roster.station("liaison")->credential.number, OfficerId{3});
  EXPECT_EQ(roster.station("duty-officer"), nullptr);
  EXPECT_EQ(roster.by_number({2})->credential, test::officer(2));
  EXPECT_EQ(roster.by_number({9}), nullptr);
  EXPECT_EQ(roster.by_kid(kid_of(test::officer(2).sign_key))->credential.number, OfficerId{2});
  EXPECT_EQ(roster.by_kid(Kid{}), nullptr);
}

TEST(Roster, SaysWhichStationsWereRevokedAndWhen) {
  Roster roster("south", kRosterPublic);
  ASSERT_TRUE(roster.apply(bulletin(1, {issue(test::station(1)), issue(test::officer(2)), issue(test::station(4))})));
  ASSERT_TRUE(roster.apply(bulletin(2, {}, {up_to(2, 1, 3)})));
  EXPECT_FALSE(roster.any_station_revoked());
  EXPECT_FALSE(roster.revoked_at({4}));
  ASSERT_TRUE(roster.apply(bulletin(3, {}, {up_to(1, 1, 17), up_to(4, 1, 17)})));
  EXPECT_TRUE(roster.any_station_revoked());
  EXPECT_EQ(roster.revoked_at({4}), test::kMorning);
  EXPECT_EQ(roster.station("main"), nullptr);
  const auto lost = roster.revoked_stations("main");
  ASSERT_EQ(lost.size(), 2U);
  EXPECT_EQ(lost.back()->credential.number, OfficerId{4});
  EXPECT_TRUE(roster.revoked_stations("liaison").empty());
}

TEST(Roster, ASuspensionIsOfTheKeysAndForItsTime) {
  Roster roster("south", kRosterPublic);
  Credential renewed = test::officer(2);
  renewed.number = {7};
  renewed.not_after.seconds += 1000;
  ASSERT_TRUE(roster.apply(bulletin(1, {issue(test::officer(2)), issue(test::officer(3)), issue(renewed)})));
  roster.suspend({{2}, {1000}, {2000}});
  EXPECT_FALSE(roster.suspended({2}, {999}));
  EXPECT_TRUE(roster.suspended({2}, {1000}));
  EXPECT_TRUE(roster.suspended({7}, {2000})) << "a renewal has the same keys";
  EXPECT_FALSE(roster.suspended({2}, {2001}));
  EXPECT_FALSE(roster.suspended({3}, {1500}));
  roster.suspend({{2}, {1600}, {1600}});
  EXPECT_TRUE(roster.suspended({2}, {1500}));
  EXPECT_FALSE(roster.suspended({2}, {1700})) << "taken back";
}

TEST(Bulletin, SeveralTravelInOneFile) {
  const Bytes one = bulletin(1, {}), two = bulletin(2, {});
  const auto bare = parse_bulletin_file(one);
  ASSERT_TRUE(bare);
  EXPECT_TRUE(bare->side.empty() && bare->bulletins == std::vector<Bytes>{one});
  wire::CborWriter writer;
  writer.array(3).text(kBulletinFileFormat).text("south").array(2).bytes(one).bytes(two);
  Bytes file = writer.take();
  const auto both = parse_bulletin_file(file);
  ASSERT_TRUE(both) << both.error().message;
  EXPECT_EQ(both->side, "south");
  EXPECT_EQ(both->bulletins, (std::vector<Bytes>{one, two}));
  file.push_back(0);
  EXPECT_FALSE(parse_bulletin_file(file));
  for (std::size_t size = 1; size + 1 < file.size(); size += 7) EXPECT_FALSE(parse_bulletin_file(ByteView(file).first(size)));
}

TEST(Roster, RevokedStationMakesRoomForTheOneBefore) {
  Roster roster("south", kRosterPublic);
  ASSERT_TRUE(roster.apply(bulletin(1, {issue(test::station(1)), issue(test::station(4))})));
  ASSERT_TRUE(roster.apply(bulletin(2, {}, {up_to(4, 1, 17)})));
  EXPECT_TRUE(roster.revoked({4}));
  EXPECT_EQ(roster.revocations({4}), (std::vector<Revocation>{up_to(4, 1, 17)}));
  EXPECT_EQ(roster.station("main")->credential.number, OfficerId{1});
  EXPECT_NE(roster.by_number({4}), nullptr);  // what it signed before still has to verify
}

TEST(Roster, OrderAndRepetitionOfBulletinsDoNotMatter) {
  const Bytes first = bulletin(1, {issue(test::station(1))});
  const Bytes second = bulletin(2, {issue(test::officer(2))}, {{{1}, std::nullopt}});
  const Bytes third = bulletin(3, {issue(test::station(3))});
  Roster roster("south", kRosterPublic);
  EXPECT_EQ(roster.highest_bulletin(), 0u);
  EXPECT_TRUE(roster.apply(third).value());
  EXPECT_EQ(roster.missing_bulletins(), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_TRUE(roster.apply(second).value());
  EXPECT_FALSE(roster.apply(third).value());
  EXPECT_TRUE(roster.apply(first).value());
  EXPECT_FALSE(roster.apply(first).value());  // an old one again takes nothing back
  EXPECT_TRUE(roster.missing_bulletins().empty());
  EXPECT_EQ(roster.highest_bulletin(), 3u);
  EXPECT_TRUE(roster.revoked({1}));
  EXPECT_EQ(roster.all().size(), 3u);
  ASSERT_TRUE(roster.apply(bulletin(1u << 30, {})));
  EXPECT_EQ(roster.missing_bulletins().size(), 64u);
}

TEST(Roster, ContradictionsAreRefusedWhole) {
  Roster roster("south", kRosterPublic);
  ASSERT_TRUE(roster.apply(bulletin(1, {issue(test::station(1))}, {up_to(9, 1, 5)})));
  Credential changed = test::station(1);
  changed.not_after.seconds += 1;
  Credential same_key = test::officer(5);
  same_key.sign_key = test::station(1).sign_key;
  const Bytes cases[] = {
      bulletin(1, {}),                                           // number 1 again, other bytes
      bulletin(2, {issue(test::officer(2)), issue(changed)}),    // number 1, other credential
      bulletin(2, {issue(test::officer(2)), issue(same_key)}),   // one key for two
      bulletin(2, {issue(test::officer(2))}, {up_to(9, 1, 6)}),  // another position
      bulletin(2, {issue(test::officer(2))}, {{{9}, std::nullopt}}),
  };
  for (const Bytes& bytes : cases) {
    const auto applied = roster.apply(bytes);
    ASSERT_FALSE(applied);
    EXPECT_EQ(applied.error().fault, Fault::kConflict) << applied.error().message;
    EXPECT_EQ(roster.by_number({2}), nullptr);
    EXPECT_EQ(roster.highest_bulletin(), 1u);
  }
  ASSERT_FALSE(roster.add(issue(changed)));
  EXPECT_TRUE(roster.apply(bulletin(2, {}, {up_to(9, 0, 3), up_to(9, 1, 5)})).value());
}

TEST(Roster, SamePostRenewsWithTheSameKey) {
  Roster roster("south", kRosterPublic);
  ASSERT_TRUE(roster.add(issue(test::officer(2))));
  Credential renewed = test::officer(2);
  renewed.number.value = 6;
  renewed.not_after.seconds += 86400;
  ASSERT_TRUE(roster.add(issue(renewed)).value());
  EXPECT_EQ(roster.by_kid(kid_of(renewed.sign_key))->credential.number, OfficerId{6});
  for (const OfficerId number : {OfficerId{2}, OfficerId{6}}) {
    EXPECT_EQ(roster.first_number(number), OfficerId{2});
    EXPECT_EQ(roster.newest_number(number), OfficerId{6});
  }
  EXPECT_EQ(roster.first_number(OfficerId{9}), OfficerId{9}) << "unknown";
  EXPECT_EQ(roster.newest_number(OfficerId{9}), OfficerId{9});
}

}  // namespace
}  // namespace detente::accord
