#include "io/hook_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

// glibc 2.36 declares it without C linkage.
extern "C" {
#include <sys/pidfd.h>
}

namespace detente::io {
namespace {

// Of the station's own environment; never its passphrase.
constexpr std::array kPassedOn = {"HOME", "USER", "LOGNAME", "LANG", "TZ"};
constexpr const char* kPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// Both ends close themselves, and no other process that is started meanwhile gets them.
class Pipe {
 public:
  Pipe() { good_ = ::pipe2(ends_.data(), O_CLOEXEC | O_NONBLOCK) == 0; }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  bool good() const { return good_; }
  int read_end() const { return ends_[0]; }
  int write_end() const { return ends_[1]; }
  int take_read_end() { return std::exchange(ends_[0], -1); }
  void close_end(std::size_t end) {
    if (ends_[end] >= 0) ::close(std::exchange(ends_[end], -1));
  }
  // A program expects to wait when it reads or writes.
  void let_block(std::size_t end) const {
    static_cast<void>(::fcntl(ends_[end], F_SETFL, ::fcntl(ends_[end], F_GETFL) & ~O_NONBLOCK));
  }

 private:
  std::array<int, 2> ends_ = {-1, -1};
  bool good_ = false;
};

// What the child gets besides its words.
class SpawnSetup {
 public:
  SpawnSetup(int input, int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    posix_spawn_file_actions_addchdir_np(&actions_, "/");
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;
  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

std::vector<std::string> environment_of(const HookInput& input) {
  std::vector<std::string> out = {kPath};
  for (const char* name : kPassedOn)
    if (const char* value = std::getenv(name)) out.push_back(std::string(name) + "=" + value);
  for (const auto& [name, value] : input.environment) out.push_back(name + "=" + value);
  return out;
}

// As execve() takes them; they live as long as `texts` does.
std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

tl::unexpected<Error> not_started(const HookCommand& command, const std::string& what, int error) {
  return fail(Fault::kIo, "could not start " + command.words.front() + ": " + what + ": " +
                              std::strerror(error));
}

// The read end is open here, so the write cannot raise SIGPIPE; an empty pipe takes it at once.
bool fill(const Pipe& pipe, const std::string& bytes) {
  return bytes.empty() || ::write(pipe.write_end(), bytes.data(), bytes.size()) ==
                              static_cast<ssize_t>(bytes.size());
}

}  // namespace

Result<HookProcess> HookProcess::start(const HookCommand& command, const HookInput& input) {
  Pipe in, out;
  if (!in.good() || !out.good()) return not_started(command, "no pipe", errno);
  if (!fill(in, input.standard_input))
    return not_started(command, "its input does not fit a pipe", errno);
  in.close_end(1);
  in.let_block(0);
  out.let_block(1);
  auto words = command.words;
  auto variables = environment_of(input);
  const SpawnSetup setup(in.read_end(), out.write_end());
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, words.front().c_str(), setup.actions(), setup.attributes(),
                                  pointers(words).data(), pointers(variables).data());
  if (error != 0) return not_started(command, "check that the file is there and may be run", error);
  HookProcess made(pid, -1, out.take_read_end());
  made.end_ = ::pidfd_open(pid, 0);
  if (made.end_ < 0) return not_started(command, "its end could not be watched", errno);
  return made;
}

HookProcess::HookProcess(HookProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      end_(std::exchange(other.end_, -1)),
      output_(std::exchange(other.output_, -1)) {}

HookProcess::~HookProcess() {
  if (end_ >= 0) ::close(end_);
  if (output_ >= 0) ::close(output_);
  if (pid_ <= 0) return;
  signal_group(SIGKILL);
  // One that the kernel holds is reaped when this program ends: nobody waits for it here.
  static_cast<void>(::waitpid(pid_, nullptr, WNOHANG));
}

int HookProcess::take_end_descriptor() { return std::exchange(end_, -1); }
int HookProcess::take_output_descriptor() { return std::exchange(output_, -1); }

void HookProcess::signal_group(int signal) const {
  if (pid_ > 0) static_cast<void>(::kill(-pid_, signal));
}

bool HookProcess::has_ended() const {
  siginfo_t info{};
  const auto id = static_cast<id_t>(pid_);
  return ::waitid(P_PID, id, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == pid_;
}

HookOutcome HookProcess::finish() {
  signal_group(SIGKILL);
  int status = 0;
  const pid_t reaped = ::waitpid(std::exchange(pid_, -1), &status, WNOHANG);
  HookOutcome out;
  if (reaped <= 0) {
    out.kind = HookOutcome::Kind::kNotStarted;
    out.reason = "the system does not say how it ended";
  } else if (WIFSIGNALED(status)) {
    out.kind = HookOutcome::Kind::kSignal;
    out.code = WTERMSIG(status);
  } else if (WEXITSTATUS(status) != 0) {
    out.kind = HookOutcome::Kind::kExit;
    out.code = WEXITSTATUS(status);
  }
  return out;
}

}  // namespace detente::io
