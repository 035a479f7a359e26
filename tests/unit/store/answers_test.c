/* store/answers: what clients said, and what reached them. */
#include "../support/shop.h"

#include "store/answers.h"

#define NONE "[workflow w]\nstages = A, B\n[rule r]\non = job enters A\n[rule q]\non = job opens\n"

static struct shop *a_shop(void)
{
    struct shop *s = shop_open(NONE, "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j1', 1, 'A'), ('j2', 1, 'B')");
    shop_look(s);
    return s;
}

static int64_t contact(struct shop *s, const int64_t *but, size_t count)
{
    int64_t at_ms;

    shop_ok(s,
            store_contact(s->store, shop_count(s, "SELECT id FROM entity WHERE kind = 1"), but,
                          count, &at_ms),
            "contact");
    return at_ms;
}

static void what_is_learned_later_is_no_later_contact(void **state)
{
    struct shop *s = a_shop();

    assert_int_equal(contact(s, NULL, 0), 0);
    shop_send(s); /* two of r and q about j1, one of q about j2 */
    shop_at("2026-12-02T09:00");
    shop_sql(s, "UPDATE message SET state = 6, state_ms = %lld WHERE id = 1",
             (long long)utc("2026-12-05T09:00"));
    assert_int_equal(contact(s, NULL, 0), utc("2026-12-01T09:00"));
    shop_sql(s, "UPDATE message SET state = 7"); /* none of them arrived */
    assert_int_equal(contact(s, NULL, 0), 0);
    shop_close(s);
}

static void a_draft_knows_as_well_when_they_had_heard_what_was_reported_later(void **state)
{
    struct shop *s = a_shop();
    int64_t client = shop_count(s, "SELECT id FROM entity WHERE kind = 1"), at_ms;
    const int64_t first = 1;
    struct store *draft;
    struct err err;

    shop_send(s);
    shop_sql(s, "UPDATE message SET state = 6, state_ms = %lld",
             (long long)utc("2026-12-05T09:00"));
    for (int around = 0; around < 2; around++) {
        int rc = around ? store_draft_around(store_path(s->store), &first, 1, &draft, &err)
                        : store_draft(store_path(s->store), &draft, &err);
        shop_ok(s, rc, "draft");
        assert_int_equal(store_contact(draft, client, NULL, 0, &at_ms), 0);
        assert_int_equal(at_ms, utc("2026-12-01T09:00"));
        store_close(draft);
    }
    shop_close(s);
}

static void rules_left_out_do_not_hide_what_came_before_them(void **state)
{
    struct shop *s = a_shop();
    int64_t r = shop_count(s, "SELECT id FROM rule WHERE name = 'r'");

    shop_send(s);
    shop_sql(s,
             "UPDATE attempt SET at_ms = at_ms + 7000 WHERE message_id IN "
             "(SELECT id FROM message WHERE rule_id = %lld)",
             (long long)r);
    shop_sql(s, "UPDATE message SET state_ms = state_ms + 7000 WHERE rule_id = %lld", (long long)r);
    assert_int_equal(contact(s, NULL, 0), utc("2026-12-01T09:00") + 7000);
    assert_int_equal(contact(s, &r, 1), utc("2026-12-01T09:00"));
    shop_close(s);
}

static int64_t answered(struct shop *s, int64_t job, int64_t appointment)
{
    int64_t at_ms;

    shop_ok(s, store_answered(s->store, 1, job, appointment, &at_ms), "answered");
    return at_ms;
}

/* 0: none. */
static int64_t answer_until(struct shop *s, int64_t job, int64_t appointment, int64_t until_ms)
{
    int64_t id, at_ms;
    int rc = store_answer_until(s->store, 1, job, appointment, until_ms, &id, &at_ms);

    if (rc != ERR_NOTFOUND)
        shop_ok(s, rc, "answer until");
    assert_int_equal(rc == 0, id != 0);
    assert_true(at_ms <= until_ms);
    return id;
}

