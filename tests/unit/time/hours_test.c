/* time/hours: opening hours as text, and counting in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "time/hours.h"
#include "time/moment.h"

#define GARAGE "Mon-Fri 08:00-12:00 13:00-18:00, Sat 09:00-14:00"
#define MINUTE_MS INT64_C(60000)

static struct hours parse(const char *s)
{
    struct hours h = {0};
    struct err err;

    if (hours_parse(s, &h, &err) != 0)
        fail_msg("%s: %s", s, err.text);
    return h;
}

static void assert_day(const struct hours *h, int day, size_t count, int from, int to)
{
    assert_int_equal(h->week[day].count, count);
    if (count == 0)
        return;
    assert_int_equal(h->week[day].spans[0].from_minute, from);
    assert_int_equal(h->week[day].spans[count - 1].to_minute, to);
}

static void assert_same(const char *a, const char *b)
{
    struct hours x = parse(a), y = parse(b);

    if (memcmp(&x, &y, sizeof(x)) != 0)
        fail_msg("\"%s\" and \"%s\" are not the same", a, b);
}

/* ---- text ---- */

static void a_week_is_read(void **state)
{
    struct hours h = parse(GARAGE);

    assert_day(&h, 0, 0, 0, 0);
    for (int day = 1; day <= 5; day++) {
        assert_day(&h, day, 2, 480, 1080);
        assert_int_equal(h.week[day].spans[0].to_minute, 720);
        assert_int_equal(h.week[day].spans[1].from_minute, 780);
    }
    assert_day(&h, 6, 1, 540, 840);
}

static void ranges_go_over_the_end_of_the_week(void **state)
{
    struct hours h = parse("Sat-Mon 10:00-24:00");

    assert_day(&h, 6, 1, 600, 1440);
    assert_day(&h, 0, 1, 600, 1440);
    assert_day(&h, 1, 1, 600, 1440);
    assert_day(&h, 2, 0, 0, 0);
    assert_same("Mon-Sun 00:00-24:00", "Thu-Wed 00:00-24:00");
}

static void people_write_hours_in_many_ways(void **state)
{
    assert_same("Mon, Wed, Fri 09:00-17:00", "Mon 09:00-17:00, Wed 09:00-17:00, Fri 09:00-17:00");
    assert_same("mon-FRI 8:00-12:00, 13:00-18:00 sat 9:00-14:00", GARAGE);
    assert_same("Monday - Friday 08:00 - 12:00  13:00 – 18:00,\n\tSaturday 09:00–14:00", GARAGE);
    assert_same("Sat 09:00-14:00, Sun closed", "Sat 09:00-14:00");
    assert_same("Mon 13:00-18:00 08:00-12:00", "Mon 08:00-12:00 13:00-18:00");
    assert_same("Mon-Tue, Thurs 10:00-11:00", "Mon 10:00-11:00 Tue 10:00-11:00 Thu 10:00-11:00");
    assert_same("Mon 08:00-12:00 12:00-18:00", "Mon 08:00-18:00");
    assert_same("Mon 14:00-18:00 08:00-12:00 12:00-14:00", "Mon 08:00-18:00");
}

static void assert_refused(const char *s, int code, const char *reason)
{
    struct hours h, before;
    struct err err = {""};

    memset(&h, 0x55, sizeof(h));
    before = h;
    assert_int_equal(hours_parse(s, &h, &err), code);
    if (strstr(err.text, reason) == NULL)
        fail_msg("\"%s\": \"%s\" does not say \"%s\"", s, err.text, reason);
    assert_memory_equal(&h, &before, sizeof(h));
}

