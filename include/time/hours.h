/*
 * Opening hours: "Mon-Fri 08:00-12:00 13:00-18:00, Sat 09:00-14:00", holidays, and counting in
 * business minutes and business days. All pure: no clock is read.
 *
 * A business is open on a day from the first instant at which the clocks of its zone show an
 * opening time or later to the first at which they show the closing time or later. So hours that a
 * clock change swallows are not counted, hours that come twice count twice, and a day that a zone
 * skipped is no opening time at all.
 */
#ifndef TIME_HOURS_H
#define TIME_HOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "time/civil.h"
#include "time/zone.h"

#define HOURS_SPANS_MAX 8   /* opening blocks a day */
#define HOURS_LOOK_DAYS 400 /* how far hours_next_open and hours_previous_open look */

struct hours_span {
    int from_minute; /* of the day, 0 .. 1439 */
    int to_minute;   /* exclusive, 1 .. 1440; a span never crosses midnight */
};

struct hours_day {
    struct hours_span spans[HOURS_SPANS_MAX]; /* sorted, not touching */
    size_t count;                             /* 0: closed */
};

struct hours {
    struct hours_day week[7]; /* 0 = Sunday */
};

/* A business's time: its zone, its weekly hours and the days it is closed. */
struct hours_calendar {
    const struct zone *zone;
    struct hours week;
    int64_t *holidays; /* day numbers (civil_day_number), sorted; owned by who fills it */
    size_t holiday_count;
};

/* A daily span that may cross midnight, as "21:00-08:00". */
struct hours_daily {
    int from_minute; /* 0 .. 1439 */
    int to_minute;   /* exclusive, 0 .. 1440; never equal to from_minute */
};

/*
 * Weekly hours: days and ranges of days, each followed by one or more times. "Sat-Mon" goes on over
 * the week's end, "Mon, Wed, Fri 09:00-17:00" is a list, "Sun closed" may be said; names are
 * English, three letters or more, in any case; commas may be left out; 24:00 is allowed as an end;
 * times that touch become one. ERR_INVALID with a sentence (an unknown day, a day named twice,
 * times that overlap or end before they begin, nothing open at all), ERR_LIMIT for more than
 * HOURS_SPANS_MAX blocks on a day; *out is then left alone.
 */
int hours_parse(const char *s, struct hours *out, struct err *err);

/* "21:00-08:00"; 24:00 is allowed as the end. ERR_INVALID also when both are the same time. */
int hours_parse_daily(const char *s, struct hours_daily *out, struct err *err);

/* "HH:MM" or "H:MM", 00:00 to 23:59, as a minute of the day. */
int hours_parse_minute(const char *s, int *minute, struct err *err);

/* What somebody most likely means who wrote a time of day in another way: "6pm", "6:30 p.m.",
 * "18.00", "18h", "1800", "18", "noon". For suggestions only. False: nobody can tell. */
bool hours_guess_minute(const char *s, int *minute);

/* Is it a day of the week with opening hours, and no holiday? */
bool hours_is_business_day(const struct hours_calendar *c, int64_t day_number);
bool hours_is_open(const struct hours_calendar *c, int64_t instant_ms);

/* The first instant >= from (next) or the last instant <= from (previous) at which the business is
 * open; false when it never is within HOURS_LOOK_DAYS. When it is closed, previous gives the last
 * minute before closing. */
bool hours_next_open(const struct hours_calendar *c, int64_t from_ms, int64_t *out_ms);
bool hours_previous_open(const struct hours_calendar *c, int64_t from_ms, int64_t *out_ms);

/* Move `minutes` of opening time forward (or back, when negative) from `from_ms`, which need not
 * be an opening time: the first instant by which so much opening time has passed (the last before
 * which it is to come). So an hour from 17:00 to a closing at 18:00 ends at that closing, not at
 * the next morning's opening. 0 minutes move nothing. False when the calendar never opens, or the
 * result lies outside the years 1 to 9999. */
bool hours_add_minutes(const struct hours_calendar *c, int64_t from_ms, int64_t minutes,
                       int64_t *out_ms);

/* Whole minutes of opening time between two instants; 0 unless to > from. */
int64_t hours_minutes_between(const struct hours_calendar *c, int64_t from_ms, int64_t to_ms);

/* Move the date part `days` business days forward (or back); the time of day stays. A start on a
 * closed day counts from there: the first business day after a Sunday is Monday. 0 days move
 * nothing, not even off a closed day. False, and *when left alone, as for hours_add_minutes. */
bool hours_add_days(const struct hours_calendar *c, struct civil *when, int64_t days);

/* A stretch of time as the business sees it: opening time, or a day that has none. */
enum hours_kind { HOURS_OPEN, HOURS_CLOSED, HOURS_HOLIDAY };
struct hours_stretch {
    enum hours_kind kind;
    int64_t from_ms, to_ms; /* a closed day: all of it */
};

/* Call `each` for every opening time between the two instants, cut to what lies between them, and
 * for every closed day that has any part there, in their order; of no more than `days_max` days.
 * For telling people how opening time was counted. False: there are more days. */
typedef void (*hours_each)(void *arg, const struct hours_stretch *s);
bool hours_walk(const struct hours_calendar *c, int64_t from_ms, int64_t to_ms, int64_t days_max,
                hours_each each, void *arg);

/* Is the time of day of `minute` inside the daily span (which may cross midnight)? */
bool hours_daily_has(const struct hours_daily *d, int minute);

#endif
