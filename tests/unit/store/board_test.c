/* store/board: jobs by their stage, appointments by their day, what is about one of them. */
#include "../support/shop.h"

#include "store/board.h"
#include "store/tasks.h"
#include "store/web_queries.h"

static struct shop *open_shop(void)
{
    struct shop *s =
        shop_open(SHOP_WORKFLOW "[rule r]\non = job enters Ready\nby = sms\n", "2026-12-01T09:00");

    shop_sql(s, "INSERT INTO client (id, name) VALUES (1, 'Anna'), (2, 'Berta');"
                "INSERT INTO staff (id, name) VALUES (1, 'Mikus');");
    return s;
}

/* A job that came to its stage at these times, one after the other. */
static void job(struct shop *s, int id, const char *workflow, const char *stage, int64_t entered_ms)
{
    shop_sql(s,
             "INSERT INTO job (id, client_id, workflow, stage, staff_id) "
             "VALUES (%d, 1, %s, '%s', nullif(%d, 2));"
             "INSERT INTO entity (id, kind, key, row_id, client_row) VALUES (%d, 3, '#%d', %d, 1);"
             "INSERT INTO event VALUES (%d, 1, 2, NULL, 5), (%d, 2, 0, 'Elsewhere', 5);",
             id, workflow, stage, id, 100 + id, id, id, 100 + id, 100 + id);
    if (entered_ms > 0)
        shop_sql(s, "INSERT INTO event VALUES (%d, 3, 0, trim('%s'), %lld);", 100 + id, stage,
                 (long long)entered_ms);
}

static void those_longest_in_a_stage_come_first(void **state)
{
    struct shop *s = open_shop();
    const struct board_stage ready = {"repair", "Ready", true}, other = {"hire", "Ready", false};
    struct job_card *list;
    size_t count;
    int64_t total;

    job(s, 1, "NULL", "Ready", 900);
    job(s, 2, "'repair'", "Ready ", 300);
    job(s, 3, "''", "Ready", 600);
    job(s, 4, "'hire'", "Ready", 100);
    job(s, 5, "NULL", "In work", 100);
    job(s, 6, "NULL", "Ready", 0); /* not looked at yet */
    shop_ok(s, store_jobs_in_stage(s->store, &ready, 10, &list, &count, &total), "in stage");
    assert_int_equal(count, 4);
    assert_int_equal(total, 4);
    assert_int_equal(list[0].job.id, 2);
    assert_int_equal(list[0].entered_ms, 300);
    assert_string_equal(list[0].job.stage, "Ready");
    assert_string_equal(list[0].client_name, "Anna");
    assert_null(list[0].staff_name);
    assert_int_equal(list[1].job.id, 3);
    assert_int_equal(list[2].job.id, 1);
    assert_string_equal(list[2].staff_name, "Mikus");
    assert_int_equal(list[3].entered_ms, 0);
    job_cards_free(list, count);
    shop_ok(s, store_jobs_in_stage(s->store, &ready, 2, &list, &count, &total), "in stage");
    assert_int_equal(count, 2);
    assert_int_equal(total, 4);
    job_cards_free(list, count);
    shop_ok(s, store_jobs_in_stage(s->store, &other, 10, &list, &count, &total), "in stage");
    assert_int_equal(count, 1);
    assert_int_equal(list[0].job.id, 4);
    job_cards_free(list, count);
    shop_close(s);
}

static void only_those_that_came_lately_and_stayed_are_told_of_an_end(void **state)
{
    struct shop *s = open_shop();
    const struct board_stage done = {"repair", "Collected", true};
    struct job_card *list;
    size_t count;
    int64_t total;

    job(s, 1, "NULL", "Collected", 900);
    job(s, 2, "NULL", "Collected", 100);
    job(s, 3, "NULL", "Collected", 700);
    job(s, 4, "NULL", "Ready", 600);
    shop_sql(s, "INSERT INTO event VALUES (104, 9, 0, 'Collected', 800);"); /* and back again */
    shop_ok(s, store_jobs_entered(s->store, &done, 500, 10, &list, &count, &total), "entered");
    assert_int_equal(count, 2);
    assert_int_equal(list[0].job.id, 1);
    assert_int_equal(list[1].job.id, 3);
    job_cards_free(list, count);
    shop_ok(s, store_jobs_entered(s->store, &done, 500, 1, &list, &count, &total), "entered");
    assert_int_equal(count, 1);
    assert_int_equal(total, 2);
    job_cards_free(list, count);
    shop_close(s);
}

