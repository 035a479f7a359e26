/* Writing what was read as JSON objects. jansson takes its memory from base/mem, so nothing here
 * can fail (see child.c). */
#include "ical/json.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "time/moment.h"

/* ---- texts ---- */

static void put(json_t *o, const char *key, json_t *value)
{
    json_object_set_new(o, key, value != NULL ? value : json_null());
}

/* Texts are UTF-8 by content.h; NULL becomes null. */
static json_t *string(const char *s)
{
    return s != NULL ? json_string(s) : json_null();
}

static json_t *text_of(const struct content *c, uint32_t component, const char *name)
{
    const struct content_property *p = content_first(c, component, name);
    struct buf b;

    if (p == NULL)
        return json_null();
    buf_init(&b);
    value_text(p->value, &b);
    json_t *o = string(b.data);
    buf_close(&b);
    return o;
}

static json_t *word_of(const struct content *c, uint32_t component, const char *name)
{
    const struct content_property *p = content_first(c, component, name);

    return string(p != NULL ? p->value : NULL);
}

/* ---- times ---- */

static json_t *instant_json(int64_t instant_ms)
{
    char text[MOMENT_TEXT_MAX];

    moment_format_utc(instant_ms, text);
    return json_string(text);
}

static json_t *time_json(const struct places *places, const struct when *w)
{
    struct civil c;
    char text[64];

    if (w->form == VALUE_NONE)
        return json_null();
    json_t *o = json_object();
    civil_from_seconds(w->wall_s, &c);
    if (w->form == VALUE_DATE) {
        snprintf(text, sizeof(text), "%04d-%02d-%02d", c.year, c.month, c.day);
        put(o, "date", json_string(text));
        return o;
    }
    snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d", c.year, c.month, c.day, c.hour,
             c.minute, c.second);
    put(o, "local", json_string(text));
    put(o, "zone", string(w->place->zone != NULL ? zone_name(w->place->zone) : NULL));
    put(o, "instant",
        place_known(w->place) ? instant_json(place_instant(places, w->place, w->wall_s))
                              : json_null());
    if (w->place->floating)
        put(o, "floating", json_true());
    if (w->place->zone == NULL && w->place->tzid != NULL)
        put(o, "tzid", json_string(w->place->tzid));
    return o;
}

/* ---- people ---- */

static json_t *person_json(const struct content_property *p, bool attendee)
{
    json_t *o = json_object();
    struct buf b;
    bool mail = strncasecmp(p->value, "mailto:", 7) == 0;

    buf_init(&b);
    put(o, "name", content_param(p, "CN", &b) && b.len > 0 ? string(b.data) : NULL);
    if (mail)
        put(o, "email", string(p->value + 7));
    else
        put(o, "email", content_param(p, "EMAIL", &b) && b.len > 0 ? string(b.data) : NULL);
    put(o, "uri", string(p->value));
    if (attendee) {
        put(o, "partstat",
            content_param(p, "PARTSTAT", &b) ? string(b.data) : string("NEEDS-ACTION"));
        put(o, "type", content_param(p, "CUTYPE", &b) ? string(b.data) : string("INDIVIDUAL"));
    }
    buf_close(&b);
    return o;
}

static json_t *attendees_json(const struct content *c, struct event *e)
{
    json_t *array = json_array();
    const struct content_property *p = content_first(c, e->component, "ATTENDEE");

    for (; p != NULL; p = content_next(c, p, "ATTENDEE")) {
        if (json_array_size(array) >= JSON_ATTENDEES_MAX) {
            trouble_add(&e->trouble, p->line, "more than %d attendees", JSON_ATTENDEES_MAX);
            break;
        }
        json_array_append_new(array, person_json(p, true));
    }
    return array;
}

/* ---- the objects ---- */

json_t *json_calendar(const struct content *c, uint32_t component, struct places *places,
                      size_t ignored, const struct trouble *trouble)
{
    const struct place *home = places_floating(places);
    json_t *o = json_object();

    put(o, "prodid", text_of(c, component, "PRODID"));
    put(o, "method", word_of(c, component, "METHOD"));
    put(o, "name", text_of(c, component, "X-WR-CALNAME"));
    put(o, "timezone", string(home->zone != NULL ? zone_name(home->zone) : NULL));
    put(o, "ignored", json_integer((json_int_t)ignored));
    put(o, "problems", trouble_json(trouble));
    return o;
}

/* When the event ends, where it says so. */
static json_t *end_json(const struct places *places, const struct event *e)
{
    struct when end = e->start;

    if (e->end_kind == EVENT_END_TIME)
        return time_json(places, &e->end);
    if (e->end_kind == EVENT_END_NONE || e->start.form == VALUE_NONE)
        return json_null();
    series_end(places, e, &end);
    return time_json(places, &end);
}

json_t *json_event(const struct content *c, const struct places *places, struct event *e,
                   size_t index)
{
    const struct content_property *organizer = content_first(c, e->component, "ORGANIZER");
    json_t *o = json_object();

    put(o, "index", json_integer((json_int_t)index));
    put(o, "uid", *e->uid != '\0' ? string(e->uid) : NULL);
    put(o, "recurrence_id", time_json(places, &e->recurrence_id));
    put(o, "sequence", json_integer(e->sequence));
    put(o, "status", word_of(c, e->component, "STATUS"));
    put(o, "summary", text_of(c, e->component, "SUMMARY"));
    put(o, "description", text_of(c, e->component, "DESCRIPTION"));
    put(o, "location", text_of(c, e->component, "LOCATION"));
    put(o, "start", time_json(places, &e->start));
    put(o, "end", end_json(places, e));
    put(o, "all_day", json_boolean(e->start.form == VALUE_DATE));
    put(o, "organizer", organizer != NULL ? person_json(organizer, false) : NULL);
    put(o, "attendees", attendees_json(c, e));
    put(o, "last_modified", e->stamp_s != INT64_MIN ? instant_json(e->stamp_s * 1000) : NULL);
    put(o, "rrule", word_of(c, e->component, "RRULE"));
    put(o, "problems", trouble_json(&e->trouble));
    return o;
}

json_t *json_occurrence(const struct content *c, const struct places *places,
                        const struct occurrence *o, size_t event_index)
{
    json_t *j = json_object();

    put(j, "event", json_integer((json_int_t)event_index));
    put(j, "uid", *o->event->uid != '\0' ? string(o->event->uid) : NULL);
    put(j, "recurrence_id", time_json(places, &o->recurrence_id));
    put(j, "start", time_json(places, &o->start));
    put(j, "end", time_json(places, &o->end));
    put(j, "all_day", json_boolean(o->start.form == VALUE_DATE));
    put(j, "status", word_of(c, o->event->component, "STATUS"));
    put(j, "summary", text_of(c, o->event->component, "SUMMARY"));
    return j;
}
