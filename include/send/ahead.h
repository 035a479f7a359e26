/*
 * What the send ledger knows and the database does not: the messages that went out after a backup
 * was taken, or in the last moment before a crash. Whoever is about to send looks here first.
 */
#ifndef SEND_AHEAD_H
#define SEND_AHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/entities.h"
#include "store/ledger.h"
#include "store/messages.h"
#include "watch/world.h"

/* What makes a message the message that it is, in any database: a hash of the rule's name, what the
 * subject and the recipient are called, occurrence, repeat and channel. */
void ahead_key(const char *rule, const struct entity *subject, const struct entity *recipient,
               const struct message *m, struct ledger_key *out);

/* The same, with all of it looked up. ERR_NOTFOUND: what it is about is gone. */
int ahead_key_of(struct store *s, const struct message *m, struct ledger_key *out);

struct ahead;

struct ahead *ahead_create(void);
void ahead_free(struct ahead *a); /* NULL does nothing */

/* A record that went out. Of two with one key, a LEDGER_SENT counts more than a LEDGER_UNKNOWN. */
void ahead_add(struct ahead *a, const struct ledger_record *r);

/* How many there are whose message has not been met yet. */
size_t ahead_left(const struct ahead *a);

/* Is it there? The record, which lives until the next ahead_add; NULL: no. */
const struct ledger_record *ahead_find(const struct ahead *a, const struct ledger_key *key);

/* Does this record know of the message what the database does not? That it went out: always. That
 * it may have: only if it was never tried here; what was has its own marks, and a person may have
 * taken it up again. `r` may be NULL: no. */
bool ahead_knows(const struct ledger_record *r, const struct message *m);

/* Its message has been met, and is right now. */
void ahead_met(struct ahead *a, const struct ledger_record *r);

#endif
