/*
 * A VEVENT as far as its times go: when it is, what it repeats, what it takes the place of. Words
 * (summary, people) are read where they are written out (json.h). What cannot be read is told in
 * the event's own trouble and never guessed; an event without a start it can use has no occurrence.
 */
#ifndef ICAL_EVENT_H
#define ICAL_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "ical/content.h"
#include "ical/place.h"
#include "ical/trouble.h"
#include "ical/value.h"

/* A time by somebody's clocks. */
struct when {
    enum value_form form;
    int64_t wall_s;      /* what they show, in civil seconds; midnight of a date */
    struct place *place; /* NULL for a date */
};

enum event_end { EVENT_END_NONE, EVENT_END_TIME, EVENT_END_DURATION };

struct event {
    uint32_t component;
    const char *uid; /* as written, "" for none */
    int64_t sequence;
    int64_t stamp_s;           /* LAST-MODIFIED, else DTSTAMP; INT64_MIN: neither */
    struct when recurrence_id; /* VALUE_NONE: none */
    bool is_override;          /* it has a RECURRENCE-ID, readable or not */
    struct when start;         /* VALUE_NONE: not known */
    enum event_end end_kind;
    struct when end;
    struct value_span duration;
    bool cancelled;
    struct trouble trouble;
};

/* The places that the property's times are told by: its TZID, or those that name none. */
struct when_source {
    struct places *places;
    struct place *place;
};
void when_source(struct places *places, const struct content_property *p, struct trouble *trouble,
                 struct when_source *out);

/* One time of it. False when it is none. */
bool when_read(const struct when_source *source, const char *s, size_t len, struct when *out);

/* Its instant; a date's is its midnight, as if in UTC: dates compare with dates only. */
int64_t when_instant(const struct places *places, const struct when *w);

void event_read(const struct content *c, uint32_t component, struct places *places,
                struct event *out);
void event_close(struct event *e);

#endif