static void wrong_hours_are_refused_with_a_sentence(void **state)
{
    assert_refused("", ERR_INVALID, "no hours are given");
    assert_refused(" , ", ERR_INVALID, "no hours are given");
    assert_refused("Mun 08:00-12:00", ERR_INVALID, "\"Mun\" is no day; days are Mon, Tue");
    assert_refused("Mo 08:00-12:00", ERR_INVALID, "\"Mo\" is no day");
    assert_refused("Mondays 08:00-12:00", ERR_INVALID, "\"Mondays\" is no day");
    assert_refused("Mon-08:00 12:00", ERR_INVALID, "\"08:00\" is no day");
    assert_refused("Mon 08:00-12:00, Mon 13:00-18:00", ERR_INVALID, "Monday is named twice");
    assert_refused("Mon-Fri 08:00-12:00, Thu-Sat 13:00-18:00", ERR_INVALID,
                   "Thursday is named twice");
    assert_refused("Mon, Mon 08:00-12:00", ERR_INVALID, "Monday is named twice");
    assert_refused("Mon 08:00-12:00 11:00-18:00", ERR_INVALID,
                   "on Monday 08:00-12:00 and 11:00-18:00 overlap");
    assert_refused("Mon 18:00-08:00", ERR_INVALID, "18:00-08:00 ends before it begins");
    assert_refused("Mon 08:00-08:00", ERR_INVALID, "same time");
    assert_refused("Mon 24:00-24:00", ERR_INVALID, "24:00 can only be an end");
    assert_refused("Mon 08:00-24:01", ERR_INVALID, "no clock shows 24:01");
    assert_refused("Mon 08:60-10:00", ERR_INVALID, "no clock shows 08:60");
    assert_refused("Mon 8-12", ERR_INVALID,
                   "\"8-12\" is no time of day; write it with its minutes, as 08:00");
    assert_refused("Mon to Fri 08:00-12:00", ERR_INVALID, "in a row with a hyphen, as Mon-Fri");
    assert_refused("Mon 08:000-12:00", ERR_INVALID, "is no time of day");
    assert_refused("Mon 08:00", ERR_INVALID, "08:00 has no end");
    assert_refused("Mon", ERR_INVALID, "Monday has no times after it");
    assert_refused("Mon 08:00-12:00, Tue", ERR_INVALID, "Tuesday has no times after it");
    assert_refused("08:00-12:00", ERR_INVALID, "no day in front of it");
    assert_refused("closed", ERR_INVALID, "\"closed\" is no day");
    assert_refused("Mon-Sun closed", ERR_INVALID, "no day has an opening time");
    assert_refused("Mon 08:00-12:00 & Tue", ERR_INVALID, "\"&\" is no day");
    assert_refused("Mon 1:00-1:10 2:00-2:10 3:00-3:10 4:00-4:10 5:00-5:10 6:00-6:10 7:00-7:10 "
                   "8:00-8:10 9:00-9:10",
                   ERR_LIMIT, "more than 8");
}

static void a_daily_span_may_go_over_midnight(void **state)
{
    struct hours_daily d = {0};
    struct err err;

    assert_int_equal(hours_parse_daily("21:00-08:00", &d, &err), 0);
    assert_true(hours_daily_has(&d, 21 * 60) && hours_daily_has(&d, 0));
    assert_true(hours_daily_has(&d, 8 * 60 - 1));
    assert_false(hours_daily_has(&d, 8 * 60) || hours_daily_has(&d, 21 * 60 - 1));
    assert_int_equal(hours_parse_daily(" 09:00 - 20:00 ", &d, &err), 0);
    assert_true(hours_daily_has(&d, 9 * 60) && !hours_daily_has(&d, 20 * 60));
    assert_int_equal(hours_parse_daily("00:00-24:00", &d, &err), 0);
    assert_true(hours_daily_has(&d, 0) && hours_daily_has(&d, 1439));

    assert_int_equal(hours_parse_daily("21:00-21:00", &d, &err), ERR_INVALID);
    assert_int_equal(hours_parse_daily("21:00", &d, &err), ERR_INVALID);
    assert_int_equal(hours_parse_daily("21:00-08:00 x", &d, &err), ERR_INVALID);
    assert_int_equal(hours_parse_daily("", &d, &err), ERR_INVALID);
    assert_true(d.from_minute == 0 && d.to_minute == 1440);
}

