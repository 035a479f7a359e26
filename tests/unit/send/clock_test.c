/* send: the wall clock is stepped, forward by hours, back by hours, or a year ahead and back.
 * Nothing goes twice, and nothing waits as long as the step was. */
#include "../support/shop.h"
#include "send/written.h"
#include "store/ahead.h"

/* What the engine does once it sees that the clock is behind what it has seen. */
static void set_back(struct shop *s, const char *time)
{
    int64_t latest_ms = 0;
    bool done = false;

    shop_at(time);
    shop_ok(s, store_latest(s->store, &latest_ms), "latest");
    struct ahead_cursor c = {.now_ms = shop_now_ms, .latest_ms = latest_ms};
    assert_true(latest_ms > shop_now_ms + AHEAD_LEAST_MS);
    shop_ok(s, store_begin(s->store), "begin");
    for (int i = 0; !done && i < SHOP_TURNS_MAX; i++)
        shop_ok(s, store_bring_back(s->store, &c, 2, &done), "bring back");
    assert_true(done);
    shop_ok(s, world_clock_back(&s->world), "outdated");
    shop_ok(s, store_commit(s->store), "commit");
    shop_sweep(s);
}

#define JOBS                                                                                       \
    SHOP_WORKFLOW                                                                                  \
    "[rule ready]\non = job enters Ready\n"                                                        \
    "[rule settled]\non = job enters Ready\nsettle = 10 minutes\n"

static void enter_ready(struct shop *s, const char *ref)
{
    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('%s', 1, 'Ready')", ref);
    shop_sql(s, "DELETE FROM change_log"); /* it tells the real clock's time */
    bool repaired;
    shop_reconcile(s, &repaired);
}

#define VISITS                                                                                     \
    "[rule booked]\non = appointment booked\n"                                                     \
    "[rule moved]\non = appointment moved\n"                                                       \
    "[rule soon]\non = appointment starts\nwhen = 2 hours before\nby = sms\n"

static void book(struct shop *s)
{
    bool repaired;

    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts) VALUES "
                "('a1', 1, '2026-12-08T15:00'); DELETE FROM change_log");
    shop_reconcile(s, &repaired);
}

static void refuse_for_now(struct shop *s, const struct claim *c, struct gateway_result *out)
{
    *out = (struct gateway_result){.outcome = OUTCOME_RETRY};
    strcpy(out->detail, "try again");
}

static void after_a_step_back_nothing_goes_twice(void **state)
{
    struct shop *s = shop_open(JOBS, "2026-12-01T06:00");

    shop_ilze(s);
    shop_at("2026-12-01T12:00");
    enter_ready(s, "j1");
    assert_int_equal(shop_until(s, "2026-12-01T12:30"), 2);
    set_back(s, "2026-12-01T06:30");
    assert_int_equal(shop_until(s, "2026-12-03T00:00"), 0);
    assert_rows(s, "ready", "sent email 2026-12-01T12:00 c1");
    shop_close(s);
}

static void a_retry_waits_its_pause_and_not_the_step_back(void **state)
{
    struct shop *s = shop_open(JOBS, "2026-12-01T06:00");

    shop_ilze(s);
    shop_at("2026-12-01T12:00");
    enter_ready(s, "j1");
    s->answer = refuse_for_now;
    shop_send(s);
    s->answer = NULL;
    set_back(s, "2026-12-01T06:30");
    assert_int_equal(shop_until(s, "2026-12-01T06:31"), 1);
    assert_answer(s, "SELECT count(*) FROM message WHERE state = 5", "1");
    shop_close(s);
}

static void a_reminder_tried_by_a_wrong_clock_waits_for_its_time(void **state)
{
    struct shop *s = shop_open(VISITS, "2026-12-01T06:00");

    shop_ilze(s);
    book(s);
    shop_until(s, "2026-12-08T10:59");
    s->answer = refuse_for_now;
    shop_until(s, "2026-12-08T11:00");
    s->answer = NULL;
    assert_rows(s, "soon", "retry sms 2026-12-08T11:00 c1");
    set_back(s, "2026-12-08T05:00");
    assert_int_equal(shop_until(s, "2026-12-08T10:59"), 0);
    assert_int_equal(shop_until(s, "2026-12-08T11:00"), 1);
    shop_close(s);
}

static void a_reminder_that_may_be_merged_waits_for_its_time_as_well(void **state)
{
    struct shop *s = shop_open(VISITS "merge = 10 minutes\n", "2026-12-01T06:00");

    shop_ilze(s);
    book(s);
    shop_until(s, "2026-12-08T10:59");
    s->answer = refuse_for_now;
    shop_until(s, "2026-12-08T11:00");
    s->answer = NULL;
    set_back(s, "2026-12-08T10:00");
    assert_int_equal(shop_until(s, "2026-12-08T10:49"), 0);
    assert_int_equal(shop_until(s, "2026-12-08T11:00"), 1);
    shop_close(s);
}

