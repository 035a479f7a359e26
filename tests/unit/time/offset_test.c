/* time/offset: from an event to the instant at which something is due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "time/moment.h"
#include "time/offset.h"

#define AFTER false
#define BEFORE true
#define OWN_TIME (-1)

static struct hours_calendar business(const char *zone)
{
    struct hours_calendar c = {.zone = zone_get(zone)};

    assert_int_equal(hours_parse("Mon-Fri 08:00-12:00 13:00-18:00, Sat 09:00-14:00", &c.week, NULL),
                     0);
    return c;
}

/* In `zone`, with a business in Riga, `o` away from the event `from` is `to`. */
static void assert_due(const char *zone, const char *from, struct offset o, const char *to)
{
    struct hours_calendar c = business("Europe/Riga");
    const struct zone *z = zone_get(zone);
    struct moment m;
    int64_t due_ms;
    char text[MOMENT_TEXT_MAX];

    assert_int_equal(moment_parse(from, &m, NULL), 0);
    assert_true(offset_apply(&o, &c, z, moment_instant(&m, z), &due_ms));
    moment_format_local(due_ms, z, text);
    assert_string_equal(text, to);
}

static void elapsed_units_do_not_see_clock_changes(void **state)
{
    assert_due("Europe/Riga", "2026-03-29T14:00", (struct offset){24, UNIT_HOURS, BEFORE, OWN_TIME},
               "2026-03-28T13:00:00");
    assert_due("Europe/Riga", "2026-10-25T14:00", (struct offset){24, UNIT_HOURS, BEFORE, OWN_TIME},
               "2026-10-24T15:00:00");
    assert_due("Europe/Riga", "2026-03-29T02:50",
               (struct offset){20, UNIT_MINUTES, AFTER, OWN_TIME}, "2026-03-29T04:10:00");
}

static void days_keep_the_time_of_day(void **state)
{
    assert_due("Europe/Riga", "2026-03-29T14:00", (struct offset){1, UNIT_DAYS, BEFORE, OWN_TIME},
               "2026-03-28T14:00:00");
    assert_due("Europe/Riga", "2026-03-28T03:30", (struct offset){1, UNIT_DAYS, AFTER, OWN_TIME},
               "2026-03-29T04:30:00");
    assert_due("Europe/Riga", "2026-12-28T14:00", (struct offset){2, UNIT_WEEKS, AFTER, OWN_TIME},
               "2027-01-11T14:00:00");
    assert_due("Europe/Riga", "2027-01-31T14:00", (struct offset){1, UNIT_MONTHS, AFTER, OWN_TIME},
               "2027-02-28T14:00:00");
    assert_due("Europe/Riga", "2028-03-31T14:00", (struct offset){1, UNIT_MONTHS, BEFORE, OWN_TIME},
               "2028-02-29T14:00:00");
}

static void a_leap_day_has_a_place_in_every_year(void **state)
{
    const struct offset year = {12, UNIT_MONTHS, AFTER, 10 * 60};

    assert_due("Europe/Riga", "2028-02-29T14:00", year, "2029-02-28T10:00:00");
    assert_due("Europe/Riga", "2027-02-28T14:00", year, "2028-02-28T10:00:00");
    assert_due("Europe/Riga", "2024-02-29T14:00", (struct offset){48, UNIT_MONTHS, AFTER, OWN_TIME},
               "2028-02-29T14:00:00");
    assert_due("Europe/Riga", "2028-03-01T14:00", (struct offset){1, UNIT_DAYS, BEFORE, 18 * 60},
               "2028-02-29T18:00:00");
    assert_due("Europe/Riga", "2028-02-28T12:00",
               (struct offset){2, UNIT_BUSINESS_DAYS, AFTER, OWN_TIME}, "2028-03-01T12:00:00");
}

static void a_year_ends_like_any_other_day(void **state)
{
    assert_due("Europe/Riga", "2027-01-01T09:00", (struct offset){1, UNIT_DAYS, BEFORE, 18 * 60},
               "2026-12-31T18:00:00");
    assert_due("Europe/Riga", "2026-12-31T23:30", (struct offset){2, UNIT_HOURS, AFTER, OWN_TIME},
               "2027-01-01T01:30:00");
    assert_due("Europe/Riga", "2026-12-31T12:00", (struct offset){1, UNIT_MONTHS, AFTER, OWN_TIME},
               "2027-01-31T12:00:00");
    assert_due("Europe/Riga", "2026-12-31T17:00",
               (struct offset){2, UNIT_BUSINESS_HOURS, AFTER, OWN_TIME}, "2027-01-01T09:00:00");
}

