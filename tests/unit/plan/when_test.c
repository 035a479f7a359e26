/* plan: when a message is due, in whose hours, and how long it is of use. */
#include "scene.h"

/* --- offsets already past --- */

static void both_reminders_never_go_at_the_moment_of_booking(void **state)
{
    /* Booked half an hour ahead: both are past; the nearer one goes, once. */
    struct scene *s = visit(PLAIN, DAY_BEFORE HOUR_BEFORE, "2026-12-08T15:00", "2026-12-08T12:30");

    assert_plan(s, "day skip; hour email 2026-12-08T12:30");
    assert_reason(s, 0, "already past when the record appeared");
    end(s);
    /* Three hours ahead: the hour before is still to come. */
    s = visit(PLAIN, DAY_BEFORE HOUR_BEFORE, "2026-12-08T15:00", "2026-12-08T10:00");
    assert_plan(s, "day skip; hour email 2026-12-08T12:00");
    end(s);
    /* With a confirmation of the booking neither needs to go at once. */
    s = visit(PLAIN, "[rule booked]\non = appointment booked\n" DAY_BEFORE HOUR_BEFORE,
              "2026-12-08T15:00", "2026-12-08T12:30");
    assert_plan(s, "booked email 2026-12-08T12:30; day skip; hour skip");
    end(s);
}

