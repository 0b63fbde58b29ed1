#include "core/outbox.h"

#include <gtest/gtest.h>

#include "wire/cbor.h"

namespace detente::core {
namespace {

record::Entry order() {
  record::Entry entry;
  entry.header.line = LineId{1};
  entry.header.kind = record::kMessage;
  entry.header.time = WallTime{1795500000};
  entry.header.body_form = record::BodyForm::kText;
  entry.body = to_bytes(as_bytes("do not open fire"));
  return entry;
}

TEST(OutboxItem, ComesBackAsItWasPut) {
  const auto back = decode_outbox_item(encode_outbox_item(order(), OutboxState::kHeld));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->state, OutboxState::kHeld);
  EXPECT_EQ(as_string(back->entry.body), "do not open fire");
}

// "not" to "now", 64 to 65 seconds, return to hold: whatever the disk did, it is not read.
TEST(OutboxItem, NoBitOfItMayChange) {
  const Bytes item = encode_outbox_item(order(), OutboxState::kWaits);
  for (std::size_t bit = 0; bit < item.size() * 8; ++bit) {
    Bytes changed = item;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1u << (bit % 8)));
    EXPECT_FALSE(decode_outbox_item(changed).has_value()) << bit;
  }
  for (std::size_t size = 0; size < item.size(); ++size)
    EXPECT_FALSE(decode_outbox_item(ByteView(item).first(size)).has_value()) << size;
}

TEST(OutboxItem, OfAProgramBeforeTheDigestIsRead) {
  const record::EntryBytes bytes = record::encode_entry(order());
  wire::CborWriter writer;
  writer.array(4).uint(1).bytes(bytes.header).bytes(bytes.body).bytes(bytes.signatures);
  const auto back = decode_outbox_item(writer.take());
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(as_string(back->entry.body), "do not open fire");
}

}  // namespace
}  // namespace detente::core
