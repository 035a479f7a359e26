/*
 * Whose the database is: which one it is, which start of the service works on it, and whether the
 * file that we have open is still the one that others see.
 *
 * Each start raises the epoch. A service that finds another epoch than its own has been overtaken:
 * somebody took the lock from it by force, or put another database in the place of this one. It
 * must not write any more, however long ago its last look was. The same goes for one whose database
 * has forgotten how far it had come in the send ledger: its content was put back.
 */
#ifndef STORE_TENURE_H
#define STORE_TENURE_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

/* What the service that works wrote last. */
struct tenure {
    int64_t epoch;
    int64_t ledger; /* the last record of the send ledger that this database has */
};

/* What the database says of itself. */
struct store_origin {
    char *identity;    /* it was made with it; a copy has the same */
    char *home;        /* where it was when a service last worked on it; NULL: none has */
    int64_t copied_ms; /* it is a backup, taken then; 0: no */
    int64_t epoch;     /* of the last start; 0: there was none */
    int64_t ledger;    /* see struct tenure; -1: no service has ever worked with a ledger */
    int64_t
        ahead_from;   /* these records of the ledger, after `from` and up to `to`, were found to */
    int64_t ahead_to; /* be unknown to the database, and not all have met their message; -1 */
};
int store_origin(struct store *s, struct store_origin *out);
void store_origin_close(struct store_origin *o);

/* A new identity, for a new database. */
int store_origin_make(struct store *s);

/* It lives here from now on, and is a backup no more. Inside the caller's transaction. */
int store_origin_settle(struct store *s, const char *home);

/* The mark of a backup. */
int store_origin_mark_copy(struct store *s, int64_t now_ms);

/* See struct store_origin; -1 and -1: none any more. */
int store_ahead_range(struct store *s, int64_t from, int64_t to);

/* A new start: raise the epoch above the last one and above `floor`. out->ledger has to be set.
 * Inside the caller's transaction. */
int store_tenure_begin(struct store *s, int64_t floor, struct tenure *out);

/* The ledger has come further; in the transaction that records what its records are about. */
int store_tenure_ledger(struct store *s, int64_t number);

/* At the beginning of every transaction of the service: is it still its own? ERR_CANCELLED: no. */
int store_tenure_check(struct store *s, const struct tenure *t);

/* The same for another connection of the service, which knows no more than its epoch. */
int store_tenure_is(struct store *s, int64_t epoch);

/* Is the file that was opened no longer the one of its name: removed, renamed, another put in its
 * place? */
bool store_displaced(struct store *s);

#endif
