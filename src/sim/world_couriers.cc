// World: persons who carry files between the stations: minutes or a day later, twice, out of order or never, also over
// crashes and over disks that go back.
#include "sim/world.h"

namespace detente::sim {

namespace {
constexpr Duration kSoonest = std::chrono::minutes(2);
constexpr Duration kLatest = std::chrono::hours(30);
constexpr Duration kTryAgain = std::chrono::minutes(10);  // at a station that is down
}  // namespace

void World::pack_a_file(std::size_t index) {
  Node& node = *nodes_[index];
  if (!node.station) return;
  if (const auto packed = node.station->pack_courier(now(node), PeerId{0}); !packed)
    violation(std::string(Pair::name(index)) + " packs no file: " + packed.error().message);
  carry_out(index);
}

void World::send_off(std::size_t from, const core::CourierPacked& packed) {
  ++out_.files_packed;
  trace("packed", from, packed.file);
  const auto file = std::make_shared<const Bytes>(packed.file);
  const std::uint64_t copies = random_.below(3);  // none: it never arrives
  for (std::uint64_t i = 0; i < copies; ++i) {
    // Half of them within the hour, so that they meet the paths' own news.
    const bool soon = random_.below(2) == 0;
    schedule(draw_delay(kSoonest, soon ? std::chrono::hours(1) : kLatest), [this, from, file] { hand_in(1 - from, file); });
  }
}

void World::hand_in(std::size_t to, const std::shared_ptr<const Bytes>& file) {
  if (healed_) return;
  Node& node = *nodes_[to];
  if (!node.station) return schedule(kTryAgain, [this, to, file] { hand_in(to, file); });
  const auto taken = node.station->take_courier(now(node), PeerId{0}, *file);
  // Of a life that is over, or under a secret that both left behind.
  if (!taken && taken.error().fault != Fault::kState)
    violation(std::string(Pair::name(to)) + " refuses a file: " + taken.error().message);
  trace(taken ? "file" : "file refused", to);
  carry_out(to);
}

void World::told_of_files(std::size_t index, const core::DeskEvent& event) {
  if (const auto* packed = std::get_if<core::CourierPacked>(&event)) send_off(index, *packed);
  const auto* taken = std::get_if<core::CourierTaken>(&event);
  if (taken != nullptr && taken->kind != core::CourierKind::kUnheard) ++out_.files_taken;
  const auto* alarm = std::get_if<core::Alarm>(&event);
  if (alarm != nullptr && alarm->kind == core::AlarmKind::kCourier)
    violation(std::string(Pair::name(index)) + ": an alarm between two honest stations: " + alarm->text);
}

}  // namespace detente::sim
