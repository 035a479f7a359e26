/*
 * What waits for some clients, decided ahead of its time: a draft around them, in which what nobody
 * has looked at yet is looked at and planned, and the rehearsal of all that is pending then. Every
 * answer of the kind "what would go, and when" for single clients comes from here.
 *
 * While it runs the wall clock stands (send/rehearsal.h): for a process of its own.
 */
#ifndef SEND_LOOKAHEAD_H
#define SEND_LOOKAHEAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "playbook/playbook.h"
#include "playbook/settings.h"
#include "send/rehearsal.h"
#include "store/condition.h"
#include "text/template_set.h"
#include "watch/absorb.h"
#include "watch/world.h"

#define LOOKAHEAD_DAYS 3650 /* how far it looks */

/* All of it is borrowed and has to stay until lookahead_close. */
struct lookahead_request {
    const struct settings *settings;
    const struct playbook *playbook;
    const struct template_set *templates;
    const int64_t *client_ids;
    size_t client_count;
    int64_t now_ms;
};

struct lookahead {
    const struct lookahead_request *request;
    struct store *store; /* the draft */
    struct conditions *conditions;
    struct world world;
    struct subjects concerned; /* to be planned by lookahead_plan; more may be added before */
};

/* Make the draft and look at the clients in it; a transaction on it is open then. Errors: those of
 * the store, with a sentence. lookahead_close in any case. */
int lookahead_open(const struct lookahead_request *r, struct lookahead *out, struct err *err);

/* Plan what that concerns, and end the transaction. Errors: those of the store. */
int lookahead_plan(struct lookahead *l);

/* Decide about everything that waits, and tell each of it. Errors: those of the store. */
int lookahead_run(struct lookahead *l, rehearsal_each each, void *arg);

/* Drop the draft. */
void lookahead_close(struct lookahead *l);

#endif
