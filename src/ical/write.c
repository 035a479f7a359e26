/* Feeds and invitations. See ical/write.h. */
#include "ical/write.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "ical/line.h"
#include "ical/write_zone.h"
#include "time/civil.h"

#define YEAR_MS (INT64_C(366) * CIVIL_DAY_S * 1000)
#define STAMP_MAX 48

static void put_stamp(int64_t instant_ms, const struct zone *zone, char out[STAMP_MAX])
{
    struct civil c;

    zone_to_civil(zone, instant_ms, &c);
    snprintf(out, STAMP_MAX, "%04d%02d%02dT%02d%02d%02d%s", c.year, c.month, c.day, c.hour,
             c.minute, c.second, zone == zone_utc() ? "Z" : "");
}

static void put_utc(struct buf *out, const char *name, int64_t instant_ms)
{
    char stamp[STAMP_MAX];

    put_stamp(instant_ms, zone_utc(), stamp);
    line_raw(out, "%s:%s", name, stamp);
}

void ical_write_begin(struct ical_writer *w, struct buf *out, const struct ical_calendar *calendar)
{
    static const char *const methods[] = {"PUBLISH", "REQUEST", "CANCEL"};

    *w = (struct ical_writer){.calendar = *calendar, .out = out};
    buf_init(&w->events);
    line_raw(out, "BEGIN:VCALENDAR");
    line_raw(out, "VERSION:2.0");
    line_raw(out, "PRODID:-//Betimes//Betimes " BETIMES_VERSION "//EN");
    line_raw(out, "CALSCALE:GREGORIAN");
    line_raw(out, "METHOD:%s", methods[calendar->method]);
    line_text(out, "NAME", calendar->name);
    line_text(out, "X-WR-CALNAME", calendar->name);
    if (calendar->refresh_minutes > 0) {
        line_raw(out, "REFRESH-INTERVAL;VALUE=DURATION:PT%dM", calendar->refresh_minutes);
        line_raw(out, "X-PUBLISHED-TTL:PT%dM", calendar->refresh_minutes);
    }
}

/* ---- times ---- */

static void use_zone(struct ical_writer *w, const struct zone *zone, int64_t from_ms, int64_t to_ms)
{
    size_t i = 0;

    while (i < w->zone_count && w->zones[i].zone != zone)
        i++;
    if (i == w->zone_count) {
        mem_grow(&w->zones, &w->zone_cap, i + 1, sizeof(*w->zones));
        w->zones[w->zone_count++] = (struct ical_used_zone){zone, from_ms, to_ms};
    }
    if (from_ms < w->zones[i].from_ms)
        w->zones[i].from_ms = from_ms;
    if (to_ms > w->zones[i].to_ms)
        w->zones[i].to_ms = to_ms;
}

static void put_local(struct buf *out, const char *name, int64_t instant_ms,
                      const struct zone *zone)
{
    char stamp[STAMP_MAX];

    put_stamp(instant_ms, zone, stamp);
    if (zone == zone_utc())
        line_raw(out, "%s:%s", name, stamp);
    else
        line_raw(out, "%s;TZID=%s:%s", name, zone_name(zone), stamp);
}

static void put_date(struct buf *out, const char *name, int64_t day)
{
    struct civil c;

    civil_from_day_number(day, &c);
    line_raw(out, "%s;VALUE=DATE:%04d%02d%02d", name, c.year, c.month, c.day);
}

static bool has_end(const struct ical_out_event *e)
{
    return e->end_ms > e->start_ms;
}

void ical_write_zone_of(struct ical_writer *w, const struct ical_out_event *e)
{
    if (!e->all_day && e->zone != zone_utc())
        use_zone(w, e->zone, e->start_ms, has_end(e) ? e->end_ms : e->start_ms);
}

