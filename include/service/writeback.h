/*
 * Telling calendars what became of their visits: `write-back = yes` of a [calendar NAME] of type
 * caldav. When a visit that came from there was confirmed or cancelled here, its object is fetched,
 * changed in that alone (ical/edit.h), and put back on the condition that nobody has changed it
 * since (If-Match). If somebody has, it is read again and decided again.
 *
 * What cannot be settled becomes a task for a person: the calendar is never overwritten by force.
 */
#ifndef SERVICE_WRITEBACK_H
#define SERVICE_WRITEBACK_H

#include <uv.h>

#include "gateway/fetch.h"
#include "playbook/settings.h"
#include "service/engine.h"
#include "web/lane.h"

struct writeback;

/* It does nothing yet. `engine` must outlive it. */
struct writeback *writeback_create(uv_loop_t *loop, struct engine *engine);

/* For the calendars of `settings` (borrowed for the call) that want it, with this lane and fetcher,
 * which must outlive its work. */
void writeback_configure(struct writeback *w, struct lane *lane, struct fetcher *fetcher,
                         const struct settings *settings);

/* Another connection has written, or a look is done: there may be something to tell. */
void writeback_notice(struct writeback *w);

/* End; an exchange is broken off, and is made again at the next start. The lane and the fetcher
 * have to be closed after this; `closed` is called when everything is freed. */
void writeback_close(struct writeback *w, void (*closed)(void *arg), void *arg);

#endif
