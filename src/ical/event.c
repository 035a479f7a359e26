/*
 * Reading the times of a VEVENT. Each property that is not understood is told in the event's
 * trouble and taken as not there; only a DTSTART that is not understood leaves the event without a
 * time.
 */
#include "ical/event.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "time/civil.h"

void when_source(struct places *places, const struct content_property *p, struct trouble *trouble,
                 struct when_source *out)
{
    struct buf tzid;

    *out = (struct when_source){places, places_floating(places)};
    buf_init(&tzid);
    if (content_param(p, "TZID", &tzid) && tzid.len > 0)
        out->place = places_get(places, tzid.data, p->line, trouble);
    buf_close(&tzid);
}

bool when_read(const struct when_source *source, const char *s, size_t len, struct when *out)
{
    struct value_time t;

    if (!value_time(s, len, &t))
        return false;
    /* RFC 5545, 3.2.19: a time in UTC has no TZID, and where it has one all the same, Z counts. */
    *out = (struct when){
        .form = t.form,
        .wall_s = t.wall_s,
        .place = t.form == VALUE_UTC    ? places_utc(source->places)
                 : t.form == VALUE_WALL ? source->place
                                        : NULL,
    };
    return true;
}

int64_t when_instant(const struct places *places, const struct when *w)
{
    return w->form == VALUE_DATE ? w->wall_s * 1000 : place_instant(places, w->place, w->wall_s);
}

struct reading {
    const struct content *c;
    struct places *places;
    struct event *e;
};

/* The time of a property, if it is there and one; otherwise told. */
static bool read_when(struct reading *r, const char *name, struct when *out)
{
    const struct content_property *p = content_first(r->c, r->e->component, name);
    struct when_source source;

    if (p == NULL)
        return false;
    when_source(r->places, p, &r->e->trouble, &source);
    if (when_read(&source, p->value, strlen(p->value), out))
        return true;
    trouble_add(&r->e->trouble, p->line, "%s is \"%.*s\", which is no date or time", name,
                trouble_quote(p->value), p->value);
    return false;
}

static void read_end(struct reading *r)
{
    struct event *e = r->e;
    const struct content_property *p = content_first(r->c, e->component, "DURATION");

    if (read_when(r, "DTEND", &e->end)) {
        if ((e->end.form == VALUE_DATE) != (e->start.form == VALUE_DATE))
            trouble_add(&e->trouble, 0, "it begins with a %s and ends with a %s",
                        e->start.form == VALUE_DATE ? "date" : "time",
                        e->end.form == VALUE_DATE ? "date" : "time");
        else if (when_instant(r->places, &e->end) < when_instant(r->places, &e->start))
            trouble_add(&e->trouble, 0, "it ends before it begins");
        else
            e->end_kind = EVENT_END_TIME;
    } else if (p != NULL) {
        if (!value_span(p->value, strlen(p->value), &e->duration) || e->duration.days < 0 ||
            e->duration.seconds < 0)
            trouble_add(&e->trouble, p->line, "DURATION is \"%.*s\", which is none",
                        trouble_quote(p->value), p->value);
        else
            e->end_kind = EVENT_END_DURATION;
    }
}

static void read_recurrence_id(struct reading *r)
{
    struct event *e = r->e;
    const struct content_property *p = content_first(r->c, e->component, "RECURRENCE-ID");
    struct buf range;

    if (p == NULL)
        return;
    e->is_override = true;
    if (!read_when(r, "RECURRENCE-ID", &e->recurrence_id))
        e->recurrence_id.form = VALUE_NONE;
    buf_init(&range);
    if (content_param(p, "RANGE", &range))
        trouble_add(&e->trouble, p->line,
                    "RANGE=%.*s is not followed: the change is made to this one day only",
                    trouble_quote(range.data), range.data);
    buf_close(&range);
}

static void read_version(struct reading *r)
{
    struct event *e = r->e;
    const struct content_property *p = content_first(r->c, e->component, "SEQUENCE");
    struct value_time t;

    if (p != NULL && !str_to_int(p->value, 0, INT32_MAX, &e->sequence))
        trouble_add(&e->trouble, p->line, "SEQUENCE is \"%.*s\", which is no number",
                    trouble_quote(p->value), p->value);
    p = content_first(r->c, e->component, "LAST-MODIFIED");
    if (p == NULL)
        p = content_first(r->c, e->component, "DTSTAMP");
    e->stamp_s = p != NULL && value_time(p->value, strlen(p->value), &t) ? t.wall_s : INT64_MIN;
}

void event_read(const struct content *c, uint32_t component, struct places *places,
                struct event *out)
{
    struct reading r = {c, places, out};
    const struct content_property *uid = content_first(c, component, "UID");
    const struct content_property *status = content_first(c, component, "STATUS");
    const struct content_property *start = content_first(c, component, "DTSTART");

    *out = (struct event){.component = component, .uid = uid != NULL ? uid->value : ""};
    if (*out->uid == '\0')
        trouble_add(&out->trouble, c->components[component].line, "the event has no UID");
    out->cancelled = status != NULL && str_ieq(status->value, "CANCELLED");
    read_version(&r);
    read_recurrence_id(&r);
    if (start == NULL)
        trouble_add(&out->trouble, c->components[component].line, "the event has no DTSTART");
    if (!read_when(&r, "DTSTART", &out->start)) {
        out->start.form = VALUE_NONE;
        return;
    }
    if (out->start.place != NULL)
        place_compare(out->start.place, out->start.wall_s, start->line, &out->trouble);
    read_end(&r);
}

void event_close(struct event *e)
{
    trouble_close(&e->trouble);
}
