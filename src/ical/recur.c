/*
 * Following a rule.
 *
 * Every BY part of RFC 5545's table, whether it "expands" or "limits", comes down to a question
 * about one day: is it in the set? So a period (a year, month, week or day, by FREQ) gives the list
 * of its days that fit, its hours, minutes and seconds give the times of such a day, and BYSETPOS
 * picks from their product. What the rule leaves open is taken from DTSTART first.
 *
 * Rules within the day go through days as well, and are asked for the times of each.
 */
#include "ical/recur.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "time/civil.h"

#define DAY_S CIVIL_DAY_S
#define PERIOD_DAYS_MAX 366
#define BIT(n) (UINT64_C(1) << (n))

struct walk {
    const struct recur *job;
    struct rule rule; /* with what DTSTART says in the place of what was left open */
    struct civil start;
    int64_t start_day;
    int64_t count; /* times so far, DTSTART included */
    struct recur_times *out;
    enum recur_end end;
    bool done;

    int64_t days[PERIOD_DAYS_MAX]; /* of the period, those that fit */
    size_t day_count;
    int32_t *seconds; /* the times of a day, for FREQ=DAILY and above */
    size_t second_count;
};

/* A day, and what rules may ask about it. */
struct day {
    int64_t number;
    int year, month, day, weekday, year_day;
};

/* ---- does a day fit? ---- */

static int64_t year_begin(int year)
{
    struct civil c = {.year = year, .month = 1, .day = 1};

    return civil_day_number(&c);
}

/* The first day of week 1: the first week with four days in the year. */
static int64_t week_one(int year, int week_start)
{
    int64_t fourth = year_begin(year) + 3;

    return fourth - (civil_weekday_of_day(fourth) - week_start + 7) % 7;
}

static bool week_fits(const struct rule *r, const struct day *d)
{
    int year = d->year;
    int64_t first = week_one(year, r->week_start), next = week_one(year + 1, r->week_start);

    if (d->number < first) { /* its week is the last of the year before */
        next = first;
        first = week_one(year - 1, r->week_start);
    } else if (d->number >= next) {
        first = next;
        next = week_one(year + 2, r->week_start);
    }
    return rule_set_has(&r->weeks, (int)(d->number - first) / 7 + 1, (int)(next - first) / 7);
}

static bool weekday_fits(const struct rule *r, const struct day *d, int month_days, int year_days)
{
    const struct rule_set *nth = &r->nth[d->weekday];

    if ((r->weekdays >> d->weekday & 1) != 0)
        return true;
    if (!nth->any)
        return false;
    bool by_month = r->freq == RULE_MONTHLY || r->months != 0;
    int at = (by_month ? d->day : d->year_day) - 1;
    int left = (by_month ? month_days - d->day : year_days - d->year_day);
    return rule_set_has(nth, at / 7 + 1, at / 7 + 1 + left / 7);
}

static bool fits(const struct rule *r, const struct day *d)
{
    int month_days = civil_days_in_month(d->year, d->month);
    int year_days = civil_is_leap(d->year) ? 366 : 365;

    return (r->months == 0 || (r->months & BIT(d->month)) != 0) &&
           (!r->month_days.any || rule_set_has(&r->month_days, d->day, month_days)) &&
           (!r->year_days.any || rule_set_has(&r->year_days, d->year_day, year_days)) &&
           (!r->by_day || weekday_fits(r, d, month_days, year_days)) &&
           (!r->weeks.any || week_fits(r, d));
}

/* ---- what fits in a period ---- */

static void try_day(struct walk *w, const struct day *d)
{
    (*w->job->budget)--;
    if (fits(&w->rule, d))
        w->days[w->day_count++] = d->number;
}

static void try_days(struct walk *w, int64_t number, int count)
{
    for (int i = 0; i < count && number + i <= CIVIL_DAY_MAX; i++) {
        struct civil c;
        civil_from_day_number(number + i, &c);
        struct day d = {number + i,
                        c.year,
                        c.month,
                        c.day,
                        civil_weekday_of_day(number + i),
                        (int)(number + i - year_begin(c.year)) + 1};
        try_day(w, &d);
    }
}

static void try_month(struct walk *w, int year, int month)
{
    struct civil first = {.year = year, .month = month, .day = 1};
    int64_t number = civil_day_number(&first);
    struct day d = {
        number, year, month, 1, civil_weekday_of_day(number), (int)(number - year_begin(year)) + 1};
    int days = civil_days_in_month(year, month);

    if (w->rule.months != 0 && (w->rule.months & BIT(month)) == 0)
        return;
    for (; d.day <= days; d.day++, d.number++, d.year_day++, d.weekday = (d.weekday + 1) % 7)
        try_day(w, &d);
}

static void try_year(struct walk *w, int year)
{
    for (int month = 1; month <= 12; month++)
        try_month(w, year, month);
}

/* ---- giving out times ---- */

