/*
 * Inside the planner: what a rule's event means for one subject.
 */
#ifndef PLAN_OCCURRENCE_H
#define PLAN_OCCURRENCE_H

#include "plan/plan.h"

#define OCCURRENCES_MAX 64 /* of one rule in one subject; the newest count */

struct occurrence {
    int64_t revision;
    int64_t anchor_ms; /* the event's time: the offset counts from here */
    int64_t known_ms;  /* since when the record says so */
    int64_t end_ms;    /* a visit's start for what is said before it; INT64_MAX: none */
    const struct zone *zone;
    bool lies_ahead; /* the event is a time in the record (starts, ends, due), not a happening */
};

/* The occurrences of the rule's event that still stand; returns how many. When there is none,
 * `why` (PLAN_REASON_MAX bytes) says so. */
size_t occurrences_of(const struct plan_world *w, const struct plan_subject *s,
                      const struct rule *r, struct occurrence out[OCCURRENCES_MAX], char *why);

/* The same for what is said and not said between a client and us (conversation.c). */
size_t conversation_of(const struct plan_world *w, const struct plan_subject *s,
                       const struct rule *r, struct occurrence out[OCCURRENCES_MAX], char *why);

/* When the rule's message number `repeat` about this occurrence is due, before any window. False
 * when no time can be told (yet): `why` says so. */
bool due_of(const struct plan_world *w, const struct plan_subject *s, const struct rule *r,
            const struct occurrence *o, int repeat, int64_t *out_ms, char *why);

/* Does waiting of the job hold up the clock of this offset? */
bool due_can_wait(const struct plan_subject *s, const struct rule *r, const struct occurrence *o);

/* The stretch [*from_ms, *to_ms) in which the job waited, by the i-th event of its past; false: it
 * began no waiting. *to_ms is INT64_MAX while it lasts. */
bool due_waited(const struct plan_subject *s, const struct workflow *flow, size_t i,
                int64_t *from_ms, int64_t *to_ms);

/* From the time that the rule says to the time at which it goes to somebody in `zone`. */
struct times {
    int64_t earliest_ms; /* known, and settled */
    int64_t due_ms;      /* moved into the window; never before earliest_ms */
    int64_t expires_ms;  /* not useful from then on */
    bool by_end;         /* ... because of what it leads up to, or the start of the visit */
};

/* False when no allowed time is left: `why` says so, "" otherwise. `out` is filled in any case. */
bool times_of(const struct plan_world *w, const struct rule *r, const struct occurrence *o,
              int64_t nominal_ms, const struct zone *zone, struct times *out, char *why);

/* An occurrence that may stand no more (the job has left the stage, the visit is cancelled), as it
 * was. False when the records do not tell any more. */
bool occurrence_was(const struct plan_world *w, const struct plan_subject *s, const struct rule *r,
                    int64_t revision, struct occurrence *out);

/* The same for `no answer to RULE` (conversation.c): also when the client has answered since. */
bool conversation_was(const struct plan_world *w, const struct plan_subject *s,
                      const struct rule *r, int64_t revision, struct occurrence *out);

/* The workflow of a job: the one it names, else the first that has its stage; NULL: none. */
const struct workflow *plan_workflow_of(const struct playbook *p, const struct job *j);

#endif
