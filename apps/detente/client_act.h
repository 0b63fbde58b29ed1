// Acts of the watch at the command line: an entry of a kind with a body, signed by
// the officer, posted, and what became of it.
#pragma once

#include "client_commands.h"
#include "client_compose.h"
#include "line/register_act.h"
#include "line/watch_acts.h"

namespace detente::cli {

// What every command for an act takes.
struct ActOptions {
  std::string address, officer, wait = "receipt", timeout = "10s";
  std::string to_sign;  // the file to write it to, for those who sign
  std::string mandate;  // the file of a principal's order
  bool drill = false;
};
void add_act_options(CLI::App& command, ActOptions& options, bool with_drill);

struct Act {
  record::Kind kind = 0;
  Bytes body;
  record::EntryClass entry_class = record::EntryClass::kLive;
  std::optional<station::SubmissionReference> reference;
  record::Precedence precedence = record::Precedence::kRoutine;
  std::vector<record::Attachment> attachments = {};
  std::optional<record::MandateFile> mandate = {};  // whose proof stands in the body
  std::string says = {};  // what it does, in words; said before it is signed, as what is about to be
};
// Says what is about to be signed, posts it and says what became of it; the answer goes into the result. True when the other side has it.
Result<bool> post_act(Context& context, const LineAddress& line, const ActOptions& options, Act act);

// The entry before anybody signed it.
Result<Compose> compose_act(const LineAddress& line, const ActOptions& options, Act act);

// --medium, given as often as wanted; all of them where none is.
Result<line::MediaMask> media_of(const std::vector<std::string>& names);

// "DRILL | " in front of whatever is said in a drill, "TEST | " in a test.
std::string class_mark(record::EntryClass entry_class);

}  // namespace detente::cli
