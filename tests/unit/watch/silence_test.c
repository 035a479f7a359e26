/* watch: rules on `client hears nothing`, and escalation, of which each level is told once. */
#include "../support/shop.h"

#define QUIET                                                                                      \
    SHOP_WORKFLOW "[rule quiet]\non = client hears nothing\nwhen = 5 days after\nto = staff\n"     \
                  "[rule ready]\non = job enters Ready\n"                                          \
                  "[rule booked]\non = appointment booked\n"

static struct shop *job_shop(const char *playbook)
{
    struct shop *s = shop_open(playbook, "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO staff (id, ref, name, email, department, manager_id) VALUES "
                "(1, 's1', 'Janis', 'janis@example.com', 'Desk', NULL), "
                "(2, 's2', 'Inga', 'inga@example.com', 'Desk', 1)");
    shop_sql(s, "INSERT INTO job (ref, client_id, stage, staff_id) "
                "VALUES ('j1', 1, 'Received', 2)");
    shop_look(s);
    return s;
}

static void stage(struct shop *s, const char *name)
{
    shop_sql(s, "UPDATE job SET stage = '%s' WHERE ref = 'j1'", name);
    shop_look(s);
}

/* --- silence --- */

static void a_silence_is_told_once(void **state)
{
    struct shop *s = job_shop(QUIET);

    assert_rows(s, "quiet", "planned email 2026-12-06T09:00 s2");
    shop_until(s, "2026-12-31T00:00");
    shop_sweep(s);
    shop_edit(s, QUIET "[rule more]\non = job opens\n");
    assert_rows(s, "quiet", "sent email 2026-12-06T09:00 s2");
    assert_int_equal(shop_until(s, "2027-02-01T00:00"), 0);
    shop_close(s);
}

static void a_change_of_stage_is_not_heard(void **state)
{
    struct shop *s = job_shop(QUIET);

    shop_at("2026-12-03T09:00");
    stage(s, "In repair");
    assert_rows(s, "quiet", "planned email 2026-12-06T09:00 s2");
    shop_close(s);
}

static void hearing_from_us_moves_the_row_and_leaves_no_heap(void **state)
{
    struct shop *s = job_shop(QUIET);

    for (int day = 2; day <= 5; day++) {
        char now[32];
        snprintf(now, sizeof(now), "2026-12-%02dT10:00", day);
        shop_at(now);
        stage(s, day % 2 == 0 ? "Ready" : "In repair");
        shop_send(s);
    }
    assert_rows(s, "quiet", "planned email 2026-12-09T10:00 s2");
    shop_until(s, "2026-12-09T12:00");
    assert_rows(s, "quiet", "sent email 2026-12-09T10:00 s2");
    shop_close(s);
}

static void what_is_said_about_anything_is_heard_and_a_new_silence_is_told_again(void **state)
{
    struct shop *s = job_shop(QUIET);

    shop_until(s, "2026-12-07T09:00");
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts) "
                "VALUES ('a1', 1, '2027-02-08T15:00')");
    shop_look(s);
    shop_send(s);
    assert_rows(s, "quiet", "sent email 2026-12-06T09:00 s2; planned email 2026-12-12T09:00 s2");
    shop_until(s, "2026-12-31T00:00");
    assert_rows(s, "quiet", "sent email 2026-12-06T09:00 s2; sent email 2026-12-12T09:00 s2");
    shop_close(s);
}

static void what_staff_hears_is_not_heard_by_the_client(void **state)
{
    struct shop *s = job_shop(QUIET "[rule note]\non = job enters In repair\nto = staff\n");

    shop_at("2026-12-03T09:00");
    stage(s, "In repair");
    assert_int_equal(shop_send(s), 1);
    assert_rows(s, "quiet", "planned email 2026-12-06T09:00 s2");
    shop_close(s);
}

static void a_job_that_ended_is_never_too_quiet(void **state)
{
    struct shop *s = job_shop(QUIET);

    stage(s, "Collected");
    assert_rows(s, "quiet", "cancelled email 2026-12-06T09:00 s2");
    assert_reason(s, "quiet", "the job has ended");
    shop_at("2026-12-20T09:00");
    stage(s, "In repair"); /* it is back: the silence begins now */
    assert_rows(s, "quiet",
                "cancelled email 2026-12-06T09:00 s2; planned email 2026-12-25T09:00 s2");
    shop_close(s);
}