static void offsets_of_half_an_hour_and_less_are_kept(void **state)
{
    assert_due("Asia/Kathmandu", "2026-12-08T09:15", (struct offset){1, UNIT_DAYS, BEFORE, 1080},
               "2026-12-07T18:00:00");
    assert_due("Asia/Kolkata", "2026-12-08T00:10", (struct offset){2, UNIT_HOURS, BEFORE, OWN_TIME},
               "2026-12-07T22:10:00");
    /* Lord Howe's clocks go forward by half an hour on 4 October, and back on 5 April. */
    assert_due("Australia/Lord_Howe", "2026-10-04T12:00",
               (struct offset){24, UNIT_HOURS, BEFORE, OWN_TIME}, "2026-10-03T11:30:00");
    assert_due("Australia/Lord_Howe", "2026-10-03T02:15",
               (struct offset){1, UNIT_DAYS, AFTER, OWN_TIME}, "2026-10-04T02:45:00");
    assert_due("Australia/Lord_Howe", "2026-04-05T12:00",
               (struct offset){24, UNIT_HOURS, BEFORE, OWN_TIME}, "2026-04-04T12:30:00");
}

static void a_time_of_day_is_set_on_the_date_reached(void **state)
{
    assert_due("Europe/Riga", "2026-12-08T15:00", (struct offset){1, UNIT_DAYS, BEFORE, 18 * 60},
               "2026-12-07T18:00:00");
    assert_due("Europe/Riga", "2026-12-08T23:00", (struct offset){2, UNIT_HOURS, AFTER, 10 * 60},
               "2026-12-09T10:00:00");
    assert_due("Europe/Riga", "2026-12-08T15:00:40", (struct offset){11, UNIT_MONTHS, AFTER, 600},
               "2027-11-08T10:00:00");
    assert_due("Europe/Riga", "2026-12-08T15:00", (struct offset){0, UNIT_DAYS, AFTER, 18 * 60},
               "2026-12-08T18:00:00");
    assert_due("Europe/Riga", "2026-03-28T12:00", (struct offset){1, UNIT_DAYS, AFTER, 210},
               "2026-03-29T04:30:00");
}

static void business_hours_are_opening_time(void **state)
{
    assert_due("Europe/Riga", "2026-12-11T17:00",
               (struct offset){8, UNIT_BUSINESS_HOURS, AFTER, OWN_TIME}, "2026-12-14T10:00:00");
    assert_due("Europe/Riga", "2026-12-14T09:00",
               (struct offset){2, UNIT_BUSINESS_HOURS, BEFORE, OWN_TIME}, "2026-12-12T13:00:00");
}

static void business_hours_with_a_time_wait_for_it(void **state)
{
    assert_due("Europe/Riga", "2026-12-08T09:00",
               (struct offset){2, UNIT_BUSINESS_HOURS, AFTER, 11 * 60}, "2026-12-08T11:00:00");
    assert_due("Europe/Riga", "2026-12-08T09:00",
               (struct offset){2, UNIT_BUSINESS_HOURS, AFTER, 10 * 60}, "2026-12-09T10:00:00");
    assert_due("Europe/Riga", "2026-12-08T11:00",
               (struct offset){2, UNIT_BUSINESS_HOURS, BEFORE, 8 * 60}, "2026-12-08T08:00:00");
    assert_due("Europe/Riga", "2026-12-08T11:00",
               (struct offset){2, UNIT_BUSINESS_HOURS, BEFORE, 18 * 60}, "2026-12-07T18:00:00");
}

static void a_time_just_reached_is_not_passed_over(void **state)
{
    assert_due("Europe/Riga", "2026-12-08T11:00",
               (struct offset){2, UNIT_BUSINESS_HOURS, BEFORE, 9 * 60}, "2026-12-08T09:00:00");
    assert_due("Europe/Riga", "2026-12-08T09:00",
               (struct offset){2, UNIT_BUSINESS_HOURS, AFTER, 11 * 60}, "2026-12-08T11:00:00");
}

