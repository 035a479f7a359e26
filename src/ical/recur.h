/*
 * The times that a recurrence rule names, in civil time with no zone: whoever has a zone converts
 * them afterwards, one by one, by RFC 5545's rules for gaps and folds. (A rule that is followed in
 * instants is an hour late on the day after a clock change.)
 *
 * An expander of our own, because no rule may run for ever. A step here is never "find the next
 * time", which a rule for the 30th of February makes endless, but "look at the next year, month,
 * week or day", of which there are so and so many until the window's end; and the total of days
 * looked at is limited as well. libical's iterator works the other way round, and is wrong for
 * BYSETPOS by the week and for an UNTIL that is a date.
 */
#ifndef ICAL_RECUR_H
#define ICAL_RECUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ical/rule.h"

/* Rules by the hour, minute and second are followed for so many days after their start: nobody
 * meets clients by them, and each is work without end. */
#define RECUR_SUBDAILY_DAYS 400

struct recur {
    const struct rule *rule;
    int64_t start_s; /* DTSTART, civil seconds; it is the first time, named by the rule or not */
    bool dates;      /* DTSTART is a date: only dates count */
    int64_t until_s; /* the last civil second at which there may be one; INT64_MAX: no UNTIL */
    int64_t from_s, to_s; /* wanted are the times within [from_s, to_s) */
    size_t times_max;
    int64_t
        *budget; /* days and times to look at; counted down, shared by all rules of a calendar */
};

struct recur_times {
    int64_t *items; /* civil seconds, ascending; owned */
    size_t count, cap;
};

enum recur_end {
    RECUR_ALL,     /* all the times in the window */
    RECUR_CUT,     /* only the first times_max */
    RECUR_HORIZON, /* a rule within the day, only RECUR_SUBDAILY_DAYS of it */
    RECUR_BUDGET   /* the budget is used up */
};

/* Append the times of the window to `out`. Free out->items. */
enum recur_end recur_expand(const struct recur *job, struct recur_times *out);

#endif
