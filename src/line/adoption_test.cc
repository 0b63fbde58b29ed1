#include "line/adoption.h"

#include <gtest/gtest.h>

#include "wire/cbor.h"

namespace detente::line {
namespace {

TEST(Adoption, BodyIsReadBackAndNothingElseIs) {
  Adoption adoption{2, {}};
  adoption.accord.fill(7);
  const Bytes body = adoption_body(adoption);
  EXPECT_EQ(parse_adoption_body(body).value(), adoption);
  for (std::size_t size = 0; size < body.size(); ++size) EXPECT_FALSE(parse_adoption_body(ByteView(body).first(size)));
  Bytes longer = body;
  longer.push_back(0);
  EXPECT_FALSE(parse_adoption_body(longer));
}

TEST(Adoption, TheFirstAccordOfALineageTakesNobodysPlace) {
  for (const std::uint64_t version : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 32}) {
    wire::CborWriter out;
    out.array(2).uint(version).bytes(Digest{});
    EXPECT_FALSE(parse_adoption_body(out.take()));
  }
  wire::CborWriter out;
  out.array(2).uint(2).bytes(ByteArray<31>{});
  EXPECT_FALSE(parse_adoption_body(out.take()));
}

}  // namespace
}  // namespace detente::line
