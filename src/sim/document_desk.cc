#include "sim/document_desk.h"

#include <algorithm>

namespace detente::sim {

namespace {

std::string name(const Digest& root) { return to_hex(ByteView(root).first(4)); }

// Often nothing or little, now and then many pieces; the ends of pieces among them.
std::uint64_t draw_length(SeededRandom& random) {
  const std::uint64_t kind = random.below(16);
  const std::uint64_t any = random.next();
  if (kind == 0) return 0;
  if (kind == 1) return record::kPieceBytes * (1 + any % 3) + any / 4 % 3 - 1;
  if (kind < 8) return 1 + any % 2000;
  if (kind < 14) return 1 + any % 50000;
  return 1 + any % 200000;
}

}  // namespace

Bytes document_of(std::size_t node, std::uint64_t number) {
  SeededRandom random((number << 8) + 0xd0c + node);
  Bytes out(draw_length(random));
  random.fill(out);
  // A short one may be like another: the name of its writer and number is in all but the shortest.
  const std::string stamp = std::to_string(number) + " of " + Pair::name(node);
  for (std::size_t i = 0; i < std::min(out.size(), stamp.size()); ++i)
    out[i] = static_cast<std::uint8_t>(stamp[i]);
  return out;
}

DocumentDesk::DocumentDesk(std::size_t index, const Pair& pair, const MemoryStore& store, Referee& referee)
    : index_(index), pair_(&pair), store_(&store), referee_(&referee),
      next_number_(read_be(ByteView(pair.lineage()).first(4))) {}

void DocumentDesk::violation(std::string what) const {
  referee_->violation(std::string(Pair::name(index_)) + ": document " + std::move(what));
}

record::BlobKey DocumentDesk::key(bool own, const Digest& root) const {
  return {pair_->lineage(), Pair::name(1 - index_), own, root};
}

// --- ours ----------------------------------------------------------------------------

Digest DocumentDesk::write() {
  Written made;
  made.number = next_number_++;
  const Bytes bytes = document_of(index_, made.number);
  made.length = bytes.size();
  for (std::uint64_t piece = 0; piece < record::piece_count(made.length); ++piece)
    made.leaves.push_back(record::leaf_hash(
        ByteView(bytes).subspan(piece * record::kPieceBytes, record::piece_bytes(made.length, piece))));
  const Digest root = record::blob_root(bytes);
  // Empty ones are all the same: one document, named by many messages.
  written_.emplace(root, std::move(made));
  return root;
}

void DocumentDesk::named(const Digest& root, std::uint64_t message) {
  written_.at(root).named = true;
  messages_.emplace(message, root);
  ++named_count;
}

const Digest* DocumentDesk::named_by(std::uint64_t message) const {
  const auto it = messages_.find(message);
  return it == messages_.end() ? nullptr : &it->second;
}

bool DocumentDesk::is_whole(const record::BlobKey& key, const Written& truth) const {
  const auto blob = store_->blob(key);
  const auto leaves = store_->piece_leaves(key);
  if (!blob || blob->length != truth.length || leaves.size() != truth.leaves.size()) return false;
  for (const auto& [piece, leaf] : leaves)
    if (leaf != truth.leaves[piece]) return false;
  return true;
}

bool DocumentDesk::whole_here(const Digest& root) const { return is_whole(key(true, root), written_.at(root)); }

// Whether this side could still give it away: an entry on its disk names it, and every piece is there.
bool DocumentDesk::offered(const Digest& root) const {
  const auto blob = store_->blob(key(true, root));
  return blob && (blob->state == record::BlobState::kNamed || blob->state == record::BlobState::kConfirmed) &&
         whole_here(root);
}

std::vector<Digest> DocumentDesk::went_back(Disk disk) {
  disk_ = std::move(disk);
  tests_lost_ |= std::any_of(own_tests_.begin(), own_tests_.end(), [this](const Digest& root) { return !store_->blob(key(true, root)); });
  std::vector<Digest> out;
  for (auto& [root, made] : written_) {
    if (!made.named || offered(root)) continue;
    lost_.insert(root);
    made.named = false;
    out.push_back(root);
  }
  return out;
}

// --- what the disk takes, and what the desk is told --------------------------------------

void DocumentDesk::committed(const record::Batch& batch) {
  for (const record::Write& write : batch.writes) {
    if (const auto* made = std::get_if<record::PutBlob>(&write); made && made->blob.line == kAccordLine) {
      tests_.insert(made->key.root);
      if (made->key.own) own_tests_.insert(made->key.root);
    }
    if (const auto* put = std::get_if<record::PutPiece>(&write); put && tests_.count(put->key.root) == 0) {
      const auto& author = put->key.own ? *this : *other_;
      const auto truth = author.written_.find(put->key.root);
      if (truth == author.written_.end()) {
        violation("a piece of one that nobody wrote is on the disk");
      } else if (put->piece >= truth->second.leaves.size() || put->leaf != truth->second.leaves[put->piece] ||
                 record::leaf_hash(put->bytes) != put->leaf) {
        violation(name(put->key.root) + ": piece " + std::to_string(put->piece) + " on the disk is not its author's");
      }
    }
    const auto* blob = std::get_if<record::PutBlob>(&write);
    if (blob == nullptr || blob->blob.state != record::BlobState::kHere || tests_.count(blob->key.root) > 0) continue;
    const auto truth = other_->written_.find(blob->key.root);
    if (truth == other_->written_.end() || !is_whole(blob->key, truth->second)) {
      violation(name(blob->key.root) + " is called whole on the disk, and is not");
    } else {
      held_.insert(blob->key.root);
    }
  }
}

void DocumentDesk::read_record() {
  for (const auto& [key, blob] : store_->blobs(pair_->lineage(), Pair::name(1 - index_))) {
    if (key.own && blob.state == record::BlobState::kConfirmed) disk_.confirmed.insert(key.root);
    if (!key.own && blob.state == record::BlobState::kHere && disk_.arrived.insert(key.root).second) ++arrived_count;
  }
}

void DocumentDesk::arrived(const core::DocumentArrived& event) {
  if (event.line == kAccordLine) return;  // a test of the stations' own
  ++arrived_count;
  if (!disk_.arrived.insert(event.root).second) violation(name(event.root) + " was shown twice");
  const auto truth = other_->written_.find(event.root);
  if (truth == other_->written_.end()) return violation("one arrived that nobody wrote");
  const record::BlobKey here = key(false, event.root);
  const auto blob = store_->blob(here);
  if (!blob || blob->state != record::BlobState::kHere || !is_whole(here, truth->second))
    violation(name(event.root) + " was shown before it was whole on the disk");
}

void DocumentDesk::confirmed(const core::DocumentConfirmed& event) {
  if (event.line == kAccordLine) return;
  ++confirmed_count;
  if (!disk_.confirmed.insert(event.root).second) violation(name(event.root) + " was confirmed twice");
  if (written_.count(event.root) == 0) return violation("one was confirmed that nobody wrote");
  if (other_->held_.count(event.root) == 0)
    violation(name(event.root) + " was confirmed, and was never whole on the other side's disk");
}

void DocumentDesk::on_event(const core::DeskEvent& event) {
  if (const auto* there = std::get_if<core::DocumentArrived>(&event)) arrived(*there);
  if (const auto* told = std::get_if<core::DocumentConfirmed>(&event)) confirmed(*told);
  const auto* alarm = std::get_if<core::Alarm>(&event);
  if (alarm == nullptr) return;
  // Only a disk that went back has a document no more.
  if (alarm->kind == core::AlarmKind::kDocument && other_->lost_.empty() && !other_->tests_lost_)
    violation("alarm between two honest stations: " + alarm->text);
  if (alarm->kind == core::AlarmKind::kBadEntry && alarm->text.find("document") != std::string::npos)
    violation("alarm between two honest stations: " + alarm->text);
}

// --- the end -------------------------------------------------------------------------------

std::set<Digest> DocumentDesk::named_in(const std::set<std::uint64_t>& delivered) const {
  std::set<Digest> out;
  for (const auto& [message, root] : messages_)
    if (delivered.count(message) > 0) out.insert(root);
  return out;
}

// This disk went back to before it named the document, and it was not handed over again. Nobody but its author could give
// it; what the other side had by then it keeps.
bool DocumentDesk::is_excused(const Digest& root) const { return lost_.count(root) > 0 && !offered(root); }

std::size_t DocumentDesk::under_way(const DocumentDesk& there, const std::set<std::uint64_t>& delivered) const {
  const std::set<Digest> roots = named_in(delivered);
  return static_cast<std::size_t>(std::count_if(roots.begin(), roots.end(), [&](const Digest& root) {
    const auto copy = there.store_->blob(there.key(false, root));
    return !is_excused(root) && (!copy || copy->state != record::BlobState::kHere);
  }));
}

void DocumentDesk::check_converged(const DocumentDesk& there, const std::set<std::uint64_t>& delivered) const {
  for (const Digest& root : named_in(delivered)) {
    const Written& made = written_.at(root);
    const bool excused = is_excused(root);
    const record::BlobKey copy = there.key(false, root);
    const auto blob = there.store_->blob(copy);
    const bool here = blob && blob->state == record::BlobState::kHere;
    if (here != there.is_whole(copy, made))
      violation(name(root) + (here ? " is called whole there, and is not" : " is whole there, and not called so"));
    if (!here && !excused)
      violation(name(root) + " of " + std::to_string(made.length) + " bytes was named in a message that arrived, and is not there");
    if (here && there.disk_.arrived.count(root) == 0) violation(name(root) + " is there, and nobody was told");
    if (here)
      for (std::uint64_t piece = 0; piece < made.leaves.size(); ++piece)
        if (record::leaf_hash(*there.store_->piece(copy, piece)) != made.leaves[piece])
          violation(name(root) + " is there with other bytes than were written");
    const auto own = store_->blob(key(true, root));
    if (!excused && (!own || own->state != record::BlobState::kConfirmed))
      violation(name(root) + " is there, and its author does not know it: here it is " +
                (own ? "in state " + std::to_string(static_cast<int>(own->state)) : std::string("not known")));
  }
}

}  // namespace detente::sim
