// Bodies of the entries by which two desks keep watch: check calls, "is anybody
// there?", who is on watch, zone rules, a night's extension, an outage, a circuit
// test. spec/record.md section 3.
//
// A body says what its author did. What follows from it (answered in time, in
// force, unanswered) is computed where it is asked, from both logs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "record/entry.h"

namespace detente::line {

inline constexpr std::size_t kWatchWordsMax = 200;  // bytes of a reason, a post, a name
inline constexpr std::size_t kZoneDigestsMax = 12;  // that fit one entry
inline constexpr std::uint8_t kCallPlaceMax = 63;
inline constexpr std::uint32_t kCallDayMax = 49'710;  // the last day of a 32-bit clock

// Kind 5. A call is known by its date (days since 1970-01-01) and its place in the annex (spec/hours.md).
enum class CallDeed : std::uint8_t { kCalled = 0, kAnswered = 1, kDeclined = 2, kCalledOff = 3 };
struct CallAct {
  CallDeed deed = CallDeed::kCalled;
  std::uint32_t day = 0;
  std::uint8_t place = 0;
  std::string words;  // a reason, where there is one
  bool operator==(const CallAct&) const = default;
};
Bytes call_body(const CallAct& act);
Result<CallAct> parse_call_body(ByteView body);

// Kind 6. A reply refers to the question; "not now" gives no reason and needs none.
enum class PresenceDeed : std::uint8_t { kAsked = 0, kReady = 1, kNotNow = 2 };
Bytes presence_body(PresenceDeed deed);
Result<PresenceDeed> parse_presence_body(ByteView body);

// Kind 7: a station's claim, as far as the accord lets it speak of people.
struct OnWatch {
  std::optional<WallTime> since;  // nothing: nobody is on watch
  std::string who;                // a post; may be empty
  bool operator==(const OnWatch&) const = default;
};
Bytes on_watch_body(const OnWatch& claim);
Result<OnWatch> parse_on_watch_body(ByteView body);

// Kind 8, accord line: the digests of spec/hours.md section 1, by name.
struct ZoneDigest {
  std::string zone;
  Digest digest{};
  bool operator==(const ZoneDigest&) const = default;
};
Bytes zone_rules_body(const std::vector<ZoneDigest>& zones);
Result<std::vector<ZoneDigest>> parse_zone_rules_body(ByteView body);

// Kind 9: until when. In force when an officer of each side signed the same instant.
Bytes hours_body(WallTime until);
Result<WallTime> parse_hours_body(ByteView body);

// Kind 10: [from, until). Of several with one `from` the newest counts; one that ends where it begins takes it back.
struct Outage {
  WallTime from, until;
  std::string words;
  bool operator==(const Outage&) const = default;
};
Bytes outage_body(const Outage& outage);
Result<Outage> parse_outage_body(ByteView body);

// What a desk may write of these: kMalformed (form, references), kDenied (a person's act without a signature,
// where the line is provable; a circuit test that is not of the class test).
Result<void> check_watch_act(const record::Entry& entry, bool provable);
bool is_watch_act(record::Kind kind);

}  // namespace detente::line
