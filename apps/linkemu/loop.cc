#include "loop.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>

#include <cerrno>

namespace detente::linkemu {
namespace {

sigset_t ending_signals() {
  sigset_t out;
  ::sigemptyset(&out);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&out, number);
  return out;
}

Instant monotonic() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return {std::int64_t{t.tv_sec} * 1'000'000 + t.tv_nsec / 1000};
}

timespec until(Instant deadline, Instant now) {
  const std::int64_t micros = std::max<std::int64_t>((deadline - now).count(), 0);
  return {micros / 1'000'000, micros % 1'000'000 * 1000};
}

void hand_over(Ends& ends, Link& link, Instant now) {
  for (const Direction d : kDirections)
    while (auto packet = link.channel(d).pop_due(now))
      if (!ends.deliver(d, std::move(*packet))) link.channel(d).count_no_receiver();
}

}  // namespace

Result<void> block_signals() {
  const sigset_t signals = ending_signals();
  if (::sigprocmask(SIG_BLOCK, &signals, nullptr) != 0) return fail_errno("signals");
  return {};
}

Result<void> run_loop(Ends& ends, Link& link, Control* control) {
  const sigset_t signals = ending_signals();
  const Fd ending(::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!ending) return fail_errno("signals");
  ::prctl(PR_SET_TIMERSLACK, 1UL);  // the default of 50 us would add up at high rates
  std::vector<pollfd> watched;
  while (true) {
    const Instant now = monotonic();
    ends.receive(now, link);
    hand_over(ends, link, now);
    if (!ends.alive())
      return fail(Fault::kIo, ends.describe() + ": an end is gone; start the emulator again");
    if (control && !control->serve(now, link)) return {};
    watched.assign(1, {ending.get(), POLLIN, 0});
    ends.watch(link, watched);
    if (control) control->watch(watched);
    const auto deadline = link.next_deadline();
    const timespec wait = deadline ? until(*deadline, monotonic()) : timespec{};
    if (::ppoll(watched.data(), watched.size(), deadline ? &wait : nullptr, nullptr) < 0 &&
        errno != EINTR)
      return fail_errno("poll");
    if (watched.front().revents != 0) return {};
  }
}

}  // namespace detente::linkemu
