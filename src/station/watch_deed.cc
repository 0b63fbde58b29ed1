#include "station/watch_deed.h"

#include "base/civil.h"

#include <algorithm>

#include "station/desk_checks.h"
#include "wire/text.h"

namespace detente::station {

namespace {

constexpr std::size_t kNameMax = 120;
constexpr std::size_t kLinesMax = 256;
constexpr std::uint64_t kCounterMax = std::uint64_t{1} << 48;

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> known) {
  return std::find(known.begin(), known.end(), text) != known.end();
}

Bytes signed_text(const std::string& side, const Json& deed) {
  return to_bytes(as_bytes("detente-watch/1\n" + side + "\n" + dump(deed)));
}

Result<std::string> safe(JsonReader& in, const char* key, std::size_t max) {
  const std::string text = in.text(key).value_or("");
  if (const auto good = wire::check_text(text, max); !good) return fail_at(std::string("deed: \"") + key + "\"", good.error());
  return text;
}

WallTime time_of(JsonReader& in, const char* key) {
  return {static_cast<std::uint32_t>(in.number(key, UINT32_MAX).value_or(0))};
}

OfficerId officer_of(std::uint64_t number) { return OfficerId{static_cast<std::uint16_t>(number)}; }

// What each deed cannot do without.
Result<void> check_parts(const Deed& deed) {
  const auto missing = [](const char* key) {
    return fail(Fault::kMalformed, std::string("deed: \"") + key + "\" is missing");
  };
  if (!is_one_of(deed.what, {"on", "off", "handover", "here", "acknowledge", "contact", "heard", "release", "discard"}))
    return fail(Fault::kMalformed, "deed: \"do\" is on, off, handover, here, acknowledge, contact, heard, release or discard");
  if (deed.officer == kStationItself || deed.time.seconds == 0 || deed.counter == 0) return missing("officer, time, counter");
  if (deed.what == "handover" && (!deed.to || *deed.to == deed.officer))
    return fail(Fault::kMalformed, "deed: a handover is to another officer");
  if (deed.what == "acknowledge" && deed.alarm == 0) return missing("alarm");
  if (deed.what == "release" && (deed.line.empty() || deed.capture.empty())) return missing("line, capture");
  if (deed.what == "discard" && (deed.line.empty() || deed.capture.empty() || deed.waiting == 0)) return missing("line, capture, waiting");
  const bool spoken = deed.what == "contact" || deed.what == "heard";
  if (spoken && (deed.line.empty() || deed.bearer.empty() || deed.words.empty() || deed.at.seconds == 0))
    return missing("line, bearer, words, at");
  if (spoken && deed.at > deed.time)
    return fail(Fault::kMalformed, "deed: it is noted before it was; correct the hour");
  if (deed.what == "contact" && !is_one_of(deed.way, {"in", "out"}))
    return fail(Fault::kMalformed, "deed: \"way\" is in or out");
  return {};
}

}  // namespace

Json write_deed(const Deed& deed) {
  Json out{{"do", deed.what}, {"time", deed.time.seconds}, {"counter", deed.counter}, {"officer", deed.officer.value}};
  if (!deed.lines.empty()) out["lines"] = deed.lines;
  if (deed.to) out["to"] = deed.to->value;
  if (deed.alarm > 0) out["alarm"] = deed.alarm;
  if (!deed.line.empty()) out["line"] = deed.line;
  if (!deed.bearer.empty()) out["bearer"] = deed.bearer;
  if (!deed.way.empty()) out["way"] = deed.way;
  if (!deed.words.empty()) out["words"] = deed.words;
  if (deed.at.seconds > 0) out["at"] = deed.at.seconds;
  if (deed.read_back) out["read_back"] = 1;
  if (deed.readability > 0) out["readability"] = deed.readability;
  if (!deed.capture.empty()) out["capture"] = deed.capture;
  if (!deed.proposal.empty()) out["proposal"] = deed.proposal;
  if (deed.waiting > 0) out["waiting"] = deed.waiting;
  return out;
}

Result<Deed> parse_deed(const Json& json) {
  DETENTE_TRY(in, JsonReader::of(json, "deed"));
  Deed out;
  out.what = in.text("do").value_or("");
  out.time = time_of(in, "time");
  out.counter = in.number("counter", kCounterMax).value_or(0);
  out.officer = officer_of(in.number("officer", UINT16_MAX).value_or(0));
  out.lines = in.texts("lines", kLinesMax);
  if (const auto to = in.number("to", UINT16_MAX)) out.to = officer_of(*to);
  out.alarm = in.number("alarm", UINT32_MAX).value_or(0);
  for (const auto& [key, part, max] : {std::tuple("line", &Deed::line, kNameMax), {"bearer", &Deed::bearer, kNameMax},
                                       {"way", &Deed::way, kNameMax}, {"words", &Deed::words, kDeedWordsMax},
                                       {"proposal", &Deed::proposal, kNameMax}}) {
    DETENTE_TRY(text, safe(in, key, max));
    out.*part = std::move(text);
  }
  out.at = time_of(in, "at");
  out.read_back = in.number("read_back", 1).value_or(0) == 1;
  out.readability = in.number("readability", 5).value_or(0);
  if (const auto capture = in.hex<32>("capture")) out.capture = to_hex(*capture);
  out.waiting = in.number("waiting", kCounterMax).value_or(0);
  DETENTE_TRY_VOID(in.close());
  DETENTE_TRY_VOID(check_parts(out));
  // What was signed is the text; it is kept as it is written here.
  if (dump(write_deed(out)) != dump(json))
    return fail(Fault::kMalformed, "deed: members in the order of the specification, none that means nothing");
  return out;
}

crypto::Signature sign_deed(const std::string& side, const Json& deed, const crypto::SignKey& key) {
  return key.sign(signed_text(side, deed));
}

Result<void> check_deed_signatures(const std::string& side, const Deed& deed, const Json& json,
                                   const std::vector<DeedSignature>& signatures, const accord::Roster& roster,
                                   WallTime now) {
  std::vector<OfficerId> needed{deed.officer};
  if (deed.to) needed.push_back(*deed.to);
  if (signatures.size() != needed.size())
    return fail(Fault::kDenied, deed.to ? "a handover carries both officers' signatures"
                                        : "this carries the officer's signature and no other");
  for (std::size_t i = 0; i < needed.size(); ++i) {
    const std::string who = "officer " + std::to_string(needed[i].value);
    const accord::SignedCredential* held = roster.by_number(needed[i]);
    if (held == nullptr || held->credential.is_station() || signatures[i].officer != needed[i])
      return fail(Fault::kDenied, "no credential of " + who + " is known at this station; import its bulletin");
    if (roster.revoked(needed[i])) return fail(Fault::kDenied, "the credential of " + who + " is revoked");
    if (const auto suspended = roster.suspended(needed[i], now))
      return fail(Fault::kDenied, who + " is suspended by the duty chief until " + format_utc(suspended->until));
    // Whoever leaves may leave after the last day, too: a watch that nobody can end would stay for ever.
    const bool leaves = i == 0 && is_one_of(deed.what, {"off", "handover"}) && held->credential.not_after < now;
    if (!leaves) DETENTE_TRY_VOID(check_valid_now(held->credential, now));
    if (!held->credential.sign_key.verify(signed_text(side, json), signatures[i].signature))
      return fail(Fault::kDenied, "the signature of " + who + " does not fit the text");
  }
  return {};
}

}  // namespace detente::station
