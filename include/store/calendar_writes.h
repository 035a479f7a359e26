/*
 * What calendars are still to be told: visits that came from a calendar and were confirmed or
 * cancelled here. A row says no more than "look at this visit"; what is written is decided when it
 * is written, by what the visit is then.
 */
#ifndef STORE_CALENDAR_WRITES_H
#define STORE_CALENDAR_WRITES_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

/* A visit whose calendar may have to be told. Owned strings. */
struct calendar_write {
    char *ref; /* the appointment's */
    int64_t tries;
    int64_t calendar_id; /* 0: it comes from no calendar (any more), and the rest is empty */
    char *calendar;
    char *token;            /* what the last look at the calendar left */
    char *uid, *recurrence; /* its event */
    bool event_cancelled;   /* the calendar says so itself */
    int64_t appointment_id, client_row;
    char *status, *starts; /* the appointment's */
    char *email;           /* its client's; NULL: none */
};
void calendar_write_close(struct calendar_write *w);

/* The visit of this ref was confirmed or cancelled: note it, if it comes from a calendar. */
int store_calendar_write_note(struct store *s, const char *ref, int64_t now_ms);

/* The one that is due the longest. ERR_NOTFOUND: none is. Close in any case. */
int store_calendar_write_next(struct store *s, int64_t now_ms, struct calendar_write *out);

/* The same for a ref, due or not. */
int store_calendar_write(struct store *s, const char *ref, struct calendar_write *out);

/* When the next is due; INT64_MAX: there is none. */
int store_calendar_write_due(struct store *s, int64_t *due_ms);

/* Its calendar knows `status` now, or is never to know. If the visit is another by then, it is due
 * again; else it is noted no more. */
int store_calendar_write_done(struct store *s, const char *ref, const char *status);

/* It came to nothing: again at `next_ms`. */
int store_calendar_write_later(struct store *s, const char *ref, int64_t next_ms);

/* Its event is cancelled in the calendar, or is not, because we wrote that. */
int store_calendar_write_told(struct store *s, const char *ref, bool cancelled);

#endif
