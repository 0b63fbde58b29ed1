// What one direction of an emulated link does to what passes, and how people
// write it: `loss 20`, `delay 200ms`, `rate 64k`.
//
// Used by the command line (--loss 20), by lists (--a-b loss=20,delay=1s) and by
// the control socket (set a-b loss 20): one table of properties serves all three.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace detente::linkemu {

inline constexpr std::uint32_t kMillion = 1'000'000;  // shares are parts in a million
inline constexpr Duration kTimeMax = std::chrono::hours(1);

struct Settings {
  std::uint64_t rate_bps = 0;             // bits a second; 0: no limit
  std::uint64_t queue_bytes = 64 * 1024;  // what may wait for the rate; then the tail is dropped
  Duration delay{0};
  Duration jitter{0};  // up to this more, evenly drawn; by itself it changes no order
  std::uint32_t loss_ppm = 0;
  std::uint32_t duplicate_ppm = 0;
  std::uint32_t flip_ppm = 0;  // one bit of the packet is turned over
  std::uint32_t reorder_ppm = 0;
  Duration reorder_extra = std::chrono::milliseconds(50);  // how much later those come
  std::uint32_t mtu_bytes = 0;                             // larger ones are dropped; 0: no limit
  bool blackhole = false;

  bool operator==(const Settings&) const = default;
};

// What is carried. Of a stream no byte may be lost, doubled or moved.
enum class Carried { kDatagrams, kStream };

struct Property {
  const char* name;
  const char* value;  // how a value is written, for --help
  const char* about;
  bool for_streams;
  Result<void> (*set)(Settings&, std::string_view);
  std::string (*text)(const Settings&);
};
std::span<const Property> properties();

// kNotFound for a name that is none (the message lists them), kUnsupported for what makes no sense
// on a stream, kMalformed and kLimit for the value.
Result<void> set_property(Settings& settings, Carried carried, std::string_view name,
                          std::string_view value);
// "loss=20,delay=200ms"
Result<void> set_properties(Settings& settings, Carried carried, std::string_view list);

}  // namespace detente::linkemu
