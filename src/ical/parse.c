/*
 * From bytes to JSON: the content lines of all calendars first, so that a file which is cut off or
 * over a limit gives nothing at all; then calendar by calendar its zones, its events, their
 * occurrences, sorted; then they are given out, so that only one calendar's are in memory.
 */
#include "ical/parse.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ical/content.h"
#include "ical/event.h"
#include "ical/json.h"
#include "ical/place.h"
#include "ical/series.h"

/* One VCALENDAR. */
struct calendar {
    const struct content *content;
    uint32_t component;
    struct places *places;
    struct trouble trouble;
    struct event *events;
    size_t count;
    size_t first_index; /* of its events; they are counted through the whole file */
    size_t ignored;
    struct occurrences occurrences;
};

static size_t count_events(struct calendar *cal)
{
    const struct content_component *all = cal->content->components;
    size_t count = 0;

    for (uint32_t k = all[cal->component].child; k != CONTENT_NONE; k = all[k].sibling) {
        if (strcmp(all[k].name, "VEVENT") == 0)
            count++;
        else if (strcmp(all[k].name, "VTIMEZONE") != 0)
            cal->ignored++;
    }
    return count;
}

static void read_events(struct calendar *cal)
{
    const struct content_component *all = cal->content->components;

    cal->events = mem_array(count_events(cal), sizeof(*cal->events));
    for (uint32_t k = all[cal->component].child; k != CONTENT_NONE; k = all[k].sibling)
        if (strcmp(all[k].name, "VEVENT") == 0)
            event_read(cal->content, k, cal->places, &cal->events[cal->count++]);
}

static int compare_uids(const void *a, const void *b)
{
    struct event *const *x = a, *const *y = b;
    int order = strcmp((*x)->uid, (*y)->uid);

    if (order != 0)
        return order;
    return ((*x)->component > (*y)->component) - ((*x)->component < (*y)->component);
}

/* Events of one UID belong together; those without one are each their own. */
static void expand(struct calendar *cal, const struct series *s)
{
    struct event **by_uid = mem_array(cal->count, sizeof(struct event *));

    for (size_t i = 0; i < cal->count; i++)
        by_uid[i] = &cal->events[i];
    if (cal->count > 0)
        qsort(by_uid, cal->count, sizeof(struct event *), compare_uids);
    for (size_t i = 0, end; i < cal->count; i = end) {
        end = i + 1;
        while (end < cal->count && *by_uid[i]->uid != '\0' &&
               strcmp(by_uid[end]->uid, by_uid[i]->uid) == 0)
            end++;
        series_expand(s, by_uid + i, end - i);
    }
    free(by_uid);
    occurrences_sort(&cal->occurrences);
    if (cal->occurrences.cut)
        trouble_add(&cal->trouble, 0, "only the first %d occurrences are given",
                    SERIES_OCCURRENCES_MAX);
}

static void emit_calendar(const struct calendar *cal, parse_emit emit, void *arg)
{
    emit(arg, "calendar",
         json_calendar(cal->content, cal->component, cal->places, cal->ignored, &cal->trouble));
    for (size_t i = 0; i < cal->count; i++)
        emit(arg, "event",
             json_event(cal->content, cal->places, &cal->events[i], cal->first_index + i));
    for (size_t i = 0; i < cal->occurrences.count; i++) {
        const struct occurrence *o = &cal->occurrences.items[i];
        emit(arg, "occurrence",
             json_occurrence(cal->content, cal->places, o,
                             cal->first_index + (size_t)(o->event - cal->events)));
    }
}

static int64_t midnight_ms(const struct zone *zone, int64_t day)
{
    struct civil c;

    civil_from_day_number(day, &c);
    return zone_reach(zone, &c);
}

static void read_calendar(struct calendar *cal, const struct ical_request *request, int64_t *budget,
                          parse_emit emit, void *arg)
{
    const struct zone *zone = request->zone != NULL ? zone_get(request->zone) : NULL;

    if (zone == NULL)
        zone = zone_utc();
    cal->places = places_create(cal->content, cal->component, zone, budget, &cal->trouble);
    read_events(cal);
    struct series s = {
        .content = cal->content,
        .places = cal->places,
        .window = {request->from_day, request->to_day, midnight_ms(zone, request->from_day),
                   midnight_ms(zone, request->to_day)},
        .budget = budget,
        .out = &cal->occurrences,
    };
    expand(cal, &s);
    emit_calendar(cal, emit, arg);
    for (size_t i = 0; i < cal->count; i++)
        event_close(&cal->events[i]);
    free(cal->events);
    occurrences_close(&cal->occurrences);
    places_free(cal->places);
    trouble_close(&cal->trouble);
}

static bool is_calendar(const struct content_component *c)
{
    return c->parent == CONTENT_NONE && strcmp(c->name, "VCALENDAR") == 0;
}

/* What was wrong with single lines is told with the first calendar: a line that is none belongs
 * to nobody. */
static void take_trouble(struct content *c, struct calendar *cal)
{
    cal->trouble = c->trouble;
    c->trouble = (struct trouble){0};
}

static size_t count_calendars(const struct content *c)
{
    size_t count = 0;

    for (uint32_t i = 0; i < c->component_count; i++)
        count += is_calendar(&c->components[i]);
    return count;
}

int parse_calendars(const void *bytes, size_t len, const struct ical_request *request,
                    parse_emit emit, void *arg, struct err *err)
{
    int64_t budget = SERIES_BUDGET;
    size_t events = 0;
    struct content *c;
    int rc = content_parse(bytes, len, &c, err);

    if (rc != 0)
        return rc;
    int64_t share = count_calendars(c) > 1 ? SERIES_SHARE : SERIES_BUDGET;
    for (uint32_t i = 0; i < c->component_count; i++) {
        if (!is_calendar(&c->components[i]))
            continue;
        struct calendar cal = {.content = c, .component = i, .first_index = events};
        int64_t its = share < budget ? share : budget, left = its;
        take_trouble(c, &cal);
        read_calendar(&cal, request, &left, emit, arg);
        events += cal.count;
        budget -= its - left;
    }
    content_free(c);
    return 0;
}
