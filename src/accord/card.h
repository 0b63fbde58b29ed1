// Card: a side's name and root key, signed by that key. What two sides
// exchange first. spec/accord.md, "Card".
//
// A card proves that its maker holds the root key; whose the key is, is proved
// by the hands that give it and by the fingerprint words, not by the card.
#pragma once

#include <string>
#include <string_view>

#include "accord/note.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/sign.h"

namespace detente::accord {

inline constexpr std::size_t kCardSizeMax = 4096;    // bytes of the whole note
inline constexpr std::size_t kDisplayBytesMax = 80;  // what a side calls itself, or the other

struct Card {
  std::string side;     // "south": wire::check_name
  std::string display;  // "Republic of Korea"
  crypto::VerifyKey root;
  WallTime created;
};

// The card as a signed note. kMalformed or kLimit for a name or display that parse_card would
// refuse.
Result<std::string> make_card(std::string_view side, std::string_view display, WallTime created,
                              const crypto::SignKey& root);

// Verifies the card's own signature and that the root key is a good one. kAuthentication when a
// byte of it was changed.
Result<Card> parse_card(ByteView note);

// A card that stands where `side`'s belongs: kConflict when it is another's.
Result<void> check_card_is_of(const Card& card, std::string_view side);

}  // namespace detente::accord
