#include "core/peer.h"

#include <algorithm>

#include "wire/reader.h"

namespace detente::core {

Peer::Peer(PeerSetup setup)
    : identity_(std::move(setup.identity)),
      sockets_(std::move(setup.sockets)),
      new_epoch_(setup.new_epoch),
      link_(identity_.peer, std::move(setup.link)),
      line_setups_(std::move(setup.lines)) {}

Result<void> Peer::start(Context& context, record::Store& store) {
  for (LineSetup& setup : line_setups_) {
    const LineId id = setup.id;
    DETENTE_TRY(fence, store.claim({identity_.lineage, id}));
    auto line = std::make_unique<Line>(identity_, std::move(setup), link_);
    line->load(context, fence);
    if (id == kAccordLine) link_.start(context, fence);
    lines_.emplace(id, std::move(line));
  }
  line_setups_.clear();
  if (lines_.count(kAccordLine) == 0)
    return fail(Fault::kMalformed, "the accord has no line 0; every accord needs its accord line");
  if (new_epoch_)
    for (auto& [id, line] : lines_) line->open_epoch(context);
  return {};
}

std::optional<PathId> Peer::path_on(SocketId socket) const {
  const auto it = sockets_.find(socket);
  return it == sockets_.end() ? std::nullopt : std::optional(it->second);
}

Line* Peer::line(LineId id) { return const_cast<Line*>(std::as_const(*this).line(id)); }

const Line* Peer::line(LineId id) const {
  const auto it = lines_.find(id);
  return it == lines_.end() ? nullptr : it->second.get();
}

void Peer::on_first_packet(Context& context, PathId path, const link::FirstPacket& packet) {
  link_.on_first_packet(context, path, packet);
  watch_link(context);
}

void Peer::on_reply(Context& context, const link::ReplyPacket& packet) {
  link_.on_reply(context, packet);
  watch_link(context);
}

void Peer::on_notice(Context& context, ByteView datagram) { link_.on_notice(context, datagram); }

bool Peer::on_packet(Context& context, PathId path, const wire::ParsedPacket& packet) {
  const auto received = link_.on_packet(context, path, packet);
  if (!received) return false;
  watch_link(context);
  for (const wire::Frame& frame : received->frames) on_frame(context, frame, *received);
  return true;
}

void Peer::on_frame(Context& context, const wire::Frame& frame, const Link::Received& packet) {
  switch (frame.type) {
    case wire::FrameType::kEntry:
    case wire::FrameType::kCosignature:
    case wire::FrameType::kLogState: {
      wire::ByteReader reader(frame.body);
      const Result<std::uint64_t> number = reader.varint();
      Line* line = number && *number <= UINT16_MAX
                       ? this->line(LineId{static_cast<std::uint16_t>(*number)})
                       : nullptr;
      if (line == nullptr) {
        context.effects.notify(Alarm{identity_.peer, AlarmKind::kBadEntry,
                                     "the other station speaks of a line that the accord does not have"});
        return;
      }
      if (frame.type == wire::FrameType::kEntry) line->on_entry(context, frame, packet.base_c);
      if (frame.type == wire::FrameType::kCosignature)
        line->on_cosignature(context, frame, packet.base_c);
      if (frame.type == wire::FrameType::kLogState)
        line->on_log_state(context, frame, packet.session);
      return;
    }
    case wire::FrameType::kClose:
    case wire::FrameType::kCover:
    case wire::FrameType::kProbe:
    case wire::FrameType::kFragment:
    case wire::FrameType::kBulletin:
    case wire::FrameType::kBlobChunk:
    case wire::FrameType::kVoice:
    case wire::FrameType::kKeyExchange:
      return;
  }
}

void Peer::watch_link(Context& context) {
  if (!link_.ready() || link_.session_count() == announced_session_) return;
  announced_session_ = link_.session_count();
  for (auto& [id, line] : lines_) line->on_link_up(context);
  // What waits for the disk will be the session's first packet soon enough.
  const bool soon = std::any_of(lines_.begin(), lines_.end(),
                                [](const auto& line) { return line.second->placing() > 0; });
  if (!soon) link_.greet(context);
}

void Peer::on_deadline(Context& context) {
  const auto due = [&](const std::optional<Instant>& at) { return at && *at <= context.now.mono; };
  if (due(link_.next_deadline())) link_.on_deadline(context);
  for (auto& [id, line] : lines_)
    if (due(line->next_deadline())) line->on_deadline(context);
}

std::optional<Instant> Peer::next_deadline() const {
  std::optional<Instant> earliest = link_.next_deadline();
  for (const auto& [id, line] : lines_)
    if (const auto at = line->next_deadline()) earliest = std::min(earliest.value_or(*at), *at);
  return earliest;
}

}  // namespace detente::core
