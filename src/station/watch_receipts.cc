// Watch: since when nothing of ours was receipted on a line although what is sent arrives: a station there whose disk or
// quota refuses looks well otherwise.
#include <algorithm>

#include "station/watch.h"

namespace detente::station {

namespace {

// As long as that a path may be doubted, or a session begun anew, and the wait goes on.
constexpr Duration kDoubted = std::chrono::seconds(5);

bool carries_now(const Running& running, const Counterpart& counterpart, const accord::Annex& annex) {
  const core::Link& link = running.driver->station().peer(counterpart.peer).link();
  const auto arrives = [&](const PathConfig& path) {
    if (!annex.allows_path(path.name)) return false;
    const PathId id = counterpart.accord.accord.path(path.name)->number;
    const core::PathState* state = link.paths().find(id);
    return state != nullptr && state->confirmed && !state->suspect && !running.driver->path_trouble(counterpart.peer, id).own;
  };
  const std::vector<PathConfig>& paths = counterpart.config.paths;
  return link.ready() && std::any_of(paths.begin(), paths.end(), arrives);
}

}  // namespace

void Watch::look_at_receipts(PeerId peer, OneLine& line) const {
  if (line.annex->log_only) return;
  const Instant now = running_.driver->now().mono;
  if (carries_now(running_, *line.counterpart, *line.annex)) line.carried = now;
  const core::OwnLog& own = running_.line(peer, line.annex->line).own();
  if (!line.carried || now - *line.carried > kDoubted || own.durable_size() <= own.receipted_size()) {
    line.awaits_receipt.reset();
    return;
  }
  const auto& waits = line.awaits_receipt;
  if (!waits || waits->epoch != own.key().epoch || waits->receipted != own.receipted_size())
    line.awaits_receipt = {own.key().epoch, own.receipted_size(), now};
}

std::optional<watch::UnconfirmedFacts> Watch::unconfirmed_facts(const OneLine& line) const {
  const core::OwnLog& own = running_.line(line.counterpart->peer, line.annex->line).own();
  const auto& waits = line.awaits_receipt;
  // Since the last look a receipt may have come.
  if (!waits || waits->epoch != own.key().epoch || waits->receipted != own.receipted_size() || own.durable_size() <= own.receipted_size())
    return std::nullopt;
  watch::UnconfirmedFacts out{own.durable_size() - own.receipted_size(), false, waits->since};
  std::uint64_t bytes = 0;
  for (const core::OwnLog::Sent& sent : own.unreceipted()) {
    out.flash = out.flash || sent.is_flash();
    bytes += sent.placed.bytes.header.size() + sent.placed.bytes.body.size();
  }
  // Of a slow bearer whose rate is known: on the slowest, since which of them takes it is not said.
  std::uint32_t slowest = 0;
  for (const PathConfig& path : line.counterpart->config.paths)
    if (line.annex->allows_path(path.name) && path.rate > 0) slowest = slowest == 0 ? path.rate : std::min(slowest, path.rate);
  constexpr std::uint64_t kBitsOnTheWire = 16;  // of a byte, with all that goes beside it
  if (slowest > 0) out.on_the_way = std::chrono::seconds(bytes * kBitsOnTheWire / slowest);
  return out;
}

}  // namespace detente::station
