#include "core/peer.h"

#include <algorithm>

#include "wire/reader.h"

namespace detente::core {

namespace {

DocumentTerms with_paths(DocumentTerms terms, const std::vector<LineSetup>& lines) {
  for (const LineSetup& line : lines) terms.paths[line.id] = line.paths;
  return terms;
}

}  // namespace

Peer::Peer(PeerSetup setup)
    : identity_(std::move(setup.identity)),
      sockets_(std::move(setup.sockets)),
      new_epoch_(setup.new_epoch),
      link_(identity_.peer, std::move(setup.link)),
      documents_(identity_, link_, with_paths(std::move(setup.documents), setup.lines)),
      registers_(identity_, setup.counts),
      agreements_(identity_, link_.we_are_first(), std::move(setup.counts), setup.vouched),
      vouched_(std::move(setup.vouched)),
      signatures_(identity_.lineage),
      line_setups_(std::move(setup.lines)),
      contact_(lines_, link_),
      restorations_(RestorationTests({&identity_, &link_, &documents_, &registers_, &agreements_, &lines_})),
      lifts_(RestorationTests({&identity_, &link_, &documents_, &registers_, &agreements_, &lines_})),
      announcements_({&identity_, &agreements_, &lines_}, std::move(setup.clock_known)),
      amendment_({&identity_, &link_, &documents_, &agreements_, &lines_}),
      successor_at_start_(std::move(setup.successor)),
      courier_(identity_, link_, lines_) {
  registers_.set_hooks({[this](Context& context, LineId line) { on_register(context, line); },
                        [this](LineId line) { return this->line(kAccordLine)->register_act_unreceipted(line); },
                        [this](LineId line) { return restorations_.restoring(line); },
                        [this](LineId line) { return this->line(kAccordLine)->holds_lift_of(line); },
                        [this](record::Whose whose, const record::Entry& clear) {
                          return agreements_.ends_restoration(whose, clear);
                        }});
}

void Peer::count_on_from(const Peer& former) {
  count_from_ = former.count_from_;  // a line that was retired may come back
  for (const auto& [id, line] : former.lines_) count_from_[id] = line->next_id();
  documents_.count_from(former.documents_.next_id());
  courier_.count_from(former.courier_.next_id());
}

Result<void> Peer::start(Context& context, record::Store& store) {
  std::map<LineId, record::Fence> fences;
  for (LineSetup& setup : line_setups_) {
    const LineId id = setup.id;
    DETENTE_TRY(fence, store.claim({identity_.lineage, id}));
    auto line = std::make_unique<Line>(identity_, std::move(setup), link_, documents_, registers_, agreements_, signatures_);
    if (const auto from = count_from_.find(id); from != count_from_.end()) line->count_from(from->second);
    line->load(context, fence);
    fences.emplace(id, fence);
    lines_.emplace(id, std::move(line));
  }
  line_setups_.clear();
  if (lines_.count(kAccordLine) == 0)
    return fail(Fault::kMalformed, "the accord has no line 0; every accord needs its accord line");
  std::vector<LineId> ids;
  for (const auto& [id, line] : lines_) ids.push_back(id);
  registers_.load(context, ids, fences.at(kAccordLine));
  agreements_.load(context);
  if (agreements_.left_out()) static_cast<void>(registers_.rebuild(context, register_acts(context)));
  for (const LineId id : ids) on_register(context, id);
  tend_dark(context);  // before the link calls
  if (new_epoch_)
    for (auto& [id, line] : lines_) line->restored_by_hand(context);
  documents_.load(context, fences.at(kAccordLine));
  link_.start(context, fences.at(kAccordLine), contact_);
  restorations_.load(context, fences.at(kAccordLine));
  lifts_.load(context);
  announcements_.load(context, fences.at(kAccordLine));
  amendment_.load(context, fences.at(kAccordLine));
  amendment_.hold(context, std::exchange(successor_at_start_, std::nullopt));
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

bool Peer::on_first_packet(Context& context, PathId path, const link::FirstPacket& packet) {
  const bool fresh = link_.on_first_packet(context, path, packet);
  watch_link(context);
  amendment_.advance(context);
  return fresh;
}

void Peer::on_reply(Context& context, PathId path, const link::ReplyPacket& packet) {
  link_.on_reply(context, path, packet);
  watch_link(context);
}

void Peer::on_notice(Context& context, ByteView datagram) {
  link_.on_notice(context, datagram);
  amendment_.advance(context);
}

std::optional<bool> Peer::on_packet(Context& context, PathId path, const wire::ParsedPacket& packet) {
  auto received = link_.on_packet(context, path, packet);
  if (!received) return std::nullopt;
  watch_link(context);
  documents_.on_packets(context, received->acknowledged, received->lost);
  order_log_states(received->frames);
  for (const wire::Frame& frame : received->frames) on_frame(context, frame, *received);
  pump(context);
  return received->newest;
}

Line* Peer::line_of(const wire::Frame& frame) {
  wire::ByteReader reader(frame.body);
  const Result<std::uint64_t> number = reader.varint();
  return number && *number <= UINT16_MAX ? line(LineId{static_cast<std::uint16_t>(*number)}) : nullptr;
}

// Each may draw what its line has to send. All other frames stay where they are.
void Peer::order_log_states(std::vector<wire::Frame>& frames) {
  std::vector<wire::Frame*> places;
  for (wire::Frame& frame : frames)
    if (frame.type == wire::FrameType::kLogState) places.push_back(&frame);
  if (places.size() < 2) return;
  std::vector<std::pair<record::Precedence, wire::Frame>> states;
  for (wire::Frame* place : places) {
    const Line* line = line_of(*place);
    states.emplace_back(line == nullptr ? record::Precedence::kRoutine : line->most_urgent_sent(), std::move(*place));
  }
  std::stable_sort(states.begin(), states.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  for (std::size_t i = 0; i < places.size(); ++i) *places[i] = std::move(states[i].second);
}

void Peer::on_frame(Context& context, const wire::Frame& frame, const Link::Received& packet) {
  switch (frame.type) {
    case wire::FrameType::kEntry:
    case wire::FrameType::kCosignature:
    case wire::FrameType::kLogState: {
      Line* line = line_of(frame);
      if (line == nullptr) {
        context.effects.notify(Alarm{identity_.peer, AlarmKind::kBadEntry,
                                     "the other station speaks of a line that the accord does not have"});
        return;
      }
      if (frame.type == wire::FrameType::kEntry) line->on_entry(context, frame, packet.base_c, packet.path);
      if (frame.type == wire::FrameType::kCosignature)
        line->on_cosignature(context, frame, packet.base_c);
      if (frame.type == wire::FrameType::kLogState)
        line->on_log_state(context, frame, packet.session);
      return;
    }
    case wire::FrameType::kContact:
      contact_.on_frame(context, frame.body, packet.session);
      return;
    case wire::FrameType::kBlobChunk:
      documents_.on_frame(context, frame, packet.path);
      return;
    case wire::FrameType::kClose:
    case wire::FrameType::kPathAck:
    case wire::FrameType::kCover:
    case wire::FrameType::kProbe:
    case wire::FrameType::kFragment:
    case wire::FrameType::kBulletin:
    case wire::FrameType::kVoice:
    case wire::FrameType::kKeyExchange:
      return;
  }
}

Result<CourierId> Peer::take_courier(Context& context, ByteView file) {
  const Result<CourierId> id = courier_.take(context, file);
  amendment_.advance(context);
  if (!id) return id;
  contact_.pursue(context);
  pump(context);
  return id;
}

void Peer::on_register(Context& context, LineId id) {
  Line* line = this->line(id);
  if (line == nullptr) return;
  line->on_registers(context);
  const bool cut = (registers_.closed_media(id) & line::kDocument) != 0;
  if (documents_.set_cut(id, cut) && link_.ready()) documents_.on_link_up(context, false);
  pump(context);
}

Result<void> Peer::take_back_lift(Context& context, LineId line) {
  Result<void> done = lifts_.take_back(context, line);
  pump(context);
  return done;
}

// The tests of an agreed restoration, and of a lift, are the way back, and need the paths.
void Peer::tend_dark(Context& context) {
  const std::set<LineId>& by = registers_.dark_lines(record::Whose::kAuthors);
  const bool dark = !by.empty() && std::none_of(by.begin(), by.end(), [this](LineId line) {
    return restorations_.restoring(line) || lifts_.lifting(line);
  });
  link_.set_dark(context, dark);
}

void Peer::watch_link(Context& context) {
  if (!link_.ready() || link_.arrivals() == announced_arrival_) return;
  announced_arrival_ = link_.arrivals();
  if (link_.greets_first()) link_.greet(context);
  const bool fresh = std::exchange(announced_session_, link_.session_count()) != announced_session_;
  contact_.pursue(context);
  for (Line* line : Contact::most_urgent_first(lines_)) line->on_link_up(context, fresh);
  documents_.on_link_up(context, fresh);
  pump(context);
  // What waits for the disk will be the session's first packet soon enough.
  const bool soon = std::any_of(lines_.begin(), lines_.end(),
                                [](const auto& line) { return line.second->placing() > 0; });
  if (!soon) link_.greet(context);
}

void Peer::pump(Context& context) {
  agreements_.tell_of_a_full_book(context);
  restorations_.advance(context);
  lifts_.advance(context);
  tend_dark(context);
  announcements_.advance(context);
  amendment_.advance(context);
  if (!link_.ready()) return;
  std::vector<Line*> waiting;
  for (auto& [id, line] : lines_)
    if (line->most_urgent()) waiting.push_back(line.get());
  std::stable_sort(waiting.begin(), waiting.end(), [](const Line* a, const Line* b) {
    return *a->most_urgent() > *b->most_urgent();
  });
  for (Line* line : waiting) line->pump(context);
  // What still waits there waits for its path: that one takes nothing of a document either.
  documents_.pump(context);
}

void Peer::on_deadline(Context& context) {
  const auto due = [&](const std::optional<Instant>& at) { return at && *at <= context.now.mono; };
  if (due(link_.next_deadline())) link_.on_deadline(context);
  if (due(contact_.next_deadline())) contact_.on_deadline(context);
  if (due(documents_.next_deadline())) documents_.on_deadline(context);
  if (due(registers_.next_deadline())) registers_.advance(context);
  for (auto& [id, line] : lines_)
    if (due(line->next_deadline())) line->on_deadline(context);
  watch_link(context);
  pump(context);
}

std::size_t Peer::give_back(Context& context, LineId id, const std::string& why) {
  Line* line = this->line(id);
  if (line == nullptr) return 0;
  return line->retire(context, why);
}

void Peer::set_far(Context& context, const std::optional<FarKeys>& keys, FormerStations former) {
  if (keys) {
    identity_.their_log = keys->log;
    identity_.their_cosign = keys->cosign;
  }
  link_.set_remote(context, {keys ? std::optional(keys->noise) : std::nullopt, std::move(former.theirs), former.ours, former.this_one});
}

// In the order of each side's log, and what waits here behind it.
std::vector<Registers::KnownAct> Peer::register_acts(const Context& context) const {
  std::vector<Registers::KnownAct> out;
  read_accord_line(context, identity_, vouched_, [&](const RecordedEntry& one) {
    if (one.vouched && one.entry.header.kind == record::kRegister && !agreements_.replayed(one.whose, one.epoch, one.index, one.entry))
      out.push_back({one.whose, agreements_.place(one.whose, one.epoch, one.index), one.stored_at, one.entry});
  });
  std::stable_sort(out.begin(), out.end(), [this](const auto& a, const auto& b) {
    return a.whose != b.whose ? a.whose < b.whose : agreements_.book().precedes(*a.at, *b.at);
  });
  for (record::Entry& waiting : line(kAccordLine)->stored_acts()) {
    const WallTime signed_at = waiting.header.time;
    out.push_back({record::Whose::kAuthors, std::nullopt, signed_at, std::move(waiting)});
  }
  return out;
}

void Peer::judge_again(Context& context) {
  const Line* accord_line = line(kAccordLine);
  if (accord_line == nullptr) return;  // not started: the start reads the record
  if (accord_line->writes()) {
    const auto later = [this](Context& then) { judge_again(then); };
    return context.effects.persist({}, later, [later](Context& then, const Error&) { later(then); });
  }
  agreements_.load(context);
  if (agreements_.left_out())
    for (const LineId id : registers_.rebuild(context, register_acts(context))) {
      context.effects.notify(RegisterChanged{identity_.peer, id, std::nullopt});
      on_register(context, id);
    }
  pump(context);
}

std::optional<Instant> Peer::next_deadline() const {
  std::optional<Instant> earliest = link_.next_deadline();
  if (const auto at = contact_.next_deadline()) earliest = std::min(earliest.value_or(*at), *at);
  if (const auto at = documents_.next_deadline()) earliest = std::min(earliest.value_or(*at), *at);
  if (const auto at = registers_.next_deadline()) earliest = std::min(earliest.value_or(*at), *at);
  if (const auto at = restorations_.next_deadline()) earliest = std::min(earliest.value_or(*at), *at);
  if (const auto at = lifts_.next_deadline()) earliest = std::min(earliest.value_or(*at), *at);
  if (const auto at = announcements_.next_deadline()) earliest = std::min(earliest.value_or(*at), *at);
  if (const auto at = amendment_.next_deadline()) earliest = std::min(earliest.value_or(*at), *at);
  for (const auto& [id, line] : lines_)
    if (const auto at = line->next_deadline()) earliest = std::min(earliest.value_or(*at), *at);
  return earliest;
}

}  // namespace detente::core
