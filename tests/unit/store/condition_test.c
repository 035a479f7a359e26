/* store/condition: what a rule's `if` and `unless` may say, what it is told when it may not, and
 * that nothing it says can reach further, run on, or grow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "store/condition.h"
#include "store/schema.h"

/* What is not stopped runs for hours; the machine may be busy, and sanitizers are slow. */
#define STOPPED_WITHIN_MS 20000

struct world {
    char folder[64];
    char *path;
    sqlite3 *writer; /* another connection, as other programs have */
    struct conditions *conditions;
};

static const struct condition_ids ilze = {.client_id = 1, .job_id = 1, .appointment_id = 1};
static const struct condition_ids nobody = {0};

static void run(struct world *w, const char *sql)
{
    char *message = NULL;

    if (sqlite3_exec(w->writer, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
}

static int set_up(void **state)
{
    struct world *w = mem_zalloc(sizeof(*w));
    struct err err = {0};

    strcpy(w->folder, "/tmp/condition-test-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    w->path = mem_printf("%s/betimes.db", w->folder);
    assert_int_equal(sqlite3_open(w->path, &w->writer), SQLITE_OK);
    run(w, "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");
    for (int v = 1; v <= schema_version(); v++)
        run(w, schema_migration(v));
    run(w,
        "INSERT INTO client (id, name, email, channel, tags, notes, fields) VALUES"
        " (1, 'Ilze', 'ilze@example.com', 'sms', 'vip,fleet', 'likes tea',"
        "  '{\"car\": {\"make\": \"Volvo\"}}'),"
        " (2, 'Aigul', NULL, NULL, NULL, NULL, NULL);"
        "INSERT INTO staff (id, name, department) VALUES (1, 'Janis', 'service');"
        "INSERT INTO job (id, client_id, stage, amount, fields) VALUES"
        " (1, 1, 'Ready', 120.5, '{\"plate\": \"AB-1234\"}');"
        "INSERT INTO appointment (id, client_id, job_id, starts, status) VALUES"
        " (1, 1, 1, '2026-12-08T15:00', 'confirmed'), (2, 1, NULL, '2026-10-01T09:00', 'missed'),"
        " (3, 1, NULL, '2026-11-01T09:00', 'missed'), (4, 2, NULL, '2026-11-02T09:00', 'booked');");
    w->conditions = conditions_open(w->path, &err);
    if (w->conditions == NULL)
        fail_msg("%s", err.text);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    clock_replace(NULL);
    conditions_close(w->conditions);
    sqlite3_close(w->writer);
    unlink(w->path);
    rmdir(w->folder); /* fails, and shows below, when -wal or -shm were left behind */
    assert_int_not_equal(access(w->folder, F_OK), 0);
    free(w->path);
    free(w);
    return 0;
}

/* ---- helpers -------------------------------------------------------------------------------- */

static bool eval(struct world *w, const char *expression, const struct condition_ids *ids)
{
    struct err err = {0};
    bool truth = false;

    if (condition_eval(w->conditions, expression, ids, &truth, &err) != 0)
        fail_msg("%s: %s", expression, err.text);
    return truth;
}

#define assert_holds(w, expression) assert_true(eval(w, expression, &ilze))
#define assert_fails(w, expression) assert_false(eval(w, expression, &ilze))

/* Refused when the playbook is read, and not run either; with `sentence`, in exactly these words.
 */
static void refused(struct world *w, const char *expression, const char *sentence)
{
    struct err err = {0};
    bool truth = true;

    if (condition_check(w->conditions, expression, &err) == 0)
        fail_msg("accepted: %s", expression);
    assert_string_not_equal(err.text, "");
    if (sentence != NULL)
        assert_string_equal(err.text, sentence);
    assert_int_not_equal(condition_eval(w->conditions, expression, &ilze, &truth, &err), 0);
    assert_false(truth);
}

/* Accepted, but stopped while running, soon, with ERR_LIMIT. */
static void stopped(struct world *w, const char *expression, const char *sentence)
{
    struct err err = {0};
    bool truth = true;
    int64_t start_ms = clock_mono_ms();

    if (condition_check(w->conditions, expression, &err) != 0)
        fail_msg("%s: %s", expression, err.text);
    assert_int_equal(condition_eval(w->conditions, expression, &ilze, &truth, &err), ERR_LIMIT);
    assert_false(truth);
    assert_string_equal(err.text, sentence);
    assert_in_range(clock_mono_ms() - start_ms, 0, STOPPED_WITHIN_MS);
}

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

static void localtime_is_the_zone_of_the_process(void **state)
{
    struct world *w = *state;

    setenv("TZ", "Europe/Riga", 1);
    tzset();
    clock_virtual(INT64_C(1796724000000), 0.0);
    bool right = eval(w, "datetime('now', 'localtime') = '2026-12-08 12:00:00'", &ilze);
    unsetenv("TZ");
    tzset();
    assert_true(right);
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
         "a condition cannot look at message; it sees client, job, appointment and staff"},
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

/* ---- what it cannot reach ------------------------------------------------------------------- */

static void only_one_expression_is_accepted(void **state)
{
    static const char *const tricks[] = {
        "1) OR (1",
        "1 ORDER BY 1",
        "1 GROUP BY 1",
        "1 LIMIT 1",
        "1 UNION SELECT 1",
        "1, 1",
        "SELECT 1",
        "VALUES (1)",
        "1; DELETE FROM client",
        "1); DELETE FROM client; --",
        "1) --",
        "1) /*",
        "1 /*/",
        "DELETE FROM client",
        "UPDATE client SET name = 'x'",
        "(DELETE FROM client RETURNING 1)",
        "(INSERT INTO client (name) VALUES ('x') RETURNING 1)",
        "ATTACH '/tmp/x' AS x",
        "PRAGMA journal_mode",
        "VACUUM INTO '/tmp/x'",
        "CREATE TABLE x (y)",
        "raise(ABORT, 'x')",
        "?",
        "?4",
        "@x",
        "$x",
        "$x::y(z)",
        "(1, 1)",
        "(SELECT 1, 1)",
        "\"unclosed",
        "[unclosed",
        "`unclosed",
        "1 IS",
        "x'0",
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(tricks) / sizeof(tricks[0]); i++)
        refused(w, tricks[i], NULL);
    assert_holds(w, "3 > (SELECT count(*) FROM client) AND client.name = 'Ilze'");
}

static void other_tables_views_and_the_schema_are_out_of_reach(void **state)
{
    static const char *const names[] = {
        "consent",
        "message",
        "payload",
        "meta",
        "rule",
        "change_log",
        "outbox",
        "history",
        "sqlite_master",
        "sqlite_schema",
        "sqlite_sequence",
        "main.sqlite_master",
        "temp.sqlite_master",
        "pragma_database_list",
        "pragma_table_info('client')",
        "json_each('[1]')",
        "json_tree('[1]')",
        "dbstat",
        "sqlite_stmt",
        "fts5vocab",
        "generate_series(1, 3)",
        "pragma_function_list",
        "nowhere",
        "elsewhere.client",
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char *count = mem_printf("(SELECT count(*) FROM %s) > 0", names[i]);
        char *star = mem_printf("EXISTS (SELECT * FROM %s)", names[i]);
        char *in = mem_printf("1 IN (SELECT rowid FROM %s)", names[i]);
        refused(w, count, NULL);
        refused(w, star, NULL);
        refused(w, in, NULL);
        free(count);
        free(star);
        free(in);
    }
    refused(w, "'client' IN sqlite_master", NULL);
    refused(w, "(SELECT count(*) FROM outbox)",
            "a condition cannot look at outbox; it sees client, job, appointment and staff");
}

static void functions_beyond_the_list_are_out_of_reach(void **state)
{
    static const char *const calls[] = {
        "load_extension('x')",
        "readfile('/etc/passwd')",
        "writefile('/tmp/x', 'y')",
        "edit('x')",
        "printf('%.*c', 900000000, 'x')",
        "format('%.*c', 900000000, 'x')",
        "zeroblob(1000000000)",
        "randomblob(1000000000)",
        "random()",
        "hex(zeroblob(100))",
        "quote(client.name)",
        "char(65)",
        "group_concat(client.name)",
        "trim(client.name, 'x')",
        "sqlite_version()",
        "sqlite_compileoption_get(1)",
        "changes()",
        "last_insert_rowid()",
        "fts3_tokenizer('simple')",
        "fts5('x')",
        "bm25('x')",
        "rtreecheck('client')",
        "json_group_array(1)",
        "client.name MATCH 'x'",
        "client.name REGEXP 'x'",
        "eval('SELECT 1')",
        "likely(1)",
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        refused(w, calls[i], NULL);
}

/* A table of ours may be replaced by another program; a view in its place would read the rest. */
static void a_view_in_a_tables_place_is_not_followed(void **state)
{
    struct world *w = *state;

    run(w, "PRAGMA foreign_keys = OFF; ALTER TABLE staff RENAME TO staff_old;"
           "CREATE VIEW staff AS SELECT id, name, department FROM staff_old");
    refused(w, "staff.name = 'Janis'",
            "a condition cannot look at staff; it sees client, job, appointment and staff");
    refused(w, "client.name = 'Ilze'", NULL);
}

static void nothing_that_compiles_can_write(void **state)
{
    struct world *w = *state;
    sqlite3_int64 before = sqlite3_total_changes64(w->writer);

    refused(w, "(SELECT 1 FROM client RETURNING 1)", NULL);
    assert_holds(w, "3 > (SELECT count(*) FROM client)");
    assert_int_equal(sqlite3_total_changes64(w->writer), before);
}

/* ---- what it cannot do to the service ------------------------------------------------------- */

static void a_bomb_of_joins_is_stopped(void **state)
{
    struct world *w = *state;

    run(w, "INSERT INTO client (name) SELECT 'many' FROM (SELECT 1 FROM consent UNION ALL"
           " SELECT value FROM json_each('[1,2,3,4,5,6,7,8,9,10]')), json_each("
           "'[1,2,3,4,5,6,7,8,9,10]')");
    stopped(w, "(SELECT count(*) FROM client a, client b, client c, client d, client e) > 0",
            "it takes longer than 200 ms; does a subquery read too much?");
    assert_holds(w, "client.name = 'Ilze'");
}

static int64_t standing_still(void *arg)
{
    return 1000;
}

/* With a clock that stands still, memory is what stops it, however slow the machine. */
static void a_bomb_of_memory_is_stopped(void **state)
{
    struct world *w = *state;
    static const struct clock_ops no_time = {standing_still, standing_still, NULL};
    sqlite3_int64 highest = 0;

    run(w, "INSERT INTO client (name, notes) SELECT 'long', replace(hex(zeroblob(7500)), '0',"
           " 'ab') FROM json_each('[1,2,3,4,5,6,7,8,9,10]') a, json_each('[1,2,3,4,5]') b");
    sqlite3_memory_highwater(1);
    clock_replace(&no_time);
    stopped(w,
            "(SELECT count(*) FROM (SELECT DISTINCT a.notes || b.id || c.id FROM client a, client"
            " b, client c)) > 0",
            "it takes more than 32 MB of memory");
    highest = sqlite3_memory_highwater(0);
    assert_in_range(highest, 1, 64 << 20);
    assert_in_range(sqlite3_memory_used(), 0, 32 << 20); /* given back */
}

static void recursion_and_nested_common_tables_are_refused(void **state)
{
    struct world *w = *state;
    static const char words[] =
        "a condition cannot use WITH; write the subquery where it is needed";
    struct buf bomb;

    refused(w,
            "(WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r)"
            " SELECT count(*) FROM r)",
            words);
    buf_init(&bomb);
    buf_puts(&bomb, "(/**/wItH t0 AS (SELECT 1)");
    for (int i = 1; i < 60; i++)
        buf_printf(&bomb, ", t%d AS (SELECT 1 FROM t%d, t%d)", i, i - 1, i - 1);
    buf_puts(&bomb, " SELECT 1 FROM t59)");
    refused(w, bomb.data, words);
    buf_close(&bomb);
    assert_holds(w, "'with' = lower('WITH') /* with */");
}

/* The slowest things that one step can do, on the longest values there may be. */
static void one_slow_step_is_short_and_many_are_stopped(void **state)
{
    struct world *w = *state;

    run(w, "UPDATE client SET notes = replace(hex(zeroblob(8000)), '0', 'a')"
           " || replace(hex(zeroblob(8000)), '0', 'a') WHERE id = 1");
    int64_t start_ms = clock_mono_ms();
    assert_fails(w, "instr(client.notes, substr(client.notes, 1, 16000) || 'b')");
    assert_fails(w, "client.notes LIKE '%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%b'");
    assert_fails(w, "client.notes GLOB '*a*a*a*[a-z]*[!b]*a*a*a*a*a*a*a*b'");
    assert_in_range(clock_mono_ms() - start_ms, 0, STOPPED_WITHIN_MS);

    stopped(w,
            "(SELECT count(*) FROM appointment a, appointment b, appointment c, appointment d,"
            " appointment e, appointment f, appointment g"
            " WHERE instr(client.notes, substr(client.notes, a.id + g.id, 16000) || 'b'))",
            "it takes longer than 200 ms; does a subquery read too much?");
}

static void long_values_are_refused_where_they_are_read_only(void **state)
{
    struct world *w = *state;

    run(w, "UPDATE client SET notes = hex(zeroblob(5000000)) WHERE id = 1");
    assert_holds(w, "client.name = 'Ilze' AND client.tags LIKE '%vip%'");
    stopped(w, "client.notes LIKE '%vip%'", "a value in it is longer than 32 KB");
    run(w, "UPDATE client SET notes = hex(zeroblob(10000)) WHERE id = 1");
    stopped(w, "client.notes || client.notes = 'x'", "a value in it is longer than 32 KB");
    stopped(w, "replace(client.notes, '0', 'abc') = 'x'", "a value in it is longer than 32 KB");
}

static void size_and_depth_of_the_text_are_limited(void **state)
{
    struct world *w = *state;
    struct err err = {0};
    char text[CONDITION_LENGTH_MAX + 2];
    struct buf deep;

    memset(text, ' ', sizeof(text));
    text[0] = '1';
    text[CONDITION_LENGTH_MAX] = '\0';
    assert_holds(w, text);
    text[CONDITION_LENGTH_MAX] = ' ';
    text[CONDITION_LENGTH_MAX + 1] = '\0';
    assert_int_equal(condition_check(w->conditions, text, &err), ERR_LIMIT);
    assert_string_equal(err.text, "a condition is at most 4096 bytes long");

    buf_init(&deep);
    for (int i = 0; i < 2000; i++)
        buf_putc(&deep, '(');
    buf_putc(&deep, '1');
    for (int i = 0; i < 2000; i++)
        buf_putc(&deep, ')');
    refused(w, deep.data, "the condition is nested too deeply");
    buf_clear(&deep);
    for (int i = 0; i < 1300; i++)
        buf_puts(&deep, "1+ ");
    buf_putc(&deep, '1');
    refused(w, deep.data, "the condition is nested too deeply");
    buf_clear(&deep);
    for (int i = 0; i < CONDITION_SELECTS_MAX; i++)
        buf_puts(&deep, "(SELECT 1) AND ");
    buf_puts(&deep, "1");
    assert_holds(w, deep.data);
    buf_puts(&deep, " AND (SELECT 1)");
    refused(w, deep.data, "a condition has at most 8 subqueries");
    buf_close(&deep);
}

/* "(SELECT 1 FROM client LINK client ...)" with this many tables. */
static char *join_of(int tables, const char *link)
{
    struct buf sql;

    buf_init(&sql);
    buf_puts(&sql, "EXISTS (SELECT 1 FROM client a0");
    for (int i = 1; i < tables; i++)
        buf_printf(&sql, " %s a%d", link, i);
    buf_puts(&sql, " WHERE 1");
    for (int i = 1; i < tables; i++)
        buf_printf(&sql, " AND a%d.id = a0.id AND a%d.ref = a1.ref", i, i);
    buf_putc(&sql, ')');
    return buf_steal(&sql);
}

/* Nothing can stop SQLite while it compiles: planning a join of 60 tables took seconds. */
static void compiling_is_quick_whatever_the_text(void **state)
{
    static const char *const links[] = {", client",          "JOIN CLIENT",  ", \"client\"",
                                        ", [client]",        ", `client`",   ", 'client'",
                                        "JOIN main.client",  ", client/**/", "NATURAL JOIN client",
                                        "CROSS JOIN client", ", (client) AS"};
    struct world *w = *state;
    struct err err = {0};

    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        char *wide = join_of(CONDITION_TABLES_MAX, links[i]);
        char *wider = join_of(CONDITION_TABLES_MAX + 1, links[i]);
        int64_t start_ms = clock_mono_ms();
        assert_int_equal(condition_check(w->conditions, wide, &err), 0);
        assert_in_range(clock_mono_ms() - start_ms, 0, STOPPED_WITHIN_MS);
        refused(w, wider, "the subqueries of a condition read at most 12 tables");
        free(wide);
        free(wider);
    }
    /* columns are not tables */
    assert_holds(w, "client.id = 1 AND client.id = 1 AND client.id = 1 AND client . id = 1 AND"
                    " client.id = 1 AND client.id = 1 AND client.id = 1 AND client.id = 1 AND"
                    " client.id = 1 AND client.id = 1 AND client.id = 1 AND client.id = 1 AND"
                    " \"client\".id = 1 AND client.id = 1 AND client.id = 1");
}

static void more_expressions_than_are_kept_still_work(void **state)
{
    struct world *w = *state;

    for (int round = 0; round < 2; round++)
        for (int i = 0; i < CONDITION_STATEMENTS_MAX * 2; i++) {
            char *text = mem_printf("client.id = 1 AND %d = %d", i, i);
            assert_holds(w, text);
            free(text);
        }
    conditions_forget(w->conditions);
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(columns_of_the_four_records_are_seen),
        TEST(json_text_number_and_aggregate_functions_work),
        TEST(null_is_false_and_so_is_a_record_that_is_not_there),
        TEST(comments_and_odd_spacing_are_harmless),
        TEST(a_column_added_by_another_program_counts_at_once),
        TEST(an_analyzed_database_is_read_as_before),
        TEST(the_last_committed_values_count),
        TEST(no_read_transaction_stays_open),
        TEST(now_is_the_services_clock),
        TEST(the_writers_connections_keep_the_real_clock),
        TEST(localtime_is_the_zone_of_the_process),
        TEST(an_error_says_what_would_be_right),
        TEST(what_fails_while_running_is_an_error_and_not_false),
        TEST(only_one_expression_is_accepted),
        TEST(other_tables_views_and_the_schema_are_out_of_reach),
        TEST(functions_beyond_the_list_are_out_of_reach),
        TEST(a_view_in_a_tables_place_is_not_followed),
        TEST(nothing_that_compiles_can_write),
        TEST(a_bomb_of_joins_is_stopped),
        TEST(a_bomb_of_memory_is_stopped),
        TEST(recursion_and_nested_common_tables_are_refused),
        TEST(one_slow_step_is_short_and_many_are_stopped),
        TEST(long_values_are_refused_where_they_are_read_only),
        TEST(size_and_depth_of_the_text_are_limited),
        TEST(compiling_is_quick_whatever_the_text),
        TEST(more_expressions_than_are_kept_still_work),
        TEST(a_locked_database_is_busy_and_nothing_waits),
        TEST(no_database_is_an_error_with_a_reason),
        cmocka_unit_test(a_playbook_can_be_checked_before_there_is_a_database),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
