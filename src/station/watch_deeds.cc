// Watch: deeds of officers at this station.
#include <spdlog/spdlog.h>

#include <algorithm>

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

Result<void> Watch::check_deed(const Deed& deed, const std::vector<OneLine*>& lines) {
  DETENTE_TRY_VOID(check_desk_time(deed.time, now()));
  const auto used = counters_.find(deed.officer);
  if (used != counters_.end() && deed.counter <= used->second)
    return fail(Fault::kConflict, "this officer's signature was used before; sign again");
  for (const OneLine* line : lines)
    DETENTE_TRY_VOID(check_post(*line->annex, running_.own_roster.by_number(deed.officer)->credential));
  if (deed.what == "off" || deed.what == "handover") {
    const std::vector<std::string> names = deed.lines.empty() ? every_line() : deed.lines;
    const OfficerId officer = running_.own_roster.first_number(deed.officer);
    const bool is_on = std::any_of(names.begin(), names.end(),
                                   [&](const std::string& name) { return people_.is_on(officer, name); });
    if (!is_on) return fail(Fault::kState, "officer " + std::to_string(deed.officer.value) + " is not on watch there");
  }
  if (deed.what == "acknowledge") return check_acknowledge(deed.alarm);
  if (deed.what == "release") return running_.announcer->check_release(*lines.front()->counterpart, deed.capture);
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
  std::vector<LineId> ids;
  for (const OneLine* line : lines) ids.push_back(line->annex->line);
  DETENTE_TRY_VOID(check_deed_signatures(running_.dir.name(), deed, *given, signatures, running_.own_roster, now(), ids));
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
  if (deed.what == "release") DETENTE_TRY_VOID(running_.announcer->release(*lines.front()->counterpart, deed.capture));
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
  people_.take(known, every_line());
  if (deed.what == "acknowledge") acknowledge(deed);
  if (deed.what != "contact") return;
  OneLine* line = named(deed.line);
  if (line != nullptr && (!line->contact || line->contact->at <= deed.at)) line->contact = deed;
}

}  // namespace detente::station
