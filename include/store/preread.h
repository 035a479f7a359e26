/*
 * Reading ahead: while some subjects of many are planned, the rows of the next ones are read by a
 * second connection on a thread of its own (store/stretch.h). What was read counts only while
 * nothing that it was read from has changed since; src/store/preread.c tells how that is known.
 */
#ifndef STORE_PREREAD_H
#define STORE_PREREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/stretch.h"

#define PREREAD_STRETCHES 8 /* that are read at a time */

/* From now on this may be done for this store, which writes its database itself (no draft). */
void store_preread_allow(struct store *s);

/* The rows of this stretch as they stand in the open transaction, if they were read ahead: they
 * stay as they are until the next call of any of these. NULL: read them (store_stretch_read). */
const struct stretch_rows *store_preread_take(struct store *s, struct stretch at);

/* Can more be read ahead now? *after: the last entity that was asked for and not taken yet, or
 * INT64_MIN. */
bool store_preread_wants(struct store *s, int64_t *after);

/* Read these ahead, at most PREREAD_STRETCHES, in the order in which they will be taken. Only after
 * store_preread_wants has said yes. Where it cannot be done nothing is read. */
void store_preread_order(struct store *s, const struct stretch *list, size_t count);

/* All is planned for now: give back the thread, the connection and the memory. */
void store_preread_end(struct store *s);

#endif
