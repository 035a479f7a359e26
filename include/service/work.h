/*
 * What the engine does in one turn, and how far the work that takes several turns has come. Runs
 * inside the engine's transaction; it neither begins nor commits one.
 */
#ifndef SERVICE_WORK_H
#define SERVICE_WORK_H

#include <stdbool.h>
#include <stdint.h>

#include "send/dispatch.h"
#include "service/alert.h"
#include "store/ahead.h"
#include "watch/absorb.h"
#include "watch/trial.h"
#include "watch/world.h"

struct work {
    struct store *store;
    struct dispatch *dispatch;
    struct marks *marks;
    struct alert *alert;
    struct world *world; /* of the present configuration */
    bool look;           /* the change log may have something */
    bool started;        /* the first turn has seen what the database tells of the clock */
    bool left_over;      /* messages of an earlier run to settle */
    bool takes_reports;  /* some gateway, or a person on the page, tells what became of messages */
    bool reports_left;   /* more of that than one turn looks at */
    bool own_marks;      /* they are settled: the marks are this run's */
    struct subjects waiting; /* to be planned; planned_to of them are done */
    size_t planned_to;
    bool sweeping; /* for subjects of an older playbook */
    int64_t swept_to;
    bool reconciling; /* comparing every row with what we know of it */
    bool behind;      /* it is, after a backlog, see world.h */
    struct reconcile_cursor cursor;
    int64_t reconciled_mono_ms;
    uint64_t zones_noted; /* zone_news when they were last noted in the database */
    bool trying;          /* some rule is on trial; how far the count has come: */
    struct trial trial;
    int64_t wall_ms;    /* the latest time that was seen on the wall */
    bool bringing_back; /* what was written by a clock that was ahead */
    struct ahead_cursor ahead;
    struct ahead *known; /* what the ledger knows and the database does not; NULL: nothing */
    bool comparing;      /* what waits with it; compared_to: the last message that was */
    int64_t compared_to;
    bool paused;     /* by a person, for everything */
    bool distant;    /* there is more to bring near; see store/horizon.h */
    int64_t next_ms; /* the time of the next message that is near; INT64_MAX: none is */
    int64_t far_ms;  /* when there will be others; INT64_MAX: there are none */
};

/* How far it had come before a turn that was rolled back. */
struct work_mark {
    bool left_over, reconciling, comparing;
    int64_t compared_to;
    struct reconcile_cursor cursor;
    bool bringing_back;
    struct ahead_cursor ahead;
};

/* At the start: everything is to be looked at. `dispatch` and `marks` must live as long as `w`. */
void work_init(struct work *w, struct store *store, struct dispatch *dispatch, struct marks *marks);
void work_close(struct work *w);

/* Another configuration: every subject is planned again with its world. */
void work_configure(struct work *w, struct world *world);

/* What the ledger knows and the database does not: before anything is sent, what waits is compared
 * with it. Borrowed as long as `w`. */
void work_use_ahead(struct work *w, struct ahead *ahead);

/* Compare every row again, from the first one. */
void work_reconcile(struct work *w);

/* One turn, at most until `until_us` on the monotonic clock (claims a little longer). *more: there
 * is more to do at once. Errors: those of the store; the transaction must be rolled back then. */
int work_turn(struct work *w, int64_t now_ms, int64_t until_us, bool *more);

/* The time on the wall, before a turn. When it is behind what was seen before, the clock was set
 * back, and the next turns bring back what was written meanwhile. */
void work_look_at_clock(struct work *w, int64_t now_ms);

/* When there will be something to do, if nothing happens before; INT64_MAX: never. */
int64_t work_next_ms(const struct work *w);

/* Is there anything for a turn to do? */
bool work_pending(const struct work *w, int64_t now_ms);

/* The turn was committed. */
void work_committed(struct work *w);

/* The transaction did not happen: what it would have done is still to be done. */
struct work_mark work_mark(const struct work *w);
void work_rolled_back(struct work *w, const struct work_mark *before);

#endif
