/* watch: tasks for people: raised when they are due, once, and gone when there is nothing to do. */
#include "../support/shop.h"

#include "store/tasks.h"

#define LATE                                                                                       \
    SHOP_WORKFLOW                                                                                  \
    "[rule late]\non = job enters Received\nwhen = 8 hours after\nto = staff\nby = task\n"

#define TASKS                                                                                      \
    "SELECT t.text, coalesce(s.ref, 'office'), CASE WHEN t.done_ms IS NULL THEN 'open' WHEN "      \
    "t.done_by IS NULL THEN 'ended: ' || t.done_note ELSE 'done' END FROM task t LEFT JOIN "       \
    "staff s ON s.id = t.staff_id ORDER BY t.id"

static void add_staff(struct shop *s)
{
    shop_sql(s, "INSERT INTO staff (id, ref, name, language) VALUES (1, 's1', 'Janis', NULL), "
                "(2, 's2', 'Zane', NULL)");
}

static struct shop *late_shop(void)
{
    struct shop *s = shop_open(LATE, "2026-12-01T09:00");

    shop_file(s, "templates/late/en.sms", "{{recipient.name}}: look at {{job.title}}");
    shop_ilze(s);
    add_staff(s);
    shop_sql(s, "INSERT INTO job (ref, client_id, stage, staff_id, title) VALUES "
                "('j1', 1, 'Received', 1, 'Volvo')");
    shop_look(s);
    return s;
}

static void a_task_comes_when_it_is_due_with_its_words_and_once(void **state)
{
    struct shop *s = late_shop();

    shop_until(s, "2026-12-01T16:59");
    assert_answer(s, TASKS, "");
    shop_until(s, "2026-12-01T17:01");
    assert_answer(s, TASKS, "Janis: look at Volvo s1 open");
    shop_sql(s, "UPDATE job SET title = 'Volvo V70'"); /* planned again, and still the same task */
    shop_look(s);
    shop_edit(s, LATE "cap = no\n");
    shop_until(s, "2026-12-03T09:00");
    assert_answer(s, TASKS, "Janis: look at Volvo s1 open");
    shop_close(s);
}

static void what_was_seen_to_in_time_gives_no_task(void **state)
{
    struct shop *s = late_shop();

    shop_at("2026-12-01T12:00");
    shop_sql(s, "UPDATE job SET stage = 'In repair'");
    shop_look(s);
    shop_until(s, "2026-12-03T09:00");
    assert_answer(s, TASKS, "");
    shop_close(s);
}

static void a_stage_that_was_left_ends_its_open_task(void **state)
{
    struct shop *s = late_shop();

    shop_until(s, "2026-12-01T18:00");
    shop_sql(s, "UPDATE job SET stage = 'In repair'");
    shop_look(s);
    assert_answer(s, TASKS, "Janis: look at Volvo s1 ended: the job has left the stage Received");
    shop_sql(s, "UPDATE job SET stage = 'Received'"); /* another occurrence, another task */
    shop_look(s);
    shop_until(s, "2026-12-03T09:00");
    assert_answer(s, "SELECT count(*), count(done_ms) FROM task", "2 1");
    shop_close(s);
}

static void what_a_person_has_done_is_not_ended_again(void **state)
{
    struct shop *s = late_shop();

    shop_until(s, "2026-12-01T18:00");
    shop_sql(s, "UPDATE task SET done_ms = 5, done_by = 'Zane', done_note = 'tyres'");
    shop_sql(s, "UPDATE job SET stage = 'In repair'");
    shop_look(s);
    assert_answer(s, "SELECT done_ms, done_by, done_note FROM task", "5 Zane tyres");
    shop_close(s);
}

static void a_deleted_job_ends_its_task(void **state)
{
    struct shop *s = late_shop();

    shop_until(s, "2026-12-01T18:00");
    shop_sql(s, "DELETE FROM job");
    shop_look(s);
    assert_answer(s, TASKS, "Janis: look at Volvo s1 ended: the record was deleted");
    shop_close(s);
}

static void a_job_given_to_another_takes_its_task_along(void **state)
{
    struct shop *s = late_shop();

    shop_until(s, "2026-12-01T18:00");
    shop_sql(s, "UPDATE job SET staff_id = 2");
    shop_look(s);
    shop_until(s, "2026-12-01T18:01");
    assert_answer(s, TASKS,
                  "Janis: look at Volvo s1 ended: it is another person's task now; "
                  "Zane: look at Volvo s2 open");
    shop_close(s);
}

static void a_task_that_was_done_is_not_another_persons_task(void **state)
{
    struct shop *s = late_shop();

    shop_until(s, "2026-12-01T18:00");
    shop_ok(s, store_begin(s->store), "begin");
    shop_ok(s, store_task_done(s->store, 1, "Janis", NULL, shop_now_ms), "done");
    shop_ok(s, store_commit(s->store), "commit");
    shop_sql(s, "UPDATE job SET staff_id = 2");
    shop_look(s);
    shop_until(s, "2026-12-01T18:01");
    assert_answer(s, TASKS, "Janis: look at Volvo s1 done");
    shop_close(s);
}

