/* A message that a person takes up again: it goes, unless what she cannot decide for the client
 * stands against it. */
#include "../support/shop.h"

#define READY SHOP_WORKFLOW "[rule ready]\non = job enters Ready\n"
#define DAY_MS (24 * 3600 * INT64_C(1000))

static struct shop *ready_shop(const char *business, const char *playbook)
{
    struct shop *s = shop_open_with(business, playbook, "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j1', 1, 'Ready')");
    shop_look(s);
    return s;
}

static void retry(struct shop *s, int64_t id)
{
    shop_ok(s, store_message_again(s->store, id, shop_now_ms, shop_now_ms + DAY_MS), "again");
}

/* Everything that makes the service plan the job anew. */
static void plan_anew(struct shop *s, const char *playbook)
{
    shop_sql(s, "UPDATE job SET due = '2026-12-24'");
    shop_look(s);
    shop_edit(s, playbook);
}

static struct shop *expired_shop(const char *business, const char *playbook, const char *now)
{
    struct shop *s = ready_shop(business, playbook);

    shop_at(now);
    assert_int_equal(shop_send(s), 0);
    assert_rows(s, "ready", "expired email 2026-12-01T09:00 c1");
    return s;
}

static void what_has_expired_goes_however_late_and_often_planned_anew(void **state)
{
    struct shop *s = expired_shop(SHOP_PLAIN, READY "late = 1 hour\n", "2026-12-03T09:00");

    retry(s, 1);
    plan_anew(s, READY "late = 2 hours\n");
    assert_rows(s, "ready", "planned email 2026-12-01T09:00 c1");
    assert_int_equal(shop_send(s), 1);
    assert_rows(s, "ready", "sent email 2026-12-01T09:00 c1");
    shop_close(s);
}

static void it_is_useful_for_a_day_and_once(void **state)
{
    struct shop *s = expired_shop(SHOP_PLAIN, READY "late = 1 hour\n", "2026-12-03T09:00");

    retry(s, 1);
    shop_at("2026-12-04T09:00"); /* the service was down */
    assert_int_equal(shop_send(s), 0);
    plan_anew(s, READY "late = 9 days\n");
    assert_rows(s, "ready", "expired email 2026-12-01T09:00 c1");
    shop_close(s);
}

static void the_cap_never_holds_it(void **state)
{
    struct shop *s = ready_shop("quiet = none\ncap = 1 per day\n", READY "late = 1 hour\n");

    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j2', 1, 'Ready')");
    shop_look(s);
    assert_int_equal(shop_send(s), 1);
    assert_rows(s, "ready", "sent email 2026-12-01T09:00 c1; skipped email 2026-12-01T09:00 c1");
    retry(s, 2);
    plan_anew(s, READY "late = 2 hours\n");
    assert_int_equal(shop_send(s), 1);
    shop_close(s);
}

static void closed_hours_put_it_off_but_never_end_it(void **state)
{
    struct shop *s = expired_shop(SHOP_PLAIN "hours = Mon-Fri 09:00-18:00\n",
                                  READY "late = 1 hour\nwindow = business hours\n",
                                  "2026-12-04T17:00"); /* Friday, 19:00 in Riga */

    retry(s, 1);
    assert_int_equal(shop_until(s, "2026-12-07T06:59"), 0);
    assert_reason(s, "ready", "waits for the hours");
    assert_int_equal(shop_until(s, "2026-12-07T07:00"), 1);
    shop_close(s);
}

static void an_opt_out_and_a_deleted_record_stop_it_and_it_says_so(void **state)
{
    struct shop *s = expired_shop(SHOP_PLAIN, READY "late = 1 hour\n", "2026-12-03T09:00");

    shop_sql(s, "INSERT INTO consent (client_id, channel, purpose, state) VALUES "
                "(1, 'email', 'service', 'out'), (1, 'sms', 'service', 'out')");
    shop_look(s);
    retry(s, 1);
    assert_int_equal(shop_send(s), 0);
    assert_rows(s, "ready", "skipped email 2026-12-01T09:00 c1");
    assert_reason(s, "ready", "opted out");
    shop_sql(s, "DELETE FROM job");
    shop_look(s);
    retry(s, 1);
    assert_int_equal(shop_send(s), 0);
    assert_rows(s, "ready", "cancelled email 2026-12-01T09:00 c1");
    assert_reason(s, "ready", "deleted");
    shop_close(s);
}

