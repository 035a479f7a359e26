/* watch and store: what is kept of the past, and how it is brought back. */
#include "../support/shop.h"

#include "store/condition.h"
#include "store/past.h"

#define PLAYBOOK                                                                                   \
    "[rule booked]\non = appointment booked\n"                                                     \
    "[rule soon]\non = appointment starts\nwhen = 1 day before\n"                                  \
    "if = appointment.status = 'booked' and (SELECT count(*) FROM appointment) = 1\n"

/* Booked on the 1st for the 8th, moved on the 2nd to the 10th, completed on the 11th. */
static struct shop *shop_with_a_past(void)
{
    struct shop *s = shop_open(PLAYBOOK, "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts, title) "
                "VALUES ('a1', 1, '2026-12-08T15:00', 'Service')");
    shop_look(s);
    shop_at("2026-12-02T09:00");
    shop_sql(s, "UPDATE appointment SET starts = '2026-12-10T15:00' WHERE ref = 'a1'");
    shop_look(s);
    shop_at("2026-12-11T09:00");
    shop_sql(s, "UPDATE appointment SET status = 'completed', title = 'Done' WHERE ref = 'a1'");
    shop_look(s);
    return s;
}

/* A draft of the past, as the command line makes it. */
struct then {
    struct store *draft;
    struct conditions *conditions;
    struct past *past;
    struct subjects concerned;
};

static struct then then_open(struct shop *s, const char *from, const char *until)
{
    struct then t = {0};
    struct err err = {""};

    if (store_draft_past(store_path(s->store), &t.draft, &err) != 0)
        fail_msg("%s", err.text);
    t.conditions = conditions_open(store_path(s->store), &err);
    if (t.conditions == NULL || conditions_twin(t.conditions, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(store_begin(t.draft), 0);
    assert_int_equal(past_begin(t.draft, t.conditions, utc(from), utc(until), &t.past), 0);
    return t;
}

static void then_close(struct then *t)
{
    subjects_close(&t->concerned);
    past_free(t->past);
    conditions_close(t->conditions);
    store_close(t->draft);
}

static void then_goes_on(struct then *t, const char *at)
{
    int64_t at_ms;

    assert_int_equal(past_next(t->past, &at_ms), 0);
    assert_int_equal(at_ms, utc(at));
    assert_int_equal(past_go_on(t->past, at_ms, subjects_add, &t->concerned), 0);
}

/* The visit, as planning sees it, and as a condition does. */
static void assert_visit(struct then *t, const char *starts, const char *status)
{
    char *expression = mem_printf("appointment.starts = '%s' AND appointment.status = '%s' AND "
                                  "(SELECT max(starts) FROM appointment) = '%s'",
                                  starts, status, starts);
    struct condition_ids ids = {.client_id = 1, .appointment_id = 1};
    struct appointment a;
    struct err err = {""};
    bool truth;

    assert_int_equal(store_appointment(t->draft, 1, &a), 0);
    assert_string_equal(a.starts, starts);
    assert_string_equal(a.status, status);
    appointment_close(&a);
    if (condition_eval(t->conditions, expression, &ids, &truth, &err) != 0)
        fail_msg("%s", err.text);
    assert_true(truth);
    free(expression);
}

static void each_change_of_the_facts_is_kept_once(void **state)
{
    struct shop *s = shop_with_a_past();

    assert_answer(s, "SELECT count(*) FROM past", "3");
    shop_at("2026-12-12T09:00");
    shop_sql(s, "UPDATE appointment SET title = 'Nothing that planning asks for'");
    shop_look(s);
    assert_answer(s, "SELECT count(*) FROM past", "3");
    assert_answer(s, "SELECT count(*) FROM event", "2"); /* that it is completed is none */
    shop_close(s);
}

static void a_record_stands_as_it_stood_then(void **state)
{
    struct shop *s = shop_with_a_past();
    struct then t = then_open(s, "2026-12-01T12:00", "2026-12-20T00:00");

    assert_visit(&t, "2026-12-08T15:00", "booked");
    then_goes_on(&t, "2026-12-02T09:00");
    assert_visit(&t, "2026-12-10T15:00", "booked");
    then_goes_on(&t, "2026-12-11T09:00");
    assert_visit(&t, "2026-12-10T15:00", "completed");
    assert_int_equal(t.concerned.count, 3); /* the move is a change and an event */
    int64_t at_ms;
    assert_int_equal(past_next(t.past, &at_ms), 0);
    assert_int_equal(at_ms, INT64_MAX);
    then_close(&t);
    shop_close(s);
}

static void what_did_not_exist_yet_is_not_there(void **state)
{
    struct shop *s = shop_with_a_past();
    struct then t = then_open(s, "2026-11-30T00:00", "2026-12-02T00:00");
    struct appointment a;

    assert_int_equal(store_appointment(t.draft, 1, &a), ERR_NOTFOUND);
    then_goes_on(&t, "2026-12-01T09:00");
    assert_visit(&t, "2026-12-08T15:00", "booked");
    int64_t at_ms;
    assert_int_equal(past_next(t.past, &at_ms), 0);
    assert_int_equal(at_ms, INT64_MAX); /* the rest is after the end */
    then_close(&t);
    shop_close(s);
}

static void the_database_itself_is_not_touched(void **state)
{
    struct shop *s = shop_with_a_past();
    struct then t = then_open(s, "2026-12-01T12:00", "2026-12-20T00:00");

    then_goes_on(&t, "2026-12-02T09:00");
    assert_int_not_equal(
        sqlite3_exec(t.draft->db, "UPDATE main.appointment SET title = 'x'", NULL, NULL, NULL),
        SQLITE_OK);
    assert_answer(s, "SELECT starts, status FROM appointment", "2026-12-10T15:00 completed");
    assert_answer(s, "SELECT count(*) FROM change_log", "0");
    then_close(&t);
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_change_of_the_facts_is_kept_once),
        cmocka_unit_test(a_record_stands_as_it_stood_then),
        cmocka_unit_test(what_did_not_exist_yet_is_not_there),
        cmocka_unit_test(the_database_itself_is_not_touched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
