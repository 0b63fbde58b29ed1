// One entry with everything that an entry can have, in every form that the
// specification gives it (spec/record.md sections 2 to 8).
#include "../../tests/support/golden.h"

#include "record/entry.h"
#include "record/entry_wire.h"

namespace detente::record {
namespace {

template <std::size_t N>
ByteArray<N> filled(std::uint8_t byte) {
  ByteArray<N> out;
  out.fill(byte);
  return out;
}

Entry whole_entry() {
  Entry entry;
  Header& h = entry.header;
  h.line = LineId{300};
  h.entry_class = EntryClass::kDrill;
  h.kind = kMessage;
  h.author = OfficerId{7};
  h.time = WallTime{1770000100};
  h.seen = LogPosition{filled<16>(1), 12, filled<32>(2)};
  h.cut_epoch = 3;
  h.precedence = Precedence::kFlash;
  h.due = WallTime{1770003600};
  h.reply_by = WallTime{1770007200};
  h.references = {{Whose::kOthers, filled<16>(1), 11, filled<32>(4)}};
  h.action = {"duty-officer"};
  h.info = {"liaison"};
  h.label = "official";
  h.copies = {{filled<32>(5), filled<32>(6)}};
  h.attachments = {{filled<32>(8), 4096, "application/pdf", {}}};
  h.subject = "Search at sea";
  entry.body = to_bytes(as_bytes("The search ends at 16:00."));
  return entry;
}

TEST(EntryGolden, EveryForm) {
  const auto key = *crypto::SignKey::from_seed(filled<32>(9));
  Entry entry = whole_entry();
  entry.signatures = {sign_entry(entry.header, entry.body, filled<32>(10), 1, OfficerId{7},
                                 1770000099, key)};
  ASSERT_TRUE(verify_officer(entry.header, entry.body, filled<32>(10), entry.signatures[0],
                             key.verify_key()));
  const EntryBytes bytes = encode_entry(entry);
  const std::string origin = log_origin(filled<32>(11), LineId{300}, "south/main", filled<16>(12));
  const Salt salt = salt_for(filled<32>(13), origin, 5);
  std::string text;
  const auto line = [&](const std::string& name, ByteView value) {
    text += name + " " + to_hex(value) + "\n";
  };
  line("officer_public", key.verify_key().bytes());
  line("header", bytes.header);
  line("intent", encode_header(entry.header, HeaderPart::kIntent));
  line("body", bytes.body);
  line("signatures", bytes.signatures);
  text += "origin " + origin + "\n";
  line("salt", salt);
  line("inner", inner_hash(salt, bytes.body, bytes.signatures));
  line("leaf", leaf_of(bytes, salt));

  WireEntry wire;
  wire.index_low = 5;
  wire.header = entry.header;
  wire.header.seen.reset();
  wire.header.references.clear();
  wire.seen_size = 12;
  wire.references = {{Whose::kOthers, std::nullopt, 11, std::nullopt}};
  wire.epoch = filled<16>(12);
  wire.predecessors = {{filled<32>(14), Precedence::kRoutine}, {filled<32>(15), Precedence::kPriority}};
  wire.signatures = entry.signatures;
  wire.checkpoint = filled<64>(16);
  wire.coded_body = entry.body;
  line("entry_frame", encode_wire_entry(wire, 1770000000));
  WireCosignature receipt;
  receipt.line = LineId{300};
  receipt.size_low = 6;
  receipt.signed_part = {WallTime{1770000101}, filled<64>(17)};
  line("cosignature_frame", encode_wire_cosignature(receipt, 1770000000));
  LogState state;
  state.line = LineId{300};
  state.answer_wanted = true;
  state.mine = {filled<16>(12), 6, filled<8>(18)};
  state.yours = {filled<16>(1), 12, filled<8>(19)};
  line("log_state_frame", encode_log_state(state));
  support::golden("record/v1-entry.txt", as_bytes(text));
  EXPECT_EQ(*decode_entry(bytes), entry);
}

}  // namespace
}  // namespace detente::record
