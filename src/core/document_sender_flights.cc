// DocumentSender: what is under way of documents, and what of it is lost.
#include <algorithm>

#include "core/document_sender.h"

namespace detente::core {

void DocumentSender::note_sent(const std::vector<SentPacket>& packets, Flight flight) {
  for (const auto& [prefix, part] : flight.parts) {
    Asked& asked = asked_.at(prefix);
    asked.in_flight += packets.size();
    if (!has_more(asked)) asked.offer_at = flight.left + link_->timeout(asked.offers) + kAckDelay;
  }
  for (const SentPacket& packet : packets) {
    if (oldest_on(packet.path) == flights_.end()) waiting_[packet.path].news_at = flight.left;
    flights_.emplace(key_of(packet), flight);
  }
}

bool DocumentSender::go_on(Context& context, Asked& asked) {
  Departure& departure = asked.departing->departure;
  if (departure.begun() && departure.session() != link_->session_serial()) {
    const Flight flight = std::move(asked.departing->flight);  // its parts would be put together in that session only
    asked.departing.reset();
    requeue(flight);
    return true;
  }
  const auto packets = link_->send_next(context, departure, allowed(asked.blob.line), Link::Tracked::kDocument);
  Flight flight = asked.departing->flight;
  flight.left = left_by(context.now.mono, packets);
  if (packets.empty() || departure.gone()) {  // without a packet: what left of it is nothing without the rest, and they ask again
    asked.departing.reset();
    --asked.in_flight;
  }
  note_sent(packets, std::move(flight));
  return !packets.empty();
}

void DocumentSender::on_packets(Context& context, const std::vector<SentPacket>& acknowledged,
                                const std::vector<SentPacket>& lost) {
  const Instant now = context.now.mono;
  for (const SentPacket& packet : acknowledged) {
    const auto it = flights_.find(key_of(packet));
    if (it == flights_.end()) continue;
    waiting_[packet.path] = {now, 0};
    bool whole = true;
    others_of_cut(it->second, [&whole](Flight&) { whole = false; });
    for (const auto& [prefix, part] : it->second.parts) {
      const auto asked = asked_.find(prefix);
      if (asked == asked_.end()) continue;
      --asked->second.in_flight;
      if (!whole) continue;  // the rest of the frame is on its way
      if (!asked->second.held[part.piece]) asked->second.arrived[part.piece] += part.length;
      asked->second.rate.add(now, part.length);
    }
    flights_.erase(it);
  }
  for (const SentPacket& packet : lost) {
    const auto it = flights_.find(key_of(packet));
    if (it == flights_.end()) continue;
    requeue(it->second);
    flights_.erase(it);
  }
  for (const SentPacket& packet : acknowledged)
    if (const auto oldest = oldest_on(packet.path); oldest != flights_.end())
      waiting_[packet.path].news_at = std::max(now, oldest->second.left);
}

std::map<DocumentSender::PacketKey, DocumentSender::Flight>::const_iterator DocumentSender::oldest_on(PathId path) const {
  const auto it = flights_.lower_bound({path, {0, 0}});
  return it != flights_.end() && it->first.first == path ? it : flights_.end();
}

bool DocumentSender::is_silent(PathId path) const {
  const auto waiting = waiting_.find(path);
  return waiting != waiting_.end() && waiting->second.tries > 0;
}

Instant DocumentSender::lost_at(PathId path) const {
  const Waiting& waiting = waiting_.at(path);
  return waiting.news_at + link_->timeout_on(path, waiting.tries) + kAckDelay;
}

// Each path by itself: while another one goes on answering, what a dead one had would wait for ever.
void DocumentSender::give_up_lost(Context& context) {
  for (auto& [path, waiting] : waiting_) {
    if (oldest_on(path) == flights_.end() || context.now.mono < lost_at(path)) continue;
    std::vector<SentPacket> packets;
    for (auto it = oldest_on(path); it != flights_.end() && it->first.first == path; it = flights_.erase(it)) {
      packets.push_back({path, it->first.second.second, it->first.second.first});
      requeue(it->second);
    }
    ++waiting.tries;
    link_->missed(context, packets, true);
  }
}

template <typename Visit>
void DocumentSender::others_of_cut(const Flight& flight, const Visit& visit) {
  if (!flight.cut) return;
  const auto look = [&](Flight& other) {
    if (&other != &flight && other.cut == flight.cut && !other.parts.empty()) visit(other);
  };
  for (auto& [packet, other] : flights_) look(other);
  for (auto& [prefix, asked] : asked_)
    if (asked.departing) look(asked.departing->flight);
}

void DocumentSender::requeue(const Flight& flight) {
  others_of_cut(flight, [this](Flight& other) {
    for (const auto& [prefix, part] : other.parts)
      if (const auto asked = asked_.find(prefix); asked != asked_.end()) --asked->second.in_flight;
    other.parts.clear();
  });
  for (auto& [prefix, asked] : asked_)
    if (asked.departing && asked.departing->flight.parts.empty()) asked.departing.reset();
  for (const auto& [prefix, part] : flight.parts) {
    const auto asked = asked_.find(prefix);
    if (asked == asked_.end()) continue;
    --asked->second.in_flight;
    asked->second.again.push_back(part);
  }
}

}  // namespace detente::core
