// HookProcess: one process that a hook started, with its group. For hook.cc alone.
//
// It is not reaped before finish(), so that its number, which is the group's,
// cannot become another process's while a signal may still be sent to it.
#pragma once

#include <csignal>

#include "io/hook.h"

namespace detente::io {

class HookProcess {
 public:
  // Standard input is in the pipe, and closed, when this returns.
  static Result<HookProcess> start(const HookCommand& command, const HookInput& input);
  HookProcess(HookProcess&& other) noexcept;
  HookProcess& operator=(HookProcess&&) = delete;
  ~HookProcess();  // kills the group

  // Becomes readable when the process has ended. The caller may take it over: -1 afterwards.
  int take_end_descriptor();
  // Of both streams; non-blocking.
  int take_output_descriptor();

  bool has_ended() const;
  void signal_group(int signal) const;
  // After its end: kills what is left of its group, and says how it ended.
  HookOutcome finish();

 private:
  HookProcess(int pid, int end, int output) : pid_(pid), end_(end), output_(output) {}
  int pid_;
  int end_;
  int output_;
};

}  // namespace detente::io