static void add(struct walk *w, int64_t time_s)
{
    if (w->out->count >= w->job->times_max) {
        w->end = RECUR_CUT;
        w->done = true;
        return;
    }
    mem_grow(&w->out->items, &w->out->cap, w->out->count + 1, sizeof(*w->out->items));
    w->out->items[w->out->count++] = time_s;
}

static void give(struct walk *w, int64_t time_s)
{
    const struct recur *job = w->job;

    if (time_s <= job->start_s) /* before it begins, or DTSTART, which was the first */
        return;
    if (time_s > job->until_s || time_s >= job->to_s ||
        (w->rule.count > 0 && w->count >= w->rule.count)) {
        w->done = true;
        return;
    }
    w->count++;
    (*job->budget)--;
    if (time_s >= job->from_s)
        add(w, time_s);
}

static int compare_positions(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static int64_t nth_time(const struct walk *w, int64_t n)
{
    return w->days[n / (int64_t)w->second_count] * DAY_S + w->seconds[n % (int64_t)w->second_count];
}

/* BYSETPOS: of all times of the period, those at these places. */
static void give_positions(struct walk *w)
{
    int64_t total = (int64_t)(w->day_count * w->second_count), picked[2 * RULE_SET_MAX] = {0};
    size_t count = 0;

    for (int n = 1; n <= RULE_SET_MAX && n <= total; n++) {
        if ((w->rule.positions.ahead[n / 64] & BIT(n % 64)) != 0)
            picked[count++] = n - 1;
        if ((w->rule.positions.back[n / 64] & BIT(n % 64)) != 0)
            picked[count++] = total - n;
    }
    qsort(picked, count, sizeof(*picked), compare_positions);
    for (size_t i = 0; i < count && !w->done; i++)
        if (i == 0 || picked[i] != picked[i - 1])
            give(w, nth_time(w, picked[i]));
}

static void give_period(struct walk *w)
{
    int64_t total = (int64_t)(w->day_count * w->second_count);

    if (w->rule.positions.any) {
        give_positions(w);
        return;
    }
    for (int64_t n = 0; n < total && !w->done; n++)
        give(w, nth_time(w, n));
}

/* ---- rules by the day and above ---- */

/* Look at the n-th period. False, with the days it has, when it lies behind the window. */
static bool look_at_period(struct walk *w, int64_t n)
{
    const struct rule *r = &w->rule;
    int64_t first, step = n * r->interval;

    w->day_count = 0;
    switch (r->freq) {
    case RULE_YEARLY:
        if (w->start.year + step > 9998) /* week_one looks a year ahead */
            return false;
        first = year_begin((int)(w->start.year + step));
        break;
    case RULE_MONTHLY:
        step += w->start.year * 12 + w->start.month - 1;
        if (step / 12 > 9998)
            return false;
        struct civil month = {.year = (int)(step / 12), .month = (int)(step % 12) + 1, .day = 1};
        first = civil_day_number(&month);
        break;
    case RULE_WEEKLY:
        first =
            w->start_day - (civil_weekday_of_day(w->start_day) - r->week_start + 7) % 7 + step * 7;
        break;
    default:
        first = w->start_day + step;
        break;
    }
    if (first > CIVIL_DAY_MAX || first * DAY_S >= w->job->to_s || first * DAY_S > w->job->until_s)
        return false;
    if (r->freq == RULE_YEARLY)
        try_year(w, (int)(w->start.year + step));
    else if (r->freq == RULE_MONTHLY)
        try_month(w, (int)(step / 12), (int)(step % 12) + 1);
    else
        try_days(w, first, r->freq == RULE_WEEKLY ? 7 : 1);
    (*w->job->budget)--; /* a period may have no day to look at */
    return true;
}

/* Where nothing is counted, periods before the window need no look. */
static int64_t first_period(const struct walk *w)
{
    int64_t from_day = w->job->from_s / DAY_S - 7, apart;
    struct civil from;

    if (w->rule.count > 0 || from_day <= w->start_day)
        return 0;
    civil_from_day_number(from_day, &from);
    switch (w->rule.freq) {
    case RULE_YEARLY:
        apart = from.year - w->start.year;
        break;
    case RULE_MONTHLY:
        apart = (from.year - w->start.year) * 12 + from.month - w->start.month;
        break;
    case RULE_WEEKLY:
        apart = (from_day - w->start_day) / 7;
        break;
    default:
        apart = from_day - w->start_day;
        break;
    }
    return apart > 0 ? apart / w->rule.interval : 0;
}

static void list_seconds(struct walk *w)
{
    const struct rule *r = &w->rule;
    size_t count = (size_t)(__builtin_popcountll(r->hours) * __builtin_popcountll(r->minutes) *
                            __builtin_popcountll(r->seconds));

    w->seconds = mem_array(count, sizeof(*w->seconds));
    for (int s = 0; s < DAY_S && w->second_count < count; s++) {
        if ((r->hours & BIT(s / 3600)) == 0)
            s += 3599;
        else if ((r->minutes & BIT(s / 60 % 60)) == 0)
            s += 59;
        else if ((r->seconds & BIT(s % 60)) != 0)
            w->seconds[w->second_count++] = s;
    }
}

static void walk_periods(struct walk *w)
{
    list_seconds(w);
    for (int64_t n = first_period(w); !w->done && look_at_period(w, n); n++) {
        if (*w->job->budget <= 0) {
            w->end = RECUR_BUDGET;
            break;
        }
        give_period(w);
    }
    free(w->seconds);
}

/* ---- rules within the day ---- */

/* The first multiple of the interval, counted from DTSTART, among the units of `unit_s` seconds
 * from `day` on; as a number of units since midnight. */
static int64_t first_unit(const struct walk *w, int64_t day, int64_t unit_s)
{
    int64_t start_unit = (w->job->start_s - w->start_day * DAY_S) / unit_s;
    int64_t behind = ((day - w->start_day) * (DAY_S / unit_s) - start_unit) % w->rule.interval;

    if (behind < 0)
        behind += w->rule.interval;
    return behind == 0 ? 0 : w->rule.interval - behind;
}

static void give_within(struct walk *w, int64_t day, int64_t unit, int64_t unit_s)
{
    int64_t begin = unit * unit_s;

    /* The smaller units are expanded by their masks, which are never empty for them. */
    for (int64_t s = begin; s < begin + unit_s && !w->done; s++) {
        if ((w->rule.minutes & BIT(s / 60 % 60)) == 0)
            s += 59;
        else if ((w->rule.seconds & BIT(s % 60)) != 0)
            give(w, day * DAY_S + s);
    }
}

static void walk_within_days(struct walk *w)
{
    static const int64_t units[] = {
        [RULE_SECONDLY] = 1, [RULE_MINUTELY] = 60, [RULE_HOURLY] = 3600};
    int64_t unit_s = units[w->rule.freq];
    int64_t from_day = w->job->from_s / DAY_S - 1;
    int64_t day = w->rule.count == 0 && from_day > w->start_day ? from_day : w->start_day;

    for (; !w->done && day * DAY_S < w->job->to_s && day * DAY_S <= w->job->until_s; day++) {
        if (day > w->start_day + RECUR_SUBDAILY_DAYS || *w->job->budget <= 0) {
            w->end = *w->job->budget <= 0 ? RECUR_BUDGET : RECUR_HORIZON;
            return;
        }
        w->day_count = 0;
        try_days(w, day, 1);
        if (w->day_count == 0)
            continue;
        for (int64_t u = first_unit(w, day, unit_s); u < DAY_S / unit_s && !w->done;
             u += w->rule.interval) {
            (*w->job->budget)--;
            if ((w->rule.hours & BIT(u * unit_s / 3600)) != 0)
                give_within(w, day, u, unit_s);
        }
    }
}

/* ---- the whole ---- */

/* RFC 5545, 3.3.10: what the rule leaves open is DTSTART's. Units that are the rule's own or larger
 * are free. */
static void fill_in(struct walk *w)
{
    struct rule *r = &w->rule;
    struct rule_set only = {.any = true};

    if (w->job->dates) { /* "MUST be ignored" */
        r->hours = r->minutes = r->seconds = BIT(0);
    }
    if (r->hours == 0)
        r->hours = r->freq <= RULE_HOURLY ? BIT(24) - 1 : BIT(w->start.hour);
    if (r->minutes == 0)
        r->minutes = r->freq <= RULE_MINUTELY ? BIT(60) - 1 : BIT(w->start.minute);
    if (r->seconds == 0)
        r->seconds = r->freq == RULE_SECONDLY ? BIT(60) - 1 : BIT(w->start.second);

    bool day_given = r->month_days.any || r->year_days.any || r->by_day;
    if (r->freq < RULE_WEEKLY || day_given)
        return;
    if (r->freq == RULE_WEEKLY || r->weeks.any) {
        r->by_day = true;
        r->weekdays = 1u << civil_weekday_of_day(w->start_day);
        return;
    }
    only.ahead[0] = BIT(w->start.day);
    r->month_days = only;
    if (r->freq == RULE_YEARLY && r->months == 0)
        r->months = BIT(w->start.month);
}

enum recur_end recur_expand(const struct recur *job, struct recur_times *out)
{
    struct walk w = {.job = job, .rule = *job->rule, .out = out, .end = RECUR_ALL};

    civil_from_seconds(job->start_s, &w.start);
    w.start_day = civil_day_number(&w.start);
    fill_in(&w);
    if (job->start_s >= job->to_s)
        return RECUR_ALL;
    if (job->start_s >= job->from_s)
        add(&w, job->start_s);
    w.count = 1;
    if (w.rule.freq < RULE_DAILY && job->dates)
        return w.end; /* a date has no hours to count */
    if (w.rule.freq < RULE_DAILY)
        walk_within_days(&w);
    else
        walk_periods(&w);
    return w.end;
}
