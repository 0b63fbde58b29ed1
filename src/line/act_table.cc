#include "line/act_table.h"

namespace detente::line {

namespace {

using Rs = RegisterState;
using Ra = RegisterDeed;
using Ps = ProposalState;
using Pa = ProposalAct;

constexpr const char* kOfficer = "an officer of the side";
constexpr const char* kClock = "the side's own clock";
constexpr const char* kStation = "the side's station";

constexpr RegisterRow kRegisterRows[] = {
    {Rs::kClear, Ra::kCut, Rs::kCut, kOfficer, "the line is cut at once, also when the act arrives nowhere",
     "nobody can be made to go on listening, and a cut that waited for a path would be none"},
    {Rs::kClear, Ra::kAnnounce, Rs::kAnnounced, kOfficer,
     "a cut at an hour up to 72 h ahead is signed; the line is open until then and says so",
     "the other side can finish what it is saying"},
    {Rs::kAnnounced, Ra::kCut, Rs::kCut, kOfficer, "the line is cut before the hour that was announced",
     "an announcement binds nobody to stay"},
    {Rs::kAnnounced, Ra::kHourCame, Rs::kCut, kClock, "the announced cut is in force",
     "the register is the side's own, and so is the clock that moves it"},
    {Rs::kAnnounced, Ra::kLift, Rs::kClear, kOfficer, "the announcement is taken back before its hour",
     "nothing was cut, so nothing has to be tested"},
    {Rs::kCut, Ra::kCut, Rs::kCut, kOfficer, "the line is cut anew, with its own words and number",
     "what was agreed before this cut does not open it"},
    {Rs::kCut, Ra::kLift, Rs::kRestoring, kOfficer,
     "the side takes its own cut back; the tests begin, where the accord has the other side's consent",
     "an unused line may have died meanwhile: whoever opens it, it is tested first"},
    {Rs::kCut, Ra::kInstantCame, Rs::kRestoring, kClock,
     "the agreed instant of an accepted restoration that covers this cut: the tests begin",
     "both agreed in signed words, and each begins by its own clock"},
    {Rs::kRestoring, Ra::kCut, Rs::kCut, kOfficer, "the line is cut anew, and the tests end",
     "a side can stop at every step"},
    {Rs::kRestoring, Ra::kPassed, Rs::kClear, kStation,
     "each required medium passed both ways: the side signs its register clear",
     "open is only what has been seen to work"},
    {Rs::kRestoring, Ra::kFellBack, Rs::kCut, kStation,
     "the tests failed, the agreement was withdrawn, or the station died: the old cut stands",
     "a station that starts again does not know what the tests were worth"},
};

constexpr ProposalRow kProposalRows[] = {
    {Ps::kNone, Pa::kOffer, Actor::kAuthor, Ps::kOffered, "a side proposes; a counter-offer is an offer, too",
     "either side may, at any time"},
    {Ps::kOffered, Pa::kAccept, Actor::kOther, Ps::kAccepted, "the other side agrees to exactly these words",
     "a side cannot agree with itself"},
    {Ps::kOffered, Pa::kReject, Actor::kOther, Ps::kRejected, "the other side says no, with its reason or without",
     "what was refused is offered anew, not accepted later"},
    {Ps::kOffered, Pa::kCounter, Actor::kOther, Ps::kReplaced,
     "the other side offers something else instead, which refers to this",
     "two offers open at once on one thing could both be accepted"},
    {Ps::kOffered, Pa::kWithdraw, Actor::kAuthor, Ps::kWithdrawn, "its author takes it back",
     "who has not been answered is not bound"},
    {Ps::kOffered, Pa::kLapse, Actor::kTime, Ps::kLapsed,
     "the other side's log has passed the hour that the proposal names, without an answer",
     "only who could answer shows that it did not"},
    {Ps::kAccepted, Pa::kWithdraw, Actor::kAuthor, Ps::kWithdrawn,
     "its author steps back from what was agreed", "consent that cannot be taken back is not asked of anybody"},
    {Ps::kAccepted, Pa::kWithdraw, Actor::kOther, Ps::kWithdrawn,
     "the other side steps back from what was agreed", "the right of one side is the right of both"},
};

}  // namespace

std::span<const RegisterRow> register_rows() { return kRegisterRows; }

std::optional<RegisterState> step(RegisterState from, RegisterDeed act) {
  for (const RegisterRow& row : kRegisterRows)
    if (row.from == from && row.act == act) return row.to;
  return std::nullopt;
}

bool begins_epoch(RegisterDeed act) { return act == Ra::kCut || act == Ra::kAnnounce; }

bool carries_ordinary(RegisterState state) { return state == Rs::kClear || state == Rs::kAnnounced; }

bool shows_open(RegisterState own, RegisterState theirs) {
  return carries_ordinary(own) && carries_ordinary(theirs);
}

std::span<const ProposalRow> proposal_rows() { return kProposalRows; }

std::optional<ProposalState> step(ProposalState from, ProposalAct act, Actor by) {
  for (const ProposalRow& row : kProposalRows)
    if (row.from == from && row.act == act && row.by == by) return row.to;
  return std::nullopt;
}

const char* to_string(RegisterState state) {
  switch (state) {
    case Rs::kClear: return "clear";
    case Rs::kAnnounced: return "announced";
    case Rs::kCut: return "cut";
    case Rs::kRestoring: return "restoring";
  }
  return "";
}

const char* to_string(RegisterDeed act) {
  switch (act) {
    case Ra::kCut: return "cut";
    case Ra::kAnnounce: return "announce";
    case Ra::kHourCame: return "hour came";
    case Ra::kLift: return "lift";
    case Ra::kInstantCame: return "instant came";
    case Ra::kPassed: return "passed";
    case Ra::kFellBack: return "fell back";
  }
  return "";
}

const char* to_string(ProposalState state) {
  switch (state) {
    case Ps::kNone: return "none";
    case Ps::kOffered: return "offered";
    case Ps::kAccepted: return "accepted";
    case Ps::kRejected: return "rejected";
    case Ps::kWithdrawn: return "withdrawn";
    case Ps::kLapsed: return "lapsed";
    case Ps::kReplaced: return "replaced";
  }
  return "";
}

const char* to_string(ProposalAct act) {
  switch (act) {
    case Pa::kOffer: return "offer";
    case Pa::kCounter: return "counter";
    case Pa::kAccept: return "accept";
    case Pa::kReject: return "reject";
    case Pa::kWithdraw: return "withdraw";
    case Pa::kLapse: return "lapse";
  }
  return "";
}

const char* to_string(Actor actor) {
  switch (actor) {
    case Actor::kAuthor: return "its author";
    case Actor::kOther: return "the other side";
    case Actor::kTime: return "nobody";
  }
  return "";
}

}  // namespace detente::line