static void a_job_tells_the_stages_it_went_through(void **state)
{
    struct shop *s = open_shop();
    struct stage_entry *list;
    struct job_card *card;
    size_t count;

    job(s, 1, "NULL", "Ready", 900);
    shop_ok(s, store_stages_of(s->store, 1, 10, &list, &count), "stages");
    assert_int_equal(count, 2);
    assert_string_equal(list[0].stage, "Elsewhere");
    assert_string_equal(list[1].stage, "Ready");
    assert_int_equal(list[1].at_ms, 900);
    stage_entries_free(list, count);
    shop_ok(s, store_stages_of(s->store, 1, 1, &list, &count), "stages");
    assert_int_equal(count, 1);
    assert_string_equal(list[0].stage, "Ready");
    stage_entries_free(list, count);
    shop_ok(s, store_job_card(s->store, 1, &card), "card");
    assert_int_equal(card->entered_ms, 900);
    job_cards_free(card, 1);
    assert_int_equal(store_job_card(s->store, 2, &card), ERR_NOTFOUND);
    job_cards_free(card, 0);
    shop_close(s);
}

static void appointments_are_found_by_the_text_of_their_start(void **state)
{
    struct shop *s = open_shop();
    struct visit_start *list;
    size_t count;

    shop_sql(s, "INSERT INTO appointment (id, client_id, starts, timezone) VALUES "
                "(1, 1, '2026-12-08', ''), (2, 2, '2026-12-07T23:59', NULL), "
                "(3, 2, '2026-12-08T09:00Z', 'Asia/Almaty'), (4, 1, '2026-12-09', NULL);");
    shop_ok(s, store_starts_between(s->store, "2026-12-08", "2026-12-09", 10, &list, &count),
            "between");
    assert_int_equal(count, 2);
    assert_int_equal(list[0].id, 1);
    assert_string_equal(list[0].starts, "2026-12-08");
    assert_null(list[0].timezone);
    assert_int_equal(list[1].id, 3);
    assert_string_equal(list[1].timezone, "Asia/Almaty");
    visit_starts_free(list, count);
    shop_ok(s, store_starts_between(s->store, "2026-12-01", "2026-12-31", 3, &list, &count),
            "between");
    assert_int_equal(count, 3);
    visit_starts_free(list, count);
    shop_close(s);
}

static void what_is_about_a_job_is_also_about_its_appointments(void **state)
{
    struct shop *s = open_shop();
    struct outbox_row *rows;
    struct task_row *tasks;
    size_t count;

    job(s, 1, "NULL", "Ready", 900);
    shop_sql(s, "INSERT INTO appointment (id, client_id, starts, job_id) VALUES "
                "(1, 1, '2026-12-08', 1), (2, 1, '2026-12-08', NULL);"
                "INSERT INTO entity (id, kind, key, row_id, client_row) VALUES (301, 4, '#1', 1, "
                "1), (302, 4, '#2', 2, 1);"
                "INSERT INTO message (id, rule_id, subject_id, occurrence, repeat, recipient_id, "
                "channel, state, nominal_ms, due_ms, expires_ms, next_ms, state_ms) VALUES "
                "(1, 1, 101, 0, 0, 1, 0, 0, 0, 7, 0, 7, 0), (2, 1, 301, 0, 0, 1, 0, 0, 0, 6, 0, 6, "
                "0), (3, 1, 302, 0, 0, 1, 0, 0, 0, 5, 0, 5, 0), (4, 1, 101, 1, 0, 1, 0, 5, 0, 4, 0,"
                " 4, 4);"
                "INSERT INTO task (job_id, text, created_ms) VALUES (1, 'call', 1), (2, 'no', 2);");
    shop_ok(s, store_messages_about(s->store, ENTITY_JOB, 1, 1, true, 10, &rows, &count), "about");
    assert_int_equal(count, 2);
    assert_int_equal(rows[0].id, 2);
    assert_int_equal(rows[1].id, 1);
    outbox_rows_free(rows, count);
    shop_ok(s, store_messages_about(s->store, ENTITY_JOB, 1, 1, false, 10, &rows, &count), "about");
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].id, 4);
    outbox_rows_free(rows, count);
    shop_ok(s, store_messages_about(s->store, ENTITY_APPOINTMENT, 2, 1, true, 10, &rows, &count),
            "about");
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].id, 3);
    outbox_rows_free(rows, count);
    shop_ok(s, store_tasks_about(s->store, 1, 0, 10, &tasks, &count), "tasks");
    assert_int_equal(count, 1);
    assert_string_equal(tasks[0].text, "call");
    task_rows_free(tasks, count);
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_longest_in_a_stage_come_first),
        cmocka_unit_test(only_those_that_came_lately_and_stayed_are_told_of_an_end),
        cmocka_unit_test(a_job_tells_the_stages_it_went_through),
        cmocka_unit_test(appointments_are_found_by_the_text_of_their_start),
        cmocka_unit_test(what_is_about_a_job_is_also_about_its_appointments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
