// Log states and cosignatures as they travel. spec/record.md section 8.
#include "record/entry_wire.h"
#include "wire/reader.h"

namespace detente::record {

namespace {

constexpr std::uint8_t kAnswerWanted = 0x01;
constexpr std::uint8_t kMine = 0x02;
constexpr std::uint8_t kYours = 0x04;
constexpr std::uint8_t kReceipted = 0x08;
constexpr std::uint8_t kAhead = 0x10;
constexpr std::uint8_t kYourCut = 0x20;

void append_held(Bytes& out, const LogState::Held& held) {
  append(out, held.epoch);
  wire::append_varint(out, held.size);
  append(out, held.root_prefix);
}

Result<LogState::Held> read_held(wire::ByteReader& reader) {
  LogState::Held held;
  DETENTE_TRY(epoch, reader.take(16));
  DETENTE_TRY(size, reader.varint());
  DETENTE_TRY(prefix, reader.take(8));
  held.epoch = *to_array<16>(epoch);
  held.size = size;
  held.root_prefix = *to_array<8>(prefix);
  return held;
}

Result<LineId> read_line(wire::ByteReader& reader) {
  DETENTE_TRY(line, reader.varint());
  if (line > UINT16_MAX) return fail(Fault::kMalformed, "a line number that is too large");
  return LineId{static_cast<std::uint16_t>(line)};
}

}  // namespace

Bytes encode_log_state(const LogState& state) {
  Bytes out;
  wire::append_varint(out, state.line.value);
  out.push_back(static_cast<std::uint8_t>((state.answer_wanted ? kAnswerWanted : 0) |
                                          (state.mine ? kMine : 0) | (state.yours ? kYours : 0) |
                                          (state.mine && state.receipted > 0 ? kReceipted : 0) |
                                          (state.yours && state.ahead != 0 ? kAhead : 0) |
                                          (state.your_cut ? kYourCut : 0)));
  if (state.mine) append_held(out, *state.mine);
  if (state.mine && state.receipted > 0) wire::append_varint(out, state.receipted);
  if (state.yours) append_held(out, *state.yours);
  if (state.yours && state.ahead != 0) append_be(out, state.ahead, 8);
  if (state.your_cut) {
    wire::append_varint(out, state.your_cut->cut_epoch);
    out.push_back(state.your_cut->media);
    wire::append_varint(out, state.your_cut->effective);
  }
  return out;
}

Result<LogState> decode_log_state(ByteView body) {
  wire::ByteReader reader(body);
  LogState state;
  DETENTE_TRY(line, read_line(reader));
  state.line = line;
  DETENTE_TRY(flags, reader.u8());
  const bool lone = ((flags & kReceipted) != 0 && (flags & kMine) == 0) ||
                    ((flags & kAhead) != 0 && (flags & kYours) == 0);
  if ((flags & ~(kAnswerWanted | kMine | kYours | kReceipted | kAhead | kYourCut)) != 0 || lone)
    return fail(Fault::kMalformed, "a log state with a wrong flag");
  state.answer_wanted = (flags & kAnswerWanted) != 0;
  if ((flags & kMine) != 0) {
    DETENTE_TRY(mine, read_held(reader));
    state.mine = mine;
  }
  if ((flags & kReceipted) != 0) {
    DETENTE_TRY(receipted, reader.varint());
    if (receipted == 0 || receipted > state.mine->size)
      return fail(Fault::kMalformed, "a log state with receipts for more than there is");
    state.receipted = receipted;
  }
  if ((flags & kYours) != 0) {
    DETENTE_TRY(yours, read_held(reader));
    state.yours = yours;
  }
  if ((flags & kAhead) != 0) {
    DETENTE_TRY(ahead, reader.be(8));
    if (ahead == 0) return fail(Fault::kMalformed, "a log state with an empty map");
    state.ahead = ahead;
  }
  if ((flags & kYourCut) != 0) {
    LogState::YourCut cut;
    DETENTE_TRY(cut_epoch, reader.varint());
    DETENTE_TRY(media, reader.u8());
    DETENTE_TRY(effective, reader.varint());
    if (cut_epoch == 0 || media == 0 || media > 7 || effective > UINT32_MAX)
      return fail(Fault::kMalformed, "a log state with a cut that cannot be");
    cut.cut_epoch = cut_epoch;
    cut.media = media;
    cut.effective = static_cast<std::uint32_t>(effective);
    state.your_cut = cut;
  }
  DETENTE_TRY_VOID(reader.expect_end());
  return state;
}

Bytes encode_wire_cosignature(const WireCosignature& cosignature, std::uint32_t base_c) {
  Bytes out;
  wire::append_varint(out, cosignature.line.value);
  out.push_back(cosignature.size_low);
  if (cosignature.signed_part) {
    wire::append_zigzag(out, static_cast<std::int64_t>(cosignature.signed_part->first.seconds) -
                                 static_cast<std::int64_t>(base_c));
    append(out, cosignature.signed_part->second);
  } else {
    append(out, cosignature.root_prefix);
  }
  return out;
}

Result<WireCosignature> decode_wire_cosignature(ByteView body, bool provable, std::uint32_t base_c) {
  wire::ByteReader reader(body);
  WireCosignature out;
  DETENTE_TRY(line, read_line(reader));
  out.line = line;
  DETENTE_TRY(size_low, reader.u8());
  out.size_low = size_low;
  if (provable) {
    DETENTE_TRY(delta, reader.zigzag());
    const std::int64_t seconds = delta + static_cast<std::int64_t>(base_c);
    if (seconds < 0 || seconds > UINT32_MAX)
      return fail(Fault::kMalformed, "a receipt with a time outside of what 32 bits hold");
    DETENTE_TRY(signature, reader.take(crypto::kSignatureSize));
    out.signed_part = {WallTime{static_cast<std::uint32_t>(seconds)},
                       *to_array<crypto::kSignatureSize>(signature)};
  } else {
    DETENTE_TRY(prefix, reader.take(8));
    out.root_prefix = *to_array<8>(prefix);
  }
  DETENTE_TRY_VOID(reader.expect_end());
  return out;
}

}  // namespace detente::record
