/*
 * Notices that another program may have committed to the database.
 *
 * The folder is watched by inotify: a commit writes to the -wal file. But the event comes before
 * the commit can be seen, sometimes by most of a second, and there is no second one: so each event
 * starts a series of looks after growing pauses. A slow regular look catches what no event told
 * (memory-mapped writes, a network file system, a full inotify queue).
 */
#ifndef WATCH_WATCHER_H
#define WATCH_WATCHER_H

#include <uv.h>

#include "base/err.h"

struct watcher;

/* Watch the database at `path`; `look` is called on the loop whenever it is worth a look. */
struct watcher *watcher_create(uv_loop_t *loop, const char *path, void (*look)(void *arg),
                               void *arg, struct err *err);

/* Stop watching; `closed` is called when its memory has gone. */
void watcher_close(struct watcher *w, void (*closed)(void *arg), void *arg);

#endif
