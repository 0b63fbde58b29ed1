// What a released announcement proves, check by check, to somebody who trusts no station: that both sides had signed
// for exactly this text and instant. spec/announcement.md section 5.
#pragma once

#include "record/extract_verify.h"
#include "record/release_file.h"

namespace detente::record {

struct ReleaseFindings {
  Verdict verdict = Verdict::kFailed;
  std::string error;  // of a file that is none: then the rest is empty
  ReleaseFile file;
  std::vector<Finding> checks;  // "agreement", "text", "instant"
  ExtractFindings evidence;
};

// Never fails itself: bytes that are none are a verdict, too.
ReleaseFindings verify_release(ByteView bytes, const TrustAnchor& anchor);

}  // namespace detente::record
