/* Printed by `detente spec model` from the table in src/line/act_table.cc: not for editing.
   A row is one line; a step without a row gives REFUSED. */
#define REFUSED 0

#define CLEAR 1
#define ANNOUNCED 2
#define CUT 3
#define RESTORING 4
#define CARRIES(state) (state == CLEAR || state == ANNOUNCED)
#define SHOWS_OPEN(own, theirs) (CARRIES(own) && CARRIES(theirs))

#define DO_CUT 1
#define DO_ANNOUNCE 2
#define DO_HOUR_CAME 3
#define DO_LIFT 4
#define DO_INSTANT_CAME 5
#define DO_PASSED 6
#define DO_FELL_BACK 7

#define REGISTER_STEP(from, act) ( REFUSED \
  + (from == CLEAR && act == DO_CUT) * CUT \
  + (from == CLEAR && act == DO_ANNOUNCE) * ANNOUNCED \
  + (from == ANNOUNCED && act == DO_CUT) * CUT \
  + (from == ANNOUNCED && act == DO_HOUR_CAME) * CUT \
  + (from == ANNOUNCED && act == DO_LIFT) * CLEAR \
  + (from == CUT && act == DO_CUT) * CUT \
  + (from == CUT && act == DO_LIFT) * RESTORING \
  + (from == CUT && act == DO_INSTANT_CAME) * RESTORING \
  + (from == RESTORING && act == DO_CUT) * CUT \
  + (from == RESTORING && act == DO_PASSED) * CLEAR \
  + (from == RESTORING && act == DO_FELL_BACK) * CUT \
  )

#define P_NONE 1
#define P_OFFERED 2
#define P_ACCEPTED 3
#define P_REJECTED 4
#define P_WITHDRAWN 5
#define P_LAPSED 6
#define P_REPLACED 7

#define P_DO_OFFER 1
#define P_DO_COUNTER 2
#define P_DO_ACCEPT 3
#define P_DO_REJECT 4
#define P_DO_WITHDRAW 5
#define P_DO_LAPSE 6

#define BY_AUTHOR 1
#define BY_OTHER 2
#define BY_TIME 3

#define PROPOSAL_STEP(from, act, by) ( REFUSED \
  + (from == P_NONE && act == P_DO_OFFER && by == BY_AUTHOR) * P_OFFERED \
  + (from == P_OFFERED && act == P_DO_ACCEPT && by == BY_OTHER) * P_ACCEPTED \
  + (from == P_OFFERED && act == P_DO_REJECT && by == BY_OTHER) * P_REJECTED \
  + (from == P_OFFERED && act == P_DO_COUNTER && by == BY_OTHER) * P_REPLACED \
  + (from == P_OFFERED && act == P_DO_WITHDRAW && by == BY_AUTHOR) * P_WITHDRAWN \
  + (from == P_OFFERED && act == P_DO_LAPSE && by == BY_TIME) * P_LAPSED \
  + (from == P_ACCEPTED && act == P_DO_WITHDRAW && by == BY_AUTHOR) * P_WITHDRAWN \
  + (from == P_ACCEPTED && act == P_DO_WITHDRAW && by == BY_OTHER) * P_WITHDRAWN \
  )
