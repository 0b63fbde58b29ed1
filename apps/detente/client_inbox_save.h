// The documents of what an inbox shows, written into a directory one by one. What cannot be saved is told beside its
// message and keeps nothing else from being shown or saved: a FLASH may stand behind it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "client_documents.h"

namespace detente::cli {

// One place of one log.
bool same_entry(const Json& one, const Json& other);

class InboxSaver {
 public:
  // Nothing is saved where the directory is empty.
  InboxSaver(const Context& context, const StationClient& station, std::string directory)
      : context_(context), station_(station), directory_(std::move(directory)) {}

  // Each attachment that is all here gets "saved", its path, or "not_saved", why not.
  void save(Json& entry);
  // For who follows: this document of theirs has come. The entries that were given to save() and name it, read anew and saved.
  Result<std::vector<Json>> arrived(const std::string& counterpart, const Json& root);
  // For who follows: what could not be saved, now and then once more and without a word where it still cannot be. The
  // entries of which something was saved by that.
  std::vector<Json> try_again();

  // An object for each document that could not be saved: of which entry, which, why.
  Json not_saved() const;
  // An error with the first of them, where there are any.
  Result<void> all_saved() const;

 private:
  // Whether something of the entry was saved; `only_left`: what was not saved the last time.
  bool save_attachments(Json& entry, bool only_left);
  bool place_is_taken(const Json& entry, const Json& attachment) const;

  const Context& context_;
  const StationClient& station_;
  const std::string directory_;
  std::vector<Json> left_;  // entries of which something could not be saved
  std::vector<Json> awaited_;  // and those of which something has not come
  std::chrono::steady_clock::time_point tried_ = std::chrono::steady_clock::now();
};

}  // namespace detente::cli
