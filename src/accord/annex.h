// Annex: one line's terms, in a file of its own whose digest the accord holds.
// spec/accord.md, "Annex".
//
// One file a line, with a random salt: whoever publishes an extract of one line
// opens that line's annex and lets nobody guess another's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accord/check_calls.h"
#include "base/bytes.h"
#include "base/ids.h"
#include "base/random.h"
#include "base/result.h"

namespace detente::accord {

inline constexpr std::size_t kAnnexTextMax = 64 * 1024;
inline constexpr std::size_t kPeopleMax = 64;
inline constexpr std::string_view kAnnexFormat = "detente-annex/1";
inline constexpr std::string_view kAccordLineName = "accord";

enum class Evidence { kProvable, kDeniable };
const char* to_string(Evidence evidence);  // "provable", "deniable"

enum class Medium { kText, kDocument, kVoice, kLetter };
const char* to_string(Medium medium);  // "text", "document", "voice", "letter"
std::optional<Medium> medium_from(std::string_view name);

struct Annex {
  ByteArray<16> salt{};
  LineId line;
  std::string name;  // "military-west": wire::check_name
  Evidence evidence = Evidence::kProvable;
  std::vector<Medium> media{Medium::kText};
  std::uint8_t highest_precedence =
      3;                             // spec/record.md: 0 routine, 1 priority, 2 immediate, 3 flash
  std::vector<std::string> paths;    // names of the accord's paths
  std::uint32_t retention_days = 0;  // 0 = for ever
  std::uint32_t queue_entries = 1000;    // waiting on this line at most; 1..100000
  std::string staffed;                   // "at all hours"; safe text, may be empty
  std::vector<std::string> people;       // posts that may join; empty = every officer of the line
  std::string station;                   // the post of the stations that carry it, on both sides; empty = every station
  bool lift_alone = false;               // each side may lift its own cut alone (spec/cut.md)
  bool desk_restores = false;            // a restoration waits for a word of both desks (spec/restoration.md)
  std::vector<std::string> signed_acts;  // deniable line: the acts that are signed all the same
  std::optional<Digest> code_book;
  // The line has equipment of its own (open ship radio): the program carries nothing on it, and keeps
  // what an officer logs by hand.
  bool log_only = false;
  HoursTerms hours;
  std::vector<CheckCall> check_calls;

  bool allows_path(std::string_view path) const;
  bool allows_medium(Medium medium) const;
  bool allows_post(std::string_view post) const;
  // Whether a pair of stations at these posts carries it. The accord line is carried by every pair.
  bool carried_between(std::string_view post, std::string_view other_post) const {
    return station.empty() || (station == post && station == other_post);
  }
  bool provable() const { return evidence == Evidence::kProvable; }
  bool operator==(const Annex&) const = default;
};

// A line with the usual terms and a fresh salt.
Annex draft_annex(LineId line, std::string_view name, std::vector<std::string> paths,
                  Evidence evidence, KeyRandom& random);

// Everything that parse_annex asks of the values.
Result<void> check_annex(const Annex& annex);
// Stable text; kMalformed or kLimit for values that parse_annex would refuse.
Result<std::string> write_annex(const Annex& annex);
// Unknown keys are refused. Knows nothing of an accord: assemble_accord does.
Result<Annex> parse_annex(std::string_view text);
// SHA-256 of the file's bytes, salted by the salt in them.
Digest annex_digest(std::string_view text);

}  // namespace detente::accord
