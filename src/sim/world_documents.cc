// World: documents. A desk hands one over in parts, perhaps twice, and again when
// that came to nothing; it names it in a message some time after it was stored,
// and now and then in a second one.
#include "sim/world.h"

#include <algorithm>

namespace detente::sim {

namespace {
constexpr unsigned kHandedOverMost = 3;
constexpr Duration kNamedWithin = std::chrono::seconds(90);
constexpr Duration kHandedOverAgain = std::chrono::minutes(5);
}  // namespace

void World::write_document(std::size_t index) {
  const Digest root = nodes_[index]->documents.write();
  const LineId line{static_cast<std::uint16_t>(1 + random_.below(2))};
  const bool by_two = random_.below(8) == 0;  // the same file from two desks
  const bool later = random_.below(2) == 0;
  trace("document", index, root);
  hand_over(index, root, line, 0);
  if (by_two) {
    if (!later) return hand_over(index, root, line, kHandedOverMost);
    const Duration after = draw_delay(Duration{0}, options_.faults.disk_max * 3);
    schedule(after, [this, index, root, line] { hand_over(index, root, line, kHandedOverMost); });
  }
}

// All parts, without waiting for one before the next. What came to nothing is done again, by a person who looks.
void World::hand_over(std::size_t index, const Digest& root, LineId line, unsigned tries) {
  Node& node = *nodes_[index];
  const DocumentDesk::Written& made = node.documents.written(root);
  if (tries < kHandedOverMost) {
    const Duration again = draw_delay(kHandedOverAgain / 2, kHandedOverAgain);
    schedule(again, [this, index, root, line, tries] {
      if (!healed_ && !nodes_[index]->documents.written(root).named) hand_over(index, root, line, tries + 1);
    });
  }
  if (!node.station) return;
  const Bytes bytes = document_of(index, made.number);
  const std::uint64_t pieces = record::piece_count(made.length);
  for (std::uint64_t piece = 0; piece < pieces;) {
    const std::uint64_t count = std::min(pieces - piece, 1 + random_.below(5));
    const std::size_t from = piece * record::kPieceBytes;
    const std::size_t to = std::min<std::size_t>(bytes.size(), (piece + count) * record::kPieceBytes);
    const auto id = node.station->put_document(
        now(node), PeerId{0}, {root, made.length, line, piece, to_bytes(ByteView(bytes).subspan(from, to - from))});
    trace(id ? "put" : "not put", index);
    carry_out(index);
    if (!id || !node.station) return;
    piece += count;
  }
}

void World::restore(std::size_t index, std::size_t back) {
  ++out_.rollbacks;
  out_.farthest_back = std::max<std::uint64_t>(out_.farthest_back, back);
  for (const Digest& root : nodes_[index]->restore_snapshot(back)) {
    const LineId line{static_cast<std::uint16_t>(1 + random_.below(2))};
    if (random_.below(2) == 0) continue;
    const Duration after = draw_delay(kHandedOverAgain, kHandedOverAgain * 4);
    schedule(after, [this, index, root, line] {
      if (!healed_ && !nodes_[index]->documents.written(root).named) hand_over(index, root, line, 0);
    });
  }
}

void World::name_later(std::size_t index, const core::DocumentStored& stored) {
  const DocumentDesk& desk = nodes_[index]->documents;
  if (!stored.whole || !desk.wrote(stored.root) || desk.written(stored.root).named) return;  // a test of the station's own
  const LineId line{static_cast<std::uint16_t>(1 + random_.below(2))};
  const bool at_once = random_.below(4) == 0;
  const bool again = random_.below(8) == 0;
  const Duration after = at_once ? Duration{0} : draw_delay(Duration{0}, kNamedWithin);
  schedule(after, [this, index, line, root = stored.root] { name_document(index, root, line, false); });
  if (!again) return;
  const Duration second = after + draw_delay(Duration{0}, kNamedWithin * 20);
  schedule(second, [this, index, root = stored.root] { name_document(index, root, LineId{1}, true); });
}

void World::name_document(std::size_t index, const Digest& root, LineId line, bool again) {
  Node& node = *nodes_[index];
  const DocumentDesk::Written& made = node.documents.written(root);
  if (healed_ || !node.station || made.named != again) return;
  record::Entry entry;
  entry.header.line = line;
  entry.header.precedence = static_cast<record::Precedence>(random_.below(4));
  entry.header.attachments = {{root, made.length, "application/octet-stream", "map.bin"}};
  submit(index, std::move(entry));
}

}  // namespace detente::sim
