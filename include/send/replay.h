/*
 * The recorded past, lived through once more with another playbook, or the present one: records
 * stand as they stood, each change comes at its time and has its subject planned again, and in
 * between the queue runs as in a rehearsal, with the service's own planner and gate and no gateway.
 *
 * Every rule counts from when it was switched on, or from the beginning if that was earlier; one
 * that the service does not know counts from the beginning. None is paused or on trial.
 */
#ifndef SEND_REPLAY_H
#define SEND_REPLAY_H

#include "send/rehearsal.h"
#include "store/past.h"
#include "watch/absorb.h"

struct replay {
    struct rehearsal rehearsal; /* world, templates, conditions and mails set by the caller; the
                                   world's store a draft of the past */
    struct past *past;          /* begun, with the same beginning and end */

    int64_t from_ms, until_ms, next_ms; /* the rest is the replay's own */
    struct subjects concerned;
};

/* From when a rule that is known since `since_ms` counts here: before the world is used. */
void replay_rules(struct world *w, int64_t from_ms);

/* Plan everything as it was at `from_ms`, and get ready to go on until before `until_ms`.
 * replay_close in any case; world, past and what the rehearsal was given must outlive it. */
int replay_begin(struct replay *r, int64_t from_ms, int64_t until_ms);
void replay_close(struct replay *r);

/* Go on, as with rehearsal_step. */
int replay_step(struct replay *r, rehearsal_each each, void *arg, bool *done);

#endif
