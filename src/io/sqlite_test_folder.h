// A directory of a test's own, removed with everything in it. For tests only.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "base/check.h"

namespace detente::io {

class TestFolder {
 public:
  explicit TestFolder(const std::string& parent = "") {
    const std::filesystem::path in = parent.empty() ? std::filesystem::temp_directory_path()
                                                    : std::filesystem::path(parent);
    path_ = (in / "detente-store-XXXXXX").string();
    DETENTE_CHECK(::mkdtemp(path_.data()) != nullptr);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace detente::io
