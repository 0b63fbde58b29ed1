#include "station/hook_book.h"

#include <algorithm>

namespace detente::station {

std::string hook_name(std::size_t place, const HookConfig& hook) {
  std::string out = "hook " + std::to_string(place + 1) + ", on " + to_string(hook.on);
  if (hook.on == HookOn::kEscalation) out += " after " + std::to_string(hook.after_minutes) + " min";
  return out + ": " + (hook.mail.empty() ? hook.command.empty() ? "" : hook.command.front() : "mail to " + hook.mail);
}

HookBook::HookBook(const std::vector<HookConfig>& hooks) {
  for (std::size_t place = 0; place < hooks.size(); ++place) names_.push_back(hook_name(place, hooks[place]));
}

void HookBook::failed(const std::string& hook, WallTime at, const std::string& words) {
  if (std::find(names_.begin(), names_.end(), hook) == names_.end()) return;
  Failing& out = failing_.try_emplace(hook, Failing{hook, at, at, 0, ""}).first->second;
  out.last = at;
  ++out.times;
  out.words = words;
}

bool HookBook::worked(const std::string& hook) { return failing_.erase(hook) > 0; }

std::vector<HookBook::Failing> HookBook::failing() const {
  std::vector<Failing> out;
  for (const std::string& name : names_)
    if (const auto held = failing_.find(name); held != failing_.end()) out.push_back(held->second);
  return out;
}

}  // namespace detente::station
