// What a killed process and a full disk leave behind, with real processes.
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <random>

#include "base/random.h"
#include "io/sqlite_store.h"
#include "io/sqlite_test_folder.h"
#include "record/store_contract.h"

namespace detente::io {
namespace {

using namespace record;
using namespace record::contract;

const LineKey kCrashLine = line_key(3);
const LogKey kCrashLog = log_key(kCrashLine);

// Commits entry after entry from `next` on and tells the pipe of each that was acknowledged. In
// groups of one to eight, with an outbox item that stands for the group.
enum class Tidies { kNever, kNowAndThen };
[[noreturn]] void commit_for_ever(const std::string& path, int pipe, Tidies tidies = Tidies::kNowAndThen) {
  auto store = SqliteStore::open(path);
  if (!store) ::_exit(1);
  const auto fence = (*store)->claim(kCrashLine);
  if (!fence) ::_exit(2);
  if ((*store)->logs(kCrashLine).empty()) {
    const Batch open{*fence, std::nullopt, {OpenLog{kCrashLog, 1}}};
    if (!(*store)->commit({&open, 1})) ::_exit(3);
  }
  std::uint64_t next = (*store)->logs(kCrashLine).at(0).size;
  for (std::uint64_t round = 0;; ++round) {
    Batch batch{*fence, std::pair(kCrashLog, next), {}};
    for (std::uint64_t i = 0; i <= round % 8; ++i) {
      batch.writes.push_back(AppendEntry{kCrashLog, entry(next++)});
    }
    batch.writes.push_back(PutCheckpoint{kCrashLog, {next, entry(next).leaf, signature(1)}});
    batch.writes.push_back(PutOutbox{kCrashLine, {next, to_bytes(entry(next).leaf)}});
    if (!(*store)->commit({&batch, 1})) ::_exit(4);
    if (::write(pipe, &next, sizeof(next)) != sizeof(next)) ::_exit(0);
    if (tidies == Tidies::kNowAndThen && round % 40 == 39 && !(*store)->maintain()) ::_exit(5);
  }
}

// The last number that came through the pipe. Kills the child once `commits` numbers have come.
std::uint64_t read_until_killed(int pipe, pid_t child, std::uint64_t commits) {
  std::uint64_t last = 0;
  std::uint64_t value = 0;
  while (::read(pipe, &value, sizeof(value)) == sizeof(value)) {
    last = value;
    if (commits-- == 0) ::kill(child, SIGKILL);
  }
  return last;
}

// Everything below `acknowledged` is there and what is there is whole: no half of a group.
void expect_whole(const SqliteStore& store, std::uint64_t acknowledged) {
  const std::uint64_t size = store.logs(kCrashLine).at(0).size;
  ASSERT_GE(size, acknowledged);
  const auto entries = store.entries(kCrashLog, 0, size, size);
  ASSERT_EQ(entries.size(), size);
  Frontier oracle;
  for (std::uint64_t i = 0; i < size; ++i) {
    ASSERT_TRUE(same(entries[i], entry(i))) << i;
    oracle.append(entry(i).leaf);
  }
  EXPECT_EQ(root_at(*store.tiles(kCrashLog), size), oracle.root());
  EXPECT_FALSE(store.checkpoint_covering(kCrashLog, size + 1));
  if (size == 0) return;
  EXPECT_TRUE(store.checkpoint_covering(kCrashLog, size));
  EXPECT_EQ(store.outbox(kCrashLine).back().id, size);
}

TEST(SqliteCrash, KilledStationLosesNothingThatWasAcknowledged) {
  const char* given = std::getenv("DETENTE_SEED");
  const std::uint64_t seed = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::printf("DETENTE_SEED=%llu\n", static_cast<unsigned long long>(seed));
  SeededRandom random(seed);
  TestFolder folder;
  const std::string path = folder.file("station.db");
  std::uint64_t last = 0;
  for (int run = 0; run < 20; ++run) {
    int pipe[2];
    ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(pipe[0]);
      commit_for_ever(path, pipe[1]);
    }
    ::close(pipe[1]);
    // Killed while it commits: the pipe tells how far it is, the kill comes in the midst of more.
    const std::uint64_t acknowledged = read_until_killed(pipe[0], child, random.below(120));
    ::close(pipe[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << WEXITSTATUS(status);
    ASSERT_GT(acknowledged, last);
    const auto store = SqliteStore::open(path);
    ASSERT_TRUE(store) << store.error().message;
    expect_whole(**store, acknowledged);
    ASSERT_FALSE(HasFatalFailure()) << "run " << run;
    last = acknowledged;
  }
}

// A child under a small limit of file size meets a disk that takes no more.
int fill_up(const std::string& path) {
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{1 << 20, 1 << 20};
  if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
  auto store = SqliteStore::open(path);  // without the room to presize the log, but it opens
  if (!store) return 2;
  const auto fence = (*store)->claim(kCrashLine);
  if (!fence) return 3;
  const Batch open{*fence, std::nullopt, {OpenLog{kCrashLog, 1}}};
  if (!(*store)->commit({&open, 1})) return 4;
  for (std::uint64_t size = 0; size < 100'000; size += 50) {
    Batch batch{*fence, std::pair(kCrashLog, size), {PutValue{"size", {}}}};
    for (std::uint64_t i = 0; i < 50; ++i) {
      batch.writes.push_back(AppendEntry{kCrashLog, entry(size + i)});
    }
    append_be(std::get<PutValue>(batch.writes[0]).value, size + 50, 8);
    const auto done = (*store)->commit({&batch, 1});
    if (done) continue;
    if (done.error().fault != Fault::kIo) return 5;
    // Nothing of the refused commit is seen, and reading goes on.
    const auto value = (*store)->value("size");
    if (!value || read_be(*value) != size) return 6;
    if ((*store)->logs(kCrashLine).at(0).size != size) return 7;
    return root_at(*(*store)->tiles(kCrashLog), size) ? 0 : 8;
  }
  return 9;
}

TEST(SqliteCrash, FullDiskLeavesNothingHalfWritten) {
  TestFolder folder;
  const std::string path = folder.file("station.db");
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(fill_up(path));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  ASSERT_EQ(WEXITSTATUS(status), 0);

  // With room again the station goes on where it was.
  const auto store = SqliteStore::open(path);
  ASSERT_TRUE(store) << store.error().message;
  const std::uint64_t size = (*store)->logs(kCrashLine).at(0).size;
  EXPECT_GT(size, 0u);
  EXPECT_EQ(read_be(*(*store)->value("size")), size);
  const auto fence = (*store)->claim(kCrashLine);
  const Batch more{*fence, std::pair(kCrashLog, size), {AppendEntry{kCrashLog, entry(size)}}};
  EXPECT_TRUE((*store)->commit({&more, 1}));
}

TEST(SqliteCrash, LockOfAKilledStationIsFree) {
  TestFolder folder;
  const std::string path = folder.file("station.db");
  int pipe[2];
  ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) commit_for_ever(path, pipe[1]);
  ::close(pipe[1]);
  std::uint64_t value = 0;
  ASSERT_EQ(::read(pipe[0], &value, sizeof(value)), static_cast<ssize_t>(sizeof(value)));
  const auto second = SqliteStore::open(path);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().fault, Fault::kState);
  EXPECT_NE(second.error().message.find("process id " + std::to_string(child)), std::string::npos)
      << second.error().message;
  ::kill(child, SIGKILL);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  ::close(pipe[0]);
  EXPECT_TRUE(SqliteStore::open(path));
}

// Another program: holds a read transaction from its word on `ready` until `held` is closed at the other end.
[[noreturn]] void read_until_let_go(const std::string& path, int ready, int held) {
  auto db = Connection::open(path, Connection::Mode::kRead);
  if (!db) ::_exit(1);
  if (!db->run("BEGIN") || !db->integer("SELECT count(*) FROM entries")) ::_exit(2);
  char byte = 0;
  if (::write(ready, &byte, 1) != 1) ::_exit(3);
  static_cast<void>(::read(held, &byte, 1));
  ::_exit(0);  // as killed: nothing is tidied up
}

TEST(SqliteCrash, AReaderOfAnOlderStateCostsNoEntry) {
  TestFolder folder;
  const std::string path = folder.file("station.db");
  int pipe[2], ready[2], held[2];
  for (int* both : {pipe, ready, held}) ASSERT_EQ(::pipe2(both, O_CLOEXEC), 0);
  const pid_t writer = ::fork();
  ASSERT_GE(writer, 0);
  if (writer == 0) commit_for_ever(path, pipe[1], Tidies::kNever);
  ::close(pipe[1]);
  std::uint64_t value = 0;
  ASSERT_EQ(::read(pipe[0], &value, sizeof(value)), static_cast<ssize_t>(sizeof(value)));
  const pid_t reader = ::fork();
  ASSERT_GE(reader, 0);
  if (reader == 0) {
    ::close(held[1]);
    read_until_let_go(path, ready[1], held[0]);
  }
  char byte = 0;
  ::close(ready[1]);
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  // What waits in the pipe may be older than the reader's state; fifty commits after it are not.
  int waiting = 0;
  ASSERT_EQ(::ioctl(pipe[0], FIONREAD, &waiting), 0);
  const std::uint64_t older = static_cast<std::uint64_t>(waiting) / sizeof(value);
  const std::uint64_t acknowledged = read_until_killed(pipe[0], writer, older + 50);
  ASSERT_EQ(::waitpid(writer, nullptr, 0), writer);

  const auto refused = SqliteStore::open(path);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::kIo);
  EXPECT_NE(refused.error().message.find("is being read by another program"), std::string::npos)
      << refused.error().message;
  ::close(held[1]);
  int status = 0;
  ASSERT_EQ(::waitpid(reader, &status, 0), reader);
  ASSERT_EQ(status, 0);
  const auto store = SqliteStore::open(path);
  ASSERT_TRUE(store) << store.error().message;
  expect_whole(**store, acknowledged);
  for (const int end : {pipe[0], ready[0], held[0]}) ::close(end);
}

}  // namespace
}  // namespace detente::io
