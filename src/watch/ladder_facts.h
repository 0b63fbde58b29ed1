// LadderFacts: all that this station knows of one line at one moment, for judge()
// in watch/ladder.h. Whoever gathers them judges nothing; what is not known is not
// there. Text of the other side's is safe to show already.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accord/annex.h"
#include "base/time.h"
#include "watch/trouble.h"
#include "watch/wall_history.h"

namespace detente::watch {

struct Span {
  Instant since, last;
};

struct EquipmentFacts {
  Instant started;
  std::optional<WallTime> started_at;  // as the clock was then
  std::optional<std::string> fault;        // why the record cannot be written
  std::optional<bool> clock_synchronised;  // nothing: the machine does not say
};

struct PathFacts {
  std::string name;
  std::string kind;  // "udp"
  // Out.
  std::optional<Instant> arrived;        // a packet of ours was last known to be there
  std::optional<Instant> suspect_since;  // what was sent drew nothing since
  std::optional<Instant> lacking;        // they last told that nothing came of what is suspect
  std::optional<Trouble> own;            // this machine cannot send there
  // A machine at that address answers that nobody listens there. Anybody on the way can forge it.
  std::optional<Trouble> refused;
  // In.
  std::optional<Instant> heard;  // the last that verified
  // What came to them here they answered by another path alone: their direction here is dead.
  std::optional<Span> answered_elsewhere;
  // Of theirs that came here in a row, were answered and led to no session, since the first of them; and the last of all.
  std::uint32_t calls = 0;
  std::optional<Instant> called_since, called;
  // Out: what drew nothing in its time came there after all. When they told so, and how long that had taken.
  std::optional<Instant> late = {};
  Duration late_by{0};
  // Out and back: an answer that came here on this path after its time.
  std::optional<Instant> late_back = {};
  Duration late_back_by{0};
  std::string configured = {};                // their address, by this side's station.toml
  std::optional<std::string> moved_to = {};  // where they were heard last instead
};

struct Farewell {
  Instant at;
  std::string words;
};

// A station that its own side declared lost (spec/credential.md section 3).
struct LostFacts {
  std::string post;
  std::uint16_t number = 0;                // of its credential
  std::optional<WallTime> at;              // by the root's clock
  std::optional<std::uint16_t> successor;  // that has its place
  std::uint64_t calls = 0;                 // of its keys, which got no answer, since this station's start
  std::optional<Instant> called;           // the last of them
  std::uint64_t files = 0;                 // courier files made with its keys, not taken
  bool this_one = false;                   // it is the station that asks
  std::uint64_t bulletin = 0;              // by which its side said so
};

struct FarFacts {
  bool session = false;
  std::optional<Instant> session_since;
  std::optional<Instant> heard;      // on any path of this counterpart
  std::optional<WallTime> heard_before = {};  // by a run of this station before this one, as it noted
  std::optional<Farewell> farewell;  // and nothing since
  // Heard last on a path that this line may not take.
  struct Elsewhere {
    std::string path;
    Instant heard;
  };
  std::optional<Elsewhere> elsewhere;
  bool other_accord = false;
  bool calls_not_read = false;  // with other_accord: it holds the same one, and cannot read this station's calls
  std::optional<LostFacts> lost;  // the newest of that post
};

// A side's register of this line. Both sides': by both.
struct CutFacts {
  WallTime since;                              // by its author's clock
  std::string reason;                          // of the newest of them; may be empty
  bool dark = false;                           // its author sends and answers nothing
  std::string mandate = {};                    // "by mandate of its president"; may be empty
  std::string by = {};                         // the post of the officer who signed it; may be empty
  std::string what = {};                       // "text": of a cut that leaves other media open; empty: all of the line
  std::string left = {};                       // and those: "documents"
  std::optional<WallTime> since_by_ours = {};  // the same moment, where the difference of the clocks is known
  std::optional<WallTime> came = {};           // to this disk, where the newest was signed long before that
  std::optional<WallTime> anew = {};           // the newest, where several cuts of that side hold the line
};

struct OutageFacts {
  bool ours = false;  // this side announced its own
  WallTime from, until;
  std::optional<WallTime> announced;
  std::string text;
  std::string by;  // post or officer; may be empty
};

enum class Presence : std::uint8_t { kReady, kNotNow, kUnanswered };

struct PresenceFacts {
  Presence answer = Presence::kReady;
  WallTime at;
  std::string by;  // empty: nobody answered
};

// What an officer logged by hand.
struct ContactFacts {
  WallTime at;
  std::string bearer, words;  // safe to show
  bool from_them = false;
};

struct PersonFacts {
  WallTime at;
  std::string by;
};

// A call or a query that is not over: whose turn it is.
struct UnderWay {
  enum class What : std::uint8_t {
    kWeCalled,   // and they have not answered
    kWeAsked,    // whether anybody is there
    kAskNotThere,  // the same, and it is not known to have reached their station
    kOurCall,    // is due
    kTheirCall,  // is late: this side may call
    kTheyCalled,
    kTheyAsked,
  };
  What what = What::kWeCalled;
  WallTime since;  // of a call that is due, its hour
  WallTime until;
};

struct PeopleFacts {
  std::optional<PersonFacts> answered;  // the newest check call that a person there answered
  std::optional<PersonFacts> declined;
  std::optional<WallTime> called;  // the newest check call for which a person there called us
  // The newest check call at which nobody there answered, or called although it was their turn.
  std::optional<WallTime> unanswered;
  bool their_turn = false;
  std::uint32_t unanswered_row = 0;
  std::optional<PersonFacts> claim_on;  // their station said then: somebody is on watch; a claim
  std::optional<WallTime> claim_since;  // and since when
  std::optional<WallTime> claim_off;    // their station says: nobody, since
  std::optional<PresenceFacts> presence;
  std::optional<PersonFacts> seen;  // what else a person there did last
  std::string seen_doing;           // "signed a message"
  // What a person did before this is shown, and says nothing of now.
  WallTime known_from;
  std::vector<UnderWay> under_way;
};

// A FLASH of theirs that no person here has acknowledged.
struct FlashFacts {
  std::string index;  // as `detente ack` takes it
  WallTime at;        // when it came
};

// Entries of ours that their station has had time to receipt, and has not.
struct UnconfirmedFacts {
  std::uint64_t count = 0;
  bool flash = false;  // one of them is a FLASH
  Instant since;       // no receipt came since, though what was sent arrived
  Duration on_the_way{0};  // what the path itself may take for them, where that is known
};

struct LadderFacts {
  Now now;
  const WallHistory* walls = nullptr;  // nothing: the clock never stepped
  std::string far;  // "north"
  Duration heartbeat = std::chrono::seconds(20);
  EquipmentFacts equipment;
  std::vector<PathFacts> paths;  // those that the line may take, in the annex's order
  FarFacts station;
  std::optional<CutFacts> cut_by_us, cut_by_them;              // of text, at least
  std::optional<CutFacts> cut_beside_by_us, cut_beside_by_them;  // of other media: text goes
  // Of the accord line: all others are cut in the dark, and so nothing is sent on this one either.
  std::optional<CutFacts> dark_by_us, dark_by_them;
  bool lift_alone = false;  // the accord lets each side lift its own cut
  std::vector<std::string> hours_trouble = {};  // why check calls are not known here, or not the same there
  std::vector<std::string> announced;  // cuts that are still to come, each in words
  std::optional<OutageFacts> outage;
  std::optional<OutageFacts> outage_over;  // the newest of theirs that has passed its end
  std::optional<LostFacts> own_lost;    // the station that this one has the place of, or this one
  bool log_only = false;                // the accord: nothing goes over it by the program
  std::optional<ContactFacts> contact;  // the newest of a line that is log only
  std::optional<std::string> hours;  // "closed until 09:00 by both"
  bool outside_hours = false;        // closed, or open by an extension alone
  PeopleFacts people;
  std::vector<FlashFacts> flashes;  // the one that came first in front
  std::uint64_t flashes_more = 0;   // that came after these
  std::optional<UnconfirmedFacts> unconfirmed;
  std::size_t two_records = 0;  // checkpoints of theirs that do not fit the record that is held
  std::vector<accord::Medium> media;
};

}  // namespace detente::watch
