/* plan/account: how a message came to its time, step by step, and always the planner's own time. */
#include "plan/account.h"
#include "scene.h"
#include "time/civil.h"

static const char *const kinds[] = {
    [ACCOUNT_EVENT] = "event",   [ACCOUNT_OFFSET] = "offset",   [ACCOUNT_OPEN] = "open",
    [ACCOUNT_CLOSED] = "closed", [ACCOUNT_HOLIDAY] = "holiday", [ACCOUNT_MORE] = "more",
    [ACCOUNT_WAITED] = "waited", [ACCOUNT_NO_TIME] = "no-time", [ACCOUNT_REPEAT] = "repeat",
    [ACCOUNT_SWITCH_ON] = "on",  [ACCOUNT_PAST] = "past",       [ACCOUNT_SETTLE] = "settle",
    [ACCOUNT_WINDOW] = "window", [ACCOUNT_USEFUL] = "useful",
};

/* "offset 07T22:00": the day and time of at_ms by the step's clock; of business time both ends. */
static void write_step(void *arg, const struct account_step *s)
{
    struct buf *b = arg;
    char at[MOMENT_TEXT_MAX], from[MOMENT_TEXT_MAX];

    moment_format_local(s->at_ms == INT64_MAX ? 0 : s->at_ms, s->zone, at);
    moment_format_local(s->from_ms, s->zone, from);
    buf_printf(b, "%s%s", b->len > 0 ? "; " : "", kinds[s->kind]);
    if (s->kind == ACCOUNT_CLOSED || s->kind == ACCOUNT_HOLIDAY)
        buf_printf(b, " %.2s", from + 8);
    else if (s->kind == ACCOUNT_OPEN || s->kind == ACCOUNT_WAITED)
        buf_printf(b, " %.8s-%.8s %d", from + 8, s->at_ms == INT64_MAX ? "..T..:.." : at + 8,
                   (int)s->minutes);
    else if (s->kind == ACCOUNT_NO_TIME)
        buf_printf(b, " %s", s->text);
    else if (s->kind != ACCOUNT_SWITCH_ON)
        buf_printf(b, " %.8s", at + 8);
    if (s->kind == ACCOUNT_SWITCH_ON || s->kind == ACCOUNT_WINDOW || s->kind == ACCOUNT_USEFUL)
        buf_printf(b, "%s", s->holds ? " yes" : " no");
}

static void assert_account(struct scene *s, int64_t occurrence, int repeat, const char *expected)
{
    struct account_of of = {
        .rule = 0, .occurrence = occurrence, .repeat = repeat, .zone = s->client.zone};
    struct account_times times;
    struct buf b;

    buf_init(&b);
    bool known = plan_account(&s->world, &s->subject, &of, write_step, &b, &times);
    assert_int_equal(known, expected[0] != '\0');
    assert_string_equal(known ? b.data : "", expected);
    buf_close(&b);
    intents_close(&s->intents);
    plan_subject(&s->world, &s->subject, &s->intents, keep, s);
    for (size_t i = 0; i < s->intents.count; i++) {
        const struct intent *in = &s->intents.items[i];
        if (in->rule != 0 || in->occurrence != occurrence || in->repeat != repeat)
            continue;
        assert_true(times.nominal_ms == in->nominal_ms && times.due_ms == in->due_ms);
        assert_true(times.expires_ms == in->expires_ms);
    }
}

static void a_reminder_moves_out_of_the_clients_quiet_hours(void **state)
{
    struct scene *s =
        visit(QUIET, "[rule r]\non = appointment starts\nwhen = 1 day before at 22:00\n",
              "2026-12-08T15:00", "2026-11-20T08:00");

    s->client.zone = zone_get("Asia/Almaty"); /* three hours ahead of Riga in winter */
    assert_account(s, 1, 0,
                   "event 08T15:00; offset 07T22:00; on yes; window 07T20:45 no; "
                   "useful 08T15:00 yes");
    s->rules[0].since_ms = utc("2026-12-07T21:00");
    assert_account(s, 1, 0,
                   "event 08T15:00; offset 07T22:00; on no; window 07T20:45 no; "
                   "useful 08T15:00 yes");
    end(s);
}

static void business_hours_are_counted_block_by_block(void **state)
{
    struct scene *s = job(HOURS,
                          FLOW "[rule r]\non = job enters Received\nwhen = 8 business hours after\n"
                               "window = any\n",
                          "Received", "2026-12-04T14:00"); /* Friday 16:00 in Riga */
    struct civil monday = {2026, 12, 7, 0, 0, 0};

    assert_account(s, 2, 0,
                   "event 04T16:00; offset 07T09:00; open 04T16:00-04T18:00 120; "
                   "open 05T09:00-05T14:00 300; closed 06; open 07T08:00-07T09:00 60; on yes; "
                   "useful 08T09:00 no");
    free(s->settings->business.calendar.holidays);
    s->settings->business.calendar.holidays = mem_array(1, sizeof(int64_t));
    s->settings->business.calendar.holidays[0] = civil_day_number(&monday);
    s->settings->business.calendar.holiday_count = 1;
    assert_account(s, 2, 0,
                   "event 04T16:00; offset 08T09:00; open 04T16:00-04T18:00 120; "
                   "open 05T09:00-05T14:00 300; closed 06; holiday 07; open 08T08:00-08T09:00 60; "
                   "on yes; useful 09T09:00 no");
    end(s);
}

