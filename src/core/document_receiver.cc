#include "core/document_receiver.h"

#include <algorithm>

#include "base/mutant.h"

namespace detente::core {

namespace {

constexpr unsigned kTriesInTurn = 4;  // questions that drew nothing, after which others go first
constexpr Duration kAskLeast = std::chrono::milliseconds(100);  // a commit there may take that long
constexpr Duration kAskMost = std::chrono::seconds(30);
constexpr unsigned kDoubled = 9;  // 100 ms so often is above kAskMost

std::string short_name(const Digest& root) { return to_hex(ByteView(root).first(4)) + "…"; }

}  // namespace

void DocumentReceiver::load(Context& context, record::Fence fence, const KnownDocuments& documents) {
  fence_ = fence;
  for (const auto& [key, blob] : documents) {
    if (key.own || blob.state == record::BlobState::kRefused) continue;
    const bool wanted = blob.state == record::BlobState::kWanted;
    if (wanted && open() >= terms_->open_max) continue;  // a later start has a place for it
    kept_bytes_ += room_of(blob.length);
    if (wanted) begin(context, key, blob);
    if (blob.state == record::BlobState::kHere) here_.insert(record::blob_prefix(key.root));
  }
  // What found no room once may find it now: somebody gave more, or others that were missing came.
  record::Batch batch;
  batch.fence = fence_;
  KnownDocuments taken;
  for (auto [key, blob] : documents) {
    if (key.own || blob.state != record::BlobState::kRefused || !why_not_fetched(blob.length).empty()) continue;
    kept_bytes_ += room_of(blob.length);
    blob.state = record::BlobState::kWanted;
    naming_.emplace(key.root, Naming{blob, false, 1});
    batch.writes.push_back(record::PutBlob{key, blob});
    taken.emplace_back(key, blob);
  }
  if (taken.empty()) return;
  context.effects.persist({std::move(batch)},
                          [this, taken](Context& then) {
                            for (const auto& [key, blob] : taken) named_durable(then, key, blob);
                            schedule(then);
                          },
                          [this, taken](Context&, const Error&) {
                            for (const auto& [key, blob] : taken) named_in_vain(key);
                          });
}

std::string DocumentReceiver::why_not_fetched(std::uint64_t length) const {
  if (length > terms_->length_max) return "more than the accord's document_mib allows";
  if (room_of(length) > terms_->room - std::min(terms_->room, kept_bytes_))
    return "more than is left of the room for this counterpart's documents: "
           "raise document_room_mib in station.toml and start again";
  if (open() >= terms_->open_max)
    return "so many of this counterpart's that were named before (" + std::to_string(terms_->open_max) +
           ") are not here yet: start again when they are";
  return {};
}

// --- named by an entry ---------------------------------------------------------------

void DocumentReceiver::named(Context& context, LineId line, const std::vector<NamedDocument>& documents,
                             record::Batch& batch) {
  for (const NamedDocument& document : documents) {
    const record::BlobKey key{identity_->lineage, identity_->counterpart, false, document.attachment.digest};
    // The author lost it once, and names it again: it has it again.
    Wanted* known = find_wanted(key);
    if (known != nullptr && std::exchange(known->gone, false)) {
      known->tries = 0;
      known->ask_at.reset();
      schedule(context);
    }
    const std::uint64_t length = document.attachment.length;
    if (length > record::kBlobBytesMax) {  // no number that the disk could keep
      context.effects.notify(Alarm{identity_->peer, AlarmKind::kDocument,
                                   "document " + short_name(key.root) + " of " + std::to_string(length) +
                                       " bytes is not fetched: no document is as long"});
      continue;
    }
    const bool here = known != nullptr && known->finishing;  // its row says so from now on
    auto naming = naming_.find(key.root);  // by a commit that is under way
    if (auto stored = context.store.blob(key); stored && (naming == naming_.end() || here)) {
      if (here) stored->state = record::BlobState::kHere;
      if (stored->length == length && names_->also(context, key, line, document.precedence, *stored, batch))
        batch.writes.push_back(record::PutBlob{key, *stored});
      continue;
    }
    if (naming == naming_.end()) {
      const std::string why = why_not_fetched(length);
      const auto state = why.empty() ? record::BlobState::kWanted : record::BlobState::kRefused;
      naming = naming_.emplace(key.root, Naming{{length, line, document.precedence, state, context.now.wall}, false, 0}).first;
      if (why.empty()) kept_bytes_ += room_of(length);
      if (!why.empty())
        context.effects.notify(Alarm{identity_->peer, AlarmKind::kDocument,
                                     "document " + short_name(key.root) + " of " + std::to_string(length) +
                                         " bytes is not fetched: " + why});
    }
    // The first length counts, of one that is not fetched, too: no disk takes a second.
    if (naming->second.blob.length != length) continue;
    if (!names_->under_way(key)) names_->first(key, naming->second.blob);
    else if (!names_->also(context, key, line, document.precedence, naming->second.blob, batch)) names_->again(key);
    ++naming->second.commits;
    batch.writes.push_back(record::PutBlob{key, naming->second.blob});
  }
}

DocumentReceiver::Wanted* DocumentReceiver::find_wanted(const record::BlobKey& key) {
  const auto it = wanted_.find(record::blob_prefix(key.root));
  return it != wanted_.end() && it->second.key == key ? &it->second : nullptr;
}

void DocumentReceiver::on_cuts() {
  for (auto& [prefix, wanted] : wanted_) names_->choose(wanted.names, wanted.blob);
}

void DocumentReceiver::named_durable(Context& context, const record::BlobKey& key,
                                     const record::StoredBlob& blob) {
  const auto naming = naming_.find(key.root);
  // One that found no place at the start is named again, and waits for the next.
  const bool has_place = naming != naming_.end() || find_wanted(key) != nullptr;
  if (naming != naming_.end()) {
    naming->second.durable = true;
    ended(naming);
  }
  if (blob.state == record::BlobState::kWanted && has_place) begin(context, key, blob);
}

void DocumentReceiver::named_in_vain(const record::BlobKey& key) {
  if (const auto naming = naming_.find(key.root); naming != naming_.end()) ended(naming);
}

void DocumentReceiver::ended(std::map<Digest, Naming>::iterator naming) {
  const Naming& one = naming->second;
  if (--naming->second.commits > 0) return;
  if (one.blob.state == record::BlobState::kWanted && !one.durable) kept_bytes_ -= room_of(one.blob.length);
  naming_.erase(naming);
}

void DocumentReceiver::begin(Context& context, const record::BlobKey& key, const record::StoredBlob& blob) {
  // Two roots that begin alike, which costs 2^32 hashes to make: the second waits for a restart.
  const auto [it, fresh] = wanted_.emplace(record::blob_prefix(key.root), Wanted());
  Wanted& wanted = it->second;
  if (fresh || wanted.key == key) {
    wanted.blob = blob;
    wanted.names = names_->going(context.store, key, wanted.blob);
  }
  if (!fresh) return;  // named again
  wanted.key = key;
  wanted.held.assign(record::piece_count(blob.length), false);
  wanted.on_its_way = wanted.held;
  for (const auto& [piece, leaf] : context.store.piece_leaves(key)) {
    wanted.held[piece] = true;
    ++wanted.held_count;
  }
  if (wanted.held_count == wanted.pieces()) finish(context, wanted);
}

// --- asking -----------------------------------------------------------------------------

// An author whose answers hold bad pieces is asked less and less often.
Duration DocumentReceiver::pause(const Wanted& wanted) const {
  // What it draws takes its time in the bearer there.
  const Duration least = std::max(kAskLeast, link_->timeout(wanted.tries) + link_->bearer_time());
  if (wanted.bad_answers == 0) return least;
  return std::max(least, std::min(kAskMost, kAskLeast * (1 << std::min(wanted.bad_answers, kDoubled))));
}

void DocumentReceiver::ask(Context& context, Wanted& wanted) {
  if (ends_early(wanted)) {
    refuse_answer(context, wanted);
    drop_partial(wanted, wanted.pieces() - 1);
  }
  record::BlobWant want;
  want.root = wanted.key.root;
  const auto held = [&](std::uint64_t piece) { return wanted.held[piece] || wanted.on_its_way[piece]; };
  while (want.base < wanted.pieces() && held(want.base)) ++want.base;
  const bool nothing_missing = want.base == wanted.pieces();
  const std::uint64_t end =
      std::min<std::uint64_t>(wanted.pieces(), want.base + record::kWantMapMax * 8);
  // What a packet of the smallest path holds, less the rest of the frame.
  const std::size_t map_max = std::min(record::kWantMapMax, link_->room() - std::min<std::size_t>(link_->room(), 56));
  for (std::uint64_t piece = want.base; piece < end; ++piece) {
    const std::uint64_t bit = piece - want.base;
    if (!held(piece) || bit / 8 >= map_max) continue;
    want.map.resize(std::max<std::size_t>(want.map.size(), bit / 8 + 1));
    want.map[bit / 8] |= static_cast<std::uint8_t>(1 << (bit % 8));
  }
  // Parts of pieces whose rest did not come are kept: the rest comes with the whole.
  // A question that drew nothing in its time makes its path suspect, as an entry does; not while another document comes, nor
  // where all is here and waits for the disk, so that it asks for nothing.
  const bool another = (data_at_ && wanted.asked_at && *data_at_ >= *wanted.asked_at) || nothing_missing;
  if (!wanted.asked.empty() && !another) link_->missed(context, wanted.asked, true);
  wanted.asked = link_->send(context, {blob_frame(std::move(want))}, {.answer_on = wanted.came_on});
  wanted.asked_at = context.now.mono;
  wanted.ask_at = left_by(context.now.mono, wanted.asked) + pause(wanted);
  wanted.bad_since_asked = false;
  ++wanted.tries;
}

void DocumentReceiver::schedule(Context& context) {
  if (!link_->ready()) return;
  // Those that drew nothing again and again, since the paths of their line are dead, stand behind those that may come.
  const auto rank = [](const Wanted& wanted) { return std::pair(wanted.tries < kTriesInTurn, wanted.blob.precedence); };
  std::vector<Wanted*> order;  // never more than one too many: thousands may wait
  for (auto& [prefix, wanted] : wanted_) {
    if (wanted.gone || wanted.finishing || terms_->is_cut(wanted.blob.line)) continue;
    const auto behind = std::upper_bound(order.begin(), order.end(), rank(wanted),
                                         [&](const auto& ours, const Wanted* other) { return ours > rank(*other); });
    order.insert(behind, &wanted);
    if (order.size() > kAskedAtOnce) order.pop_back();
  }
  in_turn_.clear();
  for (Wanted* wanted : order) {
    in_turn_.push_back(record::blob_prefix(wanted->key.root));
    if (!wanted->ask_at || *wanted->ask_at <= context.now.mono) ask(context, *wanted);
  }
}

void DocumentReceiver::on_link_up(Context& context, bool fresh) {
  for (auto& [prefix, wanted] : wanted_) {
    if (fresh) wanted.gone = false;
    wanted.tries = 0;
    wanted.ask_at.reset();
    wanted.asked_at.reset();
    wanted.asked.clear();
    wanted.came_on.reset();
  }
  schedule(context);
}

void DocumentReceiver::on_deadline(Context& context) {
  if (commit_again_at_ && *commit_again_at_ <= context.now.mono) {
    commit_again_at_.reset();
    commit_pieces(context);
    for (auto& [prefix, wanted] : wanted_)
      if (wanted.held_count == wanted.pieces()) finish(context, wanted);
  }
  schedule(context);
}

std::optional<Instant> DocumentReceiver::next_deadline() const {
  std::optional<Instant> due = commit_again_at_;
  if (!link_->ready()) return due;
  // After every event: no look at those that only wait.
  for (const record::RootPrefix& prefix : in_turn_) {
    const auto it = wanted_.find(prefix);
    if (it == wanted_.end() || !it->second.ask_at || it->second.gone || it->second.finishing) continue;
    due = std::min(due.value_or(*it->second.ask_at), *it->second.ask_at);
  }
  return due;
}

void DocumentReceiver::on_note(Context& context, const record::BlobNote& note, PathId came_on) {
  const auto it = wanted_.find(note.root);
  if (note.word == record::BlobWord::kGone) {
    if (it == wanted_.end() || it->second.gone || !gone_.take(context.now.mono)) return;
    it->second.gone = true;
    drop_partials(it->second);
    context.effects.notify(Alarm{identity_->peer, AlarmKind::kDocument,
                                 "the other side has document " + short_name(it->second.key.root) +
                                     " no more; ask it to send the document again"});
    return schedule(context);
  }
  if (it != wanted_.end()) {
    Wanted& wanted = it->second;
    // Its author's clock may say that the line is open: what it sent would be dropped, and offered again.
    if (terms_->is_cut(wanted.blob.line)) return;
    wanted.came_on = came_on;
    wanted.asked.clear();
    // However often it is offered, it is asked for so often only: a question is longer than an offer.
    const Duration least = wanted.bad_answers > 0 ? pause(wanted) : kAskLeast;
    const bool just_asked = wanted.asked_at && context.now.mono < *wanted.asked_at + least;
    if (!wanted.finishing && !just_asked) ask(context, wanted);
    return;
  }
  if (here_.count(note.root) > 0 && notes_.take(context.now.mono)) say(context, record::BlobWord::kHave, note.root, came_on);
}

// --- what comes -------------------------------------------------------------------------

void DocumentReceiver::take_part(Partial& partial, std::uint32_t offset, ByteView bytes) {
  std::copy(bytes.begin(), bytes.end(), partial.bytes.begin() + offset);
  std::uint32_t start = offset, end = offset + static_cast<std::uint32_t>(bytes.size());
  auto it = partial.ranges.upper_bound(start);
  if (it != partial.ranges.begin() && std::prev(it)->second >= start) --it;
  while (it != partial.ranges.end() && it->first <= end) {
    start = std::min(start, it->first);
    end = std::max(end, it->second);
    it = partial.ranges.erase(it);
  }
  // Parts that an honest author sends leave no more holes than that, with every other one lost.
  if (partial.ranges.size() < kRangesMax) partial.ranges[start] = end;
}

std::size_t DocumentReceiver::ranges() const {
  std::size_t out = 0;
  for (const auto& [root, wanted] : wanted_)
    for (const auto& [piece, partial] : wanted.partials) out += partial.ranges.size();
  return out;
}

void DocumentReceiver::on_data(Context& context, record::BlobData data, PathId came_on) {
  const auto it = wanted_.find(data.root);
  if (it == wanted_.end()) return;
  Wanted& wanted = it->second;
  if (terms_->is_cut(wanted.blob.line)) return;
  data_at_ = context.now.mono;
  wanted.tries = 0;
  wanted.asked.clear();
  wanted.came_on = came_on;
  wanted.ask_at = context.now.mono + pause(wanted);
  if (data.piece >= wanted.pieces()) return refuse_answer(context, wanted);
  if (wanted.held[data.piece] || wanted.on_its_way[data.piece]) return;
  const std::size_t size = record::piece_bytes(wanted.blob.length, data.piece);
  if (data.offset + data.bytes.size() > size) return refuse_answer(context, wanted);
  auto partial = wanted.partials.find(data.piece);
  if (partial == wanted.partials.end()) {
    if (buffered_ + size > kBufferedMax) return;  // it is asked for again
    partial = wanted.partials.emplace(data.piece, Partial{Bytes(size), {}, std::nullopt}).first;
    buffered_ += size;
    hold_back();
  }
  if (!data.bytes.empty()) take_part(partial->second, data.offset, data.bytes);
  if (data.proof) partial->second.proof = std::move(data.proof);
  wanted.rate.add(context.now.mono, data.bytes.size());
  try_piece(context, wanted, data.piece);
}

void DocumentReceiver::try_piece(Context& context, Wanted& wanted, std::uint64_t number) {
  Partial& partial = wanted.partials.at(number);
  const std::size_t size = partial.bytes.size();
  const bool whole = size == 0 || (partial.ranges.size() == 1 && partial.ranges.begin()->first == 0 &&
                                   partial.ranges.begin()->second == size);
  if (!whole || !partial.proof) return;
  const Digest leaf = record::leaf_hash(partial.bytes);
  const bool good = record::verify_inclusion(leaf, number, wanted.pieces(), *partial.proof, wanted.key.root);
  if (!good && !mutant(Mutant::kPieceUnverified)) {
    drop_partial(wanted, number);
    return refuse_answer(context, wanted);
  }
  if (mutant(Mutant::kHaveBeforeSync) && wanted.held_count + 1 == wanted.pieces())
    say(context, record::BlobWord::kHave, record::blob_prefix(wanted.key.root), wanted.came_on);
  wanted.bad_answers = 0;
  wanted.on_its_way[number] = true;
  verified_.push_back({wanted.key, number, leaf, std::move(partial.bytes)});
  wanted.partials.erase(number);
  commit_pieces(context);
}

// Whether what is here of the last piece is all that its author has: its proof holds without the bytes that the entry names
// beyond, for which he would be asked for ever.
bool DocumentReceiver::ends_early(const Wanted& wanted) {
  const std::uint64_t last = wanted.pieces() - 1;
  const auto it = wanted.partials.find(last);
  if (it == wanted.partials.end() || !it->second.proof || it->second.ranges.size() > 1) return false;
  const auto& [bytes, ranges, proof] = it->second;
  if (!ranges.empty() && ranges.begin()->first != 0) return false;
  const Digest leaf = record::leaf_hash(ByteView(bytes).first(ranges.empty() ? 0 : ranges.begin()->second));
  return record::verify_inclusion(leaf, last, wanted.pieces(), *proof, wanted.key.root);
}

// What came cannot be of this document: its bytes, or the length that its author's entry names.
void DocumentReceiver::refuse_answer(Context& context, Wanted& wanted) {
  if (!std::exchange(wanted.bad_told, true))
    context.effects.notify(Alarm{identity_->peer, AlarmKind::kBadEntry,
                                 "a piece of document " + short_name(wanted.key.root) +
                                     " is not what its author signed; it is asked for again"});
  if (!std::exchange(wanted.bad_since_asked, true)) ++wanted.bad_answers;
  wanted.rate = {};  // of what counts nothing came
  wanted.ask_at = context.now.mono + pause(wanted);
}

void DocumentReceiver::drop_partial(Wanted& wanted, std::uint64_t number) {
  const auto it = wanted.partials.find(number);
  buffered_ -= it->second.bytes.size();
  wanted.partials.erase(it);
  hold_back();
}

void DocumentReceiver::drop_partials(Wanted& wanted) {
  for (const auto& [number, partial] : wanted.partials) buffered_ -= partial.bytes.size();
  wanted.partials.clear();
  hold_back();
}

void DocumentReceiver::hold_back() { link_->hold_acks(buffered_ > kBufferedMax / 2); }

// --- keeping ----------------------------------------------------------------------------

// One commit at a time gathers what comes meanwhile; a message's commit waits for one of them at most.
void DocumentReceiver::commit_pieces(Context& context) {
  if (committing_ || verified_.empty() || commit_again_at_) return;
  committing_ = true;
  record::Batch batch;
  batch.fence = fence_;
  const auto count = static_cast<std::ptrdiff_t>(std::min(verified_.size(), kCommitPieces));
  batch.writes.assign(verified_.begin(), verified_.begin() + count);
  context.effects.persist(
      {std::move(batch)},
      [this, count](Context& then) {
        committing_ = refused_told_ = false;
        const std::vector<record::PutPiece> pieces(std::make_move_iterator(verified_.begin()),
                                                   std::make_move_iterator(verified_.begin() + count));
        verified_.erase(verified_.begin(), verified_.begin() + count);
        kept(then, pieces);
        commit_pieces(then);
      },
      // They stay: what is dropped would be asked for again, as fast as the path carries it, for as long as the disk is full.
      [this](Context& then, const Error& error) {
        committing_ = false;
        if (!std::exchange(refused_told_, true))
          then.effects.notify(Alarm{identity_->peer, AlarmKind::kStore, error.message});
        commit_again_at_ = then.now.mono + kWriteAgain;
      },
      EffectQueue::Haste::kNone);
}

void DocumentReceiver::kept(Context& context, const std::vector<record::PutPiece>& pieces) {
  for (const record::PutPiece& piece : pieces) buffered_ -= piece.bytes.size();
  hold_back();
  for (const record::PutPiece& piece : pieces) {
    const auto it = wanted_.find(record::blob_prefix(piece.key.root));
    if (it == wanted_.end()) continue;
    Wanted& wanted = it->second;
    wanted.on_its_way[piece.piece] = false;
    if (wanted.held[piece.piece]) continue;
    wanted.held[piece.piece] = true;
    if (++wanted.held_count == wanted.pieces()) finish(context, wanted);
  }
}

// All of it is durable: said to the store, then to the other side and to the desk.
void DocumentReceiver::finish(Context& context, Wanted& wanted) {
  if (std::exchange(wanted.finishing, true)) return;
  record::Batch batch;
  batch.fence = fence_;
  wanted.blob.state = record::BlobState::kHere;
  batch.writes.push_back(record::PutBlob{wanted.key, wanted.blob});
  const record::RootPrefix prefix = record::blob_prefix(wanted.key.root);
  context.effects.persist(
      {std::move(batch)},
      [this, prefix](Context& then) {
        const auto it = wanted_.find(prefix);
        if (it == wanted_.end()) return;
        drop_partials(it->second);
        then.effects.notify(DocumentArrived{identity_->peer, it->second.blob.line, it->second.key.root});
        const auto came_on = it->second.came_on;
        wanted_.erase(it);
        here_.insert(prefix);
        say(then, record::BlobWord::kHave, prefix, came_on);
        schedule(then);
      },
      [this, prefix](Context& then, const Error&) {
        const auto it = wanted_.find(prefix);
        if (it != wanted_.end()) it->second.finishing = false;
        commit_again_at_ = then.now.mono + kWriteAgain;
      });
}

void DocumentReceiver::say(Context& context, record::BlobWord word, const record::RootPrefix& prefix,
                           std::optional<PathId> on) {
  if (!link_->ready()) return;
  static_cast<void>(link_->send(context, {blob_frame(record::BlobNote{word, prefix})}, {.answer_on = on}));
}

std::optional<DocumentProgress> DocumentReceiver::progress(const Digest& root, Instant now) const {
  const auto it = wanted_.find(record::blob_prefix(root));
  if (it == wanted_.end()) return std::nullopt;
  const Wanted& wanted = it->second;
  std::uint64_t bytes = 0;
  // What waits for a disk that takes nothing is not kept.
  for (std::uint64_t piece = 0; piece < wanted.pieces(); ++piece)
    if (wanted.held[piece] || (wanted.on_its_way[piece] && !refused_told_)) bytes += record::piece_bytes(wanted.blob.length, piece);
  return DocumentProgress{wanted.blob.length, bytes, wanted.rate.bytes_per_second(now), wanted.bad_answers > 0};
}

}  // namespace detente::core
