/*
 * Calendars that are read: what was found out about each source, and what its events were at the
 * last look. The appointments that came of them are rows of the public table like anybody's; what
 * others changed in those since is theirs, so an appointment is only ever told what is new.
 */
#ifndef STORE_CALENDARS_H
#define STORE_CALENDARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "store/store.h"

/* ---- sources */

/* Strings are owned, and NULL where there is none. */
struct calendar_row {
    int64_t id;
    char *name;
    char *etag, *modified, *token; /* what the last look that was applied was answered with */
    int64_t looked_ms;             /* 0: never */
    int64_t good_ms;               /* when a look was last applied, or found nothing new */
    int64_t until_ms;              /* recurrences were followed up to then */
    int64_t rules;                 /* a fingerprint of how it was read then */
    int64_t tries;                 /* looks that failed since good_ms */
    char *trouble;                 /* why the last one failed */
    char *asks;                    /* why the last one waits for a yes */
    int64_t asks_missing;          /* so many events it lacked */
    int64_t accepted;              /* so many may be missing at the next look; 0: nobody said yes */
    int64_t wanted_ms;             /* when somebody last asked for a look */
    char *notes;                   /* what was wrong with it, a line each */
};
void calendar_row_close(struct calendar_row *c);

/* The source of this name. ERR_NOTFOUND. Close in any case. */
int store_calendar(struct store *s, const char *name, struct calendar_row *out);

/* The same; one that is not there is made. */
int store_calendar_make(struct store *s, const char *name, struct calendar_row *out);

/* The names of all of them that are not in `names` yet are added to it, sorted. */
int store_calendar_names(struct store *s, struct str_list *names);

/* How many there are that somebody looked at since `since_ms`, and how those are. */
struct calendar_health {
    int64_t read, trouble, asks;
};
int store_calendar_health(struct store *s, int64_t since_ms, struct calendar_health *out);

/* A calendar that nobody has looked at for so long is not configured any more, or no service runs:
 * the longest interval is a day. */
#define CALENDAR_FRESH_MS INT64_C(90000000)

/* Write all of it but its name, `accepted` and `wanted_ms`, which are a person's. */
int store_calendar_save(struct store *s, const struct calendar_row *c);

/* A person's yes to so many missing events (0 takes it back), or wish for a look at once. */
int store_calendar_accept(struct store *s, const char *name, int64_t missing);
int store_calendar_want(struct store *s, const char *name, int64_t now_ms);

/* ---- their events */

enum event_state {
    EVENT_BOOKED,    /* it has an appointment, or needs none (cancelled before it had one) */
    EVENT_UNMATCHED, /* no client, or several, are named */
    EVENT_PASSED,    /* it names nobody, and such events are passed over */
    EVENT_UNREADABLE /* nobody can tell when it is */
};

/* An event, or one time of a series, as it was at the last look. */
struct calendar_event {
    int64_t id; /* 0: not in the database */
    char *uid, *recurrence;
    uint64_t digest;
    enum event_state state;
    bool cancelled;
    int64_t starts_ms;
    char *starts, *ends, *timezone, *title, *location; /* as an appointment has them */
    int64_t staff_row, sequence;
    char *names;
    char *ref; /* its appointment's; NULL: it never had one */
};
void calendar_event_close(struct calendar_event *e);

/* ERR_NOTFOUND. Close in any case. */
int store_calendar_event(struct store *s, int64_t calendar_id, const char *uid,
                         const char *recurrence, struct calendar_event *out);

/* Insert it, or write over the one with its id; a new one gets its id. */
int store_calendar_event_save(struct store *s, int64_t calendar_id, struct calendar_event *e);
int store_calendar_event_delete(struct store *s, int64_t id);

/* The next events after `after_id` that are without a client, not cancelled, and start at `now_ms`
 * or later, at most `max`, by id. Free with calendar_events_free in any case. */
int store_calendar_unmatched(struct store *s, int64_t calendar_id, int64_t now_ms, int64_t after_id,
                             size_t max, struct calendar_event **out, size_t *count);
void calendar_events_free(struct calendar_event *list, size_t count);

/* Is a ref taken by an event, of whichever calendar? */
int store_calendar_ref_taken(struct store *s, const char *ref, bool *taken);

/* What a comparison needs of an event. */
struct calendar_known {
    char *uid, *recurrence;
    uint64_t digest;
    int64_t starts_ms;
    enum event_state state;
    bool cancelled;
};
/* All events of the calendar that start at `from_ms` or later, by uid, then recurrence (byte by
 * byte). Free with calendar_known_free in any case. */
int store_calendar_known(struct store *s, int64_t calendar_id, int64_t from_ms,
                         struct calendar_known **out, size_t *count);
void calendar_known_free(struct calendar_known *list, size_t count);

/* Forget the events that started before `before_ms`, at most `max`; *more: there are others. */
int store_calendar_forget(struct store *s, int64_t calendar_id, int64_t before_ms, int64_t max,
                          bool *more);

/* Events from `now_ms` on, by what they are. */
struct calendar_counts {
    int64_t booked, cancelled, unmatched, passed, unreadable;
};
int store_calendar_counts(struct store *s, int64_t calendar_id, int64_t now_ms,
                          struct calendar_counts *out);

/* The task about an event, one for all of its times: its key; free() it. */
char *store_calendar_task(const char *name, const char *uid);

/* How many of those are open. */
int store_calendar_tasks(struct store *s, const char *name, int64_t *out);

/* End those whose event has no time any more, from `now_ms` on, that is without a client or
 * unreadable. */
int store_calendar_tasks_end(struct store *s, const char *name, int64_t now_ms);

/* How many times of this uid from `now_ms` on are without a client or unreadable. */
int store_calendar_apart(struct store *s, int64_t calendar_id, const char *uid, int64_t now_ms,
                         int64_t *out);

/* ---- their appointments */

enum visit_part {
    VISIT_TIME = 1, /* starts, ends, timezone */
    VISIT_TITLE = 2,
    VISIT_LOCATION = 4,
    VISIT_STAFF = 8,
    VISIT_CLIENT = 16,
    VISIT_STATUS = 32,
    VISIT_ALL = 63
};

/* What is written into an appointment. Borrowed strings. */
struct visit_row {
    const char *ref, *uid, *starts, *ends, *timezone, *title, *location, *status;
    int64_t client_row, staff_row, sequence; /* staff_row 0: none */
};

/* The appointment of this ref: its id, client, and status (to be freed). ERR_NOTFOUND. */
int store_visit_find(struct store *s, const char *ref, int64_t *id, int64_t *client_row,
                     char **status);

/* Insert it; where there is a row of this ref, write over it. */
int store_visit_book(struct store *s, const struct visit_row *v, int64_t now_ms);

/* Write these parts of it (a set of enum visit_part), and the sequence. */
int store_visit_change(struct store *s, const struct visit_row *v, unsigned parts, int64_t now_ms);

/* Each client's ways to be found, by id. Strings may be NULL and live during the call. */
int store_each_client(struct store *s,
                      void (*each)(void *arg, int64_t id, const char *ref, const char *email,
                                   const char *phone),
                      void *arg);

#endif
