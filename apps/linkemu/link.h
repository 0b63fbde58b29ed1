// Link: both directions of one emulated link, and what they counted, as JSON.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "channel.h"

namespace detente::linkemu {

enum class Direction : std::size_t { kAToB = 0, kBToA = 1 };
inline constexpr std::array kDirections = {Direction::kAToB, Direction::kBToA};
const char* to_string(Direction direction);  // "a-b", "b-a"
// "a-b", "b-a" or "both"
Result<std::vector<Direction>> parse_directions(std::string_view text);

struct LinkSettings {
  std::array<Settings, 2> of;
  Settings& operator[](Direction d) { return of[static_cast<std::size_t>(d)]; }
  const Settings& operator[](Direction d) const { return of[static_cast<std::size_t>(d)]; }
};

class Link {
 public:
  Link(const LinkSettings& settings, Shape shape, std::uint64_t seed);

  Channel& channel(Direction d) { return channels_[static_cast<std::size_t>(d)]; }
  const Channel& channel(Direction d) const { return channels_[static_cast<std::size_t>(d)]; }
  std::optional<Instant> next_deadline() const;
  Shape shape() const { return shape_; }
  std::uint64_t seed() const { return seed_; }

  // One line each: counters, and the settings in force.
  std::string stats_json() const;
  std::string settings_json() const;

 private:
  Shape shape_;
  std::uint64_t seed_;
  std::array<Channel, 2> channels_;
};

// One line of the control socket. `quit` says that the program is to end.
struct Answer {
  std::string line;
  bool quit = false;
};
Answer answer_command(Link& link, Instant now, std::string_view command);

}  // namespace detente::linkemu