static void a_silence_rule_to_the_client_does_not_set_itself_off(void **state)
{
    struct shop *s =
        job_shop(SHOP_WORKFLOW "[rule still]\non = client hears nothing\nwhen = 5 days after\n"
                               "[rule worse]\non = client hears nothing\nwhen = 9 days after\n"
                               "to = manager\n");

    shop_until(s, "2027-02-01T00:00");
    assert_rows(s, "still", "sent email 2026-12-06T09:00 c1");
    assert_rows(s, "worse", "sent email 2026-12-10T09:00 s1");
    shop_close(s);
}

static void a_waiting_stage_stops_the_clock_of_business_hours(void **state)
{
    struct shop *s = shop_open_with(SHOP_PLAIN "hours = Mon-Fri 09:00-17:00\n",
                                    SHOP_WORKFLOW "[rule quiet]\non = client hears nothing\n"
                                                  "when = 8 business hours after\nto = staff\n",
                                    "2026-12-01T07:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j1', 1, 'Received')");
    shop_look(s);
    assert_rows(s, "quiet", "planned task 2026-12-01T15:00 office");
    shop_at("2026-12-01T09:00");
    stage(s, "Quote sent");
    assert_rows(s, "quiet", "cancelled task 2026-12-01T15:00 office");
    assert_reason(s, "quiet", "stands still");
    shop_at("2026-12-02T09:00");
    stage(s, "In repair"); /* two hours were over */
    assert_rows(s, "quiet", "planned task 2026-12-02T15:00 office");
    shop_close(s);
}

static void a_person_without_an_address_leaves_no_heap_either(void **state)
{
    struct shop *s =
        job_shop(SHOP_WORKFLOW "[rule still]\non = client hears nothing\nwhen = 5 days after\n"
                               "by = sms\n[rule ready]\non = job enters Ready\n");

    shop_sql(s, "UPDATE client SET phone = NULL");
    shop_look(s);
    for (int day = 2; day <= 5; day++) {
        char now[32];
        snprintf(now, sizeof(now), "2026-12-%02dT10:00", day);
        shop_at(now);
        stage(s, day % 2 == 0 ? "Ready" : "In repair");
        shop_send(s);
    }
    assert_rows(s, "still", "skipped sms 2026-12-09T10:00 c1");
    shop_close(s);
}

static void an_unclear_answer_may_have_been_heard(void **state)
{
    struct shop *s =
        job_shop(SHOP_WORKFLOW "[rule quiet]\non = client hears nothing\nwhen = 5 days after\n"
                               "to = staff\n[rule ready]\non = job enters Ready\nby = sms\n");
    struct gateway_result unclear = {.outcome = OUTCOME_UNKNOWN, .detail = "no answer"};
    struct claim c;

    shop_at("2026-12-03T09:00");
    stage(s, "Ready");
    assert_true(shop_claim(s, shop_count(s, "SELECT id FROM outbox WHERE rule = 'ready'"), &c));
    shop_settle(s, c.message.id, &unclear);
    claim_close(&c);
    assert_rows(s, "ready", "unknown sms 2026-12-03T09:00 c1");
    assert_rows(s, "quiet", "planned email 2026-12-08T09:00 s2");
    /* What is learned of it later is no new contact. */
    shop_sql(s, "UPDATE message SET state = 6, state_ms = state_ms + 7200000 WHERE state = 4");
    stage(s, "In repair");
    assert_rows(s, "quiet", "planned email 2026-12-08T09:00 s2");
    shop_close(s);
}

/* --- a level once --- */

#define LEVELS                                                                                     \
    SHOP_WORKFLOW "[rule late]\non = job enters Received\nwhen = 1 day after\nto = staff\n"        \
                  "[rule later]\non = job enters Received\nwhen = 2 days after\nto = manager\n"    \
                  "[rule latest]\non = job enters Received\nwhen = 3 days after\n"                 \
                  "to = department Desk\n"

#define ALL_TOLD(s)                                                                                \
    assert_rows(s, "late", "sent email 2026-12-02T09:00 s2");                                      \
    assert_rows(s, "later", "sent email 2026-12-03T09:00 s1");                                     \
    assert_rows(s, "latest", "sent email 2026-12-04T09:00 s1; sent email 2026-12-04T09:00 s2")