static void a_time_of_day_is_a_minute(void **state)
{
    struct err err;
    int minute = -5;

    assert_int_equal(hours_parse_minute("18:05", &minute, &err), 0);
    assert_int_equal(minute, 1085);
    assert_int_equal(hours_parse_minute(" 7:00 ", &minute, &err), 0);
    assert_int_equal(minute, 420);
    assert_int_equal(hours_parse_minute("24:00", &minute, &err), ERR_INVALID);
    assert_int_equal(hours_parse_minute("18", &minute, &err), ERR_INVALID);
    assert_int_equal(hours_parse_minute("18:5", &minute, &err), ERR_INVALID);
    assert_int_equal(hours_parse_minute("-1:00", &minute, &err), ERR_INVALID);
    assert_int_equal(hours_parse_minute("18:00 pm", &minute, &err), ERR_INVALID);
    assert_int_equal(minute, 420);
}

static void assert_guess(const char *text, int expected)
{
    int minute = -1;

    if (hours_guess_minute(text, &minute) != (expected >= 0))
        fail_msg("%s: %d", text, minute);
    if (expected >= 0)
        assert_int_equal(minute, expected);
}

static void what_is_meant_by_a_time_of_day_is_guessed(void **state)
{
    struct err err;
    int minute;

    assert_guess("18:00", 1080);
    assert_guess("6pm", 1080);
    assert_guess("6 PM", 1080);
    assert_guess("6:30 p.m.", 1110);
    assert_guess("12am", 0);
    assert_guess("12 pm", 720);
    assert_guess("9am", 540);
    assert_guess("18.15", 1095);
    assert_guess("18h", 1080);
    assert_guess("18h05", 1085);
    assert_guess("1800", 1080);
    assert_guess("930", 570);
    assert_guess("18", 1080);
    assert_guess("Noon", 720);
    for (size_t i = 0; i < 12; i++)
        assert_guess((const char *const[]){"", "lunch", "pm", "24:00", "18:60", "13pm", "0am",
                                           "18pm", "12345", "6pmmm", "6 days", "6pm 1"}[i],
                     -1);
    assert_int_equal(hours_parse_minute("6:30 pm", &minute, &err), ERR_INVALID);
    assert_string_equal(err.text, "\"6:30 pm\" is no time of day here; write it as 18:30");
}

/* ---- counting ---- */

static int64_t at(const struct hours_calendar *c, const char *local)
{
    struct moment m;

    assert_int_equal(moment_parse(local, &m, NULL), 0);
    return moment_instant(&m, c->zone);
}

static int64_t day_number(const char *date)
{
    struct moment m;

    assert_int_equal(moment_parse(date, &m, NULL), 0);
    return civil_day_number(&m.civil);
}

static void assert_local(const struct hours_calendar *c, int64_t instant_ms, const char *local)
{
    char text[MOMENT_TEXT_MAX];

    moment_format_local(instant_ms, c->zone, text);
    assert_string_equal(text, local);
}

static void assert_adds(const struct hours_calendar *c, const char *from, int64_t minutes,
                        const char *to)
{
    int64_t out_ms = 0;

    assert_true(hours_add_minutes(c, at(c, from), minutes, &out_ms));
    assert_local(c, out_ms, to);
}

static struct hours_calendar garage(void)
{
    static int64_t christmas[4];

    christmas[0] = day_number("2026-12-24");
    christmas[1] = day_number("2026-12-25");
    christmas[2] = day_number("2026-12-26");
    christmas[3] = day_number("2027-01-01");
    return (struct hours_calendar){zone_get("Europe/Riga"), parse(GARAGE), christmas, 4};
}

static void a_shop_is_open_from_its_opening_to_before_its_closing(void **state)
{
    struct hours_calendar c = garage();

    assert_false(hours_is_open(&c, at(&c, "2026-12-08T07:59:59")));
    assert_true(hours_is_open(&c, at(&c, "2026-12-08T08:00:00")));
    assert_true(hours_is_open(&c, at(&c, "2026-12-08T11:59:59")));
    assert_false(hours_is_open(&c, at(&c, "2026-12-08T12:00:00")));
    assert_false(hours_is_open(&c, at(&c, "2026-12-13T11:00:00")));
    assert_false(hours_is_open(&c, at(&c, "2026-12-24T11:00:00")));
    assert_true(hours_is_business_day(&c, day_number("2026-12-12")));
    assert_false(hours_is_business_day(&c, day_number("2026-12-13")));
    assert_false(hours_is_business_day(&c, day_number("2026-12-25")));
}

