#include "line/adoption.h"

#include "wire/cbor.h"

namespace detente::line {

Bytes adoption_body(const Adoption& adoption) {
  wire::CborWriter out;
  out.array(2).uint(adoption.version).bytes(adoption.accord);
  return out.take();
}

Result<Adoption> parse_adoption_body(ByteView body) {
  wire::CborReader reader(body);
  DETENTE_TRY_VOID(reader.array(2));
  DETENTE_TRY(version, reader.uint());
  DETENTE_TRY(bytes, reader.bytes());
  const auto accord = to_array<32>(bytes);
  if (version < 2 || version > UINT32_MAX) return fail(Fault::kMalformed, "an accord that takes another's place has a version from 2 on");
  if (!accord) return fail(Fault::kMalformed, "an accord is named by 32 bytes");
  DETENTE_TRY_VOID(reader.expect_end());
  return Adoption{static_cast<std::uint32_t>(version), *accord};
}

}  // namespace detente::line
