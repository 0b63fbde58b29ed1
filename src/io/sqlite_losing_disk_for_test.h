// LosingDisk: an SQLite VFS over a disk that keeps what was synced and, at a crash,
// an arbitrary part of what was not.
//
// It stands over the system's own VFS, which always has everything. Beside that it
// remembers, for each sector of 512 bytes written since the last sync of its file, all
// versions that the sector went through. crash() makes of a database and its log what
// the disk may hold if the power goes now: of each such sector one of its versions,
// now and then one that was torn in the middle; and a length anywhere between the
// synced one and the present one. From then on nothing is written any more.
//
// What writes past SQLite (the log is made large and wiped with plain system calls,
// and synced at once) counts as synced, and so does a file's removal. The wal-index is
// memory and does not survive.
//
// For tests only; one at a time, on one thread.
#pragma once

#include <sqlite3.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/random.h"

namespace detente::io {

class LosingDisk {
 public:
  // A disk that says that it synced and did not: what a database with synchronous=OFF has.
  enum class Lies { kNone, kAboutLog, kAboutDatabase };

  explicit LosingDisk(Lies lies = Lies::kNone) : lies_(lies) {
    DETENTE_CHECK(current() == nullptr);
    current() = this;
    system_ = sqlite3_vfs_find("unix");
    vfs_ = *system_;
    vfs_.zName = "losing";
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + system_->szOsFile;
    vfs_.xOpen = open;
    vfs_.xDelete = [](sqlite3_vfs*, const char* name, int sync_directory) {
      LosingDisk& disk = *current();
      if (disk.crashed_) return SQLITE_IOERR_DELETE;
      disk.states_.erase(name);
      return disk.system_->xDelete(disk.system_, name, sync_directory);
    };
    vfs_.pNext = nullptr;
    DETENTE_CHECK(sqlite3_vfs_register(&vfs_, 1) == SQLITE_OK);  // the default from now on
  }
  LosingDisk(const LosingDisk&) = delete;
  ~LosingDisk() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(system_, 1);
    current() = nullptr;
  }

  // The power goes at this many more writes and syncs; the files' remains are then written beside
  // `to`, under the same last names ("station.db" of another directory, say).
  void crash_after(std::uint64_t operations, std::string from, std::string to, std::uint64_t seed) {
    left_ = operations;
    from_ = std::move(from);
    to_ = std::move(to);
    seed_ = seed;
    crashed_ = false;
    armed_ = true;
  }
  // The power is back: files are written again.
  void power_on() { crashed_ = false; }
  bool crashed() const { return crashed_; }
  // Sectors that came out of crashes as an older version, in all.
  std::uint64_t lost() const { return lost_; }

 private:
  static constexpr sqlite3_int64 kSector = 512;
  static constexpr int kKept = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL;
  using Sector = std::vector<char>;

  struct State {                                            // of a file, whoever has it open
    std::map<sqlite3_int64, std::vector<Sector>> unsynced;  // versions, the synced one first
    sqlite3_int64 synced_size = 0;
    sqlite3_int64 size = 0;
    bool is_log = false;
  };
  struct File {
    sqlite3_file base;
    State* state;  // null: a file that nobody asks for after a crash
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  };

