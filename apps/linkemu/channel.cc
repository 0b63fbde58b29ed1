#include "channel.h"

#include <algorithm>

namespace detente::linkemu {

Channel::Channel(const Settings& settings, Shape shape, std::uint64_t seed)
    : settings_(settings), shape_(shape), random_(seed) {}

std::uint64_t Channel::counted(const Packet& packet) const {
  return packet.bytes.size() + (packet.mark == Packet::Mark::kData ? shape_.overhead_bytes : 0);
}

// Six draws each time, in this order: see invariant 1.
Channel::Fate Channel::draw() {
  const std::uint64_t loss = random_.below(kMillion), twice = random_.below(kMillion);
  const std::uint64_t flip = random_.below(kMillion), late = random_.below(kMillion);
  const std::uint64_t jitter = random_.below(kMillion + 1), bit = random_.next();
  const std::int64_t micros =
      settings_.jitter.count() * static_cast<std::int64_t>(jitter) / std::int64_t{kMillion};
  const bool stream = shape_.carried == Carried::kStream;
  return {!stream && loss < settings_.loss_ppm,
          !stream && twice < settings_.duplicate_ppm,
          !stream && late < settings_.reorder_ppm,
          flip < settings_.flip_ppm,
          Duration(micros),
          bit};
}

void Channel::flip(Packet& packet, std::uint64_t bit) {
  if (packet.bytes.empty()) return;
  bit %= packet.bytes.size() * 8;
  packet.bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
  ++counters_.flipped;
}

bool Channel::admitted(std::uint64_t size) {
  if (shape_.carried == Carried::kStream) return true;
  if (settings_.blackhole) {
    ++counters_.blackholed;
    return false;
  }
  if (settings_.mtu_bytes != 0 && size > settings_.mtu_bytes) {
    ++counters_.too_large;
    return false;
  }
  // An idle link takes a packet of any size: a queue shorter than one packet
  // would else be a blackhole.
  const bool full = !queue_.empty() && waiting_bytes_ + size > settings_.queue_bytes;
  if (full || waiting_bytes_ + wire_bytes_ + size > kHeldMax) {
    ++counters_.queue_full;
    return false;
  }
  return true;
}

bool Channel::has_room() const {
  return waiting_bytes_ < settings_.queue_bytes && waiting_bytes_ + wire_bytes_ < kHeldMax / 4;
}

void Channel::push(Instant now, Packet packet) {
  advance(now);
  const std::uint64_t size = counted(packet);
  ++counters_.packets_in;
  counters_.bytes_in += size;
  const Fate fate = draw();
  if (!admitted(size)) return;
  waiting_bytes_ += size;
  queue_.push_back({std::move(packet), fate});
  if (queue_.size() == 1) {
    if (now != served_at_) service_rest_ = 0;  // else right behind the last one
    begin_service(now);
    advance(now);
  }
}

// The front packet's last bit leaves at served_at_.
void Channel::begin_service(Instant start) {
  served_at_ = start;
  if (settings_.rate_bps == 0) return;
  const std::uint64_t bits_micros = counted(queue_.front().packet) * 8 * kMillion + service_rest_;
  served_at_ = start + Duration(static_cast<std::int64_t>(bits_micros / settings_.rate_bps));
  service_rest_ = bits_micros % settings_.rate_bps;
}

void Channel::advance(Instant now) {
  while (!queue_.empty() && served_at_ <= now) {
    Waiting sent = std::move(queue_.front());
    queue_.pop_front();
    waiting_bytes_ -= counted(sent.packet);
    put_on_wire(served_at_, std::move(sent));
    if (!queue_.empty()) begin_service(served_at_);
  }
}

void Channel::put_on_wire(Instant sent, Waiting waiting) {
  const Fate& fate = waiting.fate;
  if (fate.lost) {
    ++counters_.lost;
    return;
  }
  if (fate.flipped) flip(waiting.packet, fate.bit);
  Instant arrival = sent + settings_.delay + fate.jitter;
  if (arrival < last_arrival_) arrival = last_arrival_;
  if (fate.late) {
    arrival = arrival + settings_.reorder_extra;
    ++counters_.reordered;
  } else {
    last_arrival_ = arrival;
  }
  const std::uint64_t size = counted(waiting.packet);
  if (fate.duplicated) {
    ++counters_.duplicated;
    wire_bytes_ += size;
    wire_.emplace(arrival, waiting.packet);
  }
  wire_bytes_ += size;
  wire_.emplace(arrival, std::move(waiting.packet));
}

std::optional<Packet> Channel::pop_due(Instant now) {
  advance(now);
  const bool stream = shape_.carried == Carried::kStream;
  if (stream && settings_.blackhole) return std::nullopt;
  while (!wire_.empty() && wire_.begin()->first <= now) {
    Packet packet = std::move(wire_.extract(wire_.begin()).mapped());
    const std::uint64_t size = counted(packet);
    wire_bytes_ -= size;
    if (settings_.blackhole) {
      ++counters_.blackholed;
      continue;
    }
    ++counters_.packets_out;
    counters_.bytes_out += size;
    return packet;
  }
  return std::nullopt;
}

std::optional<Instant> Channel::next_deadline() const {
  const bool held = shape_.carried == Carried::kStream && settings_.blackhole;
  std::optional<Instant> first;
  if (!wire_.empty() && !held) first = wire_.begin()->first;
  if (!queue_.empty() && (!first || served_at_ < *first)) first = served_at_;
  return first;
}

void Channel::set(Instant now, const Settings& settings) {
  advance(now);
  const bool other_rate = settings.rate_bps != settings_.rate_bps;
  const bool other_delay = settings.delay != settings_.delay || settings.jitter != settings_.jitter;
  settings_ = settings;
  if (other_delay && shape_.carried == Carried::kDatagrams) last_arrival_ = now;
  // The packet that is being sent begins again at the new rate: a link that was
  // almost stopped must not stay so for one packet's hour.
  if (other_rate && !queue_.empty()) {
    service_rest_ = 0;
    begin_service(now);
  }
}

}  // namespace detente::linkemu
