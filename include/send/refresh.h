/*
 * A message's plan brought up to date with its record, in the moment in which it is looked at.
 */
#ifndef SEND_REFRESH_H
#define SEND_REFRESH_H

#include "store/messages.h"
#include "watch/world.h"

/* Plan the subject of `m` again if the plan is older than the playbook or the record (or may be
 * older than its client: world.behind), or by `force`. *again: it was, and `m` was read anew.
 * Errors: the store's. */
int refresh_message(struct world *w, struct message *m, bool force, int64_t now_ms, bool *again);

#endif
