/* store/condition: what a rule's `if` and `unless` may say, what it is told when it may not, and
 * the database beneath. What it cannot reach is in condition_walls_test.c, what it cannot use up in
 * condition_limits_test.c. */
#include "../support/zonefile.h"
#include "condition_common.h"

#include <time.h>

static const struct condition_ids nobody = {0};

/* ---- what a condition may say --------------------------------------------------------------- */

static void columns_of_the_four_records_are_seen(void **state)
{
    struct world *w = *state;
    struct condition_ids with_staff = ilze;

    assert_holds(w, "appointment.status = 'confirmed'");
    assert_holds(w, "status = 'confirmed' AND stage = 'Ready' AND amount > 100");
    assert_holds(w, "client.tags LIKE '%vip%' and client.notes is not null");
    assert_holds(w, "APPOINTMENT.Status = 'confirmed'");
    assert_fails(w, "client.channel = 'email'");
    with_staff.staff_id = 1;
    assert_true(eval(w, "staff.department = 'service'", &with_staff));
}

static void json_text_number_and_aggregate_functions_work(void **state)
{
    struct world *w = *state;

    assert_holds(w, "job.fields ->> 'plate' = 'AB-1234'");
    assert_holds(w, "client.fields -> 'car' ->> 'make' = 'Volvo'");
    assert_holds(w, "json_extract(client.fields, '$.car.make') = 'Volvo'");
    assert_holds(w, "lower(client.name) = 'ilze' AND substr(client.name, 1, 1) GLOB '[A-Z]'");
    assert_holds(w, "coalesce(client.language, 'lv') IN ('lv', 'en')");
    assert_holds(w, "CASE WHEN amount > 100 THEN 1 ELSE 0 END");
    assert_holds(w, "round(amount) BETWEEN 120 AND 121");
    assert_holds(w, "2 = (SELECT count(*) FROM appointment AS a"
                    "     WHERE a.client_id = client.id AND a.status = 'missed')");
    assert_holds(w, "EXISTS (SELECT 1 FROM appointment WHERE appointment.client_id = client.id"
                    "        AND date(starts) < '2026-11-01')");
}

static void null_is_false_and_so_is_a_record_that_is_not_there(void **state)
{
    struct world *w = *state;
    struct condition_ids deleted = {.client_id = 99};

    assert_fails(w, "NULL");
    assert_fails(w, "client.language = 'lv'");
    assert_fails(w, "NOT client.language = 'lv'");
    assert_false(eval(w, "job.stage = 'Ready'", &nobody));
    assert_false(eval(w, "job.stage <> 'Ready'", &nobody));
    assert_true(eval(w, "job.id IS NULL AND client.id IS NULL AND staff.name IS NULL", &nobody));
    assert_true(eval(w, "client.id IS NULL", &deleted));
    assert_fails(w, "0");
    assert_fails(w, "'text that is no number'");
    assert_holds(w, "0.5");
}

static void comments_and_odd_spacing_are_harmless(void **state)
{
    struct world *w = *state;

    assert_holds(w, "1 -- until somebody says otherwise");
    assert_holds(w, "/* (not ; one ' of these) ?1 counts */ 1");
    assert_holds(w, "\n\t 1\r\n AND /**/ 1 ");
    assert_holds(w, "client.name <> ';' AND client.name <> '(?1 -- WITH' /* ) */");
    assert_holds(w, "client.name <> 'it''s' AND [client].\"name\" = 'Ilze'");
}

static void a_column_added_by_another_program_counts_at_once(void **state)
{
    struct world *w = *state;

    assert_holds(w, "client.name = 'Ilze'");
    refused(w, "client.loyalty = 3", NULL);
    run(w, "ALTER TABLE client ADD COLUMN loyalty INTEGER; UPDATE client SET loyalty = 3");
    assert_holds(w, "client.loyalty = 3");
    assert_holds(w, "client.name = 'Ilze'");
    refused(w, "client.loyality = 3", "no column client.loyality; did you mean client.loyalty?");
}

