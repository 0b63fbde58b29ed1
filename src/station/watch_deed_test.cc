#include "station/watch_deed.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace detente::station {
namespace {

class WatchDeedTest : public testing::Test {
 protected:
  WatchDeedTest()
      : random_(5),
        root_(crypto::SignKey::generate(random_)),
        kim_(crypto::SignKey::generate(random_)),
        park_(crypto::SignKey::generate(random_)),
        roster_("south", root_.verify_key()) {
    enrol(1, kim_, std::vector{LineId{1}});
    enrol(2, park_, std::nullopt);
  }

  void enrol(std::uint16_t number, const crypto::SignKey& key, std::optional<std::vector<LineId>> lines) {
    accord::Credential credential{.number = OfficerId{number}, .sign_key = key.verify_key()};
    credential.side = "south";
    credential.post = "duty-officer";
    credential.agree_key = crypto::AgreeKey::generate(random_).public_key();
    credential.lines = std::move(lines);
    credential.not_before = {1000};
    credential.not_after = {2000};
    const auto bytes = accord::issue_credential(credential, root_);
    ASSERT_TRUE(bytes) << bytes.error().message;
    ASSERT_TRUE(roster_.add(*bytes));
  }
  Deed deed(const char* what) {
    Deed out;
    out.what = what;
    out.time = {1500};
    out.counter = 1500;
    out.officer = OfficerId{1};
    return out;
  }
  Result<void> check(const Deed& deed, std::vector<const crypto::SignKey*> keys, WallTime now = {1500},
                     const std::string& side = "south") {
    const Json json = write_deed(deed);
    std::vector<DeedSignature> signatures;
    for (const crypto::SignKey* key : keys)
      signatures.push_back({key == &kim_ ? OfficerId{1} : OfficerId{2}, sign_deed("south", json, *key)});
    return check_deed_signatures(side, deed, json, signatures, roster_, now);
  }

  SeededRandom random_;
  crypto::SignKey root_, kim_, park_;
  accord::Roster roster_;
};

TEST_F(WatchDeedTest, ReadsBackAndNoOtherText) {
  Deed contact = deed("contact");
  contact.line = "north/navy";
  contact.bearer = "loudspeaker";
  contact.way = "in";
  contact.words = "안녕하십니까";
  contact.at = {1400};
  contact.readability = 3;
  const Json json = write_deed(contact);
  ASSERT_TRUE(parse_deed(json));
  EXPECT_EQ(write_deed(*parse_deed(json)), json);
  Json other = json;
  other["extra"] = 1;
  EXPECT_FALSE(parse_deed(other));
  other = json;
  other["read_back"] = 0;  // means nothing, so it is not written
  EXPECT_FALSE(parse_deed(other));
  other = Json{{"time", json["time"]}, {"do", json["do"]}};
  for (const auto& [key, value] : json.items()) other[key] = value;
  EXPECT_FALSE(parse_deed(other)) << "another order is another text";
  for (const char* key : {"line", "bearer", "way", "words", "at", "officer", "counter", "time"}) {
    other = json;
    other.erase(key);
    EXPECT_FALSE(parse_deed(other)) << key;
  }
  other = json;
  other["words"] = "a\nb\x1b";
  EXPECT_FALSE(parse_deed(other));
  other = json;
  other["at"] = 1501;
  EXPECT_FALSE(parse_deed(other)) << "noted before it was";
}

TEST_F(WatchDeedTest, AReleaseNamesTheTextAndTheLine) {
  Deed release = deed("release");
  release.line = "north/accord";
  release.capture = std::string(64, 'a');
  release.proposal = "far-" + std::string(32, 'b') + "/7";
  const Json json = write_deed(release);
  EXPECT_EQ(parse_deed(json)->proposal, release.proposal);
  ASSERT_TRUE(parse_deed(json));
  for (const char* key : {"line", "capture"}) {
    Json other = json;
    other.erase(key);
    EXPECT_FALSE(parse_deed(other)) << key;
  }
}

TEST_F(WatchDeedTest, OnlyTheOfficerWithARightAndAValidCredential) {
  EXPECT_TRUE(check(deed("on"), {&kim_}));
  EXPECT_FALSE(check(deed("on"), {}));
  EXPECT_FALSE(check(deed("on"), {&park_}));
  EXPECT_FALSE(check(deed("on"), {&kim_, &park_}));
  EXPECT_NE(check(deed("on"), {&kim_}, {999}).error().message.find("is not valid before"), std::string::npos);
  EXPECT_NE(check(deed("on"), {&kim_}, {2001}).error().message.find("expired"), std::string::npos);
  EXPECT_FALSE(check(deed("on"), {&kim_}, {1500}, "north")) << "signed for another side's log";
}

TEST_F(WatchDeedTest, BothSignAHandover) {
  Deed handover = deed("handover");
  handover.to = OfficerId{2};
  EXPECT_TRUE(check(handover, {&kim_, &park_}));
  EXPECT_FALSE(check(handover, {&kim_}));
  EXPECT_FALSE(check(handover, {&park_, &kim_}));
}

}  // namespace
}  // namespace detente::station
