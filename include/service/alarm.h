/*
 * Waking at a wall-clock time. libuv's timers are monotonic and know neither a suspend nor a step
 * of the clock; this one is a timerfd on CLOCK_REALTIME, which also fires when the clock was
 * stepped. A virtual clock is served by a plain timer. And at least once a minute it rings anyway.
 */
#ifndef SERVICE_ALARM_H
#define SERVICE_ALARM_H

#include <stdint.h>
#include <uv.h>

#include "base/err.h"

struct alarm;

/* An alarm, not set yet; `ring` is called on the loop. NULL, with a sentence in `err`, when the
 * system gives no timer. */
struct alarm *alarm_create(uv_loop_t *loop, void (*ring)(void *arg), void *arg, struct err *err);

/* Ring at `wall_ms` or soon after; INT64_MAX: within a minute. Replaces what was set before. */
void alarm_set(struct alarm *a, int64_t wall_ms);

/* Ring no more. When the loop has let go of the alarm, `closed` (may be NULL) is called, and its
 * memory goes. */
void alarm_close(struct alarm *a, void (*closed)(void *arg), void *arg);

#endif
