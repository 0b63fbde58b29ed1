#include "io/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "io/file_detail.h"
#include "io/file_lock.h"
#include "io/os_clock.h"
#include "io/os_random.h"

namespace detente::io {
namespace {

class File : public ::testing::Test {
 protected:
  File() {
    std::string name = (std::filesystem::temp_directory_path() / "file-test-XXXXXX").string();
    dir_ = ::mkdtemp(name.data());
  }
  ~File() override { std::filesystem::remove_all(dir_); }

  static unsigned mode(const Path& path) {
    struct stat info {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0);
    return info.st_mode & 0777;
  }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(dir_), {}));
  }

  Path dir_;
};

TEST_F(File, WritesWholeOrNotAtAll) {
  const Path file = dir_ / "a";
  ASSERT_TRUE(write_file(file, as_bytes("one"), kPublicMode));
  ASSERT_TRUE(write_file(file, as_bytes("second"), kSecretMode));
  EXPECT_EQ(as_string(*read_file(file, 100)), "second");
  EXPECT_EQ(mode(file), kSecretMode);
  EXPECT_EQ(entries(), 1u);  // no temporary file stays
}

TEST_F(File, NewFileNeverReplaces) {
  const Path file = dir_ / "key";
  ASSERT_TRUE(write_new_file(file, as_bytes("first"), kSecretMode));
  const auto again = write_new_file(file, as_bytes("other"), kSecretMode);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().fault, Fault::kConflict);
  EXPECT_EQ(as_string(*read_file(file, 100)), "first");
  EXPECT_EQ(entries(), 1u);
}

// What the file systems of a stick, and those without a flag for it, would answer.
TEST_F(File, AFreeNameIsTakenWithOrWithoutSecondNames) {
  const detail::RenameToFree ways[] = {
      detail::rename_to_free,
      [](const char*, const char*) {
        errno = EINVAL;
        return -1;
      },
      [](const char*, const char*) {
        errno = ENOSYS;
        return -1;
      },
  };
  for (const detail::RenameToFree way : ways) {
    const Path temporary = dir_ / ".a.XXXXXX", file = dir_ / "a";
    ASSERT_TRUE(write_file(temporary, as_bytes("one"), kPublicMode));
    ASSERT_TRUE(detail::take_free_name(temporary, file, way));
    EXPECT_EQ(as_string(*read_file(file, 100)), "one");
    EXPECT_EQ(entries(), 1u);
    ASSERT_TRUE(write_file(temporary, as_bytes("two"), kPublicMode));
    const auto again = detail::take_free_name(temporary, file, way);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().fault, Fault::kConflict);
    EXPECT_EQ(as_string(*read_file(file, 100)), "one");
    ASSERT_TRUE(remove_file(temporary));
    ASSERT_TRUE(remove_file(file));
  }
  // What is no answer about renaming is not got round by a second name.
  ASSERT_TRUE(write_file(dir_ / ".b.XXXXXX", as_bytes("one"), kPublicMode));
  const auto full = [](const char*, const char*) {
    errno = ENOSPC;
    return -1;
  };
  EXPECT_EQ(detail::take_free_name(dir_ / ".b.XXXXXX", dir_ / "b", full).error().fault, Fault::kIo);
  EXPECT_FALSE(io::exists(dir_ / "b"));
}

TEST_F(File, TheSameAgainIsNoConflict) {
  const Path file = dir_ / "made";
  ASSERT_TRUE(write_file_once(file, as_bytes("first"), kPublicMode));
  EXPECT_TRUE(write_file_once(file, as_bytes("first"), kPublicMode));
  for (const std::string_view other : {"firs", "first!", "other", ""}) {
    const auto again = write_file_once(file, as_bytes(other), kPublicMode);
    ASSERT_FALSE(again) << other;
    EXPECT_EQ(again.error().fault, Fault::kConflict);
  }
  EXPECT_EQ(as_string(*read_file(file, 100)), "first");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(File, LeftTemporariesOfOneNameGo) {
  for (const char* name : {".key.a1B2c3", ".key.a1B2c", ".keys.a1B2c3", "key.a1B2c3"})
    ASSERT_TRUE(write_new_file(dir_ / name, as_bytes("x"), kSecretMode));
  ASSERT_TRUE(remove_temporaries(dir_ / "key"));
  EXPECT_EQ(entries(), 3u);
  EXPECT_FALSE(io::exists(dir_ / ".key.a1B2c3"));
  EXPECT_TRUE(remove_temporaries(dir_ / "none" / "key"));
}

TEST_F(File, WhatCannotBeLookedAtIsNotMissing) {
  EXPECT_FALSE(*is_there(dir_ / "none"));
  EXPECT_FALSE(io::exists(dir_ / "none"));
  const Path loop = dir_ / "loop";  // refuses root, too
  std::filesystem::create_symlink(loop, loop);
  EXPECT_FALSE(is_there(loop / "file"));
  EXPECT_TRUE(io::exists(loop / "file"));
}

TEST_F(File, BoundIsExact) {
  const Path file = dir_ / "a";
  ASSERT_TRUE(write_file(file, Bytes(10), kPublicMode));
  EXPECT_TRUE(read_file(file, 10));
  const auto large = read_file(file, 9);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().fault, Fault::kLimit);
  ASSERT_TRUE(write_file(file, {}, kPublicMode));
  EXPECT_TRUE(read_file(file, 0)->empty());
}