static void the_next_and_previous_openings_skip_nights_and_holidays(void **state)
{
    struct hours_calendar c = garage();
    int64_t out_ms;

    assert_true(hours_next_open(&c, at(&c, "2026-12-08T12:30:00"), &out_ms));
    assert_local(&c, out_ms, "2026-12-08T13:00:00");
    assert_true(hours_next_open(&c, at(&c, "2026-12-08T14:30:07"), &out_ms));
    assert_local(&c, out_ms, "2026-12-08T14:30:07");
    assert_true(hours_next_open(&c, at(&c, "2026-12-23T18:00:00"), &out_ms));
    assert_local(&c, out_ms, "2026-12-28T08:00:00");
    assert_true(hours_previous_open(&c, at(&c, "2026-12-28T07:00:00"), &out_ms));
    assert_local(&c, out_ms, "2026-12-23T17:59:00");
    assert_true(hours_previous_open(&c, at(&c, "2026-12-08T12:00:00"), &out_ms));
    assert_local(&c, out_ms, "2026-12-08T11:59:00");
    assert_true(hours_previous_open(&c, at(&c, "2026-12-08T08:00:00"), &out_ms));
    assert_local(&c, out_ms, "2026-12-08T08:00:00");
}

static void a_week_may_begin_on_sunday_or_saturday(void **state)
{
    struct hours_calendar tehran = {.zone = zone_get("Asia/Tehran"),
                                    .week = parse("Sat-Thu 09:00-18:00")};
    struct hours_calendar jerusalem = {.zone = zone_get("Asia/Jerusalem"),
                                       .week = parse("Sun-Thu 08:00-16:00, Fri 08:00-12:00")};

    /* 11 December 2026 is a Friday. */
    assert_false(hours_is_business_day(&tehran, day_number("2026-12-11")));
    assert_true(hours_is_business_day(&tehran, day_number("2026-12-12")));
    assert_true(hours_is_business_day(&tehran, day_number("2026-12-13")));
    assert_adds(&tehran, "2026-12-10T17:00", 120, "2026-12-12T10:00:00");
    assert_false(hours_is_business_day(&jerusalem, day_number("2026-12-12")));
    assert_true(hours_is_business_day(&jerusalem, day_number("2026-12-13")));
    assert_adds(&jerusalem, "2026-12-11T11:00", 120, "2026-12-13T09:00:00");
}

static void a_business_that_never_opens_has_no_answer(void **state)
{
    struct hours_calendar c = {.zone = zone_utc()};
    struct civil when = {2026, 12, 8, 10, 0, 0};
    int64_t out_ms = 7;

    assert_false(hours_next_open(&c, 0, &out_ms));
    assert_false(hours_previous_open(&c, 0, &out_ms));
    assert_false(hours_add_minutes(&c, 0, 60, &out_ms));
    assert_false(hours_add_minutes(&c, 0, -60, &out_ms));
    assert_false(hours_add_days(&c, &when, 1));
    assert_int_equal(out_ms, 7);
    assert_int_equal(when.day, 8);
    assert_int_equal(hours_minutes_between(&c, 0, INT64_C(1000000000000)), 0);
}

static void holidays_for_over_a_year_hide_every_opening(void **state)
{
    static int64_t days[500];
    struct hours_calendar c = {zone_utc(), parse(GARAGE), days, 500};
    int64_t first = day_number("2026-12-08"), out_ms;

    for (int i = 0; i < 500; i++)
        days[i] = first + i;
    assert_false(hours_next_open(&c, at(&c, "2026-12-08T10:00"), &out_ms));
    assert_true(hours_next_open(&c, at(&c, "2027-12-08T10:00"), &out_ms));
    assert_local(&c, out_ms, "2028-04-21T08:00:00"); /* a Friday */
    assert_adds(&c, "2026-12-08T10:00", 60, "2028-04-21T09:00:00");
}

