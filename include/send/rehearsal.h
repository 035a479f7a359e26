/*
 * A rehearsal: the queue run ahead of its time, with the service's own gate and no gateway. Every
 * message of a draft is decided about at the moment at which it would be looked at, what would go
 * counts as having arrived, and the next one is decided upon that. So caps, hours, conditions and
 * consents have the effect that they will have, as far as the records of now tell.
 *
 * While a rehearsal is under way the wall clock stands at the moment of each decision
 * (base/clock.h).
 */
#ifndef SEND_REHEARSAL_H
#define SEND_REHEARSAL_H

#include <stdbool.h>
#include <stdint.h>

#include "send/letter.h"
#include "store/condition.h"
#include "store/messages.h"
#include "text/sms.h"
#include "text/template_set.h"
#include "watch/world.h"

enum fate {
    FATE_GOES,
    FATE_JOINED,  /* goes as one with another message, whose words speak for it */
    FATE_SKIPPED, /* decided against */
    FATE_HELD,    /* something has to be mended first */
    FATE_PAUSED   /* its rule sends nothing for now */
};

/* What would become of one message. All of it is the rehearsal's, valid during the call. */
struct rehearsal_item {
    const struct message *message;
    const struct letter *letter; /* NULL: it speaks of no record (a test message) */
    const struct letter *with;   /* FATE_JOINED: the letter that it goes with */
    enum fate fate;
    int64_t at_ms;               /* when it goes, or when that is decided */
    const char *to;              /* the address; NULL: none */
    const char *reason;          /* why not, or why later than planned; NULL: nothing to say */
    const struct payload *words; /* NULL: they were not written */
    struct sms_size size;        /* of a text's words; else zero */
};
typedef void (*rehearsal_each)(void *arg, const struct rehearsal_item *item);

struct rehearsal {
    struct world *world; /* its store a draft */
    const struct template_set *templates;
    struct conditions *conditions;
    bool mails; /* write the words of e-mails as well: texts are always written, for their size */

    int64_t now_ms, until_ms; /* the rest is the rehearsal's own */
    int64_t began_ms;
    bool begun, was_virtual;
    struct message_time *refused;
    size_t refused_count, refused_at;
};

/* From `now_ms` until before `until_ms`; the first fields are set by the caller. rehearsal_close in
 * any case. Errors: those of the store. */
int rehearsal_begin(struct rehearsal *t, int64_t now_ms, int64_t until_ms);
void rehearsal_close(struct rehearsal *t);

/* It is `now_ms` now, or later already, and goes on until before `until_ms`: after the records have
 * changed. What the planner decides against is not told. */
void rehearsal_go_on(struct rehearsal *t, int64_t now_ms, int64_t until_ms);

/* Go on: decide about some messages, in the order of their times, in one transaction. *done: there
 * are no more before the end. */
int rehearsal_step(struct rehearsal *t, rehearsal_each each, void *arg, bool *done);

#endif
