/* store/staff: the rows of staff as a form writes them, what each is in charge of, handing over. */
#include "../support/shop.h"

#include "store/records.h"
#include "store/staff.h"

#define TODAY "2026-12-01"

static struct shop *open_shop(void)
{
    struct shop *s = shop_open(SHOP_WORKFLOW, "2026-12-01T09:00");

    shop_sql(s, "INSERT INTO client (id, name) VALUES (1, 'Anna');"
                "INSERT INTO staff (id, name, department, manager_id, active) VALUES "
                "(1, 'Zane', 'Workshop', NULL, 1), (2, 'ilze', ' Workshop ', 1, 1),"
                "(3, 'Juris', '', 2, 1), (4, 'Adams', NULL, 3, 0), (5, 'Peteris', 'Desk', 4, 1)");
    return s;
}

static void those_who_work_here_come_first_by_their_names(void **state)
{
    static const int64_t order[] = {2, 3, 5, 1, 4};
    struct shop *s = open_shop();
    struct staff_line *list;
    size_t count;
    int64_t total;

    shop_ok(s, store_staff_lines(s->store, 0, TODAY, 10, &list, &count, &total), "lines");
    assert_int_equal(count, 5);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(list[i].staff.id, order[i]);
    assert_string_equal(list[0].manager_name, "Zane");
    assert_null(list[3].manager_name);
    assert_false(list[4].staff.active);
    staff_lines_free(list, count);
    shop_ok(s, store_staff_lines(s->store, 0, TODAY, 2, &list, &count, &total), "lines");
    assert_int_equal(count, 2);
    assert_int_equal(total, 5);
    staff_lines_free(list, count);
    shop_ok(s, store_staff_lines(s->store, 9, TODAY, 2, &list, &count, &total), "nobody");
    assert_int_equal(count, 0);
    staff_lines_free(list, count);
    shop_close(s);
}

static void only_what_is_open_or_to_come_is_counted(void **state)
{
    const struct board_stage ready = {"repair", "Ready", true};
    struct shop *s = open_shop();
    struct staff_line *list;
    size_t count;
    int64_t total;

    shop_sql(s, "INSERT INTO job (client_id, stage, workflow, staff_id) VALUES (1, 'Ready', NULL, "
                "1), (1, ' Ready ', 'repair', 1), (1, 'Ready', 'hire', 1), (1, 'Collected', NULL, "
                "1), (1, 'Ready', NULL, 2), (1, 'Ready', NULL, NULL)");
    shop_sql(s, "INSERT INTO appointment (client_id, staff_id, starts, status) VALUES "
                "(1, 1, '2026-11-30T15:00', 'booked'), (1, 1, '2026-12-01T08:00', 'booked'),"
                "(1, 1, '2026-12-09', 'confirmed'), (1, 1, '2026-12-09', 'cancelled'),"
                "(1, NULL, '2026-12-09', 'booked')");
    shop_sql(s, "INSERT INTO task (staff_id, text, created_ms, done_ms) VALUES (1, 'Call', 1, "
                "NULL), (1, 'Called', 1, 2), (NULL, 'Whoever', 1, NULL)");
    shop_ok(s, store_staff_lines(s->store, 1, TODAY, 10, &list, &count, &total), "lines");
    shop_ok(s, store_count_jobs(s->store, &ready, list, count), "jobs");
    assert_int_equal(count, 1);
    assert_int_equal(list[0].jobs, 2);
    assert_int_equal(list[0].visits, 2);
    assert_int_equal(list[0].tasks, 1);
    staff_lines_free(list, count);
    shop_close(s);
}

static void nobody_can_manage_somebody_who_stands_above_them(void **state)
{
    struct shop *s = open_shop();
    struct staff *list;
    size_t count;

    shop_ok(s, store_staff_managers(s->store, 2, &list, &count), "managers");
    assert_int_equal(count, 1); /* 3, 4 and 5 are below, one of them by way of one who has left */
    assert_int_equal(list[0].id, 1);
    store_staff_free(list, count);
    shop_ok(s, store_staff_managers(s->store, 0, &list, &count), "managers");
    assert_int_equal(count, 4);
    store_staff_free(list, count);
    shop_sql(s, "UPDATE staff SET manager_id = 5 WHERE id = 1"); /* round in a circle */
    shop_ok(s, store_staff_managers(s->store, 1, &list, &count), "managers");
    assert_int_equal(count, 0);
    store_staff_free(list, count);
    shop_close(s);
}