/* Statistics are read inside the walls; that they are out of reach must break nothing. */
static void an_analyzed_database_is_read_as_before(void **state)
{
    struct world *w = *state;

    run(w, "ANALYZE; CREATE INDEX client_by_name ON client (name)");
    assert_holds(w, "client.name = 'Ilze'");
    assert_holds(w, "EXISTS (SELECT 1 FROM client WHERE client.name = 'Aigul')");
    refused(w, "(SELECT count(*) FROM sqlite_stat1)", NULL);
}

static void assert_values(struct world *w, const char *expression, const char *expected)
{
    struct buf values;

    buf_init(&values);
    assert_holds(w, expression);
    assert_int_equal(condition_values(w->conditions, expression, &ilze, &values), 0);
    assert_string_equal(values.data, expected);
    buf_close(&values);
}

static void the_values_are_those_of_the_columns_that_it_names(void **state)
{
    struct world *w = *state;

    assert_values(w, "appointment.status = 'confirmed' AND JOB.Stage = 'Ready'",
                  "{\"job.stage\":\"Ready\",\"appointment.status\":\"confirmed\"}");
    assert_values(w, "status = 'confirmed' AND (amount > 100 OR stage = 'x')",
                  "{\"job.stage\":\"Ready\",\"job.amount\":\"120.5\","
                  "\"appointment.status\":\"confirmed\"}");
    /* neither a function nor a word in text or a comment, nor a subquery's own column */
    assert_values(w, "job.amount > 1 AND 'status' <> 'tags' /* amount, tags */ -- tags",
                  "{\"job.amount\":\"120.5\"}");
    assert_values(w,
                  "2 = (SELECT count(*) FROM appointment AS a WHERE a.client_id = client.id AND"
                  " a.status = 'missed' AND (starts > '2000')) AND stage = 'Ready'",
                  "{\"client.id\":\"1\",\"job.stage\":\"Ready\"}");
    assert_values(w, "1 = 1", "");
}

static void the_last_committed_values_count(void **state)
{
    struct world *w = *state;

    run(w, "BEGIN IMMEDIATE; UPDATE appointment SET status = 'booked' WHERE id = 1");
    assert_holds(w, "appointment.status = 'confirmed'");
    run(w, "COMMIT");
    assert_holds(w, "appointment.status = 'booked'");
}

static void no_read_transaction_stays_open(void **state)
{
    struct world *w = *state;
    int busy = 1;
    sqlite3_stmt *stmt;

    assert_holds(w, "appointment.status = 'confirmed'");
    run(w, "UPDATE client SET notes = 'x'");
    assert_int_equal(
        sqlite3_prepare_v2(w->writer, "PRAGMA wal_checkpoint(TRUNCATE)", -1, &stmt, NULL), 0);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    busy = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    assert_int_equal(busy, 0);
}

/* ---- the clock ------------------------------------------------------------------------------ */

static void now_is_the_services_clock(void **state)
{
    struct world *w = *state;

    clock_virtual(INT64_C(1796724000000), 0.0); /* 2026-12-08T10:00:00Z */
    assert_holds(w, "datetime('now') = '2026-12-08 10:00:00'");
    assert_holds(w, "datetime() = '2026-12-08 10:00:00' AND date() = '2026-12-08'");
    assert_holds(w, "CURRENT_TIMESTAMP = '2026-12-08 10:00:00'");
    assert_holds(w, "CURRENT_DATE = '2026-12-08' AND CURRENT_TIME = '10:00:00'");
    assert_holds(w, "unixepoch('now') = 1796724000 AND time('now') = '10:00:00'");
    assert_holds(w, "strftime('%Y-%m', 'now') = '2026-12'");
    assert_holds(w, "abs(julianday('now') - 2461382.9166667) < 0.00001");
    assert_holds(w, "date(appointment.starts) = date('now')");
    clock_virtual(INT64_C(1796724000000) + 86400000, 0.0);
    assert_holds(w, "datetime('now') = '2026-12-09 10:00:00'");
}

