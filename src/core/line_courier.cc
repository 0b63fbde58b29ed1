// Line: what goes into a file that is carried by hand, and what comes out of one. spec/courier.md.
#include <algorithm>

#include "base/mutant.h"
#include "core/audit.h"
#include "core/line.h"

namespace detente::core {

namespace {

constexpr std::size_t kAgainMax = 512;  // entries that the other side lost, in one file
constexpr std::size_t kCarriedHead = 8;   // of one entry in a file, beside its frame

}  // namespace

std::optional<std::uint64_t> Line::place_for_courier(Context& context, std::optional<SubmissionId> wanted) {
  std::optional<std::uint64_t> index;
  if (!may_place()) return index;
  sort_outbox();
  while (!outbox_.empty() && window_left() > 0 && passes(outbox_.front().entry.header)) {
    std::vector<Waiting> items;
    const record::Precedence precedence = outbox_.front().entry.header.precedence;
    const std::size_t room = window_left();
    while (!outbox_.empty() && items.size() < room && outbox_.front().entry.header.precedence == precedence &&
           passes(outbox_.front().entry.header)) {
      if (wanted && outbox_.front().id == *wanted) index = own_.size() + items.size();
      items.push_back(std::move(outbox_.front()));
      outbox_.pop_front();
    }
    place(context, std::move(items));
  }
  return index && *index < own_.size() ? index : std::nullopt;
}

link::CourierEntry Line::courier_entry(const OwnLog::Sent& sent, std::uint32_t base_c) const {
  // As for a counterpart that lost its copy: what a file says does not hang on what else arrived.
  return {static_cast<std::uint8_t>(sent.placed.entry.header.entry_class),
          record::encode_wire_entry(to_wire(sent, Told::kAll), base_c)};
}

link::CourierSection Line::courier_section(Context& context, std::uint32_t base_c, std::size_t room,
                                           std::size_t& left_out) const {
  link::CourierSection out;
  out.line = setup_.id;
  out.state = state_frame(context, false).body;
  // Before contact nobody knows whether this disk was copied back, and had cosigned more.
  if (const auto& receipt = far_.newest_receipt(); contact_made_ && receipt && receipt->size >= far_.floor()) {
    if (context.audit != nullptr) context.audit->cosigned(far_.key(), receipt->size, receipt->root);
    out.receipt = link::CourierReceipt{far_.key().epoch, receipt->size,
                                       record::encode_wire_cosignature(wire_receipt(*receipt), base_c)};
  }
  bool full = false;
  const auto add = [&](const OwnLog::Sent& sent) {
    link::CourierEntry entry = courier_entry(sent, base_c);
    const std::size_t size = entry.frame.size() + kCarriedHead;
    full = full || size > room || out.entries.size() >= link::kCourierEntriesMax;
    if (full) return void(++left_out);
    room -= size;
    out.entries.push_back(std::move(entry));
  };
  std::uint64_t next = own_.receipted_size();
  if (courier_from_) {
    next = *courier_from_;
    for (const OwnLog::Sent& sent : own_.sent_before(context, next, kAgainMax)) {
      if (sent.placed.index >= own_.receipted_size()) break;
      add(sent);
      next = sent.placed.index + 1;
    }
  }
  if (next < own_.receipted_size()) return out;  // the rest has no place there yet
  for (const OwnLog::Sent& sent : own_.unreceipted())
    if (sent.durable && passes(sent.placed.entry.header)) add(sent);
  return out;
}

Result<link::CourierSection> Line::courier_act(Context& context, std::uint32_t base_c, std::uint64_t index) const {
  link::CourierSection out;
  out.line = setup_.id;
  for (const OwnLog::Sent& sent : own_.sent_before(context, index, 1)) {
    if (!passes(sent.placed.entry.header))
      return fail(Fault::kState, "line " + setup_.name + " is cut: this entry may not leave while it is");
    record::WireEntry wire = to_wire(sent, Told::kAll);
    wire.predecessors = predecessors_of(sent);
    out.entries.push_back({static_cast<std::uint8_t>(sent.placed.entry.header.entry_class),
                           record::encode_wire_entry(wire, base_c)});
  }
  if (out.entries.empty())
    return fail(Fault::kNotFound, "this station has no entry " + std::to_string(index) + " on line " + setup_.name +
                                      "; `detente record show` lists them");
  return out;
}

Line::CourierIntake Line::take_courier(Context& context, const link::CourierSection& section, std::uint32_t base_c,
                                       std::optional<std::uint64_t> newer_than) {
  const auto bad = [&](const std::string& why) {
    alarm_bad_entry(context, {Fault::kMalformed, "in a courier file: " + why});
  };
  CourierIntake out;
  out.line = setup_.id;
  if (section.state && newer_than) {
    const Result<record::LogState> state = record::decode_log_state(*section.state);
    if (state && state->line == setup_.id) {
      take_courier_state(context, *state, sessions_at_receipt_ <= *newer_than);
    } else {
      bad(state ? "a log state of another line" : state.error().message);
    }
  }
  if (section.receipt) out.receipt = take_courier_receipt(context, *section.receipt, base_c);
  out.epoch_before = far_.key().epoch;
  out.size_before = far_.known() ? far_.size() : 0;
  for (const link::CourierEntry& entry : section.entries) {
    const auto entry_class = static_cast<record::EntryClass>(entry.entry_class);
    const Result<record::WireEntry> wire = record::decode_wire_entry(entry.frame, entry_class, base_c);
    if (!wire || wire->header.line != setup_.id || !wire->index || !wire->epoch) {
      bad(wire ? "an entry without its place" : wire.error().message);
      continue;
    }
    out.entries.emplace_back(*wire->epoch, *wire->index);
    if (!contact_made_ || broken_) continue;
    take_wire_entry(context, *wire, std::nullopt);
    while (auto next = far_.take_kept()) take_wire_entry(context, *next, std::nullopt);
  }
  return out;
}

void Line::take_courier_state(Context& context, const record::LogState& state, bool newer_than_paths) {
  record::LogState told = state;
  told.answer_wanted = false;  // nobody waits at the other end of a file: what it lacks goes with the next one
  compare_holdings(context, told, newer_than_paths ? UINT64_MAX : 0);
  pursue_recovery(context);
  const bool newest = state.yours && state.yours->epoch == own_.key().epoch;
  const std::uint64_t held = newest ? state.yours->size : 0;
  courier_from_.reset();
  if (newer_than_paths && held < own_.receipted_size()) courier_from_ = held;
  pump(context);
}

bool Line::take_courier_receipt(Context& context, const link::CourierReceipt& receipt, std::uint32_t base_c) {
  const Result<record::WireCosignature> wire =
      record::decode_wire_cosignature(receipt.frame, setup_.provable, base_c);
  if (!wire || wire->line != setup_.id) {
    alarm_bad_entry(context, {Fault::kMalformed, wire ? "a receipt of another line in a courier file" : wire.error().message});
    return false;
  }
  // Of an epoch that was left it would say nothing new: its log is closed.
  if (!contact_made_ || broken_ || receipt.epoch != own_.key().epoch) return false;
  return take_receipt(context, own_.news_of(context, receipt.size, *wire), false);
}

CourierLine Line::courier_report(Context& context, const CourierIntake& intake) const {
  CourierLine out;
  out.line = setup_.id;
  out.entries = intake.entries.size();
  out.receipt = intake.receipt;
  out.contact = contact_made_;
  out.closed = closed_ != 0;
  std::set<record::EpochId> former;
  for (const record::Reader::LogInfo& info : context.store.logs(far_.key().line))
    if (!info.log.own && info.log.epoch != far_.key().epoch) former.insert(info.log.epoch);
  std::optional<std::pair<record::EpochId, std::uint64_t>> waits;  // the first that is not here in its order
  for (const auto& [epoch, index] : intake.entries) {
    const bool newest = far_.known() && epoch == far_.key().epoch;
    const bool before = epoch == intake.epoch_before && index < intake.size_before;
    if (before || former.count(epoch) > 0) {
      ++out.known;
    } else if (newest && index < far_.durable_size()) {
      ++out.taken;
    } else {
      if (newest && far_.shown_early(index)) ++out.early;
      if (!waits) waits = {epoch, index};
    }
  }
  if (!waits) return out;
  const std::uint64_t held = far_.known() && waits->first == far_.key().epoch ? far_.durable_size() : 0;
  if (waits->second > held) out.missing = {held, waits->second - 1};
  return out;
}

}  // namespace detente::core
