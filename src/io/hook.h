// Hooks: programs of the site that a station runs when something happens, to
// ring a bell, send a mail, open a ticket.
//
// Who writes what: the command line is configuration alone, an absolute path and
// fixed words, and no shell is between. What happened goes into the environment
// (DETENTE_...) and onto standard input, so that no text, ours or the other
// side's, can become a command or an option.
//
// What a hook cannot do to the station: (1) block it: standard input is written
// before it starts and fits the pipe, output is read at a bounded pace. (2) Last
// for ever: at its time limit the whole process group gets SIGTERM, and two
// seconds later SIGKILL. (3) See its insides: the environment is made anew, only
// descriptors 0 to 2 are open, the working directory is /. (4) Fill the memory:
// four at once, 64 wait, 4 kB of output are kept.
//
// When the command itself ends, what it left in its process group is killed: a
// program that is to go on leaves the group (setsid). That one is the site's.
//
// Owned by the thread that runs the io_context; results come on it, never from
// within run().
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace boost::asio {
class io_context;
}

namespace detente::io {

inline constexpr std::size_t kHookWordsMax = 32;
inline constexpr std::size_t kHookWordBytesMax = 1024;
inline constexpr std::size_t kHookVariablesMax = 64;
inline constexpr std::size_t kHookValueBytesMax = 4096;
// Half of what a pipe holds on Linux.
inline constexpr std::size_t kHookInputBytesMax = 32 * 1024;
inline constexpr std::size_t kHookOutputBytesMax = 4096;
inline constexpr std::size_t kHooksAtOnce = 4;
inline constexpr std::size_t kHooksWaitingMax = 64;

struct HookCommand {
  std::vector<std::string> words;  // the program's absolute path, then what it is always given
  Duration time_limit = std::chrono::seconds(20);
};

struct HookInput {
  std::map<std::string, std::string> environment;  // DETENTE_..., a name of A-Z, 0-9 and _
  std::string standard_input;
};

struct HookOutcome {
  enum class Kind {
    kOk,          // ended with 0
    kExit,        // ended with `code`
    kSignal,      // ended by signal `code`
    kTimedOut,    // was killed at its time limit
    kNotStarted,  // the system would not run it: `reason`
    kDropped,     // too many waited
  };
  Kind kind = Kind::kOk;
  int code = 0;
  std::string reason;
  std::string output;          // both streams' first bytes, safe to show
  bool output_is_cut = false;  // there was more
  bool good() const { return kind == Kind::kOk; }
  // "ended with status 3", "was killed: it ran longer than 20 s"
  std::string words(const HookCommand& command) const;
};

// A whole path first, and nothing in any word that a person could not see. The file itself is
// looked for when the hook runs.
Result<void> check_hook_command(const std::vector<std::string>& words);

// Whether the file is there and this user may run it, now.
Result<void> find_hook_command(const std::vector<std::string>& words);

class HookRunner {
 public:
  using Done = std::function<void(const HookOutcome&)>;

  explicit HookRunner(boost::asio::io_context& context);
  ~HookRunner();  // kills what runs; nobody is told any more
  HookRunner(const HookRunner&) = delete;
  HookRunner& operator=(const HookRunner&) = delete;

  // An error, and no call of `done`, when the command or the input breaks the bounds above.
  Result<void> run(HookCommand command, HookInput input, Done done);
  std::size_t running() const;
  std::size_t waiting() const;

 private:
  struct Runtime;
  std::shared_ptr<Runtime> runtime_;
};

}  // namespace detente::io
