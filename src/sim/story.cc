// Story: the timetable, and what goes wrong.
#include "sim/story.h"

#include <algorithm>

#include "sim/moments.h"

namespace detente::sim {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr PathId kBadPath{2};                      // of military-east alone
constexpr Duration kMorning = hours(2);            // before the announcement of the cut
constexpr Duration kLongestStory = hours(24 * 15);      // beside the silence; a story that takes longer has come to nothing
constexpr Duration kNetworkAhead = minutes(15);    // of the agreed instant
constexpr std::int64_t kClockWrongMost = 90;       // seconds
constexpr std::int64_t kClockStepMost = 5;
constexpr Duration kLookWhenUp = seconds(20);
constexpr Duration kLookWhenDown = minutes(20);
constexpr std::int64_t kFromOpeningToWords = 3600;  // seconds: the announcement's hour

PairOptions five_lines() {
  const auto line = [](std::uint16_t id, const char* name, std::vector<PathId> paths, bool documents, bool desk) {
    return core::LineSetup{LineId{id}, name, true, record::Precedence::kFlash, 1000, std::move(paths), documents, desk};
  };
  const std::vector<PathId> one{PathId{1}};
  PairOptions out;
  out.paths = 2;
  out.lines = {line(0, "accord", {}, false, false),        line(1, "presidential", one, true, false),
               line(2, "liaison", one, true, true),        line(3, "military-west", one, false, false),
               line(4, "military-east", {PathId{1}, kBadPath}, true, false), line(5, "ship", one, false, false)};
  return out;
}

// Loss of 0 to 30 %, each path its own.
NetworkFaults network() {
  NetworkFaults out;
  out.loss_per_mille = 150;
  out.duplicate_per_mille = 80;
  return out;
}

}  // namespace

Story::Story(StoryOptions options) : Stage(options.seed, five_lines(), network()) {
  dark_ = random_.below(3) == 0;
  silence_ = draw_delay(options.silence / 4, options.silence);
  for (std::size_t index = 0; index < 2; ++index) {
    clock_known_[index] = random_.below(4) != 0;
    const auto wrong = static_cast<std::int64_t>(random_.below(2 * kClockWrongMost + 1));
    nodes_[index]->clock_offset = wrong - kClockWrongMost;
  }
}

core::PeerSetup Story::setup(std::size_t index) {
  core::PeerSetup out = Stage::setup(index);
  out.clock_known = [this, index] { return clock_known_[index]; };
  return out;
}

std::int64_t Story::true_time_of(std::size_t index, WallTime wall) const {
  return time_ + (static_cast<std::int64_t>(wall.seconds) - static_cast<std::int64_t>(now(*nodes_[index]).wall.seconds)) * 1000000;
}

StoryReport Story::run() {
  plan_before();
  const std::int64_t longest = (kLongestStory + silence_).count();
  while (time_ < longest && !is_over() && !stopped()) run_until(time_ + Duration(minutes(1)).count());
  out_.days = static_cast<double>(time_) / 86400e6;
  if (time_ >= longest) violation("the story came to no end");
  healed_ = true;
  for (std::size_t index = 0; index < 2; ++index) start(index);
  run_until(time_ + kHealing.count());
  if (!stopped()) check_end();
  close_report();
  static_cast<StageReport&>(out_) = report_;
  return out_;
}

// --- the timetable -----------------------------------------------------------------

void Story::plan_before() {
  for (std::size_t index = 0; index < 2; ++index) {
    start(index);
    look(index);
    chat(index);
    if (random_.below(2) == 0) plan_crash(index, minutes(1), kMorning + hours(1));
    step_clock(index, draw_delay(minutes(10), kMorning + hours(1)));
  }
  schedule(draw_delay(kMorning, kMorning + minutes(20)), [this] { announce_cut(); });
}

// Messages, one after the other; while the lines are cut, now and then somebody tries all the same.
void Story::chat(std::size_t index) {
  schedule(silent_ ? draw_delay(minutes(20), hours(2)) : draw_delay(minutes(2), minutes(15)), [this, index] {
    if (healed_) return;
    write_somewhere(index);
    chat(index);
  });
}

// Each side looks at its screens: often while the other is heard.
void Story::look(std::size_t index) {
  if (healed_) return;
  Node& node = *nodes_[index];
  if (node.station) act_on_what_is_shown(index);
  const Duration after = !node.station || peer(index).link().up() ? kLookWhenUp : kLookWhenDown;
  schedule(draw_delay(after / 2, after), [this, index] { look(index); });
}

// What is written within seconds of the hour crosses with the cut, by one clock or the other.
void Story::plan_the_hour() {
  for (std::size_t index = 0; index < 2; ++index) {
    const std::int64_t hour = true_time_of(index, *effective_) - time_;
    for (int i = 0; i < 6; ++i) {
      const Duration at = Duration(hour) + draw_delay(Duration{0}, seconds(8)) - seconds(4);
      schedule(std::max(at, Duration{0}), [this, index] { write_somewhere(index); });
    }
    if (random_.below(3) == 0) plan_crash(index, Duration(std::max<std::int64_t>(hour, 0)), seconds(5));
  }
  const std::int64_t quiet = true_time_of(kNorth, *effective_) - time_;
  schedule(Duration(quiet) + draw_delay(minutes(5), minutes(30)), [this] { begin_silence(); });
}

