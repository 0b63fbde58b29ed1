// Real programs, among them those that hang, flood, do not read and do not exist.
#include "io/hook.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "io/os_clock.h"

namespace detente::io {
namespace {

using namespace std::chrono_literals;
using Kind = HookOutcome::Kind;
constexpr Duration kHookPatience = 20s;

class Hook : public testing::Test {
 protected:
  Hook() : folder_(std::filesystem::temp_directory_path() / ("hook-" + std::to_string(getpid()))) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
    runner_.emplace(context_);
  }
  ~Hook() override { std::filesystem::remove_all(folder_); }

  // A script of the site, by its path.
  std::string script(const std::string& name, const std::string& body) {
    const auto path = folder_ / name;
    std::ofstream(path) << "#!/bin/sh\n" << body;
    ::chmod(path.c_str(), 0700);
    return path.string();
  }

  std::string file(const std::string& name) const {
    std::ifstream in(folder_ / name);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }

  void wait_until(const std::function<bool()>& condition) {
    const Instant end = os_now().mono + kHookPatience;
    while (!condition()) {
      ASSERT_LT(os_now().mono, end) << "nothing came";
      context_.restart();
      context_.run_for(5ms);
    }
  }

  HookOutcome outcome_of(std::vector<std::string> words, HookInput input = {},
                         Duration limit = kHookPatience) {
    std::optional<HookOutcome> out;
    const auto started = runner_->run({std::move(words), limit}, std::move(input),
                                      [&](const HookOutcome& outcome) { out = outcome; });
    EXPECT_TRUE(started) << started.error().message;
    EXPECT_FALSE(out) << "not from within run()";
    wait_until([&] { return out.has_value(); });
    return out.value_or(HookOutcome());
  }

  // That a script wrote; 0 until then.
  pid_t pid_in(const std::string& name) const { return std::atoi(file(name).c_str()); }
  static bool gone(pid_t pid) {
    if (::kill(pid, 0) != 0) return errno == ESRCH;
    // Killed and not yet reaped by whoever took it over counts as gone.
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(stat, text);
    return text.find(") Z ") != std::string::npos;
  }

  std::filesystem::path folder_;
  boost::asio::io_context context_{1};
  std::optional<HookRunner> runner_;
};

TEST_F(Hook, GetsItsWordsItsVariablesAndItsInputExactly) {
  const std::string program =
      script("exact", "printf '%s|' \"$@\" >" + (folder_ / "words").string() + "\nenv >" +
                          (folder_ / "env").string() + "\ncat >" + (folder_ / "stdin").string() +
                          "\npwd\nls /proc/self/fd | wc -l\n");
  const std::string hostile = "$(touch owned); `id` \"'\\ %s\nsecond line\0after a zero";
  std::string input(hostile);
  input.append(1, '\0').append(kHookInputBytesMax - input.size(), 'x');
  ::setenv("DETENTE_PASSPHRASE", "of the station", 1);
  const HookOutcome outcome =
      outcome_of({program, "--to", "a b", "$HOME"},
                 {{{"DETENTE_WORDS", hostile}, {"DETENTE_LINE", ""}}, input});
  ::unsetenv("DETENTE_PASSPHRASE");
  EXPECT_TRUE(outcome.good()) << outcome.words({}) << outcome.output;
  EXPECT_EQ(outcome.output, "/\n4\n") << "the fourth is ls's own";
  EXPECT_EQ(file("words"), "--to|a b|$HOME|");
  EXPECT_EQ(file("stdin"), input);
  const std::string environment = file("env");
  EXPECT_NE(environment.find("DETENTE_WORDS=" + hostile + "\n"), std::string::npos) << environment;
  EXPECT_NE(environment.find("DETENTE_LINE=\n"), std::string::npos) << environment;
  EXPECT_EQ(environment.find("DETENTE_PASSPHRASE"), std::string::npos) << environment;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "owned"));
}

TEST_F(Hook, SaysHowItEnded) {
  const HookOutcome failed = outcome_of({script("fails", "echo no bell >&2; exit 3\n")});
  EXPECT_EQ(failed.kind, Kind::kExit);
  EXPECT_EQ(failed.code, 3);
  EXPECT_EQ(failed.output, "no bell\n");
  EXPECT_EQ(failed.words({}), "ended with status 3");
  const HookOutcome killed = outcome_of({script("dies", "kill -9 $$\n")});
  EXPECT_EQ(killed.kind, Kind::kSignal);
  EXPECT_EQ(killed.words({}), "was ended by signal 9 (SIGKILL)");
}

