// Line: what draws no answer, and what the other side says is missing. spec/record.md section 8, spec/session.md section 6.
#include <algorithm>
#include <bit>
#include <map>
#include <set>

#include "core/line.h"

namespace detente::core {

namespace {

constexpr unsigned kTriesBeforeCall = 3;  // spec/session.md section 6
constexpr unsigned kTriesBetweenCallsMost = 12;
constexpr std::uint64_t kPacketThreshold = 3;  // RFC 9002 section 6.1.1

// After the third try, and then less and less often: who refuses what waits is no nearer for another session.
bool calls_after(unsigned tries) {
  if (tries >= kTriesBetweenCallsMost) return tries % kTriesBetweenCallsMost == 0;
  return tries % kTriesBeforeCall == 0 && std::has_single_bit(tries / kTriesBeforeCall);
}

}  // namespace

// ---- what the other side says ------------------------------------------------------

// A log state is to entries what an acknowledgement is to packets, and they are taken for lost as RFC 9002 section 6.1 says: what
// left three packets before one that arrived, or a round trip and an eighth ago.
void Line::note_held(Instant now, const record::LogState& state) {
  const Duration round_trip = link_->round_trip();
  std::map<std::pair<std::uint64_t, PathId>, std::uint64_t> arrived;  // the newest counter of each session and path
  if (state.yours && state.yours->epoch == own_.key().epoch)
    for (auto& [index, flight] : in_flight_) {
      const std::uint64_t size = state.yours->size;
      flight.held = index < size || (index - size < 64 && ((state.ahead >> (index - size)) & 1) != 0);
      if (!flight.held) continue;
      flight.departs = false;
      if (!std::exchange(flight.was_held, true)) tries_ = 0;
      if (flight.sent > 1 && now - flight.last_sent < round_trip * 3 / 4) continue;  // it may be there from before
      for (const SentPacket& packet : flight.packets) {
        std::uint64_t& newest = arrived[{packet.session, packet.path}];
        newest = std::max(newest, packet.counter);
      }
    }
  const auto overtaken = [&](const SentPacket& packet) {
    const auto it = arrived.find({packet.session, packet.path});
    return it != arrived.end() && packet.counter + kPacketThreshold <= it->second;
  };
  for (auto& [index, flight] : in_flight_) {
    const bool all_overtaken =
        !flight.packets.empty() && std::all_of(flight.packets.begin(), flight.packets.end(), overtaken);
    flight.lost = !flight.held && !flight.departs && (all_overtaken || now - flight.last_sent >= round_trip * 9 / 8);
  }
}

// ---- what is sent again ------------------------------------------------------------

void Line::send_again(Context& context, const std::function<bool(const InFlight&)>& which) {
  std::vector<SentPacket> given_up;
  for (const auto& [index, flight] : in_flight_)
    if (which(flight)) given_up.insert(given_up.end(), flight.packets.begin(), flight.packets.end());
  link_->missed(context, given_up, false);
  const auto due = [&](const OwnLog::Sent& sent) {
    const auto it = in_flight_.find(sent.placed.index);
    return it == in_flight_.end() || which(it->second);
  };
  if (probing()) return ask(context, due);
  transmit(context, due);
}

void Line::transmit_missing(Context& context, Duration older_than) {
  const Instant sent_by = context.now.mono - older_than;
  const auto overdue = [&](const InFlight& flight) {
    return !flight.held && !flight.departs && (older_than == Duration(0) || flight.last_sent <= sent_by);
  };
  send_again(context, overdue);
}

void Line::transmit_lost(Context& context) {
  send_again(context, [](const InFlight& flight) { return flight.lost; });
}

// Of what `pick` takes the first packet, which may draw a receipt, the last entry that draws one or a state, which says what is
// missing between them, and what is FLASH: all of it at first, later the first of it.
void Line::ask(Context& context, const SentPick& pick) {
  if (!link_->ready()) return;
  const std::size_t room = link_->room(&setup_.paths);
  const Told told = told_on_paths(context);
  std::set<std::uint64_t> asked;
  std::optional<std::uint64_t> last;
  std::size_t bytes = 0;
  bool flash = false;
  for (const OwnLog::Sent& sent : own_.unreceipted()) {
    if (!may_leave(sent) || !pick(sent)) continue;
    const std::uint64_t index = sent.placed.index;
    if (sent.checkpoint || !setup_.provable) last = index;
    if (sent.is_flash() && (!std::exchange(flash, true) || !probing())) asked.insert(index);
    if (bytes > room) continue;
    bytes += wire::frame_size(entry_frame(sent, told));
    if (bytes <= room || asked.empty()) asked.insert(index);
  }
  if (last) asked.insert(*last);
  for (auto& [index, flight] : in_flight_) flight.asked = asked.count(index) > 0;
  transmit(context, [&](const OwnLog::Sent& sent) { return asked.count(sent.placed.index) > 0; });
}

bool Line::probing() const { return tries_ >= kTriesBeforeCall; }

// ---- when --------------------------------------------------------------------------

// What is there waits for what is not.
bool Line::all_held() const {
  return std::all_of(in_flight_.begin(), in_flight_.end(), [](const auto& item) { return item.second.held; });
}

// Of several entries a state may tell, which the other side may send a little later than it is drawn.
Duration Line::patience() const {
  return link_->steady_timeout(tries_) + (in_flight_.size() > 1 ? state_pause() : Duration(0));
}

// The earliest moment at which something that is on its way has drawn nothing for too long.
void Line::arm_retry(Context& context) {
  retry_at_.reset();
  if (!awaits_receipt() || !contact_made_ || epoch_wanted_) return;
  const bool all = all_held();
  std::optional<Instant> oldest, asked;
  for (const auto& [index, flight] : in_flight_) {
    if (flight.departs && flight.asked) return;  // when all of it has left
    if (flight.departs || flight.held != all) continue;
    oldest = std::min(oldest.value_or(flight.last_sent), flight.last_sent);
    if (flight.asked) asked = std::max(asked.value_or(flight.last_sent), flight.last_sent);
  }
  if (!oldest && !in_flight_.empty()) return;
  const Instant since = asked ? *asked : oldest.value_or(context.now.mono);
  retry_at_ = std::max(context.now.mono + Duration(1), since + patience());
}

void Line::on_link_up(Context& context, bool fresh) {
  if (fresh)
    for (auto& [index, flight] : in_flight_) flight.held = false;
  // `tries_` stays: a counterpart that completes handshakes and acknowledges nothing must not draw more
  // than one that is silent.
  const bool overdue = tries_ > 0;
  if (!own_.unreceipted().empty() && (overdue || in_flight_.empty())) transmit_missing(context, Duration(0));
  arm_retry(context);
}

void Line::resume(Context& context) {
  for (auto& [index, flight] : in_flight_) flight.held = false;
  transmit_missing(context, Duration(0));
}

void Line::retry(Context& context) {
  retry_at_.reset();
  if (!awaits_receipt() || !link_->ready()) return;
  const Duration waited = patience();
  const bool all = all_held();
  const auto overdue = [&, now = context.now.mono](const InFlight& flight) {
    return !flight.departs && flight.held == all && now - flight.last_sent >= waited;
  };
  std::vector<SentPacket> given_up;
  std::optional<Instant> since;
  for (const auto& [index, flight] : in_flight_) {
    if (!overdue(flight)) continue;
    given_up.insert(given_up.end(), flight.packets.begin(), flight.packets.end());
    since = std::min(since.value_or(flight.last_sent), flight.last_sent);
  }
  if (!since && !in_flight_.empty()) return arm_retry(context);
  link_->missed(context, given_up, true);
  if (tries_++ == 0) unanswered_since_ = since;
  asked_ = true;
  if (calls_after(tries_)) link_->no_answer(context, unanswered_since_);
  if (in_flight_.empty() || !all) {
    ask(context, [&](const OwnLog::Sent& sent) {
      const auto it = in_flight_.find(sent.placed.index);
      return it == in_flight_.end() || overdue(it->second);
    });
  } else {
    // All of it is there; its receipt is not.
    for (auto& [index, flight] : in_flight_)
      if (!flight.departs) flight.last_sent = context.now.mono;
    send_state(context, true);
  }
  arm_retry(context);
}

void Line::on_deadline(Context& context) {
  const Instant now = context.now.mono;
  if (disk_rests_until_ && now >= *disk_rests_until_) disk_rests_until_.reset();
  keep_refused_proofs(context);
  if (epoch_retry_at_ && now >= *epoch_retry_at_) open_epoch(context);
  if (recover_at_ && now >= *recover_at_) pursue_recovery(context);
  if (state_due_ && now >= *state_due_) send_state(context, false);
  if (retry_at_ && now >= *retry_at_) retry(context);
}

std::optional<Instant> Line::next_deadline() const {
  std::optional<Instant> due = epoch_retry_at_;
  if (disk_rests_until_) due = std::min(due.value_or(*disk_rests_until_), *disk_rests_until_);
  if (!link_->ready()) return due;
  if (recover_at_) due = std::min(due.value_or(*recover_at_), *recover_at_);
  if (state_due_) due = std::min(due.value_or(*state_due_), *state_due_);
  if (!own_.unreceipted().empty() && retry_at_) due = std::min(due.value_or(*retry_at_), *retry_at_);
  if (const auto at = departs_at()) due = std::min(due.value_or(*at), *at);
  if (most_urgent_waiting())
    if (const auto at = link_->may_send_at(setup_.paths)) due = std::min(due.value_or(*at), *at);
  return due;
}

}  // namespace detente::core
