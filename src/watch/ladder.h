// Ladder: what is known of a line, rung by rung, and what that comes to.
//
// A duty officer asks: can we reach them, would a person answer, and if not, what
// exactly do we know, since when, on what evidence. judge() answers from the facts
// alone. Three rules. (1) What nothing has shown is "not known"; silence is
// never taken for an act or for a fault. (2) Each direction stands for itself. (3) A
// machine's word is no person's, and a claim or a hint is called one.
//
// "Far machine off" is said only on evidence: its farewell, or a machine at its
// address that answers that nobody listens there. Everything else is silence.
//
// A trouble of the whole line comes before one that another path makes up for; what
// is true besides stands in `also`. Pure: no clock, no state.
#pragma once

#include <string>
#include <vector>

#include "watch/ladder_facts.h"

namespace detente::watch {

enum class Known : std::uint8_t { kGood, kNot, kUnknown };
const char* to_string(Known known);  // "known good", "known not", "not known"

// Something known, in words, with the age of its evidence.
struct Finding {
  Known known = Known::kUnknown;
  std::string words;
  std::optional<Duration> age;
  // Of a person: "act" (of his own) or "claim" (of their station); else nothing.
  const char* evidence = nullptr;
};

enum class RungKind : std::uint8_t { kEquipment, kPath, kStation, kLineOpen, kOfficer, kAnswer };
inline constexpr std::size_t kRungs = 6;
const char* to_string(RungKind rung);  // "our equipment", "path", "far station", ...

struct PathFinding {
  std::string name, kind;
  Finding out, in;
};

struct MediumFinding {
  accord::Medium medium = accord::Medium::kText;
  Finding out, in;
};

enum class Situation : std::uint8_t {
  kInContact,
  kOwnEquipmentDown,
  kOwnPathUnplugged,
  kFarMachineOff,
  kOneDirection,
  kLinesPathsDead,  // the station there is heard, but on no path that this line may take
  kNotConfirmed,  // what we send arrives, and no receipt says that it is on their disk
  kNobodyOnWatch,
  kCutByThem,
  kCutByUs,
  kCutByBoth,
  kOutageAnnounced,
  kSilent,
  kOtherAccord,  // both are there and hold different accords
  kLogOnly,      // nothing goes over this line by the program
  kStationLost,  // their side declared it lost, and named no other
  kRevokedHere,  // this side's own word is that this station is lost
};
inline constexpr std::size_t kSituations = 16;
const char* to_string(Situation situation);  // "in-contact", ...: stable, for programs

// For a person.
struct SituationText {
  std::string title;  // "SILENT, WITH NO WORD"
  std::string words;  // what is known, on what evidence, since when
  std::string to_do;
};

struct Ladder {
  std::array<Finding, kRungs> rungs;
  std::optional<RungKind> highest_good;  // everything below it is known good, too
  std::optional<RungKind> first_not;     // nothing when all are known good
  std::vector<PathFinding> paths;
  std::vector<MediumFinding> media;
  Situation situation = Situation::kInContact;
  SituationText text;
  std::vector<std::string> also;
  std::optional<OutageFacts> outage_over;  // the silence has outlasted it

  const Finding& rung(RungKind kind) const { return rungs[static_cast<std::size_t>(kind)]; }
};

Ladder judge(const LadderFacts& facts);

// Of a station that does not run: there is nobody to gather facts.
SituationText own_station_down(const std::string& why);

// "3 s", "4 min", "5 h", "6 days".
std::string span_text(Duration span);

}  // namespace detente::watch
