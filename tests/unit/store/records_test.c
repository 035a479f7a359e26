/* store/records and store/entities: rows as they are read, and what is known of them. */
#include "../support/shop.h"

static void an_empty_column_means_none(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct client c;

    shop_sql(
        s, "INSERT INTO client (id, name, email, phone, language) VALUES (5, 'Ilze', '', '', '')");
    shop_ok(s, store_client(s->store, 5, &c), "client");
    assert_string_equal(c.name, "Ilze");
    assert_null(c.email);
    assert_null(c.phone);
    assert_null(c.language);
    assert_null(c.ref);
    client_close(&c);
    assert_int_equal(store_client(s->store, 6, &c), ERR_NOTFOUND);
    assert_null(c.name);
    shop_close(s);
}

static void every_column_comes_back_as_it_was_written(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct job j;
    struct appointment a;
    struct staff *list;
    size_t count;

    shop_ilze(s);
    shop_sql(s, "INSERT INTO staff (id, name, active) VALUES (1, 'Janis', 1), (2, 'Gone', 0)");
    shop_sql(s, "INSERT INTO job (id, ref, client_id, stage, title, due, amount, currency, fields, "
                "staff_id) VALUES (7, 'j', 1, ' Ready ', 'Volvo', '2026-12-08', 120.5, 'EUR', "
                "'{\"a\":1}', 1)");
    shop_sql(s, "INSERT INTO appointment (id, client_id, job_id, starts, ends, timezone, sequence) "
                "VALUES (9, 1, 7, '2026-12-08T15:00', '2026-12-08T16:00', 'Asia/Almaty', 3)");
    shop_ok(s, store_job(s->store, 7, &j), "job");
    assert_string_equal(j.stage, "Ready"); /* trimmed */
    assert_string_equal(j.amount, "120.5");
    assert_string_equal(j.due, "2026-12-08");
    assert_int_equal(j.staff_id, 1);
    assert_int_equal(j.client_id, 1);
    job_close(&j);
    shop_ok(s, store_appointment(s->store, 9, &a), "appointment");
    assert_string_equal(a.timezone, "Asia/Almaty");
    assert_string_equal(a.status, "booked");
    assert_int_equal(a.job_id, 7);
    assert_int_equal(a.staff_id, 0);
    assert_int_equal(a.sequence, 3);
    appointment_close(&a);
    shop_ok(s, store_staff_all(s->store, &list, &count), "staff");
    assert_int_equal(count, 1); /* the active ones */
    assert_string_equal(list[0].name, "Janis");
    store_staff_free(list, count);
    shop_close(s);
}

static void of_a_consent_the_latest_word_counts(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct consents c;

    shop_ilze(s);
    shop_sql(s, "INSERT INTO consent (client_id, channel, purpose, state, at) VALUES "
                "(1, 'sms', 'marketing', 'in', '2026-01-01T00:00:00Z'), "
                "(1, 'sms', 'marketing', 'out', '2025-01-01T00:00:00Z'), "
                "(1, 'email', 'survey', 'in', '2026-01-01T00:00:00Z')");
    shop_ok(s, store_consents(s->store, 1, &c), "consents");
    assert_int_equal(c.opted[CHANNEL_SMS][PURPOSE_MARKETING], 'o');
    assert_int_equal(c.opted[CHANNEL_EMAIL][PURPOSE_SURVEY], 'i');
    assert_int_equal(c.opted[CHANNEL_EMAIL][PURPOSE_SERVICE], 0);
    assert_int_equal(sqlite3_exec(s->other, "UPDATE consent SET state = 'in'", NULL, NULL, NULL),
                     SQLITE_CONSTRAINT); /* a ledger */
    shop_close(s);
}

