// A counterpart inside the session that speaks of documents as the input says: right frames, changed
// ones, and bytes without sense, in any order. Nothing false is kept, nothing unnamed is given, memory
// and answers stay bounded (sim/hostile_documents.cc has the checks), and an honest word still arrives.
#include "fuzz.h"
#include "record/blob.h"
#include "sim/hostile.h"

namespace detente::fuzz {

namespace {

constexpr std::size_t kFramesMax = 96;

class Frames {
 public:
  std::vector<Bytes> draw(Choices& choices) const {
    std::vector<Bytes> out;
    while (!choices.empty() && out.size() < kFramesMax) {
      switch (choices.below(6)) {
        case 0: out.push_back(to_bytes(choices.piece())); break;
        case 1: out.push_back(changed(right(choices), choices)); break;
        case 2:  // a whole piece in its parts
          for (const Bytes& part : piece(choices.below(3))) out.push_back(part);
          break;
        default: out.push_back(right(choices));
      }
    }
    return out;
  }

 private:
  std::vector<Bytes> piece(std::uint64_t number) const {
    std::vector<Bytes> out;
    const std::size_t from = number * record::kPieceBytes, size = record::piece_bytes(theirs_.size(), number);
    for (std::size_t at = 0; at < size; at += 1000) {
      record::BlobData data{record::blob_prefix(root_), number, static_cast<std::uint32_t>(at), std::nullopt, {}};
      if (at == 0) data.proof = tree_.proof(number);
      data.bytes = to_bytes(ByteView(theirs_).subspan(from + at, std::min<std::size_t>(1000, size - at)));
      out.push_back(record::encode_blob_frame(data));
    }
    return out;
  }

  Bytes right(Choices& choices) const {
    const bool ours = choices.below(2) == 1;
    const record::RootPrefix prefix = record::blob_prefix(ours ? honest_root_ : root_);
    const std::size_t kind = choices.below(6);
    switch (kind) {
      case 0: return record::encode_blob_frame(record::BlobWant{honest_root_, choices.below(3), to_bytes(choices.piece())});
      case 1: {  // any place of any piece, any bytes
        record::BlobData data{prefix, choices.below(4), static_cast<std::uint32_t>(choices.below(16384)), std::nullopt, {}};
        data.bytes = to_bytes(choices.piece());
        if (data.bytes.empty()) data.bytes = {0};
        return record::encode_blob_frame(data);
      }
      case 2: return piece(choices.below(3)).front();
      default:
        return record::encode_blob_frame(
            record::BlobNote{static_cast<record::BlobWord>(static_cast<std::uint8_t>(record::BlobWord::kHave) + kind - 3), prefix});
    }
  }

  static record::BlobTree tree_of(ByteView bytes) {
    std::vector<Digest> leaves;
    for (std::uint64_t piece = 0; piece < record::piece_count(bytes.size()); ++piece)
      leaves.push_back(record::leaf_hash(bytes.subspan(piece * record::kPieceBytes, record::piece_bytes(bytes.size(), piece))));
    return record::BlobTree(std::move(leaves));
  }

  Bytes theirs_ = sim::Hostile::hostile_document();
  record::BlobTree tree_ = tree_of(theirs_);
  Digest root_ = tree_.root();
  Digest honest_root_ = record::blob_root(sim::Hostile::honest_document());
};

}  // namespace

void run(ByteView input) {
  static const Frames* const frames = new Frames();
  Choices choices(input);
  const auto report = sim::Hostile(1).send_document_frames(frames->draw(choices));
  for (const std::string& violation : report.violations) std::fprintf(stderr, "%s\n", violation.c_str());
  FUZZ_EXPECT(report.violations.empty());
}

Seeds seeds() {
  Bytes wants, notes, parts;
  for (std::uint8_t i = 0; i < 32; ++i) {
    append(wants, Bytes{3, 1, 0, 0, 0});
    append(notes, Bytes{3, i, static_cast<std::uint8_t>(3 + i % 3)});
    append(parts, Bytes{4, 0, 1, static_cast<std::uint8_t>(i % 3), i, 200, 4, 1, 2, 3, 4});
  }
  return {{"whole", {2, 0, 2, 1, 2, 2}},
          {"whole-twice", {2, 2, 2, 2, 2, 0, 2, 0, 2, 1, 2, 1}},
          {"wants", wants},
          {"notes", notes},
          {"parts", parts},
          {"changed", {1, 0, 2, 0, 40, 3, 9, 1, 0, 2, 1, 9, 3, 1, 2, 0, 2, 1, 2, 2}}};
}

}  // namespace detente::fuzz
