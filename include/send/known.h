/*
 * Messages that the database believes to be waiting and of which the ledger knows better: they are
 * marked as what they are, and never sent again.
 */
#ifndef SEND_KNOWN_H
#define SEND_KNOWN_H

#include "send/ahead.h"

/* Does the ledger know of `m`, which is pending or being sent, more than the database? Then it is
 * marked: sent, or unknown if it had never been tried here. *known says so. `key` may be NULL: it
 * is looked up. */
int known_mark(struct world *w, struct ahead *a, const struct message *m,
               const struct ledger_key *key, int64_t now_ms, bool *known);

/* Look at pending messages, a stretch of them after the id *after, which moves on. *done: that was
 * the last stretch. */
int known_sweep(struct world *w, struct ahead *a, int64_t now_ms, int64_t *after, bool *done);

#endif