static void what_planning_needs_makes_a_difference_and_nothing_else_does(void **state)
{
    static const struct {
        const char *sql;
        enum entity_kind kind;
        bool differs;
    } cases[] = {
        {"UPDATE client SET name = 'X', notes = 'n', tags = 't', language = 'lv'", 1, false},
        {"UPDATE client SET email = 'x@example.com'", 1, true},
        {"UPDATE client SET channel = 'sms'", 1, true},
        {"INSERT INTO consent (client_id, channel, purpose, state) VALUES (1, 'sms', 'survey', "
         "'out')",
         1, true},
        {"UPDATE staff SET name = 'X'", 2, false},
        {"UPDATE staff SET manager_id = 1", 2, true},
        {"UPDATE job SET title = 'X', amount = 5, fields = '{}'", 3, false},
        {"UPDATE job SET stage = ' Ready'", 3, false},
        {"UPDATE job SET due = '2026-12-09'", 3, true},
        {"UPDATE appointment SET title = 'X', location = 'Y'", 4, false},
        {"UPDATE appointment SET ends = '2026-12-08T16:00'", 4, true},
        {"UPDATE appointment SET timezone = 'Asia/Almaty'", 4, true},
    };
    struct shop *s = shop_open("", "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s,
             "INSERT INTO staff (id, name) VALUES (1, 'Janis'); "
             "INSERT INTO job (id, client_id, stage) VALUES (1, 1, 'Ready'); "
             "INSERT INTO appointment (id, client_id, starts) VALUES (1, 1, '2026-12-08T15:00')");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *key, *before, *after;
        shop_ok(s, store_facts(s->store, cases[i].kind, 1, &key, &before), "facts");
        free(key);
        shop_sql(s, "%s", cases[i].sql);
        shop_ok(s, store_facts(s->store, cases[i].kind, 1, &key, &after), "facts");
        free(key);
        if (str_eq(before, after) == cases[i].differs)
            fail_msg("%s", cases[i].sql);
        free(before);
        free(after);
    }
    shop_close(s);
}

static void the_key_is_the_writers_own_or_our_number(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    char *key, *facts;
    int64_t row;

    shop_ilze(s);
    shop_sql(s, "INSERT INTO client (id, name) VALUES (2, 'Anna')");
    shop_ok(s, store_facts(s->store, ENTITY_CLIENT, 1, &key, &facts), "facts");
    assert_string_equal(key, "c1");
    free(key);
    free(facts);
    shop_ok(s, store_facts(s->store, ENTITY_CLIENT, 2, &key, &facts), "facts");
    assert_string_equal(key, "#2");
    free(key);
    free(facts);
    assert_int_equal(store_facts(s->store, ENTITY_CLIENT, 3, &key, &facts), ERR_NOTFOUND);
    shop_ok(s, store_row_of_key(s->store, ENTITY_CLIENT, "c1", &row), "row");
    assert_int_equal(row, 1);
    assert_int_equal(store_row_of_key(s->store, ENTITY_CLIENT, "#2", &row), ERR_NOTFOUND);
    shop_close(s);
}

static void an_entity_is_saved_found_and_interned_once(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct entity e = {.kind = ENTITY_JOB,
                       .key = mem_strdup("j1"),
                       .row_id = 4,
                       .client_row = 1,
                       .present = true,
                       .revision = 3,
                       .state = mem_strdup("Ready"),
                       .told_ms = 17};
    int64_t id, again;

    shop_ok(s, store_entity_save(s->store, &e), "save");
    assert_true(e.id > 0);
    id = e.id;
    entity_close(&e);
    shop_ok(s, store_entity_by_row(s->store, ENTITY_JOB, 4, &e), "by row");
    assert_int_equal(e.id, id);
    assert_int_equal(e.revision, 3);
    assert_string_equal(e.state, "Ready");
    assert_null(e.facts);
    assert_int_equal(e.told_ms, 17);
    entity_close(&e);
    assert_int_equal(store_entity_by_key(s->store, ENTITY_APPOINTMENT, "j1", &e), ERR_NOTFOUND);
    shop_ok(s, store_entity_intern(s->store, ENTITY_OFFICE, "office", 0, &id), "intern");
    shop_ok(s, store_entity_intern(s->store, ENTITY_OFFICE, "office", 0, &again), "intern");
    assert_int_equal(id, again);
    shop_close(s);
}

