#include "io/hook.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <deque>
#include <set>
#include <string_view>
#include <utility>

#include "io/hook_process.h"
#include "wire/text.h"

namespace detente::io {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr Duration kGrace = std::chrono::seconds(2);  // from SIGTERM to SIGKILL
// What is beyond the output that is kept is read so much at a time, and thrown away: a hook that
// floods waits, not the station.
constexpr std::size_t kHookReadBytes = 64 * 1024;
constexpr Duration kFloodPause = std::chrono::milliseconds(20);

struct Asked {
  HookCommand command;
  HookInput input;
  HookRunner::Done done;
};

Result<void> check_input(const HookInput& input) {
  if (input.environment.size() > kHookVariablesMax)
    return fail(Fault::kLimit, "a hook is given at most 64 variables");
  for (const auto& [name, value] : input.environment) {
    const bool named = name.starts_with("DETENTE_") && name.size() <= 64 &&
                       std::all_of(name.begin(), name.end(), [](char c) {
                         return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
                       });
    if (!named)
      return fail(Fault::kMalformed, "\"" + wire::display_line(name.substr(0, 80)) +
                                         "\" is no name for a hook's variable: DETENTE_ and "
                                         "capital letters, digits, _");
    if (value.size() > kHookValueBytesMax || value.find('\0') != std::string::npos)
      return fail(Fault::kLimit, name + ": at most 4096 bytes, none of them zero");
  }
  if (input.standard_input.size() > kHookInputBytesMax)
    return fail(Fault::kLimit, "a hook is given at most 32 kB on its standard input");
  return {};
}

// Of a text that was cut at a byte: the start of a character goes.
std::string_view whole_characters(std::string_view text) {
  std::size_t size = text.size(), back = 0;
  while (back < 3 && size > 0 && (static_cast<unsigned char>(text[size - 1]) & 0xc0) == 0x80)
    --size, ++back;
  return size > 0 && static_cast<unsigned char>(text[size - 1]) >= 0xc0 ? text.substr(0, size - 1)
                                                                        : text;
}

// One hook from its start to its end.
class Job : public std::enable_shared_from_this<Job> {
 public:
  using Ended = std::function<void(const std::shared_ptr<Job>&)>;

  Job(asio::io_context& context, HookProcess process, Asked asked)
      : process_(std::move(process)),
        asked_(std::move(asked)),
        end_(context, process_.take_end_descriptor()),
        output_(context, process_.take_output_descriptor()),
        limit_(context),
        flood_(context) {}

  void start(Ended ended) {
    ended_ = std::move(ended);
    wait_for_end();
    read_later();
    wait_for(asked_.command.time_limit, [](Job& job) { job.on_limit(); });
  }

  // Nobody is told.
  void abandon() {
    asked_.done = nullptr;
    ended_ = nullptr;
    process_.signal_group(SIGKILL);
    release();
  }

 private:
  // The reactor may wake this up for a descriptor that had the same number before: then once more.
  void wait_for_end() {
    end_.async_wait(asio::posix::stream_descriptor::wait_read,
                    [self = shared_from_this()](error_code error) {
                      if (error || self->over_) return;
                      if (!self->process_.has_ended()) return self->wait_for_end();
                      self->on_end();
                    });
  }

  void wait_for(Duration time, void (*then)(Job&)) {
    limit_.expires_after(time);
    limit_.async_wait([self = shared_from_this(), then](error_code error) {
      if (!error && !self->over_) then(*self);
    });
  }

  void on_limit() {
    timed_out_ = true;
    process_.signal_group(SIGTERM);
    wait_for(kGrace, [](Job& job) { job.on_grace_over(); });
  }

  // What the kernel does not let go even now ends later; the person is told now.
  void on_grace_over() {
    process_.signal_group(SIGKILL);
    wait_for(kGrace, [](Job& job) { job.tell({}); });
  }

  void on_end() {
    HookOutcome outcome = process_.finish();
    read_some();
    tell(std::move(outcome));
    release();
    if (const Ended ended = std::exchange(ended_, nullptr)) ended(shared_from_this());
  }

  void tell(HookOutcome outcome) {
    if (timed_out_) outcome.kind = HookOutcome::Kind::kTimedOut;
    outcome.output_is_cut = kept_.size() > kHookOutputBytesMax;
    const std::string_view kept = std::string_view(kept_).substr(0, kHookOutputBytesMax);
    outcome.output = wire::display_text(outcome.output_is_cut ? whole_characters(kept) : kept);
    if (const HookRunner::Done done = std::exchange(asked_.done, nullptr)) done(outcome);
  }

  void release() {
    over_ = true;
    limit_.cancel();
    flood_.cancel();
    error_code ignored;
    static_cast<void>(end_.close(ignored));
    static_cast<void>(output_.close(ignored));
  }

