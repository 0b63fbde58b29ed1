#include "station/station_config_hooks.h"

#include <algorithm>
#include <array>
#include <optional>

#include "io/hook.h"
#include "station/mail_text.h"
#include "wire/text.h"

namespace detente::station {
namespace {

constexpr std::size_t kHookLinesMax = 256;
constexpr std::array kOns = {HookOn::kAlarm, HookOn::kSignOfLife, HookOn::kEscalation, HookOn::kAnnouncement};

std::optional<HookOn> parse_on(std::string_view text) {
  const auto found =
      std::find_if(kOns.begin(), kOns.end(), [&](HookOn on) { return to_string(on) == text; });
  return found == kOns.end() ? std::nullopt : std::optional(*found);
}

// "liaison" or "north/liaison".
Result<void> check_line(std::string_view name) {
  const std::size_t slash = name.find('/');
  if (slash != name.npos) DETENTE_TRY_VOID(wire::check_name(name.substr(0, slash)));
  return wire::check_name(slash == name.npos ? name : name.substr(slash + 1));
}

Result<void> check_hook(const HookConfig& hook) {
  if (hook.command.empty() == hook.mail.empty())
    return fail(Fault::kMalformed, "write either command = [...] or mail = \"...\"");
  if (!hook.command.empty()) DETENTE_TRY_VOID(io::check_hook_command(hook.command));
  if (!hook.mail.empty()) DETENTE_TRY_VOID(check_mail_address(hook.mail));
  if (hook.lines.size() > kHookLinesMax) return fail(Fault::kLimit, "at most 256 lines");
  for (const std::string& line : hook.lines)
    if (auto good = check_line(line); !good) return fail_at("lines", good.error());
  if (hook.after_minutes > kHookAfterMinutesMax)
    return fail(Fault::kLimit, "after_minutes is at most 1440");
  if (hook.after_minutes != 0 && hook.on != HookOn::kEscalation)
    return fail(Fault::kMalformed, "after_minutes is for on = \"escalation\" alone");
  if (hook.timeout_seconds < 1 || hook.timeout_seconds > kHookTimeoutSecondsMax)
    return fail(Fault::kLimit, "timeout_seconds is from 1 to 300");
  return {};
}

HookConfig read_hook(accord::TomlDocument& document, accord::TomlDocument::Table& table) {
  HookConfig hook;
  const std::string on = table.text("on");
  if (const auto parsed = parse_on(on))
    hook.on = *parsed;
  else
    document.fail_with(Fault::kMalformed,
                       "a hook's \"on\" must be \"alarm\", \"sign-of-life\", \"escalation\" or \"announcement\"",
                       table.line());
  if (table.has("command")) hook.command = table.texts("command", io::kHookWordsMax);
  if (table.has("mail")) hook.mail = table.text("mail");
  if (table.has("lines")) hook.lines = table.texts("lines", kHookLinesMax);
  if (table.has("after_minutes"))
    hook.after_minutes = table.integer("after_minutes", 0, kHookAfterMinutesMax);
  if (table.has("timeout_seconds"))
    hook.timeout_seconds = table.integer("timeout_seconds", 1, kHookTimeoutSecondsMax);
  table.close();
  return hook;
}

}  // namespace

const char* to_string(HookOn on) {
  switch (on) {
    case HookOn::kAlarm: return "alarm";
    case HookOn::kSignOfLife: return "sign-of-life";
    case HookOn::kEscalation: return "escalation";
    case HookOn::kAnnouncement: return "announcement";
  }
  return "?";
}

bool HookConfig::concerns(std::string_view counterpart, std::string_view line) const {
  if (lines.empty() || (counterpart.empty() && line.empty())) return true;
  const std::string whole = std::string(counterpart) + "/" + std::string(line);
  return std::any_of(lines.begin(), lines.end(),
                     [&](const std::string& name) { return name == line || name == whole; });
}

Result<void> check_hooks(const std::vector<HookConfig>& hooks) {
  if (hooks.size() > kHooksMax) return fail(Fault::kLimit, "station.toml: at most 64 hooks");
  for (std::size_t i = 0; i < hooks.size(); ++i)
    if (auto good = check_hook(hooks[i]); !good)
      return fail_at(
          "station.toml: hook " + std::to_string(i + 1) + " (on " + to_string(hooks[i].on) + ")",
          good.error());
  return {};
}

Result<void> check_hook_lines(const std::vector<HookConfig>& hooks, const std::vector<std::string>& known) {
  const auto is_known = [&](const std::string& name) {
    return std::any_of(known.begin(), known.end(), [&](const std::string& line) {
      return name == line || name == std::string_view(line).substr(line.find('/') + 1);
    });
  };
  for (std::size_t i = 0; i < hooks.size(); ++i)
    for (const std::string& line : hooks[i].lines)
      if (!is_known(line))
        return fail(Fault::kConflict, "station.toml: hook " + std::to_string(i + 1) + " (on " + to_string(hooks[i].on) +
                                          ") names the line " + line +
                                          ", which no accord of this station has, so that it could never run: correct the name "
                                          "(detente accord show COUNTERPART names the lines)");
  return {};
}

Result<std::vector<HookConfig>> read_hooks(accord::TomlDocument& document,
                                           accord::TomlDocument::Table& root) {
  std::vector<HookConfig> out;
  for (auto& table : root.tables("hooks", kHooksMax)) {
    out.push_back(read_hook(document, table));
    DETENTE_TRY_VOID(document.result());
  }
  DETENTE_TRY_VOID(document.result());
  return out;
}

void write_hooks(accord::TomlWriter& writer, const std::vector<HookConfig>& hooks) {
  for (const HookConfig& hook : hooks) {
    writer.item_of("hooks").text("on", to_string(hook.on));
    if (!hook.command.empty()) writer.texts("command", hook.command);
    if (!hook.mail.empty()) writer.text("mail", hook.mail);
    if (!hook.lines.empty()) writer.texts("lines", hook.lines);
    if (hook.after_minutes != 0) writer.integer("after_minutes", hook.after_minutes);
    if (hook.timeout_seconds != HookConfig{}.timeout_seconds)
      writer.integer("timeout_seconds", hook.timeout_seconds);
  }
}

}  // namespace detente::station
