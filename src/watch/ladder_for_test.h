// What the tests of the ladder stand on.
#pragma once

#include <string>

#include "watch/ladder.h"

namespace detente::watch::test {

constexpr std::uint32_t kWall = 1'800'000'000;
inline const Instant kNow{10'000'000'000};

inline Instant ago(std::int64_t seconds) { return kNow - std::chrono::seconds(seconds); }
inline WallTime wall_ago(std::uint32_t seconds) { return {kWall - seconds}; }

// Two paths that work, and nobody asked yet.
inline LadderFacts in_contact() {
  LadderFacts facts;
  facts.now = {kNow, {kWall}};
  facts.far = "north";
  facts.equipment.started = ago(3600);
  facts.equipment.clock_synchronised = true;
  facts.station.session = true;
  facts.station.session_since = ago(3000);
  facts.station.heard = ago(2);
  facts.media = {accord::Medium::kText, accord::Medium::kVoice};
  for (const char* name : {"fibre", "radio"}) {
    PathFacts path;
    path.name = name;
    path.kind = "udp";
    path.heard = ago(2);
    path.arrived = ago(4);
    facts.paths.push_back(path);
  }
  return facts;
}

inline LadderFacts on_one_path() {
  LadderFacts facts = in_contact();
  facts.paths.pop_back();
  return facts;
}

inline void silence(PathFacts& path, std::int64_t seconds) {
  path.heard = ago(seconds + 2);
  path.arrived = ago(seconds + 4);
  path.suspect_since = ago(seconds);
}

inline LadderFacts silent() {
  LadderFacts facts = in_contact();
  for (PathFacts& path : facts.paths) silence(path, 30);
  facts.station.heard = ago(32);
  return facts;
}

inline void they_lack(PathFacts& path) {
  silence(path, 30);
  path.heard = path.lacking = ago(1);
}

inline void they_answer_elsewhere(PathFacts& path) {
  path.heard = ago(90);
  path.answered_elsewhere = Span{ago(60), ago(15)};
}

inline Trouble unplugged() { return {ago(60), ago(1), "the network cannot be reached from here"}; }
inline Trouble nobody_listens() {
  return {ago(20), ago(1), "a machine at 10.0.0.2:7001 says that nobody listens there"};
}
inline CutFacts cut(const char* reason) { return {wall_ago(600), reason}; }

inline std::string all_of(const Ladder& ladder) {
  std::string out = ladder.text.title + "\n" + ladder.text.words + "\n" + ladder.text.to_do;
  for (const std::string& also : ladder.also) out += "\n" + also;
  return out;
}

}  // namespace detente::watch::test
