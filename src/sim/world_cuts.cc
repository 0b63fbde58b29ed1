// World: persons who cut lines and lift their cuts.
#include "line/restoration.h"
#include "sim/world.h"

namespace detente::sim {

namespace {

constexpr std::uint16_t kLines = 2;  // that can be cut: 1 and 2
constexpr Duration kLongestCut = std::chrono::minutes(40);
constexpr Duration kLiftAgain = std::chrono::minutes(3);   // what fell back its author lifts again
constexpr Duration kForAgreement = std::chrono::hours(4);  // what no agreement opened by then its author lifts

}  // namespace

bool World::act_on_register(std::size_t index, Bytes body) {
  return act(index, record::kRegister, std::move(body), {});
}

void World::cut_a_line(std::size_t index) {
  const LineId line{static_cast<std::uint16_t>(1 + random_.below(kLines))};
  const bool announced = random_.below(3) == 0;
  const auto ahead = static_cast<std::uint32_t>(1 + random_.below(1200));
  const bool documents = random_.below(4) == 0;
  const Duration lasts = draw_delay(std::chrono::seconds(1), kLongestCut);
  Node& node = *nodes_[index];
  if (!node.station) return;
  line::CutAct how;
  how.lines = {{line, node.station->peer(PeerId{0}).registers().own(line).cut_epoch() + 1}};
  if (documents) how.media = line::kDocument;
  if (announced) how.effective = WallTime{now(node).wall.seconds + ahead};
  if (!act_on_register(index, line::cut_body(how))) return;
  // Half of the cuts are to end by an agreement; what that does not open is lifted later.
  if (random_.below(2) == 0) return schedule(lasts, [this, index, line] { lift(index, line); });
  const std::size_t proposer = random_.below(2);
  schedule(lasts, [this, proposer, line] { propose_to_restore(proposer, line); });
  schedule(kForAgreement, [this, index, line] { open_in_the_end(index, line); });
}

void World::go_dark(std::size_t index) {
  Node& node = *nodes_[index];
  const Duration lasts = draw_delay(std::chrono::minutes(1), std::chrono::hours(2));
  if (!node.station) return;
  line::CutAct how;
  how.dark = true;
  for (std::uint16_t i = 1; i <= kLines; ++i)
    how.lines.push_back({LineId{i}, node.station->peer(PeerId{0}).registers().own(LineId{i}).cut_epoch() + 1});
  if (!act_on_register(index, line::cut_body(how))) return;
  schedule(lasts, [this, index] {
    for (std::uint16_t i = 1; i <= kLines; ++i) lift(index, LineId{i});
  });
}

void World::propose_to_restore(std::size_t index, LineId line) {
  Node& node = *nodes_[index];
  if (!node.station) return schedule(std::chrono::minutes(1), [this, index, line] { propose_to_restore(index, line); });
  line::Proposal proposal;
  proposal.matter = line::Matter::kRestoration;
  proposal.content = line::restoration_content({{line, line::kAllMedia}});
  proposal.instant = WallTime{now(node).wall.seconds + static_cast<std::uint32_t>(60 + random_.below(3600))};
  if (!act(index, record::kProposal, line::proposal_body(proposal), {})) return;
  schedule(draw_delay(std::chrono::seconds(1), kLongestCut), [this, index] { answer_proposals(1 - index); });
}

// All that is open to this side; one in eight is rejected, and one in eight taken back later.
void World::answer_proposals(std::size_t index) {
  Node& node = *nodes_[index];
  if (!node.station) return schedule(std::chrono::minutes(1), [this, index] { answer_proposals(index); });
  const core::Agreements& agreements = node.station->peer(PeerId{0}).agreements();
  std::vector<line::ActPlace> open;
  for (const line::ActPlace& at : agreements.book().proposals())
    if (agreements.whose(at) == record::Whose::kOthers && agreements.book().outcome(at)->state == line::ProposalState::kOffered)
      open.push_back(at);
  for (const line::ActPlace& at : open) {
    const bool no = random_.below(8) == 0;
    answer_proposal(index, at, no ? line::AnswerAct::kReject : line::AnswerAct::kAccept);
    if (random_.below(8) == 0)
      schedule(draw_delay(std::chrono::seconds(1), kLongestCut), [this, index, at] { answer_proposal(index, at, line::AnswerAct::kWithdraw); });
  }
}

void World::answer_proposal(std::size_t index, const line::ActPlace& at, line::AnswerAct how) {
  Node& node = *nodes_[index];
  if (!node.station) return;
  const core::Line& accord = *node.station->peer(PeerId{0}).line(kAccordLine);
  const record::LogKey log{accord.far().key().line, false, accord.far().key().station_id, at.epoch};
  const auto found = node.store.entries(log, at.index, at.index + 1, 1);
  if (!found.empty())
    act(index, record::kProposalAnswer, line::answer_body({how, ""}), {{record::Whose::kOthers, at.epoch, at.index, found.front().leaf}});
}

void World::lift(std::size_t index, LineId line, std::uint64_t cut_epoch) {
  Node& node = *nodes_[index];
  if (!node.station) return schedule(std::chrono::minutes(1), [this, index, line, cut_epoch] { lift(index, line, cut_epoch); });
  const core::Peer& peer = node.station->peer(PeerId{0});
  const core::Register& own = peer.registers().own(line);
  const std::uint64_t newest = own.cut_epoch();
  if (own.open_cut() == nullptr || (cut_epoch != 0 && cut_epoch != newest)) return;
  if (!peer.lifts().lifting(line)) act_on_register(index, line::clear_body({{{line, newest}}, {}}));
  schedule(kLiftAgain, [this, index, line, newest] { lift(index, line, newest); });
}

void World::open_in_the_end(std::size_t index, LineId line) {
  if (!nodes_[index]->station || !nodes_[1 - index]->station)
    return schedule(std::chrono::minutes(1), [this, index, line] { open_in_the_end(index, line); });
  open_line(index, line);
}

// What the other side shows of a disk that went back may be a cut that this one has forgotten: a new one, and its end.
void World::open_line(std::size_t index, LineId line) {
  Node& node = *nodes_[index];
  const core::Register& own = node.station->peer(PeerId{0}).registers().own(line);
  const core::Registers& there = nodes_[1 - index]->station->peer(PeerId{0}).registers();
  if (own.open_cut() == nullptr && there.theirs(line).open_cut() != nullptr)
    act_on_register(index, line::cut_body({{{line, own.cut_epoch() + 1}}, line::kAllMedia, {}, ""}));
  schedule(std::chrono::seconds(5), [this, index, line] { lift(index, line); });
}

// What one round does not open, the next does: a lift goes back with the epoch of a disk that went back, and only when
// that dark ends does the other side tell of a forgotten cut.
void World::open_all_lines() {
  for (const int minute : {1, 3, 6})
    for (std::size_t index = 0; index < 2; ++index)
      for (std::uint16_t i = 1; i <= kLines; ++i)
        schedule(std::chrono::minutes(minute), [this, index, i] { open_line(index, LineId{i}); });
}

}  // namespace detente::sim
