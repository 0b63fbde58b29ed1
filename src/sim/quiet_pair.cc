#include "sim/quiet_pair.h"

#include <algorithm>

#include "base/check.h"
#include "sim/moments.h"

namespace detente::sim {

namespace {
}

QuietPair::QuietPair(std::uint64_t seed, PairOptions options) : pair_(seed, std::move(options)) {
  sides_.emplace_back(seed * 2 + 1);
  sides_.emplace_back(seed * 2 + 2);
}

Now QuietPair::now(std::size_t side) const {
  return {Instant{time_}, WallTime{kStartOfTime + static_cast<std::uint32_t>(time_ / 1000000) + ahead_seconds[side]}};
}

core::PeerSetup QuietPair::setup(std::size_t index) {
  core::PeerSetup out = pair_.setup(index);
  out.new_epoch = after_restore[index];
  out.clock_known = [this, index] { return clock_known[index]; };
  out.vouched = [this, index](record::Whose whose, const record::EpochId& epoch, std::uint64_t at) {
    return !vouched[index] || vouched[index](whose, epoch, at);
  };
  out.counts = [this, index](record::Whose whose, const record::Entry& entry, const std::optional<line::ActPlace>& at) {
    return !counts[index] || counts[index](whose, entry, at);
  };
  return out;
}

void QuietPair::start(std::size_t index) {
  Side& side = sides_[index];
  side.commits.clear();
  side.accord_due = false;
  side.station = std::make_unique<core::Station>(side.keys, side.jitter, side.store);
  side.station->add_peer(setup(index));
  const Result<void> started = side.station->start(now(index));
  DETENTE_CHECK(started.has_value());
  collect(index);
}

void QuietPair::start() {
  start(0);
  start(1);
  settle();
}

void QuietPair::close(std::size_t side) {
  sides_[side].station->close(now(side));
  collect(side);
  settle();
}

void QuietPair::collect(std::size_t index) {
  Side& side = sides_[index];
  for (core::Effect& effect : side.station->take_effects()) {
    if (auto* send = std::get_if<core::SendDatagram>(&effect)) {
      bytes_ += send->datagram.size();
      std::optional<Bytes> datagram = std::move(send->datagram);
      if (tamper) datagram = tamper(index, std::move(*datagram));
      if (datagram && cut_.count({index, send->path}) == 0) carry(index, send->path, std::move(*datagram));
    } else if (auto* commit = std::get_if<core::Persist>(&effect)) {
      side.commits.push_back(std::move(*commit));
    } else if (auto* notify = std::get_if<core::Notify>(&effect)) {
      side.accord_due |= std::holds_alternative<core::AccordDue>(notify->event);
      side.events.push_back(std::move(notify->event));
    }
  }
}

void QuietPair::carry(std::size_t from, PathId path, Bytes datagram) {
  const core::SocketId socket{static_cast<std::uint16_t>(path.value - 1)};
  const auto more = longer.find(path);
  const std::int64_t at = time_ + (delay ? delay(from, datagram.size()) : Duration(0)).count() + (more == longer.end() ? 0 : more->second.count());
  const auto place = std::upper_bound(network_.begin(), network_.end(), at,
                                      [](std::int64_t time, const UnderWay& other) { return time < other.at; });
  network_.insert(place, {at, 1 - from, socket, std::move(datagram)});
}

// False where the disk takes it later.
bool QuietPair::commit_next(std::size_t index) {
  Side& side = sides_[index];
  const Disk takes = disk ? disk(index) : Disk::kTakes;
  if (takes == Disk::kBusy) return false;
  const core::Persist commit = std::move(side.commits.front());
  side.commits.pop_front();
  if (disk) side.store.set_full(takes == Disk::kFull);
  const Result<void> done = side.store.commit(commit.batches);
  if (done) {
    side.station->on_persisted(now(index), commit.token);
  } else {
    side.station->on_persist_failed(now(index), commit.token, done.error());
  }
  collect(index);
  return true;
}

bool QuietPair::step() {
  for (std::size_t index = 0; index < sides_.size(); ++index) {
    Side& side = sides_[index];
    if (!side.station || side.commits.empty()) continue;
    if (commit_next(index)) return true;
  }
  if (network_.empty() || network_.front().at > time_) return false;
  const UnderWay next = std::move(network_.front());
  network_.pop_front();
  if (sides_[next.to].station) {
    sides_[next.to].station->on_datagram(now(next.to), next.socket, next.datagram);
    collect(next.to);
  }
  return true;
}

void QuietPair::cut(PathId path, bool cut) {
  for (std::size_t side = 0; side < sides_.size(); ++side) cut_from(side, path, cut);
}

void QuietPair::cut_from(std::size_t side, PathId path, bool cut) {
  if (cut) {
    cut_.emplace(side, path);
  } else {
    cut_.erase({side, path});
  }
}

void QuietPair::settle() {
  while (step()) {
  }
}

// A driver wakes no station that has not asked for it.
bool QuietPair::is_due(std::size_t index) const {
  if (!sides_[index].station) return false;
  const auto deadline = sides_[index].station->next_deadline();
  return deadline && deadline->micros <= time_;
}

void QuietPair::run(Duration span) {
  const std::int64_t end = time_ + span.count();
  std::uint32_t woken = 0;
  settle();
  for (;;) {
    std::int64_t due = end + 1;
    for (const Side& side : sides_)
      if (side.station)
        if (const auto deadline = side.station->next_deadline())
          due = std::min(due, std::max(deadline->micros, time_));
    if (!network_.empty()) due = std::min(due, network_.front().at);
    if (due > end) break;
    woken = due - time_ <= kSameMoment ? woken + 1 : 0;
    DETENTE_CHECK(woken < kWokenMost);  // a station asks to be woken at a moment that has come, without end
    time_ = due;
    for (std::size_t index = 0; index < sides_.size(); ++index) {
      if (!is_due(index)) continue;
      sides_[index].station->on_deadline(now(index));
      collect(index);
    }
    settle();
  }
  time_ = end;
}

Result<core::SubmissionId> QuietPair::submit(std::size_t index, record::Entry entry, bool hold) {
  const LineId line = entry.header.line;
  Result<core::SubmissionId> id =
      sides_[index].station->submit(now(index), PeerId{0}, line, std::move(entry), hold ? core::IfCut::kHold : core::IfCut::kReturn);
  collect(index);
  return id;
}

std::size_t QuietPair::withdraw(std::size_t index, LineId line, const core::Line::Pick& pick, const std::string& why) {
  const std::size_t taken = sides_[index].station->withdraw(now(index), PeerId{0}, line, pick, why);
  collect(index);
  return taken;
}

template <typename Event>
Result<Event> QuietPair::await(std::size_t index, const Result<core::CourierId>& id) {
  if (!id) return tl::unexpected<Error>(id.error());
  collect(index);
  settle();
  std::vector<core::DeskEvent>& events = sides_[index].events;
  for (auto it = events.begin(); it != events.end(); ++it) {
    if (const auto* failed = std::get_if<core::CourierFailed>(&*it); failed != nullptr && failed->id == *id)
      return tl::unexpected<Error>(failed->error);
    const auto* found = std::get_if<Event>(&*it);
    if (found == nullptr || found->id != *id) continue;
    Event out = *found;
    events.erase(it);
    return out;
  }
  return fail(Fault::kState, "nothing was told of the file");
}

Result<core::CourierPacked> QuietPair::pack(std::size_t index, const std::optional<core::CourierAct>& act) {
  return await<core::CourierPacked>(index, sides_[index].station->pack_courier(now(index), PeerId{0}, act));
}

Result<core::CourierTaken> QuietPair::take(std::size_t index, ByteView file) {
  const auto id = sides_[index].station->take_courier(now(index), PeerId{0}, file);
  if (!id) collect(index);  // an alarm
  return await<core::CourierTaken>(index, id);
}

void QuietPair::set_far(std::size_t index, const std::optional<core::FarKeys>& keys,
                        core::FormerStations former) {
  sides_[index].station->set_far(now(index), PeerId{0}, keys, std::move(former));
  collect(index);
}

void QuietPair::judge_again(std::size_t index) {
  sides_[index].station->judge_again(now(index), PeerId{0});
  collect(index);
  settle();
}

Result<void> QuietPair::take_back_lift(std::size_t index, LineId line) {
  Result<void> done = sides_[index].station->take_back_lift(now(index), PeerId{0}, line);
  collect(index);
  return done;
}

Result<void> QuietPair::release_announcement(std::size_t index, const line::ActPlace& at) {
  Result<void> done = sides_[index].station->release_announcement(now(index), PeerId{0}, at);
  collect(index);
  return done;
}

void QuietPair::announcement_released(std::size_t index, const line::ActPlace& at) {
  sides_[index].station->announcement_released(now(index), PeerId{0}, at);
  collect(index);
}

void QuietPair::announcement_due_again(std::size_t index, const line::ActPlace& at) {
  sides_[index].station->announcement_due_again(now(index), PeerId{0}, at);
  collect(index);
}

void QuietPair::hold_second(std::size_t index) {
  pair_.has_second[index] = true;
  if (!sides_[index].station) return;
  sides_[index].station->hold_successor(now(index), PeerId{0}, pair_.successor());
  collect(index);
}

void QuietPair::leave(std::size_t index, const std::vector<LineId>& retired) {
  sides_[index].station->leave_peer(now(index), PeerId{0}, retired, "the second accord is in force");
  collect(index);
}

bool QuietPair::go_on_if_due(std::size_t index, const std::vector<LineId>& retired) {
  Side& side = sides_[index];
  if (!side.station || !side.accord_due) return false;
  if (disk && disk(index) != Disk::kTakes) return false;
  side.accord_due = false;
  // A disk that becomes full in between ends a station: its next start goes on.
  const auto faults = std::exchange(disk, nullptr);
  side.store.set_full(false);
  leave(index, retired);
  while (!side.commits.empty()) DETENTE_CHECK(commit_next(index));
  pair_.under_second[index] = true;
  DETENTE_CHECK(side.station->replace_peer(now(index), setup(index)).has_value());
  collect(index);
  disk = faults;
  return true;
}

Digest QuietPair::hand_over(std::size_t index, LineId line, ByteView bytes) {
  const Digest root = record::blob_root(bytes);
  for (std::size_t at = 0; at == 0 || at < bytes.size(); at += core::kPartBytesMax) {
    const ByteView part = bytes.subspan(at, std::min(core::kPartBytesMax, bytes.size() - at));
    const auto id = sides_[index].station->put_document(
        now(index), PeerId{0}, {root, bytes.size(), line, at / record::kPieceBytes, to_bytes(part)});
    DETENTE_CHECK(id.has_value());
    collect(index);
    settle();
  }
  return root;
}

Digest QuietPair::send_document(std::size_t index, LineId line, ByteView bytes, record::Precedence precedence) {
  const Digest root = hand_over(index, line, bytes);
  record::Entry entry;
  entry.header.line = line;
  entry.header.precedence = precedence;
  entry.header.time = now(index).wall;
  entry.header.attachments = {{root, bytes.size(), "application/pdf", "map.pdf"}};
  const auto id = submit(index, std::move(entry));
  DETENTE_CHECK(id.has_value());
  return root;
}

std::optional<Bytes> QuietPair::document(std::size_t index, const Digest& root) const {
  const MemoryStore& store = sides_[index].store;
  const record::BlobKey key{pair_.lineage(), Pair::name(1 - index), false, root};
  const auto blob = store.blob(key);
  if (!blob) return std::nullopt;
  Bytes out;
  for (std::uint64_t piece = 0; piece < record::piece_count(blob->length); ++piece) {
    const auto bytes = store.piece(key, piece);
    if (!bytes) return std::nullopt;
    append(out, *bytes);
  }
  return out;
}

Result<core::SubmissionId> QuietPair::say(std::size_t index, LineId line, std::string_view text,
                                          record::Precedence precedence) {
  record::Entry entry;
  entry.header.line = line;
  entry.header.precedence = precedence;
  entry.header.time = now(index).wall;
  entry.body = to_bytes(as_bytes(text));
  return submit(index, std::move(entry));
}

}  // namespace detente::sim
