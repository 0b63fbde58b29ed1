#include "client_compose.h"

#include <fmt/format.h>

#include <charconv>

#include "base/civil.h"
#include "client_show.h"
#include "io/os_clock.h"

namespace detente::cli {

namespace {

Result<std::pair<std::uint64_t, std::string_view>> number_and_unit(std::string_view text,
                                                                   const char* example) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number > 1'000'000'000)
    return fail(Fault::kMalformed, std::string("write a time as in ") + example);
  return std::pair(number, text.substr(static_cast<std::size_t>(end - text.data())));
}

Result<station::Wait> parse_wait(const std::string& text) {
  if (text == "none") return station::Wait::kNone;
  if (text == "durable") return station::Wait::kDurable;
  if (text == "receipt") return station::Wait::kReceipt;
  return fail(Fault::kMalformed, "--wait is none, durable or receipt; for a send with --file it is document, too");
}

Result<void> sign(Context& context, const SideDir& side, const Json& line, Compose& compose) {
  if (line.value("evidence", "") == "deniable")
    return fail(Fault::kDenied,
                "line " + compose.line.text() +
                    " is unattested: its words carry no signature. Send without --as, "
                    "or use a provable line");
  DETENTE_TRY(officer, side.officer(compose.officer));
  DETENTE_TRY(passphrase, context.passphrase(side, Context::Ask::kOpen));
  DETENTE_TRY(keys, side.open_officer(compose.officer, passphrase));
  DETENTE_TRY(accord, accord_of_line(side, compose.line.counterpart, line));
  record::Entry& entry = compose.submission.entry;
  entry.header.author = officer.number;
  record::Header signed_header = entry.header;
  for (const station::SubmissionReference& reference : compose.submission.references)
    signed_header.references.push_back(
        {reference.whose, *reference.epoch, reference.index, *reference.leaf});
  DETENTE_TRY(counter, side.take_officer_counter(compose.officer, io::os_wall_time()));
  entry.signatures.push_back(record::sign_entry(signed_header, entry.body, accord.digest,
                                                accord.accord.version, officer.number, counter,
                                                keys.sign));
  return {};
}

}  // namespace

// References as the signed header has them: whose log, epoch, index, leaf.
Result<void> complete_references(const StationClient& station, Compose& compose) {
  for (station::SubmissionReference& reference : compose.submission.references) {
    const bool own = reference.whose == record::Whose::kAuthors;
    DETENTE_TRY(entry, station.get(compose.line.entry(own ? "own" : "far", reference.index,
                                                      reference.epoch ? to_hex(*reference.epoch) : "")));
    const auto epoch = from_hex(entry.value("epoch", ""));
    const auto leaf = from_hex(entry.value("leaf", ""));
    reference.epoch = epoch ? to_array<16>(*epoch) : std::nullopt;
    reference.leaf = leaf ? to_array<32>(*leaf) : std::nullopt;
    if (!reference.epoch || !reference.leaf)
      return fail(Fault::kIo, "the station's answer about the entry referred to cannot be read");
  }
  return {};
}

// The station says which accord is in force; what is signed must be the accord that lies here.
Result<accord::AccordInForce> accord_of_line(const SideDir& side, const std::string& counterpart, const Json& line) {
  const auto digest_bytes = from_hex(line["accord"].value("digest", ""));
  const auto digest = digest_bytes ? to_array<32>(*digest_bytes) : std::nullopt;
  if (!digest) return fail(Fault::kIo, "the station's answer about the line cannot be read");
  DETENTE_TRY(accord, side.accord_in_force(counterpart));
  if (accord.digest == *digest) return accord;
  return fail(Fault::kConflict, "the station runs under another accord with " + counterpart +
                                    " than the one in this directory: start the station again");
}

Result<Json> post_entry(Context& context, const SideDir& side, const StationClient& station,
                        Compose compose) {
  DETENTE_TRY(line, station.get(compose.line.target()));
  record::Header& header = compose.submission.entry.header;
  header.line.value = line.value("line_number", std::uint16_t{0});
  header.time = io::os_wall_time();
  DETENTE_TRY_VOID(complete_references(station, compose));
  if (!compose.officer.empty()) DETENTE_TRY_VOID(sign(context, side, line, compose));
  return station.post(compose.line.target() + "/entries",
                      station::write_submission(compose.submission));
}

