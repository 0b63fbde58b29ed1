#include "record/entry.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "record/entry_wire.h"
#include "record/key_for_test.h"

namespace detente::record {
namespace {

// Draws an entry with any mix of fields, as a desk or a hostile author could make one.
Entry draw_entry(SeededRandom& random) {
  Entry entry;
  Header& h = entry.header;
  h.line = LineId{static_cast<std::uint16_t>(random.below(4))};
  h.kind = static_cast<Kind>(1 + random.below(5));
  h.time = WallTime{static_cast<std::uint32_t>(1700000000 + random.below(100000))};
  h.entry_class = static_cast<EntryClass>(random.below(3));
  h.precedence = static_cast<Precedence>(random.below(4));
  if (random.below(2)) h.seen = LogPosition{random.array<16>(), 1 + random.below(1000), random.array<32>()};
  if (random.below(4) == 0) h.cut_epoch = 1 + random.below(9);
  if (random.below(4) == 0) h.due = WallTime{1800000000};
  if (random.below(4) == 0) h.reply_by = WallTime{1800000001};
  if (random.below(3) == 0)
    h.references.push_back({static_cast<Whose>(random.below(2)), random.array<16>(), random.below(100),
                            random.array<32>()});
  if (random.below(3) == 0) h.action = {"duty-officer"};
  if (random.below(3) == 0) h.info = {"liaison", "deputy"};
  if (random.below(3) == 0) h.label = "official";
  if (random.below(3) == 0) h.subject = "fishing boats";
  if (random.below(5) == 0) h.copies.push_back({random.array<32>(), random.array<32>()});
  if (random.below(5) == 0) h.attachments.push_back({random.array<32>(), 77, "application/pdf", random.below(2) ? "map.pdf" : ""});
  if (random.below(5) == 0) h.body_form = BodyForm::kCode;
  entry.body.resize(random.below(200));
  random.fill(entry.body);
  if (random.below(2)) {
    h.author = OfficerId{static_cast<std::uint16_t>(1 + random.below(300))};
    entry.signatures.push_back({h.author, 1700000000 + random.below(100), 1, {}});
    random.fill(entry.signatures.back().signature);
  }
  return entry;
}

TEST(Entry, RoundTripsInItsCanonicalForm) {
  SeededRandom random(1);
  for (int i = 0; i < 2000; ++i) {
    const Entry entry = draw_entry(random);
    const EntryBytes bytes = encode_entry(entry);
    if (bytes.size() > kEntryBytesMax) continue;
    const Result<Entry> back = decode_entry(bytes);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*back, entry);
  }
}

TEST(Entry, HasNoSecondSpelling) {
  SeededRandom random(2);
  for (int i = 0; i < 3000; ++i) {
    EntryBytes bytes = encode_entry(draw_entry(random));
    Bytes* parts[] = {&bytes.header, &bytes.body, &bytes.signatures};
    Bytes& part = *parts[random.below(3)];
    part[random.below(part.size())] ^= static_cast<std::uint8_t>(1u << random.below(8));
    const Result<Entry> back = decode_entry(bytes);
    if (back) {
      EXPECT_EQ(encode_entry(*back), bytes);
    }
  }
}

TEST(Entry, TheLeafCoversEverything) {
  SeededRandom random(3);
  const Entry entry = draw_entry(random);
  const EntryBytes bytes = encode_entry(entry);
  const Salt salt = random.array<16>();
  const Digest leaf = leaf_of(bytes, salt);
  for (int part = 0; part < 3; ++part) {
    EntryBytes changed = bytes;
    (part == 0 ? changed.header : part == 1 ? changed.body : changed.signatures).back() ^= 1;
    EXPECT_NE(leaf_of(changed, salt), leaf);
  }
  Salt other = salt;
  other[0] ^= 1;
  EXPECT_NE(leaf_of(bytes, other), leaf);
  EXPECT_EQ(leaf_from_inner(bytes.header, inner_hash(salt, bytes.body, bytes.signatures)), leaf);
}

TEST(Entry, SaltsDifferByIndexOriginAndKey) {
  const Bytes key_a(32, 1), key_b(32, 2);
  const Salt salt = salt_for(key_a, "detente/x/1/south/main/00", 5);
  EXPECT_NE(salt, salt_for(key_a, "detente/x/1/south/main/00", 6));
  EXPECT_NE(salt, salt_for(key_a, "detente/x/2/south/main/00", 5));
  EXPECT_NE(salt, salt_for(key_b, "detente/x/1/south/main/00", 5));
}

TEST(OfficerSignature, CoversIntentAndAccordAndNotWhatTheStationAdds) {
  const crypto::SignKey officer = key(9);
  SeededRandom random(4);
  Entry entry = draw_entry(random);
  entry.header.author = OfficerId{3};
  Digest accord{};
  accord[1] = 4;
  const OfficerSignature signature =
      sign_entry(entry.header, entry.body, accord, 1, OfficerId{3}, 1700000000, officer);
  const auto good = [&](const Header& header, ByteView body, const Digest& under,
                        const OfficerSignature& by) {
    return verify_officer(header, body, under, by, officer.verify_key());
  };
  EXPECT_TRUE(good(entry.header, entry.body, accord, signature));
  Header later = entry.header;
  later.seen = LogPosition{{}, 12, {}};
  later.cut_epoch = 5;
  EXPECT_TRUE(good(later, entry.body, accord, signature)) << "the station fills these in";
  const auto changed = [&](auto change) {
    Header header = entry.header;
    change(header);
    return good(header, entry.body, accord, signature);
  };
  EXPECT_FALSE(changed([](Header& h) { h.precedence = h.precedence == Precedence::kFlash ? Precedence::kRoutine : Precedence::kFlash; }));
  EXPECT_FALSE(changed([](Header& h) { h.line = LineId{9}; }));
  EXPECT_FALSE(changed([](Header& h) { h.entry_class = h.entry_class == EntryClass::kDrill ? EntryClass::kLive : EntryClass::kDrill; }));
  EXPECT_FALSE(changed([](Header& h) { h.time.seconds += 1; }));
  EXPECT_FALSE(changed([](Header& h) { h.subject += "."; }));
  EXPECT_FALSE(changed([](Header& h) { h.kind = 40; }));
  Digest other = accord;
  other[0] ^= 1;
  EXPECT_FALSE(good(entry.header, entry.body, other, signature));
  OfficerSignature counter = signature;
  counter.counter += 1;
  EXPECT_FALSE(good(entry.header, entry.body, accord, counter));
  Bytes body = entry.body;
  body.push_back(1);
  EXPECT_FALSE(good(entry.header, body, accord, signature));
}

WireEntry draw_wire(SeededRandom& random) {
  Entry entry = draw_entry(random);
  WireEntry wire;
  wire.index_low = static_cast<std::uint8_t>(random.below(256));
  wire.header = entry.header;
  wire.header.seen.reset();
  wire.header.references.clear();
  wire.seen_size = random.below(100000);
  if (random.below(3) == 0) wire.seen_epoch = random.array<16>();
  if (random.below(3) == 0) wire.seen_root = random.array<32>();
  if (random.below(3) == 0) wire.index = random.below(1000) * 256 + wire.index_low;
  if (random.below(3) == 0) {
    WireReference reference{Whose::kOthers, std::nullopt, 12, std::nullopt};
    if (random.below(2)) reference.epoch = random.array<16>();
    if (random.below(2)) reference.leaf = random.array<32>();
    wire.references.push_back(reference);
  }
  if (random.below(2)) wire.epoch = random.array<16>();
  const std::uint64_t most = random.below(4) == 0 ? kPredecessorsMax + 1 : 3;
  for (std::uint64_t n = random.below(most); n > 0; --n) {
    const auto precedence = static_cast<Precedence>(random.below(4));
    wire.predecessors.push_back({random.array<32>(), precedence});
  }
  wire.signatures = entry.signatures;
  if (random.below(2)) wire.checkpoint = random.array<64>();
  wire.coder = static_cast<std::uint8_t>(random.below(3));
  wire.coded_body = entry.body;
  return wire;
}

TEST(WireEntry, RoundTrips) {
  SeededRandom random(6);
  for (int i = 0; i < 3000; ++i) {
    const WireEntry wire = draw_wire(random);
    const Bytes bytes = encode_wire_entry(wire, 1700000000);
    const Result<WireEntry> back = decode_wire_entry(bytes, wire.header.entry_class, 1700000000);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*back, wire);
  }
}

