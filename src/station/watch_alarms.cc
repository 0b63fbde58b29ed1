// Watch: alarms, who is told of them, and what raises them beside the check calls:
// a watch that does not answer its prompt, credentials that expire.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/civil.h"
#include "station/hook_event.h"
#include "station/watch.h"
#include "wire/text.h"

namespace detente::station {

namespace {

constexpr std::uint32_t kExpiryWarningSeconds = 30 * 86400;
constexpr std::uint32_t kExpiryLookSeconds = 3600;
constexpr std::size_t kKeptWordsMax = 2000;  // of one alarm: some ten losses of a disk
constexpr std::uint32_t kRenewalSeconds = 7 * 86400;  // so long whoever expired on watch can be renewed on it, leave or hand over

Json alarm_json(const watch::ListedAlarm& alarm) {
  return {{"number", alarm.id},
          {"kind", alarm.about.kind},
          {"line", alarm.about.line},
          {"words", wire::display_line(alarm.words)},
          {"raised_at", alarm.raised_at.seconds},
          {"last_at", alarm.last_at.seconds},
          {"count", alarm.count},
          {"acknowledged_at", alarm.acknowledged ? Json(alarm.acknowledged->at.seconds) : Json()},
          {"acknowledged_by", alarm.acknowledged ? alarm.acknowledged->officer : ""},
          {"note", alarm.acknowledged ? wire::display_line(alarm.acknowledged->note) : ""},
          {"ended_at", alarm.ended_at ? Json(alarm.ended_at->seconds) : Json()},
          {"escalations", alarm.told_steps}};
}

// "north/liaison" as hooks are told.
std::pair<std::string, std::string> parts_of(const std::string& line) {
  const std::size_t slash = line.find('/');
  if (slash == std::string::npos) return {line, ""};
  return {line.substr(0, slash), line.substr(slash + 1)};
}

}  // namespace

std::vector<std::uint32_t> escalation_steps(const StationConfig& config) {
  std::vector<std::uint32_t> out;
  for (const HookConfig& hook : config.hooks)
    if (hook.on == HookOn::kEscalation) out.push_back(hook.after_minutes);
  return out;
}

void Watch::raise(const std::string& line, const std::string& kind, const std::string& words) {
  const WallTime at = now();
  const auto raised = alarms_.raise({{kind, line}, words, at});
  note({{"what", "alarm"}, {"line", line}, {"kind", kind}, {"words", words}, {"number", raised.id}}, at);
  log_.warn("{}: {}: {}", line.empty() ? running_.station_id : line, kind, words);
  const auto [counterpart, name] = parts_of(line);
  running_.events.add_told({{"event", "alarm"},
                       {"counterpart", counterpart},
                       {"line", name},
                       {"alarm", kind},
                       {"number", raised.id},
                       {"text", words},
                       {"not_shown_before", 0}},
                      at);
  run_hooks(kind == "sign-of-life" ? HookOn::kSignOfLife : HookOn::kAlarm, 0, *alarms_.find(raised.id));
}

void Watch::ask_person(const std::string& line, const std::string& kind, const std::string& words) {
  for (const watch::ListedAlarm& one : alarms_.open())
    if (one.about.kind == kind && one.about.line == line && !one.ended_at && one.words == words) return;
  raise(line, kind, words);
}

void Watch::ask_no_more(const std::string& line, const std::string& kind) { end(line, kind); }

void Watch::on_release(const std::string& counterpart, const Json& facts, const HookEvent& event) {
  Json line{{"what", "release"}, {"line", counterpart}};
  line.update(facts);
  note(line);
  const auto failed = [this, counterpart](const std::string& words) {
    raise(counterpart, "announcement-hook", "A HOOK FAILED that was to publish a released text: " + words);
    end(counterpart, "announcement-hook");
  };
  const auto& hooks = running_.config.hooks;
  for (std::size_t place = 0; place < hooks.size(); ++place)
    if (hooks[place].on == HookOn::kAnnouncement && hooks[place].concerns(counterpart, event.line)) run_hook(place, event, std::nullopt, failed);
}

void Watch::on_core_alarm(const std::string& about, const std::string& kind, const std::string& text) {
  const WallTime at = now();
  const auto [words, more] = with_former_words({kind, about}, text, at);
  // Whether whoever has a lost station has stopped calling, nobody can know.
  const bool moment = kind != alarm_name(core::AlarmKind::kRevoked);
  const auto raised = alarms_.raise({{kind, about}, words, at, moment});
  if (!raised.anew && !more) return;  // counted; a counterpart could fill the log with the others
  Json line{{"what", "alarm"}, {"line", about}, {"kind", kind}, {"words", words}, {"number", raised.id}};
  if (moment) line["moment"] = true;
  note(line, at);
  run_hooks(HookOn::kAlarm, 0, *alarms_.find(raised.id));
}

// What happened to a disk stays on the screen beside what happened to it next, until somebody has seen both; the second:
// whether this is more than was said. Bounded, since the other side may say that it is so.
std::pair<std::string, bool> Watch::with_former_words(const watch::AlarmSubject& about, const std::string& text, WallTime at) const {
  constexpr core::AlarmKind kOfDisks[] = {core::AlarmKind::kWeForgot, core::AlarmKind::kPeerForgot, core::AlarmKind::kNewEpoch};
  if (std::none_of(std::begin(kOfDisks), std::end(kOfDisks), [&](core::AlarmKind kind) { return about.kind == alarm_name(kind); }))
    return {text, false};
  for (const watch::ListedAlarm& one : alarms_.open()) {
    if (one.about != about) continue;
    const std::string then = ". THEN, at ", both = one.words + then + format_utc(at) + ": " + text;
    // Said already: all of it, or what stands behind the hour of a part.
    const std::string whole = ": " + text + then;
    const bool said = (one.words + then).starts_with(text + then) || (one.words + then).find(whole) != std::string::npos;
    if (said || both.size() > kKeptWordsMax) return {one.words, false};
    return {both, true};
  }
  return {text, false};
}

void Watch::end(const std::string& line, const std::string& kind, const std::string& words) {
  const WallTime at = now();
  if (!alarms_.end({{kind, line}, at, words})) return;
  Json out{{"what", "alarm-ended"}, {"line", line}, {"kind", kind}};
  if (!words.empty()) out["words"] = words;
  note(out, at);
}

// What is said of a line that the accord has no more is over with it: nothing of it can be looked at again.
void Watch::end_what_was_retired() {
  for (const watch::ListedAlarm& alarm : alarms_.open()) {
    const auto [counterpart, line] = parts_of(alarm.about.line);
    const bool ours = std::any_of(running_.counterparts.begin(), running_.counterparts.end(),
                                  [&, name = counterpart](const auto& one) { return one->name() == name; });
    if (!alarm.ended_at && !alarm.moment && !line.empty() && ours && named(alarm.about.line) == nullptr) end(alarm.about.line, alarm.about.kind);
  }
}

Result<void> Watch::check_acknowledge(std::uint64_t alarm) const {
  const auto held = alarms_.find(alarm);
  if (!held)
    return fail(Fault::kNotFound, "there is no alarm " + std::to_string(alarm) + "; `detente alarm list` shows them");
  if (held->acknowledged)
    return fail(Fault::kState, "alarm " + std::to_string(alarm) + " was acknowledged by " + held->acknowledged->officer);
  return {};
}

void Watch::acknowledge(const Deed& deed) {
  static_cast<void>(alarms_.acknowledge(
      {deed.alarm, {officer_words(running_.own_roster, deed.officer), deed.time, deed.words.substr(0, watch::kAlarmNoteBytesMax)}}));
}

void Watch::read_alarm(const std::string& what, const Json& line) {
  const WallTime at{line.at("at").get<std::uint32_t>()};
  if (what == "alarm-told")
    return alarms_.escalated({line.at("number").get<std::uint64_t>(), line.at("after_minutes").get<std::uint32_t>()});
  const watch::AlarmSubject about{line.at("kind").get<std::string>(), line.at("line").get<std::string>()};
  if (what == "alarm-ended")
    alarms_.add(watch::AlarmEnded{about, at, line.value("words", "")});
  else
    alarms_.add(watch::AlarmRaised{about, line.at("words").get<std::string>(), at, line.value("moment", false)});
}

Json Watch::unacknowledged_json() const {
  std::size_t count = 0;
  std::optional<watch::ListedAlarm> newest;
  for (const watch::ListedAlarm& alarm : alarms_.open()) {
    if (alarm.acknowledged) continue;
    ++count;
    if (!newest || newest->last_at < alarm.last_at || newest->last_at == alarm.last_at) newest = alarm;
  }
  return {{"count", count}, {"newest", newest ? alarm_json(*newest) : Json()}};
}

Json Watch::alarms_json() const {
  Json out = Json::array();
  const auto add = [&](const watch::ListedAlarm& alarm) {
    Json one = alarm_json(alarm);
    const auto trouble = hook_trouble_.find(alarm.id);
    std::string words;
    if (trouble != hook_trouble_.end())
      for (const auto& [hook, why] : trouble->second) words += (words.empty() ? "A HOOK FAILED: " : "; ") + hook + ", " + why;
    one["hook"] = words;
    out.push_back(std::move(one));
  };
  for (const watch::ListedAlarm& alarm : alarms_.open()) add(alarm);
  for (const watch::ListedAlarm& alarm : alarms_.closed()) add(alarm);
  return out;
}

// ---- hooks ----

void Watch::run_hooks(HookOn on, std::uint32_t after_minutes, const watch::ListedAlarm& alarm) {
  const auto [counterpart, line] = parts_of(alarm.about.line);
  const auto& hooks = running_.config.hooks;
  for (std::size_t place = 0; place < hooks.size(); ++place) {
    const HookConfig& hook = hooks[place];
    if (hook.on != on || (on == HookOn::kEscalation && hook.after_minutes != after_minutes)) continue;
    if (!alarm.about.line.empty() && !hook.concerns(counterpart, line)) continue;
    run_hook(place, {on, alarm.id, alarm.about.kind, running_.station_id, counterpart, line, alarm.words, alarm.last_at}, alarm.id, {});
  }
}

void Watch::run_hook(std::size_t place, const HookEvent& event, std::optional<watch::AlarmId> alarm, std::function<void(const std::string&)> failed) {
  const HookConfig& hook = running_.config.hooks[place];
  const auto fails = [this, name = hook_name(place, hook), alarm, failed = std::move(failed)](const std::string& words) {
    hook_failed(name, alarm, words);
    if (failed) failed(name + ", " + words);
  };
  const auto call = hook_call(hook, event);
  if (!call) return fails(call.error().message);
  const auto done = hooks_->run(call->command, call->input, [this, name = hook_name(place, hook), fails, command = call->command](const io::HookOutcome& outcome) {
    outcome.good() ? hook_worked(name) : fails(outcome.words(command));
  });
  if (!done) fails(done.error().message);
}

void Watch::hook_failed(const std::string& hook, std::optional<watch::AlarmId> alarm, const std::string& words) {
  log_.error("{} failed{}: {}", hook, alarm ? " for alarm " + std::to_string(*alarm) : "", words);
  const WallTime at = now();
  note({{"what", "hook"}, {"number", alarm.value_or(0)}, {"hook", hook}, {"words", words}}, at);
  hook_book_.failed(hook, at, words);
  if (!alarm) return;
  hook_trouble_[*alarm][hook] = words;
  while (hook_trouble_.size() > watch::kClosedAlarmsKept) hook_trouble_.erase(hook_trouble_.begin());
}

void Watch::hook_worked(const std::string& hook) {
  if (hook_book_.worked(hook)) note({{"what", "hook"}, {"hook", hook}, {"works", 1}});
}

void Watch::read_hook(const Json& line) {
  const std::string hook = line.value("hook", "");
  if (line.contains("works")) {
    hook_book_.worked(hook);
  } else {
    hook_book_.failed(hook, WallTime{line.at("at").get<std::uint32_t>()}, line.value("words", ""));
  }
}

Json Watch::hooks_json() const {
  Json out = Json::array();
  for (const HookBook::Failing& one : hook_book_.failing())
    out.push_back({{"hook", wire::display_line(one.hook)},
                   {"since", one.since.seconds},
                   {"last_at", one.last.seconds},
                   {"times", one.times},
                   {"words", wire::display_line(one.words)}});
  return out;
}

void Watch::escalate() {
  for (const watch::AlarmEscalated& step : alarms_.due(now())) {
    note({{"what", "alarm-told"}, {"number", step.id}, {"after_minutes", step.after_minutes}});
    if (const auto alarm = alarms_.find(step.id)) run_hooks(HookOn::kEscalation, step.after_minutes, *alarm);
  }
}

// ---- vigilance ----

void Watch::look_at_vigilance(WallTime time) {
  const std::uint32_t minutes = running_.config.vigilance_minutes;
  if (minutes == 0) return;
  if (!people_.anybody() || time < last_deed_ || last_deed_.seconds == 0) last_deed_ = time;
  const std::uint32_t quiet = time.seconds - last_deed_.seconds;
  if (quiet < minutes * 60) {
    if (std::exchange(prompted_, false)) end("", "vigilance");
    return;
  }
  if (!std::exchange(prompted_, true)) {
    note({{"what", "prompt"}});
    running_.events.add_told({{"event", "prompt"}, {"text", "is the watch awake? answer: detente watch here --as OFFICER"}}, time);
  }
  const bool raised = vigilance_raised_at_ && *vigilance_raised_at_ >= last_deed_;
  if (quiet >= (minutes + running_.config.vigilance_grace_minutes) * 60 && !raised) {
    vigilance_raised_at_ = time;
    raise("", "vigilance", "the watch did not answer its prompt of " + format_utc({last_deed_.seconds + minutes * 60}));
  }
}

// ---- credentials ----

void Watch::look_at_credentials(WallTime time) {
  if (time.seconds < credentials_seen_.seconds + kExpiryLookSeconds && time >= credentials_seen_) return;
  credentials_seen_ = time;
  look_at_roster(running_.own_roster, true, time);
  for (const auto& counterpart : running_.counterparts) look_at_roster(counterpart->roster, false, time);
  look_at_lost(running_.own_roster, running_.config.post, "");
  for (const auto& counterpart : running_.counterparts)
    look_at_lost(counterpart->roster, counterpart->config.their_post, counterpart->name());
  lost_known_ = true;
}

// Whose credential does not count any more is not on watch, though he said nothing of leaving.
void Watch::look_at_people(WallTime time) {
  const accord::Roster& roster = running_.own_roster;
  bool any = false;
  for (const OfficerId officer : people_.everybody()) {
    const OfficerId number = roster.newest_number(officer);
    const accord::SignedCredential* held = roster.by_number(number);
    std::string why;
    if (held == nullptr || roster.revoked(number)) {
      why = "his credential was revoked";
    } else if (std::uint64_t{held->credential.not_after.seconds} + kRenewalSeconds < time.seconds) {
      why = "his credential expired at " + format_utc(held->credential.not_after);
    } else if (roster.suspended(number, time)) {
      why = "he is suspended";
    } else {
      continue;
    }
    people_.leave_all(officer);
    any = true;
    note({{"what", "left"}, {"officer", officer.value}, {"why", why}});
    raise("", "watch-left", officer_words(roster, number) + " is not on watch any more: " + why +
                                ". Somebody else goes on watch with: detente watch on --as OFFICER");
    end("", "watch-left");  // it asks for a person, and its cause does not last
  }
  if (!any) return;
  for (auto& [key, line] : lines_) tell_on_watch(line);
}

// One that has a successor since an earlier run is told on the screen and raises nothing any more.
void Watch::look_at_lost(const accord::Roster& roster, const std::string& post, const std::string& line) {
  const bool replaced = roster.station(post) != nullptr;
  for (const accord::SignedCredential* one : roster.revoked_stations(post)) {
    const std::string number = std::to_string(one->credential.number.value);
    const std::string kind = "station-lost-" + roster.side() + "-" + number;
    const auto open = alarms_.open();
    const bool raised = std::any_of(open.begin(), open.end(), [&](const auto& alarm) { return alarm.about.kind == kind; });
    const bool is_new = lost_.insert(kind).second;
    if (!raised && is_new && (lost_known_ || !replaced)) {
      const auto at = roster.revoked_at(one->credential.number);
      const std::string when = at ? " on " + format_utc(*at) : "";
      raise(line, kind,
            line.empty() ? "our own side declared its station at " + post + " (no. " + number + ") lost" + when +
                               (running_.keys.number == one->credential.number
                                    ? ": it is this one. Its counterparts take nothing of it any more; stop it"
                                    : "")
                         : roster.side() + " declared its station at " + post + " (no. " + number + ") lost" + when +
                               ": what still comes from it is not taken, and what it wrote after the last valid position "
                               "does not count, whatever date it claims" +
                               (replaced ? "; another has its place" : "; no other was named in its place yet"));
    }
    if (replaced) end(line, kind);
  }
}

void Watch::look_at_roster(const accord::Roster& roster, bool own, WallTime time) {
  const auto all = roster.all();
  // What a post's credentials end with, of a role, and of the same key alone.
  using Post = std::tuple<std::string, accord::CredentialRole, ByteArray<32>>;
  std::map<Post, WallTime> lasts;
  const auto last_of = [&](const accord::Credential& one, bool by_key) -> WallTime& {
    return lasts[{one.post, one.role, by_key ? one.sign_key.bytes() : ByteArray<32>{}}];
  };
  for (const accord::SignedCredential* one : all)
    if (!roster.revoked(one->credential.number))
      for (const bool by_key : {false, true})
        last_of(one->credential, by_key) = std::max(last_of(one->credential, by_key), one->credential.not_after);
  for (const accord::SignedCredential* one : all) {
    const accord::Credential& credential = one->credential;
    if (roster.revoked(credential.number) || credential.not_after.seconds > time.seconds + kExpiryWarningSeconds) continue;
    const bool expired = credential.not_after < time;
    // An own officer who is still there is replaced by nobody but a renewal; whoever had gone by the
    // last day, by a colleague at the post.
    const bool by_key = own && !credential.is_station() && !expired;
    const bool replaced = last_of(credential, by_key) > credential.not_after;
    const std::string kind = "credential-" + roster.side() + "-" + std::to_string(credential.number.value);
    if (replaced) {
      end("", kind);
      continue;
    }
    if (!expiring_.insert(kind + (expired ? " ended" : "")).second) continue;
    raise("", kind,
          (own ? "our " : roster.side() + "'s ") + std::string(to_string(credential.role)) + " " + credential.post + " " +
              std::to_string(credential.number.value) + (expired ? ": the credential expired at " : ": the credential expires at ") +
              format_utc(credential.not_after) +
              (own ? std::string(". Renew it with the root key: detente ") +
                         (credential.is_station() ? "station renew" : "officer renew NAME") +
                         "; the other side gets it over the line, or as a file: detente bulletin export FILE"
                   : ". Ask them to renew it; it can come as a file: detente bulletin import FILE"));
  }
}

}  // namespace detente::station
