// Hostile: what it does, and what must come of it.
#include <algorithm>

#include "base/check.h"
#include "line/register_act.h"
#include "record/checkpoint.h"
#include "record/header_fields.h"
#include "record/two_records.h"
#include "sim/hostile.h"
#include "wire/cbor.h"

namespace detente::sim {

namespace {

constexpr LineId kActLine{1};
constexpr std::size_t kFloodFrames = 3000;
constexpr std::size_t kEvidenceMost = 64;
constexpr std::size_t kCalls = 500;
constexpr std::size_t kCallsAnswered = 70;  // at once, and what time brings meanwhile
constexpr std::size_t kQuestions = 4000;

template <typename Pick>
std::size_t count(const std::vector<core::DeskEvent>& events, Pick pick) {
  return static_cast<std::size_t>(std::count_if(events.begin(), events.end(), pick));
}

std::size_t receipts(const std::vector<core::DeskEvent>& events) {
  return count(events, [](const core::DeskEvent& event) {
    return std::holds_alternative<core::ReceiptVerified>(event);
  });
}

template <typename List, typename Pick>
std::size_t count_of(const List& list, Pick pick) {
  return static_cast<std::size_t>(std::count_if(list.begin(), list.end(), pick));
}

}  // namespace

std::size_t Hostile::alarms(core::AlarmKind kind) const {
  return count(honest_.events, [&](const core::DeskEvent& event) {
    const auto* alarm = std::get_if<core::Alarm>(&event);
    return alarm != nullptr && alarm->kind == kind;
  });
}

// Second checkpoints of that size that the honest station keeps, of the line where this side writes.
std::size_t Hostile::seconds(std::uint64_t size) const {
  const auto kept = record::second_checkpoints(honest_.store, {setup_.identity.lineage, line_});
  return count_of(kept, [&](const record::KeptSecond& one) { return one.second.checkpoint.size == size; });
}

void Hostile::let_honest_say(std::string_view text) {
  record::Entry entry;
  entry.header.line = kActLine;
  entry.header.time = now().wall;
  entry.body = to_bytes(as_bytes(text));
  static_cast<void>(honest_.station->submit(now(), PeerId{0}, kActLine, std::move(entry)));
  settle();
}

// Over all that the honest station has on its line.
void Hostile::send_receipt(const crypto::Signature& signature) {
  record::WireCosignature receipt;
  receipt.line = kActLine;
  receipt.size_low = static_cast<std::uint8_t>(honest_.station->peer(PeerId{0}).line(kActLine)->own().durable_size());
  receipt.signed_part = {now().wall, signature};
  send({{wire::FrameType::kCosignature, wire::FrameClass::kLive, false,
         record::encode_wire_cosignature(receipt, session_->first().c)}});
  settle();
}

// Of two that came ahead of a missing entry: nothing but the author's key is needed to see that he signed both.
bool Hostile::proves_itself(const record::KeptSecond& kept) const {
  if (!kept.ahead) return false;
  const auto& [first, later, leaf, inclusion] = *kept.ahead;
  const crypto::VerifyKey key = pair_.log_key(1).verify_key();
  const std::uint64_t size = later.checkpoint.size;
  return first.checkpoint.origin == later.checkpoint.origin && first.checkpoint.size == size &&
         first.checkpoint.root != later.checkpoint.root && record::verify_checkpoint(first.checkpoint, key, first.signature) &&
         record::verify_checkpoint(later.checkpoint, key, later.signature) &&
         record::verify_inclusion(leaf, size - 1, size, inclusion, later.checkpoint.root);
}

// One place, two texts, both signed: the second is refused, and both checkpoints are kept.
void Hostile::equivocate() {
  say("Our vessel stays north of the line.");
  const std::uint64_t index = log_.size() - 1;
  const std::size_t before = alarms(core::AlarmKind::kEquivocation);
  const record::WireEntry again = make_entry("Our vessel never promised to stay north of the line.", index);
  send({to_frame(again)});
  settle();
  if (alarms(core::AlarmKind::kEquivocation) == before)
    return violation("two signed histories were not noticed");
  const record::LogKey log{{setup_.identity.lineage, kActLine}, false, setup_.identity.our_station, epoch_};
  const std::string origin = record::log_origin(setup_.identity.lineage, kActLine, setup_.identity.our_station, epoch_);
  const auto kept = honest_.store.evidence(log, SIZE_MAX);
  const auto held = honest_.store.checkpoint_covering(log, index + 1);
  if (kept.empty() || !held || !held->signature) return violation("an equivocation left no evidence");
  const Bytes& bytes = kept.back().bytes;
  const auto signature = to_array<crypto::kSignatureSize>(ByteView(bytes).last(crypto::kSignatureSize));
  const auto claimed = record::parse_own_checkpoint_text(
      as_string(ByteView(bytes).first(bytes.size() - crypto::kSignatureSize)));
  const crypto::VerifyKey key = pair_.log_key(1).verify_key();
  const bool two = claimed && claimed->size == held->size && claimed->root != held->root &&
                   record::verify_checkpoint(*claimed, key, *signature) &&
                   record::verify_checkpoint({origin, held->size, held->root}, key, *held->signature);
  if (!two) violation("what was kept of an equivocation proves nothing");
  // However often it comes again, it is kept once, and leaves room for the next one.
  for (int i = 0; i < 10; ++i) send({to_frame(again)});
  settle();
  if (honest_.store.evidence(log, SIZE_MAX).size() != kept.size()) violation("one equivocation was kept more than once");
  send({to_frame(make_entry("Our vessel has no orders about the line.", index))});
  settle();
  if (honest_.store.evidence(log, SIZE_MAX).size() != kept.size() + 1) violation("an equivocation was not kept, after another");
  ++report_.equivocations;
}

// The machine goes down before what proves it is on the disk: nobody was told of two histories of which nothing is left, and
// the next time leaves it.
void Hostile::equivocate_before_a_crash() {
  say("Our convoy halts.");
  const std::uint64_t index = log_.size() - 1;
  const std::size_t told = alarms(core::AlarmKind::kEquivocation), known = seconds(log_.size());
  const record::WireEntry again = make_entry("Our convoy never halted.", index);
  disk_stands_ = true;
  for (int copy = 0; copy < 2; ++copy) send({to_frame(again)});
  settle();
  disk_stands_ = false;
  if (alarms(core::AlarmKind::kEquivocation) != told) violation("two histories were told of, and what proves it was not on the disk");
  start_honest(false);
  send({to_frame(again)});
  settle();
  if (alarms(core::AlarmKind::kEquivocation) == told || seconds(log_.size()) != known + 1)
    violation("two histories that were shown again after a crash left no evidence");
  ++report_.equivocations;
}

void Hostile::set_disk_full(bool full) {
  disk_full_ = full;
  honest_.store.set_full(full);
}

// The honest side's disk takes nothing while `what` comes, and for a while afterwards.
void Hostile::on_a_full_disk(const std::function<void()>& what) {
  set_disk_full(true);
  what();
  pass(std::chrono::seconds(5));
  set_disk_full(false);
  pass(std::chrono::seconds(5));
}

// What proves it is refused by the disk, and nobody says it a second time.
void Hostile::equivocate_on_a_full_disk() {
  say("Our guns point south.");
  const std::size_t before = alarms(core::AlarmKind::kEquivocation);
  on_a_full_disk([this] { send({to_frame(make_entry("Our guns point nowhere.", log_.size() - 1))}); });
  if (alarms(core::AlarmKind::kEquivocation) == before) violation("two signed histories were not noticed while the disk was full");
  if (seconds(log_.size()) != 1) violation("what proved two histories was lost with a commit that was refused, or kept twice");
  ++report_.equivocations;
}

// A FLASH was shown ahead of a word; another word in its place is refused by the disk, and the author goes on with the first.
void Hostile::equivocate_before_a_flash_on_a_full_disk() {
  const std::uint64_t index = log_.size();
  const auto before = log_;
  const std::size_t known = seconds(index + 1);
  const record::WireEntry word = make_entry("A word that comes late.", index);
  record::WireEntry flash = make_entry("Our troops withdraw at noon.", index + 1, {}, record::Precedence::kFlash);
  flash.predecessors = {{log_[index].leaf, record::Precedence::kRoutine}};
  send({to_frame(flash)});
  settle();
  const auto history = std::exchange(log_, before);
  const record::WireEntry other = make_entry("Another word.", index);
  log_ = history;
  on_a_full_disk([&] { send({to_frame(other)}); });
  send({to_frame(word), to_frame(flash)});
  settle();
  pass(std::chrono::seconds(5));
  if (seconds(index + 1) != known + 1) violation("what proved two words before a FLASH was lost with the one that the disk refused");
  ++report_.equivocations;
}

// Both versions are refused by the disk, and the author goes on with the one that was not taken.
void Hostile::equivocate_twice_on_a_full_disk(bool goes_on_with_the_second) {
  const std::uint64_t index = log_.size();
  const std::size_t before = seconds(index + 1);  // of another epoch
  const auto history = log_;
  const record::WireEntry first = make_entry("Two ships have sailed.", index);
  const auto first_history = std::exchange(log_, history);
  const record::WireEntry second = make_entry("No ship has sailed.", index);
  on_a_full_disk([&] { send({to_frame(first), to_frame(second)}); });
  if (!goes_on_with_the_second) log_ = first_history;
  send({to_frame(goes_on_with_the_second ? second : first)});
  settle();
  pass(std::chrono::seconds(5));
  if (seconds(log_.size()) != before + 1) violation("what proved two histories was lost with both of them, or kept twice");
  ++report_.equivocations;
}

// A FLASH is shown ahead of a word that is missing; what comes of the log then is another than it was signed over.
// `again_ahead`: another FLASH is signed for its place, ahead, too.
void Hostile::equivocate_ahead(bool restart, bool again_ahead) {
  const std::uint64_t index = log_.size();
  const record::LogKey log{{setup_.identity.lineage, kActLine}, false, setup_.identity.our_station, epoch_};
  const auto flash = [&](std::string_view text) {
    record::WireEntry out = make_entry(text, index + 1, {}, record::Precedence::kFlash);
    out.predecessors = {{log_[index].leaf, record::Precedence::kRoutine}};
    return out;
  };
  static_cast<void>(make_entry("A word that does not come.", index));
  const std::size_t before = arrived();
  send({to_frame(flash("Our troops withdraw at noon."))});
  settle();
  if (arrived() != before + 1) return violation("a FLASH was not shown ahead of a missing word");
  if (restart) start_honest(false);
  const std::size_t alarmed = alarms(core::AlarmKind::kEquivocation);
  log_.resize(index + 1);
  if (again_ahead) {
    send({to_frame(flash("Our troops withdraw at no time."))});
    settle();
    if (seconds(index + 2) != 1) violation("two entries signed for one place ahead left no evidence");
    const auto kept = record::second_checkpoints(honest_.store, log.line);
    if (kept.empty() || !proves_itself(kept.back())) violation("two entries signed for one place ahead prove nothing without the record");
    log_.resize(index + 1);
  }
  log_.resize(index);
  say("Another word in its place.");
  say("Nobody withdraws.");
  if (arrived() < before + 3) violation("an entry in the place of one that was shown ahead was not told, or the log stopped there");
  if (alarms(core::AlarmKind::kEquivocation) == alarmed)
    return violation("that what was shown ahead does not fit the record was not noticed");
  if (seconds(index + 2) != (again_ahead ? 2u : 1u)) violation("what was signed ahead and does not fit the record left no evidence");
  ++report_.equivocations;
}

// A header field that this version does not know: it is said which line waits and what to do, and the log goes on afterwards.
void Hostile::speak_a_later_version() {
  const std::size_t before = arrived();
  record::WireEntry entry = make_entry("Of a later version.", log_.size());
  log_.pop_back();
  entry.header.subject = "of a later version";
  wire::Frame frame = to_frame(entry);
  const Bytes subject = wire::CborWriter().uint(record::kSubject).text(entry.header.subject).take();
  const auto found = std::search(frame.body.begin(), frame.body.end(), subject.begin(), subject.end());
  DETENTE_CHECK(found != frame.body.end());
  *found = 23;  // no field of version 1
  send({frame});
  settle();
  const bool told = count(honest_.events, [](const core::DeskEvent& event) {
                      const auto* alarm = std::get_if<core::Alarm>(&event);
                      return alarm != nullptr && alarm->text.starts_with("LATER VERSION: the other station writes on line ");
                    }) > 0;
  if (!told) violation("it is not said that the other station speaks a later version");
  if (arrived() != before) violation("an entry was taken that cannot be read");
}

void Hostile::lie_in_checkpoints() {
  const std::size_t before = arrived();
  record::WireEntry entry = make_entry("Signed by nobody.", log_.size());
  log_.pop_back();
  (*entry.checkpoint)[random_.below(64)] ^= 1;
  send({to_frame(entry)});
  settle();
  if (arrived() != before) violation("an entry counted without its author's signature");
}

void Hostile::lie_in_receipts() {
  const std::size_t before = receipts(honest_.events);
  let_honest_say("A question that wants a receipt.");
  crypto::Signature signature;
  random_.fill(signature);
  send_receipt(signature);
  if (receipts(honest_.events) != before) violation("a receipt counted without its signature");
}

// Whatever its clock says is in the record as its claim, and our receipts' time never falls.
void Hostile::lie_about_clock() {
  const record::LogKey log{{setup_.identity.lineage, kActLine}, false, setup_.identity.our_station, epoch_};
  for (std::uint32_t lie : {1u, 4294967295u, 86400u}) {
    const auto before = honest_.store.newest_cosignature(log);
    const std::size_t had = arrived();
    clock_lie_ = lie;
    say("By our clock it is another year.");
    const auto after = honest_.store.newest_cosignature(log);
    // Salts are of the greatest month so far: what claims the end of time binds the ones after it.
    if (arrived() != had + 1) violation("a strange clock stopped the log");
    if (before && after && after->time < before->time) violation("the time of receipts fell");
  }
  clock_lie_ = 0;
}

// After first contact a claim changes nothing.
void Hostile::claim_holdings() {
  const core::OwnLog& own = honest_.station->peer(PeerId{0}).line(kActLine)->own();
  const record::EpochId epoch = own.key().epoch;
  for (std::uint64_t size : {std::uint64_t{0}, own.durable_size() + 7, std::uint64_t{1} << 40}) {
    record::LogState state;
    state.line = kActLine;
    state.yours = record::LogState::Held{epoch, size, {}};
    state.answer_wanted = true;
    send({{wire::FrameType::kLogState, wire::FrameClass::kLive, false, record::encode_log_state(state)}});
    settle();
  }
  if (own.key().epoch != epoch) violation("a claim made this station leave its epoch");
}

// At a start, of a cut whose number leaves none for the next one. And then that what it writes on the line, which is cut, had
// been cosigned by this station and is only sent again.
void Hostile::tell_of_a_cut_that_never_was() {
  told_cut_ = record::LogState::YourCut{wire::kVarintMax, 7, 0};
  start_honest(false);
  told_cut_.reset();
  const core::Peer& peer = honest_.station->peer(PeerId{0});
  const std::uint64_t held = peer.registers().own(kActLine).cut_epoch();
  if (held != 1) return violation("a cut that it was told of is held under number " + std::to_string(held));
  record::Entry act;
  act.header.kind = record::kRegister;
  act.header.body_form = record::BodyForm::kCbor;
  act.header.precedence = record::Precedence::kFlash;
  act.header.time = now().wall;
  act.header.author = OfficerId{1};
  act.signatures.push_back({OfficerId{1}, 1, 1, {}});
  act.body = line::cut_body({{{kActLine, held + 1}}, line::kAllMedia, {}, ""});
  if (const auto cut = honest_.station->submit(now(), PeerId{0}, kAccordLine, std::move(act)); !cut)
    violation("no cut is possible behind one that it was told of: " + cut.error().message);
  settle();
  knows_cut_ = held + 1;
  record::LogState state;
  state.line = kActLine;
  state.mine = record::LogState::Held{epoch_, std::uint64_t{1} << 40, {}};
  state.receipted = std::uint64_t{1} << 40;
  send({{wire::FrameType::kLogState, wire::FrameClass::kLive, false, record::encode_log_state(state)}});
  settle();
  const std::size_t before = arrived();
  record::WireEntry sent_again = make_entry("As if it had been receipted.", log_.size());
  sent_again.index = log_.size() - 1;
  send({to_frame(sent_again)});
  settle();
  if (arrived() != before) violation("a claim of receipts carried an entry through a cut");
}

// Later entries without an earlier one: they are kept, bounded, and not cosigned.
void Hostile::withhold_tail() {
  const record::LogKey log{{setup_.identity.lineage, kActLine}, false, setup_.identity.our_station, epoch_};
  const std::uint64_t hole = log_.size();
  const record::WireEntry held_back = make_entry("This one is held back.", hole);
  for (int i = 0; i < 100; ++i) say("This one comes after it.");
  const auto cosigned = honest_.store.newest_cosignature(log);
  if (cosigned && cosigned->size > hole) violation("cosigned over a hole");
  send({to_frame(held_back)});
  settle();
  const auto after = honest_.store.newest_cosignature(log);
  if (!after || after->size <= hole) violation("what was held back did not fill the hole");
  for (std::uint64_t index = after ? after->size : hole; index < log_.size(); ++index) {
    record::WireEntry again = make_entry("This one comes after it.", index);
    send({to_frame(again)});
    settle();
  }
}

// Frames of every kind, full of noise, as fast as they can be made.
void Hostile::flood() {
  const std::size_t events = honest_.events.size();
  for (std::size_t i = 0; i < kFloodFrames; ++i) {
    wire::Frame frame;
    frame.type = static_cast<wire::FrameType>(1 + random_.below(13));
    if (frame.type == wire::FrameType::kClose || frame.type == wire::FrameType::kContact) continue;
    frame.body.resize(random_.below(300));
    random_.fill(frame.body);
    if (!frame.body.empty()) frame.body[0] = static_cast<std::uint8_t>(random_.below(4));
    send({std::move(frame)});
    if (i % 64 == 0) settle();
  }
  settle();
  if (honest_.events.size() - events > kFloodFrames) violation("more alarms than frames");
  const record::LogKey log{{setup_.identity.lineage, kActLine}, false, setup_.identity.our_station, epoch_};
  if (honest_.store.evidence(log, SIZE_MAX).size() > kEvidenceMost) violation("evidence without end");
}

// Tells of less than it had receipted, wants the rest, and says farewell, all in one packet.
void Hostile::ask_and_leave() {
  let_honest_say("Did this come?");
  const core::OwnLog& own = honest_.station->peer(PeerId{0}).line(kActLine)->own();
  const std::uint64_t size = own.durable_size();
  const auto root = record::root_at(*honest_.store.tiles(own.key()), size);
  DETENTE_CHECK(root.has_value());
  send_receipt(record::cosign({own.origin(), size, *root}, now().wall.seconds, *setup_.identity.cosign_key).signature);
  if (own.receipted_size() != size) return violation("a good receipt did not count");
  call(false);
  pass(std::chrono::seconds(1));
  record::LogState state;
  state.line = kActLine;
  state.yours = record::LogState::Held{own.key().epoch, 0, {}};
  state.answer_wanted = true;
  send({{wire::FrameType::kLogState, wire::FrameClass::kLive, false, record::encode_log_state(state)},
        {wire::FrameType::kClose, wire::FrameClass::kLive, false, {}}});
  settle();
  if (honest_.station->peer(PeerId{0}).link().ready()) violation("a session was used after its farewell");
}

// Good calls, each of which costs a commit and a key agreement, without a pause.
void Hostile::call_without_end() {
  const std::uint64_t drawn = drawn_, commits = commits_;
  const std::size_t told = alarms(core::AlarmKind::kRate);
  const Bytes psk = to_bytes(setup_.link.first_psk.view());
  for (std::size_t i = 0; i < kCalls; ++i) {
    send_raw(link::OutgoingHandshake::start(setup_.link.pair, setup_.link.keys.ours, {0, next_c_++}, false, psk,
                                            random_)
                 .first_packet());
    settle();
  }
  if (drawn_ - drawn > kCallsAnswered || commits_ - commits > kCallsAnswered)
    violation("calls were answered without end: " + std::to_string(drawn_ - drawn));
  if (alarms(core::AlarmKind::kRate) != told + 1)
    violation("calls without end were not told of, or more than once");
  pass(std::chrono::seconds(10));  // then it may call again
}

// Small frames of which each wants an answer, as many as a packet holds.
void Hostile::ask_without_end() {
  let_honest_say("Is anybody there?");  // something unreceipted, which every state could draw again
  record::LogState state;
  state.line = kActLine;
  state.answer_wanted = true;
  const wire::Frame asks[] = {
      {wire::FrameType::kProbe, wire::FrameClass::kLive, false, {3, 1, 0, 1}},
      {wire::FrameType::kContact, wire::FrameClass::kLive, false, {1, 0, 0, 0, 0}},
      {wire::FrameType::kLogState, wire::FrameClass::kLive, false, record::encode_log_state(state)}};
  acknowledges_ = false;
  for (const wire::Frame& ask : asks) {
    const std::uint64_t drawn = drawn_;
    std::vector<wire::Frame> packet;
    for (std::size_t i = 0; i < kQuestions; ++i) {
      packet.push_back(ask);
      if (packet.size() < 80) continue;
      send(std::exchange(packet, {}));
      settle();
    }
    if (drawn_ - drawn > kQuestions / 2)
      violation("questions of type " + std::to_string(static_cast<int>(ask.type)) + " drew " +
                std::to_string(drawn_ - drawn) + " datagrams");
  }
  acknowledges_ = true;
  pass(std::chrono::seconds(10));
}

// Its own old datagrams, calls among them: none is taken twice.
void Hostile::replay() {
  const std::size_t before = arrived();
  const std::uint64_t dropped = honest_.station->datagrams_dropped();
  const std::vector<Bytes> old = sent_;
  for (const Bytes& datagram : old)
    if (honest_.station->on_datagram(now(), core::SocketId{0}, datagram)) violation("an old datagram was taken again");
  settle();
  if (arrived() != before) violation("an old entry was shown again");
  if (honest_.station->datagrams_dropped() == dropped) violation("no replay was dropped");
}

void Hostile::check_honest_word() {
  if (!honest_.station->peer(PeerId{0}).link().ready()) {
    call(false);
    pass(std::chrono::seconds(1));
  }
  const std::size_t before = arrived();
  say("And yet it is heard.");
  if (arrived() != before + 1) violation("an honest word did not arrive after all that");
}

}  // namespace detente::sim
