/*
 * The gate: the last decision before a message goes, taken in the transaction that claims it, on
 * the records as they are at that moment (design.md, promise 3: decide late).
 */
#ifndef SEND_GATE_H
#define SEND_GATE_H

#include "send/letter.h"
#include "store/messages.h"

enum gate_answer {
    GATE_GO,    /* now, by `channel` to `address` */
    GATE_WAIT,  /* not before `next_ms`: its rule waits, outside its hours, over the cap */
    GATE_HOLD,  /* something is wrong that a person can mend; looked at again at `next_ms` */
    GATE_END,   /* never: `state` is cancelled, skipped, expired or failed */
    GATE_REPLAN /* the plan is older than the record: plan the subject again first */
};

#define GATE_SAW_MAX 1024

struct gate_decision {
    enum gate_answer answer;
    enum message_state state;
    int64_t next_ms;
    int64_t useful_ms; /* GATE_WAIT: it is of use until then at least; 0: as long as it was */
    enum channel channel;
    const char *address;          /* borrowed from the letter; NULL for a task */
    bool for_good;                /* GATE_END: no new plan brings it back */
    bool missed;                  /* GATE_END: a client goes without what the service owes them */
    bool unreached;               /* GATE_END: and nothing else reaches them either */
    char reason[PLAN_REASON_MAX]; /* why not; "" for GATE_GO */
    /* What it was taken on, as far as that was asked: {"if": {"client.tags": "vip"}, "unless":
     * {"appointment.status": "booked"}, "cap 1": {"had": 1, "of": 3, "hours": 24}}. "": nothing. */
    char saw[GATE_SAW_MAX];
};

/* The rule of `m` if it makes the message wait: paused, on trial, or until a person says yes. NULL:
 * it runs. Whoever has many to look at asks this first, for it costs nothing. */
const struct rule_state *gate_rule_waits(const struct world *w, const struct message *m);

/* Decide about `m`. `conditions` may be NULL only when no rule
 * has any. */
void gate_decide(struct world *w, struct conditions *conditions, const struct message *m,
                 const struct letter *l, int64_t now_ms, struct gate_decision *out);

#endif
