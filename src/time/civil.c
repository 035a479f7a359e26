/*
 * Civil dates and times. Days are counted in a year that begins on 1 March, so that the leap day is
 * the last day of a year, and in eras of 400 years, after which the calendar repeats. No state, and
 * nothing can fail: a result outside the years 1 to 9999 stops at their edge.
 */
#include "time/civil.h"

#define ERA_YEARS 400
#define ERA_DAYS 146097
#define EPOCH_DAYS 719468 /* from 0000-03-01 to 1970-01-01 */

#define MONTHS_MIN (1 * 12)         /* 0001-01 as year * 12 + month - 1 */
#define MONTHS_MAX (9999 * 12 + 11) /* 9999-12 */

static const struct civil first = {1, 1, 1, 0, 0, 0};
static const struct civil last = {9999, 12, 31, 23, 59, 59};

bool civil_is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int civil_days_in_month(int year, int month)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return month == 2 && civil_is_leap(year) ? 29 : days[month - 1];
}

bool civil_valid(const struct civil *c)
{
    return c->year >= 1 && c->year <= 9999 && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
           c->day <= civil_days_in_month(c->year, c->month) && c->hour >= 0 && c->hour <= 23 &&
           c->minute >= 0 && c->minute <= 59 && c->second >= 0 && c->second <= 59;
}

int64_t civil_day_number(const struct civil *c)
{
    int year = c->month > 2 ? c->year : c->year - 1; /* the March year; never below 0 */
    int month = (c->month + 9) % 12;                 /* 0 = March */
    int era = year / ERA_YEARS;
    int year_of_era = year % ERA_YEARS;
    int day_of_year = (153 * month + 2) / 5 + c->day - 1; /* March to July have 153 days */
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return (int64_t)era * ERA_DAYS + day_of_era - EPOCH_DAYS;
}

void civil_from_day_number(int64_t day, struct civil *c)
{
    if (day < CIVIL_DAY_MIN) {
        *c = first;
        return;
    }
    if (day > CIVIL_DAY_MAX) {
        *c = last;
        return;
    }
    int days = (int)(day + EPOCH_DAYS);
    int era = days / ERA_DAYS;
    int day_of_era = days % ERA_DAYS;
    /* Take out the leap days that lie before it, so that every year has 365: 1460 days are four
     * years without theirs, 36524 a century, 146096 the last day of the era. */
    int year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month = (5 * day_of_year + 2) / 153;

    *c = (struct civil){0};
    c->day = day_of_year - (153 * month + 2) / 5 + 1;
    c->month = month < 10 ? month + 3 : month - 9;
    c->year = era * ERA_YEARS + year_of_era + (c->month <= 2);
}

int64_t civil_to_seconds(const struct civil *c)
{
    return civil_day_number(c) * CIVIL_DAY_S + c->hour * 3600 + c->minute * 60 + c->second;
}

void civil_from_seconds(int64_t seconds, struct civil *c)
{
    int64_t day = seconds / CIVIL_DAY_S;
    int rest = (int)(seconds % CIVIL_DAY_S);

    if (rest < 0) {
        rest += (int)CIVIL_DAY_S;
        day--;
    }
    civil_from_day_number(day, c);
    if (day < CIVIL_DAY_MIN || day > CIVIL_DAY_MAX)
        return;
    c->hour = rest / 3600;
    c->minute = rest / 60 % 60;
    c->second = rest % 60;
}

int civil_weekday_of_day(int64_t day_number)
{
    int weekday = (int)(day_number % 7 + 4) % 7; /* 1970-01-01 was a Thursday */

    return weekday < 0 ? weekday + 7 : weekday;
}

int civil_weekday(const struct civil *c)
{
    return civil_weekday_of_day(civil_day_number(c));
}

void civil_add_days(struct civil *c, int64_t days)
{
    struct civil sum;
    int64_t day = civil_day_number(c);

    if (days < CIVIL_DAY_MIN - day || days > CIVIL_DAY_MAX - day) {
        *c = days < 0 ? first : last;
        return;
    }
    civil_from_day_number(day + days, &sum);
    c->year = sum.year;
    c->month = sum.month;
    c->day = sum.day;
}

void civil_add_months(struct civil *c, int64_t months)
{
    int64_t now = (int64_t)c->year * 12 + c->month - 1;

    if (months < MONTHS_MIN - now || months > MONTHS_MAX - now) {
        *c = months < 0 ? first : last;
        return;
    }
    now += months;
    c->year = (int)(now / 12);
    c->month = (int)(now % 12) + 1;
    int days = civil_days_in_month(c->year, c->month);
    if (c->day > days)
        c->day = days;
}

int civil_compare(const struct civil *a, const struct civil *b)
{
    int64_t at_a = civil_to_seconds(a), at_b = civil_to_seconds(b);

    return (at_a > at_b) - (at_a < at_b);
}
