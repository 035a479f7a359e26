/* watch: who a message goes to and by which channel, when the people change. */
#include "beginnings.h"

/* --- channels --- */

static void a_new_preferred_channel_before_sending_is_the_same_row(void **state)
{
    struct shop *s = booked_shop();

    shop_sql(s, "UPDATE client SET channel = 'sms'");
    shop_look(s);
    assert_rows(s, "day-before", "planned sms 2026-12-07T16:00 c1");
    shop_sql(s, "UPDATE client SET channel = 'email'");
    shop_look(s);
    assert_rows(s, "day-before", "planned email 2026-12-07T16:00 c1");
    shop_close(s);
}

static void a_new_preferred_channel_after_sending_sends_nothing_more(void **state)
{
    struct shop *s = booked_shop();

    shop_until(s, "2026-12-07T17:00");
    shop_sql(s, "UPDATE client SET channel = 'sms'");
    shop_look(s);
    assert_rows(s, "day-before", "sent email 2026-12-07T16:00 c1");
    assert_rows(s, "booked", "sent email 2026-12-01T09:00 c1");
    shop_close(s);
}

static void a_bad_number_is_refused_when_planned_and_mended_later(void **state)
{
    struct shop *s = booked_shop();

    shop_sql(s, "UPDATE client SET phone = '12'");
    shop_look(s);
    assert_rows(s, "soon", "failed sms 2026-12-08T11:00 c1");
    assert_reason(s, "soon", "phone number cannot be used");
    shop_sql(s, "UPDATE client SET phone = NULL");
    shop_look(s);
    assert_rows(s, "soon", "skipped sms 2026-12-08T11:00 c1");
    assert_reason(s, "soon", "no phone number is known");
    shop_sql(s, "UPDATE client SET phone = '20000003'");
    shop_look(s);
    assert_rows(s, "soon", "planned sms 2026-12-08T11:00 c1");
    assert_int_equal(shop_until(s, "2026-12-08T12:00"), 3);
    assert_string_equal(s->last_to, "+37120000003");
    shop_close(s);
}

static void then_goes_on_without_an_address_and_after_a_refusal(void **state)
{
    struct shop *s = shop_open(SHOP_WORKFLOW "[rule x]\non = job enters Ready\n"
                                             "by = sms then email\n",
                               "2026-12-01T09:00");

    shop_sql(s, "INSERT INTO client (id, ref, name, email, phone) VALUES "
                "(1, 'c1', 'Ilze', 'ilze@example.com', NULL), "
                "(2, 'c2', 'Anna', 'anna@example.com', '+37120000002')");
    shop_sql(s, "INSERT INTO job (client_id, stage) VALUES (1, 'Ready'), (2, 'Ready')");
    shop_look(s);
    assert_rows(s, "x", "planned email 2026-12-01T09:00 c1; planned sms 2026-12-01T09:00 c2");
    struct claim c;
    assert_true(shop_claim(s, 2, &c));
    claim_close(&c);
    shop_settle(s, 2, &(struct gateway_result){.outcome = OUTCOME_REJECTED, .detail = "unknown"});
    assert_rows(s, "x",
                "planned email 2026-12-01T09:00 c1; failed sms 2026-12-01T09:00 c2; "
                "planned email 2026-12-01T09:00 c2");
    shop_sql(s, "UPDATE client SET phone = '+37120000009' WHERE id = 2");
    shop_look(s); /* planning again does not start over */
    assert_int_equal(shop_until(s, "2026-12-05T00:00"), 2);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM message"), 3);
    shop_close(s);
}

static void both_channels_are_two_rows_and_one_is_enough_for_who_has_one(void **state)
{
    struct shop *s = shop_open(SHOP_WORKFLOW "[rule x]\non = job enters Ready\n"
                                             "by = sms and email\n",
                               "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO client (id, ref, name, email) VALUES (2, 'c2', 'Anna', "
                "'anna@example.com')");
    shop_sql(s, "INSERT INTO job (client_id, stage) VALUES (1, 'Ready'), (2, 'Ready')");
    shop_look(s);
    assert_rows(s, "x",
                "planned sms 2026-12-01T09:00 c1; planned email 2026-12-01T09:00 c1; "
                "planned email 2026-12-01T09:00 c2");
    assert_int_equal(shop_send(s), 3);
    shop_close(s);
}

/* --- consent --- */