static void what_is_to_settle_is_not_stuck_after_a_step_back(void **state)
{
    struct shop *s = shop_open(JOBS, "2026-12-01T06:00");

    shop_ilze(s);
    shop_at("2026-12-01T12:00");
    enter_ready(s, "j1");
    shop_send(s);
    set_back(s, "2026-12-01T06:30");
    assert_int_equal(shop_until(s, "2026-12-01T06:41"), 1);
    assert_answer(s, "SELECT count(*) FROM message WHERE state = 5", "2");
    shop_close(s);
}

static void a_rule_switched_on_by_a_wrong_clock_counts_from_now(void **state)
{
    struct shop *s = shop_open(JOBS, "2031-06-01T12:00"); /* a board without a battery */

    shop_ilze(s);
    set_back(s, "2026-12-01T06:30");
    shop_at("2026-12-01T06:40");
    enter_ready(s, "j1");
    assert_int_equal(shop_send(s), 1);
    shop_close(s);
}

static void what_came_before_a_new_rule_stays_before_it(void **state)
{
    struct shop *s = shop_open(SHOP_WORKFLOW, "2026-12-01T06:00");

    shop_ilze(s);
    shop_at("2026-12-01T10:00");
    enter_ready(s, "j1");
    shop_at("2026-12-01T11:00");
    shop_edit(s, JOBS);
    assert_rows(s, "ready", "");
    set_back(s, "2026-12-01T06:30");
    assert_rows(s, "ready", "");
    shop_at("2026-12-01T06:31");
    enter_ready(s, "j2");
    assert_int_equal(shop_send(s), 1);
    shop_close(s);
}

static void what_was_sent_by_a_wrong_clock_fills_a_cap_for_a_day_only(void **state)
{
    struct shop *s = shop_open_with("quiet = none\ncap = 1 per day\n",
                                    SHOP_WORKFLOW "[rule ready]\non = job enters Ready\n"
                                                  "late = 3 days\n",
                                    "2026-12-01T06:00");

    shop_ilze(s);
    shop_at("2031-06-01T12:00");
    enter_ready(s, "j1");
    assert_int_equal(shop_send(s), 1);
    set_back(s, "2026-12-01T06:30");
    enter_ready(s, "j2");
    assert_int_equal(shop_until(s, "2026-12-02T06:00"), 0);
    assert_reason(s, "ready", "1 message within a day");
    assert_int_equal(shop_until(s, "2026-12-02T06:31"), 1);
    shop_close(s);
}

static void a_move_is_told_when_the_booking_was_told_by_a_wrong_clock(void **state)
{
    struct shop *s = shop_open(VISITS, "2026-12-01T06:00");
    bool repaired;

    shop_ilze(s);
    shop_at("2026-12-01T12:00");
    book(s);
    assert_int_equal(shop_send(s), 1);
    set_back(s, "2026-12-01T06:30");
    shop_at("2026-12-01T07:00");
    shop_sql(s, "UPDATE appointment SET starts = '2026-12-09T15:00'; DELETE FROM change_log");
    shop_reconcile(s, &repaired);
    assert_int_equal(shop_until(s, "2026-12-01T07:01"), 1);
    assert_rows(s, "moved", "sent email 2026-12-01T07:00 c1");
    shop_close(s);
}

static void what_a_clock_a_year_ahead_let_expire_is_still_said_in_its_time(void **state)
{
    struct shop *s = shop_open(VISITS, "2026-12-01T06:00");

    shop_ilze(s);
    book(s);
    assert_int_equal(shop_send(s), 1);
    shop_at("2027-12-01T06:00");
    assert_int_equal(shop_send(s), 0);
    assert_rows(s, "soon", "expired sms 2026-12-08T11:00 c1");
    enter_ready(s, "j1"); /* something that tells of the wrong time */
    s->world.rules[0].since_ms = shop_now_ms;
    shop_sql(s, "UPDATE rule SET since_ms = %lld WHERE name = 'moved'", (long long)shop_now_ms);
    set_back(s, "2026-12-02T06:00");
    assert_rows(s, "soon", "planned sms 2026-12-08T11:00 c1");
    assert_int_equal(shop_until(s, "2026-12-20T06:00"), 1);
    shop_close(s);
}

static void after_six_hours_forward_what_is_late_expires_or_goes_as_its_rule_says(void **state)
{
    struct shop *s = shop_open(VISITS "[rule thanks]\non = appointment ends\nwhen = 1 hour after\n"
                                      "[rule survey]\non = appointment ends\nwhen = 1 hour after\n"
                                      "late = 2 hours\n",
                               "2026-12-08T06:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts, ends) VALUES "
                "('a1', 1, '2026-12-08T15:00', '2026-12-08T16:00'); DELETE FROM change_log");
    bool repaired;
    shop_reconcile(s, &repaired);
    assert_int_equal(shop_until(s, "2026-12-08T11:30"), 2); /* booked, soon */
    shop_at("2026-12-08T17:30");
    assert_int_equal(shop_send(s), 1);
    assert_rows(s, "thanks", "sent email 2026-12-08T15:00 c1");
    assert_rows(s, "survey", "expired email 2026-12-08T15:00 c1");
    shop_close(s);
}

