#include "core/agreement_marks.h"

namespace detente::core {

std::string marks_key(const char* what, const PairIdentity& identity) {
  return std::string(what) + "/" + to_hex(identity.lineage) + "/" + identity.counterpart;
}

wire::CborWriter& write_place(wire::CborWriter& out, const line::ActPlace& place) {
  return out.uint(place.side).bytes(place.epoch).uint(place.index);
}

Result<line::ActPlace> read_place(wire::CborReader& reader) {
  DETENTE_TRY(side, reader.uint());
  DETENTE_TRY(epoch, reader.bytes());
  DETENTE_TRY(index, reader.uint());
  const auto id = to_array<16>(epoch);
  if (!id) return fail(Fault::kMalformed, "a place in no log");
  return line::ActPlace{static_cast<std::uint8_t>(side), *id, index};
}

}  // namespace detente::core
