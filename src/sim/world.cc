#include "sim/world.h"

#include <algorithm>

#include "sim/moments.h"

namespace detente::sim {

namespace {

constexpr std::uint64_t kDocumentEvery = 10;  // bursts of messages: one in twenty messages

}  // namespace

void Report::add(const Report& other) {
  static constexpr std::uint64_t Report::*kCounts[] = {
      &Report::events,         &Report::crashes,        &Report::refused,           &Report::sent,           &Report::dropped,
      &Report::duplicated,     &Report::reordered,      &Report::slowed,          &Report::flipped,        &Report::replayed,          &Report::submitted,      &Report::delivered,
      &Report::receipted,      &Report::partitions,     &Report::one_way,           &Report::clock_steps,    &Report::far_steps,
      &Report::rollbacks,      &Report::rotten,         &Report::rot_read,          &Report::takeovers,      &Report::cuts_respected,
      &Report::lifts_tested,   &Report::files_packed,   &Report::files_taken,       &Report::documents_sent, &Report::documents_arrived,
      &Report::documents_confirmed, &Report::documents_lost};
  for (const auto count : kCounts) this->*count += other.*count;
  farthest_back = std::max(farthest_back, other.farthest_back);
  violations.insert(violations.end(), other.violations.begin(), other.violations.end());
  trace = other.trace;
}

World::World(Options options) : Stage(options.seed, options.pair, options.faults), options_(std::move(options)) {
  stop_at_first_violation_ = options_.stop_at_first_violation;
}

// --- people ----------------------------------------------------------------------------

void World::told(std::size_t index, const core::DeskEvent& event) {
  if (const auto* stored = std::get_if<core::DocumentStored>(&event)) name_later(index, *stored);
  told_of_files(index, event);
}

void World::write_message(std::size_t index) {
  Node& node = *nodes_[index];
  const std::uint64_t burst = 1 + (random_.below(10) == 0 ? random_.below(20) : 0);
  for (std::uint64_t i = 0; i < burst && node.station; ++i) {
    const LineId line{static_cast<std::uint16_t>(1 + random_.below(2))};
    const auto precedence = static_cast<record::Precedence>(random_.below(4));
    record::Entry entry;
    entry.header.line = line;
    entry.header.precedence = precedence;
    submit(index, std::move(entry));
  }
  if (random_.below(kDocumentEvery) == 0) write_document(index);
}

// --- the run -----------------------------------------------------------------------------

std::size_t World::documents_under_way() const {
  return nodes_[0]->documents_under_way() + nodes_[1]->documents_under_way();
}

void World::check_end() {
  for (auto& node : nodes_) {
    if (!node->station) return violation("a station is down after all was healed");
    node->check_converged(lines_);
    node->check_registers(lines_);
  }
}

Report World::run() {
  for (std::size_t index = 0; index < 2; ++index) {
    nodes_[index]->keep_snapshot(options_.snapshots);
    start(index);
  }
  plan_faults();
  run_until(options_.duration.count());
  healed_ = true;
  for (auto& node : nodes_) {
    node->store.set_full(false);
    node->disk_full_until = 0;
  }
  for (auto& [key, wire] : wires_) wire.rate_bps = 0;
  for (std::size_t index = 0; index < 2; ++index)
    if (nodes_[index]->store.damaged()) crash(index, kRestoring);
  const auto damaged = [](const auto& node) { return node->store.damaged(); };
  if (std::any_of(nodes_.begin(), nodes_.end(), damaged)) run_until(time_ + kRestoring.count());
  for (std::size_t index = 0; index < 2; ++index) start(index);
  open_all_lines();
  // Where every packet overtakes others by up to twenty seconds, reordering looks like loss all the time, the window
  // stays at a few packets a round trip, and a document takes an hour.
  const bool far = options_.faults.delay_max > std::chrono::seconds(5);
  run_until(time_ + (kHealing * (far ? 72 : 1)).count());
  // A disk that went back by days fetches hundreds of documents again: the bound holds from one to the next.
  for (std::size_t left = documents_under_way(), before = left + 1; left > 0 && left < before && !stopped(); left = documents_under_way()) {
    before = left;
    run_until(time_ + kHealing.count());
  }
  if (!stopped()) check_end();
  close_report();
  static_cast<StageReport&>(out_) = report_;
  for (const auto& node : nodes_) {
    out_.documents_sent += node->documents.named_count;
    out_.documents_arrived += node->documents.arrived_count;
    out_.documents_confirmed += node->documents.confirmed_count;
    out_.documents_lost += node->documents.lost();
    out_.cuts_respected += node->cuts_respected;
    out_.lifts_tested += node->lifts_tested;
  }
  return out_;
}

}  // namespace detente::sim
