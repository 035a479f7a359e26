/*
 * The calendars that the service looks at: each at its interval, one look at a host at a time, and
 * more seldom while it is in trouble. What a look finds becomes rows of the database; the engine
 * reacts to those as to anybody's.
 *
 * Fetching is done on the loop (gateway/fetch), everything else (the child that reads the bytes,
 * the comparison, the writing) in a lane beside it, on a connection of its own.
 */
#ifndef SERVICE_CALENDARS_H
#define SERVICE_CALENDARS_H

#include <uv.h>

#include "playbook/settings.h"
#include "service/engine.h"

struct calendars;

/* None to begin with. `engine` must outlive it. */
struct calendars *calendars_create(uv_loop_t *loop, struct engine *engine);

/* Look at these from now on; `settings` is borrowed for the call. A look that is under way ends as
 * it began. ERR_IO and others of store_open with a sentence: then none is looked at. */
int calendars_configure(struct calendars *c, const struct settings *settings, struct err *err);

/* Another connection has written: somebody may have asked for a look, said yes to one, or brought
 * the client that an event waits for. */
void calendars_notice(struct calendars *c);

/* End: what is under way is broken off. `closed` is called when everything is freed. */
void calendars_close(struct calendars *c, void (*closed)(void *arg), void *arg);

#endif
