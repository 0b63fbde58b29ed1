#include "accord/card.h"

#include <gtest/gtest.h>

#include "accord/accord_for_test.h"

namespace detente::accord {
namespace {

TEST(Card, GivesBackWhatWasPutIn) {
  const auto card = parse_card(as_bytes(test::north_card()));
  ASSERT_TRUE(card) << card.error().message;
  EXPECT_EQ(card->side, "north");
  EXPECT_EQ(card->display, "조선민주주의인민공화국");
  EXPECT_EQ(card->root, test::north().verify_key());
  EXPECT_EQ(card->created, test::kMorning);
  EXPECT_TRUE(check_card_is_of(*card, "north"));
  const auto other = check_card_is_of(*card, "south");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().fault, Fault::kConflict);
}

TEST(Card, EveryChangedBitIsNoticed) {
  const std::string good = test::south_card();
  for (std::size_t i = 0; i < good.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = good;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      ASSERT_FALSE(parse_card(as_bytes(changed))) << "byte " << i << " bit " << bit;
    }
  for (std::size_t size = 0; size < good.size(); ++size)
    ASSERT_FALSE(parse_card(as_bytes(good.substr(0, size)))) << size;
}

// The fields under a signature that fits: only the check of the field itself can refuse them.
std::string signed_card(const std::string& text, std::string_view name,
                        const crypto::SignKey& key) {
  return encode_note({text, {sign_note(text, name, key).value()}});
}

TEST(Card, RefusesUnknownKeysAndWrongValues) {
  const std::string text = parse_note(as_bytes(test::south_card()))->text;
  ASSERT_TRUE(parse_card(as_bytes(signed_card(text, "south", test::south()))));
  const std::pair<std::string, Fault> cases[] = {
      {text + "colour = \"red\"\n", Fault::kMalformed},
      {text + "[more]\n", Fault::kMalformed},
      {test::replaced(text, "card/1", "card/2"), Fault::kUnsupported},
      {test::replaced(text, "Republic of Korea", "Republic\\u202Eof Korea"), Fault::kMalformed},
      {test::replaced(text, "Republic of Korea", "Republic\\nof Korea"), Fault::kMalformed},
      {test::replaced(text, "Republic of Korea", ""), Fault::kMalformed},
      {test::replaced(text, "Republic of Korea", std::string(81, 'x')), Fault::kLimit},
      {test::replaced(text, "09:00:00Z", "09:00:00+09:00"), Fault::kMalformed},
      {test::replaced(text, "2026-11-24T09:00:00Z", "2026-11-24T09:00:00"), Fault::kMalformed},
      {test::replaced(text, "2026-11-24T09:00:00Z", "\"2026-11-24T09:00:00Z\""), Fault::kMalformed},
      {test::replaced(text, "created", "# created"), Fault::kMalformed},
      {test::replaced(text, "display", "side = \"x\"\ndisplay"), Fault::kMalformed},
      {test::replaced(text, "# Card", "# Card\xe2\x80\xae"), Fault::kMalformed},
  };
  for (const auto& [changed, fault] : cases) {
    const auto card = parse_card(as_bytes(signed_card(changed, "south", test::south())));
    ASSERT_FALSE(card) << changed;
    EXPECT_EQ(card.error().fault, fault) << card.error().message;
  }
}

TEST(Card, RefusesAKeyOfSmallOrder) {
  const std::string text = parse_note(as_bytes(test::south_card()))->text;
  const std::string good = to_base64(test::south().verify_key().bytes());
  for (const char* hex : {"0100000000000000000000000000000000000000000000000000000000000000",
                          "0000000000000000000000000000000000000000000000000000000000000000",
                          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
    const std::string changed = test::replaced(text, good, to_base64(*from_hex(hex)));
    const auto card = parse_card(as_bytes(signed_card(changed, "south", test::south())));
    ASSERT_FALSE(card);
    EXPECT_NE(card.error().message.find("root"), std::string::npos) << card.error().message;
  }
}

TEST(Card, RefusesAnotherSigner) {
  const std::string text = parse_note(as_bytes(test::south_card()))->text;
  for (const auto& note :
       {signed_card(text, "south", test::north()), signed_card(text, "north", test::south())}) {
    const auto card = parse_card(as_bytes(note));
    ASSERT_FALSE(card);
    EXPECT_EQ(card.error().fault, Fault::kAuthentication);
  }
  const Note twice{text,
                   {sign_note(text, "south", test::south()).value(),
                    sign_note(text, "north", test::north()).value()}};
  EXPECT_FALSE(parse_card(as_bytes(encode_note(twice))));
}

TEST(Card, IsNotMadeOfBadNames) {
  for (const char* side : {"", "South", "1south", "so uth", "south/main"})
    EXPECT_FALSE(make_card(side, "South", test::kMorning, test::south())) << side;
  EXPECT_FALSE(make_card("south", "a\tb", test::kMorning, test::south()));
  EXPECT_TRUE(make_card("south", "a \"b\" \\ c", test::kMorning, test::south()));
  EXPECT_EQ(parse_card(as_bytes(*make_card("south", "a \"b\" \\ c", {}, test::south())))->display,
            "a \"b\" \\ c");
}

}  // namespace
}  // namespace detente::accord
