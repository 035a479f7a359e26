/* store/condition: nothing that a rule's condition says can reach further than the four records. */
#include "condition_common.h"

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
            "a condition cannot look at outbox; it sees client, job, appointment, staff "
            "and answer");
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
            "a condition cannot look at staff; it sees client, job, appointment, staff "
            "and answer");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_one_expression_is_accepted),
        TEST(other_tables_views_and_the_schema_are_out_of_reach),
        TEST(functions_beyond_the_list_are_out_of_reach),
        TEST(a_view_in_a_tables_place_is_not_followed),
        TEST(nothing_that_compiles_can_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
