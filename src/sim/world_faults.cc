// World: what goes wrong.
#include "sim/world.h"

namespace detente::sim {

namespace {
constexpr Duration kSnapshotEvery = std::chrono::hours(3);
constexpr Duration kReplayMean = std::chrono::minutes(2);
}  // namespace

void World::plan_faults() {
  const Faults& faults = options_.faults;
  const std::size_t roller = options_.seed % 2;  // the other disk never goes back: else both may lose one entry
  for (std::size_t index = 0; index < 2; ++index) {
    plan(options_.message_every, [this, index] { write_message(index); });
    plan(faults.crash_every, [this, index] { crash(index, std::chrono::seconds(1)); });
    plan(faults.clock_step_every, [this, index] { step_clock(index); });
    plan(faults.full_disk_every, [this, index] { fill_disk(index); });
    plan(faults.cut_every, [this, index] { cut_a_line(index); });
    plan(faults.dark_every, [this, index] { go_dark(index); });
    plan(faults.courier_every, [this, index] { pack_a_file(index); });
    plan(faults.takeover_every, [this, index] { take_over(index); });
  }
  plan(faults.partition_every, [this] { cut_a_path(); });
  plan(std::max(kSnapshotEvery, options_.duration / 30), [this, roller] { nodes_[roller]->keep_snapshot(options_.snapshots); });
  plan(faults.rollback_every, [this, roller] { roll_back(roller); });
  if (faults.replay_per_mille > 0) plan(kReplayMean, [this] { replay(); });
}

void World::cut_a_path() {
  const std::size_t sender = random_.below(2);
  const std::uint64_t one = random_.below(options_.pair.paths + 1);  // 0 = all of them
  const bool both = random_.below(3) == 0;
  ++out_.partitions;
  out_.one_way += both ? 0 : 1;
  const std::int64_t until = time_ + draw_delay(std::chrono::seconds(5), std::chrono::minutes(10)).count();
  for (auto& [key, wire] : wires_)
    if ((key.first == sender || both) && (one == 0 || key.second.value == one)) wire.cut_until = until;
}

void World::step_clock(std::size_t index) {
  const auto step = static_cast<std::int64_t>(random_.below(2 * 86400));
  // Now and then by a year, as a clock whose battery is empty does.
  const bool far = random_.below(8) == 0;
  ++out_.clock_steps;
  out_.far_steps += far ? 1 : 0;
  nodes_[index]->clock_offset = far ? -365 * 86400 : step - 86400;
}

void World::fill_disk(std::size_t index) {
  Node& node = *nodes_[index];
  node.store.set_full(true);
  const Duration lasts = draw_delay(std::chrono::seconds(10), std::chrono::minutes(20));
  node.disk_full_until = time_ + lasts.count();
  schedule(lasts, [this, index] {
    nodes_[index]->store.set_full(false);
    nodes_[index]->disk_full_until = 0;
  });
}

void World::roll_back(std::size_t index) {
  Node& node = *nodes_[index];
  if (!node.station) return;
  const bool rots = random_.below(3) == 0;
  if (rots && random_.below(2) == 0) return rot_while_it_runs(index);
  crash(index, kRestoring);
  const std::uint64_t back = random_.below(node.snapshots());
  trace(rots ? "rot" : "rollback", index);
  if (rots && node.store.damage(random_)) return;  // found at the start, and restored then
  restore(index, back);
}

// Found when the station reads it, or at its next start. A person sees to it in the end.
void World::rot_while_it_runs(std::size_t index) {
  if (!nodes_[index]->store.damage_recent(random_)) return;
  trace("rot in a life", index);
  schedule(draw_delay(std::chrono::minutes(1), std::chrono::hours(6)), [this, index] {
    Node& node = *nodes_[index];
    if (!node.store.damaged()) return;
    crash(index, kRestoring);
  });
}

// A process that was paused, and is taken for dead, is replaced; then it goes on.
void World::take_over(std::size_t index) {
  Node& node = *nodes_[index];
  if (!node.station || node.disk_full_until > time_ || node.store.damaged()) return;
  const std::unique_ptr<core::Station> zombie = std::move(node.station);
  zombie->set_audit(nullptr);
  const Now zombie_now = now(node);
  std::deque<core::Persist> under_way = std::move(node.pending);
  node.pending.clear();
  node.ended();
  ++out_.takeovers;
  trace("takeover", index);
  start(index);
  record::Entry entry;
  entry.header.line = LineId{1};
  entry.header.precedence = record::Precedence::kFlash;
  entry.header.time = zombie_now.wall;
  entry.body = to_bytes(as_bytes("from a process that was taken over"));
  static_cast<void>(zombie->submit(zombie_now, PeerId{0}, LineId{1}, std::move(entry)));
  const auto refuse = [&](const core::Persist& commit) {
    node.commit_of_zombie(commit);
    zombie->on_persist_failed(zombie_now, commit.token, {Fault::kState, "taken over"});
  };
  for (const core::Persist& commit : under_way) refuse(commit);
  for (int round = 0; round < 3; ++round) {
    zombie->on_deadline({zombie_now.mono + std::chrono::seconds(30 * (round + 1)), zombie_now.wall});
    for (core::Effect& effect : zombie->take_effects()) {
      if (auto* datagram = std::get_if<core::SendDatagram>(&effect)) send(index, *datagram, true);
      if (auto* commit = std::get_if<core::Persist>(&effect)) refuse(*commit);
    }
  }
}

}  // namespace detente::sim
