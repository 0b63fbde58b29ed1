#include "settings.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace detente::linkemu {
namespace {

constexpr double kRateMax = 100e9;  // 100 Gbit/s
constexpr double kQueueMax = 1024.0 * 1024 * 1024;
constexpr std::uint32_t kMtuMin = 68;  // RFC 791: what every IPv4 link must carry
constexpr std::uint32_t kMtuMax = 65535;

struct Number {
  double value;
  std::string_view unit;
};

// A number from 0 on with a unit right after it; nothing when there is no number.
std::optional<Number> split(std::string_view text) {
  Number out{};
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, out.value, std::chars_format::fixed);
  if (error != std::errc() || !std::isfinite(out.value) || out.value < 0) return std::nullopt;
  out.unit = {rest, static_cast<std::size_t>(end - rest)};
  return out;
}

struct Unit {
  std::string_view name;
  double factor;
};

// In the smallest unit. `like` shows how it is written.
Result<double> read(std::string_view text, std::span<const Unit> units, double max,
                    const char* like) {
  if (text == "off") return 0.0;
  const auto number = split(text);
  if (number)
    for (const Unit& unit : units)
      if (unit.name == number->unit) {
        const double value = number->value * unit.factor;
        if (value <= max) return value;
        return fail(Fault::kLimit, std::string(text) + " is too much; write a value like " + like);
      }
  return fail(Fault::kMalformed,
              "\"" + std::string(text) + "\" is no value here; write it like " + like);
}

constexpr std::array kRateUnits = {Unit{"", 1.0}, Unit{"k", 1e3}, Unit{"M", 1e6}, Unit{"G", 1e9}};
constexpr std::array kByteUnits = {Unit{"", 1.0}, Unit{"k", 1024.0}, Unit{"M", 1024.0 * 1024}};
constexpr std::array kTimeUnits = {Unit{"", 1e3}, Unit{"ms", 1e3}, Unit{"us", 1.0}, Unit{"s", 1e6}};
constexpr std::array kShareUnits = {Unit{"", 1e4}, Unit{"%", 1e4}};

Result<void> set_time(Duration& to, std::string_view text) {
  DETENTE_TRY(micros,
              read(text, kTimeUnits, static_cast<double>(kTimeMax.count()), "200ms or 1.5s"));
  to = Duration(std::llround(micros));
  return {};
}

Result<void> set_share(std::uint32_t& to, std::string_view text) {
  DETENTE_TRY(ppm, read(text, kShareUnits, kMillion, "20 or 0.5 (per cent, at most 100)"));
  to = static_cast<std::uint32_t>(std::lround(ppm));
  return {};
}

template <Duration Settings::*Field>
Result<void> time_of(Settings& settings, std::string_view text) {
  return set_time(settings.*Field, text);
}
template <std::uint32_t Settings::*Field>
Result<void> share_of(Settings& settings, std::string_view text) {
  return set_share(settings.*Field, text);
}

Result<void> set_rate(Settings& settings, std::string_view text) {
  DETENTE_TRY(bps, read(text, kRateUnits, kRateMax, "300, 64k, 10M or off (bits a second)"));
  if (bps > 0 && bps < 1) return fail(Fault::kLimit, "a rate is at least 1 bit a second, or off");
  settings.rate_bps = static_cast<std::uint64_t>(std::llround(bps));
  return {};
}

Result<void> set_queue(Settings& settings, std::string_view text) {
  DETENTE_TRY(bytes, read(text, kByteUnits, kQueueMax, "1500, 64k or 4M (bytes)"));
  settings.queue_bytes = static_cast<std::uint64_t>(std::llround(bytes));
  return {};
}

Result<void> set_mtu(Settings& settings, std::string_view text) {
  DETENTE_TRY(bytes, read(text, kByteUnits, kMtuMax, "576 or off (bytes)"));
  if (bytes > 0 && bytes < kMtuMin)
    return fail(Fault::kLimit, "an MTU is at least " + std::to_string(kMtuMin) + " bytes, or off");
  settings.mtu_bytes = static_cast<std::uint32_t>(std::lround(bytes));
  return {};
}

