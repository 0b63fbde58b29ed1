#include "station/watch_log.h"

#include "crypto/hash.h"

namespace detente::station {

namespace {

std::string digest_of(std::string_view line) { return to_hex(crypto::sha256(as_bytes(line))).substr(0, 32); }

// Checks the chain as it goes.
class Chain {
 public:
  explicit Chain(const WatchLog::Visit& visit) : visit_(visit) {}

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
  std::uint64_t lines() const { return lines_; }
  const std::string& prev() const { return prev_; }

 private:
  const WatchLog::Visit& visit_;
  std::uint64_t lines_ = 0;
  std::string prev_;
};

}  // namespace

Result<WatchLog> WatchLog::open(const io::Path& path, const Visit& visit) {
  Chain chain(visit);
  DETENTE_TRY(file, io::JournalFile::open(path, [&](std::string_view text) { return chain.take(text); }));
  WatchLog out(std::move(file));
  out.lines_ = chain.lines();
  out.prev_ = chain.prev();
  return out;
}

Result<std::uint64_t> WatchLog::append(WallTime at, const Json& note) {
  Json line{{"n", lines_ + 1}, {"prev", prev_}, {"at", at.seconds}};
  line.update(note);
  const std::string text = dump(line);
  DETENTE_TRY_VOID(file_.append(text));
  prev_ = digest_of(text);
  return ++lines_;
}

Result<void> WatchLog::read(std::uint64_t first, const Visit& visit) const {
  const Visit late = [&](const Json& line) -> Result<void> {
    return line["n"].get<std::uint64_t>() < first ? Result<void>{} : visit(line);
  };
  Chain chain(late);
  return file_.read([&](std::string_view text) { return chain.take(text); });
}

}  // namespace detente::station