static void the_writers_connections_keep_the_real_clock(void **state)
{
    struct world *w = *state;

    clock_virtual(INT64_C(1796724000000), 0.0);
    run(w, "INSERT INTO client (id, name) VALUES (7, 'Anna')");
    char *check = mem_printf(
        "abs(unixepoch((SELECT created_at FROM client AS c WHERE c.id = 7)) - %lld) < 60",
        (long long)time(NULL));
    assert_holds(w, check);
    free(check);
}

static void localtime_is_the_zone_it_was_told(void **state)
{
    struct world *w = *state;

    clock_virtual(INT64_C(1796724000000), 0.0);
    conditions_localtime(zone_get("Europe/Riga"));
    bool riga = eval(w, "datetime('now', 'localtime') = '2026-12-08 12:00:00'", &ilze);
    conditions_localtime(zone_get("Asia/Kathmandu"));
    bool kathmandu = eval(w, "datetime('now', 'localtime') = '2026-12-08 15:45:00'", &ilze);
    unsetenv("TZ");
    tzset();
    assert_true(riga);
    assert_true(kathmandu);
}

static void localtime_follows_an_update_of_the_zone_data(void **state)
{
    struct world *w = *state;
    char *dir = zonefile_open();
    bool right[3];

    clock_virtual(INT64_C(1796724000000), 0.0);
    for (int i = 0; i < 3; i++) {
        char *rule = mem_printf("<+0%d>-%d", 2 + i, 2 + i);
        zonefile_write(dir, "Test/Localtime", (2 + i) * 3600, NULL, 0, rule);
        free(rule);
        zone_refresh();
        conditions_localtime(zone_get("Test/Localtime"));
        char *check = mem_printf("datetime('now', 'localtime') = '2026-12-08 %d:00:00'", 12 + i);
        right[i] = eval(w, check, &ilze);
        free(check);
    }
    unsetenv("TZ");
    tzset();
    zonefile_close(dir);
    for (int i = 0; i < 3; i++)
        assert_true(right[i]);
}

/* ---- what it is told ------------------------------------------------------------------------ */

