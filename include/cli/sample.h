/*
 * The records that a message is written from, and a made-up set of them, for whoever wants to see a
 * message before there is anyone to send it to.
 */
#ifndef CLI_SAMPLE_H
#define CLI_SAMPLE_H

#include <stdint.h>

#include "plan/record.h"
#include "playbook/playbook.h"
#include "playbook/settings.h"

struct record_set { /* an id of 0: there is none */
    struct client client;
    struct job job;
    struct appointment appointment;
    struct answer answer;
    struct staff staff;
};
void record_set_close(struct record_set *r);

/* A client with a repair in the rule's stage and a visit tomorrow at 15:00, and, for rules on
 * answers, what she said of it. */
void sample_make(const struct rule *rule, const struct business *business, int64_t now_ms,
                 struct record_set *out);

#endif