static void business_minutes_skip_lunch_nights_and_weekends(void **state)
{
    struct hours_calendar c = garage();

    assert_adds(&c, "2026-12-08T09:00", 60, "2026-12-08T10:00:00");
    assert_adds(&c, "2026-12-08T11:30", 60, "2026-12-08T13:30:00");
    assert_adds(&c, "2026-12-11T17:00", 60, "2026-12-11T18:00:00");
    assert_adds(&c, "2026-12-11T17:00", 61, "2026-12-12T09:01:00");
    assert_adds(&c, "2026-12-11T17:00", 8 * 60, "2026-12-14T10:00:00");
    assert_adds(&c, "2026-12-13T12:00", 8 * 60, "2026-12-14T17:00:00");
    assert_adds(&c, "2026-12-23T17:30", 60, "2026-12-28T08:30:00");
    assert_adds(&c, "2026-12-08T11:30:30", 60, "2026-12-08T13:30:30");
    assert_adds(&c, "2026-12-13T12:00", 0, "2026-12-13T12:00:00");
}

static void business_minutes_count_back_as_well(void **state)
{
    struct hours_calendar c = garage();

    assert_adds(&c, "2026-12-08T10:00", -60, "2026-12-08T09:00:00");
    assert_adds(&c, "2026-12-08T13:30", -60, "2026-12-08T11:30:00");
    assert_adds(&c, "2026-12-14T09:00", -60, "2026-12-14T08:00:00");
    assert_adds(&c, "2026-12-14T09:00", -61, "2026-12-12T13:59:00");
    assert_adds(&c, "2026-12-28T08:30", -60, "2026-12-23T17:30:00");
    assert_adds(&c, "2027-01-04T08:00", -9 * 60, "2026-12-31T14:00:00");
}

static void a_clock_change_within_opening_hours_counts_real_time(void **state)
{
    struct hours_calendar c = {.zone = zone_get("Europe/Riga"),
                               .week = parse("Mon-Sun 00:00-24:00")};
    struct hours_calendar night = {.zone = c.zone, .week = parse("Sun 02:00-05:00")};
    struct hours_calendar swallowed = {.zone = c.zone, .week = parse("Sun 03:00-04:00")};
    int64_t out_ms;

    assert_int_equal(hours_minutes_between(&c, at(&c, "2026-03-29"), at(&c, "2026-03-30")),
                     23 * 60);
    assert_int_equal(hours_minutes_between(&c, at(&c, "2026-10-25"), at(&c, "2026-10-26")),
                     25 * 60);
    assert_adds(&c, "2026-03-29T02:00", 120, "2026-03-29T05:00:00");
    assert_adds(&c, "2026-10-25T02:00", 120, "2026-10-25T03:00:00");
    assert_int_equal(hours_minutes_between(&night, at(&c, "2026-03-29"), at(&c, "2026-03-30")),
                     120);
    assert_int_equal(hours_minutes_between(&night, at(&c, "2026-10-25"), at(&c, "2026-10-26")),
                     240);
    assert_true(hours_next_open(&swallowed, at(&c, "2026-03-29"), &out_ms));
    assert_local(&c, out_ms, "2026-04-05T03:00:00");
}

static void a_day_that_a_zone_skipped_is_no_opening_time(void **state)
{
    struct hours_calendar c = {.zone = zone_get("Pacific/Apia"),
                               .week = parse("Mon-Sun 09:00-17:00")};

    assert_int_equal(
        hours_minutes_between(&c, at(&c, "2011-12-29T00:00"), at(&c, "2012-01-01T00:00")), 16 * 60);
    assert_adds(&c, "2011-12-29T16:00", 120, "2011-12-31T10:00:00");
    assert_adds(&c, "2011-12-31T10:00", -120, "2011-12-29T16:00:00");
}