static void a_row_is_written_and_read_again(void **state)
{
    struct shop *s = open_shop();
    struct staff_row row = {.name = "Maris",
                            .email = "maris@example.com",
                            .phone = " ",
                            .manager = "1",
                            .language = "lv",
                            .active = STAFF_ACTIVE};
    struct staff_row out, again;
    struct str_list departments;
    int64_t id = 0;

    shop_ok(s, store_staff_write(s->store, &id, &row), "add");
    assert_int_equal(id, 6);
    shop_ok(s, store_staff_row(s->store, id, &out), "read");
    assert_string_equal(out.name, "Maris");
    assert_null(out.phone);
    assert_string_equal(out.manager, "1");
    assert_string_equal(out.active, STAFF_ACTIVE);
    row.active = STAFF_LEFT;
    row.manager = "";
    shop_ok(s, store_staff_write(s->store, &id, &row), "change");
    shop_ok(s, store_staff_row(s->store, id, &again), "read");
    assert_null(again.manager);
    assert_string_equal(again.active, STAFF_LEFT);
    assert_true(again.version != out.version);
    staff_row_close(&out);
    staff_row_close(&again);
    id = 99;
    assert_int_equal(store_staff_write(s->store, &id, &row), ERR_NOTFOUND);
    row.manager = "1; DROP TABLE staff";
    assert_int_equal(store_staff_write(s->store, &id, &row), ERR_INVALID);
    shop_ok(s, store_departments(s->store, 10, &departments), "departments");
    assert_int_equal(departments.count, 2);
    assert_string_equal(departments.items[0], "Desk");
    assert_string_equal(departments.items[1], "Workshop");
    str_list_close(&departments);
    shop_close(s);
}

static void what_is_handed_over_is_the_others_and_nothing_else(void **state)
{
    const struct board_stage ready = {"repair", "Ready", true};
    struct shop *s = open_shop();
    struct job_card *jobs;
    struct visit_card *visits;
    struct staff_line *list;
    size_t count;
    int64_t total;

    shop_sql(s, "INSERT INTO job (id, client_id, stage, staff_id, title) VALUES (1, 1, 'Ready', 1, "
                "'Volvo'), (2, 1, 'Ready', 2, 'Saab')");
    shop_sql(s, "INSERT INTO appointment (id, client_id, staff_id, starts) VALUES "
                "(1, 1, 1, '2026-12-09T10:00'), (2, 1, 2, '2026-12-08T10:00')");
    shop_sql(s, "INSERT INTO task (staff_id, text, created_ms, done_ms) VALUES (1, 'Call', 1, "
                "NULL), (1, 'Called', 1, 2)");
    shop_ok(s, store_hand_over(s->store, ENTITY_JOB, 1, 2, 1000), "job");
    shop_ok(s, store_hand_over(s->store, ENTITY_APPOINTMENT, 1, 2, 1000), "visit");
    shop_ok(s, store_hand_over_tasks(s->store, 1, 2), "tasks");
    shop_ok(s, store_jobs_in_charge(s->store, &ready, 2, 10, &jobs, &count), "jobs");
    assert_int_equal(count, 2);
    assert_string_equal(jobs[0].job.title, "Volvo");
    assert_string_equal(jobs[0].staff_name, "ilze");
    job_cards_free(jobs, count);
    shop_ok(s, store_visits_in_charge(s->store, 2, "2026-12-09", 10, &visits, &count), "visits");
    assert_int_equal(count, 1);
    assert_int_equal(visits[0].appointment.id, 1);
    visit_cards_free(visits, count);
    shop_ok(s, store_staff_lines(s->store, 1, TODAY, 1, &list, &count, &total), "line");
    assert_int_equal(list[0].visits + list[0].tasks, 0);
    staff_lines_free(list, count);
    shop_ok(s, store_staff_lines(s->store, 2, TODAY, 1, &list, &count, &total), "line");
    assert_int_equal(list[0].tasks, 1); /* what was done stays theirs who did it */
    staff_lines_free(list, count);
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_who_work_here_come_first_by_their_names),
        cmocka_unit_test(only_what_is_open_or_to_come_is_counted),
        cmocka_unit_test(nobody_can_manage_somebody_who_stands_above_them),
        cmocka_unit_test(a_row_is_written_and_read_again),
        cmocka_unit_test(what_is_handed_over_is_the_others_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
