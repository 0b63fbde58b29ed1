#include "line/suspension.h"

#include "record/act_body.h"

namespace detente::line {

using record::read_bounded, record::read_time;

Bytes suspension_body(const SuspensionAct& act) {
  return wire::CborWriter().array(2).uint(act.number.value).uint(act.until.seconds).take();
}

Result<SuspensionAct> parse_suspension_body(ByteView body) {
  wire::CborReader reader(body);
  DETENTE_TRY_VOID(reader.array(2));
  DETENTE_TRY(number, read_bounded(reader, UINT16_MAX, "an officer's number"));
  if (number == 0) return fail(Fault::kMalformed, "an officer's number is counted from 1");
  DETENTE_TRY(until, read_time(reader));
  DETENTE_TRY_VOID(reader.expect_end());
  return SuspensionAct{{static_cast<std::uint16_t>(number)}, until};
}

}  // namespace detente::line