static void an_error_says_what_would_be_right(void **state)
{
    static const char *const table[][2] = {
        {"appointment.state = 'x'",
         "no column appointment.state; did you mean appointment.status?"},
        {"appointmnt.status = 'x'",
         "no column appointmnt.status; did you mean appointment.status?"},
        {"amont > 3", "no column amont; did you mean job.amount?"},
        {"staff.mother = 1", "no column staff.mother; staff has id, ref, name, email, phone, "
                             "department, manager_id, language, timezone, active"},
        {"weather = 'fine'", "no column weather; columns are written as in appointment.status"},
        {"appointment.status = \"confirmed\"",
         "no column confirmed; text is written in single quotes: 'confirmed'"},
        {"name = 'Ilze'", "name could be client.name or staff.name; write the one you mean"},
        {"lenght(client.name) > 3", "a condition has no function lenght(); did you mean length()?"},
        {"printf('%d', 1)", "a condition has no function printf()"},
        {"(SELECT count(*) FROM message) > 3",
         "a condition cannot look at message; it sees client, job, appointment, staff "
         "and answer"},
        {"count(*) > 3", "count, sum, min, max and the like go inside a (SELECT ... FROM ...)"},
        {"appointment.status =", "something is missing at the end of the condition"},
        {"amount >> > 3", "it cannot be read as one condition, from > on"},
        {"(amount > 3", "there is a ( without its )"},
        {"amount > 3)", "there is a ) without its ("},
        {"amount > 3;", "a condition is one expression, without a semicolon"},
        {"status = 'x", "the ' in 'x is never closed"},
        {"1 /* never", "the comment at /* never is never closed with */"},
        {"amount > ?1", "a condition has no parameters such as ?1"},
        {"amount > :least", "a condition has no parameters such as :least"},
        {"", "the condition is empty"},
        {" -- nothing\n", "the condition is empty"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        refused(w, table[i][0], table[i][1]);
}

static void what_fails_while_running_is_an_error_and_not_false(void **state)
{
    struct world *w = *state;
    struct err err = {0};
    bool truth = true;

    assert_int_equal(condition_check(w->conditions, "client.name ->> 'a' = 1", &err), 0);
    assert_int_equal(condition_eval(w->conditions, "client.name ->> 'a' = 1", &ilze, &truth, &err),
                     ERR_INVALID);
    assert_string_equal(err.text, "malformed JSON");
    assert_false(truth);
    assert_holds(w, "client.name = 'Ilze'");
}

/* ---- the database --------------------------------------------------------------------------- */

static void a_locked_database_is_busy_and_nothing_waits(void **state)
{
    struct world *w = *state;
    struct err err = {0};
    bool truth;
    int64_t start_ms;

    assert_holds(w, "client.name = 'Ilze'");
    conditions_close(w->conditions);
    run(w, "PRAGMA journal_mode = DELETE");
    w->conditions = conditions_open(w->path, &err);
    assert_non_null(w->conditions);
    run(w, "BEGIN EXCLUSIVE");
    start_ms = clock_mono_ms();
    assert_int_equal(condition_eval(w->conditions, "client.name = 'Ilze'", &ilze, &truth, &err),
                     ERR_BUSY);
    assert_in_range(clock_mono_ms() - start_ms, 0, STOPPED_WITHIN_MS);
    assert_string_equal(err.text, "the database is locked");
    run(w, "COMMIT");
    assert_holds(w, "client.name = 'Ilze'");
}

static void no_database_is_an_error_with_a_reason(void **state)
{
    struct world *w = *state;
    struct err err = {0};
    char *other = mem_printf("%s/other.db", w->folder);
    FILE *f;

    assert_null(conditions_open(other, &err));
    assert_string_equal(err.text, "open the database for conditions: unable to open database file");
    f = fopen(other, "w");
    for (int i = 0; i < 4096; i++)
        fputc('x', f);
    fclose(f);
    assert_null(conditions_open(other, &err));
    assert_non_null(strstr(err.text, "file is not a database"));
    f = fopen(other, "w"); /* empty: a database without tables */
    fclose(f);
    assert_null(conditions_open(other, &err));
    assert_non_null(strstr(err.text, "not all there"));
    unlink(other);
    free(other);
}

static void a_playbook_can_be_checked_before_there_is_a_database(void **state)
{
    struct err err = {0};
    struct conditions *c = conditions_open(NULL, &err);
    bool truth = true;

    assert_non_null(c);
    assert_int_equal(condition_check(c, "appointment.status = 'confirmed'", &err), 0);
    assert_int_equal(condition_check(c, "appointment.state = 'confirmed'", &err), ERR_INVALID);
    assert_int_equal(condition_check(c, "EXISTS (SELECT 1 FROM consent)", &err), ERR_INVALID);
    assert_int_equal(condition_eval(c, "client.id = 1", &ilze, &truth, &err), 0);
    assert_false(truth);
    conditions_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(columns_of_the_four_records_are_seen),
        TEST(json_text_number_and_aggregate_functions_work),
        TEST(null_is_false_and_so_is_a_record_that_is_not_there),
        TEST(comments_and_odd_spacing_are_harmless),
        TEST(a_column_added_by_another_program_counts_at_once),
        TEST(an_analyzed_database_is_read_as_before),
        TEST(the_values_are_those_of_the_columns_that_it_names),
        TEST(the_last_committed_values_count),
        TEST(no_read_transaction_stays_open),
        TEST(now_is_the_services_clock),
        TEST(the_writers_connections_keep_the_real_clock),
        TEST(localtime_is_the_zone_it_was_told),
        TEST(localtime_follows_an_update_of_the_zone_data),
        TEST(an_error_says_what_would_be_right),
        TEST(what_fails_while_running_is_an_error_and_not_false),
        TEST(a_locked_database_is_busy_and_nothing_waits),
        TEST(no_database_is_an_error_with_a_reason),
        cmocka_unit_test(a_playbook_can_be_checked_before_there_is_a_database),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