static void a_72_hour_reminder_of_tomorrows_visit_goes_as_the_rule_says(void **state)
{
    const char *rule = "[rule r]\non = appointment starts\nwhen = 72 hours before\n%s";
    static const struct {
        const char *missed, *plan;
    } cases[] = {
        {"", "r email 2026-12-07T10:00"}, /* nothing else reaches her */
        {"missed = skip\n", "r skip"},
        {"missed = send\n", "r email 2026-12-07T10:00"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[200];
        snprintf(text, sizeof(text), rule, cases[i].missed);
        struct scene *s = visit(PLAIN, text, "2026-12-08T15:00", "2026-12-07T10:00");
        assert_plan(s, cases[i].plan);
        end(s);
    }
}

static void a_10_minute_reminder_works_on_a_booking_made_20_minutes_ahead(void **state)
{
    struct scene *s = visit(PLAIN, "[rule r]\non = appointment starts\nwhen = 10 minutes before\n",
                            "2026-12-08T15:00", "2026-12-08T12:40");

    assert_plan(s, "r email 2026-12-08T12:50");
    assert_expires(s, 0, "2026-12-08T13:00");
    end(s);
}

static void a_visit_that_had_begun_when_it_appeared_is_not_told(void **state)
{
    struct scene *s = visit(PLAIN, "[rule booked]\non = appointment booked\n" DAY_BEFORE,
                            "2026-12-08T15:00", "2026-12-08T14:00");

    assert_plan(s, "");
    end(s);
}

static void what_waits_past_the_start_is_not_sent_after_it(void **state)
{
    /* Settles until after the start. */
    struct scene *s = visit(PLAIN, "[rule booked]\non = appointment booked\nsettle = 1 hour\n",
                            "2026-12-08T15:00", "2026-12-08T12:30");

    assert_plan(s, "booked skip");
    end(s);
    /* At 18:00 on the very day. */
    s = visit(PLAIN, "[rule r]\non = appointment starts\nwhen = 1 day before at 18:00\n",
              "2026-12-08T15:00", "2026-12-01T10:00");
    s->playbook->rules[0].when.count = 0;
    assert_plan(s, "r skip");
    end(s);
}

static void news_of_a_coming_visit_does_not_go_once_it_has_begun(void **state)
{
    static const struct {
        enum event event;
        const char *name, *late, *plan;
    } cases[] = {
        {EVENT_APPOINTMENT_BOOKED, "booked", "", "r skip"},
        {EVENT_APPOINTMENT_CONFIRMED, "confirmed", "", "r skip"},
        {EVENT_APPOINTMENT_CONFIRMED, "confirmed", "late = 9 days\n", "r skip"},
        /* Shall we find another day? */
        {EVENT_APPOINTMENT_CANCELLED, "cancelled", "", "r email 2026-12-10T10:00"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[200];
        snprintf(text, sizeof(text), "[rule r]\non = appointment %s\nwhen = 3 days after\n%s",
                 cases[i].name, cases[i].late);
        struct scene *s = visit(PLAIN, text, "2026-12-08T15:00", "2026-12-07T10:00");
        s->visit.status = (char *)cases[i].name;
        if (cases[i].event != EVENT_APPOINTMENT_BOOKED)
            event(s, cases[i].event, NULL, "2026-12-07T10:00");
        assert_plan(s, cases[i].plan);
        end(s);
    }
    /* However late the rule says that it is of use. */
    struct scene *s = visit(PLAIN, "[rule r]\non = appointment booked\nlate = 9 days\n",
                            "2026-12-08T15:00", "2026-12-07T10:00");
    assert_plan(s, "r email 2026-12-07T10:00");
    assert_expires(s, 0, "2026-12-08T13:00");
    end(s);
}

/* --- the switch-on --- */

static void a_rule_counts_from_its_switch_on(void **state)
{
    struct scene *s = job(PLAIN, FLOW "[rule r]\non = job enters Ready\nwhen = 2 days after\n",
                          "Ready", "2026-12-01T10:00");

    s->rules[0].since_ms = utc("2026-12-01T10:01");
    assert_plan(s, "");
    assert_non_null(strstr(s->said, "switched on"));
    s->rules[0].since_ms = utc("2026-12-01T10:00");
    assert_plan(s, "r email 2026-12-03T10:00");
    end(s);
    s = visit(PLAIN, DAY_BEFORE, "2026-12-08T15:00", "2026-11-01T10:00");
    s->rules[0].since_ms = utc("2026-12-07T12:00"); /* before the reminder, after the booking */
    assert_plan(s, "day email 2026-12-07T13:00");
    s->rules[0].since_ms = utc("2026-12-07T14:00");
    assert_plan(s, "");
    end(s);
}

/* --- clocks --- */

static void a_reminder_is_never_an_hour_off_when_clocks_change(void **state)
{
    static const struct {
        const char *zone, *starts, *day, *hour;
    } cases[] = {
        /* Clocks go forward on 29 March 2026 at 03:00, back on 25 October at 04:00 in Riga. */
        {NULL, "2026-03-29T09:00", "2026-03-28T07:00", "2026-03-29T05:00"},
        {NULL, "2026-03-30T09:00", "2026-03-29T06:00", "2026-03-30T05:00"},
        {NULL, "2026-10-25T09:00", "2026-10-24T06:00", "2026-10-25T06:00"},
        /* In the gap: the clocks show 04:30 then. */
        {NULL, "2026-03-29T03:30", "2026-03-28T02:30", "2026-03-29T00:30"},
        {NULL, "2026-10-25T03:30", "2026-10-24T00:30", "2026-10-24T23:30"}, /* twice: the first */
        {"Asia/Almaty", "2026-12-08T15:00", "2026-12-07T10:00", "2026-12-08T09:00"},
        {"Asia/Tehran", "2026-12-08T15:00", "2026-12-07T11:30", "2026-12-08T10:30"},
        {"Europe/Dublin", "2026-03-29T09:00", "2026-03-28T09:00", "2026-03-29T07:00"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char expected[200];
        struct scene *s = visit(PLAIN, DAY_BEFORE HOUR_BEFORE, cases[i].starts, "2026-01-01T10:00");
        s->visit.timezone = (char *)cases[i].zone;
        snprintf(expected, sizeof(expected), "day email %s; hour email %s", cases[i].day,
                 cases[i].hour);
        assert_plan(s, expected);
        end(s);
    }
}

static void a_zone_that_nobody_knows_or_a_date_that_is_none_plans_nothing(void **state)
{
    struct scene *s = visit(PLAIN, DAY_BEFORE, "2026-12-08T15:00", "2026-12-01T10:00");

    s->visit.timezone = (char *)"Mars/Olympus";
    assert_plan(s, "");
    assert_non_null(strstr(s->said, "Mars/Olympus"));
    s->visit.timezone = NULL;
    s->visit.starts = (char *)"2026-12-08 15:00:00";
    assert_plan(s, "");
    assert_non_null(strstr(s->said, "cannot be read"));
    s->visit.starts = NULL;
    assert_plan(s, "");
    end(s);
}

/* --- hours --- */

static void nobody_is_woken_by_their_own_clock(void **state)
{
    /* 6 hours before 09:00 is 03:00: earlier, the evening before, by the client's clock. */
    const char *rule = "[rule r]\non = appointment starts\nwhen = 6 hours before\n";
    struct scene *s = visit(QUIET, rule, "2026-12-08T09:00", "2026-12-01T10:00");

    assert_plan(s, "r email 2026-12-07T18:45");
    s->client.zone = zone_get("America/New_York"); /* 03:00 in Riga is 20:00 there: not quiet */
    assert_plan(s, "r email 2026-12-08T01:00");
    s->client.zone = zone_get("Asia/Almaty"); /* 06:00 there; 20:45 is 15:45 UTC */
    assert_plan(s, "r email 2026-12-07T15:45");
    end(s);
    /* Booked at 22:00 for 10:00: no earlier is left, so later, while it is of use. */
    s = visit(QUIET, rule, "2026-12-08T10:00", "2026-12-07T20:00");
    assert_plan(s, "r email 2026-12-08T06:00");
    end(s);
    s = visit(QUIET, rule, "2026-12-08T07:30", "2026-12-07T20:00");
    assert_plan(s, "r skip");
    end(s);
}

static void what_is_due_outside_its_hours_goes_earlier_later_or_not(void **state)
{
    static const struct {
        const char *outside, *plan;
    } cases[] = {
        {"", "r email 2026-12-02T07:00"},
        {"outside = later\n", "r email 2026-12-02T07:00"},
        {"outside = earlier\n", "r email 2026-12-01T14:45"},
        {"outside = skip\n", "r skip"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[300];
        snprintf(text, sizeof(text),
                 FLOW "[rule r]\non = job enters Ready\nwhen = 6 hours after\n"
                      "window = 09:00-17:00\n%s",
                 cases[i].outside);
        struct scene *s = job(PLAIN, text, "Ready", "2026-12-01T12:00"); /* due 20:00 in Riga */
        assert_plan(s, cases[i].plan);
        end(s);
    }
}

static void business_hours_have_a_lunch_break_and_no_sunday(void **state)
{
    static const struct {
        const char *entered, *due;
    } cases[] = {
        {"2026-12-01T09:30", "2026-12-01T09:30"}, /* a Tuesday, 11:30 */
        {"2026-12-01T10:30", "2026-12-01T11:00"}, /* 12:30: after lunch */
        {"2026-12-01T17:00", "2026-12-02T06:00"}, /* 19:00: the next morning */
        {"2026-12-05T13:00", "2026-12-07T06:00"}, /* Saturday 15:00: Monday */
        {"2026-12-05T10:59", "2026-12-05T10:59"}, /* Saturday 12:59 */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char expected[60];
        struct scene *s =
            job(HOURS, FLOW "[rule r]\non = job enters Ready\nwindow = business hours\n", "Ready",
                cases[i].entered);
        snprintf(expected, sizeof(expected), "r email %s", cases[i].due);
        assert_plan(s, expected);
        end(s);
    }
}

static void a_follow_up_that_falls_into_the_night_goes_in_the_morning(void **state)
{
    struct scene *s = visit(QUIET, "[rule r]\non = appointment ends\nwhen = 4 hours after\n",
                            "2026-12-08T17:00", "2026-12-01T10:00");

    s->visit.ends = (char *)"2026-12-08T18:00";
    assert_plan(s, "r email 2026-12-09T06:00");
    assert_expires(s, 0, "2026-12-10T06:00");
    end(s);
    s = visit(QUIET, "[rule r]\non = appointment missed\nwhen = 1 hour after\n", "2026-12-08T17:00",
              "2026-12-01T10:00");
    s->visit.status = (char *)"missed";
    event(s, EVENT_APPOINTMENT_MISSED, NULL, "2026-12-08T18:30");
    assert_plan(s, "r email 2026-12-09T06:00");
    end(s);
}

static void quiet_hours_are_not_for_tasks_or_any(void **state)
{
    struct scene *s = job(QUIET,
                          FLOW "[rule a]\non = job enters Ready\nwindow = any\n"
                               "[rule t]\non = job enters Ready\nto = staff\nby = task\n"
                               "[rule q]\non = job enters Ready\n",
                          "Ready", "2026-12-01T22:00");

    assert_plan(s, "a email 2026-12-01T22:00; t task 2026-12-01T22:00; q email 2026-12-02T06:00");
    end(s);
}

/* --- how long it is of use --- */

static void it_is_useful_until_the_visit_starts_or_a_day_or_as_the_rule_says(void **state)
{
    struct scene *s =
        visit(QUIET,
              "[rule b]\non = appointment booked\n"
              "[rule l]\non = appointment booked\nlate = 2 hours\n"
              "[rule r]\non = appointment starts\nwhen = 1 hour before\nlate = 3 hours\n",
              "2026-12-08T15:00", "2026-12-01T20:00");

    assert_plan(s, "b email 2026-12-02T06:00; l email 2026-12-02T06:00; r email 2026-12-08T12:00");
    assert_expires(s, 0, "2026-12-08T13:00");
    assert_expires(s, 1, "2026-12-02T08:00"); /* from the time moved into the window */
    assert_expires(s, 2, "2026-12-08T13:00"); /* never after the start */
    end(s);
    s = job(PLAIN, FLOW "[rule r]\non = job enters Ready\n", "Ready", "2026-12-01T10:00");
    assert_plan(s, "r email 2026-12-01T10:00");
    assert_expires(s, 0, "2026-12-02T10:00");
    end(s);
}

/* --- due dates --- */

static void a_due_date_is_the_end_of_that_business_day_and_none_is_no_message(void **state)
{
    const char *rule = FLOW "[rule r]\non = job is due\nwhen = 2 hours before\n";
    struct scene *s = job(HOURS, rule, "In repair", "2026-12-01T10:00");

    assert_plan(s, "");
    assert_non_null(strstr(s->said, "no due date"));
    event(s, EVENT_JOB_DUE, NULL, "2026-12-01T10:00");
    s->job.due = (char *)"2026-12-04"; /* a Friday */
    assert_plan(s, "r email 2026-12-04T14:00");
    s->job.due = (char *)"2026-12-05"; /* a Saturday */
    assert_plan(s, "r email 2026-12-05T10:00");
    s->job.due = (char *)"2026-12-04T10:00";
    assert_plan(s, "r email 2026-12-04T06:00");
    s->job.stage = (char *)"Collected";
    assert_plan(s, "");
    end(s);
}

/* --- business time --- */

static void the_clock_stands_still_while_the_client_is_the_one_to_act(void **state)
{
    struct scene *s =
        job(HOURS, FLOW "[rule r]\non = job opens\nwhen = 4 business hours after\nto = staff\n",
            "Received", "2026-12-01T07:00"); /* 09:00 */

    assert_plan(s, "r task 2026-12-01T12:00"); /* 9-12, 13-14 */
    event(s, EVENT_JOB_LEAVES, "Received", "2026-12-01T08:00");
    event(s, EVENT_JOB_ENTERS, "Quote sent", "2026-12-01T08:00");
    s->job.stage = (char *)"Quote sent";
    assert_plan(s, "");
    assert_non_null(strstr(s->said, "stands still"));
    event(s, EVENT_JOB_LEAVES, "Quote sent", "2026-12-02T08:00");
    event(s, EVENT_JOB_ENTERS, "In repair", "2026-12-02T08:00");
    s->job.stage = (char *)"In repair";
    assert_plan(s, "r task 2026-12-02T12:00"); /* one hour was used; three from 10:00 next day */
    end(s);
}

/* --- repeats --- */

static void a_repeat_goes_as_often_as_it_says_at_the_same_clock_time(void **state)
{
    struct scene *s =
        job(PLAIN,
            FLOW "[rule r]\non = job enters \"Quote sent\"\nwhen = 3 days after at 10:00\n"
                 "every = 4 days, 3 times\n",
            "Quote sent", "2026-03-23T12:00"); /* across the change of clocks */

    assert_plan(s, "r email 2026-03-26T08:00; r email 2026-03-30T07:00; r email 2026-04-03T07:00");
    assert_int_equal(s->intents.items[2].repeat, 2);
    end(s);
}

static void months_are_counted_from_the_first_and_not_from_the_last_repeat(void **state)
{
    struct scene *s = job(PLAIN,
                          FLOW "[rule r]\non = job enters \"Quote sent\"\nwhen = 1 month after at "
                               "10:00\nevery = 1 month, 4 times\n",
                          "Quote sent", "2027-12-31T12:00");

    /* 31 January, 29 February of a leap year, 31 March (summer time), 30 April */
    assert_plan(s, "r email 2028-01-31T08:00; r email 2028-02-29T08:00; r email 2028-03-31T07:00; "
                   "r email 2028-04-30T07:00");
    end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_reminders_never_go_at_the_moment_of_booking),
        cmocka_unit_test(a_72_hour_reminder_of_tomorrows_visit_goes_as_the_rule_says),
        cmocka_unit_test(a_10_minute_reminder_works_on_a_booking_made_20_minutes_ahead),
        cmocka_unit_test(a_visit_that_had_begun_when_it_appeared_is_not_told),
        cmocka_unit_test(what_waits_past_the_start_is_not_sent_after_it),
        cmocka_unit_test(news_of_a_coming_visit_does_not_go_once_it_has_begun),
        cmocka_unit_test(a_rule_counts_from_its_switch_on),
        cmocka_unit_test(a_reminder_is_never_an_hour_off_when_clocks_change),
        cmocka_unit_test(a_zone_that_nobody_knows_or_a_date_that_is_none_plans_nothing),
        cmocka_unit_test(nobody_is_woken_by_their_own_clock),
        cmocka_unit_test(what_is_due_outside_its_hours_goes_earlier_later_or_not),
        cmocka_unit_test(business_hours_have_a_lunch_break_and_no_sunday),
        cmocka_unit_test(a_follow_up_that_falls_into_the_night_goes_in_the_morning),
        cmocka_unit_test(quiet_hours_are_not_for_tasks_or_any),
        cmocka_unit_test(it_is_useful_until_the_visit_starts_or_a_day_or_as_the_rule_says),
        cmocka_unit_test(a_due_date_is_the_end_of_that_business_day_and_none_is_no_message),
        cmocka_unit_test(the_clock_stands_still_while_the_client_is_the_one_to_act),
        cmocka_unit_test(a_repeat_goes_as_often_as_it_says_at_the_same_clock_time),
        cmocka_unit_test(months_are_counted_from_the_first_and_not_from_the_last_repeat),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
