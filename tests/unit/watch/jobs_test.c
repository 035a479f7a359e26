/* watch: from jobs and their stages to planned messages, and what becomes of these when the
 * playbook is edited. */
#include "beginnings.h"

/* --- jobs --- */

static void a_job_that_left_the_stage_is_not_told_of_it(void **state)
{
    struct shop *s = job_shop(JOBS, "Ready");

    assert_rows(s, "ready", "planned email 2026-12-01T09:00 c1");
    stage(s, "In repair");
    assert_rows(s, "ready", "cancelled email 2026-12-01T09:00 c1");
    assert_reason(s, "ready", "left the stage Ready");
    shop_close(s);
}

static void a_stage_that_came_and_went_between_two_looks_is_an_event(void **state)
{
    struct shop *s = job_shop(SHOP_WORKFLOW "[rule left]\non = job leaves Ready\n"
                                            "[rule done]\non = job completes\n",
                              "In repair");

    shop_sql(s, "UPDATE job SET stage = 'Ready'; UPDATE job SET stage = 'Collected'");
    shop_look(s);
    assert_rows(s, "left", "planned email 2026-12-01T09:00 c1");
    assert_rows(s, "done", "planned email 2026-12-01T09:00 c1");
    shop_close(s);
}

static void entering_again_after_sending_is_a_new_occurrence(void **state)
{
    struct shop *s = job_shop(JOBS, "Ready");

    shop_send(s);
    stage(s, "In repair");
    shop_at("2026-12-02T09:00");
    stage(s, "Ready");
    assert_rows(s, "ready", "sent email 2026-12-01T09:00 c1; planned email 2026-12-02T09:00 c1");
    shop_close(s);
}

static void moved_on_by_mistake_and_back_within_settle_is_heard_by_nobody(void **state)
{
    struct shop *s =
        job_shop(SHOP_WORKFLOW "[rule ready]\non = job enters Ready\nsettle = 5 minutes\n"
                               "[rule left]\non = job leaves In repair\n"
                               "settle = 5 minutes\n",
                 "In repair");

    stage(s, "Ready");
    assert_rows(s, "ready", "planned email 2026-12-01T09:05 c1");
    assert_rows(s, "left", "planned email 2026-12-01T09:05 c1");
    shop_at("2026-12-01T09:03");
    stage(s, "In repair");
    assert_int_equal(shop_until(s, "2026-12-05T00:00"), 0);
    shop_close(s);
}

static void blanks_around_a_stage_do_not_matter(void **state)
{
    struct shop *s = job_shop(JOBS, "  Ready ");

    assert_rows(s, "ready", "planned email 2026-12-01T09:00 c1");
    stage(s, "Ready");
    assert_int_equal(shop_count(s, "SELECT count(*) FROM message"), 1);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM task"), 0);
    shop_close(s);
}

static void an_unknown_stage_raises_one_task(void **state)
{
    struct shop *s = job_shop(JOBS, "Reddy");

    shop_sql(s, "INSERT INTO job (client_id, stage) VALUES (1, 'Reddy'), (1, 'Reddy')");
    shop_look(s);
    stage(s, "In repair");
    stage(s, "Reddy");
    assert_int_equal(shop_count(s, "SELECT count(*) FROM task"), 1);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM message"), 0);
    shop_close(s);
}

#define OPEN_TASK "SELECT text FROM task WHERE done_ms IS NULL"

static void the_task_about_an_unknown_stage_names_its_jobs_and_ends_by_itself(void **state)
{
    struct shop *s = job_shop(JOBS, "Reddy");

    assert_answer(s, OPEN_TASK,
                  "The job j1 is in the stage \"Reddy\", which no workflow has, so that no rule "
                  "about a stage sends anything; did you mean \"Ready\"? Correct the job, or add "
                  "the stage to the playbook.");
    assert_answer(s, "SELECT job_id FROM task", "1");
    shop_sql(s, "INSERT INTO job (ref, client_id, stage, title) "
                "VALUES ('j2', 1, 'Reddy', 'Volvo V70')");
    shop_look(s);
    assert_answer(s, "SELECT substr(text, 1, 35) FROM task", "The jobs j1 and j2 (Volvo V70) are ");
    shop_sql(s, "UPDATE job SET stage = 'Ready' WHERE ref = 'j1'");
    shop_look(s);
    assert_answer(s, "SELECT substr(text, 1, 26), job_id FROM task",
                  "The job j2 (Volvo V70) is  2");
    shop_sql(s, "DELETE FROM job WHERE ref = 'j2'");
    shop_look(s);
    assert_answer(s, "SELECT done_note, done_by IS NULL FROM task", "the job was deleted 1");
    shop_close(s);
}