static void put_times(struct buf *out, const struct ical_out_event *e)
{
    if (e->all_day) {
        put_date(out, "DTSTART", e->first_day);
        if (e->behind_day > e->first_day)
            put_date(out, "DTEND", e->behind_day);
        return;
    }
    put_local(out, "DTSTART", e->start_ms, e->zone);
    if (has_end(e))
        put_local(out, "DTEND", e->end_ms, e->zone);
}

/* ---- people ---- */

static void put_person(struct buf *out, const char *name, const char *parameters,
                       const struct ical_person *who)
{
    struct buf line;

    if (who->email == NULL)
        return;
    buf_init(&line);
    buf_puts(&line, name);
    if (who->name != NULL && *who->name != '\0') {
        buf_puts(&line, ";CN=");
        line_quote(&line, who->name);
    }
    line_raw(out, "%s%s:mailto:%s", line.data, parameters, who->email);
    buf_close(&line);
}

static void put_people(const struct ical_writer *w, struct buf *out, const struct ical_out_event *e)
{
    const char *partstat = e->partstat != NULL ? e->partstat : "NEEDS-ACTION";
    char parameters[128];

    put_person(out, "ORGANIZER", "", &e->organizer);
    if (w->calendar.method == ICAL_PUBLISH)
        return; /* RFC 5546, 3.2.1: a published event has no attendee */
    snprintf(parameters, sizeof(parameters),
             ";CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=%s%s", partstat,
             e->partstat == NULL && w->calendar.method == ICAL_REQUEST ? ";RSVP=TRUE" : "");
    put_person(out, "ATTENDEE", parameters, &e->attendee);
}

/* ---- the whole ---- */

void ical_write_event(struct ical_writer *w, const struct ical_out_event *e)
{
    static const char *const words[] = {"CONFIRMED", "TENTATIVE", "CANCELLED"};
    enum ical_status status = w->calendar.method == ICAL_CANCEL ? ICAL_CANCELLED : e->status;
    struct buf *out = w->zones_written ? w->out : &w->events;

    assert(w->calendar.method == ICAL_PUBLISH ||
           (e->organizer.email != NULL && e->attendee.email != NULL));
    line_raw(out, "BEGIN:VEVENT");
    line_text(out, "UID", e->uid);
    line_raw(out, "SEQUENCE:%d", e->sequence);
    put_utc(out, "DTSTAMP", w->calendar.now_ms != 0 ? w->calendar.now_ms : e->modified_ms);
    if (e->modified_ms != 0)
        put_utc(out, "LAST-MODIFIED", e->modified_ms);
    if (!w->zones_written)
        ical_write_zone_of(w, e);
    put_times(out, e);
    line_raw(out, "STATUS:%s", words[status]);
    line_text(out, "SUMMARY", e->summary);
    line_text(out, "DESCRIPTION", e->description);
    line_text(out, "LOCATION", e->location);
    if (e->url != NULL)
        line_raw(out, "URL:%s", e->url);
    put_people(w, out, e);
    line_raw(out, "TRANSP:%s", e->all_day || status == ICAL_CANCELLED ? "TRANSPARENT" : "OPAQUE");
    line_raw(out, "END:VEVENT");
}

void ical_write_zones(struct ical_writer *w)
{
    for (size_t i = 0; i < w->zone_count; i++)
        write_zone(w->out, w->zones[i].zone, w->zones[i].from_ms - YEAR_MS,
                   w->zones[i].to_ms + ICAL_WRITE_YEARS * YEAR_MS);
    w->zones_written = true;
}

void ical_write_end(struct ical_writer *w)
{
    if (!w->zones_written)
        ical_write_zones(w);
    buf_append(w->out, w->events.data, w->events.len);
    line_raw(w->out, "END:VCALENDAR");
    ical_write_close(w);
}

void ical_write_close(struct ical_writer *w)
{
    buf_close(&w->events);
    free(w->zones);
    w->zones = NULL;
    w->zone_count = w->zone_cap = 0;
}