static void the_clock_that_stood_still_is_told(void **state)
{
    struct scene *s = job(HOURS,
                          FLOW "[rule r]\non = job opens\nwhen = 4 business hours after\n"
                               "window = any\n",
                          "Received", "2026-12-01T07:00"); /* Tuesday 09:00 */

    event(s, EVENT_JOB_LEAVES, "Received", "2026-12-01T08:00");
    event(s, EVENT_JOB_ENTERS, "Quote sent", "2026-12-01T08:00");
    s->job.stage = (char *)"Quote sent";
    assert_account(s, 1, 0,
                   "event 01T09:00; open 01T09:00-01T10:00 60; waited 01T10:00-..T..:.. 0; "
                   "no-time the clock stands still while the job is in Quote sent");
    event(s, EVENT_JOB_LEAVES, "Quote sent", "2026-12-02T08:00");
    event(s, EVENT_JOB_ENTERS, "In repair", "2026-12-02T08:00");
    s->job.stage = (char *)"In repair";
    /* waiting: 2 and 5 hours on Tuesday, 2 on Wednesday */
    assert_account(s, 1, 0,
                   "event 01T09:00; offset 02T14:00; open 01T09:00-01T10:00 60; "
                   "waited 01T10:00-02T10:00 540; open 02T10:00-02T12:00 120; "
                   "open 02T13:00-02T14:00 60; on yes; useful 03T14:00 no");
    end(s);
}

static void business_days_tell_what_was_skipped_and_repeats_their_number(void **state)
{
    struct scene *s =
        job(HOURS,
            FLOW "[rule r]\non = job enters Received\nwhen = 2 business days after at 10:00\n"
                 "every = 4 days, 3 times\nwindow = any\n",
            "Received", "2026-12-04T14:00");

    assert_account(s, 2, 1,
                   "event 04T16:00; offset 07T10:00; closed 06; repeat 11T10:00; on yes; "
                   "useful 12T10:00 no");
    end(s);
}

static void what_stands_no_more_is_told_as_it_was(void **state)
{
    struct scene *s = job(PLAIN, FLOW "[rule r]\non = job enters Ready\nsettle = 5 minutes\n",
                          "Ready", "2026-12-04T14:00");

    event(s, EVENT_JOB_LEAVES, "Ready", "2026-12-05T08:00");
    event(s, EVENT_JOB_ENTERS, "Collected", "2026-12-05T08:00");
    s->job.stage = (char *)"Collected";
    assert_account(s, 2, 0,
                   "event 04T16:00; offset 04T16:00; on yes; settle 04T16:05; useful 05T16:05 no");
    assert_account(s, 0, 0, ""); /* none stands */
    end(s);
}

static void a_visit_that_moved_has_lost_its_former_time(void **state)
{
    struct scene *s = visit(PLAIN, DAY_BEFORE, "2026-12-08T15:00", "2026-12-08T06:00");

    assert_account(s, 1, 0,
                   "event 08T15:00; offset 07T15:00; on yes; past 08T08:00; useful 08T15:00 yes");
    event(s, EVENT_APPOINTMENT_MOVED, NULL, "2026-12-08T07:00");
    s->visit.starts = (char *)"2026-12-10T15:00";
    assert_account(s, 1, 0, "");
    assert_account(s, 2, 0, "event 10T15:00; offset 09T15:00; on yes; useful 10T15:00 yes");
    s->visit.status = (char *)"cancelled";
    assert_account(s, 2, 0, "event 10T15:00; offset 09T15:00; on yes; useful 10T15:00 yes");
    end(s);
}

static void a_missing_answer_is_told_also_when_it_came_later(void **state)
{
    struct scene *s = job(PLAIN,
                          FLOW "[rule again]\non = no answer to ask\nwhen = 2 days after\n"
                               "every = 1 day, 3 times\nwindow = any\n"
                               "[rule ask]\non = job enters Quote sent\n",
                          "Quote sent", "2026-12-01T10:00");
    struct plan_asked asked = {.rule = 1, .occurrence = 2, .at_ms = utc("2026-12-02T11:00")};

    assert_account(s, 2, 1, ""); /* nothing was asked */
    s->subject.asked = &asked;
    s->subject.asked_count = 1;
    const char *second = "event 02T13:00; offset 04T13:00; repeat 05T13:00; on yes; "
                         "useful 06T13:00 no";
    assert_account(s, 2, 1, second);
    s->subject.answered_ms = utc("2026-12-03T11:00");
    assert_account(s, 2, 1, second);
    s->job.stage = (char *)"In repair";
    event(s, EVENT_JOB_LEAVES, "Quote sent", "2026-12-03T12:00");
    assert_account(s, 2, 0, "event 02T13:00; offset 04T13:00; on yes; useful 05T13:00 no");
    assert_account(s, 9, 0, "");
    end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reminder_moves_out_of_the_clients_quiet_hours),
        cmocka_unit_test(business_hours_are_counted_block_by_block),
        cmocka_unit_test(the_clock_that_stood_still_is_told),
        cmocka_unit_test(business_days_tell_what_was_skipped_and_repeats_their_number),
        cmocka_unit_test(what_stands_no_more_is_told_as_it_was),
        cmocka_unit_test(a_visit_that_moved_has_lost_its_former_time),
        cmocka_unit_test(a_missing_answer_is_told_also_when_it_came_later),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
