/*
 * Counting in opening time. Everything rests on one small function: the opening times of a day as
 * instants (day_openings). Counting walks over days and adds them up.
 *
 * Long ways are short because of one fact: while the clocks of a zone are not changed, every week
 * has the same opening time, but for its holidays. So whole weeks between two changes are taken in
 * one step (whole_weeks), and only the days around a change are walked one by one: some twenty
 * days a year.
 *
 * Days near the ends of the years 1 and 9999 are not counted; running into them is "false".
 */
#include "time/hours.h"

#define MINUTE_MS INT64_C(60000)
#define MINUTES_MAX INT64_C(10000000000) /* 19,000 years: no way is longer */

#define DAY_FIRST (CIVIL_DAY_MIN + 2) /* so that a day before and after always exists */
#define DAY_LAST (CIVIL_DAY_MAX - 2)

struct opening {
    int64_t from_ms, to_ms; /* to_ms exclusive */
};

/* ---- days ---- */

/* The index of the first holiday at or after `day`. */
static size_t holiday_from(const struct hours_calendar *c, int64_t day)
{
    size_t low = 0, high = c->holiday_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->holidays[middle] < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool hours_is_business_day(const struct hours_calendar *c, int64_t day_number)
{
    size_t i = holiday_from(c, day_number);

    return c->week.week[civil_weekday_of_day(day_number)].count > 0 &&
           !(i < c->holiday_count && c->holidays[i] == day_number);
}

static int64_t local_day(const struct hours_calendar *c, int64_t instant_ms)
{
    struct civil local;

    zone_to_civil(c->zone, instant_ms, &local);
    int64_t day = civil_day_number(&local);
    return day < DAY_FIRST ? DAY_FIRST : day > DAY_LAST ? DAY_LAST : day;
}

/* The first instant at which the clocks show that minute of the day, or later. */
static int64_t reach(const struct hours_calendar *c, int64_t day, int minute)
{
    struct civil local;

    civil_from_day_number(day + minute / CIVIL_DAY_MINUTES, &local);
    local.hour = minute % CIVIL_DAY_MINUTES / 60;
    local.minute = minute % 60;
    return zone_reach(c->zone, &local);
}

/* The opening times of a day, in order; none of them is empty. */
static size_t day_openings(const struct hours_calendar *c, int64_t day,
                           struct opening out[HOURS_SPANS_MAX])
{
    const struct hours_day *d = &c->week.week[civil_weekday_of_day(day)];
    size_t count = 0;

    if (!hours_is_business_day(c, day))
        return 0;
    for (size_t i = 0; i < d->count; i++) {
        struct opening o = {reach(c, day, d->spans[i].from_minute),
                            reach(c, day, d->spans[i].to_minute)};
        if (o.from_ms < o.to_ms)
            out[count++] = o;
    }
    return count;
}

/* ---- weeks ---- */

/* Opening time of that day of the week when clocks are not changed. */
static int64_t weekday_ms(const struct hours_calendar *c, int weekday)
{
    const struct hours_day *d = &c->week.week[weekday];
    int64_t minutes = 0;

    for (size_t i = 0; i < d->count; i++)
        minutes += d->spans[i].to_minute - d->spans[i].from_minute;
    return minutes * MINUTE_MS;
}

static int64_t week_ms(const struct hours_calendar *c)
{
    int64_t sum = 0;

    for (int weekday = 0; weekday < 7; weekday++)
        sum += weekday_ms(c, weekday);
    return sum;
}

static int64_t week_days(const struct hours_calendar *c)
{
    int64_t sum = 0;

    for (int weekday = 0; weekday < 7; weekday++)
        sum += c->week.week[weekday].count > 0;
    return sum;
}

/* What whole weeks from `first_day` on lose by their holidays: opening time and business days. */
static void holiday_loss(const struct hours_calendar *c, int64_t first_day, int64_t weeks,
                         int64_t *lost_ms, int64_t *lost_days)
{
    *lost_ms = *lost_days = 0;
    for (size_t i = holiday_from(c, first_day); i < c->holiday_count; i++) {
        int weekday = civil_weekday_of_day(c->holidays[i]);
        if (c->holidays[i] >= first_day + weeks * 7)
            break;
        if (i > 0 && c->holidays[i] == c->holidays[i - 1])
            continue;
        *lost_ms += weekday_ms(c, weekday);
        *lost_days += c->week.week[weekday].count > 0;
    }
}

static int64_t weeks_open_ms(const struct hours_calendar *c, int64_t first_day, int64_t weeks)
{
    int64_t lost_ms, lost_days;

    holiday_loss(c, first_day, weeks, &lost_ms, &lost_days);
    return weeks * week_ms(c) - lost_ms;
}

/* How many whole weeks, `most` at the utmost, can be taken in one step from `day` on (its first
 * day), or back from `day` (its last): all their days lie between the same two clock changes. Two
 * days on either side are left out, since a change at midnight touches the day before it, too. */
static int64_t whole_weeks(const struct hours_calendar *c, int64_t day, bool back, int64_t most)
{
    int64_t from_ms, until_ms;

    if (most <= 0)
        return 0;
    zone_steady(c->zone, reach(c, day, CIVIL_DAY_MINUTES / 2), &from_ms, &until_ms);
    int64_t first = from_ms == INT64_MIN ? DAY_FIRST : local_day(c, from_ms) + 2;
    int64_t last = until_ms == INT64_MAX ? DAY_LAST : local_day(c, until_ms - 1) - 2;
    if (day < first || day > last)
        return 0;
    int64_t weeks = back ? (day - first + 1) / 7 : (last - day + 1) / 7;
    return weeks < most ? weeks : most;
}

/* ---- open or not ---- */

/* An instant may belong to the opening times of the day after its local date: when clocks go back
 * over midnight, the old date is shown again. So every search looks one day further. */

bool hours_is_open(const struct hours_calendar *c, int64_t instant_ms)
{
    int64_t today = local_day(c, instant_ms);
    struct opening o[HOURS_SPANS_MAX];

    for (int64_t day = today; day <= today + 1; day++) {
        size_t count = day_openings(c, day, o);
        for (size_t i = 0; i < count; i++)
            if (o[i].from_ms <= instant_ms && instant_ms < o[i].to_ms)
                return true;
    }
    return false;
}

bool hours_next_open(const struct hours_calendar *c, int64_t from_ms, int64_t *out_ms)
{
    int64_t today = local_day(c, from_ms);
    struct opening o[HOURS_SPANS_MAX];

    for (int64_t day = today; day <= today + HOURS_LOOK_DAYS && day <= DAY_LAST; day++) {
        size_t count = day_openings(c, day, o);
        for (size_t i = 0; i < count; i++) {
            if (from_ms >= o[i].to_ms)
                continue;
            *out_ms = from_ms > o[i].from_ms ? from_ms : o[i].from_ms;
            return true;
        }
    }
    return false;
}

bool hours_previous_open(const struct hours_calendar *c, int64_t from_ms, int64_t *out_ms)
{
    int64_t today = local_day(c, from_ms);
    struct opening o[HOURS_SPANS_MAX];

    for (int64_t day = today + 1; day >= today - HOURS_LOOK_DAYS && day >= DAY_FIRST; day--) {
        for (size_t i = day_openings(c, day, o); i-- > 0;) {
            if (from_ms < o[i].from_ms)
                continue;
            int64_t last_ms = o[i].to_ms - MINUTE_MS; /* may lie before a shortened opening */
            if (last_ms < o[i].from_ms)
                last_ms = o[i].from_ms;
            *out_ms = from_ms < o[i].to_ms ? from_ms : last_ms;
            return true;
        }
    }
    return false;
}

/* ---- counting ---- */

static bool add_forward(const struct hours_calendar *c, int64_t from_ms, int64_t left_ms,
                        int64_t *out_ms)
{
    int64_t week = week_ms(c), day = local_day(c, from_ms);
    struct opening o[HOURS_SPANS_MAX];

    while (day <= DAY_LAST) {
        /* A week must not use up all that is left: the end is found day by day, at its earliest. */
        int64_t weeks = 0;
        if (left_ms > week && reach(c, day, 0) >= from_ms)
            weeks = whole_weeks(c, day, false, (left_ms - 1) / week);
        if (weeks > 0) {
            left_ms -= weeks_open_ms(c, day, weeks);
            day += weeks * 7;
            continue;
        }
        size_t count = day_openings(c, day, o);
        for (size_t i = 0; i < count; i++) {
            int64_t start_ms = o[i].from_ms > from_ms ? o[i].from_ms : from_ms;
            if (start_ms >= o[i].to_ms)
                continue;
            if (o[i].to_ms - start_ms >= left_ms) {
                *out_ms = start_ms + left_ms;
                return true;
            }
            left_ms -= o[i].to_ms - start_ms;
        }
        day++;
    }
    return false;
}

/* The mirror of add_forward. */
static bool add_back(const struct hours_calendar *c, int64_t from_ms, int64_t left_ms,
                     int64_t *out_ms)
{
    int64_t week = week_ms(c), day = local_day(c, from_ms) + 1;
    struct opening o[HOURS_SPANS_MAX];

    while (day >= DAY_FIRST) {
        int64_t weeks = 0;
        if (left_ms > week && reach(c, day, CIVIL_DAY_MINUTES) <= from_ms)
            weeks = whole_weeks(c, day, true, (left_ms - 1) / week);
        if (weeks > 0) {
            day -= weeks * 7;
            left_ms -= weeks_open_ms(c, day + 1, weeks);
            continue;
        }
        for (size_t i = day_openings(c, day, o); i-- > 0;) {
            int64_t end_ms = o[i].to_ms < from_ms ? o[i].to_ms : from_ms;
            if (end_ms <= o[i].from_ms)
                continue;
            if (end_ms - o[i].from_ms >= left_ms) {
                *out_ms = end_ms - left_ms;
                return true;
            }
            left_ms -= end_ms - o[i].from_ms;
        }
        day--;
    }
    return false;
}

bool hours_add_minutes(const struct hours_calendar *c, int64_t from_ms, int64_t minutes,
                       int64_t *out_ms)
{
    if (week_ms(c) == 0 || minutes > MINUTES_MAX || minutes < -MINUTES_MAX)
        return false;
    if (minutes > 0)
        return add_forward(c, from_ms, minutes * MINUTE_MS, out_ms);
    if (minutes < 0)
        return add_back(c, from_ms, -minutes * MINUTE_MS, out_ms);
    *out_ms = from_ms;
    return true;
}

int64_t hours_minutes_between(const struct hours_calendar *c, int64_t from_ms, int64_t to_ms)
{
    int64_t day = local_day(c, from_ms), last_day = local_day(c, to_ms);
    int64_t sum_ms = 0;
    struct opening o[HOURS_SPANS_MAX];

    while (day <= last_day + 1) {
        int64_t weeks = 0;
        if (reach(c, day, 0) >= from_ms) /* the days before last_day end before to_ms */
            weeks = whole_weeks(c, day, false, (last_day - day) / 7);
        if (weeks > 0) {
            sum_ms += weeks_open_ms(c, day, weeks);
            day += weeks * 7;
            continue;
        }
        size_t count = day_openings(c, day, o);
        for (size_t i = 0; i < count; i++) {
            int64_t start_ms = o[i].from_ms > from_ms ? o[i].from_ms : from_ms;
            int64_t end_ms = o[i].to_ms < to_ms ? o[i].to_ms : to_ms;
            if (start_ms < end_ms)
                sum_ms += end_ms - start_ms;
        }
        day++;
    }
    return sum_ms / MINUTE_MS;
}

bool hours_walk(const struct hours_calendar *c, int64_t from_ms, int64_t to_ms, int64_t days_max,
                hours_each each, void *arg)
{
    int64_t first = local_day(c, from_ms), last = local_day(c, to_ms);
    struct opening o[HOURS_SPANS_MAX];

    for (int64_t day = first; day <= last && day < first + days_max; day++) {
        size_t count = day_openings(c, day, o);
        for (size_t i = 0; i < count; i++) {
            struct hours_stretch s = {HOURS_OPEN, o[i].from_ms, o[i].to_ms};
            s.from_ms = s.from_ms > from_ms ? s.from_ms : from_ms;
            s.to_ms = s.to_ms < to_ms ? s.to_ms : to_ms;
            if (s.from_ms < s.to_ms)
                each(arg, &s);
        }
        if (!hours_is_business_day(c, day)) {
            bool by_week = c->week.week[civil_weekday_of_day(day)].count == 0;
            struct hours_stretch s = {by_week ? HOURS_CLOSED : HOURS_HOLIDAY, reach(c, day, 0),
                                      reach(c, day, CIVIL_DAY_MINUTES)};
            each(arg, &s);
        }
    }
    return last < first + days_max;
}

bool hours_add_days(const struct hours_calendar *c, struct civil *when, int64_t days)
{
    int64_t a_week = week_days(c), day = civil_day_number(when);
    int step = days < 0 ? -1 : 1;
    int64_t left = days < 0 ? (days == INT64_MIN ? INT64_MAX : -days) : days;

    if (a_week == 0)
        return false;
    while (left > 0) {
        int64_t weeks = (left - 1) / a_week;
        if (weeks > (CIVIL_DAY_MAX - CIVIL_DAY_MIN) / 7)
            return false;
        if (weeks > 0) {
            int64_t lost_ms, lost_days;
            holiday_loss(c, step > 0 ? day + 1 : day - weeks * 7, weeks, &lost_ms, &lost_days);
            left -= weeks * a_week - lost_days;
            day += step * weeks * 7;
        } else {
            day += step;
            left -= hours_is_business_day(c, day);
        }
        if (day < CIVIL_DAY_MIN || day > CIVIL_DAY_MAX)
            return false;
    }
    struct civil date;
    civil_from_day_number(day, &date);
    when->year = date.year;
    when->month = date.month;
    when->day = date.day;
    return true;
}

bool hours_daily_has(const struct hours_daily *d, int minute)
{
    if (d->from_minute < d->to_minute)
        return minute >= d->from_minute && minute < d->to_minute;
    return minute >= d->from_minute || minute < d->to_minute;
}
