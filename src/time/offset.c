/*
 * Offsets from an event. Elapsed time is added to instants, wall-clock time to what clocks show,
 * and opening time is hours.c's to count; then the time of day is set. Every sum is checked: a
 * playbook may ask for any number, and a result outside the calendar is "false", never a wrap.
 */
#include "time/offset.h"

#define MINUTE_MS INT64_C(60000)
#define FIRST_MS (CIVIL_DAY_MIN * CIVIL_DAY_S * 1000)
#define END_MS ((CIVIL_DAY_MAX + 1) * CIVIL_DAY_S * 1000)

static bool in_calendar(int64_t instant_ms)
{
    return instant_ms >= FIRST_MS && instant_ms < END_MS;
}

static int64_t at_time(const struct zone *zone, struct civil date, int minute)
{
    date.hour = minute / 60;
    date.minute = minute % 60;
    date.second = 0;
    return zone_to_instant(zone, &date);
}

/* False outside the calendar, where local time would stop at its edge. */
static bool add_elapsed(int64_t event_ms, int64_t count, int64_t unit_ms, int64_t *out_ms)
{
    int64_t distance_ms;

    return !__builtin_mul_overflow(count, unit_ms, &distance_ms) &&
           !__builtin_add_overflow(event_ms, distance_ms, out_ms) && in_calendar(*out_ms);
}

static bool add_days(struct civil *c, int64_t days)
{
    int64_t from = civil_day_number(c);

    civil_add_days(c, days); /* stops at the calendar's edge */
    return civil_day_number(c) - from == days;
}

static bool add_months(struct civil *c, int64_t months)
{
    int64_t from = (int64_t)c->year * 12 + c->month;

    civil_add_months(c, months);
    return (int64_t)c->year * 12 + c->month - from == months;
}

/* The event's local time, moved; false outside the calendar. */
static bool add_local(struct civil *c, enum offset_unit unit, int64_t count)
{
    int64_t days;

    switch (unit) {
    case UNIT_MONTHS:
        return add_months(c, count);
    case UNIT_WEEKS:
        return !__builtin_mul_overflow(count, 7, &days) && add_days(c, days);
    default: /* UNIT_DAYS */
        return add_days(c, count);
    }
}

/* The first `minute` of a day in `zone` at or after `instant_ms`, or the last at or before it. */
static int64_t nearest_at(const struct zone *zone, int64_t instant_ms, int minute, bool before)
{
    struct civil date;

    zone_to_civil(zone, instant_ms, &date);
    int64_t at_ms = at_time(zone, date, minute);
    if (before ? at_ms <= instant_ms : at_ms >= instant_ms)
        return at_ms;
    civil_add_days(&date, before ? -1 : 1);
    return at_time(zone, date, minute);
}

static int64_t fraction_ms(int64_t instant_ms)
{
    return (instant_ms % 1000 + 1000) % 1000;
}

static bool apply(const struct offset *o, const struct hours_calendar *business,
                  const struct zone *zone, int64_t event_ms, int64_t *due_ms)
{
    int64_t count = o->before ? -o->count : o->count;
    bool own_time = o->at_minute < 0;
    const struct zone *read_in = zone; /* where the moved local time is read again */
    struct civil local;

    switch (o->unit) {
    case UNIT_MINUTES:
    case UNIT_HOURS:
        if (!add_elapsed(event_ms, count, (o->unit == UNIT_HOURS ? 60 : 1) * MINUTE_MS, due_ms))
            return false;
        if (own_time)
            return true;
        zone_to_civil(zone, *due_ms, &local);
        break;
    case UNIT_BUSINESS_HOURS:
        if (__builtin_mul_overflow(count, 60, &count) ||
            !hours_add_minutes(business, event_ms, count, due_ms))
            return false;
        if (!own_time)
            *due_ms = nearest_at(zone, *due_ms, o->at_minute, o->before);
        return true;
    case UNIT_BUSINESS_DAYS:
        read_in = own_time ? business->zone : zone;
        zone_to_civil(business->zone, event_ms, &local);
        if (!hours_add_days(business, &local, count))
            return false;
        break;
    default: /* days, weeks, months */
        zone_to_civil(zone, event_ms, &local);
        if (!add_local(&local, o->unit, count))
            return false;
        break;
    }
    if (own_time)
        *due_ms = zone_to_instant(read_in, &local) + fraction_ms(event_ms);
    else
        *due_ms = at_time(read_in, local, o->at_minute);
    return true;
}

bool offset_apply(const struct offset *o, const struct hours_calendar *business,
                  const struct zone *zone, int64_t event_ms, int64_t *due_ms)
{
    int64_t result_ms = event_ms;

    if (!in_calendar(event_ms))
        return false;
    /* Not by way of local time, which would take the second 02:30 of a night for the first. */
    bool at_once = o->count == 0 && o->at_minute < 0;
    if (!at_once && !apply(o, business, zone, event_ms, &result_ms))
        return false;
    if (!in_calendar(result_ms))
        return false;
    *due_ms = result_ms;
    return true;
}
