/* One line between two sides: their registers, what each knows of the other's, one proposal to
   restore, one entry that may cross with a cut. Every step goes through the program's own table
   (transitions.pml). spec/acts.md says the rules in words; tests/model/model_test.py runs this.

   What the model leaves out: bodies and signatures, media (each has a register of its own), and
   all clocks: an hour or an instant comes at any time, to each side apart.

   Crashes: what counts is on disk before it is shown or sent, so a crash before that is an act or
   a delivery that did not happen; what a crash does lose is the tests that were running.

   Channels: a copy of any signed act of a register may arrive at any time, late, before an older
   one or never; after `calm` the newest arrives at last. A copy of something not newer changes
   nothing, so that step is not there. Acts of the proposal arrive in their log's order.

   The dark (cut.md section 5): while a cut in the dark is in force no path delivers, either way; files
   do, at any time before `calm`, and after it where persons go on to carry them.

   Desks (restoration.md section 2): where the line wants a word of both, tests pass only with both, of that very try.
   Windows: the hours of an agreement may go by at a side that was not there, which then tries nothing.

   Reports are left out: all that one does is to end the other side's tests without opening, and here tests may end so at
   any time. A report opens nothing and is waited for by nobody.

   After `calm` no step can be repeated: every run ends, so that fairness is not asked for. */
#include "transitions.pml"

/* How large: the cut epochs of each side, and whether there is a proposal and an entry under way. */
#ifndef CUTS_0
#define CUTS_0 1
#define CUTS_1 1
#define TALKS 1
#define MAIL 1
#endif
#ifndef DARK
#define DARK 0 /* whether sides cut in the dark */
#endif
#ifndef DESKS
#define DESKS 0 /* whether the line wants a word of both desks */
#endif
#ifndef WAITS_FOR_DESKS
#define WAITS_FOR_DESKS DESKS
#endif
#define CUTS(i) (i == 0 -> CUTS_0 : CUTS_1)

#define OTHER(i) (1 - (i))
/* Acts of a register as they stand in the log: 2e - 1 begins epoch e, 2e ends it. */
#define BEGINS(e) (2 * (e) - 1)
#define ENDS(e) (2 * (e))
#define EPOCH_OF(act) (((act) + 1) / 2)
#define SIGNED(j, act) (act <= s[j].newest && (act == BEGINS(EPOCH_OF(act)) || (s[j].ended & (1 << EPOCH_OF(act)))))
#define IN_THE_DARK(i) (s[i].dark && s[i].reg == CUT)
#define DELIVERS (!calm || files || !(IN_THE_DARK(0) || IN_THE_DARK(1)))
#define OPEN(i) SHOWS_OPEN(s[i].reg, s[i].known)

typedef Side {
  byte reg = CLEAR;
  byte epoch;       /* the newest cut epoch */
  byte in_force;    /* the newest that took effect: an announcement does at its hour */
  byte announced;   /* bit e: epoch e began as an announcement */
  byte ended;       /* bit e: an act ended epoch e; a new cut may have come instead */
  byte newest;      /* the newest act of the own register */
  byte known = CLEAR; /* the other's register, of the newest act that is here */
  byte known_act;
  byte consented;   /* the own epoch when this side signed its part of the agreement */
  bit used;         /* an agreement is tried once */
  bit dark;         /* the cut is in the dark; one that comes beside it takes nothing from it */
  bit restored;     /* not of the program: the tests of the agreement have opened it */
  bit lifting;      /* the tests are those of a lift, not of an agreement */
  byte words;       /* of the own desk: bit of each try that it has spoken for */
  byte heard;       /* the same of the other's desk, as far as it is here */
  byte proposal = P_NONE; /* computed from the acts of the proposal that are here */
  bit must_be_closed; /* not of the program: a cut, or its hour, that no passed test has ended */
};
Side s[2];

/* The proposal is side 0's: by symmetry that is all. Acts in each log, and how many of the
   other's log are here. */
byte author_acts;      /* 1 offer, 2 withdrawal */
byte withdrawal_saw;   /* how many acts of the other side the author's withdrawal had seen */
byte answer;           /* P_DO_... of the other side's first act, or that its time ran out */
byte other_acts;       /* 1 the answer, 2 the withdrawal of an acceptance */
byte author_acts_here; /* at side 1 */
byte other_acts_here;  /* at side 0 */

/* One ordinary entry of side 0: the epoch of side 1 that it names, plus one. */
byte mail;
bit calm; /* no new act and no crash from here on; both directions deliver */
bit files; /* and so do persons with files */

hidden byte to;
hidden byte p;