static void a_number_that_still_does_not_work_fails_again_until_it_is_mended(void **state)
{
    struct shop *s = shop_open(READY "by = sms\nlate = 1 hour\n", "2026-12-01T09:00");

    shop_sql(s, "INSERT INTO client (id, ref, name, phone) VALUES (1, 'c1', 'Ilze', '12')");
    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j1', 1, 'Ready')");
    shop_look(s);
    assert_rows(s, "ready", "failed sms 2026-12-01T09:00 c1");
    char *before = shop_ask(s, "SELECT reason FROM message");
    shop_at("2026-12-03T09:00");
    retry(s, 1);
    assert_int_equal(shop_send(s), 0);
    assert_rows(s, "ready", "failed sms 2026-12-01T09:00 c1");
    assert_reason(s, "ready", before);
    free(before);
    shop_sql(s, "UPDATE client SET phone = '+37120000001'");
    shop_look(s);
    retry(s, 1);
    assert_int_equal(shop_send(s), 1);
    shop_close(s);
}

static void the_channel_that_takes_over_from_it_goes_as_late(void **state)
{
    struct shop *s = expired_shop(SHOP_PLAIN, READY "late = 1 hour\n", "2026-12-03T09:00");

    shop_edit(s, READY "by = sms then email\nlate = 1 hour\n");
    shop_sql(s, "UPDATE message SET channel = 1");
    retry(s, 1);
    struct claim c;
    assert_true(shop_claim(s, 1, &c));
    claim_close(&c);
    shop_settle(s, 1, &(struct gateway_result){.outcome = OUTCOME_REJECTED, .detail = "no"});
    plan_anew(s, READY "by = sms then email\nlate = 2 hours\n");
    assert_int_equal(shop_send(s), 1);
    assert_rows(s, "ready", "failed sms 2026-12-01T09:00 c1; sent email 2026-12-01T09:00 c1");
    retry(s, 1); /* beside the one that went */
    plan_anew(s, READY "by = sms then email\nlate = 3 hours\n");
    assert_rows(s, "ready", "planned sms 2026-12-01T09:00 c1; sent email 2026-12-01T09:00 c1");
    shop_close(s);
}

static void it_goes_by_the_channel_that_is_right_by_now(void **state)
{
    struct shop *s = expired_shop(SHOP_PLAIN, READY "late = 1 hour\n", "2026-12-03T09:00");

    retry(s, 1);
    shop_sql(s, "UPDATE client SET channel = 'sms'");
    shop_look(s);
    assert_int_equal(shop_send(s), 1);
    assert_rows(s, "ready", "sent sms 2026-12-01T09:00 c1");
    shop_close(s);
}

static void what_was_cancelled_before_its_time_is_planned_for_the_time_of_today(void **state)
{
    struct shop *s = shop_open("[rule soon]\non = appointment starts\nwhen = 2 hours before\n",
                               "2026-12-01T09:00");
    struct message m;

    shop_ilze(s);
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts, title) "
                "VALUES ('a1', 1, '2026-12-08T15:00', 'Brake check')");
    shop_look(s);
    shop_ok(s, store_message_cancel(s->store, 1, shop_now_ms, "by hand"), "cancel");
    shop_edit(s, "[rule soon]\non = appointment starts\nwhen = 3 hours before\n");
    assert_rows(s, "soon", "cancelled email 2026-12-08T10:00 c1");
    shop_ok(s, store_message(s->store, 1, &m), "read");
    shop_ok(s, store_message_to_plan(s->store, &m, shop_now_ms), "to its plan");
    message_close(&m);
    assert_int_equal(shop_until(s, "2026-12-08T09:59"), 0);
    assert_rows(s, "soon", "planned email 2026-12-08T10:00 c1");
    assert_int_equal(shop_until(s, "2026-12-08T10:00"), 1);
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_has_expired_goes_however_late_and_often_planned_anew),
        cmocka_unit_test(it_is_useful_for_a_day_and_once),
        cmocka_unit_test(the_cap_never_holds_it),
        cmocka_unit_test(closed_hours_put_it_off_but_never_end_it),
        cmocka_unit_test(an_opt_out_and_a_deleted_record_stop_it_and_it_says_so),
        cmocka_unit_test(a_number_that_still_does_not_work_fails_again_until_it_is_mended),
        cmocka_unit_test(the_channel_that_takes_over_from_it_goes_as_late),
        cmocka_unit_test(it_goes_by_the_channel_that_is_right_by_now),
        cmocka_unit_test(what_was_cancelled_before_its_time_is_planned_for_the_time_of_today),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
