#include "line/suspension.h"

#include "wire/cbor.h"

namespace detente::line {

Bytes suspension_body(const SuspensionAct& act) {
  return wire::CborWriter().array(2).uint(act.number.value).uint(act.until.seconds).take();
}

Result<SuspensionAct> parse_suspension_body(ByteView body) {
  wire::CborReader reader(body);
  DETENTE_TRY_VOID(reader.array(2));
  DETENTE_TRY(number, reader.uint());
  DETENTE_TRY(until, reader.uint());
  if (number == 0 || number > 0xffff) return fail(Fault::kMalformed, "an officer's number is from 1 to 65535");
  if (until > 0xffffffff) return fail(Fault::kMalformed, "a time after 2106");
  DETENTE_TRY_VOID(reader.expect_end());
  return SuspensionAct{{static_cast<std::uint16_t>(number)}, {static_cast<std::uint32_t>(until)}};
}

}  // namespace detente::line
