/*
 * Civil dates and times of the proleptic Gregorian calendar, with no zone: what a calendar on the
 * wall and a clock beside it say. Pure arithmetic.
 *
 * Functions that take a civil time want a valid one (civil_valid). Results never leave the years
 * 1 to 9999: what would lie before them becomes 0001-01-01T00:00:00, what would lie after them
 * 9999-12-31T23:59:59. Where that matters, compare the input with the two limits.
 */
#ifndef TIME_CIVIL_H
#define TIME_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

#define CIVIL_DAY_MIN INT64_C(-719162) /* 0001-01-01, as civil_day_number counts */
#define CIVIL_DAY_MAX INT64_C(2932896) /* 9999-12-31 */
#define CIVIL_DAY_S INT64_C(86400)
#define CIVIL_DAY_MINUTES 1440

struct civil {
    int year;  /* 1 .. 9999 */
    int month; /* 1 .. 12 */
    int day;   /* 1 .. 31 */
    int hour;  /* 0 .. 23 */
    int minute;
    int second; /* 0 .. 59; leap seconds are not represented */
};

/* Is every field in range, and does the day exist (no 30 February)? */
bool civil_valid(const struct civil *c);

/* Days since 1970-01-01 of the date part. */
int64_t civil_day_number(const struct civil *c);
void civil_from_day_number(int64_t day, struct civil *c); /* the time part becomes 00:00:00 */

/* Seconds since 1970-01-01T00:00 as if the civil time were UTC. */
int64_t civil_to_seconds(const struct civil *c);
void civil_from_seconds(int64_t seconds, struct civil *c);

/* 0 = Sunday .. 6 = Saturday. */
int civil_weekday(const struct civil *c);
int civil_weekday_of_day(int64_t day_number);

bool civil_is_leap(int year);
int civil_days_in_month(int year, int month); /* month 1 .. 12 */

void civil_add_days(struct civil *c, int64_t days); /* days may be negative */

/* Same day of the month, or the last one of a shorter month: 31 January + 1 month = 28 or 29
 * February. `months` may be negative. */
void civil_add_months(struct civil *c, int64_t months);

int civil_compare(const struct civil *a, const struct civil *b); /* <0, 0, >0 */

#endif
