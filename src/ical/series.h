/*
 * When things are: the events of one UID (a series, and what was changed in it) as single
 * occurrences within a window of days. Recurrences are followed on the series' own clocks and
 * turned into instants one by one.
 */
#ifndef ICAL_SERIES_H
#define ICAL_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ical/event.h"

#define SERIES_TIMES_MAX 10000        /* occurrences of one series in a window */
#define SERIES_OCCURRENCES_MAX 200000 /* of a whole file */
/* Days and times that may be looked at to find them: one or two seconds' work. */
#define SERIES_BUDGET INT64_C(100000000)
/* What one calendar may have of that where several stand in a row (the objects of a collection), so
 * that the rules of one are not the end of all others'. */
#define SERIES_SHARE INT64_C(2000000)

struct occurrence {
    struct event *event;       /* it is one of this; borrowed */
    struct when recurrence_id; /* which of a series; VALUE_NONE: the event is no series */
    struct when start, end;
    int64_t start_ms, end_ms; /* to sort by; of dates as when_instant */
};

struct occurrences {
    struct occurrence *items; /* owned */
    size_t count, cap;
    bool cut; /* there are more than SERIES_OCCURRENCES_MAX */
};

struct series_window {
    int64_t from_day, to_day; /* day numbers; to_day is the first after it */
    int64_t from_ms, to_ms;   /* the same in the zone of who asks */
};

struct series {
    const struct content *content;
    struct places *places;
    struct series_window window;
    int64_t *budget; /* recur.h */
    struct occurrences *out;
};

/* Append what events[0..count), all of one UID, come to in the window. Trouble goes to the events.
 * Of several versions of one event the highest SEQUENCE counts, then the latest stamp. */
void series_expand(const struct series *s, struct event **events, size_t count);

/* When the event itself, not a repetition, ends. Its start has to be known. */
void series_end(const struct places *places, const struct event *e, struct when *end);

void occurrences_sort(struct occurrences *o); /* by start */
void occurrences_close(struct occurrences *o);

#endif