/* The work is there whatever becomes of the rule. */
static void an_edited_playbook_ends_no_task(void **state)
{
    struct shop *s = late_shop();

    shop_until(s, "2026-12-01T18:00");
    shop_edit(s, SHOP_WORKFLOW "[rule late]\non = job enters Received\nwhen = 8 hours after\n"
                               "to = manager\nby = task\n"); /* counts from now on */
    assert_answer(s, TASKS, "Janis: look at Volvo s1 open");
    shop_edit(s, SHOP_WORKFLOW);
    assert_answer(s, TASKS, "Janis: look at Volvo s1 open");
    shop_close(s);
}

#define CALL "[rule call]\non = appointment starts\nwhen = 1 day before at 12:00\nby = task\n"

static struct shop *call_shop(const char *rules, int staff)
{
    struct shop *s = shop_open(rules, "2026-12-01T09:00");

    shop_file(s, "templates/call/en.sms", "Call {{client.name}}, {{client.phone}}");
    shop_file(s, "templates/call/lv.sms", "Zvaniet: {{client.name}}, {{client.phone}}");
    shop_ilze(s);
    add_staff(s);
    shop_sql(s, "UPDATE client SET language = 'lv'");
    shop_sql(s,
             "INSERT INTO appointment (ref, client_id, starts, staff_id) VALUES "
             "('a1', 1, '2026-12-08T15:00', nullif(%d, 0))",
             staff);
    shop_look(s);
    return s;
}

/* In the language of who calls, not of who is called. */
static void a_task_for_a_client_is_for_who_is_in_charge(void **state)
{
    struct shop *s = call_shop(CALL, 1);

    assert_rows(s, "call", "planned task 2026-12-07T10:00 s1");
    shop_until(s, "2026-12-07T11:00");
    assert_answer(s, TASKS, "Call Ilze, +37120000001 s1 open");
    assert_answer(s, "SELECT client_id, appointment_id FROM task", "1 1");
    shop_close(s);
}

static void with_nobody_in_charge_the_office_calls(void **state)
{
    struct shop *s = call_shop(CALL, 0);

    shop_until(s, "2026-12-07T11:00");
    assert_answer(s, TASKS, "Call Ilze, +37120000001 office open");
    shop_close(s);
}

static void a_visit_moved_or_cancelled_needs_no_call(void **state)
{
    struct shop *s = call_shop(CALL, 1);

    shop_sql(s, "UPDATE appointment SET starts = '2026-12-10T15:00'");
    shop_look(s);
    shop_until(s, "2026-12-08T11:00");
    assert_answer(s, TASKS, "");
    shop_until(s, "2026-12-09T11:00");
    assert_answer(s, TASKS, "Call Ilze, +37120000001 s1 open");
    shop_sql(s, "UPDATE appointment SET status = 'cancelled'");
    shop_look(s);
    assert_answer(s, TASKS, "Call Ilze, +37120000001 s1 ended: the appointment is cancelled");
    shop_close(s);
}

/* Nobody is called to be sold to who has agreed to nothing; about her own visit she is called. */
static void consent_counts_for_calls_that_sell(void **state)
{
    struct shop *s = call_shop(CALL "purpose = marketing\n", 1);

    assert_rows(s, "call", "skipped task 2026-12-07T10:00 s1");
    assert_reason(s, "call", "not agreed to marketing");
    shop_sql(s, "INSERT INTO consent (client_id, channel, purpose, state) VALUES "
                "(1, 'sms', 'marketing', 'in'), (1, 'sms', 'service', 'out'), "
                "(1, 'email', 'service', 'out')");
    shop_look(s);
    assert_rows(s, "call", "planned task 2026-12-07T10:00 s1");
    shop_close(s);
    s = call_shop(CALL, 1);
    shop_sql(s, "INSERT INTO consent (client_id, channel, purpose, state) VALUES "
                "(1, 'sms', 'service', 'out'), (1, 'email', 'service', 'out')");
    shop_look(s);
    assert_rows(s, "call", "planned task 2026-12-07T10:00 s1");
    shop_close(s);
}

/* A call is no message: that somebody was to call about the booking tells the client nothing. */
static void a_move_is_told_although_a_task_was_to_tell_of_the_booking(void **state)
{
    struct shop *s = call_shop("[rule call]\non = appointment booked\nby = task\n"
                               "[rule moved]\non = appointment moved\n",
                               1);

    shop_at("2026-12-01T09:05");
    shop_sql(s, "UPDATE appointment SET starts = '2026-12-10T15:00'");
    shop_look(s);
    assert_rows(s, "moved", "planned email 2026-12-01T09:05 c1");
    shop_close(s);
}

/* --- tasks of the service's own --- */

