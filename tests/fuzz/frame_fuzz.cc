// Frames of an opened packet, and the bodies that the record defines: entry on the wire, log state,
// cosignature. spec/packet.md section 4, spec/record.md sections 7 and 8.
#include "fuzz.h"
#include "record/entry_wire.h"
#include "wire/coder.h"
#include "wire/frame.h"

namespace detente::fuzz {

namespace {

constexpr std::uint32_t kBase = 1770000000;

// One entry may be spelled in several ways on the wire (what is hashed is built again from its
// values), so the values must come back and not the bytes.
void check_entry(ByteView body, record::EntryClass entry_class) {
  static const wire::TextCoder* const coder =
      new wire::TextCoder(wire::TextCoder::with_dictionary(wire::shipped_dictionary()).value());
  const auto entry = record::decode_wire_entry(body, entry_class, kBase);
  if (!entry) return;
  const auto again =
      record::decode_wire_entry(record::encode_wire_entry(*entry, kBase), entry_class, kBase);
  FUZZ_EXPECT(again && *again == *entry);
  const auto text = coder->decode(entry->coder, entry->coded_body, record::kEntryBytesMax);
  if (text) FUZZ_EXPECT(text->size() <= record::kEntryBytesMax);
}

void check_state(ByteView body) {
  if (const auto state = record::decode_log_state(body))
    FUZZ_EXPECT(equal(record::encode_log_state(*state), body));
}

void check_cosignature(ByteView body, bool provable) {
  if (const auto receipt = record::decode_wire_cosignature(body, provable, kBase))
    FUZZ_EXPECT(equal(record::encode_wire_cosignature(*receipt, kBase), body));
}

void check_body(ByteView body, record::EntryClass entry_class) {
  check_entry(body, entry_class);
  check_state(body);
  check_cosignature(body, true);
  check_cosignature(body, false);
}

bool same(const std::vector<wire::Frame>& a, const std::vector<wire::Frame>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.type == y.type && x.frame_class == y.frame_class && x.critical == y.critical &&
           x.body == y.body;
  });
}

}  // namespace

void run(ByteView input) {
  const wire::ParsedFrames parsed = wire::parse_frames(input);
  const wire::ParsedFrames again = wire::parse_frames(wire::encode_frames(parsed.frames));
  FUZZ_EXPECT(!again.fault && same(parsed.frames, again.frames));
  for (const wire::Frame& frame : parsed.frames)
    check_body(frame.body, static_cast<record::EntryClass>(frame.frame_class));
}

Seeds seeds() {
  const auto frame = [](wire::FrameType type, Bytes body) {
    return wire::Frame{type, wire::FrameClass::kLive, false, std::move(body)};
  };
  record::WireEntry plain;
  plain.header.line = LineId{1};
  plain.header.time = {kBase + 90};
  plain.coded_body = to_bytes(as_bytes("Understood."));
  plain.checkpoint.emplace().fill(7);
  record::WireEntry full = plain;
  full.index_low = 200;
  full.header.precedence = record::Precedence::kFlash;
  full.header.due = WallTime{kBase + 900};
  full.header.action = {"commander"};
  full.header.subject = "Patrol boats";
  full.header.cut_epoch = 2;
  full.seen_size = 4;
  full.seen_epoch.emplace().fill(1);
  full.epoch.emplace().fill(2);
  full.references = {{record::Whose::kOthers, full.epoch, 3}, {record::Whose::kAuthors, {}, 1}};
  full.predecessors = {{{}, record::Precedence::kRoutine}, {{9}, record::Precedence::kPriority}};
  full.signatures = {{OfficerId{2}, kBase + 91, 1, {}}, {OfficerId{3}, kBase, 1, {}}};
  full.header.author = OfficerId{2};
  const wire::TextCoder coder =
      wire::TextCoder::with_dictionary(wire::shipped_dictionary()).value();
  const wire::Coded coded = coder.encode(as_bytes("The patrol boat has returned to its harbour."));
  full.coder = coded.coder;
  full.coded_body = coded.bytes;
  record::LogState state;
  state.line = LineId{1};
  state.answer_wanted = true;
  state.mine = {{1}, 7, {2}};
  state.yours = {{3}, 70000, {4}};
  record::WireCosignature receipt;
  receipt.line = LineId{1};
  receipt.size_low = 7;
  record::WireCosignature signed_receipt = receipt;
  signed_receipt.signed_part.emplace(WallTime{kBase + 5}, crypto::Signature{});

  const wire::Frame plain_frame =
      frame(wire::FrameType::kEntry, record::encode_wire_entry(plain, kBase));
  const wire::Frame full_frame =
      frame(wire::FrameType::kEntry, record::encode_wire_entry(full, kBase));
  const wire::Frame state_frame =
      frame(wire::FrameType::kLogState, record::encode_log_state(state));
  return {{"entry", wire::encode_frames({plain_frame})},
          {"entry-full", wire::encode_frames({full_frame})},
          {"state", wire::encode_frames({state_frame})},
          {"receipts",
           wire::encode_frames(
               {frame(wire::FrameType::kCosignature,
                      record::encode_wire_cosignature(receipt, kBase)),
                frame(wire::FrameType::kCosignature,
                      record::encode_wire_cosignature(signed_receipt, kBase))})},
          {"several", wire::encode_frames({state_frame, plain_frame,
                                           frame(wire::FrameType::kProbe, {1, 0, 5}),
                                           frame(wire::FrameType::kClose, {'x'})})},
          {"unknown", {0x0d, 2, 0, 0x8d, 2, 0}}};
}

}  // namespace detente::fuzz
