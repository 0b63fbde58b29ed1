#include "sim/node.h"

#include <algorithm>

#include "crypto/hash.h"
#include "link/handshake.h"
#include "record/checkpoint.h"
#include "sim/moments.h"
#include "wire/packet.h"

namespace detente::sim {

namespace {
constexpr std::size_t kSessionsWatched = 8;
constexpr std::size_t kComparedAtOnce = 256;
constexpr std::int64_t kPlacingMost = 2000000;  // microseconds
}  // namespace

std::string text_of(std::size_t node, std::uint64_t number) {
  return "message " + std::to_string(number) + " of " + Pair::name(node) +
         ": vessels keep to the agreed corridor, nothing further.";
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  for (std::size_t i = std::string_view("message ").size(); i < text.size() && text[i] != ' '; ++i)
    number = number * 10 + static_cast<std::uint64_t>(text[i] - '0');
  return number;
}

Node::Node(std::size_t index, std::uint64_t seed, const Pair& pair, Referee& referee)
    : keys(seed), jitter(seed + 1), documents(index, pair, store, referee), index_(index), pair_(&pair),
      referee_(&referee) {}

void Node::violation(std::string what) {
  referee_->violation(std::string(Pair::name(index_)) + ": " + std::move(what));
}

// --- the disk -------------------------------------------------------------------

void Node::keep_snapshot(std::size_t most) {
  if (!store.check()) return;  // a backup verifies what it keeps
  disk_.store = store.snapshot();
  disk_.documents = documents.disk();
  snapshots_.push_back(disk_);
  if (snapshots_.size() > most) snapshots_.pop_front();
}

std::vector<Digest> Node::restore_snapshot(std::size_t back) {
  Disk old = snapshots_[snapshots_.size() - 1 - back];
  snapshots_.resize(snapshots_.size() - back);
  store.restore(old.store);
  // A message that was taken after the snapshot is lost with the disk, unless it had arrived.
  std::set<std::uint64_t> kept = old.taken;
  for (std::uint64_t number : disk_.taken)
    if (other_->disk_.delivered.count(number) > 0) kept.insert(number);
  disk_ = std::move(old);
  disk_.taken = std::move(kept);
  // What it had signed beyond that and the other side never took is gone: nobody can hold it against its author.
  std::erase_if(own_roots_, [this](const auto& signed_root) {
    const auto& [log, size] = signed_root.first;
    const auto held = store.entries(log, size - 1, size, 1);
    return size > 0 && held.empty();
  });
  // It does not know what it called with and answered; nobody can go on from a call of then.
  replies_.clear();
  first_packets_.clear();
  went_back_ = once_went_back_ = true;
  recovering_ = true;
  return documents.went_back(disk_.documents);
}

void Node::began() {
  ++life;
  started_at = referee_->time();
  armed_for = INT64_MAX;
  dark = false;
}

void Node::ended() {
  station.reset();
  sealed_.clear();
  submissions_.clear();
  pending_messages_.clear();
  disk_free_at = referee_->time();
  ++life;
}

// A receipt that its disk had not taken is forgotten with the life that had verified it: nobody can tell the cosigner of it.
void Node::read_receipts(std::size_t lines) {
  known_receipts_.clear();
  for (std::size_t line = 0; line < lines; ++line) {
    const LineId id{static_cast<std::uint16_t>(line)};
    std::uint64_t newest = 0;
    for (const record::Reader::LogInfo& info : store.logs({pair_->lineage(), id})) {
      if (!info.log.own || info.ordinal < newest) continue;
      newest = info.ordinal;
      known_receipts_.erase(id);
      if (const auto receipt = store.newest_cosignature(info.log)) known_receipts_[id] = {info.log.epoch, receipt->size};
    }
  }
}

void Node::read_inbox(std::size_t lines) {
  for (std::size_t line = 0; line < lines; ++line)
    for (const record::Reader::LogInfo& info :
         store.logs({pair_->lineage(), LineId{static_cast<std::uint16_t>(line)}})) {
      if (info.log.own) continue;
      std::uint64_t& from = disk_.read_to[info.log];
      const auto find = [&](std::uint64_t index) {
        if (disk_.arrived.count({info.log.line.line, info.log.epoch, index}) == 0)
          arrived({PeerId{0}, info.log.line.line, info.log.epoch, index, false});
      };
      for (; from < info.size; ++from) find(from);
      for (const record::StoredEntry& early : store.early_entries(info.log)) find(early.index);
    }
  documents.read_record();
}

Result<void> Node::commit(const core::Persist& persist) {
  const std::vector<std::string> fell = receipts_that_fall(persist);
  if (const Result<void> done = store.commit(persist.batches); !done) return done;
  for (const std::string& what : fell) violation(what);
  for (const record::Batch& batch : persist.batches) {
    for (const record::Write& write : batch.writes)
      if (const auto* put = std::get_if<record::PutCheckpoint>(&write)) check_checkpoint(*put);
    documents.committed(batch);
  }
  return {};
}

// The time of a log's receipts never falls, whatever the clock does (spec/record.md section 6).
std::vector<std::string> Node::receipts_that_fall(const core::Persist& persist) const {
  std::vector<std::string> out;
  for (const record::Batch& batch : persist.batches)
    for (const record::Write& write : batch.writes) {
      const auto* put = std::get_if<record::PutCosignature>(&write);
      if (put == nullptr || put->log.own) continue;
      const auto newest = store.newest_cosignature(put->log);
      if (newest && put->cosignature.time < newest->time)
        out.push_back("the time of its receipts fell by " + std::to_string(newest->time.seconds - put->cosignature.time.seconds) + " s");
    }
  return out;
}

void Node::commit_of_zombie(const core::Persist& persist) {
  if (store.commit(persist.batches)) violation("a process that was taken over still writes");
}

// Two checkpoints of one size that differ, one of them in the other side's hands, convict their author.
void Node::check_checkpoint(const record::PutCheckpoint& put) {
  record::LogKey log = put.log;
  Node& author = log.own ? *this : *other_;
  log.own = true;
  const Place place{log, put.checkpoint.size};
  auto& mine = put.log.own ? author.own_roots_ : author.disclosed_;
  const auto& theirs = put.log.own ? author.disclosed_ : author.own_roots_;
  const auto [first, fresh] = mine.emplace(place, put.checkpoint.root);
  if (!fresh && first->second != put.checkpoint.root)
    author.violation("a second root of size " + std::to_string(place.second) + " of its log of line " + std::to_string(log.line.line.value));
  const auto held = theirs.find(place);
  if (held != theirs.end() && held->second != put.checkpoint.root)
    author.violation("two checkpoints of size " + std::to_string(put.checkpoint.size) + " of its log of line " +
                     std::to_string(log.line.line.value) + " differ, the second " + (put.log.own ? "its own" : "taken there"));
}

// --- the desk --------------------------------------------------------------------

void Node::wrote(LineId line, core::SubmissionId id, std::uint64_t number,
                 record::Precedence precedence) {
  submissions_[{line, id}] = number;
  pending_messages_[number] = {line, precedence, referee_->time(), std::nullopt};
}

void Node::took(LineId line, core::SubmissionId id) {
  const auto it = submissions_.find({line, id});
  if (it != submissions_.end() && disk_.taken.insert(it->second).second) ++submitted;
}

// Whoever is more urgent goes first: who had waited when this one was written, or for longer than a
// commit takes.
void Node::check_precedence(std::uint64_t number) {
  const auto it = pending_messages_.find(number);
  if (it == pending_messages_.end()) return;
  for (const auto& [other, waiting] : pending_messages_)
    if (waiting.line == it->second.line && waiting.precedence > it->second.precedence &&
        waiting.queued_at &&
        (*waiting.queued_at < it->second.at || *waiting.queued_at + kPlacingMost < referee_->time()))
      violation("message " + std::to_string(number) + " went before the more urgent " +
                std::to_string(other));
  pending_messages_.erase(it);
}

void Node::on_event(const core::DeskEvent& event) {
  documents.on_event(event);
  if (const auto* placed = std::get_if<core::EntryPlaced>(&event)) {
    took(placed->line, placed->submission);
    disk_.queued.erase({placed->line, placed->submission});
    const auto it = submissions_.find({placed->line, placed->submission});
    if (it != submissions_.end()) check_precedence(it->second);
  }
  if (const auto* queued = std::get_if<core::EntryQueued>(&event)) {
    took(queued->line, queued->submission);
    const auto it = submissions_.find({queued->line, queued->submission});
    if (it != submissions_.end()) {
      disk_.queued[{queued->line, queued->submission}] = it->second;
      if (const auto pending = pending_messages_.find(it->second); pending != pending_messages_.end())
        pending->second.queued_at = referee_->time();
    }
  }
  if (const auto* failed = std::get_if<core::SubmissionFailed>(&event)) {
    // Given back to the desk: it is the person's again.
    if (const auto it = disk_.queued.find({failed->line, failed->submission}); it != disk_.queued.end()) {
      disk_.taken.erase(it->second);
      disk_.queued.erase(it);
    }
    if (const auto it = submissions_.find({failed->line, failed->submission}); it != submissions_.end())
      pending_messages_.erase(it->second);
  }
  if (const auto* receipt = std::get_if<core::ReceiptVerified>(&event)) {
    acknowledged_[receipt->line] = known_receipts_[receipt->line] = {receipt->epoch, receipt->size};
    ever_acknowledged_[{receipt->line, receipt->epoch}] = receipt->size;
    ++receipted;
    other_->check_acknowledged();
  }
  if (const auto* alarm = std::get_if<core::Alarm>(&event)) {
    // For good: what a person has to do again, say cut a line, is told until that is done.
    const bool rolled_back = other_->once_went_back_ || once_went_back_;
    if (alarm->kind == core::AlarmKind::kEquivocation || alarm->kind == core::AlarmKind::kInnerSeal ||
        alarm->kind == core::AlarmKind::kQuota || alarm->kind == core::AlarmKind::kRate ||
        (!rolled_back && (alarm->kind == core::AlarmKind::kWeForgot ||
                          alarm->kind == core::AlarmKind::kPeerForgot)))
      violation("an alarm between two honest stations: " + alarm->text);
  }
  if (const auto* changed = std::get_if<core::RegisterChanged>(&event); changed != nullptr && changed->whose == record::Whose::kAuthors)
    check_lift(changed->line);
  if (const auto* entry = std::get_if<core::EntryArrived>(&event)) arrived(*entry);
}

// What was cut at once is lifted only after a test that the other side has answered.
void Node::check_lift(LineId line) {
  const core::Agreements& agreements = station->peer(PeerId{0}).agreements();
  for (const core::Cut& cut : station->peer(PeerId{0}).registers().own(line).cuts) {
    if (went_back_ || cut.effective || !cut.cleared || cut.ground != line::ClearGround::kLifted) continue;
    const auto tested = [&](const auto& numbered) {
      const core::LiftTest& test = numbered.second;
      const auto names = [&](const line::RegisterOf& of) { return of.line == line && of.cut_epoch >= cut.cut_epoch; };
      return agreements.whose(test.at) == record::Whose::kAuthors && std::any_of(test.registers.begin(), test.registers.end(), names) &&
             agreements.test(test.at, record::Whose::kOthers, line::RestorationTestOf::kText) != nullptr;
    };
    const auto& tests = agreements.lift_tests().all();
    ++lifts_tested;
    if (std::none_of(tests.begin(), tests.end(), tested))
      violation("its cut " + std::to_string(cut.cut_epoch) + " of line " + std::to_string(line.value) + " was lifted untested");
  }
}

void Node::arrived(const core::EntryArrived& event) {
  if (!disk_.arrived.insert({event.line, event.epoch, event.index}).second)
    return violation("one entry was shown twice");
  const record::LogKey log{{pair_->lineage(), event.line}, false,
                           std::string(Pair::name(1 - index_)) + "/main", event.epoch};
  auto stored = store.entries(log, event.index, event.index + 1, 1);
  if (stored.empty())
    for (record::StoredEntry& early : store.early_entries(log))
      if (early.index == event.index) stored.push_back(early);
  if (stored.empty()) {
    // One that is known to be damaged answers no read: what it has is looked at when it is restored.
    if (!store.damage_found()) violation("what was shown is not on disk");
    return;
  }
  const Result<record::Entry> entry = record::decode_entry(stored.front().bytes);
  if (entry && entry->header.kind != record::kMessage) return;  // persons' acts and the stations' own
  if (entry) check_cut(entry->header);
  const std::string text = entry ? as_string(entry->body) : std::string();
  const std::uint64_t number = number_of(text);
  if (number >= other_->written || text != text_of(1 - index_, number))
    return violation("a text arrived that nobody wrote");
  const auto& attached = entry->header.attachments;
  const Digest* root = other_->documents.named_by(number);
  const bool as_written = root == nullptr ? attached.empty()
                                          : attached.size() == 1 && attached.front().digest == *root &&
                                                attached.front().length == other_->documents.written(*root).length;
  if (!as_written) violation("a message names other documents than were written");
  if (!disk_.delivered.insert(number).second) violation("one message was delivered twice");
  ++delivered_count;
  const auto key = std::pair(event.line, entry->header.precedence);
  const auto newest = disk_.newest_arrived.find(key);
  if (newest != disk_.newest_arrived.end() && number < newest->second)
    violation("out of order within a precedence");
  disk_.newest_arrived[key] = number;
}

// What its author wrote in knowledge of this side's cut must not be taken while that is in force. What a disk that went
// back had taken before comes again. What a life took that died over telling it (story seed 291) is found before there
// is a station that knows of cuts.
void Node::check_cut(const record::Header& header) {
  if (went_back_ || !station) return;
  const core::Registers& registers = station->peer(PeerId{0}).registers();
  // One that names documents goes where text does.
  ++cuts_respected;
  const bool cut = (registers.closed_media(header.line, record::Whose::kAuthors) & line::kText) != 0;
  if (!cut || header.cut_epoch < registers.own(header.line).cut_epoch()) return;
  // What came before the hour of a cut that was announced is shown behind it, as soon as the disk has it.
  const core::Cut* in_force = registers.closed_by(record::Whose::kAuthors, header.line, line::kText);
  const std::int64_t now = kStartOfTime + referee_->time() / 1000000 + clock_offset;
  if (in_force != nullptr && in_force->effective && now <= in_force->effective->seconds + kPlacingMost / 1000000) return;
  // A disk that went back numbers its cuts anew: an author who knew those of before names a number as high, and knows nothing.
  if (other_->station && other_->station->peer(PeerId{0}).registers().theirs(header.line).open_cut() != nullptr)
    violation("an entry was taken on a line that this side has cut, and its author knew");
}

// Nobody acts any more, and all is delivered: both show the same.
void Node::check_registers(std::size_t lines) {
  for (std::uint16_t i = 1; i < lines; ++i) {
    const LineId line{i};
    const core::Registers& here = station->peer(PeerId{0}).registers();
    const core::Registers& there = other_->station->peer(PeerId{0}).registers();
    if (here.closed_media(line, record::Whose::kAuthors) != there.closed_media(line, record::Whose::kOthers))
      violation("its register of line " + std::to_string(i) + " is shown otherwise on the other side");
  }
}

// --- keys and counters -----------------------------------------------------------

void Node::sealed(std::uint64_t session, PathId path, std::uint64_t counter) {
  sealed_.push_back({session, path, counter});
  std::uint64_t& next = next_counter_[{session, path}];
  if (counter < next) violation("one key and counter sealed two packets");
  next = counter + 1;
}

void Node::opened(std::uint64_t session, PathId path, std::uint64_t counter) {
  if (newest_opened_.count(session) == 0) {
    opened_sessions_.push_back(session);
    if (opened_sessions_.size() > kSessionsWatched) {
      newest_opened_.erase(opened_sessions_.front());
      opened_sessions_.pop_front();
    }
  }
  if (!newest_opened_[session][path].insert(counter).second) violation("one packet was taken twice");
}

Node::Sealed Node::next_sealed() {
  const Sealed out = sealed_.front();
  sealed_.pop_front();
  return out;
}

std::optional<std::uint64_t> Node::distance(const Sealed& packet) const {
  const auto session = newest_opened_.find(packet.session);
  if (session == newest_opened_.end()) return std::nullopt;
  const auto path = session->second.find(packet.path);
  const std::uint64_t newest = path == session->second.end() ? 0 : *path->second.rbegin();
  return newest > packet.counter ? newest - packet.counter : packet.counter - newest;
}

void Node::cosigned(const record::LogKey& log, std::uint64_t size, const Digest&) {
  const auto it = other_->known_receipts_.find(log.line.line);
  if (it == other_->known_receipts_.end() || it->second.first != log.epoch) return;
  if (size < it->second.second)
    violation("cosigned " + std::to_string(size) + " entries after " + std::to_string(it->second.second));
}

// A counter makes one packet: the same bytes on every path, and never others.
void Node::on_send(ByteView datagram) {
  const auto once = [&](std::map<std::uint32_t, Digest>& seen, std::uint32_t c, const char* what) {
    const Digest digest = crypto::sha256({datagram});
    const auto [it, fresh] = seen.emplace(c, digest);
    if (!fresh && it->second != digest) violation(what);
  };
  if (const auto first = link::parse_first_packet(datagram))
    once(first_packets_, first->counter.c, "one counter was called with twice");
  if (const auto reply = link::parse_reply_packet(datagram))
    once(replies_, reply->counter.c, "one call was answered twice");
}

// --- both sides --------------------------------------------------------------------

std::uint64_t Node::held_of_other(LineId line, const record::EpochId& epoch) const {
  for (const record::Reader::LogInfo& info : store.logs({pair_->lineage(), line}))
    if (!info.log.own && info.log.epoch == epoch) return info.size;
  return 0;
}

void Node::check_acknowledged() {
  bool all = true;
  for (const auto& [line, acknowledged] : other_->acknowledged_) {
    const std::uint64_t held = held_of_other(line, acknowledged.first);
    if (held >= acknowledged.second) continue;
    all = false;
    if (!recovering_)
      violation("acknowledged " + std::to_string(acknowledged.second) + " entries, the disk has " +
                std::to_string(held));
  }
  // Of former lives of the other side's log, too: a disk that never went back has lost none of them.
  for (const auto& [log, size] : other_->ever_acknowledged_) {
    if (once_went_back_ || held_of_other(log.first, log.second) >= size) continue;
    violation("acknowledged " + std::to_string(size) + " entries of a former life, the disk has fewer");
  }
  if (!all) return;
  recovering_ = false;
  if (station && station->peer(PeerId{0}).contact_made()) went_back_ = false;
}

void Node::check_converged(std::size_t lines) {
  recovering_ = false;
  check_acknowledged();
  for (std::uint64_t number : disk_.taken)
    if (other_->disk_.delivered.count(number) == 0)
      violation("message " + std::to_string(number) + " was taken and never arrived");
  for (const auto& [id, line] : station->peer(PeerId{0}).lines())
    if (line->queued() != 0 || !line->own().unreceipted().empty())
      violation("still waits on line " + line->setup().name);
  documents.check_converged(other_->documents, other_->disk_.delivered);
  if (station->peer(PeerId{0}).documents().buffered() != 0 && other_->documents.lost() == 0)
    violation("parts of documents are kept, and none is under way");
  for (std::size_t line = 0; line < lines; ++line)
    for (const record::Reader::LogInfo& info :
         store.logs({pair_->lineage(), LineId{static_cast<std::uint16_t>(line)}}))
      if (info.log.own) compare_records(info.log);
}

// Up to what both hold. An epoch that this disk lost the end of is longer there.
void Node::compare_records(const record::LogKey& own) {
  record::LogKey theirs = own;
  theirs.own = false;
  std::uint64_t mine = 0, held = 0;
  for (const record::Reader::LogInfo& info : store.logs(own.line))
    if (info.log == own) mine = info.size;
  for (const record::Reader::LogInfo& info : other_->store.logs(own.line))
    if (info.log == theirs) held = info.size;
  const std::uint64_t both = std::min(mine, held);
  if (both == 0) return;
  const auto root = record::root_at(*store.tiles(own), both);
  if (!root || root != record::root_at(*other_->store.tiles(theirs), both)) return violation("the two records do not agree");
  // A leaf is what both signed; what is shown to a reader are the bytes under it.
  for (std::uint64_t next = 0; next < both;) {
    const auto here = store.entries(own, next, both, kComparedAtOnce);
    const auto there = other_->store.entries(theirs, next, both, kComparedAtOnce);
    if (here.empty() || here.size() != there.size()) return violation("the two records do not show the same entries");
    for (std::size_t i = 0; i < here.size(); ++i)
      if (here[i].index != there[i].index || here[i].bytes != there[i].bytes || here[i].salt != there[i].salt ||
          record::leaf_of(here[i].bytes, here[i].salt) != here[i].leaf || here[i].leaf != there[i].leaf)
        return violation("entry " + std::to_string(here[i].index) + " is not the same in both records, or not what was signed");
    next += here.size();
  }
  // And what each keeps as cosigned is of this tree.
  for (const auto& [reader, log] : {std::pair<const MemoryStore*, const record::LogKey*>(&store, &own), {&other_->store, &theirs}}) {
    const auto cosigned = reader->newest_cosignature(*log);
    if (cosigned && cosigned->size <= both && record::root_at(*store.tiles(own), cosigned->size) != cosigned->root)
      violation("a cosignature of another tree than the record's is kept");
  }
}

}  // namespace detente::sim
