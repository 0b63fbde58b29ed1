// Hostile: documents. What it sends, asks for, names and claims against spec/document.md, and what must come of it.
#include <algorithm>

#include "record/blob.h"
#include "sim/hostile.h"

namespace detente::sim {

namespace {

constexpr LineId kDocumentLine{1};
constexpr PeerId kPeer{0};
constexpr std::size_t kCut = 1000;  // bytes of a piece in one frame
constexpr std::size_t kDocumentFrames = 300;
constexpr std::size_t kQuestionsMost = 4;  // that a flood of offers may draw at once
constexpr std::size_t kAnswersMost = 280;
constexpr std::size_t kRangesOfPiece = 320;

template <typename Event>
std::size_t told(const std::vector<core::DeskEvent>& events) {
  return static_cast<std::size_t>(std::count_if(events.begin(), events.end(), [](const core::DeskEvent& event) {
    return std::holds_alternative<Event>(event);
  }));
}

record::Attachment attachment(const Digest& root, std::uint64_t length) {
  return {root, length, "application/pdf", "../../etc/passwd"};
}

ByteView piece_of(ByteView bytes, std::uint64_t piece) {
  return bytes.subspan(piece * record::kPieceBytes, record::piece_bytes(bytes.size(), piece));
}

record::BlobTree tree_of(ByteView bytes) {
  std::vector<Digest> leaves;
  for (std::uint64_t piece = 0; piece < record::piece_count(bytes.size()); ++piece)
    leaves.push_back(record::leaf_hash(piece_of(bytes, piece)));
  return record::BlobTree(std::move(leaves));
}

Bytes drawn(SeededRandom& random, std::size_t size) {
  Bytes out(size);
  random.fill(out);
  return out;
}

}  // namespace

void Hostile::lie_in_documents() {
  const std::function<void()> acts[] = {
      [this] { send_false_pieces(); }, [this] { send_before_the_disk_takes(); },
      [this] { ask_for_what_is_not_its(); }, [this] { want_without_end(); },
      [this] { claim_documents(); }, [this] { name_too_much(); }, [this] { send_parts_without_end(); }};
  for (const auto& act : acts) {
    if (!honest_.station->peer(kPeer).link().ready()) call(false);
    pass(std::chrono::seconds(1));
    act();
    check_honest_word();
  }
}

void Hostile::send_blob(const record::BlobFrame& frame) {
  send({{wire::FrameType::kBlobChunk, wire::FrameClass::kLive, false, record::encode_blob_frame(frame)}});
}

// `piece` of `bytes`, called number `as`, with this proof.
void Hostile::send_piece(ByteView bytes, std::uint64_t piece, std::uint64_t as, const record::Proof& proof) {
  const record::RootPrefix root = record::blob_prefix(record::blob_root(bytes));
  const ByteView all = piece_of(bytes, piece);
  for (std::size_t at = 0; at == 0 || at < all.size(); at += kCut) {
    record::BlobData data{root, as, static_cast<std::uint32_t>(at), std::nullopt, {}};
    if (at == 0) data.proof = proof;
    data.bytes = to_bytes(all.subspan(at, std::min(kCut, all.size() - at)));
    send_blob(data);
  }
  settle();
}

void Hostile::name_documents(std::vector<record::Attachment> documents) {
  send({to_frame(make_entry("Enclosed.", log_.size(), std::move(documents)))});
  settle();
}

void Hostile::name_empty_ones(std::size_t entries) {
  const std::size_t had = arrived();
  for (std::size_t i = 0; i < entries; ++i) {
    std::vector<record::Attachment> many;
    for (int k = 0; k < 8; ++k) {
      Digest root{};
      random_.fill(root);
      many.push_back(attachment(root, 0));
    }
    name_documents(std::move(many));
  }
  if (arrived() != had + entries) violation("an entry fell with the documents that it names");
}

std::optional<record::StoredBlob> Hostile::blob_here(bool own, const Digest& root) const {
  return honest_.store.blob({setup_.identity.lineage, Pair::name(1), own, root});
}

std::size_t Hostile::heard(std::size_t from, std::optional<record::BlobWord> word) const {
  std::size_t out = 0;
  for (std::size_t i = from; i < heard_.size(); ++i) {
    const bool data = !heard_[i] || std::holds_alternative<record::BlobData>(*heard_[i]);
    const auto* note = heard_[i] ? std::get_if<record::BlobNote>(&*heard_[i]) : nullptr;
    if (word ? note != nullptr && note->word == *word : data) ++out;
  }
  return out;
}

// Bytes, proofs and places that are not what it signed: nothing of them is kept, and the right ones are.
void Hostile::send_false_pieces() {
  const Bytes good = drawn(random_, 40000);
  const Digest root = record::blob_root(good);
  const record::BlobTree tree = tree_of(good);
  const record::BlobKey key{setup_.identity.lineage, Pair::name(1), false, root};
  send_piece(good, 0, 0, tree.proof(0));  // nobody asked for it, and no entry names it
  if (blob_here(false, root)) violation("a document that no entry names was kept");
  name_documents({attachment(root, good.size())});
  if (!blob_here(false, root)) return violation("a document that an entry names is not wanted");
  const auto send_as_of = [&](ByteView bytes, std::uint64_t as, const record::Proof& proof) {
    for (std::size_t at = 0; at < bytes.size(); at += kCut) {
      record::BlobData data{record::blob_prefix(root), as, static_cast<std::uint32_t>(at), std::nullopt, {}};
      if (at == 0) data.proof = proof;
      data.bytes = to_bytes(bytes.subspan(at, std::min(kCut, bytes.size() - at)));
      send_blob(data);
    }
    settle();
  };
  const auto expect_nothing = [&](const char* what) {
    pass(std::chrono::milliseconds(200));
    if (!honest_.store.piece_leaves(key).empty()) violation(std::string("a document's piece was kept that came with ") + what);
  };
  Bytes wrong = to_bytes(piece_of(good, 0));
  wrong[random_.below(wrong.size())] ^= 1;
  send_as_of(wrong, 0, tree.proof(0));
  expect_nothing("wrong bytes and the right proof");
  record::Proof proof = tree.proof(0);
  proof[random_.below(proof.size())][random_.below(32)] ^= 1;
  send_as_of(piece_of(good, 0), 0, proof);
  expect_nothing("the right bytes and a wrong proof");
  proof = tree.proof(0);
  proof.push_back({});
  send_as_of(piece_of(good, 0), 0, proof);
  expect_nothing("a proof that is too long");
  send_as_of(piece_of(good, 0), 0, {});
  expect_nothing("an empty proof");
  send_as_of(piece_of(good, 1), 0, tree.proof(1));
  expect_nothing("the bytes and the proof of another place");
  send_as_of(piece_of(good, 0), 0, tree.proof(1));
  expect_nothing("the proof of another place");
  send_as_of(piece_of(good, 2), 7, tree.proof(2));
  expect_nothing("a place that it has not");
  send_as_of(piece_of(good, 0), 2, tree.proof(0));  // longer than the last piece
  expect_nothing("more bytes than it has");
  const std::size_t from = heard_.size(), arrivals = told<core::DocumentArrived>(honest_.events);
  for (std::uint64_t piece = 3; piece-- > 0;) send_as_of(piece_of(good, piece), piece, tree.proof(piece));
  pass(std::chrono::milliseconds(200));
  Bytes kept;
  for (std::uint64_t piece = 0; piece < 3; ++piece) append(kept, honest_.store.piece(key, piece).value_or(Bytes()));
  if (kept != good) violation("a document's right bytes were not kept after wrong ones");
  if (told<core::DocumentArrived>(honest_.events) != arrivals + 1) violation("a document's arrival was not told once");
  if (heard(from, record::BlobWord::kHave) == 0) violation("a document is here, and the other side is not told");
}

// What the disk does not take is not said to be here.
void Hostile::send_before_the_disk_takes() {
  const Bytes good = drawn(random_, 1 + random_.below(record::kPieceBytes));
  const Digest root = record::blob_root(good);
  name_documents({attachment(root, good.size())});
  const std::size_t from = heard_.size(), arrivals = told<core::DocumentArrived>(honest_.events);
  set_disk_full(true);
  send_piece(good, 0, 0, {});
  pass(std::chrono::seconds(3));
  if (heard(from, record::BlobWord::kHave) > 0) violation("a document was called here, and the disk had not taken it");
  if (told<core::DocumentArrived>(honest_.events) != arrivals) violation("a document was shown that the disk had not taken");
  set_disk_full(false);
  pass(std::chrono::seconds(2));
  send_piece(good, 0, 0, {});
  pass(std::chrono::seconds(2));
  if (heard(from, record::BlobWord::kHave) == 0) violation("a document was forgotten after the disk was full");
}

// A document that the desk handed over, and no entry names: knowing its root is not enough.
void Hostile::ask_for_what_is_not_its() {
  const Bytes secret = drawn(random_, 30000);
  const Digest root = record::blob_root(secret);
  if (!honest_.station->put_document(now(), kPeer, {root, secret.size(), kDocumentLine, 0, secret}))
    return violation("a document was not taken from the desk");
  settle();
  Digest unknown{};
  random_.fill(unknown);
  for (const Digest& asked : {root, unknown}) {
    const std::size_t from = heard_.size();
    send_blob(record::BlobWant{asked, 0, {}});
    pass(std::chrono::seconds(1));
    if (heard(from) > 0) violation("bytes of a document that no entry names were given away");
    if (heard(from, record::BlobWord::kGone) != 1) violation("a question for an unknown document was not answered once");
  }
}

bool Hostile::let_honest_name(const Bytes& bytes) {
  const Digest root = record::blob_root(bytes);
  if (!honest_.station->put_document(now(), kPeer, {root, bytes.size(), kDocumentLine, 0, bytes})) return false;
  settle();
  record::Entry entry;
  entry.header.line = kDocumentLine;
  entry.header.time = now().wall;
  entry.header.attachments = {attachment(root, bytes.size())};
  const bool named = honest_.station->submit(now(), kPeer, kDocumentLine, std::move(entry)).has_value();
  settle();
  return named;
}

// However often it asks: no more leaves than the congestion window holds.
void Hostile::want_without_end() {
  const Bytes bytes = drawn(random_, 400000);
  const Digest root = record::blob_root(bytes);
  if (!let_honest_name(bytes)) return violation("a document was not named");
  const auto& paths = honest_.station->peer(kPeer).link().paths();
  const std::size_t window = paths.all().front().flow.window();
  const std::size_t from = heard_.size();
  const std::uint64_t before = honest_bytes_;
  for (std::size_t i = 0; i < kDocumentFrames; ++i) {
    send_blob(record::BlobWant{root, random_.below(2), drawn(random_, random_.below(4))});
    settle();
  }
  if (honest_bytes_ - before > window + 2000)
    violation("questions drew " + std::to_string(honest_bytes_ - before) + " bytes, the window holds " + std::to_string(window));
  pass(std::chrono::seconds(2));
  if (heard(from) == 0) violation("a document that was asked for is not sent");
}

// Offers of what it never named, have for what it has not: neither answered nor believed beyond its own document.
void Hostile::claim_documents() {
  std::size_t from = heard_.size();
  const std::size_t confirmed = told<core::DocumentConfirmed>(honest_.events);
  for (std::size_t i = 0; i < kDocumentFrames; ++i) {
    Digest unknown{};
    random_.fill(unknown);
    send_blob(record::BlobNote{record::BlobWord::kOffer, record::blob_prefix(unknown)});
    send_blob(record::BlobNote{record::BlobWord::kHave, record::blob_prefix(unknown)});
    send_blob(record::BlobNote{record::BlobWord::kGone, record::blob_prefix(unknown)});
    settle();
  }
  const auto about_unknown = std::count_if(heard_.begin() + static_cast<std::ptrdiff_t>(from), heard_.end(), [](const auto& frame) {
    const auto* note = frame ? std::get_if<record::BlobNote>(&*frame) : nullptr;
    return note != nullptr && note->word != record::BlobWord::kOffer;
  });
  if (about_unknown > 0) violation("an offer of an unknown document was answered");
  if (told<core::DocumentConfirmed>(honest_.events) != confirmed) violation("a document was confirmed that was not sent");
  // A flood of offers for one that is wanted: a question is longer than an offer.
  const Bytes good = drawn(random_, 20000);
  const Digest root = record::blob_root(good);
  name_documents({attachment(root, good.size())});
  pass(std::chrono::seconds(1));
  from = heard_.size();
  for (std::size_t i = 0; i < kDocumentFrames; ++i) {
    send_blob(record::BlobNote{record::BlobWord::kOffer, record::blob_prefix(root)});
    settle();
  }
  if (heard_.size() - from > kQuestionsMost) violation("every offer of one document drew a question");
  // And for one that is here: each would be answered.
  for (const auto& [key, blob] : honest_.store.blobs(setup_.identity.lineage, Pair::name(1))) {
    if (key.own || blob.state != record::BlobState::kHere) continue;
    from = heard_.size();
    for (std::size_t i = 0; i < kDocumentFrames; ++i) send_blob(record::BlobNote{record::BlobWord::kOffer, record::blob_prefix(key.root)});
    settle();
    if (heard_.size() - from > kAnswersMost) violation("every offer of a document that is here was answered");
    break;
  }
  // It is not here and says so: the asking ends. Said again, it changes nothing.
  for (int i = 0; i < 3; ++i) send_blob(record::BlobNote{record::BlobWord::kGone, record::blob_prefix(root)});
  settle();
  from = heard_.size();
  pass(std::chrono::seconds(60));
  for (std::size_t i = from; i < heard_.size(); ++i)
    if (const auto* want = heard_[i] ? std::get_if<record::BlobWant>(&*heard_[i]) : nullptr; want && want->root == root)
      return violation("a document was asked for after the other side had it no more");
}

// One root and two lengths, of which none is taken: of one entry, and of two before the first is on the disk.
void Hostile::name_with_two_lengths() {
  const std::uint64_t max = setup_.documents.length_max;
  const std::size_t had = arrived();
  Digest one{}, other{};
  random_.fill(one);
  random_.fill(other);
  name_documents({attachment(one, max + 1), attachment(one, max + 2), attachment(one, 5)});
  for (const std::uint64_t length : {max + 2, max + 1, std::uint64_t{5}})
    send({to_frame(make_entry("Enclosed.", log_.size(), {attachment(other, length)}))});
  settle();
  if (arrived() != had + 4) violation("an entry fell with the second length of a document that is not fetched");
  if (!blob_here(false, one) || blob_here(false, one)->length != max + 1 || !blob_here(false, other) || blob_here(false, other)->length != max + 2)
    violation("the length of a document that was named first does not count");
}

// More, and more of it, than there is room for: named in the record, and not fetched.
void Hostile::name_too_much() {
  const core::DocumentTerms& terms = setup_.documents;
  std::vector<Digest> refused;
  for (const std::uint64_t length : {terms.length_max + 1, record::kBlobBytesMax, UINT64_MAX / 2}) {
    Digest root{};
    random_.fill(root);
    name_documents({attachment(root, length)});
    refused.push_back(root);
  }
  name_with_two_lengths();
  const std::size_t had = arrived();
  for (int i = 0; i < 12; ++i) {
    std::vector<record::Attachment> many;
    for (int k = 0; k < 4; ++k) {
      Digest root{};
      random_.fill(root);
      many.push_back(attachment(root, std::uint64_t{1} << 20));
    }
    name_documents(std::move(many));
  }
  if (arrived() < had + 12) violation("an entry fell with the documents that it names");
  name_empty_ones(64);  // they take room, too
  std::uint64_t kept = 0;
  for (const auto& [key, blob] : honest_.store.blobs(setup_.identity.lineage, Pair::name(1)))
    if (!key.own && blob.state != record::BlobState::kRefused) kept += std::max<std::uint64_t>(blob.length, record::kPieceBytes);
  if (kept > terms.room) violation("documents of " + std::to_string(kept) + " bytes are wanted, and there is room for " + std::to_string(terms.room));
  pass(std::chrono::seconds(5));
  std::set<Digest> asked;
  for (const auto& frame : heard_)
    if (const auto* want = frame ? std::get_if<record::BlobWant>(&*frame) : nullptr) asked.insert(want->root);
  for (const Digest& root : refused)
    if (asked.count(root) > 0) violation("a document was asked for that is longer than the accord allows");
  // Whatever is asked for is gone: what follows needs a turn.
  for (const auto& [key, blob] : honest_.store.blobs(setup_.identity.lineage, Pair::name(1)))
    if (!key.own && blob.state == record::BlobState::kWanted)
      send_blob(record::BlobNote{record::BlobWord::kGone, record::blob_prefix(key.root)});
  settle();
}

Hostile::Report Hostile::name_without_end() {
  begin();
  const std::size_t most = setup_.documents.open_max;
  name_empty_ones(most / 8 - 1);
  const auto send_one = [&] {
    const Bytes good = drawn(random_, 20000);
    const Digest root = record::blob_root(good);
    name_documents({attachment(root, good.size())});
    for (std::uint64_t piece = 0; piece < 2; ++piece) send_piece(good, piece, piece, tree_of(good).proof(piece));
    pass(std::chrono::seconds(1));
    const auto blob = blob_here(false, root);
    return blob && blob->state == record::BlobState::kHere;
  };
  if (!send_one()) violation("a document did not arrive beside others that are wanted for ever");
  name_empty_ones(most / 8);
  std::size_t wanted = 0;
  for (const auto& [key, blob] : honest_.store.blobs(setup_.identity.lineage, Pair::name(1)))
    if (!key.own && blob.state == record::BlobState::kWanted) ++wanted;
  if (wanted != most) violation(std::to_string(wanted) + " documents are wanted at a time, not " + std::to_string(most));
  if (send_one()) violation("one more document was fetched than are wanted at a time");
  check_honest_word();
  return report_;
}

// One byte of every piece, of all that it may: memory stays within its bound, and is given back.
void Hostile::send_parts_without_end() {
  const core::Documents& documents = honest_.station->peer(kPeer).documents();
  std::size_t most = 0;
  std::vector<Digest> roots;
  for (const auto& [key, blob] : honest_.store.blobs(setup_.identity.lineage, Pair::name(1)))
    if (!key.own && blob.state == record::BlobState::kWanted) roots.push_back(key.root);
  for (const Digest& root : roots) {
    for (std::uint64_t piece = 0; piece < 64; ++piece) {
      send_blob(record::BlobData{record::blob_prefix(root), piece, static_cast<std::uint32_t>(random_.below(16000)), std::nullopt, {1}});
      most = std::max(most, documents.buffered());
    }
    settle();
  }
  if (most > core::DocumentReceiver::kBufferedMax)
    violation("parts of pieces hold " + std::to_string(most) + " bytes of memory");
  if (most < core::DocumentReceiver::kBufferedMax / 2) violation("parts of pieces were not kept for their rest");
  // With a hole behind each byte.
  const std::size_t ranges = documents.ranges();
  for (std::uint32_t at = 0; at < record::kPieceBytes && !roots.empty(); at += 2)
    send_blob(record::BlobData{record::blob_prefix(roots.front()), 0, at, std::nullopt, {1}});
  settle();
  if (documents.ranges() - ranges > kRangesOfPiece) violation("a piece is kept in " + std::to_string(documents.ranges() - ranges) + " ranges");
}

// --- for a fuzzer ------------------------------------------------------------------------------

Bytes Hostile::hostile_document() {
  SeededRandom random(1);
  return drawn(random, 2 * record::kPieceBytes + 3000);
}

Bytes Hostile::honest_document() {
  SeededRandom random(2);
  return drawn(random, record::kPieceBytes + 500);
}

Hostile::Report Hostile::send_document_frames(const std::vector<Bytes>& bodies) {
  begin();
  const Bytes theirs = hostile_document(), ours = honest_document();
  const Digest root = record::blob_root(theirs);
  name_documents({attachment(root, theirs.size())});
  if (!let_honest_name(ours)) violation("a document was not named");
  const core::Documents& documents = honest_.station->peer(kPeer).documents();
  const std::uint64_t before = honest_bytes_;
  const std::size_t from = heard_.size();
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    send({{wire::FrameType::kBlobChunk, wire::FrameClass::kLive, false, bodies[i]}});
    settle();
    if (documents.buffered() > core::DocumentReceiver::kBufferedMax) violation("parts of pieces are kept without end");
    if (i % 8 == 7) pass(std::chrono::milliseconds(150));
  }
  pass(std::chrono::seconds(1));
  // A question draws a window of data, anything else a note or a question.
  if (honest_bytes_ - before > 100000 + 2 * ours.size() + 700 * bodies.size()) violation("frames drew bytes without end");
  for (std::size_t i = from; i < heard_.size(); ++i) {
    const auto* data = heard_[i] ? std::get_if<record::BlobData>(&*heard_[i]) : nullptr;
    if (data == nullptr) continue;
    const ByteView piece = piece_of(ours, std::min<std::uint64_t>(data->piece, 1));
    const bool right = data->root == record::blob_prefix(record::blob_root(ours)) && data->piece < 2 &&
                       data->offset + data->bytes.size() <= piece.size() &&
                       equal(piece.subspan(data->offset, data->bytes.size()), data->bytes);
    if (!right) violation("bytes were sent that nobody named");
  }
  const record::BlobTree tree = tree_of(theirs);
  for (const auto& [key, blob] : honest_.store.blobs(setup_.identity.lineage, Pair::name(1))) {
    if (key.own) continue;
    if (key.root != root) violation("a document is kept that no entry names");
    for (const auto& [piece, leaf] : honest_.store.piece_leaves(key))
      if (leaf != record::leaf_hash(piece_of(theirs, piece)) || record::leaf_hash(*honest_.store.piece(key, piece)) != leaf)
        violation("a piece is kept that is not its author's");
  }
  check_honest_word();
  return report_;
}

}  // namespace detente::sim
