// Link: what leaves packet by packet. spec/packet.md sections 6 and 7.
#include "base/check.h"
#include "core/link.h"

namespace detente::core {

std::vector<SentPacket> Link::send_next(Context& context, Departure& departure, const Paths::Allowed& allowed, Tracked tracked) {
  std::vector<SentPacket> sent;
  Live* live = current();
  if (live == nullptr || departure.gone()) return sent;
  use(context.now.mono, *live);
  PathState& path = paths_.best(allowed);
  const std::size_t room = room_on(path.id);
  std::vector<wire::Frame>& frames = departure.frames_;
  DETENTE_CHECK(!departure.cutter_ || departure.session_ == live->serial);
  departure.session_ = live->serial;
  if (!departure.cutter_ && wire::frame_size(frames.front()) > room && link::may_be_cut(frames.front().type))
    departure.cutter_.emplace(frames.front(), live->next_parcel++);
  if (departure.cutter_) {
    std::vector<SentPacket> greeting;  // no packet of the departure
    if (live->owes_contact) send_on(context, *live, path, {}, Tracked::kNo, greeting);
    seal_on(context, *live, path, {departure.cutter_->next(room)}, tracked, sent);
    if (departure.cutter_->done()) {
      departure.cutter_.reset();
      frames.erase(frames.begin());
    }
    try_larger_packets(context, path);
    return sent;
  }
  auto end = frames.begin();
  for (std::size_t size = 0; end != frames.end(); ++end) {
    size += wire::frame_size(*end);
    if (size > room && end != frames.begin()) break;
  }
  send_on(context, *live, path, {std::make_move_iterator(frames.begin()), std::make_move_iterator(end)}, tracked, sent);
  frames.erase(frames.begin(), end);
  return sent;
}

void Link::try_larger_packets(Context& context, PathState& path) {
  if (path.size_tried || path.flow.terms().packet_bytes > 0 || path.packet_bytes >= wire::kPacketBytesMax) return;
  // One that keeps its bearer busy for longer would hold back what is more urgent.
  if (!path.flow.quick(wire::kPacketBytesMax)) return;
  path.size_tried = true;
  path.size_wanted = true;
  if (!path.open) send_probe(context, path);
}

}  // namespace detente::core
