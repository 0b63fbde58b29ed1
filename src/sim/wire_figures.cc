#include "sim/wire_figures.h"

#include "base/check.h"
#include "sim/quiet_pair.h"

namespace detente::sim {

namespace {

constexpr Duration kBetweenTexts = std::chrono::seconds(30);

bool receipted(QuietPair& pair) {
  for (const core::DeskEvent& event : pair.take_events(0))
    if (std::holds_alternative<core::ReceiptVerified>(event)) return true;
  return false;
}

// Both stations know each other's epochs, as after the first day.
void acquaint(QuietPair& pair, LineId line) {
  for (std::size_t side : {0u, 1u}) {
    const auto said = pair.say(side, line, "Check call.");
    DETENTE_CHECK(said.has_value());
    pair.run(kBetweenTexts);
  }
}

}  // namespace

std::vector<std::uint64_t> wire_bytes(const WireSetting& setting,
                                      const std::vector<std::string>& passages) {
  PairOptions options;
  options.both_aeads = setting.both_aeads;
  options.policy.heartbeat = std::chrono::hours(24);  // heartbeats are the idle line's, not the text's
  const LineId line{static_cast<std::uint16_t>(setting.provable ? 1 : 2)};
  QuietPair pair(1, options);
  pair.start();
  acquaint(pair, line);
  std::vector<std::uint64_t> out;
  for (const std::string& passage : passages) {
    if (setting.cold) {
      pair.stop(0);
      pair.stop(1);
      pair.start(1);
      // Its own calls go nowhere while the other is off: only what the sender starts counts.
      pair.tamper = [](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
        if (from == 1) return std::nullopt;
        return datagram;
      };
      pair.settle();
      pair.tamper = nullptr;
      pair.take_bytes();
      pair.start(0);
    } else {
      pair.run(kBetweenTexts);
      pair.take_bytes();
    }
    pair.take_events(0);
    const auto said = pair.say(0, line, passage);
    DETENTE_CHECK(said.has_value());
    pair.settle();
    DETENTE_CHECK(receipted(pair));
    out.push_back(pair.take_bytes());
  }
  return out;
}

}  // namespace detente::sim