static void each_level_is_told_once_over_replans_and_edits(void **state)
{
    struct shop *s = job_shop(LEVELS);

    shop_until(s, "2026-12-04T10:00");
    ALL_TOLD(s);
    shop_sql(s, "UPDATE job SET title = 'other', due = '2026-12-30'");
    shop_look(s);
    shop_edit(s, LEVELS "[rule more]\non = job opens\n");
    shop_sql(s, "REPLACE INTO job (ref, client_id, stage, staff_id) "
                "VALUES ('j1', 1, 'Received', 2)");
    shop_look(s);
    assert_int_equal(shop_until(s, "2026-12-30T00:00"), 0);
    ALL_TOLD(s);
    shop_close(s);
}

static void whoever_takes_over_the_work_is_not_told_the_same_level_again(void **state)
{
    struct shop *s = job_shop(LEVELS);

    shop_until(s, "2026-12-04T10:00");
    shop_sql(s, "INSERT INTO staff (id, ref, name, email, department) VALUES "
                "(3, 's3', 'Eva', 'eva@example.com', 'Desk')");
    shop_sql(s, "UPDATE job SET staff_id = 3");
    shop_look(s);
    shop_sql(s, "UPDATE staff SET manager_id = 3 WHERE id = 2");
    shop_sql(s, "UPDATE job SET staff_id = 2");
    shop_look(s);
    shop_sql(s, "UPDATE staff SET active = 0 WHERE id = 2"); /* nor does the office get a task */
    shop_look(s);
    ALL_TOLD(s);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM task"), 0);
    shop_close(s);
}

static void before_it_is_told_the_level_goes_to_whoever_is_in_charge(void **state)
{
    struct shop *s = job_shop(LEVELS);

    shop_sql(s, "UPDATE job SET staff_id = 1");
    shop_look(s);
    shop_until(s, "2026-12-02T10:00");
    assert_rows(s, "late", "cancelled email 2026-12-02T09:00 s2; sent email 2026-12-02T09:00 s1");
    shop_close(s);
}

static void work_that_goes_back_to_the_first_is_not_told_again(void **state)
{
    struct shop *s = job_shop(LEVELS);

    shop_sql(s, "UPDATE job SET staff_id = 1");
    shop_look(s);
    shop_until(s, "2026-12-02T10:00");
    shop_sql(s, "UPDATE job SET staff_id = 2");
    shop_look(s);
    assert_rows(s, "late", "cancelled email 2026-12-02T09:00 s2; sent email 2026-12-02T09:00 s1");
    shop_close(s);
}

static void an_escalation_that_bounced_goes_to_the_next_in_charge(void **state)
{
    struct shop *s = job_shop(LEVELS);

    shop_until(s, "2026-12-02T10:00");
    shop_sql(s, "UPDATE message SET state = 7 WHERE state = 5");
    shop_sql(s, "UPDATE job SET staff_id = 1");
    shop_look(s);
    assert_rows(s, "late", "bounced email 2026-12-02T09:00 s2; planned email 2026-12-02T09:00 s1");
    shop_close(s);
}

static void a_new_entry_into_the_stage_is_a_new_escalation(void **state)
{
    struct shop *s = job_shop(LEVELS);

    shop_until(s, "2026-12-02T10:00");
    stage(s, "In repair");
    stage(s, "Received");
    assert_rows(s, "late", "sent email 2026-12-02T09:00 s2; planned email 2026-12-03T10:00 s2");
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_silence_is_told_once),
        cmocka_unit_test(a_change_of_stage_is_not_heard),
        cmocka_unit_test(hearing_from_us_moves_the_row_and_leaves_no_heap),
        cmocka_unit_test(what_is_said_about_anything_is_heard_and_a_new_silence_is_told_again),
        cmocka_unit_test(what_staff_hears_is_not_heard_by_the_client),
        cmocka_unit_test(a_job_that_ended_is_never_too_quiet),
        cmocka_unit_test(a_silence_rule_to_the_client_does_not_set_itself_off),
        cmocka_unit_test(a_waiting_stage_stops_the_clock_of_business_hours),
        cmocka_unit_test(a_person_without_an_address_leaves_no_heap_either),
        cmocka_unit_test(an_unclear_answer_may_have_been_heard),
        cmocka_unit_test(each_level_is_told_once_over_replans_and_edits),
        cmocka_unit_test(whoever_takes_over_the_work_is_not_told_the_same_level_again),
        cmocka_unit_test(before_it_is_told_the_level_goes_to_whoever_is_in_charge),
        cmocka_unit_test(work_that_goes_back_to_the_first_is_not_told_again),
        cmocka_unit_test(an_escalation_that_bounced_goes_to_the_next_in_charge),
        cmocka_unit_test(a_new_entry_into_the_stage_is_a_new_escalation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
