// detente-mutants NAME|all [SEEDS [story]]: plants one bug, runs the simulators (or the story alone) until a
// checker speaks, and says with which seed. JSON on stdout, one object; exit 1 when
// a bug was not caught. `detente sim --mutant` runs it.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>

#include "base/mutant.h"
#include "sim/hostile.h"
#include "sim/story.h"
#include "sim/world.h"

namespace detente {
namespace {

using Json = nlohmann::ordered_json;

struct Named {
  const char* name;
  Mutant mutant;
};
constexpr std::array kAll = {
    Named{"acknowledge-before-sync", Mutant::kAcknowledgeBeforeSync},
    Named{"send-before-sync", Mutant::kSendBeforeSync},
    Named{"cosign-before-sync", Mutant::kCosignBeforeSync},
    Named{"cosign-smaller", Mutant::kCosignSmaller},
    Named{"no-replay-window", Mutant::kNoReplayWindow},
    Named{"duplicate-delivery", Mutant::kDuplicateDelivery},
    Named{"order-swapped", Mutant::kOrderSwapped},
    Named{"cosignature-unchecked", Mutant::kCosignatureUnchecked},
    Named{"checkpoint-unchecked", Mutant::kCheckpointUnchecked},
    Named{"counter-reused", Mutant::kCounterReused},
    Named{"first-packet-replayed", Mutant::kFirstPacketReplayed},
    Named{"fence-ignored", Mutant::kFenceIgnored},
    Named{"rekey-lost", Mutant::kRekeyLost},
    Named{"old-epoch-appended", Mutant::kOldEpochAppended},
    Named{"floor-ignored", Mutant::kFloorIgnored},
    Named{"equivocation-overlooked", Mutant::kEquivocationOverlooked},
    Named{"precedence-ignored", Mutant::kPrecedenceIgnored},
    Named{"tail-forgotten", Mutant::kTailForgotten},
    Named{"piece-unverified", Mutant::kPieceUnverified},
    Named{"have-before-sync", Mutant::kHaveBeforeSync},
    Named{"document-given-unnamed", Mutant::kDocumentGivenUnnamed},
    Named{"cut-ignored", Mutant::kCutIgnored},
    Named{"register-lost", Mutant::kRegisterLost},
    Named{"lift-untested", Mutant::kLiftUntested},
    Named{"dark-answered", Mutant::kDarkAnswered},
    Named{"released-early", Mutant::kReleasedEarly},
    Named{"report-forgotten", Mutant::kReportForgotten},
    Named{"packet-counter-reused", Mutant::kPacketCounterReused},
    Named{"stored-otherwise", Mutant::kStoredOtherwise},
    Named{"bytes-otherwise", Mutant::kBytesOtherwise},
    Named{"limits-ignored", Mutant::kLimitsIgnored},
};

sim::Options options_of(std::uint64_t seed) {
  sim::Options options;
  options.seed = seed;
  options.duration = std::chrono::hours(12);
  options.message_every = std::chrono::minutes(3);
  options.pair.paths = 1 + seed % 2;
  options.faults.crash_every = std::chrono::minutes(40);
  options.faults.rollback_every = std::chrono::hours(4);
  options.faults.cut_every = std::chrono::hours(2);
  options.faults.dark_every = std::chrono::hours(8);
  options.faults.courier_every = std::chrono::hours(2);
  options.pair.policy.rekey_age = std::chrono::minutes(5);
  options.stop_at_first_violation = true;
  return options;
}

// Which simulations are asked.
enum class Where { kEverywhere, kStory };

// What the checkers say of this seed; empty when they say nothing.
std::string caught_with(std::uint64_t seed, Where where) {
  const auto first = [](const auto& report) { return report.violations.empty() ? std::string() : report.violations.front(); };
  if (where == Where::kStory) return first(sim::Story({seed}).run());
  std::string what = first(sim::Hostile(seed).run());
  if (what.empty()) what = first(sim::World(options_of(seed)).run());
  if (what.empty()) what = first(sim::Story({seed}).run());
  return what;
}

constexpr unsigned kSecondsMost = 60;

// In a child: an invariant of the core itself may stop it, and that is a catch too.
std::string caught_in_child(std::uint64_t seed, Where where) {
  int ends[2];
  if (::pipe(ends) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(kSecondsMost);
    if (std::freopen("/dev/null", "w", stderr) == nullptr) ::_exit(3);
    const std::string what = caught_with(seed, where);
    static_cast<void>(!::write(ends[1], what.data(), what.size()));
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string out;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) out.append(buffer, static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) return {};  // a hang is no finding of a checker
  if (WIFSIGNALED(status)) return "an invariant of the core stopped the station";
  return out;
}

Json run_mutant(const Named& named, std::uint64_t seeds, Where where) {
  planted = named.mutant;
  Json out{{"name", named.name}, {"caught", false}, {"seed", nullptr}};
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const std::string what = caught_in_child(seed, where);
    if (what.empty()) continue;
    out["caught"] = true;
    out["seed"] = seed;
    out["violation"] = what;
    break;
  }
  planted = Mutant::kNone;
  return out;
}

int usage() {
  std::fprintf(stderr, "usage: detente-mutants NAME|all|none [SEEDS [story]]\nnames:");
  for (const Named& named : kAll) std::fprintf(stderr, " %s", named.name);
  std::fprintf(stderr, "\n");
  return 2;
}

int run(const std::string& which, std::uint64_t seeds, Where where) {
  Json mutants = Json::array();
  bool all_caught = true;
  for (const Named& named : kAll) {
    if (which != "all" && which != named.name) continue;
    mutants.push_back(run_mutant(named, seeds, where));
    all_caught = all_caught && mutants.back()["caught"].get<bool>();
  }
  // The same scenarios without a bug: what is caught there would prove nothing.
  if (which == "none") {
    mutants.push_back(run_mutant({"none", Mutant::kNone}, seeds, where));
    all_caught = !mutants.back()["caught"].get<bool>();
  }
  if (mutants.empty()) return usage();
  std::printf("%s\n", Json{{"ok", all_caught}, {"mutants", mutants}}.dump(1).c_str());
  return all_caught ? 0 : 1;
}

}  // namespace
}  // namespace detente

int main(int argc, char** argv) {
  const bool story = argc == 4 && std::string_view(argv[3]) == "story";
  if (argc < 2 || argc > 4 || (argc == 4 && !story)) return detente::usage();
  const std::uint64_t seeds = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 40;
  return detente::run(argv[1], seeds == 0 ? 1 : seeds, story ? detente::Where::kStory : detente::Where::kEverywhere);
}
