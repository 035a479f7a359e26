/*
 * The storm brake: a rule that would send far more than it ever did pauses itself, and asks.
 *
 * What a rule puts on the wire within 24 hours may not exceed `[limits] brake` times the most that
 * it sent on any earlier day; up to the blast radius it is no storm, whatever came before. A rule
 * that has sent on fewer than five days has no usual volume yet, and no brake. A person's yes lifts
 * the brake for 24 hours, which then are a part of what is usual.
 *
 * It is counted at the claim, in the transaction that claims, so the limit holds exactly, also over
 * crashes. Time is taken from the wall clock at the start, but is never earlier than what was
 * counted last, and goes on with the monotonic clock: no step of the wall clock lets the count
 * forget. (A suspend makes the 24 hours longer, never shorter.)
 */
#ifndef SEND_BRAKE_H
#define SEND_BRAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "watch/world.h"

#define BRAKE_DAYS 5 /* days with messages before there is a usual volume */
#define BRAKE_REASON_MAX 200

struct brake_rule {
    int64_t recent; /* sent within the last 24 hours, with those of this transaction */
    int64_t most;   /* the most on an earlier day */
    int64_t limit;  /* INT64_MAX: none */
    int64_t taken;  /* in this transaction */
};

/* All zero to begin with. */
struct brake {
    const struct world *world; /* NULL: everything has to be read */
    struct brake_rule *rules;  /* in its playbook's order; NULL: no brake is wanted */
    size_t rule_count;
    int64_t hour;                  /* by our own count, */
    int64_t began_at_ms, began_ms; /* which began at the one when the clock said the other */
};
void brake_close(struct brake *b);

/* At the beginning of a turn's claims: what the rules have sent, as of now. */
int brake_begin(struct brake *b, struct world *w, int64_t now_ms);

/* May this rule of the playbook put one more message on the wire? */
bool brake_allows(const struct brake *b, int rule);

/* Why not, for people. */
void brake_reason(const struct brake *b, int rule, char out[BRAKE_REASON_MAX]);

/* It did, in the open transaction. */
void brake_count(struct brake *b, int rule);

/* At the end of a turn's claims: write down what was counted. */
int brake_end(struct brake *b);

/* The transaction did not happen, or there is another world. */
void brake_forget(struct brake *b);

#endif
