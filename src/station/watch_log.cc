#include "station/watch_log.h"

#include <algorithm>
#include <charconv>

#include "crypto/hash.h"

namespace detente::station {

namespace {

constexpr std::uint64_t kLinesOfMark = 512;

constexpr std::size_t kDigestChars = 32;

std::string digest_of(std::string_view line) { return to_hex(crypto::sha256(as_bytes(line))).substr(0, kDigestChars); }

WallTime time_of(const Json& line) {
  const auto at = line.find("at");
  return {at != line.end() && at->is_number_unsigned() ? at->get<std::uint32_t>() : 0};
}

}  // namespace

// Checks that each line follows the one before, from a mark on.
class WatchLog::Chain {
 public:
  Chain(const Mark& from, const Visit& visit) : visit_(visit), lines_(from.lines), prev_(from.prev) {}

  Result<void> take(std::string_view text) {
    Json line = Json::parse(text, nullptr, false);
    if (!line.is_object() || !line.contains("n") || line["n"] != lines_ + 1)
      return fail(Fault::kMalformed, "is no line of a watch log, or not the one that comes next; take the file "
                                     "from the newest backup, or move it away to begin a new one");
    if (!line.contains("prev") || line["prev"] != prev_)
      return fail(Fault::kConflict, "does not fit the line before it: one of them was changed or taken out. Keep "
                                    "the file as evidence and move it away to begin a new one");
    prev_ = digest_of(text);
    ++lines_;
    return visit_(line);
  }

 private:
  const Visit& visit_;
  std::uint64_t lines_;
  std::string prev_;
};

void WatchLog::Index::pass(std::string_view line, WallTime at) {
  if (end.lines % kLinesOfMark == 0) marks.push_back(end);
  ++end.lines;
  end.offset += line.size() + 1;
  end.prev = digest_of(line);
  end.latest = std::max(end.latest, at);
}

Result<WatchLog> WatchLog::open(const io::Path& path, const Visit& visit) {
  Index index;
  WallTime at;
  const Visit dated = [&](const Json& line) {
    at = time_of(line);
    return visit(line);
  };
  Chain chain(Mark{}, dated);
  DETENTE_TRY(file, io::JournalFile::open(path, [&](std::string_view text) -> Result<void> {
    DETENTE_TRY_VOID(chain.take(text));
    index.pass(text, at);
    return {};
  }));
  return WatchLog(std::move(file), std::move(index));
}

Result<std::uint64_t> WatchLog::check(std::string_view text) {
  std::uint64_t lines = 0;
  const Visit none = [](const Json&) -> Result<void> { return {}; };
  Chain chain(Mark{}, none);
  for (std::size_t end = text.find('\n'); end != text.npos; end = text.find('\n')) {
    if (const auto good = chain.take(text.substr(0, end)); !good) return fail_at("line " + std::to_string(lines + 1), good.error());
    ++lines;
    text.remove_prefix(end + 1);
  }
  return lines;
}

Result<std::uint64_t> WatchLog::append(WallTime at, const Json& note) {
  Json line{{"n", lines() + 1}, {"prev", index_.end.prev}, {"at", at.seconds}};
  line.update(note);
  const std::string text = dump(line);
  DETENTE_TRY_VOID(file_.append(text));
  index_.pass(text, at);
  return lines();
}

Result<void> WatchLog::read(std::uint64_t first, const Visit& visit, WallTime since) const {
  Mark from;
  for (const Mark& mark : index_.marks)
    if (mark.lines < first || mark.latest < since) from = mark;
  const Visit late = [&](const Json& line) -> Result<void> {
    return line["n"].get<std::uint64_t>() < first || time_of(line) < since ? Result<void>{} : visit(line);
  };
  Chain chain(from, late);
  return file_.read_from(from.offset, [&](std::string_view text) { return chain.take(text); });
}

Result<bool> WatchLog::goes_through(const End& then) const {
  if (then.lines > lines()) return false;
  if (then.lines == 0 || then.lines == lines()) return then.lines == 0 || then.digest == index_.end.prev;
  bool same = false;
  DETENTE_TRY_VOID(read(then.lines + 1, [&](const Json& line) -> Result<void> {
    if (line["n"] == then.lines + 1) same = line["prev"] == then.digest;
    return {};
  }));
  return same;
}

std::string write_end(const WatchLog::End& end) { return std::to_string(end.lines) + " " + end.digest + "\n"; }

Result<WatchLog::End> parse_end(std::string_view text) {
  WatchLog::End out;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), out.lines);
  const std::string_view digest(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
  if (error != std::errc() || digest.size() != 2 + kDigestChars || digest.front() != ' ' || digest.back() != '\n')
    return fail(Fault::kMalformed, "this is not the end of a watch log as this program writes it");
  out.digest = digest.substr(1, kDigestChars);
  return out;
}

}  // namespace detente::station
