// Files that today's program must reproduce for ever. With DETENTE_MAKE_GOLDEN
// set a missing one is written; an existing one never: a changed format is a
// new version.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "base/bytes.h"

namespace detente::support {

// The bytes of tests/golden/NAME; the test fails unless they are `made`.
inline Bytes golden(const std::string& name, ByteView made) {
  const char* source = std::getenv("DETENTE_SOURCE");
  const std::filesystem::path path =
      std::filesystem::path(source ? source : ".") / "tests/golden" / name;
  if (!std::filesystem::exists(path) && std::getenv("DETENTE_MAKE_GOLDEN") != nullptr) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << as_string(made);
  }
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << "cannot read " << path;
  std::ostringstream held;
  held << in.rdbuf();
  EXPECT_EQ(held.str(), as_string(made)) << name << " is not what is written today";
  return to_bytes(as_bytes(held.str()));
}

}  // namespace detente::support
