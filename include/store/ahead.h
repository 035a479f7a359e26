/*
 * What was written by a clock that was ahead of the present one. After a step back such records lie
 * in the future: pauses would last as long as the step, caps would count what is yet to come, a
 * rule would count from a time that nothing has reached. They are brought back into the minute
 * before now, in their order, so that "before" and "after" among them stay what they were.
 */
#ifndef STORE_AHEAD_H
#define STORE_AHEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

#define AHEAD_LEAST_MS 60000 /* less is waited for */

/* The latest time that the database tells of what has been done: the last attempt, the last
 * planning, the last rule switched on. It costs a few look-ups; 0: nothing has been done. */
int store_latest(struct store *s, int64_t *latest_ms);

/* How far bringing back has come. Begin with the two times, and the rest zero. It is in the
 * database, too: one that a crash interrupts goes on with the same two times, or what happened to
 * one message would come apart by the time in between. */
struct ahead_cursor {
    int64_t now_ms, latest_ms; /* latest > now */
    int table;
    int64_t after; /* the last row looked at */
};

/* Bring back the next stretch of rows, at most `max` of them, within a transaction. *done: there
 * are no more. What was planned with the old times is to be planned again then. */
int store_bring_back(struct store *s, struct ahead_cursor *c, int64_t max, bool *done);

/* Was a service interrupted at it? *left; then *c goes on where it was. */
int store_bring_back_left(struct store *s, struct ahead_cursor *c, bool *left);

#endif
