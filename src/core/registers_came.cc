// Registers: what of them came to pass here and is not undone by a clock or by an accord: the hours that have come, and
// the dark that has begun. Each is durable beside the registers. spec/cut.md sections 1 and 5.
#include <algorithm>

#include "core/registers.h"
#include "wire/cbor.h"

namespace detente::core {

namespace {

// No side has cut a line so often since a copy of its disk was made. A number near the largest would leave none for the
// next cut.
constexpr std::uint64_t kForgottenCutsMax = 65'536;

using record::Whose;

constexpr const char* kHours = "/came";  // behind the register's own name

}  // namespace

// --- announced hours -------------------------------------------------------------------

Registers::Announced Registers::announced(const Cut& cut) {
  return {cut.cut_epoch, cut.signed_at.seconds, cut.effective ? cut.effective->seconds : 0};
}

bool Registers::has_come(const Key& key, const Cut& cut) const {
  if (!cut.effective) return true;
  const auto it = came_.find(key);
  return it != came_.end() && it->second.count(announced(cut)) > 0;
}

void Registers::load_hours(const Context& context, const Key& key) {
  const auto bytes = context.store.value(value_key(key) + kHours);
  if (!bytes) return;
  wire::CborReader reader(*bytes);
  const auto count = reader.array();
  for (std::size_t i = 0; count && i < *count; ++i) {
    Announced one{};
    if (!reader.array(one.size())) return;
    for (std::uint64_t& part : one) {
      const auto number = reader.uint();
      if (!number) return;
      part = *number;
    }
    came_[key].insert(one);
  }
}

// Beside the register, and not in it: acts on that may be under way to the disk.
void Registers::keep_hours(Context& context) {
  if (hours_to_keep_.empty()) return;
  record::Batch batch;
  batch.fence = fence_;
  const std::set<Key> keys = std::exchange(hours_to_keep_, {});
  for (const Key& key : keys) {
    std::set<Announced> open;
    for (const Cut& cut : at(in_force_, key.first, key.second).cuts)
      if (!cut.cleared && cut.effective && has_come(key, cut)) open.insert(announced(cut));
    wire::CborWriter out;
    out.array(open.size());
    for (const Announced& one : open) {
      out.array(one.size());
      for (const std::uint64_t part : one) out.uint(part);
    }
    batch.writes.push_back(record::PutValue{value_key(key) + kHours, out.take()});
    came_[key] = std::move(open);
  }
  context.effects.persist({std::move(batch)}, [](Context&) {}, [this, keys](Context& then, const Error&) {
    hours_to_keep_.insert(keys.begin(), keys.end());  // the cut is in force all the same
    const Instant again = then.now.mono + kLookEvery;
    look_at_ = std::min(look_at_.value_or(again), again);
  });
}

std::vector<LineId> Registers::look(Context& context) {
  const Now now = context.now;
  std::vector<LineId> out;
  look_at_.reset();
  for (const auto& [key, value] : in_force_) {
    for (const Cut& cut : value.cuts) {
      if (cut.cleared || has_come(key, cut)) continue;
      if (now.wall >= *cut.effective) {
        came_[key].insert(announced(cut));
        hours_to_keep_.insert(key);
        out.push_back(key.second);
        continue;
      }
      const Duration left = std::chrono::seconds(cut.effective->seconds - now.wall.seconds);
      const Instant at = now.mono + std::min<Duration>(left, kLookEvery);
      look_at_ = std::min(look_at_.value_or(at), at);
    }
  }
  keep_told(context);
  keep_hours(context);
  look_at_dark(context);
  return out;
}

// --- what this disk had forgotten -------------------------------------------------------

std::optional<record::LogState::YourCut> Registers::their_open_cut(LineId line) const {
  const Register& value = theirs(line);
  if (value.open_cut() == nullptr) return std::nullopt;
  record::LogState::YourCut out{value.cut_epoch(), closed_media(line, Whose::kOthers), 0};
  if (out.media != 0) return out;
  for (const Cut& cut : value.cuts) {
    if (cut.cleared || !cut.effective) continue;
    out.media = static_cast<std::uint8_t>(out.media | cut.media);
    out.effective = out.effective == 0 ? cut.effective->seconds : std::min(out.effective, cut.effective->seconds);
  }
  return out;
}

// In force at once, and kept as soon as the disk takes it. Nobody but its own officers opens the line again; the other
// side could cut it itself, so that it gains nothing by a cut that never was.
bool Registers::learn_own(Context& context, LineId line, const record::LogState::YourCut& told) {
  const Key key{Whose::kAuthors, line};
  const std::uint64_t known = at(noted_, key.first, line).cut_epoch();
  if (told.cut_epoch <= known) return false;
  Cut cut;
  cut.cut_epoch = told.cut_epoch - known > kForgottenCutsMax ? known + 1 : told.cut_epoch;
  cut.media = told.media;
  cut.signed_at = cut.noted = context.now.wall;
  if (told.effective != 0) cut.effective = WallTime{told.effective};
  cut.reason = "as the record of the other side has it; this disk is an older copy";
  for (Table* table : {&in_force_, &noted_}) (*table)[key].cuts.push_back(cut);
  told_to_keep_.insert(key);
  context.effects.notify(RegisterChanged{identity_->peer, line, Whose::kAuthors});
  const std::vector<LineId> come = look(context);
  if (hooks_.changed) hooks_.changed(context, line);
  tell_come(context, come);
  return true;
}

void Registers::keep_told(Context& context) {
  if (told_to_keep_.empty()) return;
  record::Batch batch;
  batch.fence = fence_;
  const std::set<Key> keys = std::exchange(told_to_keep_, {});
  for (const Key& key : keys) batch.writes.push_back(record::PutValue{value_key(key), encode_register(at(noted_, key.first, key.second))});
  context.effects.persist({std::move(batch)}, [](Context&) {}, [this, keys](Context& then, const Error&) {
    told_to_keep_.insert(keys.begin(), keys.end());
    const Instant again = then.now.mono + kLookEvery;
    look_at_ = std::min(look_at_.value_or(again), again);
  });
}

// --- the dark --------------------------------------------------------------------------

std::string Registers::dark_key(Whose whose) const {
  return "dark/" + to_hex(identity_->lineage) + "/" + identity_->counterpart + "/" + (whose == Whose::kAuthors ? "own" : "theirs");
}

const std::set<LineId>& Registers::dark_lines(Whose whose) const {
  static const std::set<LineId> kNone;
  const auto it = dark_.find(whose);
  return it == dark_.end() ? kNone : it->second;
}

void Registers::load_dark(const Context& context) {
  dark_.clear();
  dark_kept_.clear();
  for (const Whose whose : {Whose::kAuthors, Whose::kOthers}) {
    const auto bytes = context.store.value(dark_key(whose));
    if (!bytes) continue;
    wire::CborReader reader(*bytes);
    const auto count = reader.array();
    for (std::size_t i = 0; count && i < *count; ++i) {
      const auto line = reader.uint();
      if (!line) break;
      dark_[whose].insert(LineId{static_cast<std::uint16_t>(*line)});
    }
    dark_kept_[whose] = dark_[whose];
  }
}

// It begins with a cut in the dark of every line that there is then, and ends with an act on one of these: a line that an
// amendment adds is no act.
void Registers::look_at_dark(Context& context) {
  for (const Whose whose : {Whose::kAuthors, Whose::kOthers}) {
    std::set<LineId>& lines = dark_[whose];
    const auto cut = [&](LineId line) { return dark(whose, line); };
    std::erase_if(lines, [this](LineId line) { return lines_.count(line) == 0; });  // retired since
    if (!std::all_of(lines.begin(), lines.end(), cut)) lines.clear();
    if (!lines_.empty() && std::all_of(lines_.begin(), lines_.end(), cut)) lines = lines_;
    if (lines == dark_kept_[whose]) continue;
    dark_kept_[whose] = lines;
    wire::CborWriter out;
    out.array(lines.size());
    for (const LineId line : lines) out.uint(line.value);
    record::Batch batch;
    batch.fence = fence_;
    batch.writes.push_back(record::PutValue{dark_key(whose), out.take()});
    context.effects.persist({std::move(batch)}, [](Context&) {}, [this, whose](Context& then, const Error&) {
      dark_kept_[whose] = {LineId{}};  // what was never kept: it is tried again
      const Instant again = then.now.mono + kLookEvery;
      look_at_ = std::min(look_at_.value_or(again), again);
    });
  }
}

}  // namespace detente::core