inline check(i) {
  /* Safety: what an officer closed carries nothing before a test has passed. */
  assert(!(s[i].must_be_closed && CARRIES(s[i].reg)));
  /* None shows open without the other's newest known clear (or announced, and its hour not come). */
  assert(!OPEN(i) || s[i].known_act == 0 || s[i].known_act == ENDS(EPOCH_OF(s[i].known_act)) ||
         (s[i].known == ANNOUNCED && (s[OTHER(i)].announced & (1 << EPOCH_OF(s[i].known_act)))))
}

inline begin_epoch(i, with_notice) {
  s[i].epoch++;
  s[i].announced = s[i].announced | (with_notice << s[i].epoch);
  s[i].newest = BEGINS(s[i].epoch);
  s[i].dark = s[i].dark && (s[i].reg == CUT || s[i].reg == RESTORING);
  s[i].reg = to;
  s[i].lifting = 0
}

inline end_epoch(i) {
  s[i].newest = ENDS(s[i].epoch);
  s[i].ended = s[i].ended | (1 << s[i].epoch);
  s[i].lifting = 0
}

/* An act counts if the table has it, and else for nothing. */
inline proposal_step(act, by) {
  to = PROPOSAL_STEP(p, act, by);
  if
  :: to != REFUSED -> p = to
  :: else
  fi
}

inline author_withdraws_after(count, acts_of_author) {
  if
  :: acts_of_author == 2 && withdrawal_saw == count -> proposal_step(P_DO_WITHDRAW, BY_AUTHOR)
  :: else
  fi
}

/* The rule of spec/acts.md: the author's act stands before what it had not seen of the other's. */
inline judge_proposal(i, acts_of_author, acts_of_other) {
  p = P_NONE;
  if
  :: acts_of_author > 0 ->
    proposal_step(P_DO_OFFER, BY_AUTHOR);
    author_withdraws_after(0, acts_of_author);
    if
    :: acts_of_other > 0 -> proposal_step(answer, (answer == P_DO_LAPSE -> BY_TIME : BY_OTHER))
    :: else
    fi;
    author_withdraws_after(1, acts_of_author);
    if
    :: acts_of_other == 2 -> proposal_step(P_DO_WITHDRAW, BY_OTHER)
    :: else
    fi;
    author_withdraws_after(2, acts_of_author)
  :: else
  fi;
  s[i].proposal = p
}

inline answer_with(act) {
  answer = act;
  other_acts = 1;
  judge_proposal(1, author_acts_here, other_acts)
}

/* Tries, as bits: the agreement's, and of each side the lift that runs, or ran last. */
#define OF_LIFT(i) (2 << (i))
#define TRY_OF(i) (s[i].lifting -> OF_LIFT(i) : 1)
#define RUNS(i, try) (s[i].reg == RESTORING && TRY_OF(i) == (try))
/* Whoever is not cut himself is there for the other's tests, too. */
#define SPEAKS(me, try) (DESKS && !calm && !(s[me].words & (try)) && \
                         (RUNS(me, try) || (RUNS(OTHER(me), try) && s[me].reg != CUT)))
#define DESKS_READY(i) (!WAITS_FOR_DESKS || (s[i].words & s[i].heard & TRY_OF(i)))

inline begin_lift(i) {
  s[i].lifting = 1;
  s[0].words = s[0].words & ~OF_LIFT(i); s[0].heard = s[0].heard & ~OF_LIFT(i);
  s[1].words = s[1].words & ~OF_LIFT(i); s[1].heard = s[1].heard & ~OF_LIFT(i)
}

#define MAY(i, act) (REGISTER_STEP(s[i].reg, act) != REFUSED)

/* What persons do, and what befalls a machine. */
proctype Persons(byte me) {
end:
  do
  :: d_step { !calm && s[me].epoch < CUTS(me) ->
       to = REGISTER_STEP(s[me].reg, DO_CUT);
       assert(to == CUT); /* a cut is possible in every state */
       begin_epoch(me, 0);
       s[me].in_force = s[me].epoch;
       s[me].must_be_closed = 1;
       check(me) }
  :: d_step { DARK && !calm && s[me].epoch < CUTS(me) ->
       to = REGISTER_STEP(s[me].reg, DO_CUT);
       assert(to == CUT);
       begin_epoch(me, 0);
       s[me].dark = 1;
       s[me].in_force = s[me].epoch;
       s[me].must_be_closed = 1;
       check(me) }
  :: d_step { !calm && s[me].epoch < CUTS(me) && MAY(me, DO_ANNOUNCE) ->
       to = REGISTER_STEP(s[me].reg, DO_ANNOUNCE);
       begin_epoch(me, 1);
       check(me) }
  :: d_step { !calm && MAY(me, DO_LIFT) ->
       s[me].reg = REGISTER_STEP(s[me].reg, DO_LIFT);
       if
       :: CARRIES(s[me].reg) -> end_epoch(me)
       :: else -> begin_lift(me)
       fi;
       check(me) }
  :: d_step { SPEAKS(me, 1) -> s[me].words = s[me].words | 1 }
  :: d_step { SPEAKS(me, OF_LIFT(0)) -> s[me].words = s[me].words | OF_LIFT(0) }
  :: d_step { SPEAKS(me, OF_LIFT(1)) -> s[me].words = s[me].words | OF_LIFT(1) }
  :: d_step { !calm && s[me].reg == RESTORING -> /* the station dies in the tests, and starts again */
       to = REGISTER_STEP(s[me].reg, DO_FELL_BACK);
       s[me].reg = (to == REFUSED -> s[me].reg : to);
       s[me].lifting = 0;
       check(me) }
  od
}