Result<void> set_blackhole(Settings& settings, std::string_view text) {
  if (text != "on" && text != "off")
    return fail(Fault::kMalformed, "\"" + std::string(text) + "\" is neither on nor off");
  settings.blackhole = text == "on";
  return {};
}

// Shortest text of a number: 20, 0.5.
std::string shortest(double value) {
  std::array<char, 32> out;
  const auto end = std::to_chars(out.data(), out.data() + out.size(), value).ptr;
  return {out.data(), end};
}

template <Duration Settings::*Field>
std::string time_text(const Settings& settings) {
  return shortest(static_cast<double>((settings.*Field).count()) / 1e3) + "ms";
}
template <std::uint32_t Settings::*Field>
std::string share_text(const Settings& settings) {
  return shortest(settings.*Field / 1e4);
}
template <auto Settings::*Field>
std::string count_text(const Settings& settings) {
  return settings.*Field == 0 ? "off" : std::to_string(settings.*Field);
}

constexpr const char* kTime = "TIME";
constexpr const char* kShare = "PERCENT";

constexpr std::array kProperties = {
    Property{"rate", "BITS", "Bits a second: 300, 64k, 10M, off", true, set_rate,
             count_text<&Settings::rate_bps>},
    Property{"queue", "BYTES", "What may wait for the rate; what comes then is dropped", true,
             set_queue, [](const Settings& s) { return std::to_string(s.queue_bytes); }},
    Property{"delay", kTime, "How long everything is under way: 200ms, 1.5s", true,
             time_of<&Settings::delay>, time_text<&Settings::delay>},
    Property{"jitter", kTime, "Up to this much longer, evenly drawn; order stays", true,
             time_of<&Settings::jitter>, time_text<&Settings::jitter>},
    Property{"loss", kShare, "Share of packets lost: 20, 0.5", false, share_of<&Settings::loss_ppm>,
             share_text<&Settings::loss_ppm>},
    Property{"duplicate", kShare, "Share of packets that arrive twice", false,
             share_of<&Settings::duplicate_ppm>, share_text<&Settings::duplicate_ppm>},
    Property{"flip", kShare, "Share of packets with one bit turned over", true,
             share_of<&Settings::flip_ppm>, share_text<&Settings::flip_ppm>},
    Property{"reorder", kShare, "Share of packets that come later than their order", false,
             share_of<&Settings::reorder_ppm>, share_text<&Settings::reorder_ppm>},
    Property{"reorder-extra", kTime, "How much later those come", false,
             time_of<&Settings::reorder_extra>, time_text<&Settings::reorder_extra>},
    Property{"mtu", "BYTES", "Larger packets are dropped, without a word: 576, off", false, set_mtu,
             count_text<&Settings::mtu_bytes>},
    Property{"blackhole", "on|off", "Nothing arrives; nobody is told", true, set_blackhole,
             [](const Settings& s) { return std::string(s.blackhole ? "on" : "off"); }}};

}  // namespace

std::span<const Property> properties() { return kProperties; }

Result<void> set_property(Settings& settings, Carried carried, std::string_view name,
                          std::string_view value) {
  std::string names;
  for (const Property& property : kProperties) {
    names += std::string(names.empty() ? "" : ", ") + property.name;
    if (name != property.name) continue;
    if (carried == Carried::kStream && !property.for_streams)
      return fail(Fault::kUnsupported,
                  std::string(name) +
                      ": TCP repairs that itself, so a proxy of its bytes cannot do "
                      "it; use it between UDP ends or on a TUN link");
    auto done = property.set(settings, value);
    if (!done) return fail_at(std::string(name), done.error());
    return {};
  }
  return fail(Fault::kNotFound,
              "\"" + std::string(name) + "\" is no property of a link; there are " + names);
}

Result<void> set_properties(Settings& settings, Carried carried, std::string_view list) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view part = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    const std::size_t sign = part.find('=');
    if (sign == std::string_view::npos)
      return fail(Fault::kMalformed,
                  "\"" + std::string(part) + "\": write NAME=VALUE, as in loss=20,delay=200ms");
    DETENTE_TRY_VOID(set_property(settings, carried, part.substr(0, sign), part.substr(sign + 1)));
  }
  return {};
}

}  // namespace detente::linkemu
