// WatchLog: the watch log of a station: who was on watch, what was heard by other
// ways, own tries, alarms and who acknowledged them, and a line for each fact of a
// check call, so that the years of a calendar need no reading of the whole record.
//
// It is this side's own and never sent. Each line holds the digest of the one before
// it: a line cannot be changed or taken out without all later ones showing it.
// Persons' lines carry their signatures. spec/station-files.md, "watch.log".
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/time.h"
#include "io/journal_file.h"
#include "station/json.h"

namespace detente::station {

class WatchLog {
 public:
  using Visit = std::function<Result<void>(const Json& line)>;
  // `visit` is given every line that is there, in order.
  static Result<WatchLog> open(const io::Path& path, const Visit& visit);

  // Whether each whole line of the file's text fits the one before; how many there are. A part of a line at the end is
  // one that is being written.
  static Result<std::uint64_t> check(std::string_view text);

  // Adds "n", "prev" and "at" in front of `note` (an object with "what"). On the disk when it returns its number.
  Result<std::uint64_t> append(WallTime at, const Json& note);
  // Every line from number `first` on (from 1) that was written at `since` or later, by the clock then. What lies before
  // them is not read, but for some lines.
  Result<void> read(std::uint64_t first, const Visit& visit, WallTime since = {}) const;

  // How far the log goes, as kept beside it: a log that lost its end fits together all the same.
  struct End {
    std::uint64_t lines = 0;
    std::string digest;  // of the last line, as "prev" of the next one has it
    bool operator==(const End&) const = default;
  };
  End end() const { return {index_.end.lines, index_.end.prev}; }
  // Whether the log, which may have gone on since, has that line.
  Result<bool> goes_through(const End& then) const;

  std::uint64_t lines() const { return index_.end.lines; }
  std::uint64_t bytes() const { return file_.size(); }
  std::uint64_t torn_bytes() const { return file_.torn_bytes(); }

 private:
  // Where reading can begin: the line after `lines` of them.
  struct Mark {
    std::uint64_t lines = 0, offset = 0;
    std::string prev;
    WallTime latest;  // of all before it
  };
  // What is known of the lines so far.
  struct Index {
    Mark end;
    std::vector<Mark> marks;
    void pass(std::string_view line, WallTime at);
  };
  class Chain;
  WatchLog(io::JournalFile file, Index index) : file_(std::move(file)), index_(std::move(index)) {}
  io::JournalFile file_;
  Index index_;
};

std::string write_end(const WatchLog::End& end);
Result<WatchLog::End> parse_end(std::string_view text);

}  // namespace detente::station
