// World: persons who cut lines and lift their cuts.
#include "line/register_act.h"
#include "sim/world.h"

namespace detente::sim {

namespace {

constexpr OfficerId kOfficer{1};
constexpr std::uint16_t kLines = 2;  // that can be cut: 1 and 2
constexpr Duration kLongest = std::chrono::minutes(40);

}  // namespace

bool World::act(std::size_t index, Bytes body) {
  Node& node = *nodes_[index];
  record::Entry entry;
  entry.header.line = kAccordLine;
  entry.header.kind = record::kRegister;
  entry.header.body_form = record::BodyForm::kCbor;
  entry.header.precedence = record::Precedence::kFlash;
  entry.header.time = now(node).wall;
  entry.header.author = kOfficer;
  entry.signatures.push_back({kOfficer, ++signed_acts_, 1, {}});
  entry.body = std::move(body);
  const bool taken = node.station->submit(now(node), PeerId{0}, kAccordLine, std::move(entry)).has_value();
  trace(taken ? "act" : "act refused", index);
  carry_out(index);
  return taken;
}

void World::cut_a_line(std::size_t index) {
  const LineId line{static_cast<std::uint16_t>(1 + random_.below(kLines))};
  const bool announced = random_.below(3) == 0;
  const auto ahead = static_cast<std::uint32_t>(1 + random_.below(1200));
  const bool documents = random_.below(4) == 0;
  const Duration lasts = draw_delay(std::chrono::seconds(1), kLongest);
  Node& node = *nodes_[index];
  if (!node.station) return;
  line::CutAct how;
  how.lines = {{line, node.station->peer(PeerId{0}).registers().own(line).cut_epoch() + 1}};
  if (documents) how.media = line::kDocument;
  if (announced) how.effective = WallTime{now(node).wall.seconds + ahead};
  if (act(index, line::cut_body(how))) schedule(lasts, [this, index, line] { lift(index, line); });
}

void World::lift(std::size_t index, LineId line) {
  Node& node = *nodes_[index];
  if (!node.station) return schedule(std::chrono::minutes(1), [this, index, line] { lift(index, line); });
  const core::Register& own = node.station->peer(PeerId{0}).registers().own(line);
  if (own.open_cut() != nullptr) act(index, line::clear_body({{{line, own.cut_epoch()}}, {}}));
}

// What the other side shows of a disk that went back may be a cut that this one has forgotten: a new one, and its end.
void World::open_line(std::size_t index, LineId line) {
  Node& node = *nodes_[index];
  const core::Register& own = node.station->peer(PeerId{0}).registers().own(line);
  const core::Registers& there = nodes_[1 - index]->station->peer(PeerId{0}).registers();
  if (own.open_cut() == nullptr && there.theirs(line).open_cut() != nullptr)
    act(index, line::cut_body({{{line, own.cut_epoch() + 1}}, line::kAllMedia, {}, ""}));
  schedule(std::chrono::seconds(5), [this, index, line] { lift(index, line); });
}

void World::open_all_lines() {
  for (const int minute : {1, 3})
    for (std::size_t index = 0; index < 2; ++index)
      for (std::uint16_t i = 1; i <= kLines; ++i)
        schedule(std::chrono::minutes(minute), [this, index, i] { open_line(index, LineId{i}); });
}

}  // namespace detente::sim
