// What a desk may put on a line, and the bodies of the kinds that stand beside
// messages. spec/record.md section 3.
//
// Only what this side writes is checked here. What the other side wrote is in
// the record whether it is sensible or not, and is made safe when it is shown.
#pragma once

#include <string>

#include "record/entry.h"

namespace detente::line {

inline constexpr std::size_t kDocumentsMax = 4;  // of one entry

struct LineRules {
  LineId id;
  std::string name;
  bool provable = true;
  record::Precedence highest = record::Precedence::kFlash;
  bool documents = false;  // may carry them
};

// kMalformed (text), kLimit (size, precedence), kDenied (a signature on an unattested line), with what to do.
Result<void> check_submission(const record::Entry& entry, const LineRules& rules);

// Longest text that surely fits one entry beside a header with these parts.
std::size_t text_bytes_max(const record::Entry& entry);

enum class ReceiptLevel : std::uint8_t { kRead = 0, kBrought = 1, kSeenByPrincipal = 2 };
Bytes receipt_body(ReceiptLevel level);
Result<ReceiptLevel> parse_receipt_body(ByteView body);

Bytes bulletin_body(ByteView bulletin);
Result<Bytes> parse_bulletin_body(ByteView body);

}  // namespace detente::line
