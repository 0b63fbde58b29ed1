#include "station/tar.h"

#include <gtest/gtest.h>

#include <map>

#include "base/random.h"

namespace detente::station {
namespace {

using Files = std::map<std::string, Bytes>;

Bytes written(const Files& files) {
  Bytes out;
  for (const auto& [name, bytes] : files) {
    const auto header = tar_header({name, bytes.size(), 0640}, WallTime{1'700'000'000});
    EXPECT_TRUE(header) << header.error().message;
    append(out, *header);
    append(out, bytes);
    out.resize(out.size() + tar_padding(bytes.size()));
  }
  append(out, tar_end());
  return out;
}

Result<Files> read(ByteView bytes, std::size_t step = 333) {
  Files out;
  std::string name;
  TarReader reader({[&](const TarMember& member) -> Result<void> {
                      name = member.name;
                      out[name];
                      return {};
                    },
                    [&](ByteView part) -> Result<void> {
                      append(out[name], part);
                      return {};
                    },
                    [] { return Result<void>{}; }});
  for (std::size_t at = 0; at < bytes.size(); at += step)
    DETENTE_TRY_VOID(reader.add(bytes.subspan(at, std::min(step, bytes.size() - at))));
  DETENTE_TRY_VOID(reader.finish());
  return out;
}

Files some_files() {
  Files out{{"side.toml", to_bytes(as_bytes("side"))}, {"bulletins/south/1.cbor", {}}};
  for (const std::size_t size : {std::size_t{511}, std::size_t{512}, std::size_t{100'000}})
    SeededRandom(size).fill(out["station/" + std::to_string(size)] = Bytes(size));
  return out;
}

TEST(Tar, ReadsWhatItWrote) {
  const Files files = some_files();
  const Bytes bytes = written(files);
  EXPECT_EQ(bytes.size() % 512, 0u);
  for (const std::size_t step :
       {std::size_t{1}, std::size_t{512}, std::size_t{4096}, bytes.size()}) {
    const auto back = read(bytes, step);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*back, files) << step;
  }
}

TEST(Tar, NoNameLeadsOut) {
  for (const char* name : {"", "/etc/x", "../x", "a/../x", "a/./x", "a//x", "a/", ".hidden",
                           "a/.hidden", "a b", "a\\b", "a\nb", "한국"}) {
    EXPECT_FALSE(is_tar_name(name)) << name;
    EXPECT_FALSE(tar_header({name, 1, 0600}, {})) << name;
  }
  EXPECT_FALSE(is_tar_name(std::string(101, 'a')));
  EXPECT_TRUE(is_tar_name(std::string(100, 'a')));
  EXPECT_TRUE(is_tar_name("station/pairs/north.key"));
}

TEST(Tar, LargeSizesPass) {
  const std::uint64_t size = (std::uint64_t{1} << 33) + 5;
  const auto header = tar_header({"station/record.db", size, 0600}, {});
  ASSERT_TRUE(header);
  std::uint64_t seen = 0;
  TarReader reader({[&](const TarMember& member) -> Result<void> {
                      seen = member.size;
                      return {};
                    },
                    [](ByteView) { return Result<void>{}; }, [] { return Result<void>{}; }});
  ASSERT_TRUE(reader.add(*header));
  EXPECT_EQ(seen, size);
  EXPECT_FALSE(reader.finish());
}

TEST(Tar, EveryChangedByteOfAHeaderIsRefused) {
  const Bytes bytes = written({{"side.toml", to_bytes(as_bytes("side"))}});
  for (std::size_t at = 0; at < 512; ++at) {
    Bytes changed = bytes;
    changed[at] ^= 1;
    EXPECT_FALSE(read(changed)) << at;
  }
}

TEST(Tar, NothingCutOffOrAddedPasses) {
  const Bytes bytes = written(some_files());
  for (std::size_t size = 0; size < bytes.size(); size += 97)
    EXPECT_FALSE(read(ByteView(bytes).first(size))) << size;
  Bytes more = bytes;
  more.resize(more.size() + 512);
  EXPECT_FALSE(read(more));
  Bytes padded = written({{"a", {1}}});
  padded[512 + 1] = 1;
  EXPECT_FALSE(read(padded));
}

}  // namespace
}  // namespace detente::station
