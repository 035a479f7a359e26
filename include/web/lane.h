/*
 * A lane: work that may take a while (the database, a password's hash) is done off the loop, one
 * piece after another, on a connection of its own to the database.
 */
#ifndef WEB_LANE_H
#define WEB_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "store/store.h"

struct lane;

#define LANE_PATIENCE_MS 3000 /* for another program's transaction */

/* A piece of work, embedded in what it is for; it has to live until `done`. */
struct lane_job {
    void (*work)(struct lane_job *job, struct store *store); /* off the loop */
    void (*done)(struct lane_job *job);                      /* on the loop */
    struct lane_job *next;                                   /* the lane's own */
};

/* Open the database at `path` for it; `waiting_max` pieces may wait. NULL with a sentence. */
struct lane *lane_create(uv_loop_t *loop, const char *path, size_t waiting_max, struct err *err);

/* Put it in the line; false: the line is full. */
bool lane_add(struct lane *l, struct lane_job *job);

/* What waits is done no more: `done` is called for it without `work`. `closed` is called when what
 * is under way is done, and everything is freed. */
void lane_close(struct lane *l, void (*closed)(void *arg), void *arg);

#endif
