// Line: one line with one counterpart. Takes what this side wants to say, gives
// it its place when it can travel, sends it until the other side's receipt is
// there, and takes what the other side says.
//
// Order of writes (spec/record.md section 6): an entry leaves only after the
// commit that holds it, its tree and its checkpoint; a receipt leaves only after the
// commit that holds what it covers. Both are continuations of EffectQueue::persist.
#pragma once

#include "core/far_log.h"
#include "core/link.h"
#include "core/own_log.h"
#include "line/message.h"

namespace detente::core {

class Line {
 public:
  Line(PairIdentity& identity, LineSetup setup, Link& link);
  Line(const Line&) = delete;

  void load(Context& context, record::Fence fence);
  // New epoch for our log: after a recovery. Says so in its first entry.
  void open_epoch(Context& context);

  const LineSetup& setup() const { return setup_; }
  const OwnLog& own() const { return own_; }
  const FarLog& far() const { return far_; }
  std::size_t queued() const { return outbox_.size(); }
  std::size_t placing() const { return placing_; }  // their commit is under way

  // kLimit, kState, kConflict with a message for the person, else the id that events will name.
  Result<SubmissionId> submit(Context& context, record::Entry entry);

  void on_entry(Context& context, const wire::Frame& frame, std::uint32_t base_c);
  void on_cosignature(Context& context, const wire::Frame& frame, std::uint32_t base_c);
  // `session`: the serial of the session that brought it.
  void on_log_state(Context& context, const wire::Frame& frame, std::uint64_t session);

  void on_link_up(Context& context);
  void on_deadline(Context& context);
  std::optional<Instant> next_deadline() const;
  // Places and sends what waits, as far as the link and the window allow.
  void pump(Context& context);

 private:
  struct Waiting {
    SubmissionId id = 0;
    record::Entry entry;
  };
  struct InFlight {
    std::vector<SentPacket> packets;
    Instant first_sent;
    unsigned sent = 0;
  };

  record::Batch new_batch() const;
  std::vector<Waiting> next_to_place();
  void place(Context& context, std::vector<Waiting> items);
  void placed_durable(Context& context, std::uint64_t from, std::uint64_t to,
                      const std::vector<SubmissionId>& ids);
  void placing_failed(Context& context, const std::vector<SubmissionId>& ids, const Error& error);
  void transmit(Context& context, const OwnLog::Sent& sent);
  record::WireEntry to_wire(const OwnLog::Sent& sent) const;
  void transmit_all(Context& context);
  void send_receipt(Context& context);
  void send_state(Context& context, bool answer_wanted);
  void take_outcome(Context& context, FarLog::Outcome outcome, record::Batch batch);
  std::vector<record::Predecessor> predecessors_of(const OwnLog::Sent& sent) const;

  PairIdentity* identity_;
  LineSetup setup_;
  Link* link_;
  record::Fence fence_;
  OwnLog own_;
  FarLog far_;
  std::vector<Waiting> outbox_;      // durable, by precedence then id
  std::vector<Waiting> outbox_new_;  // their commit is under way
  SubmissionId next_id_ = 1;
  std::map<std::uint64_t, InFlight> in_flight_;  // by index
  std::size_t placing_ = 0;                      // entries whose commit is under way
  unsigned tries_ = 0;
  std::optional<Instant> retry_at_;
  std::optional<Instant> state_sent_at_;
  std::uint64_t sessions_at_receipt_ = 0;  // how many there had been when the newest receipt came
};

}  // namespace detente::core
