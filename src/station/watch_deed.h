// Deed: what an officer does at the own station and no other side learns of: on and
// off watch, handover, an alarm acknowledged, a contact outside the program, what
// was heard in public. Signed by the officer's own key; the station checks that and
// keeps it in the watch log. spec/station-files.md, "watch.log".
#pragma once

#include <string>
#include <vector>

#include "accord/roster.h"
#include "station/json.h"

namespace detente::station {

inline constexpr std::size_t kDeedWordsMax = 2000;  // bytes

struct DeedSignature {
  OfficerId officer;
  crypto::Signature signature{};
};

struct Deed {
  std::string what;  // "on", "off", "handover", "here", "acknowledge", "contact", "heard", "release", "discard"
  WallTime time;
  std::uint64_t counter = 0;  // above all that this officer used at this station
  OfficerId officer;
  std::vector<std::string> lines;   // on, off, handover: "north/military-west"; none = every line
  std::optional<OfficerId> to;      // handover
  std::uint64_t alarm = 0;          // acknowledge
  std::string line;                 // contact, heard; release: the accord line; discard
  std::string bearer;               // contact: "loudspeaker", "telephone", ...; heard: the outlet
  std::string way;                  // contact: "in" or "out"
  std::string words;                // what was said; a note
  WallTime at;                      // contact, heard: when it was
  bool read_back = false;           // contact
  std::uint64_t readability = 0;    // contact: 1 to 5; 0 = not said
  std::string capture;              // heard: SHA-256 of a file, in hex, or nothing; release: the text's digest; discard: of the body
  std::string proposal;             // release: which announcement, as "far-<epoch in hex>/<index>"; nothing: the only one with that text
  std::uint64_t waiting = 0;        // discard: the number under which it waits
};

Json write_deed(const Deed& deed);
// kMalformed names the member.
Result<Deed> parse_deed(const Json& json);

crypto::Signature sign_deed(const std::string& side, const Json& deed, const crypto::SignKey& key);
// Whether those who must have signed did, with credentials that are valid now; of which lines is for the watch to say.
// kDenied says what is missing.
Result<void> check_deed_signatures(const std::string& side, const Deed& deed, const Json& json,
                                   const std::vector<DeedSignature>& signatures, const accord::Roster& roster,
                                   WallTime now);

}  // namespace detente::station
