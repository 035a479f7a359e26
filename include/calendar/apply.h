/*
 * Writing what is new into the public appointment table, and into what is kept of the calendar's
 * events. In small transactions with rests between them, so that whoever else writes gets in; each
 * looks again at what it is about to change, so another look at the same time does no harm, and one
 * that was broken off is simply made again.
 *
 * Only what changed in an event is written: a visit that somebody confirmed, cancelled or noted
 * something about stays so while its event stays as it is. A visit that moves is confirmed no more.
 */
#ifndef CALENDAR_APPLY_H
#define CALENDAR_APPLY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "calendar/compare.h"
#include "calendar/people.h"
#include "store/store.h"

#define APPLY_TASKS_MAX 200 /* open tasks about the events of one calendar */

enum apply_outcome {
    APPLY_BOOKED,
    APPLY_MOVED,
    APPLY_CHANGED, /* in its words, its staff, its client */
    APPLY_CANCELLED,
    APPLY_NOBODY,     /* whom it names is no client; or it names nobody */
    APPLY_SEVERAL,    /* it fits several clients */
    APPLY_PASSED,     /* it names nobody, and such events are passed over */
    APPLY_UNREADABLE, /* nobody can tell when it is */
    APPLY_NOTHING,    /* nothing came of it: cancelled before it was known, or just the same */
    APPLY_OUTCOMES
};

/* What came of one event, for whoever wants to tell. Borrowed for the call. */
struct apply_told {
    enum apply_outcome outcome;
    const char *uid, *title, *starts, *was; /* was: when it was before, APPLY_MOVED only */
    const char *ref;                        /* its appointment's; NULL: none */
    char *why;                              /* what is wrong, in a sentence; NULL: nothing */
};

struct apply {
    struct store *store;
    int64_t epoch;           /* of the service that writes (store/tenure.h); 0: another program */
    const atomic_bool *stop; /* it is set, by any thread: break off; may be NULL */
    int64_t calendar_id;
    const char *name; /* of the calendar */
    const struct people *people;
    int64_t now_ms;
    bool dry;       /* only find out what would be done */
    bool pass_over; /* events that name nobody are none of ours */
    void (*tell)(void *arg, const struct apply_told *told); /* NULL: nobody wants to know */
    void (*progress)(void *arg, size_t done, size_t total); /* likewise */
    void *arg;
    /* Inside. */
    int64_t tasks;  /* open */
    char *task_uid; /* of the last one that was raised */
    size_t counts[APPLY_OUTCOMES];
};

/* Do all of it; the counts say what was done. Errors: the store's; what was committed until then
 * stands. Free a->task_uid afterwards. */
int apply_run(struct apply *a, const struct comparison *c);

#endif
