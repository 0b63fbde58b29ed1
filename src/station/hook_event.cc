#include "station/hook_event.h"

#include "base/civil.h"
#include "station/json.h"
#include "station/mail_text.h"
#include "wire/text.h"

namespace detente::station {
namespace {

// Safe to show, so that a script may print it.
std::string shown(std::string_view text) {
  std::string safe = wire::display_text(text);
  if (safe.size() <= io::kHookValueBytesMax) return safe;
  std::size_t size = io::kHookValueBytesMax - 3;
  while (size > 0 && (static_cast<unsigned char>(safe[size]) & 0xc0) == 0x80) --size;
  return safe.substr(0, size) + "...";
}

std::string place_of(const HookEvent& event) {
  if (event.counterpart.empty()) return event.line;
  return event.line.empty() ? event.counterpart : event.counterpart + "/" + event.line;
}

std::map<std::string, std::string> variables_of(const HookEvent& event) {
  std::map<std::string, std::string> out{{"DETENTE_EVENT", to_string(event.on)},
          {"DETENTE_ALARM", std::to_string(event.alarm)},
          {"DETENTE_KIND", shown(event.kind)},
          {"DETENTE_STATION", shown(event.station)},
          {"DETENTE_COUNTERPART", shown(event.counterpart)},
          {"DETENTE_LINE", shown(event.line)},
          {"DETENTE_WORDS", shown(event.words)},
          {"DETENTE_AT", format_utc(event.at)}};
  if (!event.file.empty()) out["DETENTE_FILE"] = shown(event.file);
  return out;
}

std::string json_of(const HookEvent& event) {
  Json json = {{"event", to_string(event.on)},
                                       {"alarm", event.alarm},
                                       {"kind", shown(event.kind)},
                                       {"station", shown(event.station)},
                                       {"counterpart", shown(event.counterpart)},
                                       {"line", shown(event.line)},
                                       {"words", shown(event.words)},
                                       {"at", event.at.seconds}};
  if (!event.file.empty()) json["file"] = shown(event.file);
  return dump(json) + "\n";
}

const char* headline(HookOn on) {
  switch (on) {
    case HookOn::kAlarm: return "alarm";
    case HookOn::kSignOfLife: return "SIGN OF LIFE";
    case HookOn::kEscalation: return "NOBODY ACKNOWLEDGED alarm";
    case HookOn::kAnnouncement: return "RELEASED announcement";
  }
  return "alarm";
}

Result<std::string> release_mail(const std::string& to, const HookEvent& event) {
  MailFields fields;
  fields.to = to;
  fields.date = event.at;
  fields.subject = "detente " + event.station + ": " + headline(event.on) + ", agreed with " + event.counterpart;
  fields.body = shown(event.words) + "\n\nReleased by station " + event.station + ", " + format_utc(event.at) +
                "; the text is in " + shown(event.file) + ".\n";
  return write_mail(fields);
}

// The other side's words stand in the body alone.
Result<std::string> mail_of(const std::string& to, const HookEvent& event) {
  if (event.on == HookOn::kAnnouncement) return release_mail(to, event);
  MailFields fields;
  fields.to = to;
  fields.date = event.at;
  fields.subject = "detente " + event.station + ": " + headline(event.on) + " " +
                   std::to_string(event.alarm) + ", " + event.kind;
  if (const std::string place = place_of(event); !place.empty()) fields.subject += ", " + place;
  fields.body = shown(event.words) + "\n\nAlarm " + std::to_string(event.alarm) + " of station " +
                event.station + ", " + format_utc(event.at) +
                ".\nAcknowledge it at the station, not by answering this mail.\n";
  return write_mail(fields);
}

}  // namespace

Result<HookCall> hook_call(const HookConfig& hook, const HookEvent& event) {
  DETENTE_TRY_VOID(check_hooks({hook}));
  HookCall out;
  out.command.time_limit = std::chrono::seconds(hook.timeout_seconds);
  out.command.words = hook.mail.empty() ? hook.command : mail_command();
  out.input.environment = variables_of(event);
  if (hook.mail.empty()) {
    out.input.standard_input = json_of(event);
  } else {
    DETENTE_TRY(mail, mail_of(hook.mail, event));
    out.input.standard_input = std::move(mail);
  }
  return out;
}

}  // namespace detente::station