TEST(WireEntry, NoBytesCanDoMoreThanFail) {
  SeededRandom random(7);
  for (int i = 0; i < 20000; ++i) {
    Bytes bytes = encode_wire_entry(draw_wire(random), 1700000000);
    if (random.below(2)) bytes.resize(random.below(bytes.size()));
    for (std::uint64_t n = random.below(4); n > 0 && !bytes.empty(); --n)
      bytes[random.below(bytes.size())] = static_cast<std::uint8_t>(random.below(256));
    const auto back = decode_wire_entry(bytes, EntryClass::kLive, 1700000000);
    if (back) {
      EXPECT_LE(back->coded_body.size(), bytes.size());
    }
  }
}

TEST(WireEntry, CostsFewBytes) {
  WireEntry wire;
  wire.header.line = LineId{1};
  wire.header.time = WallTime{1700000100};
  wire.seen_size = 12;
  wire.checkpoint = crypto::Signature{};
  // line, index, flags, kind, time 2, seen, coder
  EXPECT_EQ(encode_wire_entry(wire, 1700000000).size(), 8u + 64u);
}

TEST(ReceiptOnTheWire, RoundTrips) {
  WireCosignature signed_receipt;
  signed_receipt.line = LineId{300};
  signed_receipt.size_low = 200;
  signed_receipt.signed_part = {WallTime{1700000005}, crypto::Signature{1, 2, 3}};
  const auto back = decode_wire_cosignature(encode_wire_cosignature(signed_receipt, 1700000000), true, 1700000000);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, signed_receipt);
  WireCosignature bare;
  bare.line = LineId{1};
  bare.root_prefix = {1, 2, 3, 4, 5, 6, 7, 8};
  const Bytes bytes = encode_wire_cosignature(bare, 0);
  EXPECT_EQ(bytes.size(), 10u);
  EXPECT_EQ(*decode_wire_cosignature(bytes, false, 0), bare);
  LogState state;
  state.line = LineId{2};
  state.answer_wanted = true;
  state.mine = {{1}, 5, {2}};
  EXPECT_EQ(*decode_log_state(encode_log_state(state)), state);
  state.yours = {{3}, 70000, {4}};
  EXPECT_EQ(*decode_log_state(encode_log_state(state)), state);
  if (!state.mine) state.mine = LogState::Held{{}, 9, {}};
  if (!state.yours) state.yours = LogState::Held{{}, 4, {}};
  state.receipted = state.mine->size;
  state.ahead = 0x8000000000000005u;
  const Bytes whole = encode_log_state(state);
  EXPECT_EQ(*decode_log_state(whole), state);
  state.your_cut = {3, 7, 1700000000};
  EXPECT_EQ(*decode_log_state(encode_log_state(state)), state);
  state.your_cut->media = 8;
  EXPECT_FALSE(decode_log_state(encode_log_state(state)));
  state.your_cut.reset();
  state.receipted = state.mine->size + 1;
  EXPECT_FALSE(decode_log_state(encode_log_state(state))) << "receipts for more than there is";
  for (std::size_t cut = 0; cut < whole.size(); ++cut)
    EXPECT_FALSE(decode_log_state(ByteView(whole).first(cut)));
}

TEST(RestoreLow8, IsNearest) {
  SeededRandom random(8);
  for (int i = 0; i < 10000; ++i) {
    const std::uint64_t near = random.below(100000);
    const std::uint64_t away = random.below(128);
    if (away > near) continue;
    EXPECT_EQ(restore_low8(static_cast<std::uint8_t>(near - away), near), near - away);
    EXPECT_EQ(restore_low8(static_cast<std::uint8_t>(near + away), near), near + away);
  }
}

}  // namespace
}  // namespace detente::record