TEST_F(Hook, ThatDoesNotExistIsSaid) {
  std::ofstream(folder_ / "text") << "no program";
  for (const std::string& path : {(folder_ / "none").string(), (folder_ / "text").string()}) {
    const HookOutcome outcome = outcome_of({path});
    EXPECT_EQ(outcome.kind, Kind::kNotStarted);
    EXPECT_NE(outcome.words({}).find(path), std::string::npos) << outcome.words({});
  }
  EXPECT_EQ(runner_->running(), 0u);
}

TEST_F(Hook, ThatHangsIsKilledWithItsGrandchild) {
  const std::string pids = (folder_ / "grandchild").string();
  // Both ignore SIGTERM, and the grandchild holds the output open.
  const std::string program = script(
      "hangs", "trap '' TERM\n(trap '' TERM; while :; do tail -f /dev/null; done) &\necho $! >" +
                   pids + "\necho waiting\nwhile :; do wait; done\n");
  const HookOutcome outcome = outcome_of({program}, {}, 1500ms);
  EXPECT_EQ(outcome.kind, Kind::kTimedOut);
  EXPECT_EQ(outcome.output, "waiting\n");
  EXPECT_EQ(outcome.words({{}, 300s}), "was killed: it ran longer than 300 s");
  ASSERT_GT(pid_in("grandchild"), 1);
  wait_until([&] { return gone(pid_in("grandchild")); });
  EXPECT_EQ(runner_->running(), 0u);
}

TEST_F(Hook, ThatHeedsSigtermEndsAtItsLimit) {
  const Instant begin = os_now().mono;
  const HookOutcome outcome = outcome_of({"/usr/bin/tail", "-f", "/dev/null"}, {}, 100ms);
  EXPECT_EQ(outcome.kind, Kind::kTimedOut);
  EXPECT_LT(os_now().mono - begin, Duration(2s)) << "no need of SIGKILL";
}

TEST_F(Hook, LeavesNothingBehindInItsGroup) {
  const std::string program =
      script("leaves", "tail -f /dev/null &\necho $! >" + (folder_ / "left").string() + "\n");
  EXPECT_TRUE(outcome_of({program}).good());
  ASSERT_GT(pid_in("left"), 1);
  wait_until([&] { return gone(pid_in("left")); });
}

TEST_F(Hook, ThatFloodsKeepsItsFirstBytesAndBlocksNobody) {
  std::size_t ticks = 0;
  boost::asio::steady_timer timer(context_);
  const std::function<void()> tick = [&] {
    timer.expires_after(10ms);
    timer.async_wait([&](const boost::system::error_code& error) {
      if (error) return;
      ++ticks;
      tick();
    });
  };
  tick();
  const HookOutcome outcome = outcome_of({script("floods", "yes 'né ring'\n")}, {}, 1s);
  timer.cancel();
  EXPECT_EQ(outcome.kind, Kind::kTimedOut);
  EXPECT_TRUE(outcome.output_is_cut);
  EXPECT_LE(outcome.output.size(), kHookOutputBytesMax);
  EXPECT_GT(outcome.output.size(), kHookOutputBytesMax - 4);
  EXPECT_TRUE(outcome.output.starts_with("né ring\nné ring\n"));
  EXPECT_GT(ticks, 20u) << "the loop goes on";
}

TEST_F(Hook, ThatSaysMuchAndEndsIsGood) {
  const HookOutcome outcome = outcome_of({script("chats", "yes | head -c 500000\n")});
  EXPECT_TRUE(outcome.good());
  EXPECT_TRUE(outcome.output_is_cut);
}

TEST_F(Hook, CutsItsOutputBetweenCharacters) {
  const HookOutcome outcome = outcome_of({script("cut", "printf x; yes '한' | head -c 9000\n")});
  EXPECT_TRUE(outcome.output_is_cut);
  EXPECT_EQ(outcome.output.find("<byte"), std::string::npos) << "no half character";
}

TEST_F(Hook, ShowsNothingHarmfulOfItsOutput) {
  const HookOutcome outcome = outcome_of({script("paints", "printf '\\033[31mred\\377'\n")});
  EXPECT_EQ(outcome.output, "<U+001B>[31mred<byte FF>");
}

TEST_F(Hook, ThatClosesItsInputAtOnceIsGood) {
  const std::string big(kHookInputBytesMax, 'y');
  EXPECT_TRUE(outcome_of({script("closes", "exec <&-\nexit 0\n")}, {{}, big}).good());
  EXPECT_TRUE(outcome_of({"/bin/true"}, {{}, big}).good()) << "nor one that never reads";
}

