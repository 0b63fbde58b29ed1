#include "record/epoch_body.h"

#include "wire/cbor.h"

namespace detente::record {

Bytes epoch_body(const std::optional<LogPosition>& before) {
  wire::CborWriter writer;
  if (!before) return writer.null().take();
  return writer.array(3).bytes(before->epoch).uint(before->size).bytes(before->root).take();
}

Result<std::optional<LogPosition>> parse_epoch_body(ByteView body) {
  wire::CborReader reader(body);
  DETENTE_TRY(type, reader.peek());
  if (type == wire::CborType::kNull) {
    DETENTE_TRY_VOID(reader.null());
    DETENTE_TRY_VOID(reader.expect_end());
    return std::optional<LogPosition>();
  }
  DETENTE_TRY_VOID(reader.array(3));
  DETENTE_TRY(epoch, reader.bytes());
  DETENTE_TRY(size, reader.uint());
  DETENTE_TRY(root, reader.bytes());
  DETENTE_TRY_VOID(reader.expect_end());
  const auto epoch_id = to_array<16>(epoch);
  const auto digest = to_array<32>(root);
  if (!epoch_id || !digest) return fail(Fault::kMalformed, "an epoch that names a malformed position");
  return std::optional(LogPosition{*epoch_id, size, *digest});
}

std::optional<LogPosition> epoch_before(const Entry& entry) {
  if (entry.header.kind != kEpochOpening || entry.header.body_form != BodyForm::kCbor) return std::nullopt;
  return parse_epoch_body(entry.body).value_or(std::nullopt);
}

}  // namespace detente::record
