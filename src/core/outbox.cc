#include "core/outbox.h"

#include "wire/cbor.h"

namespace detente::core {

namespace {
constexpr std::uint64_t kItemVersion = 1;
}

Bytes encode_outbox_item(const record::Entry& entry) {
  const record::EntryBytes bytes = record::encode_entry(entry);
  wire::CborWriter writer;
  writer.array(4).uint(kItemVersion);
  writer.bytes(bytes.header).bytes(bytes.body).bytes(bytes.signatures);
  return writer.take();
}

std::optional<record::Entry> decode_outbox_item(ByteView item) {
  wire::CborReader reader(item);
  if (!reader.array(4)) return std::nullopt;
  const auto version = reader.uint();
  if (!version || *version != kItemVersion) return std::nullopt;
  record::EntryBytes bytes;
  for (Bytes* part : {&bytes.header, &bytes.body, &bytes.signatures}) {
    const auto read = reader.bytes();
    if (!read) return std::nullopt;
    *part = to_bytes(*read);
  }
  auto entry = record::decode_entry(bytes);
  return entry && reader.expect_end() ? std::optional(std::move(*entry)) : std::nullopt;
}

}  // namespace detente::core