bool say_outcome(Context& context, const LineAddress& line, const station::Submission& submission,
                 const Json& answer) {
  const record::Header& header = submission.entry.header;
  const std::string state = answer.value("state", "");
  const std::string entry_class = station::class_name(header.entry_class);
  const std::string mark = header.entry_class == record::EntryClass::kLive ? "" : upper(entry_class) + " | ";
  std::string head = mark + line.text();
  if (answer.contains("entry"))
    head += fmt::format(" own {}", answer["entry"]["index"].get<std::uint64_t>());
  head += fmt::format("  {} {}", upper(record::precedence_name(header.precedence)), entry_class);
  context.say(head);
  const std::string& name = line.counterpart;
  if (state == "receipted") {
    context.say(mark + "  on the other side's disk: verified receipt");
  } else if (state == "placed") {
    context.say(mark + "  waiting: on this side's disk, not yet received by " + name + ".");
    context.say(mark + "  It is sent again until " + name + "'s receipt is here.");
  } else if (state == "testing") {
    context.say(mark + "  waiting: on this side's disk, until the tests of these lines have passed; the cut is in force until then.");
  } else if (state == "queued") {
    context.say(mark + "  waiting: on this side's disk, not yet received.");
    context.say(mark + "  It will be sent when " + name + " is reached.");
  } else {
    context.say(mark + "  taken by the station; whether it is on disk was not waited for");
  }
  context.result(answer);
  return state == "receipted";
}

void add_wait_options(CLI::App& command, std::string& wait, std::string& timeout) {
  command.add_option("--wait", wait, "Return when: none, durable (own disk), receipt (their disk)")
      ->capture_default_str();
  command.add_option("--timeout", timeout, "How long to wait for the receipt; after that it waits on its own, with status 0 and its state shown")
      ->capture_default_str();
}

Result<std::chrono::milliseconds> parse_timeout(const std::string& text) {
  const char* const example = "10s, 500ms, 5m or 2h, at most a day";
  DETENTE_TRY(parts, number_and_unit(text, example));
  const std::uint64_t scale = parts.second == "ms"                         ? 1
                              : parts.second == "s" || parts.second.empty() ? 1000
                              : parts.second == "m"                         ? 60'000
                              : parts.second == "h"                         ? 3'600'000
                                                                            : 0;
  constexpr std::uint64_t kDay = 86'400'000;
  if (scale == 0 || parts.first > kDay / scale) return fail(Fault::kMalformed, std::string("write --timeout as in ") + example);
  return std::chrono::milliseconds(parts.first * scale);
}

Result<void> set_wait(station::Submission& submission, const std::string& wait, const std::string& timeout) {
  DETENTE_TRY(until, parse_wait(wait));
  DETENTE_TRY(patience, parse_timeout(timeout));
  submission.wait = until;
  submission.timeout_ms = static_cast<std::uint64_t>(patience.count());
  if (submission.timeout_ms > station::kWaitMsMax)
    return fail(Fault::kLimit, "--timeout is at most " + std::to_string(station::kWaitMsMax / 1000) + "s");
  return {};
}

Result<WallTime> parse_when(const std::string& text, WallTime now) {
  if (!text.starts_with('+')) return parse_utc(text);
  DETENTE_TRY(parts, number_and_unit(std::string_view(text).substr(1), "+30m, +2h, +1d"));
  const std::string_view unit = parts.second;
  const std::uint64_t scale = unit == "s"   ? 1
                              : unit == "m" ? 60
                              : unit == "h" ? 3600
                              : unit == "d" ? 86400
                                            : 0;
  const std::uint64_t seconds = now.seconds + parts.first * scale;
  if (scale == 0 || seconds > UINT32_MAX)
    return fail(Fault::kMalformed, "write a time as in +30m, +2h, +1d or 2026-11-24T09:00:00Z");
  return WallTime{static_cast<std::uint32_t>(seconds)};
}

}  // namespace detente::cli