static void many_jobs_in_an_unknown_stage_are_not_all_named(void **state)
{
    struct shop *s = job_shop(JOBS, "Reddy");

    for (int i = 2; i < 9; i++)
        shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j%d', 1, 'Reddy')", i);
    shop_look(s);
    assert_answer(s, "SELECT substr(text, 1, 40) FROM task",
                  "The jobs j1, j2, j3, j4, j5 and others a");
    shop_close(s);
}

static void who_has_seen_to_an_unknown_stage_is_not_asked_again_of_the_same_job(void **state)
{
    struct shop *s = job_shop(JOBS, "Reddy");

    shop_sql(s, "UPDATE task SET done_ms = 5, done_by = 'Zane'");
    shop_sql(s, "UPDATE client SET phone = '+37129111222'"); /* all of hers is planned again */
    shop_look(s);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM task WHERE done_ms IS NULL"), 0);
    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j2', 1, 'Reddy')");
    shop_look(s);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM task WHERE done_ms IS NULL"), 1);
    shop_close(s);
}

static void a_stage_that_the_playbook_learns_ends_its_task(void **state)
{
    struct shop *s = job_shop(JOBS, "Washed");

    assert_int_equal(shop_count(s, "SELECT count(*) FROM task WHERE done_ms IS NULL"), 1);
    shop_edit(s, "[workflow wash]\nstages = Washed\n" JOBS);
    assert_answer(s, "SELECT done_note FROM task", "the playbook has the stage now");
    shop_edit(s, JOBS); /* and forgets it again */
    shop_sweep(s);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM task WHERE done_ms IS NULL"), 1);
    shop_close(s);
}

static void a_rule_of_one_workflow_is_silent_in_another(void **state)
{
    struct shop *s = shop_open("[workflow repair]\nstages = In, Out\ndone = Out\n"
                               "[workflow wash]\nstages = In, Out\ndone = Out\n"
                               "[rule washed]\non = job completes\nworkflow = wash\n"
                               "[rule any]\non = job enters Out\n",
                               "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO job (ref, client_id, workflow, stage) VALUES "
                "('r', 1, 'repair', 'Out'), ('w', 1, 'wash', 'Out')");
    shop_look(s);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM outbox WHERE rule = 'washed'"), 1);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM outbox WHERE rule = 'any'"), 2);
    shop_close(s);
}

/* --- rules and their switch-on --- */

static void a_new_rule_does_not_hit_everybody_from_the_past(void **state)
{
    struct shop *s = job_shop(SHOP_WORKFLOW, "Ready");

    shop_at("2026-12-01T10:00");
    shop_edit(s, JOBS);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM message"), 0);
    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j2', 1, 'Ready')");
    shop_look(s);
    assert_rows(s, "ready", "planned email 2026-12-01T10:00 c1");
    shop_close(s);
}

static void rows_before_the_first_playbook_was_read_count_from_the_databases_creation(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");

    shop_sql(s, "DELETE FROM meta WHERE name = 'playbook_read'");
    shop_ilze(s);
    shop_at("2026-12-01T12:00");
    shop_edit(s, JOBS);
    assert_answer(s, "SELECT since_ms FROM rule", "1796115600000");
    shop_close(s);
}

static void an_edited_when_plans_what_is_pending_again_and_drops_nothing(void **state)
{
    struct shop *s = booked_shop();

    shop_send(s);
    shop_at("2026-12-02T09:00");
    shop_edit(s, "[rule booked]\non = appointment booked\ntemplate = moved\n"
                 "[rule day-before]\non = appointment starts\nwhen = 1 day before at 17:00\n"
                 "[rule soon]\non = appointment starts\nwhen = 3 hours before\nby = sms\n");
    assert_rows(s, "booked", "sent email 2026-12-01T09:00 c1");
    assert_rows(s, "day-before", "planned email 2026-12-07T15:00 c1");
    assert_rows(s, "soon", "planned sms 2026-12-08T10:00 c1");
    shop_close(s);
}

