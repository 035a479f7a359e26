/*
 * Clients whom nothing reaches: no address that can be used, opted out of everything, or refused by
 * the other side. What the service owes them (purpose = service) is told to a person instead: one
 * task for each client, however many messages it concerns, which ends by itself when the client's
 * record changes so that they can be reached again.
 */
#ifndef WATCH_REACH_H
#define WATCH_REACH_H

#include "store/messages.h"
#include "watch/world.h"

/* What did not reach a client. */
struct unreached {
    int64_t client_id, client_row; /* the entity, and its row */
    const struct rule *rule;
    int64_t job_id, appointment_id; /* rows; 0: none */
    const char *why;
};
int reach_lost(struct world *w, const struct unreached *u, int64_t now_ms);

/* A message of `rule` was decided against for this client: is it because nothing would reach them?
 * `why` (PLAN_REASON_MAX bytes) then says so. */
bool reach_is_lost(const struct world *w, const struct rule *rule, const struct plan_contact *c,
                   char *why);

/* This message does not reach its client, for the reason `why`, and its rule has no other way. Does
 * nothing when it is for somebody else, or not owed. */
int reach_failed(struct world *w, const struct message *m, const char *why, int64_t now_ms);

/* The record of the client changed, or is gone: end the task if they can be reached now. */
int reach_changed(struct world *w, int64_t client_id, int64_t client_row, int64_t now_ms);

#endif
