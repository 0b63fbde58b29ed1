#include "core/outbox.h"

#include <algorithm>

#include "crypto/hash.h"
#include "wire/cbor.h"

namespace detente::core {

const char* to_string(IfCut if_cut) {
  const char* const names[] = {"return", "hold", "drop"};
  return names[static_cast<std::size_t>(if_cut)];
}

std::optional<IfCut> if_cut_from(std::string_view name) {
  for (const IfCut one : {IfCut::kReturn, IfCut::kHold, IfCut::kDrop})
    if (name == to_string(one)) return one;
  return std::nullopt;
}

OutboxState outbox_state(IfCut if_cut) {
  switch (if_cut) {
    case IfCut::kReturn: break;
    case IfCut::kHold: return OutboxState::kHeld;
    case IfCut::kDrop: return OutboxState::kDropped;
  }
  return OutboxState::kWaits;
}

IfCut if_cut_of(OutboxState state) {
  return state == OutboxState::kHeld ? IfCut::kHold : state == OutboxState::kDropped ? IfCut::kDrop : IfCut::kReturn;
}

namespace {

std::optional<OutboxEntry> decode_bare(ByteView item) {
  wire::CborReader reader(item);
  if (!reader.array(4)) return std::nullopt;
  const auto version = reader.uint();
  if (!version || *version < 1 || *version > static_cast<std::uint64_t>(OutboxState::kDropped)) return std::nullopt;
  record::EntryBytes bytes;
  for (Bytes* part : {&bytes.header, &bytes.body, &bytes.signatures}) {
    const auto read = reader.bytes();
    if (!read) return std::nullopt;
    *part = to_bytes(*read);
  }
  auto entry = record::decode_entry(bytes);
  if (!entry || !reader.expect_end()) return std::nullopt;
  return OutboxEntry{std::move(*entry), static_cast<OutboxState>(*version)};
}

}  // namespace

Bytes encode_outbox_item(const record::Entry& entry, OutboxState state) {
  const record::EntryBytes bytes = record::encode_entry(entry);
  wire::CborWriter writer;
  writer.array(4).uint(static_cast<std::uint64_t>(state));
  writer.bytes(bytes.header).bytes(bytes.body).bytes(bytes.signatures);
  const Bytes bare = writer.take();
  wire::CborWriter with_digest;
  with_digest.array(2).bytes(bare).bytes(crypto::sha256(bare));
  return with_digest.take();
}

std::optional<OutboxEntry> decode_outbox_item(ByteView item) {
  wire::CborReader reader(item);
  if (!reader.array(2)) return decode_bare(item);  // of a program before the digest
  const auto bare = reader.bytes();
  const auto digest = reader.bytes();
  if (!bare || !digest || !reader.expect_end()) return std::nullopt;
  const Digest wanted = crypto::sha256(*bare);
  if (!std::equal(digest->begin(), digest->end(), wanted.begin(), wanted.end())) return std::nullopt;
  return decode_bare(*bare);
}

}  // namespace detente::core
