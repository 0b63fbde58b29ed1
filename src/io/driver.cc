#include "io/driver.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <csignal>
#include <exception>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "io/commit_thread.h"
#include "io/detached.h"
#include "io/os_clock.h"
#include "io/tcp_bearer.h"
#include "io/udp_bearer.h"

namespace detente::io {

namespace asio = boost::asio;

namespace {

// A deadline that is past already after it was served waits this long: no fault of the core may
// take a whole processor.
constexpr Duration kDeadlinePause = std::chrono::milliseconds(1);

asio::steady_timer::time_point to_time_point(Instant at) {
  return asio::steady_timer::time_point(std::chrono::microseconds(at.micros));
}

}  // namespace

struct Driver::Runtime {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  asio::steady_timer timer{context};
  std::optional<Instant> armed;
  std::optional<asio::signal_set> signals;
  std::vector<std::unique_ptr<Bearer>> bearers;  // by SocketId
  RouteTable routes{context, bearers};
  std::vector<core::Persist> asked;  // in order, not yet given to anybody
  std::size_t under_way = 0;         // commits that the thread has
  std::mutex finished_mutex;
  std::condition_variable finished_some;
  std::vector<CommitThread::Outcome> finished;  // by the thread, not yet told to the station
  bool started = false;
  watch::WallHistory walls;
  std::optional<CommitThread> commits;  // ends first: it posts to the context

