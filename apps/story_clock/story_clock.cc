// Loaded before a program (LD_PRELOAD), it puts the program's wall clock so many seconds ahead of the machine's, or
// behind it, as the file $DETENTE_STORY_CLOCK says: 8 bytes, a number of this machine, which its writer may change at
// any time, for all programs at once. What measures how long something takes is left alone, timers too: libfaketime
// 0.9.10 shifts a timerfd of the monotonic clock as well, and with a date in the past such a timer never comes.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace {

const std::atomic<std::int64_t>* seconds_ahead = nullptr;

__attribute__((constructor)) void open_file() {
  const char* name = std::getenv("DETENTE_STORY_CLOCK");
  if (name == nullptr) return;
  const int fd = open(name, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  void* mapped = mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped != MAP_FAILED) seconds_ahead = static_cast<const std::atomic<std::int64_t>*>(mapped);
}

int read_clock(clockid_t clock, timespec* out) {
  const int done = static_cast<int>(syscall(SYS_clock_gettime, clock, out));
  const bool wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  if (done == 0 && wall && seconds_ahead != nullptr) out->tv_sec += seconds_ahead->load(std::memory_order_relaxed);
  return done;
}

}  // namespace

#define DETENTE_SHOWN extern "C" __attribute__((visibility("default")))

DETENTE_SHOWN int clock_gettime(clockid_t clock, timespec* out) noexcept { return read_clock(clock, out); }

DETENTE_SHOWN int gettimeofday(timeval* out, void*) noexcept {
  timespec now{};
  const int done = read_clock(CLOCK_REALTIME, &now);
  *out = {now.tv_sec, now.tv_nsec / 1000};
  return done;
}

DETENTE_SHOWN time_t time(time_t* out) noexcept {
  timespec now{};
  read_clock(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}