/* Side 0 offers a restoration and may withdraw; side 1 answers, lets it lapse, may step back. */
proctype Talks() {
end:
  do
  :: d_step { !calm && author_acts == 0 && (s[0].reg == CUT || s[0].known == CUT) ->
       author_acts = 1;
       s[0].consented = s[0].epoch;
       judge_proposal(0, author_acts, other_acts_here) }
  :: d_step { !calm && author_acts == 1 && (s[0].proposal == P_OFFERED || s[0].proposal == P_ACCEPTED) ->
       author_acts = 2;
       withdrawal_saw = other_acts_here;
       judge_proposal(0, author_acts, other_acts_here) }
  :: d_step { !calm && other_acts == 0 && s[1].proposal == P_OFFERED ->
       s[1].consented = s[1].epoch;
       answer_with(P_DO_ACCEPT) }
  :: d_step { !calm && other_acts == 0 && s[1].proposal == P_OFFERED -> answer_with(P_DO_REJECT) }
  :: d_step { !calm && other_acts == 0 && s[1].proposal == P_OFFERED -> answer_with(P_DO_COUNTER) }
  :: d_step { !calm && other_acts == 0 && s[1].proposal == P_OFFERED -> answer_with(P_DO_LAPSE) }
  :: d_step { !calm && other_acts == 1 && s[1].proposal == P_ACCEPTED ->
       other_acts = 2;
       judge_proposal(1, author_acts_here, other_acts) }
  od
}

/* The agreement is of the cut that the side had when it signed its part: a later cut is not opened. */
#define AGREED(i) (s[i].proposal == P_ACCEPTED && s[i].consented == s[i].epoch)
/* The other side answers the tests, since it is not cut itself. */
#define PASSES(i) (s[i].reg == RESTORING && s[OTHER(i)].reg != CUT && DESKS_READY(i) && MAY(i, DO_PASSED))

/* Safety: what wants its desks does not open without a word of both. */
inline spoken_for(i) { assert(!DESKS || (s[0].words & s[1].words & TRY_OF(i))) }

/* What a station does by itself. */
proctype Station(byte me) {
end:
  do
  :: d_step { s[me].reg == ANNOUNCED && !s[me].must_be_closed -> /* its hour, by the own clock */
       s[me].must_be_closed = 1;
       to = REGISTER_STEP(s[me].reg, DO_HOUR_CAME);
       s[me].reg = (to == REFUSED -> s[me].reg : to);
       s[me].in_force = s[me].epoch;
       check(me) }
  :: d_step { s[me].known == ANNOUNCED && REGISTER_STEP(s[me].known, DO_HOUR_CAME) != REFUSED ->
       s[me].known = REGISTER_STEP(s[me].known, DO_HOUR_CAME); /* the other's hour, by the own clock */
       check(me) }
  :: d_step { AGREED(me) && !s[me].used && MAY(me, DO_INSTANT_CAME) ->
       s[me].reg = REGISTER_STEP(s[me].reg, DO_INSTANT_CAME);
       s[me].used = 1;
       check(me) }
  :: d_step { AGREED(me) && !s[me].used -> /* the hours of the agreement went by untried */
       s[me].used = 1 }
  :: d_step { PASSES(me) && s[me].lifting ->
       spoken_for(me);
       s[me].reg = REGISTER_STEP(s[me].reg, DO_PASSED);
       end_epoch(me);
       s[me].must_be_closed = 0;
       check(me) }
  :: d_step { PASSES(me) && !s[me].lifting && AGREED(me) ->
       spoken_for(me);
       s[me].restored = 1;
       s[me].reg = REGISTER_STEP(s[me].reg, DO_PASSED);
       end_epoch(me);
       s[me].must_be_closed = 0;
       check(me) }
  :: d_step { s[me].reg == RESTORING && MAY(me, DO_FELL_BACK) ->
       s[me].reg = REGISTER_STEP(s[me].reg, DO_FELL_BACK);
       s[me].lifting = 0;
       check(me) }
  od
}

#define ARRIVES(act) (act > s[me].known_act && DELIVERS && SIGNED(OTHER(me), act) && (!calm || act == s[OTHER(me)].newest))

