// The part of station.toml that says who is called when something happens: a
// program of the site, or a mail. spec/station-files.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "accord/toml_reader.h"
#include "accord/toml_writer.h"
#include "base/result.h"

namespace detente::station {

inline constexpr std::size_t kHooksMax = 64;
inline constexpr std::uint32_t kHookAfterMinutesMax = 1440;
inline constexpr std::uint32_t kHookTimeoutSecondsMax = 300;

enum class HookOn : std::uint8_t {
  kAlarm,       // one was raised
  kSignOfLife,  // the first after a silence
  kEscalation,  // nobody acknowledged an alarm for so long
  kAnnouncement,  // an agreed text was released
};
const char* to_string(HookOn on);  // "alarm", "sign-of-life", "escalation", "announcement"

struct HookConfig {
  HookOn on = HookOn::kAlarm;
  std::vector<std::string> command = {};  // one of these two
  std::string mail = {};
  std::vector<std::string> lines = {};  // "liaison" or "north/liaison"; none: every one
  std::uint32_t after_minutes = 0;      // of an escalation alone
  std::uint32_t timeout_seconds = 20;
  // What belongs to no line (both empty) concerns every hook.
  bool concerns(std::string_view counterpart, std::string_view line) const;
  bool operator==(const HookConfig&) const = default;
};

Result<void> check_hooks(const std::vector<HookConfig>& hooks);
// Every line that a hook names must be one of `known` ("north/liaison"): a hook for another could never run.
Result<void> check_hook_lines(const std::vector<HookConfig>& hooks, const std::vector<std::string>& known);
// [[hooks]]; what is wrong in it stands in `document`, or is the error.
Result<std::vector<HookConfig>> read_hooks(accord::TomlDocument& document,
                                           accord::TomlDocument::Table& root);
void write_hooks(accord::TomlWriter& writer, const std::vector<HookConfig>& hooks);

}  // namespace detente::station
