/*
 * What a calendar says, as visits: each event, or each time of a series, with its time as an
 * appointment has it, and whom it names. Made from what the child has read (ical/read.h); no
 * database, no clock but `now_ms`.
 */
#ifndef CALENDAR_LOOK_H
#define CALENDAR_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "calendar/names.h"
#include "ical/read.h"
#include "time/zone.h"

/* How far recurrences are followed: past visits are still of use for follow-ups; further ahead than
 * a year nobody is told anything yet. The horizon moves on with the days (sync.h). */
#define LOOK_DAYS_BACK 90
#define LOOK_DAYS_AHEAD 400

#define LOOK_NOTES_MAX 100 /* what is wrong with a calendar, of which a person is told */
#define LOOK_TEXT_MAX 500  /* bytes of a title, a place */
#define LOOK_UID_MAX 1000  /* bytes of a UID; what is longer is cut, with a fingerprint */

/* What a calendar says that stands once for all times of a series. */
struct look_event {
    char *uid, *title, *location; /* title, location: NULL if there is none */
    char *names;                  /* calendar/names.h */
    int64_t staff_row, sequence;
    bool trouble;   /* something of it was not understood: what is not there may be there */
    char *why;      /* the first thing that was not */
    bool cancelled; /* STATUS, or METHOD:CANCEL */
    bool has_visit; /* within the horizon */
    bool left_out;  /* it is no event of this calendar's: our own, or an answer to one */
};

struct visit {
    const struct look_event *event; /* borrowed from the look */
    size_t index;                   /* which one it is */
    char *recurrence;               /* which of the series; "": it is none */
    char *starts, *ends, *timezone; /* as an appointment has them; ends, timezone may be NULL */
    int64_t starts_ms;
    bool unreadable; /* nobody can tell when it is: starts is as written, by unknown clocks */
    char *tzid;      /* what they are called; NULL: they have no name, or are known */
    bool beyond;     /* outside the horizon: of use only if it was known before */
    uint64_t digest; /* of all that matters */
};

struct look {
    struct look_event *events;
    size_t event_count, event_cap;
    struct visit *visits; /* by uid, then recurrence (byte by byte), each once */
    size_t count, cap;
    struct str_list troubled; /* uids of which something was not understood, sorted */
    struct str_list notes;    /* for the person who looks after the calendar */
    size_t notes_more;        /* that did not fit */
    bool message;             /* METHOD: it speaks of some events, not of a whole calendar */
};

struct look_rules {
    struct names_rules names;
    const struct zone *zone;     /* of the business: whose days, and of times in UTC */
    const struct zone *floating; /* of times that name no zone; NULL: `zone` */
    const char *identity; /* of the database, which its own events have in their UID; NULL: none */
    int64_t now_ms;
};

/* What the child is to be asked for; *out borrows from `rules`. */
void look_request(const struct look_rules *rules, struct ical_request *out);

/* The instant up to which such a request follows recurrences. */
int64_t look_until_ms(const struct look_rules *rules);

/* Add a reading to a look, which begins as {0}; after the last one look_end puts it in order. Close
 * in any case. ERR_INVALID: the child's answer makes no sense. */
int look_read(const struct look_rules *rules, struct ical_reading *reading, struct look *look,
              struct err *err);
void look_end(struct look *l);
void look_close(struct look *l);

/* A UID as a look has it: one that is too long is cut. free() it. */
char *look_uid(const char *uid);

#endif