static void times_of_a_wrong_clock_keep_their_order_in_the_minute_before_now(void **state)
{
    struct shop *s = shop_open(VISITS, "2026-12-01T06:00");
    const int64_t now_ms = utc("2026-12-01T06:30"), hour_ms = 3600 * 1000;
    struct ahead_cursor c = {.now_ms = now_ms, .latest_ms = now_ms + 6 * hour_ms};
    bool done = false;

    for (int i = -1; i <= 7; i++)
        shop_sql(s, "INSERT INTO event (entity_id, revision, event, at_ms) VALUES (1, %d, 1, %lld)",
                 i + 2, (long long)(now_ms + i * hour_ms));
    for (int i = 0; !done && i < SHOP_TURNS_MAX; i++) {
        shop_ok(s, store_begin(s->store), "begin");
        shop_ok(s, store_bring_back(s->store, &c, 1, &done), "bring back");
        shop_ok(s, store_commit(s->store), "commit");
    }
    char *sql = mem_printf("SELECT at_ms - %lld FROM event ORDER BY revision", (long long)now_ms);
    assert_answer(s, sql, "-3600000; 0; -50000; -40000; -30000; -20000; -10000; 0; 0");
    free(sql);
    shop_close(s);
}

static void what_a_person_wrote_by_a_wrong_clock_goes_now(void **state)
{
    struct shop *s = shop_open(JOBS, "2026-12-01T06:00");
    const struct written w = {
        .client_id = 1, .channel = CHANNEL_EMAIL, .subject = "Good day", .text = "It is ready."};
    int64_t id;

    shop_ilze(s);
    shop_look(s);
    shop_at("2031-06-01T12:00");
    shop_ok(s, store_begin(s->store), "begin");
    shop_ok(s, written_add(s->store, &w, w.text, "en", shop_now_ms, &id), "write");
    shop_ok(s, store_commit(s->store), "commit");
    set_back(s, "2026-12-01T06:30");
    assert_int_equal(shop_until(s, "2026-12-01T06:31"), 1);
    shop_close(s);
}

static void what_a_crash_interrupts_goes_on_by_the_times_that_it_began_with(void **state)
{
    struct shop *s = shop_open(JOBS, "2026-12-01T06:00");
    struct ahead_cursor c = {.latest_ms = utc("2026-12-01T12:00")}, after;
    bool done = false, left = true;

    shop_ilze(s);
    shop_at("2026-12-01T12:00");
    enter_ready(s, "j1");
    assert_int_equal(shop_send(s), 1);
    shop_ok(s, store_bring_back_left(s->store, &after, &left), "left");
    assert_false(left);
    shop_at("2026-12-01T06:30");
    c.now_ms = shop_now_ms;
    shop_ok(s, store_begin(s->store), "begin");
    shop_ok(s, store_bring_back(s->store, &c, 5, &done), "bring back"); /* messages */
    shop_ok(s, store_commit(s->store), "commit");
    assert_false(done);
    shop_at("2026-12-01T06:35"); /* another life: it knows the database only */
    shop_ok(s, store_bring_back_left(s->store, &after, &left), "left");
    assert_true(left);
    for (int i = 0; !done && i < SHOP_TURNS_MAX; i++) {
        shop_ok(s, store_begin(s->store), "begin");
        shop_ok(s, store_bring_back(s->store, &after, 5, &done), "bring back");
        shop_ok(s, store_commit(s->store), "commit");
    }
    assert_answer(s,
                  "SELECT count(*) FROM message m JOIN attempt a ON a.message_id = m.id "
                  "WHERE a.at_ms = m.state_ms",
                  "1");
    shop_ok(s, store_bring_back_left(s->store, &after, &left), "left");
    assert_false(left);
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_a_step_back_nothing_goes_twice),
        cmocka_unit_test(a_retry_waits_its_pause_and_not_the_step_back),
        cmocka_unit_test(a_reminder_tried_by_a_wrong_clock_waits_for_its_time),
        cmocka_unit_test(a_reminder_that_may_be_merged_waits_for_its_time_as_well),
        cmocka_unit_test(what_is_to_settle_is_not_stuck_after_a_step_back),
        cmocka_unit_test(a_rule_switched_on_by_a_wrong_clock_counts_from_now),
        cmocka_unit_test(what_came_before_a_new_rule_stays_before_it),
        cmocka_unit_test(what_was_sent_by_a_wrong_clock_fills_a_cap_for_a_day_only),
        cmocka_unit_test(a_move_is_told_when_the_booking_was_told_by_a_wrong_clock),
        cmocka_unit_test(what_a_clock_a_year_ahead_let_expire_is_still_said_in_its_time),
        cmocka_unit_test(after_six_hours_forward_what_is_late_expires_or_goes_as_its_rule_says),
        cmocka_unit_test(times_of_a_wrong_clock_keep_their_order_in_the_minute_before_now),
        cmocka_unit_test(what_a_person_wrote_by_a_wrong_clock_goes_now),
        cmocka_unit_test(what_a_crash_interrupts_goes_on_by_the_times_that_it_began_with),
    };
    return cmocka_run_group_tests_name("send/clock", tests, NULL, NULL);
}
