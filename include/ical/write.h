/*
 * Calendars for others: feeds and invitations as iCalendar text (RFC 5545, invitations as RFC 5546
 * wants them). Lines end with CRLF and are folded at 75 bytes, never within a character; texts are
 * escaped; no event has an alarm, because the messages are the reminders.
 *
 *   ical_write_begin, then ical_write_event for each event, then ical_write_end.
 *
 * Zones stand in front of the events that are told by their clocks, as old readers want it, so all
 * of it is kept until the end. For a calendar that is too long for that, name the events twice:
 *
 *   ical_write_begin, ical_write_zone_of for each event, ical_write_zones; then ical_write_event
 *   for each event, with `out` emptied as one likes in between, then ical_write_end.
 *
 * Texts have to be UTF-8; control characters in them are left out, line breaks kept where the
 * format has a way to write them (SUMMARY, DESCRIPTION, LOCATION). Strings are borrowed for the
 * call, but for the calendar's, which live until ical_write_end.
 */
#ifndef ICAL_WRITE_H
#define ICAL_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "time/zone.h"

#define ICAL_WRITE_YEARS 10 /* a VTIMEZONE goes on for so long after the last event told by it */

enum ical_method {
    ICAL_PUBLISH, /* a feed */
    ICAL_REQUEST, /* an invitation, or a change to one (same uid, higher sequence) */
    ICAL_CANCEL   /* the end of one (same uid, higher sequence) */
};

struct ical_calendar {
    enum ical_method method;
    const char *name;    /* X-WR-CALNAME, NAME; NULL: none */
    int refresh_minutes; /* how often a reader may ask again; 0: says nothing */
    int64_t now_ms; /* DTSTAMP: when this is written; 0: that of each event is its modified_ms */
};

struct ical_person {
    const char *name;  /* NULL: none */
    const char *email; /* NULL: the person is not there */
};

enum ical_status { ICAL_CONFIRMED, ICAL_TENTATIVE, ICAL_CANCELLED };

struct ical_out_event {
    const char *uid;         /* the same for all versions of the event, wherever it is written */
    int sequence;            /* rises with each change of time or place */
    enum ical_status status; /* with ICAL_CANCEL it is ICAL_CANCELLED, whatever this says */
    const char *summary, *description, *location, *url; /* NULL: none */
    bool all_day;
    int64_t start_ms, end_ms;      /* instants; end_ms <= start_ms: no end. Not for all_day */
    const struct zone *zone;       /* whose clocks they are told by */
    int64_t first_day, behind_day; /* all_day: day numbers, behind_day is not in it any more */
    struct ical_person organizer;  /* needed for REQUEST and CANCEL */
    struct ical_person attendee;   /* the only one: nobody learns of anybody else */
    const char
        *partstat;       /* the attendee's: "NEEDS-ACTION" (and an answer is asked for), "ACCEPTED",
                            ...; NULL: NEEDS-ACTION */
    int64_t modified_ms; /* LAST-MODIFIED; 0: not said */
};

struct ical_writer {
    struct ical_calendar calendar;
    struct buf *out;
    struct buf events; /* written so far; zones go in front of them, as old readers want it */
    struct ical_used_zone {
        const struct zone *zone;
        int64_t from_ms, to_ms; /* the first and the last instant told by its clocks */
    } * zones;
    size_t zone_count, zone_cap;
    bool zones_written; /* events go into `out` at once */
};

/* Append to `out` what comes before the events. */
void ical_write_begin(struct ical_writer *w, struct buf *out, const struct ical_calendar *calendar);

/* Add an event; it is in `out` after ical_write_end. */
void ical_write_event(struct ical_writer *w, const struct ical_out_event *e);

/* The zone of this event is needed, for its times; nothing is written. */
void ical_write_zone_of(struct ical_writer *w, const struct ical_out_event *e);

/* Append the zones that are needed; the zone of each event that follows has to be among them. */
void ical_write_zones(struct ical_writer *w);

/* Append the zones, the events and the end, and free what the writer has. */
void ical_write_end(struct ical_writer *w);

/* Free what the writer has without an end to the calendar; nothing after ical_write_end. */
void ical_write_close(struct ical_writer *w);

#endif
