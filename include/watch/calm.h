/*
 * Courtesy towards other writers. Many write row after row in transactions of their own, and a
 * program whose driver does not wait for a lock (the sqlite3 shell, unless told otherwise) loses a
 * row when we write at that very moment. So after a commit of theirs we hold still for a moment: a
 * few milliseconds for a single one, longer while one follows another, but never so long that a
 * busy writer could hold up the messages.
 */
#ifndef WATCH_CALM_H
#define WATCH_CALM_H

#include <stdint.h>
#include <uv.h>

struct calm;

/* `calmed` is called on the loop once it is time. */
struct calm *calm_create(uv_loop_t *loop, void (*calmed)(void *arg), void *arg);

/* Another program has just committed. */
void calm_note(struct calm *c);

/* While others write row after row, our own transactions keep a distance from each other, so that
 * theirs find room in between: how many milliseconds to wait before the next one, when the last one
 * ended at `ended_ms` (monotonic). 0: none. */
int64_t calm_distance_ms(const struct calm *c, int64_t ended_ms);

/* Stop; `closed` is called when its memory has gone. */
void calm_close(struct calm *c, void (*closed)(void *arg), void *arg);

#endif