static void an_opt_out_voids_queued_rows_at_once(void **state)
{
    struct shop *s = booked_shop();

    shop_sql(s, "INSERT INTO consent (client_id, channel, purpose, state) "
                "VALUES (1, 'sms', 'service', 'out')");
    shop_look(s);
    assert_rows(s, "soon", "skipped sms 2026-12-08T11:00 c1");
    assert_reason(s, "soon", "opted out");
    assert_rows(s, "day-before", "planned email 2026-12-07T16:00 c1");
    shop_sql(s, "INSERT INTO consent (client_id, channel, purpose, state) "
                "VALUES (1, 'email', 'service', 'out')");
    shop_look(s);
    assert_rows(s, "day-before", "skipped email 2026-12-07T16:00 c1");
    assert_int_equal(shop_until(s, "2026-12-20T00:00"), 0);
    shop_close(s);
}

static void marketing_goes_only_after_opting_in(void **state)
{
    struct shop *s = job_shop(SHOP_WORKFLOW "[rule offer]\non = job enters Collected\n"
                                            "when = 1 day after\npurpose = marketing\n",
                              "Collected");

    assert_rows(s, "offer", "skipped email 2026-12-02T09:00 c1");
    assert_reason(s, "offer", "has not agreed");
    shop_sql(s, "INSERT INTO consent (client_id, channel, purpose, state) "
                "VALUES (1, 'email', 'marketing', 'in')");
    shop_look(s);
    assert_rows(s, "offer", "planned email 2026-12-02T09:00 c1");
    shop_sql(s, "INSERT INTO consent (client_id, channel, purpose, state) "
                "VALUES (1, 'email', 'marketing', 'out')");
    assert_int_equal(shop_until(s, "2026-12-05T00:00"), 0); /* not even looked at: the gate knows */
    shop_close(s);
}

/* --- staff --- */

#define STAFF                                                                                      \
    SHOP_WORKFLOW                                                                                  \
    "[rule mine]\non = job enters Ready\nwhen = 1 hour after\nto = staff\nby = email\n"            \
    "[rule boss]\non = job enters Ready\nwhen = 1 hour after\nto = manager\nby = email\n"          \
    "[rule desk]\non = job enters Ready\nwhen = 1 hour after\nto = department Desk\nby = email\n"

static struct shop *staff_shop(int in_charge)
{
    struct shop *s = shop_open(STAFF, "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO staff (id, ref, name, email, department, manager_id) VALUES "
                "(1, 's1', 'Janis', 'janis@example.com', 'Workshop', 2), "
                "(2, 's2', 'Zane', 'zane@example.com', 'Desk', NULL), "
                "(3, 's3', 'Oleg', 'oleg@example.com', 'Desk', 2)");
    shop_sql(s,
             "INSERT INTO job (ref, client_id, stage, staff_id) VALUES "
             "('j1', 1, 'Ready', nullif(%d, 0))",
             in_charge);
    shop_look(s);
    return s;
}

static void staff_manager_and_department_each_get_theirs(void **state)
{
    struct shop *s = staff_shop(1);

    assert_rows(s, "mine", "planned email 2026-12-01T10:00 s1");
    assert_rows(s, "boss", "planned email 2026-12-01T10:00 s2");
    assert_rows(s, "desk", "planned email 2026-12-01T10:00 s2; planned email 2026-12-01T10:00 s3");
    shop_close(s);
}

static void with_nobody_in_charge_the_office_gets_a_task(void **state)
{
    struct shop *s = staff_shop(0);

    assert_rows(s, "mine", "planned task 2026-12-01T10:00 office");
    assert_rows(s, "boss", "planned task 2026-12-01T10:00 office");
    shop_until(s, "2026-12-01T11:00");
    assert_rows(s, "mine", "sent task 2026-12-01T10:00 office");
    assert_int_equal(shop_count(s, "SELECT count(*) FROM task WHERE job_id = 1"), 2);
    shop_close(s);
}

static void a_boss_without_a_manager_is_a_task(void **state)
{
    struct shop *s = staff_shop(2);

    assert_rows(s, "mine", "planned email 2026-12-01T10:00 s2");
    assert_rows(s, "boss", "planned task 2026-12-01T10:00 office");
    shop_close(s);
}

static void who_left_the_house_leaves_no_message_behind(void **state)
{
    struct shop *s = staff_shop(1);

    shop_sql(s, "UPDATE staff SET active = 0 WHERE id = 1");
    shop_look(s);
    assert_rows(s, "mine",
                "cancelled email 2026-12-01T10:00 s1; planned task 2026-12-01T10:00 office");
    shop_sql(s, "UPDATE staff SET active = 1 WHERE id = 1");
    shop_look(s);
    assert_rows(s, "mine",
                "planned email 2026-12-01T10:00 s1; cancelled task 2026-12-01T10:00 office");
    shop_sql(s, "DELETE FROM staff WHERE id = 1");
    shop_look(s);
    assert_rows(s, "mine",
                "cancelled email 2026-12-01T10:00 s1; planned task 2026-12-01T10:00 office");
    shop_close(s);
}

