/*
 * Near and far: what claims look at, and what waits for a later day.
 *
 * Most of what is pending lies weeks ahead, and the times of what one turn plans lie anywhere
 * within them. An index by the exact time would have each of those rows on a page of its own, to be
 * written to the journal and copied from there; so it has only the messages that are near, up to
 * the end of the week in which tomorrow (UTC) lies, and an index by the week the others: a turn
 * writes to the last page of each week. (By the day it took a quarter more of planning everything.)
 * Each turn brings near what has come so close; a message is near or far by what its row says
 * alone, so whoever moves its time need not know.
 */
#ifndef STORE_HORIZON_H
#define STORE_HORIZON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

/* Weeks are counted from 1970, as the index has them: they begin on Thursdays. */
#define STORE_WEEK_MS INT64_C(604800000)

/* The end of tomorrow's week: messages up to then are near. */
int64_t store_horizon_ms(int64_t now_ms);

/* Bring near, `max` at a time, what is far and lies within the horizon; *done: nothing does any
 * more. *again_ms: when there will be something to bring near, or was; INT64_MAX: nothing is far.
 */
int store_bring_near(struct store *s, int64_t now_ms, size_t max, bool *done, int64_t *again_ms);

/* The first week beyond `after` (-1: of all) with messages that are far; INT64_MAX: there is none.
 */
int store_far_week_after(struct store *s, int64_t after, int64_t *week);

/* The beginning of the week of the first far message: nothing that is due before then is far, so
 * that it can be claimed in its order. INT64_MAX: nothing is far. */
int64_t store_far_week_ms(int64_t again_ms);

#endif
