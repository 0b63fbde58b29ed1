#include "client_inbox_save.h"

#include <algorithm>

#include "io/file.h"

namespace detente::cli {

namespace {

// Each try may write up to where the disk is full.
constexpr std::chrono::seconds kTryAgainAfter{15};

bool is_left(const Json& attachment) { return attachment.contains("not_saved"); }

bool has_come(const Json& entry, const Json& attachment) {
  return attachment.value("state", "") == "here" || entry.value("whose", "") == "own";
}

}  // namespace

bool same_entry(const Json& one, const Json& other) {
  const auto same = [&](const char* key) { return one.value(key, Json()) == other.value(key, Json()); };
  return same("counterpart") && same("line") && same("whose") && same("epoch") && same("index");
}

// A file that stands in the place is read when it has gone, and not over and over.
bool InboxSaver::place_is_taken(const Json& entry, const Json& attachment) const {
  return attachment.value("not_saved_fault", "") == to_string(Fault::kConflict) &&
         io::exists(place_of_document(entry, attachment, directory_));
}

bool InboxSaver::save_attachments(Json& entry, bool only_left) {
  bool some = false;
  const LineAddress line{entry.value("counterpart", ""), entry.value("line", "")};
  for (Json& attachment : entry["attachments"]) {
    if (only_left && (!is_left(attachment) || place_is_taken(entry, attachment))) continue;
    if (!has_come(entry, attachment)) continue;
    const auto path = save_document(context_, station_, line, entry, attachment, directory_);
    context_.progress({});
    if (path) {
      attachment.erase("not_saved");
      attachment.erase("not_saved_fault");
      attachment["saved"] = *path;
      some = true;
    } else {
      attachment["not_saved"] = path.error().message;
      attachment["not_saved_fault"] = to_string(path.error().fault);
    }
  }
  return some;
}

void InboxSaver::save(Json& entry) {
  if (directory_.empty() || !entry.contains("attachments")) return;
  save_attachments(entry, false);
  const Json& named = entry["attachments"];
  for (auto* kept : {&left_, &awaited_})
    std::erase_if(*kept, [&](const Json& one) { return same_entry(one, entry); });
  if (std::any_of(named.begin(), named.end(), is_left)) left_.push_back(entry);
  if (std::any_of(named.begin(), named.end(), [&](const Json& one) { return !has_come(entry, one); })) awaited_.push_back(entry);
}

Result<std::vector<Json>> InboxSaver::arrived(const std::string& counterpart, const Json& root) {
  std::vector<Json> out;
  for (const Json& one : awaited_) {
    const Json& named = one["attachments"];
    if (one.value("counterpart", "") != counterpart ||
        std::none_of(named.begin(), named.end(), [&](const Json& a) { return a["root"] == root; }))
      continue;
    const LineAddress line{counterpart, one.value("line", "")};
    DETENTE_TRY(entry, station_.get(line.entry("far", one.value("index", std::uint64_t{0}), one.value("epoch", ""))));
    out.push_back(std::move(entry));
  }
  for (Json& entry : out) save(entry);
  return out;
}

std::vector<Json> InboxSaver::try_again() {
  std::vector<Json> out;
  const auto now = std::chrono::steady_clock::now();
  if (left_.empty() || now - tried_ < kTryAgainAfter) return out;
  for (Json& entry : left_)
    if (save_attachments(entry, true)) out.push_back(entry);
  std::erase_if(left_, [](const Json& entry) { return std::none_of(entry["attachments"].begin(), entry["attachments"].end(), is_left); });
  tried_ = std::chrono::steady_clock::now();
  return out;
}

Json InboxSaver::not_saved() const {
  Json out = Json::array();
  for (const Json& entry : left_)
    for (const Json& attachment : entry["attachments"])
      if (is_left(attachment))
        out.push_back({{"counterpart", entry.value("counterpart", "")},
                       {"line", entry.value("line", "")},
                       {"whose", entry.value("whose", "")},
                       {"epoch", entry.value("epoch", Json())},
                       {"index", entry.value("index", Json())},
                       {"root", attachment.value("root", "")},
                       {"file_name", attachment.value("file_name", "")},
                       {"fault", attachment.value("not_saved_fault", "")},
                       {"message", attachment.value("not_saved", "")}});
  return out;
}

Result<void> InboxSaver::all_saved() const {
  const Json left = not_saved();
  if (left.empty()) return {};
  const bool there = left.front().value("fault", "") == to_string(Fault::kConflict);
  const std::string what = left.size() == 1 ? "a document was not saved: "
                                            : std::to_string(left.size()) + " documents were not saved, each is told beside its message; the first: ";
  return fail(there ? Fault::kConflict : Fault::kIo, what + left.front().value("message", ""));
}

}  // namespace detente::cli