  static asio::awaitable<void> keep_deadlines(Driver& driver);
  static asio::awaitable<void> repeat(asio::io_context& context, Duration period,
                                      std::function<void()> work);
};

Driver::Driver(DriverParts parts)
    : parts_(parts),
      station_(parts.keys, parts.jitter, parts.store),
      runtime_(std::make_unique<Runtime>()) {}

Driver::~Driver() {
  if (runtime_->commits) runtime_->commits->stop();
}

asio::io_context& Driver::context() { return runtime_->context; }
Now Driver::now() const {
  const Now now = os_now();
  runtime_->walls.look(now);
  return now;
}

const watch::WallHistory& Driver::walls() const { return runtime_->walls; }

Result<core::SocketId> Driver::add_socket(BearerKind kind, const std::string& host,
                                          std::uint16_t port) {
  std::unique_ptr<Bearer> bearer;
  if (kind == BearerKind::kUdp) {
    DETENTE_TRY(made, UdpBearer::listen(runtime_->context, host, port));
    bearer = std::move(made);
  } else {
    DETENTE_TRY(made, listen_tcp(runtime_->context, parts_.jitter, host, port));
    bearer = std::move(made);
  }
  const core::SocketId id{static_cast<std::uint16_t>(runtime_->bearers.size())};
  runtime_->bearers.push_back(std::move(bearer));
  if (runtime_->started) listen(id.value);
  return id;
}

std::uint16_t Driver::port_of(core::SocketId socket) const {
  return runtime_->bearers.at(socket.value)->local_port();
}

PeerId Driver::add_peer(core::PeerSetup setup) { return station_.add_peer(std::move(setup)); }

Result<void> Driver::set_routes(PeerId peer, const std::vector<RouteTo>& routes) {
  return runtime_->routes.set(peer, routes);
}

Result<void> Driver::start() {
  runtime_->commits.emplace(parts_.store, parts_.when_idle,
                            [this](std::vector<CommitThread::Outcome> outcomes) {
                              {
                                const std::lock_guard guard(runtime_->finished_mutex);
                                std::move(outcomes.begin(), outcomes.end(), std::back_inserter(runtime_->finished));
                              }
                              runtime_->finished_some.notify_one();
                              asio::post(runtime_->context, [this] { take_finished(); });
                            });
  DETENTE_TRY_VOID(station_.start(now()));
  for (std::size_t i = 0; i < runtime_->bearers.size(); ++i) listen(i);
  runtime_->started = true;
  carry_out();
  asio::co_spawn(runtime_->context, Runtime::keep_deadlines(*this), ends_all);
  return {};
}

void Driver::listen(std::size_t socket) {
  const core::SocketId id{static_cast<std::uint16_t>(socket)};
  Bearer& bearer = *runtime_->bearers[socket];
  bearer.start([this, id, &bearer](ByteView datagram, Origin& origin) {
    const std::uint64_t dropped = station_.datagrams_dropped();
    if (const auto heard = station_.on_datagram(now(), id, datagram)) runtime_->routes.heard(*heard, bearer, origin);
    // What was dropped changed nothing, and strangers may send a million of such a second.
    if (station_.datagrams_dropped() == dropped || station_.has_effects()) carry_out();
  });
}

void Driver::take_finished() {
  std::vector<CommitThread::Outcome> outcomes;
  {
    const std::lock_guard guard(runtime_->finished_mutex);
    outcomes.swap(runtime_->finished);
  }
  runtime_->under_way -= outcomes.size();
  for (const CommitThread::Outcome& outcome : outcomes) persisted(outcome.token, outcome.error);
}

// Until nothing that was asked of the disk is under way, and nothing that follows from it.
void Driver::settle() {
  while (!station_.settled()) {
    for (core::Persist& persist : std::exchange(runtime_->asked, {})) {
      ++runtime_->under_way;
      runtime_->commits->push(std::move(persist));
    }
    {
      std::unique_lock lock(runtime_->finished_mutex);
      runtime_->finished_some.wait(lock, [this] { return !runtime_->finished.empty(); });
    }
    take_finished();
  }
}

void Driver::run() {
  runtime_->context.run();
  if (!runtime_->commits) return;
  for (core::Persist& persist : std::exchange(runtime_->asked, {}))
    runtime_->commits->push(std::move(persist));
  runtime_->commits->stop();
}

void Driver::ask_commit(core::Persist persist) {
  runtime_->asked.push_back(std::move(persist));
  // What else is ready is handled first and shares the commit.
  if (runtime_->asked.size() == 1) asio::post(runtime_->context, [this] { give_commits(); });
}

void Driver::give_commits() {
  std::vector<core::Persist> asked = std::exchange(runtime_->asked, {});
  if (asked.size() == 1 && runtime_->under_way == 0 &&
      station_.waited_for(asked.front().token)) {
    const CommitThread::Outcome outcome = runtime_->commits->commit_now(std::move(asked.front()));
    persisted(outcome.token, outcome.error);
    runtime_->commits->expect_quiet();
    return;
  }
  runtime_->under_way += asked.size();
  for (core::Persist& persist : asked) runtime_->commits->push(std::move(persist));
}

void Driver::stop() {
  asio::post(runtime_->context, [this] {
    station_.close(now());
    carry_out();
    for (auto& bearer : runtime_->bearers) bearer->close();
    runtime_->context.stop();
  });
}

void Driver::on_stop_signals(std::function<void()> on_signal) {
  // Whoever reads the log may go away: the station stays. A hook's program gets the signal as usual.
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  runtime_->signals.emplace(runtime_->context, SIGTERM, SIGINT);
  runtime_->signals->async_wait(
      [on_signal = std::move(on_signal)](const boost::system::error_code& error, int) {
        if (!error) on_signal();
      });
}

void Driver::post(std::function<void()> work) { asio::post(runtime_->context, std::move(work)); }

asio::awaitable<void> Driver::Runtime::repeat(asio::io_context& context, Duration period,
                                              std::function<void()> work) {
  asio::steady_timer timer(context);
  boost::system::error_code error;
  while (!error) {
    timer.expires_after(period);
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (!error) work();
  }
}

void Driver::after(Duration delay, std::function<void()> work) {
  auto timer = std::make_shared<asio::steady_timer>(runtime_->context, delay);
  timer->async_wait([timer, work = std::move(work)](const boost::system::error_code& error) {
    if (!error) work();
  });
}

void Driver::every(Duration period, std::function<void()> work) {
  asio::co_spawn(runtime_->context, Runtime::repeat(runtime_->context, period, std::move(work)),
                 ends_all);
}

asio::awaitable<void> Driver::Runtime::keep_deadlines(Driver& driver) {
  Runtime& self = *driver.runtime_;
  for (;;) {
    self.timer.expires_at(self.armed ? to_time_point(*self.armed)
                                     : asio::steady_timer::time_point::max());
    boost::system::error_code woken;  // set when the timer was armed anew
    co_await self.timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    const std::optional<Instant> due = driver.station_.next_deadline();
    const Now now = driver.now();
    self.armed = due;
    if (!due || *due > now.mono) continue;
    driver.station_.on_deadline(now);
    driver.carry_out();
    self.armed = driver.station_.next_deadline();
    if (self.armed) self.armed = std::max(*self.armed, now.mono + kDeadlinePause);
  }
}

// A later deadline than the armed one needs no call: the timer looks again when it fires.
void Driver::arm_timer() {
  const std::optional<Instant> due = station_.next_deadline();
  if (!due || (runtime_->armed && *runtime_->armed <= *due)) return;
  runtime_->armed = due;
  runtime_->timer.cancel();
}

void Driver::persisted(std::uint64_t token, const std::optional<Error>& error) {
  if (error) {
    station_.on_persist_failed(now(), token, *error);
  } else {
    station_.on_persisted(now(), token);
  }
  carry_out();
}

void Driver::carry_out() {
  if (carrying_) return;  // the outer call takes them in order
  const std::exception_ptr thrown = carry_all();
  arm_timer();
  if (thrown) std::rethrow_exception(thrown);
}

// What an observer threw: whoever called hears of it at the end, and all else has been carried out and told.
std::exception_ptr Driver::carry_all() {
  // Set back also when something throws on the way: the driver would else carry nothing any more, without a word.
  struct Carried {
    explicit Carried(bool& flag) : carrying(flag) { carrying = true; }
    ~Carried() { carrying = false; }
    bool& carrying;
  };
  const Carried carried(carrying_);
  std::exception_ptr thrown;
  std::vector<core::DeskEvent> events;
  for (std::vector<core::Effect> effects = station_.take_effects(); !effects.empty();
       effects = station_.take_effects()) {
    for (core::Effect& effect : effects) {
      if (auto* send = std::get_if<core::SendDatagram>(&effect)) {
        runtime_->routes.send(*send);
      } else if (auto* persist = std::get_if<core::Persist>(&effect)) {
        ask_commit(std::move(*persist));
      } else {
        events.push_back(std::move(std::get<core::Notify>(effect).event));
      }
    }
    // Whoever looks on must not hold up what is to be sent: what happened is told last.
    for (const core::DeskEvent& event : std::exchange(events, {})) {
      try {
        if (observer_) observer_(event);
      } catch (...) {
        thrown = std::current_exception();
      }
    }
  }
  return thrown;
}

Result<core::SubmissionId> Driver::submit(PeerId peer, LineId line, record::Entry entry,
                                          const std::function<void(core::SubmissionId)>& accepted, core::IfCut if_cut) {
  Result<core::SubmissionId> id = station_.submit(now(), peer, line, std::move(entry), if_cut);
  if (id && accepted) accepted(*id);
  carry_out();
  return id;
}

std::size_t Driver::withdraw(PeerId peer, LineId line, const core::Line::Pick& pick, const std::string& why) {
  const std::size_t taken = station_.withdraw(now(), peer, line, pick, why);
  carry_out();
  return taken;
}

void Driver::set_far(PeerId peer, const std::optional<core::FarKeys>& keys, core::FormerStations former) {
  station_.set_far(now(), peer, keys, std::move(former));
  carry_out();
}

void Driver::judge_again(PeerId peer) {
  station_.judge_again(now(), peer);
  carry_out();
}

Result<void> Driver::take_back_lift(PeerId peer, LineId line) {
  Result<void> done = station_.take_back_lift(now(), peer, line);
  carry_out();
  return done;
}

void Driver::hold_successor(PeerId peer, std::optional<core::Successor> successor) {
  station_.hold_successor(now(), peer, std::move(successor));
  carry_out();
}

void Driver::leave_peer(PeerId peer, const std::vector<LineId>& retired, const std::string& why) {
  station_.leave_peer(now(), peer, retired, why);
  carry_out();
  settle();
}

Result<void> Driver::replace_peer(core::PeerSetup setup) {
  settle();
  Result<void> done = station_.replace_peer(now(), std::move(setup));
  carry_out();
  return done;
}

void Driver::hear_also(PeerId peer, core::SocketId socket, PathId path) { station_.hear_also(peer, socket, path); }

Result<void> Driver::discard(PeerId peer, LineId line, core::SubmissionId id, const std::string& why) {
  Result<void> done = station_.discard(now(), peer, line, id, why);
  carry_out();
  return done;
}

Result<void> Driver::release_announcement(PeerId peer, const line::ActPlace& at) {
  Result<void> done = station_.release_announcement(now(), peer, at);
  carry_out();
  return done;
}

void Driver::announcement_released(PeerId peer, const line::ActPlace& at) {
  station_.announcement_released(now(), peer, at);
  carry_out();
}

void Driver::announcement_due_again(PeerId peer, const line::ActPlace& at) {
  station_.announcement_due_again(now(), peer, at);
  carry_out();
}

Result<core::SubmissionId> Driver::put_document(PeerId peer, const core::DocumentPart& part,
                                                const std::function<void(core::SubmissionId)>& accepted) {
  Result<core::SubmissionId> id = station_.put_document(now(), peer, part);
  if (id && accepted) accepted(*id);
  carry_out();
  return id;
}

Result<core::CourierId> Driver::pack_courier(PeerId peer, const std::optional<core::CourierAct>& act,
                                             const CourierAccepted& accepted) {
  const Result<core::CourierId> id = station_.pack_courier(now(), peer, act);
  if (id) accepted(*id);
  carry_out();
  return id;
}

Result<core::CourierId> Driver::take_courier(PeerId peer, ByteView file, const CourierAccepted& accepted) {
  const Result<core::CourierId> id = station_.take_courier(now(), peer, file);
  if (id) accepted(*id);
  carry_out();
  return id;
}

PathTraffic Driver::traffic(PeerId peer, PathId path) const { return runtime_->routes.traffic(peer, path); }
PathTrouble Driver::path_trouble(PeerId peer, PathId path) const { return runtime_->routes.trouble(peer, path); }

std::uint64_t Driver::datagrams_not_sent() const {
  std::uint64_t sum = runtime_->routes.nowhere();
  for (const auto& bearer : runtime_->bearers) sum += bearer->not_sent();
  return sum;
}

}  // namespace detente::io
