// Where the vectors lie, and a count that fails on a file that gave no case.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

namespace detente::support {

// $DETENTE_VECTORS, else tests/vectors of the source tree.
inline std::string vectors_folder() {
  if (const char* folder = std::getenv("DETENTE_VECTORS")) return folder;
  const char* source = std::getenv("DETENTE_SOURCE");
  return std::string(source ? source : ".") + "/tests/vectors";
}

inline std::string read_vector_file(const std::string& name) {
  std::ifstream in(vectors_folder() + "/" + name, std::ios::binary);
  EXPECT_TRUE(in) << "cannot read " << vectors_folder() << "/" << name;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

inline nlohmann::json read_vector_json(const std::string& name) {
  return nlohmann::json::parse(read_vector_file(name));
}

// Prints "vectors: FILE: N cases" when it goes, and fails the test for none.
class CaseCount {
 public:
  explicit CaseCount(std::string file) : file_(std::move(file)) {}
  ~CaseCount() {
    std::printf("vectors: %s: %zu cases\n", file_.c_str(), count_);
    EXPECT_GT(count_, 0u) << file_ << " gave no case";
  }
  void add() { ++count_; }

 private:
  std::string file_;
  std::size_t count_ = 0;
};

}  // namespace detente::support
