#include "client_reference.h"

#include <algorithm>
#include <charconv>

namespace detente::cli {

namespace {

constexpr std::size_t kShortEpoch = 8, kEpochDigits = 32;

struct Named {
  record::Whose whose = record::Whose::kOthers;
  std::string epoch;  // as it begins; empty: not said
  std::uint64_t index = 0;
};

Result<Named> parse_named(std::string_view text) {
  Named out;
  if (text.starts_with("own:")) out.whose = record::Whose::kAuthors;
  if (text.starts_with("own:") || text.starts_with("far:")) text.remove_prefix(4);
  const std::size_t slash = text.find('/');
  const bool with_epoch = slash != std::string_view::npos;
  if (with_epoch) {
    out.epoch = std::string(text.substr(0, slash));
    text.remove_prefix(slash + 1);
  }
  const bool hex = out.epoch.find_first_not_of("0123456789abcdef") == std::string::npos;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.index);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || !hex || out.epoch.size() > kEpochDigits ||
      with_epoch == out.epoch.empty())
    return fail(Fault::kMalformed, "write an entry as its index in the other side's log (12), with the epoch before it where there "
                                   "are several (1a2b3c4d/12), or own:3");
  return out;
}

}  // namespace

std::string short_epoch(const std::string& epoch) { return epoch.substr(0, kShortEpoch); }

Result<station::SubmissionReference> find_entry(const StationClient& station, const LineAddress& line, std::string_view text,
                                                bool unread_first) {
  DETENTE_TRY(named, parse_named(text));
  const std::string whose = named.whose == record::Whose::kAuthors ? "own" : "far";
  const std::string number = std::to_string(named.index);
  DETENTE_TRY(record, station.get(line.target() + "/record"));
  std::vector<Json> found;
  for (const Json& log : record["logs"]) {
    const std::string epoch = log.value("epoch", "");
    if (log.value("whose", "") != whose || !epoch.starts_with(named.epoch)) continue;
    if (log.value("size", std::uint64_t{0}) <= named.index && log.value("early", std::uint64_t{0}) == 0) continue;
    auto entry = station.get(line.entry(whose, named.index, epoch));
    if (entry) {
      found.push_back(std::move(*entry));
    } else if (entry.error().fault != Fault::kNotFound) {
      return tl::unexpected(entry.error());
    }
  }
  const auto unread = [](const Json& entry) { return entry.value("unread", false); };
  if (unread_first && std::any_of(found.begin(), found.end(), unread))
    std::erase_if(found, [&](const Json& entry) { return !unread(entry); });
  if (found.empty())
    return fail(Fault::kNotFound, "there is no entry " + std::string(text) + " in " + (whose == "own" ? "this side's" : "the other side's") +
                                      " log of line " + line.text() + (named.epoch.empty() ? "" : "; `detente record show " + line.text() + "` names the epochs"));
  if (found.size() > 1) {
    std::string all;
    for (const Json& entry : found)
      all += (all.empty() ? "" : ", ") + (whose == "own" ? std::string("own:") : "") + short_epoch(entry.value("epoch", "")) + "/" + number;
    return fail(Fault::kConflict, "entry " + number + " stands in " + std::to_string(found.size()) + " epochs of " +
                                      (whose == "own" ? "this side's" : "the other side's") + " log; say which: " + all);
  }
  station::SubmissionReference out;
  out.whose = named.whose;
  out.index = named.index;
  if (const auto epoch = from_hex(found.front().value("epoch", ""))) out.epoch = to_array<16>(*epoch);
  return out;
}

}  // namespace detente::cli
