/*
 * Calendars of others: iCalendar bytes (RFC 5545) in, JSON out. The bytes are a stranger's, so they
 * are read in a child process with limits (base/process.h): this program itself, started again.
 *
 * The happy path: a program that reads calendars gives ical_is_child its first word; the parent
 * calls ical_read, which starts the child, feeds it, waits, and checks that its answer is whole;
 * ical_reading_next then gives one JSON object after the other:
 *
 *   "calendar"    for each VCALENDAR: prodid, method, name, timezone (X-WR-TIMEZONE as an IANA
 * name), ignored (how many components of other kinds), problems "event"       for each VEVENT of
 * it, in its order: index, uid, recurrence_id, sequence, status, summary, description, location,
 * start, end, all_day, organizer, attendees (name, email, uri, partstat, type), last_modified,
 * rrule, problems "occurrence"  for each time in the window at which one of its events is, by
 * start: event (its index), uid, recurrence_id, start, end, all_day, status, summary
 *
 * What is not there is null. A time is {"date": "2026-12-08"}; or {"local": "2026-12-08T15:00:00",
 * "zone": "Asia/Almaty", "instant": "2026-12-08T10:00:00Z"}. A floating time has "floating": true,
 * and zone and instant only where the calendar names its zone. Where the system has no zone of that
 * name, zone is null and "tzid" what the calendar says; instant is then by the calendar's own
 * definition, or null: nobody knows. "problems" are sentences for whoever looks after the calendar;
 * what is told there was left out or not understood, never guessed.
 */
#ifndef ICAL_READ_H
#define ICAL_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/process.h"

#define ICAL_BYTES_MAX ((size_t)32 * 1024 * 1024) /* 50,000 events with long texts */
#define ICAL_DAYS_MAX 36600                       /* in a window */

/* A line between calendars that stand one behind the other: each has to be whole by itself, and
 * nothing one of them lacks is found in the next. */
#define ICAL_NEXT "\x1e next calendar\n"

struct ical_request {
    int64_t from_day, to_day; /* occurrences on these days (civil_day_number), to_day excluded */
    const char *zone;         /* IANA: whose days; NULL: UTC's */
};

/* ---- in the child: first of all in main() ---- */

/* Is this process a reader's child? Then ical_child is all that it does; it returns the exit
 * status. */
bool ical_is_child(int argc, char **argv);
int ical_child(int argc, char **argv);

/* ---- in the parent ---- */

/* What a child answered. */
struct ical_reading {
    struct buf text; /* a JSON object on each line */
    size_t at;
};

/* Read bytes[0..len) in a child. Blocks for half a minute at most. ERR_INVALID with a
 * sentence: it is no calendar, it was cut off, it is over a limit, or made the child crash.
 * ERR_LIMIT: more than ICAL_BYTES_MAX. ERR_IO: no child could be started. Close *out in any case.
 */
int ical_read(const void *bytes, size_t len, const struct ical_request *request,
              struct ical_reading *out, struct err *err);

/* The same for a file, named in errors; "-" is standard input. */
int ical_read_file(const char *path, const struct ical_request *request, struct ical_reading *out,
                   struct err *err);

/* The next object, a new reference, or NULL at the end; *kind is one of the three words above. */
json_t *ical_reading_next(struct ical_reading *r, const char **kind);
void ical_reading_close(struct ical_reading *r);

/* For an event loop, which starts the child itself: its arguments, its limits, and what to make of
 * its output, all of it in out->text. The strings of `out` live as long as it does. */
struct ical_argv {
    const char *argv[6]; /* NULL at the end */
    char from[24], to[24], zone[72];
};
void ical_child_argv(const struct ical_request *request, struct ical_argv *out);
void ical_limits(struct process_limits *out);
int ical_reading_check(enum process_end end, struct ical_reading *out, struct err *err);

/*
 * The days that the all-day events of the file at `path` cover, from 2020 to 2045, as sorted day
 * numbers (civil_day_number), each once; free(*days). Cancelled ones are left out, those with a
 * time of day as well. ERR_INVALID when there is none at all, or an event could not be read whole:
 * a holiday that is missed costs more than a look at the file. ERR_LIMIT: far too many. Else as
 * ical_read_file.
 */
int ical_holidays(const char *path, int64_t **days, size_t *count, struct err *err);

#endif
