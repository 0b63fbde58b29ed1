#include "sim/preempt_figures.h"

#include <algorithm>

#include "sim/quiet_pair.h"

namespace detente::sim {

namespace {
constexpr LineId kUsedLine{1};
constexpr std::size_t kPacket = 508;
}  // namespace

PreemptFigures preempt_figures(std::uint64_t seed, std::uint64_t rate_bps, std::uint64_t document_bytes,
                               Duration after) {
  PairOptions options;
  options.path_terms[PathId{1}] = {rate_bps, kPacket};
  QuietPair pair(seed, options);
  pair.start();
  pair.run(std::chrono::seconds(5));
  Bytes document(document_bytes);
  SeededRandom(seed).fill(document);
  pair.send_document(0, kUsedLine, document);
  // When the bearer is free of what it was given: the same arithmetic as a serial line's.
  std::int64_t free_at = 0;
  pair.tamper = [&](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
    const std::int64_t now = pair.now(0).mono.micros;
    if (from == 0)
      free_at = std::max(free_at, now) + static_cast<std::int64_t>(datagram.size() * 8 * 1000000 / rate_bps);
    return datagram;
  };
  pair.run(after);
  pair.take_events(1);
  PreemptFigures out;
  out.packet_bytes = kPacket;
  // What the bearer still has of the document's packets is on the wire before anything else.
  const std::int64_t left = std::max<std::int64_t>(0, free_at - pair.now(0).mono.micros);
  out.bytes_before = static_cast<std::uint64_t>(left) * rate_bps / 8 / 1000000;
  bool flash_left = false;
  std::uint64_t flash_bytes = 0;
  pair.tamper = [&](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
    if (from == 0 && !flash_left) {
      // The FLASH is the first that leaves; were it not, what leaves before it counts.
      flash_bytes = datagram.size();
      flash_left = true;
    }
    return datagram;
  };
  const auto said = pair.say(0, kUsedLine, "Hold your fire.", record::Precedence::kFlash);
  if (!said) return out;
  for (int i = 0; i < 200 && !out.arrived; ++i) {
    pair.settle();
    for (const core::DeskEvent& event : pair.take_events(1))
      if (std::holds_alternative<core::EntryArrived>(event)) out.arrived = true;
    if (out.arrived) break;
    out.bytes_before += flash_bytes;  // it was a packet of the document
    flash_left = false;
    pair.run(std::chrono::milliseconds(100));
  }
  return out;
}

}  // namespace detente::sim
