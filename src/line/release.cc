#include "line/release.h"

#include "record/act_body.h"

namespace detente::line {

using record::read_time;

Bytes release_body(const Release& release) {
  wire::CborWriter out;
  out.array(2).uint(release.at.seconds).bytes(release.text);
  return out.take();
}

Result<Release> parse_release_body(ByteView body) {
  wire::CborReader reader(body);
  DETENTE_TRY_VOID(reader.array(2));
  DETENTE_TRY(at, read_time(reader));
  DETENTE_TRY(bytes, reader.bytes());
  const auto text = to_array<32>(bytes);
  if (!text) return fail(Fault::kMalformed, "a released text is named by 32 bytes");
  DETENTE_TRY_VOID(reader.expect_end());
  return Release{at, *text};
}

}  // namespace detente::line
