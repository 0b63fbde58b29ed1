#include "line/suspension.h"

#include <gtest/gtest.h>

#include "line/exact_body_for_test.h"
#include "wire/cbor.h"

namespace detente::line {
namespace {

TEST(Suspension, ReadsBackAndNoPartOfItDoes) {
  const SuspensionAct act{{7}, {1'795'500'000}};
  EXPECT_EQ(parse_suspension_body(suspension_body(act)), act);
  expect_exact(suspension_body(act), parse_suspension_body);
}

TEST(Suspension, RefusesNumbersThatNobodyHas) {
  const auto body = [](std::uint64_t number, std::uint64_t until) {
    return wire::CborWriter().array(2).uint(number).uint(until).take();
  };
  EXPECT_TRUE(parse_suspension_body(body(65535, 0xffffffff)));
  EXPECT_FALSE(parse_suspension_body(body(0, 5)));
  EXPECT_FALSE(parse_suspension_body(body(65536, 5)));
  EXPECT_FALSE(parse_suspension_body(body(1, 0x100000000)));
}

}  // namespace
}  // namespace detente::line
