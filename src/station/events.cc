#include "station/events.h"

#include <algorithm>

namespace detente::station {

void EventRing::add(Tell tell, WallTime time) {
  events_.push_back({next_++, time, std::move(tell)});
  if (events_.size() > kKept) events_.pop_front();
  for (const auto& [number, wake] : std::exchange(waiting_, {})) wake();
}

std::uint64_t EventRing::when_more(std::function<void()> wake) {
  waiting_.emplace(next_waiting_, std::move(wake));
  return next_waiting_++;
}

Json EventRing::after(std::uint64_t since, std::size_t limit, const std::string& run) const {
  const bool other_run = since > newest() || !is_this(run);
  if (other_run) since = 0;
  const bool missed = other_run || (!events_.empty() && events_.front().id > since + 1);
  Json list = Json::array();
  std::uint64_t last = since;
  auto it = std::lower_bound(events_.begin(), events_.end(), since + 1,
                             [](const Event& event, std::uint64_t id) { return event.id < id; });
  for (; it != events_.end() && list.size() < limit; ++it) {
    Json numbered{{"id", it->id}, {"time", it->time.seconds}};
    numbered.update(it->tell());
    list.push_back(std::move(numbered));
    last = it->id;
  }
  return {
      {"ok", true}, {"run", run_}, {"next", last}, {"missed", missed}, {"events", std::move(list)}};
}

Json EventRing::newest_of(std::size_t limit) const {
  const std::uint64_t since = newest() > limit ? newest() - limit : 0;
  Json out = after(since, limit);
  out["missed"] = since > 0;
  return out;
}

bool AlarmGate::let_through(PeerId peer, core::AlarmKind kind, Instant now, std::uint64_t& silent, std::optional<LineId> line) {
  const auto [it, first] = buckets_.try_emplace({peer, kind, line});
  Bucket& bucket = it->second;
  if (first) bucket.filled = now;
  const auto more = static_cast<std::uint64_t>((now - bucket.filled) / kRefill);
  if (more > 0) {
    bucket.left = static_cast<unsigned>(std::min<std::uint64_t>(kAtOnce, bucket.left + more));
    bucket.filled = now;
  }
  if (bucket.left == 0) {
    ++bucket.silent;
    return false;
  }
  --bucket.left;
  silent = std::exchange(bucket.silent, 0);
  return true;
}

const char* alarm_name(core::AlarmKind kind) {
  switch (kind) {
    case core::AlarmKind::kOtherAccord: return "other-accord";
    case core::AlarmKind::kInnerSeal: return "inner-seal";
    case core::AlarmKind::kEquivocation: return "two-records";
    case core::AlarmKind::kBadEntry: return "bad-entry";
    case core::AlarmKind::kPeerForgot: return "far-disk";
    case core::AlarmKind::kWeForgot: return "own-disk";
    case core::AlarmKind::kNewEpoch: return "new-epoch";
    case core::AlarmKind::kStore: return "store";
    case core::AlarmKind::kDocument: return "document";
    case core::AlarmKind::kQuota: return "quota";
    case core::AlarmKind::kCut: return "cut";
    case core::AlarmKind::kRate: return "rate";
    case core::AlarmKind::kCourier: return "courier";
    case core::AlarmKind::kLift: return "lift-fell-back";
    case core::AlarmKind::kRevoked: return "revoked-station";
  }
  return "alarm";
}

}  // namespace detente::station
