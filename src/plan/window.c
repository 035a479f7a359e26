/*
 * The hours in which a message may go. See plan_window in plan/plan.h.
 *
 * A window is looked at minute by minute only at its edges: a time outside moves to the next or the
 * previous edge, found from the civil time in the recipient's zone (or from the opening hours), so
 * that a clock change between here and the edge is accounted for.
 */
#include <inttypes.h>
#include <stdio.h>

#include "plan/plan.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MINUTES 1440

/* A message moved to the end of its hours aims a quarter of an hour before it (the last minute
 * inside, less this): a busy gateway at that moment must not cost it the evening. */
#define SLACK_MS (14 * MINUTE_MS)

bool plan_window_span(const struct rule *r, const struct business *b, struct hours_daily *out)
{
    if (r->window == WINDOW_DAILY) {
        *out = r->daily;
        return true;
    }
    if (r->window != WINDOW_NOT_QUIET || !b->has_quiet || r->by == BY_TASK)
        return false;
    *out =
        (struct hours_daily){.from_minute = b->quiet.to_minute, .to_minute = b->quiet.from_minute};
    return true;
}

static int minute_of(const struct zone *zone, int64_t instant_ms)
{
    struct civil c;

    zone_to_civil(zone, instant_ms, &c);
    return c.hour * 60 + c.minute;
}

static bool always_open(const struct business *b)
{
    return !b->has_hours;
}

bool plan_window_has(const struct rule *r, const struct business *b, const struct zone *zone,
                     int64_t instant_ms)
{
    struct hours_daily span;

    if (r->window == WINDOW_BUSINESS)
        return always_open(b) || hours_is_open(&b->calendar, instant_ms);
    if (!plan_window_span(r, b, &span))
        return true;
    return hours_daily_has(&span, minute_of(zone, instant_ms));
}

/* The instant at which the clocks of `zone` show `minute` of the day, `days` after the day of
 * `instant_ms`. */
static int64_t at_minute(const struct zone *zone, int64_t instant_ms, int days, int minute)
{
    struct civil c;

    zone_to_civil(zone, instant_ms, &c);
    civil_add_days(&c, days);
    c.hour = minute / 60 % 24;
    c.minute = minute % 60;
    c.second = 0;
    return zone_to_instant(zone, &c);
}

static bool next_allowed(const struct rule *r, const struct business *b, const struct zone *zone,
                         int64_t from_ms, int64_t *out_ms)
{
    struct hours_daily span = {0, 0};

    if (r->window == WINDOW_BUSINESS)
        return hours_next_open(&b->calendar, from_ms, out_ms);
    plan_window_span(r, b, &span);
    *out_ms = at_minute(zone, from_ms, 0, span.from_minute);
    if (*out_ms < from_ms)
        *out_ms = at_minute(zone, from_ms, 1, span.from_minute);
    return true;
}

static bool previous_allowed(const struct rule *r, const struct business *b,
                             const struct zone *zone, int64_t from_ms, int64_t *out_ms)
{
    struct hours_daily span = {0, 0};

    if (r->window == WINDOW_BUSINESS)
        return hours_previous_open(&b->calendar, from_ms, out_ms);
    plan_window_span(r, b, &span);
    int last = (span.to_minute + DAY_MINUTES - 1) % DAY_MINUTES; /* the last minute inside */
    *out_ms = at_minute(zone, from_ms, 0, last);
    if (*out_ms > from_ms)
        *out_ms = at_minute(zone, from_ms, -1, last);
    return true;
}

static enum rule_outside outside_of(const struct rule *r)
{
    if (r->outside != OUTSIDE_DEFAULT)
        return r->outside;
    return r->when.before ? OUTSIDE_EARLIER : OUTSIDE_LATER;
}

bool plan_window(const struct rule *r, const struct business *b, const struct zone *zone,
                 int64_t due_ms, int64_t earliest_ms, int64_t latest_ms, int64_t *out_ms,
                 char *reason)
{
    enum rule_outside outside = outside_of(r);
    int64_t moved;

    reason[0] = '\0';
    *out_ms = due_ms < earliest_ms ? earliest_ms : due_ms;
    if (*out_ms >= latest_ms) {
        snprintf(reason, PLAN_REASON_MAX, "when its time comes it is of no use any more");
        return false;
    }
    if (plan_window_has(r, b, zone, *out_ms))
        return true;
    if (outside == OUTSIDE_SKIP) {
        snprintf(reason, PLAN_REASON_MAX, "its time is outside the hours in which it may go");
        return false;
    }
    /* Earlier, when that is still to come; otherwise later, when that is still useful. */
    if (outside == OUTSIDE_EARLIER && previous_allowed(r, b, zone, *out_ms, &moved) &&
        moved >= earliest_ms) {
        bool room =
            moved - SLACK_MS >= earliest_ms && plan_window_has(r, b, zone, moved - SLACK_MS);
        *out_ms = room ? moved - SLACK_MS : moved;
        return true;
    }
    if (next_allowed(r, b, zone, *out_ms, &moved) && moved < latest_ms) {
        *out_ms = moved;
        return true;
    }
    snprintf(reason, PLAN_REASON_MAX,
             "no time within the hours in which it may go is left before it is useless");
    return false;
}
