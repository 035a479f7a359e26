/*
 * The records that a message is written from, and a made-up set of them, for whoever wants to see a
 * message before there is anyone to send it to.
 */
#ifndef SEND_SAMPLE_H
#define SEND_SAMPLE_H

#include <stdint.h>

#include "plan/record.h"
#include "playbook/playbook.h"
#include "playbook/settings.h"
#include "send/compose.h"
#include "store/entities.h"

struct record_set { /* an id of 0: there is none */
    struct client client;
    struct job job;
    struct appointment appointment;
    struct answer answer;
    struct staff staff;
};
void record_set_close(struct record_set *r);

/* A client, a job or an appointment (by its id) with the records that belong to it; what is not
 * there has no values. ERR_NOTFOUND when it is not there itself. `out` is all zero before; close it
 * in any case. */
int record_set_load(struct store *s, enum entity_kind kind, int64_t id, struct record_set *out);

/* What the message of a rule is composed from, with nobody to send it to: a preview. Borrows all of
 * it. */
void record_set_input(const struct record_set *r, const struct rule *rule, enum channel channel,
                      int64_t now_ms, struct compose_input *out);

/* A client with a repair in the rule's stage and a visit tomorrow at 15:00, and, for rules on
 * answers, what she said of it. */
void sample_make(const struct rule *rule, const struct business *business, int64_t now_ms,
                 struct record_set *out);

#endif
