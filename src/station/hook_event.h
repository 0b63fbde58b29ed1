// What a hook is told: the same facts as variables, as one JSON object on
// standard input, or as a mail. docs/operations.md lists them.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "io/hook.h"
#include "station/station_config_hooks.h"

namespace detente::station {

struct HookEvent {
  HookOn on = HookOn::kAlarm;
  std::uint64_t alarm = 0;  // its number in the alarm list
  std::string kind;         // of the alarm: "silence"
  std::string station;      // "south/main"
  std::string counterpart;  // empty when it belongs to none
  std::string line;
  std::string words;  // for a person; may hold what the other side wrote
  WallTime at;
  std::string file = {};  // of a released text
};

struct HookCall {
  io::HookCommand command;
  io::HookInput input;
};

// kMalformed when the hook is one that check_hooks() refuses. Words that are too long are cut.
Result<HookCall> hook_call(const HookConfig& hook, const HookEvent& event);

}  // namespace detente::station