TEST_F(Hook, GetsNoSignalsBlockedOrIgnored) {
  sigset_t blocked, held;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, &blocked, &held), 0);
  const auto pipe = ::signal(SIGPIPE, SIG_IGN);
  const auto child = ::signal(SIGCHLD, SIG_IGN);
  runner_.emplace(context_);
  const HookOutcome outcome =
      outcome_of({"/bin/grep", "-E", "^Sig(Blk|Ign):", "/proc/self/status"});
  ::signal(SIGPIPE, pipe);
  ::signal(SIGCHLD, child);
  ::pthread_sigmask(SIG_SETMASK, &held, nullptr);
  EXPECT_TRUE(outcome.good());
  EXPECT_TRUE(outcome.output.starts_with("SigBlk:\t0000000000000000\nSigIgn:\t")) << outcome.output;
  // The two that glibc keeps for itself, 32 and 33, are not a program's.
  EXPECT_EQ(
      std::stoull(outcome.output.substr(outcome.output.rfind('\t')), nullptr, 16) & ~(3ull << 31),
      0u)
      << outcome.output;
}

TEST_F(Hook, FourRunOthersWaitAndTheOldestOfThemIsDropped) {
  const std::string gate = (folder_ / "gate").string();
  const std::string program =
      script("queue", "until [ -e " + gate + " ]; do sleep 0.02; done  # poll interval\n");
  std::map<int, HookOutcome> ended;
  const int all = static_cast<int>(kHooksAtOnce + kHooksWaitingMax + 2);
  for (int n = 0; n < all; ++n)
    ASSERT_TRUE(runner_->run({{program}, kHookPatience}, {},
                             [&ended, n](const HookOutcome& out) { ended[n] = out; }));
  EXPECT_EQ(runner_->running(), kHooksAtOnce);
  EXPECT_EQ(runner_->waiting(), kHooksWaitingMax);
  wait_until([&] { return ended.size() == 2; });
  for (const int n : {4, 5}) {
    EXPECT_EQ(ended[n].kind, Kind::kDropped) << n;
    EXPECT_NE(ended[n].words({}).find("64 newer ones waited"), std::string::npos);
  }
  std::ofstream(gate) << "open";
  wait_until([&] { return ended.size() == static_cast<std::size_t>(all); });
  EXPECT_TRUE(ended[0].good()) << ended[0].words({}) << ended[0].output;
  EXPECT_TRUE(ended[all - 1].good()) << ended[all - 1].words({}) << ended[all - 1].output;
  EXPECT_EQ(runner_->running() + runner_->waiting(), 0u);
}

TEST_F(Hook, EndsWithItsRunner) {
  const std::string program =
      script("stays", "echo $$ >" + (folder_ / "stays.pid").string() + "\ntail -f /dev/null\n");
  ASSERT_TRUE(
      runner_->run({{program}}, {}, [](const HookOutcome&) { FAIL() << "nobody is told"; }));
  wait_until([&] { return pid_in("stays.pid") > 1; });
  runner_.reset();
  wait_until([&] { return gone(pid_in("stays.pid")); });
}

TEST_F(Hook, IsRefusedOutsideItsBounds) {
  const auto refused = [&](HookCommand command, HookInput input) {
    return !runner_->run(std::move(command), std::move(input), [](const HookOutcome&) {});
  };
  const HookCommand good{{"/bin/true"}};
  EXPECT_FALSE(refused(good, {{{"DETENTE_A_1", "x"}}, ""}));
  EXPECT_TRUE(refused(good, {{{"PATH", "/evil"}}, ""}));
  EXPECT_TRUE(refused(good, {{{"DETENTE_a", ""}}, ""}));
  EXPECT_TRUE(refused(good, {{{"DETENTE_A=B", ""}}, ""}));
  EXPECT_TRUE(refused(good, {{{"DETENTE_A", std::string("a\0b", 3)}}, ""}));
  EXPECT_TRUE(refused(good, {{{"DETENTE_A", std::string(kHookValueBytesMax + 1, 'x')}}, ""}));
  EXPECT_TRUE(refused(good, {{}, std::string(kHookInputBytesMax + 1, 'x')}));
  HookInput many;
  for (std::size_t i = 0; i <= kHookVariablesMax; ++i)
    many.environment["DETENTE_" + std::to_string(i)] = "";
  EXPECT_TRUE(refused(good, many));
  EXPECT_TRUE(refused({}, {}));
  EXPECT_TRUE(refused({{"true"}}, {}));
  EXPECT_TRUE(refused({{"/bin/"}}, {}));
  EXPECT_TRUE(refused({{"/bin/echo", "a\nb"}}, {}));
  EXPECT_TRUE(refused({{"/bin/echo", std::string("a\0b", 3)}}, {}));
  EXPECT_TRUE(refused({std::vector<std::string>(kHookWordsMax + 1, "/bin/echo")}, {}));
}

}  // namespace
}  // namespace detente::io
