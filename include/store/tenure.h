/*
 * Whose the database is: which start of the service works on it, and whether the file that we have
 * open is still the one that others see.
 *
 * Each start raises the epoch. A service that finds another epoch than its own has been overtaken:
 * somebody took the lock from it by force, or put another database in the place of this one. It
 * must not write any more, however long ago its last look was.
 */
#ifndef STORE_TENURE_H
#define STORE_TENURE_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

/* What the service that works wrote last. */
struct tenure {
    int64_t epoch;
};

/* The epoch of the last start; 0: there was none. */
int store_epoch(struct store *s, int64_t *epoch);

/* A new start: raise the epoch above the last one and above `floor`. Inside the caller's
 * transaction. */
int store_tenure_begin(struct store *s, int64_t floor, struct tenure *out);

/* At the beginning of every transaction of the service: is it still its own? ERR_CANCELLED: no. */
int store_tenure_check(struct store *s, const struct tenure *t);

/* Is the file that was opened no longer the one of its name: removed, renamed, another put in its
 * place? */
bool store_displaced(struct store *s);

#endif
