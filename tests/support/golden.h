// Files that today's program must reproduce for ever. With DETENTE_MAKE_GOLDEN
// set a missing one is written; an existing one never.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace detente::test {

inline void expect_golden(const std::string& name, const std::string& text) {
  const char* source = std::getenv("DETENTE_SOURCE");
  const std::filesystem::path path =
      std::filesystem::path(source ? source : ".") / "tests/golden" / name;
  if (!std::filesystem::exists(path) && std::getenv("DETENTE_MAKE_GOLDEN") != nullptr) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  std::ifstream in(path, std::ios::binary);
  ASSERT_TRUE(in) << "no golden file " << path;
  std::ostringstream held;
  held << in.rdbuf();
  EXPECT_EQ(text, held.str()) << "the format of " << name << " has changed";
}

}  // namespace detente::test
