#include "core/document_sender.h"

#include <algorithm>

#include "base/mutant.h"

namespace detente::core {

namespace {

constexpr std::size_t kFrameHead = 4;                          // type and length, at most
constexpr std::size_t kWorthwhile = 128;  // less room than this at a packet's end is left empty
constexpr std::uint32_t kCutBytes = 64;  // beside a proof that leaves no room: the frame is cut, into as few packets as it can be
constexpr unsigned kOffersMax = 12;
constexpr Duration kOfferAfter = std::chrono::seconds(5);  // of being named, when nobody asked
constexpr std::size_t kLeavesKept = std::size_t{1} << 18;  // of documents that take turns, on paths of their own: 4 GiB of them

}  // namespace

DocumentSender::Open DocumentSender::open_one(const Context& context, const record::BlobKey& key, record::StoredBlob blob) const {
  DocumentNames::Names names = names_->going(context.store, key, blob);
  return {key, blob, std::move(names)};
}

void DocumentSender::load(const Context& context, record::Fence fence, const KnownDocuments& documents) {
  fence_ = fence;
  for (const auto& [key, blob] : documents)
    if (key.own && blob.state == record::BlobState::kNamed) open_.emplace(record::blob_prefix(key.root), open_one(context, key, blob));
}

void DocumentSender::on_cuts() {
  for (auto& [prefix, open] : open_) names_->choose(open.names, open.blob);
  for (auto& [prefix, asked] : asked_) names_->choose(asked.names, asked.blob);
}

// The other side may have it already, of a disk that this one was before it went back: then it has nothing to ask.
void DocumentSender::named(const Context& context, const record::BlobKey& key, const record::StoredBlob& blob) {
  const record::RootPrefix prefix = record::blob_prefix(key.root);
  Open open = open_one(context, key, blob);
  const auto asked = asked_.find(prefix);
  const bool goes_on = asked != asked_.end() && asked->second.key == key && asked->second.blob.line == open.blob.line &&
                       asked->second.blob.precedence == open.blob.precedence;
  if (goes_on) asked->second.names = open.names;
  else open.offer_at = context.now.mono + kOfferAfter;
  if (blob.state == record::BlobState::kNamed) open_.insert_or_assign(prefix, std::move(open));
  if (!goes_on) forget(prefix);  // they ask again
}

// --- what they say ---------------------------------------------------------------

void DocumentSender::on_want(Context& context, const record::BlobWant& want) {
  const record::RootPrefix prefix = record::blob_prefix(want.root);
  auto it = asked_.find(prefix);
  if (it == asked_.end() || it->second.key.root != want.root) {
    const record::BlobKey key{identity_->lineage, identity_->counterpart, true, want.root};
    const auto blob = context.store.blob(key);
    const bool named = blob && (blob->state == record::BlobState::kNamed ||
                                blob->state == record::BlobState::kConfirmed || mutant(Mutant::kDocumentGivenUnnamed));
    if (!named) return say(context, record::BlobWord::kGone, prefix);
    const Open open = open_one(context, key, *blob);
    if (it != asked_.end() || !make_place(context, open.blob)) return;  // it asks again
    it = asked_.emplace(prefix, Asked()).first;
    it->second.key = key;
    it->second.blob = open.blob;
    it->second.names = open.names;
  }
  if (const auto open = open_.find(prefix); open != open_.end()) open->second.offer_at.reset();
  Asked& asked = it->second;
  const std::uint64_t pieces = record::piece_count(asked.blob.length);
  // Does not start over before all was sent: where the path is slow, questions come faster than a piece.
  skip_held(asked);
  const bool anew = asked.in_flight == 0 && !has_more(asked);
  asked.held.assign(pieces, false);
  asked.held_bytes = 0;
  for (std::uint64_t piece = 0; piece < pieces; ++piece) {
    const std::uint64_t bit = piece - want.base;
    const bool held = piece < want.base ||
                      (bit / 8 < want.map.size() && ((want.map[bit / 8] >> (bit % 8)) & 1) != 0);
    asked.held[piece] = held;
    if (held) asked.held_bytes += record::piece_bytes(asked.blob.length, piece);
  }
  asked.offer_at.reset();
  // What lacks nothing waits for their disk: it is offered less and less often, and as long as they answer.
  asked.offers = asked.held_bytes < asked.blob.length ? 0 : std::min(asked.offers, kOffersMax - 1);
  // With something under way the question may have crossed it: what is lost of that is found out.
  if (anew) {
    asked.piece = 0;
    asked.offset = 0;
    asked.again.clear();
    asked.arrived.clear();
  }
  // They count what arrived of these.
  for (auto it = asked.arrived.begin(); it != asked.arrived.end();) it = asked.held[it->first] ? asked.arrived.erase(it) : std::next(it);
  skip_held(asked);
  // The last of it is on its way, and this question crossed it: whether it arrived is asked all the same.
  if (!has_more(asked)) asked.offer_at = context.now.mono + link_->timeout(asked.offers) + kAckDelay;
}

// Those that a cut or a dead path holds back, or that are less urgent, ask again when their time has come.
bool DocumentSender::make_place(const Context& context, const record::StoredBlob& blob) {
  if (asked_.size() < kAskedMax) return true;
  const auto held_back = [this, path = link_->path_for(allowed(blob.line))](const Asked& one) {
    const PathId other = link_->path_for(allowed(one.blob.line));
    return terms_->is_cut(one.blob.line) || (other != path && is_silent(other));
  };
  const auto rank = [&](const Asked& one) { return std::pair(!held_back(one), one.blob.precedence); };
  const auto least = std::min_element(asked_.begin(), asked_.end(),
                                      [&](const auto& a, const auto& b) { return rank(a.second) < rank(b.second); });
  if (!held_back(least->second) && least->second.blob.precedence >= blob.precedence) return false;
  const record::RootPrefix gone = least->first;
  forget(gone);
  // It may be all there, and nobody would say so.
  if (const auto open = open_.find(gone); open != open_.end()) {
    open->second.offer_at = context.now.mono + kOfferAfter;
    open->second.offers = 0;  // those of before it was asked for do not count
  }
  return true;
}

void DocumentSender::on_have(Context& context, const record::RootPrefix& prefix) {
  forget(prefix);
  const auto open = open_.find(prefix);
  if (open == open_.end()) return;
  open->second.offer_at.reset();
  if (confirming_.insert(prefix).second) confirm(context, prefix);
}

void DocumentSender::confirm(Context& context, const record::RootPrefix& prefix) {
  record::BlobKey key = open_.at(prefix).key;
  record::StoredBlob blob = open_.at(prefix).blob;
  blob.state = record::BlobState::kConfirmed;
  record::Batch batch;
  batch.fence = fence_;
  batch.writes.push_back(record::PutBlob{key, blob});
  context.effects.persist({std::move(batch)},
                          [this, prefix, key = key, blob = blob](Context& then) {
                            open_.erase(prefix);
                            confirming_.erase(prefix);
                            then.effects.notify(DocumentConfirmed{identity_->peer, blob.line, key.root});
                          },
                          [this, prefix](Context& then, const Error&) {
                            confirm_again_.insert(prefix);
                            confirm_again_at_ = then.now.mono + kWriteAgain;
                          });
}

// A later question for it begins anew: acknowledgements of what was sent before must not count there.
void DocumentSender::forget(const record::RootPrefix& prefix) {
  if (asked_.erase(prefix) == 0) return;
  for (auto& [packet, flight] : flights_) std::erase_if(flight.parts, [&](const auto& part) { return part.first == prefix; });
}

void DocumentSender::on_link_up(Context& context, bool fresh) {
  // How often a path was silent while nothing went over it says nothing of it now.
  for (auto& [path, waiting] : waiting_) waiting.tries = 0;
  // Offers that nobody heard are made again.
  for (auto& [prefix, asked] : asked_) {
    asked.offers = 0;
    if (!has_more(asked)) asked.offer_at = context.now.mono + link_->timeout(0) + kAckDelay;
  }
  for (auto& [prefix, open] : open_) {
    open.offers = 0;
    if (fresh || open.offer_at) open.offer_at = context.now.mono;
    if (asked_.count(prefix) > 0) open.offer_at.reset();
  }
  offer_open(context);
  // Acknowledgements of another session are not waited for.
  std::erase_if(flights_, [this, serial = link_->session_serial()](const auto& flight) {
    if (flight.first.second.first == serial) return false;
    requeue(flight.second);
    return true;
  });
}

std::size_t DocumentSender::being_offered() const {
  return static_cast<std::size_t>(std::count_if(open_.begin(), open_.end(), [this](const auto& item) {
    return item.second.offer_at && item.second.offers > 0 && !terms_->is_cut(item.second.blob.line);
  }));
}

// So many at a time; one that nobody answers makes place for the next.
void DocumentSender::offer_open(Context& context) {
  std::size_t offered = being_offered();
  for (auto& [prefix, open] : open_) {
    // What a cut holds back nobody asks for: it is offered when the line carries documents again.
    if (!open.offer_at || context.now.mono < *open.offer_at || terms_->is_cut(open.blob.line)) continue;
    // It waits for a place; those behind it that have one do not.
    if (open.offers == 0 && offered >= kAskedMax) continue;
    offered += open.offers == 0 ? 1 : 0;
    if (++open.offers > kOffersMax) {
      open.offer_at.reset();
      continue;
    }
    open.offer_at = context.now.mono + link_->timeout(open.offers) + kAckDelay;
    say(context, record::BlobWord::kOffer, prefix);
  }
}

void DocumentSender::say(Context& context, record::BlobWord word, const record::RootPrefix& prefix) {
  static_cast<void>(link_->send(context, {blob_frame(record::BlobNote{word, prefix})}, {}));
}

// --- sending -----------------------------------------------------------------------

const Paths::Allowed& DocumentSender::allowed(LineId line) const {
  const auto it = terms_->paths.find(line);
  return it == terms_->paths.end() ? kEveryPath : it->second;
}

bool DocumentSender::has_more(const Asked& asked) const {
  return asked.departing || !asked.again.empty() || asked.piece < asked.held.size();
}

void DocumentSender::skip_held(Asked& asked) {
  while (asked.piece < asked.held.size() && asked.held[asked.piece]) {
    ++asked.piece;
    asked.offset = 0;
  }
  while (!asked.again.empty() && asked.held[asked.again.front().piece]) asked.again.pop_front();
  if (asked.departing && asked.held[asked.departing->flight.parts.front().second.piece]) {
    asked.departing.reset();
    --asked.in_flight;
  }
}

// While a path has acknowledged nothing for a timeout one packet of a document is there at a time, and asks whether it goes on
// (RFC 9002 section 6.2.4): what fills its window keeps entries off it, which may arrive all the same.
std::optional<Instant> DocumentSender::departs_at(LineId line) const {
  const Paths::Allowed& paths = allowed(line);
  const PathId path = link_->path_for(paths);
  if (is_silent(path) && oldest_on(path) != flights_.end()) return std::nullopt;
  return link_->may_send_document_at(paths);
}

DocumentSender::Asked* DocumentSender::next_asked(Instant now) {
  Asked* best = nullptr;
  // The one that was begun goes on before another of its precedence.
  const auto rank = [](const Asked& a) { return std::pair(a.blob.precedence, a.sent_at_turn); };
  for (auto& [prefix, asked] : asked_) {
    skip_held(asked);
    if (!has_more(asked) || (best != nullptr && rank(asked) <= rank(*best))) continue;
    const LineId line = asked.blob.line;
    if (terms_->is_cut(line)) continue;
    // Lines have paths of their own: one that is dead or busy keeps nothing of another's back.
    const auto at = departs_at(line);
    if (at && *at <= now) best = &asked;
  }
  return best;
}

const Bytes* DocumentSender::read_piece(Context& context, Asked& asked, std::uint64_t piece) {
  if (!asked.tree) {
    forget_trees(asked.held.size());
    std::vector<Digest> leaves;
    for (auto& [number, leaf] : context.store.piece_leaves(asked.key)) leaves.push_back(leaf);
    if (leaves.size() != asked.held.size()) return nullptr;
    asked.tree.emplace(std::move(leaves));
  }
  if (!asked.cached || asked.cached->first != piece) {
    auto bytes = context.store.piece(asked.key, piece);
    if (!bytes) return nullptr;
    asked.cached.emplace(piece, std::move(*bytes));
  }
  return &asked.cached->second;
}

void DocumentSender::forget_trees(std::size_t leaves) {
  for (;;) {
    Asked* oldest = nullptr;
    std::size_t kept = 0;
    for (auto& [prefix, asked] : asked_) {
      if (!asked.tree) continue;
      kept += asked.held.size();
      if (oldest == nullptr || asked.sent_at_turn < oldest->sent_at_turn) oldest = &asked;
    }
    if (oldest == nullptr || kept + leaves <= kLeavesKept) return;
    oldest->tree.reset();
    oldest->cached.reset();
  }
}

std::optional<std::pair<wire::Frame, DocumentSender::Part>> DocumentSender::next_frame(
    Context& context, Asked& asked, std::size_t room, bool may_cut) {
  const bool again = !asked.again.empty();
  Part part = again ? asked.again.front() : Part{asked.piece, asked.offset, 0};
  const Bytes* bytes = read_piece(context, asked, part.piece);
  if (bytes == nullptr) return std::nullopt;
  record::BlobData data;
  data.root = record::blob_prefix(asked.key.root);
  data.piece = part.piece;
  data.offset = part.offset;
  if (part.offset == 0) data.proof = asked.tree->proof(part.piece);
  const std::size_t head = kFrameHead + record::blob_data_overhead(data);
  if (!may_cut && room <= head + kWorthwhile / 2) return std::nullopt;  // it begins the next packet
  const auto most = room > head ? static_cast<std::uint32_t>(room - head) : kCutBytes;
  const std::uint32_t left = again ? part.length : static_cast<std::uint32_t>(bytes->size()) - part.offset;
  part.length = std::min(left, most);
  data.bytes = to_bytes(ByteView(*bytes).subspan(part.offset, part.length));
  if (again) {
    asked.again.pop_front();
    if (part.length < left)
      asked.again.push_front({part.piece, part.offset + part.length, left - part.length});
  } else if (asked.offset += part.length; asked.offset == bytes->size()) {
    ++asked.piece;
    asked.offset = 0;
  }
  return std::pair(blob_frame(std::move(data)), part);
}

bool DocumentSender::send_packet(Context& context, Asked& asked) {
  asked.sent_at_turn = ++turns_;
  if (asked.departing) return go_on(context, asked);
  const Paths::Allowed& paths = allowed(asked.blob.line);
  std::size_t room = link_->room(&paths);
  const record::RootPrefix prefix = record::blob_prefix(asked.key.root);
  Flight flight;
  std::vector<wire::Frame> frames;
  while (&asked == next_asked(context.now.mono) && (frames.empty() || room >= kWorthwhile)) {
    auto next = next_frame(context, asked, room, frames.empty());
    if (!next) break;
    room -= std::min(room, wire::frame_size(next->first));
    frames.push_back(std::move(next->first));
    flight.parts.emplace_back(prefix, next->second);
  }
  if (frames.empty()) {  // its bytes are here no more
    forget(prefix);
    say(context, record::BlobWord::kGone, prefix);
    return true;
  }
  if (wire::frame_size(frames.front()) > link_->room(&paths)) {
    flight.cut = turns_;
    ++asked.in_flight;
    asked.departing = Departing{Departure(std::move(frames)), std::move(flight)};
    return go_on(context, asked);
  }
  const auto packets = link_->send(context, frames, {.allowed = &paths, .tracked = Link::Tracked::kDocument, .more = has_more(asked)});
  flight.left = left_by(context.now.mono, packets);
  if (packets.size() > 1) flight.cut = turns_;  // beside what the session's first packet has to say
  note_sent(packets, std::move(flight));
  return !packets.empty();
}

void DocumentSender::pump(Context& context) {
  if (!link_->ready()) return;
  while (Asked* asked = next_asked(context.now.mono))
    if (!send_packet(context, *asked)) return;
}

void DocumentSender::on_deadline(Context& context) {
  const Instant now = context.now.mono;
  if (confirm_again_at_ && now >= *confirm_again_at_) {
    confirm_again_at_.reset();
    for (const record::RootPrefix& prefix : std::exchange(confirm_again_, {})) confirm(context, prefix);
  }
  if (!link_->ready()) return;
  give_up_lost(context);
  offer_open(context);
  for (auto& [prefix, asked] : asked_) {
    if (!asked.offer_at || now < *asked.offer_at || has_more(asked) || terms_->is_cut(asked.blob.line)) continue;
    asked.offer_at.reset();
    if (++asked.offers > kOffersMax) continue;  // it asks when it is there again
    asked.offer_at = now + link_->timeout(asked.offers) + kAckDelay;
    say(context, record::BlobWord::kOffer, prefix);
  }
}

std::optional<Instant> DocumentSender::next_deadline() const {
  std::optional<Instant> due = confirm_again_at_;
  if (!link_->ready()) return due;
  const bool place = being_offered() < kAskedMax;
  const auto by = [&](std::optional<Instant> at) {
    if (at) due = std::min(due.value_or(*at), *at);
  };
  for (const auto& [prefix, open] : open_)
    if ((open.offers > 0 || place) && !terms_->is_cut(open.blob.line)) by(open.offer_at);
  for (const auto& [path, waiting] : waiting_)
    if (oldest_on(path) != flights_.end()) by(lost_at(path));
  for (const auto& [prefix, asked] : asked_) {
    if (terms_->is_cut(asked.blob.line)) continue;
    by(has_more(asked) ? departs_at(asked.blob.line) : asked.offer_at);
  }
  return due;
}

UnconfirmedDocuments DocumentSender::unconfirmed(LineId line) const {
  UnconfirmedDocuments out;
  for (const auto& [prefix, open] : open_) {
    if (open.blob.line != line) continue;
    ++out.count;
    out.bytes += open.blob.length;
  }
  return out;
}

std::optional<DocumentProgress> DocumentSender::progress(const Digest& root, Instant now) const {
  const auto it = asked_.find(record::blob_prefix(root));
  if (it == asked_.end()) return std::nullopt;
  const Asked& asked = it->second;
  std::uint64_t bytes = asked.held_bytes;
  for (const auto& [piece, arrived] : asked.arrived)  // some of it twice, perhaps
    bytes += std::min<std::uint64_t>(arrived, record::piece_bytes(asked.blob.length, piece));
  return DocumentProgress{asked.blob.length, bytes, asked.rate.bytes_per_second(now)};
}

}  // namespace detente::core