inline take(act) {
  s[me].known_act = act;
  s[me].known = (act == ENDS(EPOCH_OF(act)) -> CLEAR :
                 ((s[OTHER(me)].announced & (1 << EPOCH_OF(act))) -> ANNOUNCED : CUT));
  check(me)
}

/* What comes to this side and is on its disk. */
proctype Wire(byte me) {
end:
  do
  :: d_step { ARRIVES(1) -> take(1) }
  :: d_step { ARRIVES(2) -> take(2) }
  :: d_step { ARRIVES(3) -> take(3) }
  :: d_step { ARRIVES(4) -> take(4) }
  :: d_step { DELIVERS && (s[OTHER(me)].words & ~s[me].heard) ->
       s[me].heard = s[me].heard | s[OTHER(me)].words }
  :: d_step { me == 0 && DELIVERS && other_acts_here < other_acts ->
       other_acts_here++;
       judge_proposal(0, author_acts, other_acts_here) }
  :: d_step { me == 1 && DELIVERS && author_acts_here < author_acts ->
       author_acts_here++;
       judge_proposal(1, author_acts_here, other_acts) }
  od
}

#define TAKEN (!calm && mail > s[1].in_force && OPEN(1))
#define CROSSED (!calm && mail > 0 && mail <= s[1].in_force)

/* An entry of side 0 that may be long on its way, and come more than once. */
proctype Mail() {
end:
  do
  :: d_step { !calm && mail == 0 && OPEN(0) ->
       assert(!s[0].must_be_closed);
       mail = 1 + EPOCH_OF(s[0].known_act) }
  :: d_step { TAKEN -> assert(!s[1].must_be_closed) }
  od
}

#define BOTH(state) (s[0].proposal == state && s[1].proposal == state)
#define ENDED(i) (s[i].epoch > 0 && s[i].newest == ENDS(s[i].epoch))

/* What has to be possible: each line has to be reached in one of the runs. */
proctype Witness() {
end:
  do
  :: atomic { !calm -> if
     :: ENDED(0) && s[0].in_force < s[0].epoch -> skip /* an announcement is taken back */
     :: ENDED(0) && s[0].in_force == s[0].epoch && !s[0].restored -> skip /* a lifted cut ends open */
     :: ENDED(0) && s[0].in_force == s[0].epoch && s[0].restored -> skip /* a restoration ends open */
     :: ENDED(0) && s[0].dark && !s[0].restored -> skip /* the dark ends by its side's own lift */
     :: ENDED(0) && s[0].dark && s[0].restored -> skip /* the dark ends by a restoration that files agreed on */
     :: DESKS && ENDED(0) && s[0].in_force == s[0].epoch && s[0].restored && (s[0].words & 1) -> skip /* a restoration opens with a word of both desks */
     :: DESKS && ENDED(0) && s[0].in_force == s[0].epoch && !s[0].restored && (s[0].words & 2) -> skip /* a lift opens with a word of both desks */
     :: s[0].used && s[0].consented && s[0].reg == CUT && s[1].used && BOTH(P_ACCEPTED) -> skip /* an agreement is over, and the line is cut */
     :: TAKEN -> skip /* an entry is taken */
     :: CROSSED -> skip /* an entry crosses with a cut */
     :: BOTH(P_ACCEPTED) -> skip /* an offer is accepted */
     :: BOTH(P_REJECTED) -> skip /* an offer is rejected */
     :: BOTH(P_REPLACED) -> skip /* a counter-offer replaces an offer */
     :: BOTH(P_LAPSED) -> skip /* an offer lapses */
     :: BOTH(P_WITHDRAWN) && other_acts == 0 -> skip /* an offer is withdrawn */
     :: BOTH(P_WITHDRAWN) && withdrawal_saw == 1 && other_acts == 1 -> skip /* its author withdraws what was accepted */
     :: BOTH(P_WITHDRAWN) && author_acts == 1 -> skip /* the other side withdraws what it accepted */
     :: else
     fi }
  od
}

proctype Calm() {
  if
  :: DARK -> files = 1
  :: skip
  fi;
  calm = 1
}

init {
  atomic {
    run Persons(0); run Persons(1); run Station(0); run Station(1); run Wire(0); run Wire(1);
#if TALKS
    run Talks();
#endif
#if MAIL
    run Mail();
#endif
    run Witness(); run Calm()
  }
}

#define SAME (s[0].known == s[1].reg && s[1].known == s[0].reg && s[0].reg != RESTORING && \
              s[1].reg != RESTORING && s[0].proposal == s[1].proposal)

/* Without new acts, and with both directions delivering at last, both show the same. In the dark files have to. */
#ifndef UNHEARD
#define UNHEARD (!files && (IN_THE_DARK(0) || IN_THE_DARK(1)))
#endif
ltl settles { [] (calm -> <> [] (SAME || UNHEARD)) }