TEST_F(File, WhatIsNoFileIsRefused) {
  EXPECT_EQ(read_file(dir_ / "none", 10).error().fault, Fault::kNotFound);
  EXPECT_EQ(read_file(dir_, 10).error().fault, Fault::kIo);
  EXPECT_EQ(read_file("/dev/zero", 10).error().fault, Fault::kIo);
  const Path pipe = dir_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(read_file(pipe, 10).error().fault, Fault::kIo);  // and does not wait for a writer
}

TEST_F(File, SecretThatOthersCanReadIsRefused) {
  const Path file = dir_ / "key";
  ASSERT_TRUE(write_file(file, as_bytes("secret"), kSecretMode));
  EXPECT_EQ(as_string(read_secret_file(file, 10)->view()), "secret");
  ASSERT_TRUE(write_file(file, as_bytes("secret"), 0640));
  const auto open = read_secret_file(file, 10);
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().fault, Fault::kDenied);
  EXPECT_EQ(open.error().message.find("secret\n"), std::string::npos);
}

TEST_F(File, Directories) {
  ASSERT_TRUE(make_directory(dir_ / "a" / "b" / "c"));
  ASSERT_TRUE(make_directory(dir_ / "a" / "b" / "c"));
  EXPECT_EQ(mode(dir_ / "a"), 0700u);
  EXPECT_EQ(mode(dir_ / "a" / "b" / "c"), 0700u);
  ASSERT_TRUE(write_file(dir_ / "file", {}, kPublicMode));
  for (const Path& path : {dir_ / "file", dir_ / "file" / "x", dir_ / "file" / "x" / "y"}) {
    const auto made = make_directory(path);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().fault, Fault::kIo);
    EXPECT_NE(made.error().message.find("directory"), std::string::npos);
  }
  EXPECT_FALSE(write_file(dir_ / "none" / "x", {}, kPublicMode));
  EXPECT_FALSE(write_file(dir_ / "a", {}, kPublicMode));
}

TEST_F(File, Lists) {
  EXPECT_TRUE(list_files(dir_ / "none")->empty());
  for (const char* name : {"b", "a", ".hidden"})
    ASSERT_TRUE(write_file(dir_ / name, {}, kPublicMode));
  ASSERT_TRUE(make_directory(dir_ / "d"));
  EXPECT_EQ(*list_files(dir_), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(*list_directories(dir_), (std::vector<std::string>{"d"}));
  EXPECT_TRUE(remove_file(dir_ / "a"));
  EXPECT_TRUE(remove_file(dir_ / "a"));
  EXPECT_FALSE(io::exists(dir_ / "a"));
}

TEST_F(File, LockIsHeldByOne) {
  auto first = FileLock::try_take(dir_ / "lock");
  ASSERT_TRUE(first);
  EXPECT_EQ(FileLock::try_take(dir_ / "lock").error().fault, Fault::kConflict);
  { const FileLock moved = std::move(*first); }
  EXPECT_TRUE(FileLock::wait(dir_ / "lock"));
}

TEST(OsRandom, FillsEverything) {
  OsKeyRandom keys;
  // A byte that is never set would stay 0 in all of them.
  Bytes seen(300);
  for (int i = 0; i < 20; ++i) {
    Bytes out(seen.size());
    keys.fill(out);
    for (std::size_t k = 0; k < out.size(); ++k)
      seen[k] = static_cast<std::uint8_t>(seen[k] | out[k]);
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 0), 0);
  OsJitterRandom jitter;
  EXPECT_NE(jitter.next(), jitter.next());
}

TEST(OsClock, MonotonicDoesNotGoBack) {
  const Now a = os_now(), b = os_now();
  EXPECT_LE(a.mono, b.mono);
  EXPECT_GT(a.wall.seconds, 1'700'000'000u);
}

}  // namespace
}  // namespace detente::io
