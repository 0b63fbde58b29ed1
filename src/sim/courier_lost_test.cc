// Files of a station that its side declared lost, and files for it: nothing of them counts, and nothing leaves.
// spec/courier.md section 1.
#include "sim/courier_for_test.h"

namespace detente::sim {
namespace {

class LostFiles : public Files {
 protected:
  core::FarKeys south() { return pair_.pair().public_keys(0); }
  // North holds the bulletin by which south's station is lost.
  void lose_south() { pair_.set_far(1, std::nullopt, {{south().noise}}); }
  // And another has its place.
  void replace_south() {
    const core::FarKeys keys = south();
    pair_.set_far(1, core::FarKeys{other_.public_key(), keys.log, keys.cosign}, {{keys.noise}});
  }
  std::uint64_t revoked_alarms(std::size_t side) {
    std::uint64_t out = 0;
    for (const core::DeskEvent& event : pair_.take_events(side))
      if (const auto* alarm = std::get_if<core::Alarm>(&event)) out += alarm->kind == core::AlarmKind::kRevoked;
    return out;
  }
  const core::Link& link(std::size_t side) { return pair_.station(side).peer(PeerId{0}).link(); }
  void expect_nothing_taken(const Bytes& file) {
    const Error error = refused(1, file);
    EXPECT_EQ(error.fault, Fault::kDenied);
    EXPECT_NE(error.message.find("declared lost"), std::string::npos) << error.message;
    EXPECT_EQ(held(1), 0u);
    EXPECT_EQ(receipted(1), 0u);
    EXPECT_EQ(revoked_alarms(1), 1u);
  }

 private:
  SeededRandom random_{7};
  crypto::AgreeKey other_ = crypto::AgreeKey::generate(random_);
};

TEST_F(LostFiles, NothingOfItIsTaken) {
  meet();
  say(1, "for whoever has its place");
  take(0, pack(1).file);
  say(0, "from whoever took it");
  const Bytes before = pack(0).file;
  lose_south();
  alarms(1);
  const Bytes after = pack(0).file;
  const auto act = pair_.pack(0, core::CourierAct{kLine, 0});
  ASSERT_TRUE(act);
  expect_nothing_taken(before);
  expect_nothing_taken(after);
  expect_nothing_taken(act->file);
  EXPECT_EQ(link(1).revoked_calls().files, 3u);
  EXPECT_EQ(link(1).revoked_calls().count, 0u);
}

TEST_F(LostFiles, NothingLeavesForItAndWhatIsSentWaits) {
  meet();
  lose_south();
  say(1, "for whoever gets its place");
  for (const auto& act : {std::optional<core::CourierAct>(), std::optional(core::CourierAct{kAccordLine, 0})}) {
    const auto packed = pair_.pack(1, act);
    ASSERT_FALSE(packed);
    EXPECT_EQ(packed.error().fault, Fault::kState);
    EXPECT_NE(packed.error().message.find("detente bulletin import"), std::string::npos) << packed.error().message;
  }
  EXPECT_EQ(line(1).queued() + line(1).own().unreceipted().size(), 1u);
}

TEST_F(LostFiles, AreKnownForItsOnceAnotherHasItsPlace) {
  meet();
  say(0, "from whoever took it");
  const Bytes lost = pack(0).file;
  replace_south();
  alarms(1);
  expect_nothing_taken(lost);
  EXPECT_TRUE(pair_.pack(1)) << "it is for the one in its place";
}

// Numbers as high as there are, in files of before, are nothing to the one that has its place.
TEST_F(LostFiles, DoNotStandInTheWayOfTheOneInItsPlace) {
  meet_by_files();
  pair_.ahead_seconds[0] = 1'000'000;
  take(1, pack(0).file);
  replace_south();
  ASSERT_TRUE(pair_.pack(1));
  pair_.set_far(1, south(), {});
  pair_.ahead_seconds[0] = 0;
  restart(0);
  EXPECT_EQ(take(1, pack(0).file).kind, core::CourierKind::kUnheard);
  take(0, pack(1).file);
  say(0, "from the one in its place");
  EXPECT_EQ(take(1, pack(0).file).kind, core::CourierKind::kNew);
}

TEST_F(LostFiles, ACopyThatHoldsTheBulletinOfItsOwnLossMakesAndTakesNone) {
  meet();
  say(1, "hello");
  const Bytes file = pack(1).file;
  pair_.set_far(0, pair_.pair().public_keys(1), {{}, true, true});
  const auto packed = pair_.pack(0);
  ASSERT_FALSE(packed);
  EXPECT_NE(packed.error().message.find("declared lost by its own side"), std::string::npos) << packed.error().message;
  EXPECT_EQ(refused(0, file).fault, Fault::kDenied);
  EXPECT_EQ(held(0), 0u);
}

}  // namespace
}  // namespace detente::sim