static void that_a_client_is_not_there_is_told_once_for_each_of_them(void **state)
{
    struct shop *s =
        shop_open(SHOP_WORKFLOW "[rule ready]\non = job enters Ready\n", "2026-12-01T09:00");

    shop_sql(s, "INSERT INTO job (id, ref, client_id, stage) VALUES (1, 'j1', 99, 'Ready')");
    shop_look(s);
    assert_answer(s, "SELECT text FROM task WHERE done_ms IS NULL",
                  "The job j1 belongs to client 99, who is not in the database.");
    shop_sql(s, "UPDATE task SET done_ms = 1, done_by = 'Anna'");
    shop_edit(s, SHOP_WORKFLOW "[rule ready]\non = job enters Ready\n"
                               "when = 1 hour after\n");
    assert_int_equal(shop_count(s, "SELECT count(*) FROM task WHERE done_ms IS NULL"), 0);
    shop_sql(s, "UPDATE job SET client_id = 98");
    shop_look(s);
    assert_answer(s, "SELECT text FROM task WHERE done_ms IS NULL",
                  "The job j1 belongs to client 98, who is not in the database.");
    shop_close(s);
}

static void a_held_message_that_goes_ends_its_task(void **state)
{
    struct shop *s = shop_open(SHOP_WORKFLOW "[rule ready]\non = job enters Ready\n"
                                             "require = job.fields.plate\n",
                               "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j1', 1, 'Ready')");
    shop_look(s);
    assert_int_equal(shop_send(s), 0);
    assert_answer(s, "SELECT done_ms FROM task", "-");
    shop_at("2026-12-01T09:01");
    shop_sql(s, "UPDATE job SET title = 'Volvo'"); /* mends nothing: the task is as old as it was */
    shop_look(s);
    shop_send(s);
    assert_answer(s,
                  "SELECT count(*), max(done_ms), max(created_ms) = "
                  "strftime('%s', '2026-12-01T09:00') * 1000 FROM task",
                  "1 - 1");
    shop_sql(s, "UPDATE job SET fields = '{\"plate\": \"AB-1234\"}'");
    shop_look(s);
    assert_int_equal(shop_send(s), 1);
    assert_answer(s, "SELECT count(*), done_by, done_note FROM task",
                  "1 - the message is not held any more");
    shop_close(s);
}

static void a_held_message_that_nobody_needs_ends_its_task(void **state)
{
    struct shop *s = shop_open(SHOP_WORKFLOW "[rule ready]\non = job enters Ready\n"
                                             "require = job.fields.plate\n",
                               "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j1', 1, 'Ready')");
    shop_look(s);
    assert_int_equal(shop_send(s), 0);
    shop_sql(s, "UPDATE job SET stage = 'Collected'");
    shop_look(s);
    assert_answer(s, "SELECT count(*) FROM task WHERE done_ms IS NULL", "0");
    shop_close(s);
}

/* The task of a message that was held, and the task that it then gives, are two. */
static void a_held_task_is_given_once_it_is_mended(void **state)
{
    struct shop *s = shop_open(LATE "require = job.fields.plate\n", "2026-12-01T09:00");

    shop_file(s, "templates/late/en.sms", "Look at {{job.fields.plate}}");
    shop_ilze(s);
    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j1', 1, 'Received')");
    shop_look(s);
    shop_until(s, "2026-12-01T17:01");
    assert_answer(s, "SELECT count(*) FROM task WHERE text LIKE '%held%' AND done_ms IS NULL", "1");
    shop_sql(s, "UPDATE job SET fields = '{\"plate\": \"AB-1234\"}'");
    shop_look(s);
    shop_send(s);
    assert_answer(s, "SELECT text FROM task WHERE done_ms IS NULL", "Look at AB-1234");
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_comes_when_it_is_due_with_its_words_and_once),
        cmocka_unit_test(what_was_seen_to_in_time_gives_no_task),
        cmocka_unit_test(a_stage_that_was_left_ends_its_open_task),
        cmocka_unit_test(what_a_person_has_done_is_not_ended_again),
        cmocka_unit_test(a_deleted_job_ends_its_task),
        cmocka_unit_test(a_job_given_to_another_takes_its_task_along),
        cmocka_unit_test(a_task_that_was_done_is_not_another_persons_task),
        cmocka_unit_test(an_edited_playbook_ends_no_task),
        cmocka_unit_test(a_task_for_a_client_is_for_who_is_in_charge),
        cmocka_unit_test(with_nobody_in_charge_the_office_calls),
        cmocka_unit_test(a_visit_moved_or_cancelled_needs_no_call),
        cmocka_unit_test(consent_counts_for_calls_that_sell),
        cmocka_unit_test(a_move_is_told_although_a_task_was_to_tell_of_the_booking),
        cmocka_unit_test(that_a_client_is_not_there_is_told_once_for_each_of_them),
        cmocka_unit_test(a_held_message_that_goes_ends_its_task),
        cmocka_unit_test(a_held_message_that_nobody_needs_ends_its_task),
        cmocka_unit_test(a_held_task_is_given_once_it_is_mended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
