// What the stores' tests are built from: keys, entries, and the contract's fixture.
//
// For tests only.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>

#include "crypto/hash.h"
#include "record/store.h"
#include "record/store_rules.h"

namespace detente::record::contract {

inline Digest digest(const std::string& text) { return crypto::sha256(as_bytes(text)); }

inline LineKey line_key(std::uint16_t line, const std::string& lineage = "accord") {
  return {digest(lineage), LineId{line}};
}

inline LogKey log_key(const LineKey& line, bool own = true, std::uint8_t epoch = 1) {
  LogKey log{line, own, own ? "south/main" : "north/main", {}};
  log.epoch.fill(epoch);
  return log;
}

inline crypto::Signature signature(std::uint8_t byte) {
  crypto::Signature out;
  out.fill(byte);
  return out;
}

inline StoredEntry entry(std::uint64_t index, const std::string& salt = "") {
  StoredEntry out;
  const std::string name = salt + std::to_string(index);
  out.index = index;
  out.salt.fill(static_cast<std::uint8_t>(index));
  out.period = static_cast<std::uint32_t>(600 + index / 100);
  out.stored_at = {static_cast<std::uint32_t>(1'000'000'000 + index)};
  out.bytes.header = to_bytes(as_bytes("header " + name));
  out.bytes.body = Bytes(index % 300, static_cast<std::uint8_t>(index));
  out.bytes.signatures = {0x80};
  out.leaf = leaf_of(out.bytes, out.salt);  // a store may check it
  return out;
}

inline bool same(const StoredEntry& a, const StoredEntry& b) {
  return a.index == b.index && a.bytes == b.bytes && a.salt == b.salt && a.leaf == b.leaf &&
         a.period == b.period && a.stored_at == b.stored_at;
}

inline std::vector<std::uint64_t> indices(const std::vector<StoredEntry>& entries) {
  std::vector<std::uint64_t> out;
  for (const StoredEntry& one : entries) out.push_back(one.index);
  return out;
}

// Counts what a proof reads.
class CountingTiles final : public TileReader {
 public:
  explicit CountingTiles(const TileReader& inner) : inner_(inner) {}
  std::optional<Bytes> tile(TileId id) const override {
    seen_.insert(id);
    return inner_.tile(id);
  }
  std::size_t read() const { return seen_.size(); }

 private:
  const TileReader& inner_;
  mutable std::set<TileId> seen_;
};

using Indices = std::vector<std::uint64_t>;

template <typename Harness>
class StoreContract : public ::testing::Test {
 protected:
  Store& store() { return harness_.store(); }

  void SetUp() override {
    fence_ = *store().claim(line_);
    ASSERT_TRUE(write({OpenLog{log_, 7}}));
  }

  Result<void> write(std::vector<Write> writes) {
    const Batch batch{fence_, std::nullopt, std::move(writes)};
    return store().commit({&batch, 1});
  }
  // Commits to the log expecting a size.
  Result<void> write_at(std::uint64_t size, std::vector<Write> writes) {
    const Batch batch{fence_, std::pair(log_, size), std::move(writes)};
    return store().commit({&batch, 1});
  }
  void append_up_to(std::uint64_t size, std::size_t group) {
    std::uint64_t next = this->size();
    while (next < size) {
      std::vector<Write> writes;
      for (std::size_t i = 0; i < group && next < size; ++i, ++next) {
        writes.push_back(AppendEntry{log_, entry(next)});
      }
      ASSERT_TRUE(write(std::move(writes)));
    }
  }
  std::uint64_t size() {
    for (const auto& info : store().logs(line_)) {
      if (info.log == log_) return info.size;
    }
    return 0;
  }
  void expect_fault(const Result<void>& result, Fault fault) {
    ASSERT_FALSE(result);
    EXPECT_EQ(to_string(result.error().fault), std::string(to_string(fault)))
        << result.error().message;
    EXPECT_GT(result.error().message.size(), 20u);
  }

  Harness harness_;
  const LineKey line_ = line_key(3);
  const LogKey log_ = log_key(line_);
  const LogKey theirs_ = log_key(line_, false, 2);
  Fence fence_;
};

}  // namespace detente::record::contract
