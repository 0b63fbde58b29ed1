// The one table of what acts do: a side's register of a line, and a proposal.
// spec/acts.md is printed from it, the model in spec/model/ is checked over it,
// and the program steps by it.
//
// A state and an act without a row: the act is refused or counts for nothing,
// and the state stays. What else a row needs (a signature, the accord's consent,
// an agreement that covers this cut) stands in its words; those who call step()
// see to it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace detente::line {

// One side's register of one line in one medium; only its own side writes it.
enum class RegisterState : std::uint8_t { kClear, kAnnounced, kCut, kRestoring };
enum class RegisterDeed : std::uint8_t {
  kCut,
  kAnnounce,
  kHourCame,
  kLift,
  kInstantCame,
  kPassed,
  kFellBack,
};

struct RegisterRow {
  RegisterState from;
  RegisterDeed act;
  RegisterState to;
  const char* who;   // may do it, or what makes it happen
  const char* what;  // happens
  const char* why;   // the rule is so
};

std::span<const RegisterRow> register_rows();
std::optional<RegisterState> step(RegisterState from, RegisterDeed act);

// Whether the act begins a new cut epoch, one above the newest.
bool begins_epoch(RegisterDeed act);

// Whether this register lets ordinary entries be sent and taken: clear, and announced until its hour.
bool carries_ordinary(RegisterState state);

// `theirs` is the other side's last known register of its highest known cut epoch. Both have to
// carry; how old that knowledge is belongs on the screen beside it.
bool shows_open(RegisterState own, RegisterState theirs);

// A proposal of any matter. kReplaced: the other side made a counter-offer instead of an answer.
enum class ProposalState : std::uint8_t {
  kNone,
  kOffered,
  kAccepted,
  kRejected,
  kWithdrawn,
  kLapsed,
  kReplaced,
};
enum class ProposalAct : std::uint8_t { kOffer, kCounter, kAccept, kReject, kWithdraw, kLapse };
// kAuthor offered it; kOther is the side that it was offered to; kTime: nobody acts, an hour has passed.
enum class Actor : std::uint8_t { kAuthor, kOther, kTime };

struct ProposalRow {
  ProposalState from;
  ProposalAct act;
  Actor by;
  ProposalState to;
  const char* what;
  const char* why;
};

std::span<const ProposalRow> proposal_rows();
std::optional<ProposalState> step(ProposalState from, ProposalAct act, Actor by);

// As spec/acts.md has them: "clear", "hour came", "the other side".
const char* to_string(RegisterState state);
const char* to_string(RegisterDeed act);
const char* to_string(ProposalState state);
const char* to_string(ProposalAct act);
const char* to_string(Actor actor);

}  // namespace detente::line