/* Decided against for want of an address, or by the gate since she had left: somebody gets it. */
static void what_staff_could_not_get_goes_to_somebody_once_they_change(void **state)
{
    struct shop *s = staff_shop(1);

    shop_sql(s, "UPDATE staff SET email = NULL WHERE id = 1");
    shop_look(s);
    assert_rows(s, "mine", "planned task 2026-12-01T10:00 s1"); /* in her list instead */
    shop_sql(s, "UPDATE staff SET active = 0 WHERE id = 1");
    shop_look(s);
    assert_rows(s, "mine",
                "cancelled task 2026-12-01T10:00 s1; planned task 2026-12-01T10:00 office");
    shop_close(s);

    s = staff_shop(1);
    shop_at("2026-12-01T10:00");
    shop_sql(s, "UPDATE staff SET active = 0 WHERE id = 1");
    shop_send(s); /* before the change was looked at */
    shop_look(s);
    assert_rows(s, "mine",
                "cancelled email 2026-12-01T10:00 s1; planned task 2026-12-01T10:00 office");
    shop_close(s);
}

static void another_manager_or_department_is_heard_of(void **state)
{
    struct shop *s = staff_shop(1);

    shop_edit(s, SHOP_WORKFLOW "[rule boss]\non = job enters Ready\nwhen = 1 hour after\n"
                               "to = manager\nby = email\n"
                               "[rule desk]\non = job enters Ready\nwhen = 1 hour after\n"
                               "to = department Desk\nby = email\n");
    shop_sql(s, "UPDATE staff SET manager_id = 3 WHERE id = 1");
    shop_look(s);
    assert_rows(s, "boss",
                "cancelled email 2026-12-01T10:00 s2; planned email 2026-12-01T10:00 s3");
    shop_sql(s, "UPDATE staff SET department = 'Desk' WHERE id = 1; "
                "UPDATE staff SET department = 'Attic' WHERE id = 2");
    shop_look(s);
    assert_rows(s, "desk",
                "cancelled email 2026-12-01T10:00 s2; planned email 2026-12-01T10:00 s3; "
                "planned email 2026-12-01T10:00 s1");
    shop_close(s);
}

/* Until every row was compared after a backlog, what is planned may be by the clock of before. */
static void after_a_backlog_the_clients_own_clock_counts(void **state)
{
    struct shop *s = shop_open("[rule soon]\non = appointment starts\nwhen = 2 hours before\n"
                               "window = 09:00-20:00\n",
                               "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts) "
                "VALUES ('a1', 1, '2026-12-08T10:00')");
    shop_look(s);
    assert_rows(s, "soon", "planned email 2026-12-07T17:45 c1"); /* at 19:45 the evening before */
    shop_sql(s, "UPDATE client SET timezone = 'America/New_York'");
    s->world.behind = true;
    assert_int_equal(shop_until(s, "2026-12-07T18:00"), 0);
    assert_rows(s, "soon", "planned email 2026-12-08T00:45 c1");
    assert_int_equal(shop_until(s, "2026-12-08T01:00"), 1);
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_preferred_channel_before_sending_is_the_same_row),
        cmocka_unit_test(a_new_preferred_channel_after_sending_sends_nothing_more),
        cmocka_unit_test(a_bad_number_is_refused_when_planned_and_mended_later),
        cmocka_unit_test(then_goes_on_without_an_address_and_after_a_refusal),
        cmocka_unit_test(both_channels_are_two_rows_and_one_is_enough_for_who_has_one),
        cmocka_unit_test(an_opt_out_voids_queued_rows_at_once),
        cmocka_unit_test(marketing_goes_only_after_opting_in),
        cmocka_unit_test(staff_manager_and_department_each_get_theirs),
        cmocka_unit_test(with_nobody_in_charge_the_office_gets_a_task),
        cmocka_unit_test(a_boss_without_a_manager_is_a_task),
        cmocka_unit_test(who_left_the_house_leaves_no_message_behind),
        cmocka_unit_test(what_staff_could_not_get_goes_to_somebody_once_they_change),
        cmocka_unit_test(another_manager_or_department_is_heard_of),
        cmocka_unit_test(after_a_backlog_the_clients_own_clock_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
