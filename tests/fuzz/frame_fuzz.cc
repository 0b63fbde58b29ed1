// Frames of an opened packet, put together again where they are fragments, and their bodies: entry
// on the wire, log state, cosignature, path acknowledgement. spec/packet.md sections 4, 6 and 7,
// spec/record.md sections 7 and 8.
#include "fuzz.h"
#include "link/ack_ranges.h"
#include "link/fragments.h"
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

void check_ack(ByteView body) {
  if (const auto ack = link::decode_path_ack(body)) {
    FUZZ_EXPECT(!ack->ranges.empty());
    std::uint64_t above = UINT64_MAX;
    for (const link::CounterRange& range : ack->ranges) {
      FUZZ_EXPECT(range.first <= range.last && range.last < above);
      above = range.first;
    }
    // An absurd delay is cut, so not the bytes.
    const auto again = link::decode_path_ack(link::encode_path_ack(*ack));
    FUZZ_EXPECT(again && again->ranges == ack->ranges && again->path == ack->path &&
                again->delay == ack->delay);
  }
}

void check_body(ByteView body, record::EntryClass entry_class) {
  check_ack(body);
  check_entry(body, entry_class);
  check_state(body);
  check_cosignature(body, true);
  check_cosignature(body, false);
}

// The input as an entry's body, cut and put together in another order.
void check_cutting(ByteView input) {
  if (input.size() < 2 || input.size() > 2048) return;
  const wire::Frame frame{wire::FrameType::kEntry, wire::FrameClass::kDrill, false,
                          to_bytes(input)};
  const std::size_t room = link::kRoomLeast + input[0];
  std::vector<wire::Frame> parts = link::cut_into_fragments(frame, input[1], room);
  std::rotate(parts.begin(), parts.begin() + input[1] % static_cast<int>(parts.size()),
              parts.end());
  link::Reassembly reassembly;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    FUZZ_EXPECT(wire::frame_size(parts[i]) <= room);
    const auto whole = reassembly.add(parts[i]);
    FUZZ_EXPECT(whole && whole->has_value() == (i + 1 == parts.size()));
    if (*whole)
      FUZZ_EXPECT((*whole)->body == frame.body && (*whole)->type == frame.type &&
                  (*whole)->frame_class == frame.frame_class);
  }
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
  link::Reassembly reassembly;
  for (const wire::Frame& frame : parsed.frames) {
    check_body(frame.body, static_cast<record::EntryClass>(frame.frame_class));
    FUZZ_EXPECT(wire::encode_frames({frame}).size() <= wire::frame_size(frame));
    if (frame.type != wire::FrameType::kFragment) continue;
    const auto whole = reassembly.add(frame);
    if (whole && *whole)
      check_body((*whole)->body, static_cast<record::EntryClass>((*whole)->frame_class));
  }
  check_cutting(input);
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
  full.references.resize(2);
  full.references[0].whose = record::Whose::kOthers;
  full.references[0].epoch = full.epoch;
  full.references[1].index = 1;
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
  state.your_cut = {3, 7, kBase};
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
           wire::encode_frames({frame(wire::FrameType::kCosignature,
                                      record::encode_wire_cosignature(receipt, kBase)),
                                frame(wire::FrameType::kCosignature,
                                      record::encode_wire_cosignature(signed_receipt, kBase))})},
          {"several",
           wire::encode_frames({state_frame, plain_frame, frame(wire::FrameType::kProbe, {1, 0, 5}),
                                frame(wire::FrameType::kClose, {'x'})})},
          {"fragments", wire::encode_frames(link::cut_into_fragments(full_frame, 3, 200))},
          {"ack", wire::encode_frames({frame(
                      wire::FrameType::kPathAck,
                      link::encode_path_ack({PathId{1}, Duration{800}, {{90, 99}, {1, 7}}}))})},
          {"contact",
           wire::encode_frames({frame(wire::FrameType::kContact, {1, 1, 2, 3, 4, 0, 7, 0, 9})})},
          {"unknown", {0x1d, 2, 0, 0x9d, 2, 0}}};
}

}  // namespace detente::fuzz
