#include "base/result.h"

namespace detente {

const char* to_string(Fault fault) {
  switch (fault) {
    case Fault::kMalformed: return "malformed";
    case Fault::kAuthentication: return "authentication";
    case Fault::kLimit: return "limit";
    case Fault::kConflict: return "conflict";
    case Fault::kNotFound: return "not-found";
    case Fault::kUnsupported: return "unsupported";
    case Fault::kDenied: return "denied";
    case Fault::kState: return "state";
    case Fault::kIo: return "io";
  }
  return "unknown";
}

}  // namespace detente
