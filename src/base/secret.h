// SecretBytes: key material. Wiped when it goes, never copied by accident,
// never printed. There is no conversion to text.
#pragma once

#include <cstddef>
#include <utility>

#include "base/bytes.h"

namespace detente {

// Overwrites memory in a way that the compiler may not leave out.
void wipe(MutableBytes bytes);

class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t size) : bytes_(size) {}
  // Takes the bytes over; the source is left empty.
  explicit SecretBytes(Bytes&& bytes) : bytes_(std::move(bytes)) { bytes.clear(); }
  static SecretBytes copy_of(ByteView view) { return SecretBytes(Bytes(view.begin(), view.end())); }

  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  SecretBytes(SecretBytes&& other) noexcept : bytes_(std::move(other.bytes_)) { other.bytes_.clear(); }
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    if (this != &other) {
      wipe(bytes_);
      bytes_ = std::move(other.bytes_);
      other.bytes_.clear();
    }
    return *this;
  }
  ~SecretBytes() { wipe(bytes_); }

  SecretBytes clone() const { return copy_of(bytes_); }
  ByteView view() const { return bytes_; }
  MutableBytes mutable_view() { return bytes_; }
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }

 private:
  Bytes bytes_;
};

}  // namespace detente
