#include "link.h"

#include <nlohmann/json.hpp>

namespace detente::linkemu {
namespace {

using Json = nlohmann::ordered_json;

// The two directions draw from streams of their own: what passes one way must
// not change the fate of what passes the other way.
std::uint64_t seed_of(std::uint64_t seed, Direction d) {
  SeededRandom random(seed);
  std::uint64_t out = random.next();
  if (d == Direction::kBToA) out = random.next();
  return out;
}

Json counters_json(const Channel& channel) {
  const Counters& c = channel.counters();
  const Json dropped = {{"loss", c.lost},
                        {"queue", c.queue_full},
                        {"mtu", c.too_large},
                        {"blackhole", c.blackholed},
                        {"no_receiver", c.no_receiver}};
  return {{"packets_in", c.packets_in},
          {"bytes_in", c.bytes_in},
          {"packets_out", c.packets_out},
          {"bytes_out", c.bytes_out},
          {"dropped", dropped},
          {"duplicated", c.duplicated},
          {"reordered", c.reordered},
          {"flipped", c.flipped},
          {"queue_bytes", channel.waiting_bytes()},
          {"under_way", channel.under_way()}};
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> out;
  constexpr std::string_view kBlank = " \t\r";
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
    if (line.empty()) return out;
    const std::size_t end = std::min(line.find_first_of(kBlank), line.size());
    out.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

// All of a command takes effect, or nothing of it.
Result<void> run_set(Link& link, Instant now, const std::vector<std::string_view>& words) {
  if (words.size() < 4 || words.size() % 2 != 0)
    return fail(Fault::kMalformed, "write: set a-b|b-a|both NAME VALUE [NAME VALUE ...]");
  DETENTE_TRY(directions, parse_directions(words[1]));
  LinkSettings fresh;
  for (const Direction d : directions) {
    fresh[d] = link.channel(d).settings();
    for (std::size_t i = 2; i < words.size(); i += 2)
      DETENTE_TRY_VOID(set_property(fresh[d], link.shape().carried, words[i], words[i + 1]));
  }
  for (const Direction d : directions) link.channel(d).set(now, fresh[d]);
  return {};
}

}  // namespace

const char* to_string(Direction direction) { return direction == Direction::kAToB ? "a-b" : "b-a"; }

Result<std::vector<Direction>> parse_directions(std::string_view text) {
  std::vector<Direction> out;
  for (const Direction d : kDirections)
    if (text == to_string(d) || text == "both") out.push_back(d);
  if (out.empty())
    return fail(Fault::kMalformed,
                "\"" + std::string(text) + "\" is no direction; there are a-b, b-a and both");
  return out;
}

Link::Link(const LinkSettings& settings, Shape shape, std::uint64_t seed)
    : shape_(shape),
      seed_(seed),
      channels_{Channel(settings[Direction::kAToB], shape, seed_of(seed, Direction::kAToB)),
                Channel(settings[Direction::kBToA], shape, seed_of(seed, Direction::kBToA))} {}

std::optional<Instant> Link::next_deadline() const {
  std::optional<Instant> first;
  for (const Channel& channel : channels_) {
    const auto next = channel.next_deadline();
    if (next && (!first || *next < *first)) first = next;
  }
  return first;
}

std::string Link::stats_json() const {
  Json out;
  for (const Direction d : kDirections) out[to_string(d)] = counters_json(channel(d));
  return out.dump();
}

std::string Link::settings_json() const {
  Json out = {{"seed", seed_}};
  for (const Direction d : kDirections)
    for (const Property& property : properties())
      if (shape_.carried == Carried::kDatagrams || property.for_streams)
        out[to_string(d)][property.name] = property.text(channel(d).settings());
  return out.dump();
}

Answer answer_command(Link& link, Instant now, std::string_view command) {
  const std::vector<std::string_view> words = words_of(command);
  if (words.empty()) return {"error: an empty line; there are set, show, stats and quit"};
  if (words[0] == "set") {
    const auto done = run_set(link, now, words);
    return {done ? "ok" : "error: " + done.error().message};
  }
  if (words.size() == 1) {
    if (words[0] == "stats") return {link.stats_json()};
    if (words[0] == "show") return {link.settings_json()};
    if (words[0] == "quit") return {"ok", true};
  }
  return {"error: \"" + std::string(command) + "\": there are set, show, stats and quit"};
}

}  // namespace detente::linkemu
