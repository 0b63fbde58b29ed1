// What both ends of a document's way speak of.
#pragma once

#include <set>

#include "core/line_setup.h"
#include "record/blob.h"
#include "wire/frame.h"

namespace detente::core {

struct DocumentTerms {
  std::uint64_t length_max = std::uint64_t{256} << 20;  // of one, by the accord
  std::uint64_t room = std::uint64_t{16} << 30;        // bytes of theirs that are kept here, all together
  std::size_t open_max = 4096;                         // of theirs that are named and not whole here: the others are not fetched
  std::map<LineId, std::vector<PathId>> paths = {};    // that a line's accord allows; none = every one
  std::set<LineId> cut = {};                           // no bytes of their documents cross now
  bool is_cut(LineId line) const { return cut.count(line) > 0; }
};

// Pieces of a document from the desk. All but the document's last are whole.
struct DocumentPart {
  Digest root{};             // of the whole
  std::uint64_t length = 0;  // of the whole
  LineId line;
  std::uint64_t first_piece = 0;
  Bytes bytes;
};
inline wire::Frame blob_frame(const record::BlobFrame& content) {
  return {wire::FrameType::kBlobChunk, wire::FrameClass::kLive, false, record::encode_blob_frame(content)};
}

inline constexpr std::size_t kPartBytesMax = std::size_t{1} << 20;
inline constexpr Duration kWriteAgain = std::chrono::seconds(1);  // what the disk did not take

// What the store knows of, at a start.
using KnownDocuments = std::vector<std::pair<record::BlobKey, record::StoredBlob>>;

struct NamedDocument {
  record::Attachment attachment;
  record::Precedence precedence = record::Precedence::kRoutine;
};

// Ours of one line that are named and not all on the other side's disk, as far as is known here.
struct UnconfirmedDocuments {
  std::size_t count = 0;
  std::uint64_t bytes = 0;
};

struct DocumentProgress {
  std::uint64_t length = 0;
  std::uint64_t bytes = 0;  // that arrived
  std::uint64_t bytes_per_second = 0;
  bool unsigned_pieces = false;  // what came last for it is not what its author signed
};

}  // namespace detente::core