  void read_later() {
    output_.async_wait(asio::posix::stream_descriptor::wait_read,
                       [self = shared_from_this()](error_code error) {
                         if (error || self->over_ || !self->read_some()) return;
                         if (self->kept_.size() <= kHookOutputBytesMax) return self->read_later();
                         self->flood_.expires_after(kFloodPause);
                         self->flood_.async_wait([self](error_code late) {
                           if (!late && !self->over_) self->read_later();
                         });
                       });
  }

  // False at the end of the output.
  bool read_some() {
    std::array<char, kHookReadBytes> buffer;
    const ssize_t size = ::read(output_.native_handle(), buffer.data(), buffer.size());
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    // One byte more than is kept: that there was more.
    const std::size_t room = kHookOutputBytesMax + 1 - kept_.size();
    kept_.append(buffer.data(), std::min(room, static_cast<std::size_t>(size)));
    return size > 0;
  }

  HookProcess process_;
  Asked asked_;
  Ended ended_;
  asio::posix::stream_descriptor end_, output_;
  asio::steady_timer limit_, flood_;
  std::string kept_;
  bool timed_out_ = false;
  bool over_ = false;
};

}  // namespace

std::string HookOutcome::words(const HookCommand& command) const {
  switch (kind) {
    case Kind::kOk: return "did its work";
    case Kind::kExit: return "ended with status " + std::to_string(code);
    case Kind::kSignal: {
      const char* name = ::sigabbrev_np(code);
      return "was ended by signal " + std::to_string(code) +
             (name == nullptr ? "" : " (SIG" + std::string(name) + ")");
    }
    case Kind::kTimedOut:
      return "was killed: it ran longer than " +
             std::to_string(command.time_limit / std::chrono::seconds(1)) + " s";
    case Kind::kNotStarted:
    case Kind::kDropped: return reason;
  }
  return reason;
}

struct HookRunner::Runtime : std::enable_shared_from_this<HookRunner::Runtime> {
  explicit Runtime(asio::io_context& run_by) : context(run_by) {}

  // From the event loop alone, so that no result comes from within run().
  void tell_later(Asked asked, HookOutcome outcome) {
    asio::post(context, [weak = weak_from_this(), done = std::move(asked.done),
                         outcome = std::move(outcome)] {
      if (weak.lock()) done(outcome);
    });
  }

  void start_what_waits() {
    while (!queue.empty() && jobs.size() < kHooksAtOnce) {
      Asked asked = std::move(queue.front());
      queue.pop_front();
      Result<HookProcess> process = HookProcess::start(asked.command, asked.input);
      if (!process) {
        HookOutcome outcome;
        outcome.kind = HookOutcome::Kind::kNotStarted;
        outcome.reason = process.error().message;
        tell_later(std::move(asked), std::move(outcome));
        continue;
      }
      const auto job = std::make_shared<Job>(context, std::move(*process), std::move(asked));
      jobs.insert(job);
      job->start([weak = weak_from_this()](const std::shared_ptr<Job>& ended) {
        const auto runtime = weak.lock();
        if (!runtime) return;
        runtime->jobs.erase(ended);
        runtime->start_what_waits();
      });
    }
  }

  void drop_oldest() {
    HookOutcome outcome;
    outcome.kind = HookOutcome::Kind::kDropped;
    outcome.reason = "was not run: " + std::to_string(kHooksWaitingMax) +
                     " newer ones waited; see why hooks take so long";
    tell_later(std::move(queue.front()), std::move(outcome));
    queue.pop_front();
  }

  asio::io_context& context;
  std::set<std::shared_ptr<Job>> jobs;
  std::deque<Asked> queue;
};

HookRunner::HookRunner(asio::io_context& context) : runtime_(std::make_shared<Runtime>(context)) {
  // Inherited as ignored, it would make the system forget how a child ended.
  struct sigaction held {};
  if (::sigaction(SIGCHLD, nullptr, &held) == 0 && held.sa_handler == SIG_IGN)
    static_cast<void>(::signal(SIGCHLD, SIG_DFL));
}

HookRunner::~HookRunner() {
  for (const auto& job : std::exchange(runtime_->jobs, {})) job->abandon();
}

Result<void> HookRunner::run(HookCommand command, HookInput input, Done done) {
  DETENTE_TRY_VOID(check_hook_command(command.words));
  DETENTE_TRY_VOID(check_input(input));
  runtime_->queue.push_back({std::move(command), std::move(input), std::move(done)});
  runtime_->start_what_waits();
  if (runtime_->queue.size() > kHooksWaitingMax) runtime_->drop_oldest();
  return {};
}

std::size_t HookRunner::running() const { return runtime_->jobs.size(); }
std::size_t HookRunner::waiting() const { return runtime_->queue.size(); }

}  // namespace detente::io
