#pragma once

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace detente::line {

// The body reads, and no shortening or lengthening of it does.
template <typename Parse>
void expect_exact(const Bytes& body, Parse parse) {
  ASSERT_TRUE(parse(body));
  Bytes longer = body;
  longer.push_back(0);
  EXPECT_FALSE(parse(longer));
  for (std::size_t size = 0; size < body.size(); ++size) EXPECT_FALSE(parse(ByteView(body).first(size))) << size;
}

}  // namespace detente::line
