/*
 * Entering a database: what a start of the service finds out before it does anything. Is it a copy,
 * or a backup that was restored? What does the send ledger know that the database does not? Then
 * the database is its own, with an epoch above all others.
 */
#ifndef SERVICE_ENTRY_H
#define SERVICE_ENTRY_H

#include "playbook/settings.h"
#include "send/ahead.h"
#include "store/ledger.h"
#include "store/tenure.h"

struct entry {
    struct tenure tenure;
    struct ledger *ledger;
    struct ahead *ahead; /* what the ledger knows and the database does not; NULL: nothing */
};

/* Enter. A copied or restored database is paused (unless the settings say otherwise), with a reason
 * and a task. Errors: the store's, or those of the ledger, with a sentence. Close in any case. */
int entry_make(struct store *s, const struct settings *settings, struct entry *out,
               struct err *err);
void entry_close(struct entry *e);

#endif
