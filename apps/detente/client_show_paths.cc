#include <fmt/format.h>

#include "client_show.h"
#include "wire/text.h"

namespace detente::cli {

namespace {

constexpr const char* kUnknown = "not known yet";

std::string span_text(std::uint64_t ms) {
  if (ms < 10'000) return fmt::format("{:.1f} s", static_cast<double>(ms) / 1000);
  if (ms < 120'000) return fmt::format("{} s", ms / 1000);
  if (ms < 7'200'000) return fmt::format("{} min", ms / 60'000);
  return fmt::format("{} h", ms / 3'600'000);
}

std::string ago(const Json& ms) { return span_text(ms.get<std::uint64_t>()) + " ago"; }

// "12 kB" from 10,000 on; exact below.
std::string bytes_text(std::uint64_t bytes) {
  return bytes < 10'000 ? fmt::format("{} B", bytes) : fmt::format("{} kB", bytes / 1000);
}

std::string out_text(const Json& out) {
  const Json& arrived = out["arrived_ms"];
  if (out["suspect"] != true)
    return arrived.is_null() ? kUnknown : "known to arrive " + ago(arrived);
  std::string text = fmt::format("SUSPECT since {} ({}): ", utc_text(out["suspect_since"]).substr(11),
                                 span_text(out["suspect_ms"].get<std::uint64_t>()));
  return text + (arrived.is_null() ? "never known to arrive" : "last known to arrive " + ago(arrived));
}

std::string measures_text(const Json& path) {
  const Json& round_trip = path["round_trip_ms"];
  std::string out = "round trip " + (round_trip.is_null()
                                         ? std::string(kUnknown)
                                         : fmt::format("{:.1f} ms", round_trip.get<double>()));
  const Json& loss = path["loss_per_mille"];
  return out + ", loss " +
         (loss.is_null() ? std::string(kUnknown)
                         : fmt::format("{:.1f} %", loss.get<double>() / 10));
}

std::string flow_text(const Json& path) {
  const std::string flight = bytes_text(path["in_flight_bytes"].get<std::uint64_t>());
  std::string out = path["rate_bps"].is_null()
                        ? "window " + bytes_text(path["window_bytes"].get<std::uint64_t>())
                        : fmt::format("held to {} bit/s", path["rate_bps"].get<std::uint64_t>());
  return out + ", " + flight + " in flight, packets up to " +
         bytes_text(path["packet_bytes"].get<std::uint64_t>());
}

// What the ladder knows against a direction: this machine cannot send, nobody listens there, one direction is dead.
void add_trouble(std::vector<std::string>& out, const Json& way) {
  if (way.value("known", std::string()) != "known not") return;
  const Json& age = way["age_s"];
  for (const std::string& line :
       wrap("TROUBLE: " + text_of(way, "words") +
                (age.is_null() ? "" : ", since " + span_text(age.get<std::uint64_t>() * 1000)),
            kColumns - 9))
    out.push_back("         " + line);
}

// It is followed while this station runs; the next one knows what is configured alone.
void add_moved(std::vector<std::string>& out, const Json& path, const std::string& counterpart) {
  const std::string from = text_of(path, "heard_from");
  for (const std::string& line : wrap("MOVED: heard from there since " + utc_text(path["heard_from_since"]) +
                                          ", and not from where it is configured. If that is its address now, enter it, or a new "
                                          "start of this station looks for it at the old one:",
                                      kColumns - 4))
    out.push_back("    " + line);
  out.push_back("      detente station path " + counterpart + " " + text_of(path, "name") + " --to " + from);
}

void add_path(std::vector<std::string>& out, const Json& path, const std::string& counterpart) {
  const bool moved = !path.value("heard_from", Json()).is_null();
  out.push_back(fmt::format("{} {:<20} {:<8}{}", path["best"] == true ? "*" : " ",
                            text_of(path, "name"), text_of(path, "kind"),
                            path["best"] == true ? "best now" : ""));
  for (const std::string& line :
       wrap("listens " + text_of(path, "listen") + ", " +
                (moved ? "follows it to " + text_of(path, "heard_from") + "; configured " : "sends to ") + text_of(path, "peer"),
            kColumns - 4))
    out.push_back("    " + line);
  if (moved) add_moved(out, path, counterpart);
  const Json& heard = path["in"]["heard_ms"];
  out.push_back("    in   " + (heard.is_null() ? std::string(kUnknown) : "heard " + ago(heard)));
  add_trouble(out, path["in"]);
  out.push_back("    out  " + out_text(path["out"]));
  add_trouble(out, path["out"]);
  out.push_back("    " + measures_text(path));
  out.push_back("    " + flow_text(path));
}

}  // namespace

std::vector<std::string> paths_lines(const Json& answer) {
  std::vector<std::string> out{text_of(answer, "station") + "  " + utc_text(answer["now"])};
  for (const Json& counterpart : answer["counterparts"]) {
    out.push_back("");
    out.push_back(text_of(counterpart, "station") +
                  (counterpart["link_up"] == true ? "  link up" : "  link down"));
    for (const Json& path : counterpart["paths"]) add_path(out, path, text_of(counterpart, "counterpart"));
  }
  return out;
}

}  // namespace detente::cli
