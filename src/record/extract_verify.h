// What an extract proves, check by check, to somebody who trusts no station.
// spec/record.md section 9, "Checks" and "Verdict".
//
// Every check ends in a finding, also those that failed: a reader sees what is
// proved, what is not and what nobody looked at. Whether a credential was
// revoked is known as far as the user gives the sides' bulletins.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "record/extract.h"

namespace detente::record {

// What the user of a verifier trusts beforehand.
struct TrustAnchor {
  std::map<std::string, crypto::VerifyKey> roots;  // by side
  std::optional<Digest> accord;                    // of any accord in the file
  std::vector<Bytes> bulletins = {};               // of either side; none: revocation is not checked
};

enum class CheckResult { kProved, kFailed, kAbsent, kUnchecked };
const char* to_string(CheckResult result);  // "proved", ...

struct Finding {
  std::string check{};  // "accord", "annex", "credential", "inclusion", "checkpoint", ...
  CheckResult result = CheckResult::kProved;
  std::string why{};  // where it is not proved: a sentence, safe to show
  // What is known of whom and when.
  std::string side{};
  std::string post{};
  OfficerId number{};  // 0: none
  std::optional<accord::CredentialRole> role{};
  std::optional<bool> person_closed{};
  std::optional<LineId> line{};
  std::optional<WallTime> time{};
  std::optional<std::uint64_t> counter{};
};

struct AccordFindings {
  Digest digest{};
  std::uint32_t version = 0;
  std::vector<Finding> checks;
};

struct ItemFindings {
  std::string origin;
  std::uint64_t index = 0;
  std::uint64_t size = 0;
  Shown shown;
  bool attested = false;
  std::vector<Finding> checks;
  std::optional<Digest> root = {};  // of the tree of `size`, as the hashes lead to it
};

enum class Verdict { kProved, kUnanchored, kUnattested, kFailed };
const char* to_string(Verdict verdict);  // "proved", ...

struct ExtractFindings {
  Verdict verdict = Verdict::kFailed;
  std::string error;                  // of a file that is no extract: then all lists are empty
  std::vector<accord::Accord> terms;  // as in `accords`, for names
  std::vector<AccordFindings> accords;
  std::vector<Finding> credentials;
  std::vector<ItemFindings> items;
  std::vector<std::string> revocation_of;  // sides whose bulletins were given and hold
};

// Never fails itself: bytes that are no extract are a verdict too.
ExtractFindings verify_extract(ByteView bytes, const TrustAnchor& anchor);

}  // namespace detente::record