/* St John's went back from 00:01 to 23:01: on Sunday, 7 November 2010, Saturday came again. */
static void a_day_that_has_begun_stays_open_when_clocks_go_back_over_midnight(void **state)
{
    struct hours_calendar c = {.zone = zone_get("America/St_Johns"),
                               .week = parse("Sun 00:00-24:00")};
    int64_t begin_ms = at(&c, "2010-11-07T02:30:00Z"), again_ms = at(&c, "2010-11-07T03:00:00Z");
    int64_t out_ms;

    assert_local(&c, again_ms, "2010-11-06T23:30:00");
    assert_true(hours_is_open(&c, again_ms));
    assert_false(hours_is_open(&c, begin_ms - 1));
    assert_true(hours_next_open(&c, again_ms, &out_ms) && out_ms == again_ms);
    assert_true(hours_previous_open(&c, again_ms, &out_ms) && out_ms == again_ms);
    assert_true(hours_add_minutes(&c, again_ms, 10, &out_ms));
    assert_true(out_ms == again_ms + 10 * MINUTE_MS);
    assert_true(hours_add_minutes(&c, again_ms, -10, &out_ms));
    assert_true(out_ms == again_ms - 10 * MINUTE_MS);
    assert_int_equal(hours_minutes_between(&c, begin_ms - MINUTE_MS, again_ms), 30);
}

/* The plainest way to count: look at every minute. */
static int64_t count_plainly(const struct hours_calendar *c, int64_t from_ms, int64_t to_ms)
{
    int64_t minutes = 0;

    for (int64_t t = from_ms; t < to_ms; t += MINUTE_MS)
        minutes += hours_is_open(c, t);
    return minutes;
}

static void counting_in_weeks_is_counting_in_minutes(void **state)
{
    static const char *const zones[] = {"Europe/Riga", "Australia/Lord_Howe", "Asia/Kolkata",
                                        "America/Havana", "Africa/Casablanca"};
    static const char *const weeks[] = {GARAGE, "Sun 00:00-04:00, Wed 23:00-24:00",
                                        "Sat-Mon 00:00-24:00"};
    static int64_t holidays[3];
    int64_t out_ms;

    holidays[0] = day_number("2026-03-29");
    holidays[1] = holidays[0] + 31;
    holidays[2] = day_number("2026-10-31");
    for (int i = 0; i < 15; i++) {
        struct hours_calendar c = {zone_get(zones[i % 5]), parse(weeks[i % 3]), holidays,
                                   (size_t)i % 4};
        int64_t from_ms = at(&c, "2026-01-05T09:37") + i * 7919 * MINUTE_MS;
        int64_t to_ms = at(&c, "2026-12-30T13:11") - i * 6011 * MINUTE_MS;
        int64_t minutes = count_plainly(&c, from_ms, to_ms);
        assert_int_equal(hours_minutes_between(&c, from_ms, to_ms), minutes);
        assert_true(hours_add_minutes(&c, from_ms, minutes, &out_ms));
        assert_int_equal(hours_minutes_between(&c, from_ms, out_ms), minutes);
        assert_true(hours_is_open(&c, out_ms - MINUTE_MS)); /* no later than it has to be */
        assert_true(hours_add_minutes(&c, to_ms, -minutes, &out_ms));
        assert_int_equal(hours_minutes_between(&c, out_ms, to_ms), minutes);
        assert_true(hours_is_open(&c, out_ms));
    }
}

static void long_ways_come_back_to_where_they_began(void **state)
{
    struct hours_calendar c = garage();
    int64_t from_ms = at(&c, "2026-12-08T10:00"), there_ms, back_ms;

    for (int64_t minutes = 1; minutes < 1000000000; minutes *= 7) {
        assert_true(hours_add_minutes(&c, from_ms, minutes, &there_ms));
        assert_int_equal(hours_minutes_between(&c, from_ms, there_ms), minutes);
        assert_true(hours_add_minutes(&c, there_ms, -minutes, &back_ms));
        assert_true(back_ms == from_ms);
    }
    assert_false(hours_add_minutes(&c, from_ms, INT64_MAX, &there_ms));
    assert_false(hours_add_minutes(&c, from_ms, INT64_MIN, &there_ms));
    assert_false(hours_add_minutes(&c, from_ms, INT64_C(9000000000), &there_ms));
    assert_int_equal(hours_minutes_between(&c, there_ms, from_ms), 0);
}

