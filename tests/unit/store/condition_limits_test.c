/* store/condition: nothing that a rule's condition says can run on, or grow. */
#include <sys/resource.h>

#include "condition_common.h"

/* Accepted, but stopped while running, soon, with ERR_LIMIT; with `sentence`, in exactly these
 * words: by real clocks it depends on the machine which limit comes first. */
static void stopped(struct world *w, const char *expression, const char *sentence)
{
    struct err err = {0};
    bool truth = true;
    int64_t start_ms = clock_mono_ms();

    if (condition_check(w->conditions, expression, &err) != 0)
        fail_msg("%s: %s", expression, err.text);
    assert_int_equal(condition_eval(w->conditions, expression, &ilze, &truth, &err), ERR_LIMIT);
    assert_false(truth);
    if (sentence != NULL)
        assert_string_equal(err.text, sentence);
    assert_in_range(clock_mono_ms() - start_ms, 0, STOPPED_WITHIN_MS);
}

/* How much later it is at each look at the clock, and of that, how much the thread had. */
static int64_t look_takes_us, look_works_us, real_us, worked_us;

static int64_t looked(void *arg)
{
    worked_us += look_works_us;
    return real_us += look_takes_us;
}

static int64_t worked(void *arg)
{
    return worked_us;
}

static const struct clock_ops looked_at = {looked, looked, worked, NULL};

static void each_look_takes(int64_t takes_us, int64_t works_us)
{
    look_takes_us = takes_us;
    look_works_us = works_us;
    real_us = worked_us = 0;
    clock_replace(&looked_at);
}

#define BOMB "(SELECT count(*) FROM client a, client b, client c, client d, client e) > 0"

static void fill_bomb(struct world *w)
{
    run(w, "INSERT INTO client (name) SELECT 'many' FROM (SELECT 1 FROM consent UNION ALL"
           " SELECT value FROM json_each('[1,2,3,4,5,6,7,8,9,10]')), json_each("
           "'[1,2,3,4,5,6,7,8,9,10]')");
}

static void a_bomb_of_joins_is_stopped(void **state)
{
    struct world *w = *state;

    fill_bomb(w);
    stopped(w, BOMB, NULL);
    assert_holds(w, "client.name = 'Ilze'");
    each_look_takes(1000, 1000);
    stopped(w, BOMB, "it takes longer than 200 ms; does a subquery read too much?");
    assert_in_range(real_us, 200 * 1000, 210 * 1000);
    assert_holds(w, "client.name = 'Ilze'");
}

/* Suspended for a second, or one thread of many on a small machine. */
static void what_others_do_with_the_machine_stops_nothing(void **state)
{
    struct world *w = *state;

    fill_bomb(w);
    each_look_takes(CONDITION_REAL_MS * 1000 / 200, 1);
    assert_holds(w, "(SELECT count(*) FROM client a, client b WHERE a.id <= 4) > 0");
    assert_in_range(real_us, 2 * CONDITION_WORK_MS * 1000, CONDITION_REAL_MS * 1000);
}

static void a_wait_for_the_disk_ends_too(void **state)
{
    struct world *w = *state;

    fill_bomb(w);
    each_look_takes(50 * 1000, 1);
    stopped(w, BOMB, "it took longer than 3 s; are the disk or the machine too busy?");
    assert_holds(w, "client.name = 'Ilze'");
}

static long resident_most_kb(void)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return used.ru_maxrss;
}

static int64_t standing_still(void *arg)
{
    return 1000;
}

/* With a clock that stands still, memory is what stops it, however slow the machine. */
static void a_bomb_of_memory_is_stopped(void **state)
{
    struct world *w = *state;
    static const struct clock_ops no_time = {standing_still, standing_still, standing_still, NULL};
    int64_t before = store_memory_used(), before_kb = resident_most_kb();

    run(w, "INSERT INTO client (name, notes) SELECT 'long', replace(hex(zeroblob(7500)), '0',"
           " 'ab') FROM json_each('[1,2,3,4,5,6,7,8,9,10]') a, json_each('[1,2,3,4,5]') b");
    clock_replace(&no_time);
    stopped(w,
            "(SELECT count(*) FROM (SELECT DISTINCT a.notes || b.id || c.id FROM client a, client"
            " b, client c)) > 0",
            "it takes more than 32 MB of memory");
    /* AddressSanitizer keeps what was given back for a while. */
    assert_in_range(resident_most_kb() - before_kb, 0, 512 << 10);
    assert_in_range(store_memory_used() - before, 0, 8 << 20); /* given back, but for the cache */
    assert_int_equal(sqlite3_memory_used(), 0);                /* SQLite itself counts nothing */
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
            NULL);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_bomb_of_joins_is_stopped),
        TEST(what_others_do_with_the_machine_stops_nothing),
        TEST(a_wait_for_the_disk_ends_too),
        TEST(a_bomb_of_memory_is_stopped),
        TEST(recursion_and_nested_common_tables_are_refused),
        TEST(one_slow_step_is_short_and_many_are_stopped),
        TEST(long_values_are_refused_where_they_are_read_only),
        TEST(size_and_depth_of_the_text_are_limited),
        TEST(compiling_is_quick_whatever_the_text),
        TEST(more_expressions_than_are_kept_still_work),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
