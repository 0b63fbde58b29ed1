// Watch: deeds of officers at this station.
#include <spdlog/spdlog.h>

#include <algorithm>

#include "crypto/hash.h"
#include "station/announcer.h"
#include "station/desk_checks.h"
#include "station/watch.h"

namespace detente::station {

namespace {

Result<std::vector<DeedSignature>> parse_signatures(const Json* list) {
  std::vector<DeedSignature> out;
  if (list == nullptr) return fail(Fault::kMalformed, "a deed needs \"signatures\"");
  for (const Json& one : *list) {
    DETENTE_TRY(in, JsonReader::of(one, "signature"));
    const auto officer = in.number("officer", UINT16_MAX);
    const auto bytes = in.base64("signature");
    const auto signature = bytes ? to_array<crypto::kSignatureSize>(*bytes) : std::nullopt;
    DETENTE_TRY_VOID(in.close());
    if (!officer || !signature) return fail(Fault::kMalformed, "a signature is an officer's number and 64 bytes");
    out.push_back({OfficerId{static_cast<std::uint16_t>(*officer)}, *signature});
  }
  return out;
}

}  // namespace

Result<std::vector<Watch::OneLine*>> Watch::lines_of_deed(const Deed& deed) {
  std::vector<std::string> names = deed.lines;
  if (!deed.line.empty()) names.push_back(deed.line);
  std::vector<OneLine*> out;
  for (const std::string& name : names) {
    OneLine* line = named(name);
    if (line == nullptr)
      return fail(Fault::kNotFound, "there is no line " + name.substr(0, 80) + "; `detente status` lists them");
    out.push_back(line);
  }
  return out;
}

std::vector<std::string> Watch::lines_open_to(OfficerId officer) const {
  std::vector<std::string> out;
  const accord::SignedCredential* held = running_.own_roster.by_number(officer);
  for (const auto& [key, line] : lines_)
    if (key.line != kAccordLine && held != nullptr && check_line_right(*line.annex, held->credential)) out.push_back(line.name);
  return out;
}

// Who leaves a line needs no right on it: a watch that nobody can end would stay for ever.
Result<void> Watch::check_rights(const Deed& deed, const std::vector<OneLine*>& lines) {
  if (deed.what == "off") return {};
  const OfficerId who = deed.to.value_or(deed.officer);
  const accord::Credential& credential = running_.own_roster.by_number(who)->credential;
  if (deed.what == "on" && deed.lines.empty() && lines_open_to(who).empty())
    return fail(Fault::kDenied, "officer " + std::to_string(who.value) + ", " + credential.post +
                                    ", has no right on any line of this station: his credential or the accord names others");
  std::vector<const OneLine*> concerned(lines.begin(), lines.end());
  if (deed.what == "handover" && deed.lines.empty())
    for (const auto& [key, line] : lines_)
      if (people_.is_on(running_.own_roster.first_number(deed.officer), line.name)) concerned.push_back(&line);
  if (const auto alarm = alarms_.find(deed.alarm); deed.what == "acknowledge" && alarm)
    if (const OneLine* line = named(alarm->about.line); line != nullptr && line->annex->line != kAccordLine)
      concerned.push_back(line);
  for (const OneLine* line : concerned) DETENTE_TRY_VOID(check_line_right(*line->annex, credential));
  return {};
}

Result<void> Watch::check_deed(const Deed& deed, const std::vector<OneLine*>& lines) {
  DETENTE_TRY_VOID(check_desk_time(deed.time, now()));
  const auto used = counters_.find(deed.officer);
  if (used != counters_.end() && deed.counter <= used->second)
    return fail(Fault::kConflict, "this officer's signature was used before; sign again");
  DETENTE_TRY_VOID(check_rights(deed, lines));
  if (deed.what == "off" || deed.what == "handover") {
    const std::vector<std::string> names = deed.lines.empty() ? every_line() : deed.lines;
    const OfficerId officer = running_.own_roster.first_number(deed.officer);
    const bool is_on = std::any_of(names.begin(), names.end(),
                                   [&](const std::string& name) { return people_.is_on(officer, name); });
    if (!is_on)
      return fail(Fault::kState, officer_words(running_.own_roster, deed.officer) +
                                     " is not on watch there; `detente watch show` says who is, and who is there leaves or "
                                     "hands over himself");
  }
  if (deed.what == "acknowledge") return check_acknowledge(deed.alarm);
  if (deed.what == "release") return running_.announcer->check_release(*lines.front()->counterpart, {deed.capture, deed.proposal});
  if (deed.what == "discard") return check_discard(deed, *lines.front());
  return {};
}

// The signature is over what was shown to him.
Result<void> Watch::check_discard(const Deed& deed, const OneLine& line) const {
  const core::Line& held = running_.line(line.counterpart->peer, line.annex->line);
  DETENTE_TRY_VOID(held.check_discard(deed.waiting));
  bool same = false;
  held.each_waiting([&](core::SubmissionId id, const record::Entry& entry) {
    same = same || (id == deed.waiting && to_hex(crypto::sha256(entry.body)) == deed.capture);
  });
  if (!same) return fail(Fault::kConflict, "what waits under that number is another entry than the one that was signed for");
  return {};
}

Result<Json> Watch::do_deed(const Json& request) {
  DETENTE_TRY(in, JsonReader::of(request, "watch"));
  const Json* signature_list = in.array("signatures", 2);
  const Json* given = in.object("deed");
  DETENTE_TRY_VOID(in.close());
  if (given == nullptr) return fail(Fault::kMalformed, "watch: \"deed\" must be an object");
  DETENTE_TRY(signatures, parse_signatures(signature_list));
  DETENTE_TRY(deed, parse_deed(*given));
  DETENTE_TRY(lines, lines_of_deed(deed));
  DETENTE_TRY_VOID(check_deed_signatures(running_.dir.name(), deed, *given, signatures, running_.own_roster, now()));
  DETENTE_TRY_VOID(check_deed(deed, lines));
  Json kept = Json::array();
  for (const DeedSignature& one : signatures)
    kept.push_back({{"officer", one.officer.value}, {"signature", to_base64(one.signature)}});
  const auto number = file_->append(now(), {{"what", "deed"}, {"deed", *given}, {"signed", kept}});
  if (!number) {
    trouble_ = number.error().message;
    return tl::unexpected<Error>(number.error());
  }
  take_deed(deed);
  if (deed.what == "release") DETENTE_TRY_VOID(running_.announcer->release(*lines.front()->counterpart, {deed.capture, deed.proposal}));
  if (deed.what == "discard")
    DETENTE_TRY_VOID(running_.driver->discard(lines.front()->counterpart->peer, lines.front()->annex->line, deed.waiting,
                                              "thrown away by officer " + std::to_string(deed.officer.value) + ", who signed that; it was not sent"));
  last_deed_ = now();
  running_.events.add_told({{"event", "watch"}, {"do", deed.what}, {"officer", deed.officer.value}}, now());
  for (auto& [key, line] : lines_) tell_on_watch(line);
  return Json{{"ok", true}, {"n", *number}, {"do", deed.what},
              {"officer", officer_words(running_.own_roster, deed.officer)}};
}

void Watch::take_deed(const Deed& deed) {
  std::uint64_t& counter = counters_[deed.officer];
  counter = std::max(counter, deed.counter);
  // Whoever was renewed on watch is still the same person.
  Deed known = deed;
  known.officer = running_.own_roster.first_number(deed.officer);
  if (deed.to) known.to = running_.own_roster.first_number(*deed.to);
  people_.take(known, deed.what == "on" && deed.lines.empty() ? lines_open_to(deed.officer) : every_line());
  if (deed.what == "acknowledge") acknowledge(deed);
  OneLine* line = named(deed.line);
  if (line == nullptr) return;
  const auto keep_newest = [&deed](std::optional<Deed>& held) {
    if (!held || held->at <= deed.at) held = deed;
  };
  if (deed.what == "contact") keep_newest(line->contact);
  if (deed.what == "heard") keep_newest(line->heard);
}

}  // namespace detente::station
