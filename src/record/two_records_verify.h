// What a file of two records proves: that one station signed two trees of one size. spec/record.md section 10.
#pragma once

#include "record/extract_verify.h"
#include "record/two_records.h"

namespace detente::record {

struct TwoRecordsFindings {
  Verdict verdict = Verdict::kFailed;
  std::string error;           // of a file that is none: then the rest is empty
  TwoRecordsFile file;
  ExtractFindings evidence;
  std::vector<Finding> checks;  // "held", "second", "conflict"
};

// Never fails itself: bytes that are no such file are a verdict too.
TwoRecordsFindings verify_two_records(ByteView bytes, const TrustAnchor& anchor);

}  // namespace detente::record
