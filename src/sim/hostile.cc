#include "sim/hostile.h"

#include <algorithm>

#include "base/check.h"
#include "crypto/hash.h"
#include "record/checkpoint.h"
#include "sim/moments.h"
#include "wire/reader.h"

namespace detente::sim {

namespace {

constexpr PathId kPath{1};

PairOptions options(const core::DocumentTerms& documents) {
  PairOptions out;
  out.documents = documents;
  return out;
}

core::PeerSetup setup_of(const Pair& pair) { return pair.setup(1); }

}  // namespace

core::DocumentTerms Hostile::small_room() {
  core::DocumentTerms out;
  out.length_max = std::uint64_t{12} << 20;
  out.room = std::uint64_t{24} << 20;
  return out;
}

Hostile::Hostile(std::uint64_t seed, const core::DocumentTerms& documents)
    : random_(seed), pair_(seed, options(documents)), setup_(setup_of(pair_)),
      honest_(seed * 7 + 1) {
  random_.fill(epoch_);
}

void Hostile::violation(std::string what) { report_.violations.push_back(std::move(what)); }

Now Hostile::now() const {
  return {Instant{time_}, WallTime{kStartOfTime + static_cast<std::uint32_t>(time_ / 1000000)}};
}

void Hostile::settle() {
  for (;;) {
    std::vector<core::Effect> effects = honest_.station->take_effects();
    if (effects.empty()) return;
    for (core::Effect& effect : effects) {
      if (auto* datagram = std::get_if<core::SendDatagram>(&effect)) {
        ++drawn_;
        take(*datagram);
      }
      if (auto* notify = std::get_if<core::Notify>(&effect)) honest_.events.push_back(notify->event);
      if (auto* commit = std::get_if<core::Persist>(&effect); commit != nullptr && !disk_stands_) {
        ++commits_;
        const Result<void> done = honest_.store.commit(commit->batches);
        if (done) {
          honest_.station->on_persisted(now(), commit->token);
        } else {
          if (!disk_full_) violation("the disk refused a commit: " + done.error().message);
          honest_.station->on_persist_failed(now(), commit->token, done.error());
        }
      }
    }
  }
}

void Hostile::pass(Duration span) {
  const std::int64_t end = time_ + span.count();
  settle();
  while (time_ < end) {
    const auto due = honest_.station->next_deadline();
    time_ = std::min(end, std::max(time_ + 1000, due ? due->micros : end));
    if (due && due->micros <= time_) honest_.station->on_deadline(now());
    settle();
  }
}

// --- the session -----------------------------------------------------------------

void Hostile::call(bool first_of_life) {
  const Bytes psk = to_bytes(setup_.link.first_psk.view());
  attempt_.emplace(link::OutgoingHandshake::start(setup_.link.pair, setup_.link.keys.ours,
                                                  {0, next_c_++}, first_of_life, psk, random_));
  send_raw(attempt_->first_packet());
  settle();
}

void Hostile::take(const core::SendDatagram& datagram) {
  honest_bytes_ += datagram.datagram.size();
  if (const auto reply = link::parse_reply_packet(datagram.datagram); reply && attempt_) {
    auto finished = attempt_->finish(reply->noise);
    if (!finished) return;
    session_.emplace(setup_.link.pair, std::move(finished->handshake), crypto::Role::kInitiator,
                     attempt_->counter(), now().mono);
    attempt_.reset();
    send({{wire::FrameType::kCover, wire::FrameClass::kLive, false, {}}});
    return;
  }
  const auto packet = wire::parse_packet(datagram.datagram);
  if (!packet || !session_) return;
  const auto opened = session_->open(now().mono, kPath, *packet);
  if (opened.outcome != link::PathReceiver::Outcome::kOk) return;
  for (const wire::Frame& frame : wire::parse_frames(opened.payload).frames) {
    if (frame.type == wire::FrameType::kLogState) answer_state(frame.body);
    if (frame.type == wire::FrameType::kFragment) heard_.push_back(std::nullopt);
    if (frame.type == wire::FrameType::kBlobChunk) {
      auto parsed = record::decode_blob_frame(frame.body);
      if (!parsed) violation("an honest station sent " + parsed.error().message);
      if (parsed) heard_.push_back(std::move(*parsed));
    }
    if (frame.type == wire::FrameType::kContact && (frame.body[0] & 1) != 0) answer_contact();
  }
}

// The digest of somebody who holds nothing (spec/session.md section 8).
void Hostile::answer_contact() {
  Bytes all;
  for (const core::LineSetup& line : setup_.lines) {
    append_be(all, line.id.value, 2);
    all.resize(all.size() + 48);
  }
  wire::Frame answer{wire::FrameType::kContact, wire::FrameClass::kLive, false, {2}};
  append(answer.body, ByteView(crypto::sha256({ByteView(all)})).first(4));
  send({std::move(answer)});
}

// Plays a counterpart that holds nothing, so that contact is made.
void Hostile::answer_state(ByteView body) {
  const auto state = record::decode_log_state(body);
  if (!state || !state->answer_wanted || !acknowledges_) return;
  record::LogState answer;
  answer.line = state->line;
  if (state->line == LineId{1}) answer.your_cut = told_cut_;
  send({{wire::FrameType::kLogState, wire::FrameClass::kLive, false, record::encode_log_state(answer)}});
}

void Hostile::send(const std::vector<wire::Frame>& frames) {
  if (!session_) return;
  std::uint64_t counter = 0;
  Result<Bytes> datagram = session_->seal(kPath, wire::encode_frames(frames), counter);
  DETENTE_CHECK(datagram.has_value());
  send_raw(std::move(*datagram));
}

void Hostile::send_raw(Bytes datagram) {
  ++report_.datagrams;
  if (sent_.size() < 200) sent_.push_back(datagram);
  honest_.station->on_datagram(now(), core::SocketId{0}, datagram);
}

// --- its log ------------------------------------------------------------------------

record::WireEntry Hostile::make_entry(std::string_view text, std::uint64_t index,
                                      std::vector<record::Attachment> documents, record::Precedence precedence) {
  record::Entry entry;
  entry.header.time = WallTime{clock_lie_ != 0 ? clock_lie_ : now().wall.seconds};
  entry.header.attachments = std::move(documents);
  entry.header.precedence = precedence;
  entry.header.cut_epoch = knows_cut_;
  entry.signatures = signed_with_;
  if (!signed_with_.empty()) entry.header.author = signed_with_.front().officer;
  entry.body = to_bytes(as_bytes(text));
  return write(std::move(entry), index);
}

// `index`: the log's end, or below it.
record::WireEntry Hostile::write(record::Entry entry, std::uint64_t index) {
  entry.header.line = line_;
  const record::LogKey key{{setup_.identity.lineage, line_}, true, setup_.identity.our_station, epoch_};
  const std::uint32_t period = index == 0 ? 0 : log_[index - 1].period;
  auto placed = core::place_entry(setup_.identity, key, index, period, entry);
  DETENTE_CHECK(placed.has_value());
  record::Frontier frontier;
  for (std::uint64_t i = 0; i < index; ++i) frontier.append(log_[i].leaf);
  frontier.append(placed->leaf);
  record::WireEntry wire;
  wire.index_low = static_cast<std::uint8_t>(index);
  wire.header = entry.header;
  wire.signatures = entry.signatures;
  wire.epoch = epoch_;
  wire.checkpoint = record::sign_checkpoint(
      {record::log_origin(setup_.identity.lineage, line_, setup_.identity.our_station, epoch_),
       frontier.size(), frontier.root()},
      pair_.log_key(1));
  wire.coded_body = entry.body;
  if (index == log_.size()) log_.push_back(std::move(*placed));
  return wire;
}

wire::Frame Hostile::to_frame(const record::WireEntry& entry) const {
  return {wire::FrameType::kEntry, wire::FrameClass::kLive, false,
          record::encode_wire_entry(entry, session_->first().c)};
}

void Hostile::say(std::string_view text) {
  send({to_frame(make_entry(text, log_.size()))});
  settle();
}

std::size_t Hostile::arrived() const {
  return static_cast<std::size_t>(
      std::count_if(honest_.events.begin(), honest_.events.end(), [](const core::DeskEvent& event) {
        return std::holds_alternative<core::EntryArrived>(event);
      }));
}

void Hostile::begin() {
  start_honest(true);
  if (!honest_.station->peer(PeerId{0}).contact_made()) violation("no contact with a counterpart that answers");
  say("The first word is an honest one.");
  if (arrived() != 1) violation("an honest word did not arrive");
}

void Hostile::start_honest(bool at_first) {
  honest_.station = std::make_unique<core::Station>(honest_.keys, honest_.jitter, honest_.store);
  honest_.station->add_peer(pair_.setup(0));
  DETENTE_CHECK(honest_.station->start(now()).has_value());
  pass(std::chrono::seconds(1));
  call(at_first);
  pass(std::chrono::seconds(5));
}

Hostile::Report Hostile::run() {
  begin();
  const std::function<void()> acts[] = {
      [this] { equivocate(); }, [this] { equivocate_before_a_crash(); }, [this] { equivocate_on_a_full_disk(); },
      [this] { lie_in_checkpoints(); }, [this] { lie_in_receipts(); },
      [this] { lie_about_clock(); }, [this] { claim_holdings(); },   [this] { withhold_tail(); },
      [this] { flood(); }, [this] { ask_and_leave(); },        [this] { replay(); },         [this] { lie_in_documents(); },
      [this] { sign_twice(); },   [this] { sign_ahead_and_again(false); }, [this] { sign_ahead_and_again(true); },
      [this] { propose_twice(); },  [this] { propose_again_ahead(); },
      [this] { propose_ahead_and_again(false); }, [this] { propose_ahead_and_again(true); }, [this] { propose_another_twice(); },
      [this] { call_without_end(); }, [this] { ask_without_end(); }, [this] { speak_a_later_version(); },
      [this] { equivocate_ahead(false, false); }, [this] { equivocate_ahead(true, false); }, [this] { equivocate_ahead(true, true); },
      [this] {
        on_accord_line([this] {
          fork_at_once();
          fork_as_group();
          fork_beyond_the_end(false);
          fork_beyond_the_end(true);
          fork_while_one_waits();
          fork_ahead_of_a_hole();
          fork_beside_a_flash(true);
          fork_beside_a_flash(false);
        });
      }};
  const std::size_t count = std::size(acts);
  const std::uint64_t first = random_.below(count);
  for (std::size_t i = 0; i < count; ++i) {
    acts[(first + i) % count]();
    pass(std::chrono::seconds(2));
    check_honest_word();
  }
  send({to_frame(open_epoch())});  // whose log has room for more evidence
  settle();
  equivocate_twice_on_a_full_disk(false);
  equivocate_twice_on_a_full_disk(true);
  equivocate_before_a_flash_on_a_full_disk();
  tell_of_a_cut_that_never_was();  // the line stays cut
  on_accord_line([this] { open_epochs_without_end(); });
  return report_;
}

}  // namespace detente::sim
