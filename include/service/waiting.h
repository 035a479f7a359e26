/*
 * Waiting on the loop for what cannot be had yet: the lock that another service holds, a database
 * that another program keeps locked. Signals and the service manager are answered meanwhile, by
 * whoever owns the loop.
 */
#ifndef SERVICE_WAITING_H
#define SERVICE_WAITING_H

#include <uv.h>

/* One try, made outside the loop. ERR_BUSY: not yet; anything else ends the waiting. */
typedef int (*waiting_attempt)(void *arg);

/* Run the loop and try again every WAITING_MS, and at once when the file `path` (NULL: none)
 * changes. Returns what the last try did; ERR_CANCELLED when uv_stop was called meanwhile. */
#define WAITING_MS 500
int waiting_run(uv_loop_t *loop, const char *path, waiting_attempt attempt, void *arg);

#endif
