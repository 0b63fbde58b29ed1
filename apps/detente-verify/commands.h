// The verifier's commands: files in, an answer and an exit code out.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "record/extract_verify.h"

namespace detente::verify {

// What stands on the command line.
struct Options {
  std::string file;
  std::vector<std::string> annexes;  // files
  std::vector<std::string> vkeys;
  std::vector<std::string> roots;       // "south=<base64>"
  std::vector<std::string> cards;       // files
  std::vector<std::string> bulletins;   // files
  std::string accord;                   // digest in hex; empty: none
  std::string key, message, signature;  // hex
  bool json = false;
};

struct Answer {
  std::string text;  // sentences or JSON, ending in LF
  int exit = 0;
};

// An error is wrong usage or a file that cannot be read; what a file proves or not is an answer.
Result<Answer> verify_accord(const Options& options);
Result<Answer> verify_card(const Options& options);
Result<Answer> verify_note(const Options& options);
// A bare Ed25519 signature under the rules of spec/accord.md section 2.
Result<Answer> verify_signature(const Options& options);
Result<Answer> verify_extract_file(const Options& options);
// A text that a station released at an agreed instant. spec/announcement.md.
Result<Answer> verify_announcement(const Options& options);
// Two records of one log. spec/record.md section 10.
Result<Answer> verify_two_records(const Options& options);

// A whole file of at most `size_max` bytes; one byte more where it is longer, for the parser to
// refuse.
Result<Bytes> read_file(const std::string& path, std::size_t size_max);
// From --root, --card and --accord.
Result<record::TrustAnchor> read_anchor(const Options& options);
// From --bulletin.
Result<void> add_bulletins(const Options& options, record::TrustAnchor& anchor);

}  // namespace detente::verify