static void an_edited_on_counts_from_the_edit(void **state)
{
    struct shop *s =
        job_shop(SHOP_WORKFLOW "[rule x]\non = job enters Ready\nwhen = 3 days after\n", "Ready");

    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j2', 1, 'In repair')");
    shop_look(s);
    assert_rows(s, "x", "planned email 2026-12-04T09:00 c1");
    shop_at("2026-12-01T12:00");
    shop_edit(s, SHOP_WORKFLOW "[rule x]\non = job enters \"In repair\"\nwhen = 3 days after\n");
    assert_rows(s, "x", "cancelled email 2026-12-04T09:00 c1");
    shop_sql(s, "UPDATE job SET stage = 'In repair' WHERE ref = 'j1'");
    shop_look(s);
    assert_rows(s, "x", "cancelled email 2026-12-04T09:00 c1; planned email 2026-12-04T12:00 c1");
    shop_close(s);
}

static void a_rule_taken_out_voids_and_put_back_counts_anew(void **state)
{
    struct shop *s =
        job_shop(SHOP_WORKFLOW "[rule x]\non = job enters Ready\nwhen = 3 days after\n", "Ready");

    shop_edit(s, SHOP_WORKFLOW);
    assert_rows(s, "x", "cancelled email 2026-12-04T09:00 c1");
    assert_reason(s, "x", "taken out");
    shop_at("2026-12-02T09:00");
    shop_edit(s, SHOP_WORKFLOW "[rule x]\non = job enters Ready\nwhen = 3 days after\n");
    assert_rows(s, "x", "cancelled email 2026-12-04T09:00 c1");
    assert_int_equal(shop_until(s, "2026-12-10T00:00"), 0);
    shop_close(s);
}

static void an_edit_from_both_channels_to_one_leaves_one(void **state)
{
    struct shop *s = job_shop(SHOP_WORKFLOW "[rule x]\non = job enters Ready\nwhen = 3 days after\n"
                                            "by = sms and email\n",
                              "Ready");

    assert_rows(s, "x", "planned sms 2026-12-04T09:00 c1; planned email 2026-12-04T09:00 c1");
    shop_edit(s, SHOP_WORKFLOW "[rule x]\non = job enters Ready\nwhen = 3 days after\nby = sms\n");
    assert_rows(s, "x", "planned sms 2026-12-04T09:00 c1; cancelled email 2026-12-04T09:00 c1");
    shop_edit(s, SHOP_WORKFLOW "[rule x]\non = job enters Ready\nwhen = 3 days after\n");
    assert_rows(s, "x", "cancelled sms 2026-12-04T09:00 c1; planned email 2026-12-04T09:00 c1");
    assert_int_equal(shop_until(s, "2026-12-10T00:00"), 1);
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_that_left_the_stage_is_not_told_of_it),
        cmocka_unit_test(a_stage_that_came_and_went_between_two_looks_is_an_event),
        cmocka_unit_test(entering_again_after_sending_is_a_new_occurrence),
        cmocka_unit_test(moved_on_by_mistake_and_back_within_settle_is_heard_by_nobody),
        cmocka_unit_test(blanks_around_a_stage_do_not_matter),
        cmocka_unit_test(an_unknown_stage_raises_one_task),
        cmocka_unit_test(the_task_about_an_unknown_stage_names_its_jobs_and_ends_by_itself),
        cmocka_unit_test(many_jobs_in_an_unknown_stage_are_not_all_named),
        cmocka_unit_test(who_has_seen_to_an_unknown_stage_is_not_asked_again_of_the_same_job),
        cmocka_unit_test(a_stage_that_the_playbook_learns_ends_its_task),
        cmocka_unit_test(a_rule_of_one_workflow_is_silent_in_another),
        cmocka_unit_test(a_new_rule_does_not_hit_everybody_from_the_past),
        cmocka_unit_test(rows_before_the_first_playbook_was_read_count_from_the_databases_creation),
        cmocka_unit_test(an_edited_when_plans_what_is_pending_again_and_drops_nothing),
        cmocka_unit_test(an_edited_on_counts_from_the_edit),
        cmocka_unit_test(a_rule_taken_out_voids_and_put_back_counts_anew),
        cmocka_unit_test(an_edit_from_both_channels_to_one_leaves_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