void Story::begin_silence() {
  silent_ = true;
  silent_since_ = time_;
  sent_before_ = report_.sent;
  wires_.at({kNorth, kBadPath}).cut_until = INT64_MAX;
  if (!dark_) set_paths_dead(true);
  for (std::size_t index = 0; index < 2; ++index) {
    postman(index);
    step_clock(index, draw_delay(Duration{0}, silence_));
    const std::uint64_t crashes = random_.below(3);
    for (std::uint64_t i = 0; i < crashes; ++i) plan_crash(index, minutes(1), silence_ + hours(4));
  }
  watch_for_the_day();
}

void Story::set_paths_dead(bool dead) {
  for (auto& [key, wire] : wires_)
    if (key != std::pair(kNorth, kBadPath)) wire.cut_until = dead ? INT64_MAX : 0;
}

// The network's own people hear of the hour in time.
void Story::watch_for_the_day() {
  for (std::size_t index = 0; index < 2; ++index) {
    if (!nodes_[index]->station) continue;
    for (const core::AgreedRestoration& one : peer(index).agreements().restorations()) {
      const std::int64_t at = true_time_of(index, one.instant);
      if (at - time_ > kNetworkAhead.count() || at + Duration(hours(2)).count() < time_) continue;
      silent_ = false;
      the_day_ = at;
      out_.into_silence = report_.sent - sent_before_;
      set_paths_dead(false);
      return plan_the_day(at - time_);
    }
  }
  schedule(minutes(5), [this] { if (!healed_) watch_for_the_day(); });
}

void Story::plan_the_day(std::int64_t instant) {
  for (std::size_t index = 0; index < 2; ++index) {
    const Duration opening = Duration(std::max<std::int64_t>(instant, 0));
    if (random_.below(3) == 0) plan_crash(index, opening, minutes(70));
    if (random_.below(3) == 0)
      plan_crash(index, opening + seconds(kFromOpeningToWords) - seconds(kClockWrongMost), seconds(2 * kClockWrongMost));
  }
}

// --- what goes wrong -----------------------------------------------------------------

void Story::plan_crash(std::size_t index, Duration after, Duration within) {
  schedule(draw_delay(after, after + within), [this, index] {
    if (healed_) return;
    crashed_on_the_day_ = crashed_on_the_day_ || the_day_;
    crash(index, seconds(1));
  });
}

void Story::crash_in_its_commits(std::size_t index) {
  if (random_.below(8) == 0) plan_crash(index, Duration{0}, std::chrono::milliseconds(40));
}

void Story::step_clock(std::size_t index, Duration after) {
  const auto step = static_cast<std::int64_t>(random_.below(2 * kClockStepMost + 1));
  schedule(after, [this, index, step] { nodes_[index]->clock_offset += step - kClockStepMost; });
}

// --- couriers --------------------------------------------------------------------------

void Story::postman(std::size_t index) {
  schedule(draw_delay(minutes(10), minutes(40)), [this, index] {
    if (healed_) return;
    Node& node = *nodes_[index];
    if (node.station) {
      if (const auto packed = node.station->pack_courier(now(node), PeerId{0}); !packed)
        violation(std::string(Pair::name(index)) + " packs no file: " + packed.error().message);
      carry_out(index);
    }
    postman(index);
  });
}

void Story::send_off(std::size_t from, const core::CourierPacked& packed) {
  ++out_.files_packed;
  trace("packed", from, packed.file);
  if (random_.below(4) == 0) {
    ++out_.files_lost;
    return;
  }
  const auto file = std::make_shared<const Bytes>(packed.file);
  const std::uint64_t copies = random_.below(4) == 0 ? 2 : 1;
  for (std::uint64_t i = 0; i < copies; ++i)
    schedule(draw_delay(minutes(2), minutes(100)), [this, from, file] { hand_in(1 - from, file); });
}

void Story::hand_in(std::size_t to, const std::shared_ptr<const Bytes>& file) {
  if (healed_) return;
  Node& node = *nodes_[to];
  if (!node.station) return schedule(minutes(30), [this, to, file] { hand_in(to, file); });
  const auto taken = node.station->take_courier(now(node), PeerId{0}, *file);
  // Of a life that is over, or under a secret that both left behind: the person is told, and asks for another.
  if (!taken && taken.error().fault != Fault::kState)
    violation(std::string(Pair::name(to)) + " refuses a file: " + taken.error().message);
  trace(taken ? "file" : "file refused", to);
  carry_out(to);
}

// --- what desks are told ---------------------------------------------------------------

void Story::told(std::size_t index, const core::DeskEvent& event) {
  const std::string name = Pair::name(index);
  if (const auto* packed = std::get_if<core::CourierPacked>(&event)) send_off(index, *packed);
  if (std::get_if<core::CourierTaken>(&event) != nullptr) ++out_.files_taken;
  if (const auto* failed = std::get_if<core::CourierFailed>(&event)) violation(name + ": a file failed: " + failed->error.message);
  if (const auto* changed = std::get_if<core::AnnouncementChanged>(&event)) release(index, *changed);
  if (std::get_if<core::RestorationChanged>(&event) != nullptr) crash_in_its_commits(index);
  const auto* alarm = std::get_if<core::Alarm>(&event);
  if (alarm != nullptr && (alarm->kind == core::AlarmKind::kCourier || alarm->kind == core::AlarmKind::kBadEntry))
    violation(name + ": an alarm between two honest stations: " + alarm->text);
}

}  // namespace detente::sim
