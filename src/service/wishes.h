/*
 * What others want of the calendars: when another connection has written, the lane looks, at most
 * once a second, whether a person has asked for a look; and at most once a minute, whether an event
 * that waits for its client has found it.
 */
#ifndef SERVICE_WISHES_H
#define SERVICE_WISHES_H

#include <stdint.h>
#include <uv.h>

#include "playbook/settings.h"
#include "service/engine.h"
#include "web/lane.h"

struct wishes;

/* `heard` is called on the loop for each calendar: when somebody last asked for a look; 0: never.
 * `engine` must outlive it. */
struct wishes *wishes_create(uv_loop_t *loop, struct engine *engine,
                             void (*heard)(void *arg, const char *name, int64_t wanted_ms),
                             void *arg);

/* Of these calendars, in this lane; `settings` is borrowed for the call. */
void wishes_configure(struct wishes *w, struct lane *lane, const struct settings *settings);

/* Another connection has written. */
void wishes_notice(struct wishes *w);

/* End, at once; the lane, if there is one, has to be closed after this and before `closed` of it is
 * waited for: a job of ours may be under way in it. */
void wishes_close(struct wishes *w, void (*closed)(void *arg), void *arg);

#endif