static void events_come_back_in_order(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct plan_event *list;
    size_t count;

    for (int64_t i = 3; i > 0; i--) {
        char stage[] = "Ready";
        struct plan_event e = {.event = i == 1 ? EVENT_JOB_OPENS : EVENT_JOB_ENTERS,
                               .revision = i,
                               .stage = i == 1 ? NULL : stage,
                               .at_ms = 10 * i};
        shop_ok(s, store_event_add(s->store, 1, &e), "add");
    }
    shop_ok(s, store_events(s->store, 1, &list, &count), "events");
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(list[i].revision, i + 1);
    assert_null(list[0].stage);
    assert_string_equal(list[2].stage, "Ready");
    plan_events_free(list, count);
    shop_ok(s, store_events(s->store, 2, &list, &count), "events");
    assert_int_equal(count, 0);
    plan_events_free(list, count);
    shop_close(s);
}

static void the_change_log_comes_in_order_and_is_forgotten_up_to_where_it_was_read(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct change *list;
    size_t count;

    shop_ilze(s);
    shop_sql(s, "INSERT INTO job (client_id, stage) VALUES (1, 'Ready'); "
                "UPDATE job SET stage = 'Collected'; DELETE FROM job");
    shop_ok(s, store_changes(s->store, 3, &list, &count), "changes");
    assert_int_equal(count, 3);
    assert_int_equal(list[0].kind, ENTITY_CLIENT);
    assert_string_equal(list[1].detail, "Ready");
    assert_string_equal(list[2].detail, "Collected");
    shop_ok(s, store_changes_done(s->store, list[2].id), "done");
    changes_free(list, count);
    shop_ok(s, store_changes(s->store, 3, &list, &count), "changes");
    assert_int_equal(count, 1);
    assert_null(list[0].detail);
    changes_free(list, count);
    shop_sql(s, "BEGIN; DELETE FROM client; ROLLBACK");
    assert_int_equal(shop_count(s, "SELECT count(*) FROM change_log"), 1);
    shop_close(s);
}

/* Whatever size the steps have, every difference is found exactly once. */
static void the_full_comparison_finds_every_difference_in_steps_of_any_size(void **state)
{
    for (size_t step = 1; step < 12; step++) {
        struct shop *s = shop_open("", "2026-12-01T09:00");
        struct reconcile_cursor cursor = {0};
        struct subjects found = {0};
        bool done = false;
        int turns = 0;

        shop_sql(s, "PRAGMA foreign_keys = OFF");
        for (int i = 1; i <= 7; i++)
            shop_sql(s,
                     "INSERT INTO client (id, name) VALUES (%d, 'x'); INSERT INTO job (id, "
                     "client_id, stage) VALUES (%d, 1, 'Ready')",
                     i, i);
        shop_look(s);
        shop_sql(s,
                 "DELETE FROM job WHERE id IN (2, 3, 7); UPDATE job SET stage = 'x' WHERE id = 4;"
                 "UPDATE client SET channel = 'sms' WHERE id IN (1, 7); INSERT INTO job (id, "
                 "client_id, stage) VALUES (8, 1, 'Ready')");
        while (!done && turns++ < 200)
            shop_ok(s, store_reconcile(s->store, &cursor, step, shop_differs, &found, &done),
                    "compare");
        assert_true(done);
        assert_int_equal(found.count / 2, 7);
        subjects_close(&found);
        shop_close(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_column_means_none),
        cmocka_unit_test(every_column_comes_back_as_it_was_written),
        cmocka_unit_test(of_a_consent_the_latest_word_counts),
        cmocka_unit_test(what_planning_needs_makes_a_difference_and_nothing_else_does),
        cmocka_unit_test(the_key_is_the_writers_own_or_our_number),
        cmocka_unit_test(an_entity_is_saved_found_and_interned_once),
        cmocka_unit_test(events_come_back_in_order),
        cmocka_unit_test(the_change_log_comes_in_order_and_is_forgotten_up_to_where_it_was_read),
        cmocka_unit_test(the_full_comparison_finds_every_difference_in_steps_of_any_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