static void business_days_are_the_business_s_own(void **state)
{
    assert_due("Europe/Riga", "2026-12-11T17:20",
               (struct offset){3, UNIT_BUSINESS_DAYS, AFTER, 10 * 60}, "2026-12-15T10:00:00");
    assert_due("Europe/Riga", "2026-12-13T17:20",
               (struct offset){1, UNIT_BUSINESS_DAYS, BEFORE, OWN_TIME}, "2026-12-12T17:20:00");
    /* In Auckland it is Monday already; in Riga it is Sunday, and the next business day Monday. */
    assert_due("Pacific/Auckland", "2026-12-14T08:00",
               (struct offset){1, UNIT_BUSINESS_DAYS, AFTER, 10 * 60}, "2026-12-14T10:00:00");
    assert_due("Pacific/Auckland", "2026-12-14T08:00",
               (struct offset){1, UNIT_BUSINESS_DAYS, AFTER, OWN_TIME}, "2026-12-15T08:00:00");
}

static void at_once_is_the_event_itself_even_in_a_doubled_hour(void **state)
{
    struct hours_calendar c = business("Europe/Riga");
    int64_t event_ms = INT64_C(1792891800123), due_ms; /* 2026-10-25T01:30Z: the second 03:30 */

    for (int unit = UNIT_MINUTES; unit <= UNIT_BUSINESS_DAYS; unit++) {
        struct offset o = {0, (enum offset_unit)unit, AFTER, OWN_TIME};
        due_ms = 0;
        assert_true(offset_apply(&o, &c, c.zone, event_ms, &due_ms));
        assert_true(due_ms == event_ms);
    }
}

static void milliseconds_stay_unless_a_time_is_set(void **state)
{
    struct hours_calendar c = business("Europe/Riga");
    struct offset o = {1, UNIT_DAYS, AFTER, OWN_TIME};
    int64_t due_ms;

    assert_true(offset_apply(&o, NULL, c.zone, 1999, &due_ms));
    assert_true(due_ms == 86400000 + 1999);
    assert_true(offset_apply(&o, NULL, c.zone, -1, &due_ms));
    assert_true(due_ms == 86400000 - 1);
    o.at_minute = 180; /* 00:00Z */
    assert_true(offset_apply(&o, NULL, c.zone, 1999, &due_ms));
    assert_true(due_ms == 86400000);
}

static void results_outside_the_calendar_are_none(void **state)
{
    static const int64_t counts[] = {INT64_C(1000000000), INT64_MAX / 60 / 60000, INT64_MAX / 60000,
                                     INT64_MAX / 7 + 1, INT64_MAX};
    struct hours_calendar c = business("Europe/Riga"), shut = {.zone = c.zone};
    int64_t due_ms = 42;

    for (int unit = UNIT_MINUTES; unit <= UNIT_BUSINESS_DAYS; unit++)
        for (size_t i = unit == UNIT_MINUTES ? 1 : 0; i < sizeof(counts) / sizeof(counts[0]); i++)
            for (int before = 0; before <= 1; before++) {
                struct offset o = {counts[i] * (unit == UNIT_HOURS && i == 0 ? 100 : 1),
                                   (enum offset_unit)unit, before, i % 2 ? 600 : OWN_TIME};
                if (offset_apply(&o, &c, c.zone, 0, &due_ms))
                    fail_msg("%ld of unit %d were found", (long)counts[i], unit);
            }
    struct offset hour = {1, UNIT_BUSINESS_HOURS, AFTER, OWN_TIME};
    struct offset day = {1, UNIT_BUSINESS_DAYS, AFTER, 600};
    assert_false(offset_apply(&hour, &shut, c.zone, 0, &due_ms));
    assert_false(offset_apply(&day, &shut, c.zone, 0, &due_ms));
    assert_false(offset_apply(&hour, &c, c.zone, INT64_MAX, &due_ms));
    assert_int_equal(due_ms, 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elapsed_units_do_not_see_clock_changes),
        cmocka_unit_test(days_keep_the_time_of_day),
        cmocka_unit_test(a_leap_day_has_a_place_in_every_year),
        cmocka_unit_test(a_year_ends_like_any_other_day),
        cmocka_unit_test(offsets_of_half_an_hour_and_less_are_kept),
        cmocka_unit_test(a_time_of_day_is_set_on_the_date_reached),
        cmocka_unit_test(business_hours_are_opening_time),
        cmocka_unit_test(business_hours_with_a_time_wait_for_it),
        cmocka_unit_test(a_time_just_reached_is_not_passed_over),
        cmocka_unit_test(business_days_are_the_business_s_own),
        cmocka_unit_test(at_once_is_the_event_itself_even_in_a_doubled_hour),
        cmocka_unit_test(milliseconds_stay_unless_a_time_is_set),
        cmocka_unit_test(results_outside_the_calendar_are_none),
    };
    return cmocka_run_group_tests_name("time/offset", tests, NULL, NULL);
}
