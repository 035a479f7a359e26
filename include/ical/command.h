/* `betimes ical FILE`: what is in a calendar, for people and, with --json, for programs. */
#ifndef ICAL_COMMAND_H
#define ICAL_COMMAND_H

#include <stdbool.h>

#include "base/err.h"

#define ICAL_COMMAND_DAYS 366 /* from the first day, when no last one is given */

struct ical_command {
    const char *path;      /* "-": standard input */
    const char *from, *to; /* "2026-12-08"; both days count; NULL: today, ICAL_COMMAND_DAYS on */
    const char *zone;      /* whose days; NULL: UTC's */
    bool json;
};

/* Read the calendar in a child and print it on standard output: an object with the arrays
 * "calendars", "events" and "occurrences" (ical/read.h), or a list of what is when, and below it
 * what was wrong with the file. ERR_INVALID for what was asked wrongly and for what is no calendar;
 * errors of ical_read_file. */
int ical_command_run(const struct ical_command *c, struct err *err);

#endif
