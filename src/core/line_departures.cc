// Line: what leaves packet by packet, as its path has room. spec/packet.md section 7.
#include <algorithm>

#include "core/line.h"

namespace detente::core {

// What is more urgent goes first; parts of a frame of less that have left wait for the rest of it.
void Line::line_up(Context& context, const std::vector<const OwnLog::Sent*>& group, std::vector<wire::Frame> frames) {
  Departing departing{record::Precedence::kRoutine, {}, Departure(std::move(frames)), context.now.mono};
  for (const OwnLog::Sent* sent : group) {
    departing.precedence = std::max(departing.precedence, sent->placed.entry.header.precedence);
    departing.indexes.push_back(sent->placed.index);
    InFlight& flight = in_flight_[sent->placed.index];
    flight.packets.clear();
    flight.held = flight.lost = false;
    flight.departs = true;
    ++flight.sent;
  }
  const auto place = std::find_if(departing_.begin(), departing_.end(), [&](const Departing& other) {
    return other.precedence < departing.precedence;
  });
  departing_.insert(place, std::move(departing));
}

// A receipt, or a courier's file, may have been faster.
bool Line::is_wanted(const Departing& departing) const {
  return std::any_of(departing.indexes.begin(), departing.indexes.end(), [this](std::uint64_t index) {
    const auto it = in_flight_.find(index);
    return it != in_flight_.end() && it->second.departs;
  });
}

bool Line::encode_anew(Context& context, Departing& departing) const {
  std::vector<std::uint64_t> indexes;
  std::vector<wire::Frame> frames;
  const Told told = told_on_paths(context);
  for (const OwnLog::Sent& sent : own_.unreceipted()) {
    const std::uint64_t index = sent.placed.index;
    if (std::find(departing.indexes.begin(), departing.indexes.end(), index) == departing.indexes.end()) continue;
    if (const auto it = in_flight_.find(index); it == in_flight_.end() || !it->second.departs) continue;
    indexes.push_back(index);
    frames.push_back(entry_frame(sent, told));
  }
  departing.indexes = std::move(indexes);
  departing.departure = Departure(std::move(frames));
  departing.encoded_at = context.now.mono;
  return !departing.departure.gone();
}

void Line::drop_unwanted_departures() {
  while (!departing_.empty() && !is_wanted(departing_.front())) departing_.pop_front();
}

void Line::depart(Context& context) {
  if (departing_.empty() || !link_->ready() || !contact_made_ || epoch_wanted_) return;
  bool ended = false;
  for (drop_unwanted_departures(); !departing_.empty(); drop_unwanted_departures()) {
    Departing& next = departing_.front();
    const bool goes_on = next.departure.begun() && next.departure.session() == link_->session_serial();
    // The parts of one frame are acknowledged as one: the window must not wait for what waits for it.
    const bool may = goes_on ? link_->may_go_on(context.now.mono, setup_.paths)
                             : link_->may_send(context.now.mono, setup_.paths);
    if (!may) break;
    const bool stale = next.departure.begun() || next.encoded_at != context.now.mono;
    if (!goes_on && stale && !encode_anew(context, next)) {
      departing_.pop_front();
      continue;
    }
    const std::vector<SentPacket> packets = link_->send_next(context, next.departure, setup_.paths, Link::Tracked::kYes);
    if (packets.empty()) break;
    // Entries that left as a whole; or a part of the first.
    const std::size_t left = next.indexes.size() - next.departure.frames_left();
    for (std::size_t i = 0; i < std::max<std::size_t>(left, 1); ++i) {
      const auto it = in_flight_.find(next.indexes[i]);
      if (it == in_flight_.end()) continue;
      it->second.packets.insert(it->second.packets.end(), packets.begin(), packets.end());
      it->second.last_sent = left_by(context.now.mono, packets);
      it->second.departs &= left == 0;
    }
    next.indexes.erase(next.indexes.begin(), next.indexes.begin() + static_cast<std::ptrdiff_t>(left));
    ended |= left > 0;
    if (next.departure.gone()) departing_.pop_front();
  }
  if (ended) arm_retry(context);
}

bool Line::recall_departures(Context& context) {
  const bool some = !departing_.empty();
  departing_.clear();
  std::erase_if(in_flight_, [&](const auto& item) {
    if (item.second.departs) link_->confirm(context, item.second.packets, Arrival::kUnknown);
    return item.second.departs;
  });
  return some;
}

std::optional<Instant> Line::departs_at() const {
  if (departing_.empty() || !link_->ready() || !contact_made_ || epoch_wanted_) return std::nullopt;
  if (departing_.front().departure.begun()) return link_->may_go_on_at(setup_.paths);
  return link_->may_send_at(setup_.paths);
}

}  // namespace detente::core