  static LosingDisk*& current() {
    static LosingDisk* one = nullptr;
    return one;
  }
  static File* of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
  static sqlite3_file* real(sqlite3_file* file) { return of(file)->real(); }

  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
    LosingDisk& disk = *current();
    File* ours = of(file);
    ours->base.pMethods = nullptr;
    ours->state = nullptr;
    const int code = disk.system_->xOpen(disk.system_, name, ours->real(), flags, out);
    if (code != SQLITE_OK) return code;
    ours->base.pMethods = &methods();
    if (name == nullptr || (flags & kKept) == 0) return code;
    State& state = disk.states_[name];
    ours->state = &state;
    state.is_log = (flags & SQLITE_OPEN_WAL) != 0;
    if (state.unsynced.empty()) {
      ours->real()->pMethods->xFileSize(ours->real(), &state.size);
      state.synced_size = state.size;
    }
    return code;
  }

  // The sector as it is now, zeros where the file does not reach.
  static Sector read_sector(sqlite3_file* file, sqlite3_int64 number) {
    Sector out(kSector, 0);
    static_cast<void>(
        real(file)->pMethods->xRead(real(file), out.data(), kSector, number * kSector));
    return out;
  }

  void remember(sqlite3_file* file, sqlite3_int64 from, sqlite3_int64 to) {
    for (sqlite3_int64 at = from / kSector; at * kSector < to; ++at) {
      auto& versions = of(file)->state->unsynced[at];
      if (versions.empty()) versions.push_back(read_sector(file, at));
    }
  }

  static int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    LosingDisk& disk = *current();
    State* state = of(file)->state;
    if (state == nullptr) return real(file)->pMethods->xWrite(real(file), bytes, size, offset);
    if (disk.crashed_) return SQLITE_IOERR_WRITE;
    disk.remember(file, offset, offset + size);
    const int code = real(file)->pMethods->xWrite(real(file), bytes, size, offset);
    if (code != SQLITE_OK) return code;
    state->size = std::max(state->size, offset + size);
    for (sqlite3_int64 at = offset / kSector; at * kSector < offset + size; ++at)
      state->unsynced[at].push_back(read_sector(file, at));
    return disk.tick() ? SQLITE_OK : SQLITE_IOERR_WRITE;
  }

  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    LosingDisk& disk = *current();
    State* state = of(file)->state;
    if (state == nullptr) return real(file)->pMethods->xTruncate(real(file), size);
    if (disk.crashed_) return SQLITE_IOERR_TRUNCATE;
    disk.remember(file, size, state->size);
    state->size = size;
    const int code = real(file)->pMethods->xTruncate(real(file), size);
    return code != SQLITE_OK ? code : disk.tick() ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
  }

  static int sync(sqlite3_file* file, int) {
    LosingDisk& disk = *current();
    State* state = of(file)->state;
    if (state == nullptr) return SQLITE_OK;
    if (disk.crashed_ || !disk.tick()) return SQLITE_IOERR_FSYNC;
    if (disk.lies_ == (state->is_log ? Lies::kAboutLog : Lies::kAboutDatabase)) return SQLITE_OK;
    state->unsynced.clear();
    state->synced_size = state->size;
    return SQLITE_OK;
  }

  // False when the power goes with this operation.
  bool tick() {
    if (!armed_) return true;
    if (left_-- > 0) return true;
    crash();
    return false;
  }

  void crash() {
    crashed_ = true;
    armed_ = false;
    SeededRandom random(seed_);
    // Nothing, everything, or any part of what was not synced.
    const std::uint64_t mood = random.below(4);
    for (const char* rest : {"", "-wal", "-journal"}) {
      const auto found = states_.find(from_ + rest);
      std::ifstream in(from_ + rest, std::ios::binary | std::ios::ate);
      if (!in) continue;
      std::string bytes(static_cast<std::size_t>(in.tellg()), 0);
      in.seekg(0).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
      if (found != states_.end()) lose(bytes, found->second, random, mood);
      std::ofstream(to_ + rest, std::ios::binary) << bytes;
    }
    // The mark of the log (sqlite_wal.h) is never synced: it may be there in full, or not at all.
    if (std::ifstream mark(from_ + "-end", std::ios::binary); mark && random.below(2) == 0)
      std::ofstream(to_ + "-end", std::ios::binary) << mark.rdbuf();
  }

  void lose(std::string& bytes, const State& state, SeededRandom& random, std::uint64_t mood) {
    sqlite3_int64 size = state.size;
    const auto [low, high] = std::minmax(state.synced_size, state.size);
    if (mood == 0) size = state.synced_size;
    if (mood >= 2) size = low + static_cast<sqlite3_int64>(random.below(high - low + 1));
    bytes.resize(static_cast<std::size_t>(std::max(size, state.size)), 0);
    for (const auto& [number, versions] : state.unsynced) {
      const std::uint64_t last = versions.size() - 1;
      const std::uint64_t take = mood == 0 ? 0 : mood == 1 ? last : random.below(last + 1);
      Sector sector = versions[take];
      if (mood == 3 && take < last && random.below(8) == 0)  // torn: the head is one version newer
        std::copy_n(versions[take + 1].begin(), random.below(kSector), sector.begin());
      lost_ += take < last ? 1 : 0;
      const auto at = static_cast<std::size_t>(number * kSector);
      if (at >= bytes.size()) continue;
      std::copy_n(sector.begin(), std::min(sector.size(), bytes.size() - at),
                  bytes.begin() + static_cast<std::ptrdiff_t>(at));
    }
    bytes.resize(static_cast<std::size_t>(size));
  }

  static const sqlite3_io_methods& methods() {
    static const sqlite3_io_methods all = [] {
      sqlite3_io_methods out{};
      out.iVersion = 2;  // with shared memory, without mapped reads
      out.xClose = [](sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); };
      out.xRead = [](sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
        return real(f)->pMethods->xRead(real(f), to, size, at);
      };
      out.xWrite = write;
      out.xTruncate = truncate;
      out.xSync = sync;
      out.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
        return real(f)->pMethods->xFileSize(real(f), size);
      };
      out.xLock = [](sqlite3_file* f, int how) { return real(f)->pMethods->xLock(real(f), how); };
      out.xUnlock = [](sqlite3_file* f, int how) {
        return real(f)->pMethods->xUnlock(real(f), how);
      };
      out.xCheckReservedLock = [](sqlite3_file* f, int* held) {
        return real(f)->pMethods->xCheckReservedLock(real(f), held);
      };
      out.xFileControl = [](sqlite3_file* f, int what, void* value) {
        return real(f)->pMethods->xFileControl(real(f), what, value);
      };
      out.xSectorSize = [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); };
      out.xDeviceCharacteristics = [](sqlite3_file* f) {
        return real(f)->pMethods->xDeviceCharacteristics(real(f));
      };
      out.xShmMap = [](sqlite3_file* f, int region, int size, int extend, void volatile** to) {
        return real(f)->pMethods->xShmMap(real(f), region, size, extend, to);
      };
      out.xShmLock = [](sqlite3_file* f, int at, int count, int flags) {
        return real(f)->pMethods->xShmLock(real(f), at, count, flags);
      };
      out.xShmBarrier = [](sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); };
      out.xShmUnmap = [](sqlite3_file* f, int gone) {
        return real(f)->pMethods->xShmUnmap(real(f), gone);
      };
      return out;
    }();
    return all;
  }

  Lies lies_;
  sqlite3_vfs* system_ = nullptr;
  sqlite3_vfs vfs_{};
  std::map<std::string, State> states_;
  bool armed_ = false;
  bool crashed_ = false;
  std::uint64_t left_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t seed_ = 0;
  std::string from_;
  std::string to_;
};

}  // namespace detente::io
