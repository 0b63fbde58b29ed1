#include "link/fragments.h"

#include <algorithm>

#include "base/check.h"
#include "wire/reader.h"

namespace detente::link {

namespace {

constexpr std::size_t kDoneMax = 64;
constexpr std::size_t kHeadMost = 3 + 8 + 4 + 1;  // type and length, parcel, offset, flag

tl::unexpected<Error> unfit() { return fail(Fault::kMalformed, "fragments that do not fit together"); }

}  // namespace

FrameCutter::FrameCutter(const wire::Frame& frame, std::uint64_t parcel)
    : frame_class_(frame.frame_class), parcel_(parcel), whole_(wire::encode_frames({frame})) {}

wire::Frame FrameCutter::next(std::size_t room) {
  DETENTE_CHECK(room >= kRoomLeast && !done());
  const std::size_t size = std::min(room - kHeadMost, whole_.size() - at_);
  wire::Frame part{wire::FrameType::kFragment, frame_class_, false, {}};
  wire::append_varint(part.body, parcel_);
  wire::append_varint(part.body, at_);
  part.body.push_back(at_ + size == whole_.size() ? 1 : 0);
  append(part.body, ByteView(whole_).subspan(at_, size));
  at_ += size;
  return part;
}

std::vector<wire::Frame> cut_into_fragments(const wire::Frame& frame, std::uint64_t parcel, std::size_t room) {
  FrameCutter cutter(frame, parcel);
  std::vector<wire::Frame> out;
  while (!cutter.done()) out.push_back(cutter.next(room));
  return out;
}

Result<std::optional<wire::Frame>> Reassembly::add(const wire::Frame& fragment) {
  wire::ByteReader reader(fragment.body);
  DETENTE_TRY(number, reader.varint());
  DETENTE_TRY(offset, reader.varint());
  DETENTE_TRY(flag, reader.u8());
  const ByteView bytes = reader.rest();
  if (flag > 1 || bytes.empty() || offset > kParcelBytesMax || offset + bytes.size() > kParcelBytesMax) return unfit();
  if (std::find(done_.begin(), done_.end(), number) != done_.end()) return std::optional<wire::Frame>();
  if (parcels_.count(number) == 0) {
    if (order_.size() == kParcelsMax) {
      parcels_.erase(order_.front());
      order_.pop_front();
    }
    order_.push_back(number);
  }
  Parcel& parcel = parcels_[number];
  const auto drop = [&, number = number] {
    parcels_.erase(number);
    std::erase(order_, number);
  };
  if (parcel.parts.emplace(offset, to_bytes(bytes)).second) parcel.bytes += bytes.size();
  if (parcel.bytes > kParcelBytesMax || parcel.parts.size() > kParcelPartsMax) {
    drop();
    return unfit();
  }
  if (flag == 1) parcel.length = offset + bytes.size();
  if (!parcel.length || parcel.bytes < *parcel.length) return std::optional<wire::Frame>();
  Bytes whole;
  for (const auto& [at, part] : parcel.parts) {
    if (at != whole.size()) {
      drop();
      return unfit();
    }
    append(whole, part);
  }
  drop();
  done_.push_back(number);
  if (done_.size() > kDoneMax) done_.pop_front();
  wire::ParsedFrames parsed = wire::parse_frames(whole);
  if (parsed.fault || parsed.frames.size() != 1 || !may_be_cut(parsed.frames.front().type)) return unfit();
  return std::optional(std::move(parsed.frames.front()));
}

}  // namespace detente::link
