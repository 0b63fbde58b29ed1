// What a desk asks the station to say: as values, and as the JSON of
// POST .../entries (spec/api.md). The same code writes it in the command line and
// reads it in the station, so that an officer signs exactly what the station rebuilds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/outbox.h"
#include "record/entry.h"
#include "record/mandate.h"
#include "station/json.h"

namespace detente::station {

inline constexpr std::uint64_t kWaitMsMax = 60'000;

const char* class_name(record::EntryClass entry_class);  // "live", "drill", "test"
std::optional<record::EntryClass> class_from(std::string_view name);
std::string kind_name(record::Kind kind);  // "message", ..., "kind 9"

enum class Wait { kNone, kDurable, kReceipt };

struct SubmissionReference {
  record::Whose whose = record::Whose::kOthers;  // kAuthors: this side's own log
  std::optional<record::EpochId> epoch;          // nothing: the newest
  std::uint64_t index = 0;
  std::optional<Digest> leaf;  // nothing: whatever stands there
};

struct Submission {
  record::Entry entry;  // header.references are empty: see `references`
  bool timed = true;    // header.time was given
  core::IfCut if_cut = core::IfCut::kReturn;
  std::vector<SubmissionReference> references;
  std::optional<record::MandateFile> mandate;  // whose proof stands in the body; stays with this side
  Wait wait = Wait::kDurable;
  std::uint64_t timeout_ms = 10'000;
};

Json write_submission(const Submission& submission);
// kMalformed names the member. Checks shapes; what a line takes is checked when it is submitted.
Result<Submission> parse_submission(const Json& json);
// Several in one object ("messages", at most 256), each with what is said once for all of them: as parse_submission() takes
// it. kMalformed where one is no object, or says that, too.
Result<std::vector<Json>> split_messages(const Json& json);

}  // namespace detente::station
