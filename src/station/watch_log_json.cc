// Watch: its log, for who asks. spec/api.md, "Watch".
#include "station/watch.h"

namespace detente::station {

namespace {

bool is_about(const Json& one, const std::string& line) {
  if (line.empty()) return true;
  const Json& about = one.contains("deed") ? one["deed"] : one;
  const std::string named = about.value("line", "");
  if (!named.empty()) return named == line;
  return one.value("what", "") != "tries" || line.starts_with(one.value("counterpart", "") + "/");
}

bool is_contact(const Json& one) {
  const std::string deed = one.contains("deed") ? one["deed"].value("do", "") : "";
  return deed == "contact" || deed == "heard";
}

}  // namespace

Result<Json> Watch::log_json(const LogSpan& span) const {
  std::deque<Json> found;
  bool more = false;
  const auto visit = [&](const Json& one) -> Result<void> {
    if (more && span.after) return {};  // the page is full
    if (one["at"].get<std::uint32_t>() >= span.until.seconds || !is_about(one, span.line) || (span.contacts && !is_contact(one)))
      return {};
    if (found.size() < span.limit) {
      found.push_back(one);
      return {};
    }
    more = true;
    if (span.after) return {};
    found.push_back(one);
    found.pop_front();
    return {};
  };
  DETENTE_TRY_VOID(file_->read(span.after.value_or(0) + 1, visit, span.since));
  Json out{{"ok", true}, {"now", now().seconds}, {"more", more}, {"next", found.empty() ? Json() : found.back()["n"]}, {"lines", Json::array()}};
  for (Json& one : found) out["lines"].push_back(std::move(one));
  return out;
}

}  // namespace detente::station
