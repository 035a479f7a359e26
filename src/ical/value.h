/*
 * The values of iCalendar properties (RFC 5545, 3.3), each read whole or refused: what is not a
 * date is no date, neither the second of March nor 1970. A value s[0..len) ends where it ends; a
 * list is cut at its commas by the caller (value_part).
 */
#ifndef ICAL_VALUE_H
#define ICAL_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum value_form { VALUE_NONE, VALUE_DATE, VALUE_WALL, VALUE_UTC };

/* A date, or a date and time; in seconds since 1970-01-01T00:00 of what it says, as if in UTC. */
struct value_time {
    enum value_form form;
    int64_t wall_s; /* midnight of a date */
};

/* "P1DT2H": whole days on the calendar, then exact seconds. */
struct value_span {
    int64_t days;
    int64_t seconds;
};

#define VALUE_DURATION_DAYS_MAX 36600 /* a hundred years: longer is nonsense */

/* "20261208", "20261208T150000", "20261208T150000Z". A leap second is the one before it. */
bool value_time(const char *s, size_t len, struct value_time *out);

/* Weeks, or days and a time; of either sign, both parts have it. */
bool value_span(const char *s, size_t len, struct value_span *out);

/* "+0500", "-033000", in seconds east of UTC; less than a day. */
bool value_offset(const char *s, int *out_s);

/* The next part of a list at *at, up to its comma; moves *at behind it. False at the end. */
bool value_part(const char **at, const char **part, size_t *len);

/* TEXT without its escapes, appended to `out`. */
void value_text(const char *s, struct buf *out);

#endif