static void assert_days(const struct hours_calendar *c, const char *from, int64_t days,
                        const char *to)
{
    struct moment a, b;

    assert_int_equal(moment_parse(from, &a, NULL), 0);
    assert_int_equal(moment_parse(to, &b, NULL), 0);
    assert_true(hours_add_days(c, &a.civil, days));
    if (civil_compare(&a.civil, &b.civil) != 0)
        fail_msg("%s %+ld days is %04d-%02d-%02d, not %s", from, (long)days, a.civil.year,
                 a.civil.month, a.civil.day, to);
}

static void business_days_skip_closed_days(void **state)
{
    struct hours_calendar c = garage();

    assert_days(&c, "2026-12-13T10:30", 1, "2026-12-14T10:30");
    assert_days(&c, "2026-12-12T10:30", 1, "2026-12-14T10:30");
    assert_days(&c, "2026-12-11T10:30", 3, "2026-12-15T10:30");
    assert_days(&c, "2026-12-23T10:30", 1, "2026-12-28T10:30");
    assert_days(&c, "2026-12-31T10:30", 1, "2027-01-02T10:30");
    assert_days(&c, "2026-12-14T10:30", -1, "2026-12-12T10:30");
    assert_days(&c, "2026-12-28T10:30", -1, "2026-12-23T10:30");
    assert_days(&c, "2026-12-13T10:30", 0, "2026-12-13T10:30");
    /* A hundred weeks of six days, and four holidays. */
    assert_days(&c, "2026-12-14T10:30", 600, "2028-11-17T10:30");
}

static void many_business_days_are_as_many_single_ones(void **state)
{
    struct hours_calendar c = garage();
    struct civil step = {2026, 12, 1, 9, 0, 0}, jump;

    for (int days = 1; days < 700; days++) {
        assert_true(hours_add_days(&c, &step, 1));
        jump = (struct civil){2026, 12, 1, 9, 0, 0};
        assert_true(hours_add_days(&c, &jump, days));
        assert_int_equal(civil_compare(&step, &jump), 0);
        assert_true(hours_add_days(&c, &jump, -days));
        assert_int_equal(civil_day_number(&jump), day_number("2026-12-01"));
    }
    assert_false(hours_add_days(&c, &jump, INT64_MAX));
    assert_false(hours_add_days(&c, &jump, INT64_MIN));
    assert_false(hours_add_days(&c, &jump, 2800000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_week_is_read),
        cmocka_unit_test(ranges_go_over_the_end_of_the_week),
        cmocka_unit_test(people_write_hours_in_many_ways),
        cmocka_unit_test(wrong_hours_are_refused_with_a_sentence),
        cmocka_unit_test(a_daily_span_may_go_over_midnight),
        cmocka_unit_test(a_time_of_day_is_a_minute),
        cmocka_unit_test(what_is_meant_by_a_time_of_day_is_guessed),
        cmocka_unit_test(a_shop_is_open_from_its_opening_to_before_its_closing),
        cmocka_unit_test(the_next_and_previous_openings_skip_nights_and_holidays),
        cmocka_unit_test(a_week_may_begin_on_sunday_or_saturday),
        cmocka_unit_test(a_business_that_never_opens_has_no_answer),
        cmocka_unit_test(holidays_for_over_a_year_hide_every_opening),
        cmocka_unit_test(business_minutes_skip_lunch_nights_and_weekends),
        cmocka_unit_test(business_minutes_count_back_as_well),
        cmocka_unit_test(a_clock_change_within_opening_hours_counts_real_time),
        cmocka_unit_test(a_day_that_a_zone_skipped_is_no_opening_time),
        cmocka_unit_test(a_day_that_has_begun_stays_open_when_clocks_go_back_over_midnight),
        cmocka_unit_test(counting_in_weeks_is_counting_in_minutes),
        cmocka_unit_test(long_ways_come_back_to_where_they_began),
        cmocka_unit_test(business_days_skip_closed_days),
        cmocka_unit_test(many_business_days_are_as_many_single_ones),
    };
    return cmocka_run_group_tests_name("time/hours", tests, NULL, NULL);
}