static void an_answer_is_about_what_it_names(void **state)
{
    struct shop *s = a_shop();
    int64_t day_ms = 24 * 3600 * INT64_C(1000), first = utc("2026-12-02T09:00");

    shop_sql(s, "INSERT INTO appointment (id, client_id, job_id, starts) VALUES "
                "(1, 1, 1, '2027-01-01T10:00'), (2, 1, NULL, '2027-01-01T10:00')");
    static const char *const named[] = {"NULL, NULL", "1, NULL", "2, NULL", "NULL, 1", "NULL, 2"};
    for (int i = 0; i < 5; i++) {
        shop_now_ms = first + i * day_ms;
        shop_sql(s, "INSERT INTO answer (client_id, job_id, appointment_id) VALUES (1, %s)",
                 named[i]);
        shop_look(s);
    }
    assert_int_equal(answered(s, 1, 0), first + 3 * day_ms); /* by its visit */
    assert_int_equal(answered(s, 2, 0), first + 2 * day_ms);
    assert_int_equal(answered(s, 3, 0), first);
    assert_int_equal(answered(s, 1, 1), first + 3 * day_ms);
    assert_int_equal(answered(s, 0, 2), first + 4 * day_ms);
    assert_int_equal(answered(s, 1, 3), first + 1 * day_ms); /* another visit of the job */
    assert_int_equal(answered(s, 0, 0), first);
    assert_int_equal(answer_until(s, 1, 0, first + 3 * day_ms), 4);
    assert_int_equal(answer_until(s, 1, 0, first + 3 * day_ms - 1), 2);
    assert_int_equal(answer_until(s, 2, 0, first + 4 * day_ms), 3);
    assert_int_equal(answer_until(s, 1, 0, first - 1), 0);
    shop_close(s);
}

static int count_step(void *arg)
{
    ++*(int *)arg;
    return 0;
}

/* Steps that SQLite takes to tell what answers a client's job has. */
static int steps(struct shop *s)
{
    int n = 0;

    sqlite3_progress_handler(s->store->db, 1, count_step, &n);
    answered(s, 1, 0);
    sqlite3_progress_handler(s->store->db, 0, NULL, NULL);
    return n;
}

static void what_other_clients_say_and_book_is_not_looked_through(void **state)
{
    struct shop *s = a_shop();

    shop_sql(s, "INSERT INTO appointment (id, client_id, starts) VALUES (1, 1, '2027-01-01T10:00');"
                "INSERT INTO answer (client_id, appointment_id) VALUES (1, 1)");
    shop_look(s);
    int few = steps(s);
    shop_sql(s, "INSERT INTO client (id, name) VALUES (2, 'Janis');"
                "WITH RECURSIVE n (i) AS (VALUES (2) UNION ALL SELECT i + 1 FROM n WHERE i < 300) "
                "INSERT INTO appointment (id, client_id, starts) SELECT i, 2, '2027-01-01T10:00' "
                "FROM n; INSERT INTO answer (client_id, appointment_id) "
                "SELECT 2, id FROM appointment WHERE id > 1");
    shop_look(s);
    assert_in_range(steps(s), 1, 2 * few); /* where a list ends is seen, or not */
    shop_close(s);
}

static void answers_are_listed_by_when_they_were_given(void **state)
{
    struct shop *s = a_shop();
    struct told *list;
    size_t count;

    shop_sql(s, "INSERT INTO answer (client_id, text, at) VALUES "
                "(1, 'b', '2026-12-02T10:00:00+02:00'), (1, 'a', '2026-12-02T07:59:59Z'), "
                "(1, 'c', '2026-12-02T08:00:00.5Z')");
    shop_ok(s, store_told(s->store, 1, 0, 0, &list, &count), "list");
    assert_int_equal(count, 3);
    assert_string_equal(list[0].answer.text, "a");
    assert_string_equal(list[1].answer.text, "b");
    assert_int_equal(list[1].at_ms, utc("2026-12-02T08:00"));
    assert_string_equal(list[2].client_name, "Ilze");
    told_free(list, count);
    shop_ok(s, store_told(s->store, 0, 0, 1, &list, &count), "list the last");
    assert_int_equal(count, 1);
    assert_string_equal(list[0].answer.text, "c");
    told_free(list, count);
    shop_ok(s, store_told(s->store, 1, utc("2026-12-02T08:00") + 1, 0, &list, &count), "since");
    assert_int_equal(count, 1);
    told_free(list, count);
    shop_ok(s, store_told(s->store, 2, 0, 0, &list, &count), "of somebody else");
    assert_int_equal(count, 0);
    told_free(list, count);
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_learned_later_is_no_later_contact),
        cmocka_unit_test(a_draft_knows_as_well_when_they_had_heard_what_was_reported_later),
        cmocka_unit_test(rules_left_out_do_not_hide_what_came_before_them),
        cmocka_unit_test(an_answer_is_about_what_it_names),
        cmocka_unit_test(what_other_clients_say_and_book_is_not_looked_through),
        cmocka_unit_test(answers_are_listed_by_when_they_were_given),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
