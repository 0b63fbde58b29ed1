// Frames of entries and documents that are larger than a path's packets: cut,
// and put together again. spec/packet.md section 6.
#pragma once

#include <deque>
#include <map>
#include <optional>

#include "wire/frame.h"

namespace detente::link {

inline constexpr std::size_t kParcelBytesMax = 8192;
// As many as the smallest room makes of the largest parcel: a part of one byte costs as much memory as one of thirty-two.
inline constexpr std::size_t kParcelPartsMax = 256;

inline bool may_be_cut(wire::FrameType type) {
  return type == wire::FrameType::kEntry || type == wire::FrameType::kBlobChunk;
}
// `frame` as frames of type 2 whose frame_size() is at most `room`. `room` at least kRoomLeast.
inline constexpr std::size_t kRoomLeast = 48;
std::vector<wire::Frame> cut_into_fragments(const wire::Frame& frame, std::uint64_t parcel, std::size_t room);

// The same part by part, for a sender whose path takes one packet at a time and may have another size for the next.
class FrameCutter {
 public:
  FrameCutter(const wire::Frame& frame, std::uint64_t parcel);
  bool done() const { return at_ == whole_.size(); }
  wire::Frame next(std::size_t room);  // not when done()

 private:
  wire::FrameClass frame_class_;
  std::uint64_t parcel_;
  Bytes whole_;
  std::size_t at_ = 0;
};

// The parts that came, of one session. Bounded in parcels and bytes.
class Reassembly {
 public:
  // The whole frame once its last part is there; kMalformed for parts that do not fit.
  Result<std::optional<wire::Frame>> add(const wire::Frame& fragment);

 private:
  static constexpr std::size_t kParcelsMax = 16;
  struct Parcel {
    std::map<std::uint64_t, Bytes> parts;  // by offset
    std::size_t bytes = 0;
    std::optional<std::uint64_t> length;
  };
  std::map<std::uint64_t, Parcel> parcels_;
  std::deque<std::uint64_t> order_;  // of the first parts
  std::deque<std::uint64_t> done_;   // the newest whole ones: a part that comes twice opens nothing
};

}  // namespace detente::link
