/*
 * A backlog is read and written many rows at a time, and what comes of it is what comes of its
 * entries one after another. Two shops live through the same: the log of one is looked at as it is;
 * in that of the other an entry that means nothing stands before each, so that no two of them are
 * about rows that follow each other. After each look both know the same, down to the ids.
 *
 * The seed of a random history is printed; BETIMES_SEED=N repeats one, BETIMES_STEPS=N makes it
 * longer.
 */
#include "../support/seeds.h"
#include "beginnings.h"

#include "base/rng.h"

#define SEEDS 6
#define STEPS 30
#define AT_ONCE 100000 /* more entries than there are */

/* The third rule's wait is ended by an answer. */
#define RULES                                                                                      \
    VISITS JOBS "[rule silent]\non = no answer to ready\nwhen = 2 days after\n"                    \
                "[rule boss]\non = job enters Received\nwhen = 2 hours after\nto = manager\n"

struct twins {
    struct shop *together, *apart;
};

static struct twins twins_open(void)
{
    return (struct twins){shop_open(RULES, "2026-12-01T09:00"),
                          shop_open(RULES, "2026-12-01T09:00")};
}

static void twins_close(struct twins *t)
{
    shop_close(t->together);
    shop_close(t->apart);
}

__attribute__((format(printf, 2, 3))) static void twins_sql(struct twins *t, const char *fmt, ...)
{
    struct buf sql;
    va_list ap;

    buf_init(&sql);
    va_start(ap, fmt);
    buf_vprintf(&sql, fmt, ap);
    va_end(ap);
    shop_sql(t->together, "%s", sql.data);
    shop_sql(t->apart, "%s", sql.data);
    buf_close(&sql);
}

/* The log's times are those of two connections: make them the same. */
static void tell_times(struct shop *s)
{
    shop_sql(s,
             "UPDATE change_log SET at_ms = %lld + (SELECT count(*) FROM change_log AS c "
             "WHERE c.id <= change_log.id)",
             (long long)shop_now_ms - 1000000);
}

static void put_between(struct shop *s)
{
    shop_sql(s, "UPDATE change_log SET id = -id; UPDATE change_log SET id = -2 * id; "
                "INSERT INTO change_log (id, kind, row_id, at_ms) SELECT id - 1, 5, 0, 0 "
                "FROM change_log");
}

static void same(struct twins *t, const char *sql)
{
    char *together = shop_ask(t->together, "%s", sql), *apart = shop_ask(t->apart, "%s", sql);

    if (strcmp(together, apart) != 0)
        fail_msg("%s\ntogether: %s\napart: %s", sql, together, apart);
    free(together);
    free(apart);
}

static void know_the_same(struct twins *t)
{
    same(t, "SELECT * FROM entity ORDER BY id");
    same(t, "SELECT * FROM event ORDER BY entity_id, revision");
    same(t, "SELECT * FROM past ORDER BY entity_id, at_ms");
    same(t, "SELECT * FROM stray ORDER BY entity_id");
    same(t, "SELECT * FROM task ORDER BY id");
    same(t, "SELECT * FROM message ORDER BY id");
}

/* Take in one batch, and plan (or leave that to a later sweep, as a crash would). Returns how many
 * entries; *planned: the subjects, in words. */
static size_t batch(struct shop *s, size_t max, bool plans, char **planned)
{
    struct subjects list = {0};
    struct buf words;
    size_t taken;

    buf_init(&words);
    shop_ok(s, store_begin(s->store), "begin");
    shop_ok(s, absorb_changes(&s->world, shop_now_ms, max, &list, &taken), "absorb");
    subjects_sort(&list);
    for (size_t i = 0; i < list.count; i++)
        buf_printf(&words, " %lld", (long long)list.ids[i]);
    if (plans)
        shop_plan(s, &list);
    subjects_close(&list);
    shop_ok(s, store_commit(s->store), "commit");
    *planned = buf_steal(&words);
    return taken;
}

/* Both look at what was logged, `max` entries at a time. */
static void twins_look(struct twins *t, size_t max, bool plans)
{
    size_t taken = max;

    tell_times(t->together);
    tell_times(t->apart);
    put_between(t->apart);
    while (taken == max) {
        char *together, *apart;
        taken = batch(t->together, max, plans, &together);
        assert_int_equal(batch(t->apart, 2 * max, plans, &apart), 2 * taken);
        if (together == NULL || apart == NULL || strcmp(together, apart) != 0)
            fail_msg("to be planned:%s; apart:%s", together, apart);
        free(together);
        free(apart);
    }
    know_the_same(t);
    assert_int_equal(shop_count(t->together, "SELECT count(*) FROM change_log"), 0);
    twins_sql(t, "UPDATE sqlite_sequence SET seq = 0 WHERE name = 'change_log'");
}

#define NUMBERS(last)                                                                              \
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " last ") "

/* --- imports --- */

/* A hundred and fifty clients, each with a job and a visit. */
static void import(struct twins *t)
{
    twins_sql(t, NUMBERS("150") "INSERT INTO client (ref, name, email) SELECT 'c' || i, "
                                "'Client ' || i, 'c' || i || '@example.com' FROM n");
    twins_sql(t, NUMBERS("150") "INSERT INTO job (ref, client_id, stage, due) SELECT 'j' || i, i, "
                                "CASE i %% 3 WHEN 0 THEN 'Ready' WHEN 1 THEN ' Received' ELSE "
                                "'In repare' END, iif(i %% 4, NULL, '2026-12-09') FROM n");
    twins_sql(t, NUMBERS("150") "INSERT INTO appointment (client_id, starts) "
                                "SELECT i, '2026-12-08T15:00' FROM n");
}

static void an_import_comes_out_as_its_rows_one_after_another(void **state)
{
    static const size_t batches[] = {AT_ONCE, 450, 100, 64, 7, 1};

    for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++) {
        struct twins t = twins_open();
        import(&t);
        twins_look(&t, batches[i], i % 2 == 0);
        assert_answer(t.together, "SELECT kind, count(*) FROM entity WHERE kind <> 6 GROUP BY kind",
                      "1 150; 3 150; 4 150");
        assert_answer(t.together,
                      "SELECT count(*) FROM entity a JOIN entity b ON b.kind = a.kind AND "
                      "b.row_id > a.row_id AND b.id < a.id",
                      "0");
        assert_answer(t.together,
                      "SELECT count(*), min(e.revision), max(e.revision) FROM event e "
                      "JOIN entity n ON n.id = e.entity_id AND n.kind = 4",
                      "150 1 1");
        twins_close(&t);
    }
}

/* What was imported is changed by an import that brings more. */
static void rows_that_are_known_among_new_ones_stay_who_they_are(void **state)
{
    struct twins t = twins_open();

    import(&t);
    twins_look(&t, AT_ONCE, true);
    twins_sql(&t, NUMBERS("150") "INSERT OR REPLACE INTO job (id, ref, client_id, stage) "
                                 "SELECT 75 + i, 'j' || (75 + i), i, 'Ready' FROM n");
    twins_look(&t, AT_ONCE, true);
    assert_int_equal(shop_count(t.together, "SELECT count(*) FROM entity WHERE kind = 3"), 225);
    /* event 2: a job opens; 0: it enters a stage */
    assert_answer(t.together,
                  "SELECT count(*), count(DISTINCT entity_id) FROM event WHERE event = 2",
                  "225 225");
    assert_answer(t.together,
                  "SELECT count(DISTINCT entity_id) FROM event WHERE event = 0 AND "
                  "stage = 'Ready' AND entity_id IN (SELECT id FROM entity "
                  "WHERE kind = 3 AND row_id > 75)",
                  "150");
    twins_close(&t);
}

/* --- what concerns one record more than once in a batch --- */

static void a_row_logged_twice_in_a_batch_is_one_record(void **state)
{
    struct twins t = twins_open();

    shop_ilze(t.together);
    shop_ilze(t.apart);
    twins_sql(&t, NUMBERS("20") "INSERT INTO job (ref, client_id, stage) "
                                "SELECT 'j' || i, 1, 'Received' FROM n");
    twins_sql(&t, "UPDATE job SET stage = 'In repair'; UPDATE job SET stage = 'Ready', "
                  "due = '2026-12-09' WHERE id > 10");
    twins_sql(&t, NUMBERS("20") "INSERT INTO appointment (ref, client_id, starts) "
                                "SELECT 'a' || i, 1, '2026-12-08T15:00' FROM n");
    twins_sql(&t, "UPDATE appointment SET title = 'Service'; "
                  "UPDATE appointment SET status = 'cancelled' WHERE id BETWEEN 5 AND 8");
    twins_look(&t, AT_ONCE, true);
    assert_answer(t.together,
                  "SELECT kind, n, count(*) FROM (SELECT x.kind, count(*) AS n FROM entity x JOIN "
                  "event e ON e.entity_id = x.id GROUP BY x.id) GROUP BY 1, 2",
                  "3 4 10; 3 7 10; 4 1 16; 4 2 4");
    twins_close(&t);
}

/* Between the first entry of a story and its last a batch ends, wherever that falls. */
static void a_story_goes_on_across_the_end_of_a_full_batch(void **state)
{
    for (size_t max = 1; max <= 41; max += 4) {
        struct twins t = twins_open();
        shop_ilze(t.together);
        shop_ilze(t.apart);
        twins_sql(&t, NUMBERS("20") "INSERT INTO job (client_id, stage) SELECT 1, 'Received' "
                                    "FROM n");
        twins_sql(&t, "UPDATE job SET stage = 'In repair', due = '2026-12-09'; "
                      "UPDATE job SET stage = 'Ready'; UPDATE job SET stage = 'Collected'");
        twins_look(&t, max, max % 8 == 1);
        /* opens, enters, and three times leaves and enters; a due time once all is compared */
        assert_answer(t.together,
                      "SELECT n, count(*) FROM (SELECT count(*) AS n FROM event WHERE event <> 5 "
                      "GROUP BY entity_id) GROUP BY n",
                      "8 20");
        twins_close(&t);
    }
}

static void a_row_replaced_within_a_batch_is_one_record(void **state)
{
    struct twins t = twins_open();

    shop_ilze(t.together);
    shop_ilze(t.apart);
    twins_sql(&t, NUMBERS("10") "INSERT INTO job (ref, client_id, stage) "
                                "SELECT 'j' || i, 1, 'Received' FROM n");
    twins_sql(&t, NUMBERS("10") "INSERT OR REPLACE INTO job (ref, client_id, stage) "
                                "SELECT 'j' || i, 1, 'Ready' FROM n");
    twins_sql(&t, NUMBERS("3") "INSERT OR REPLACE INTO job (id, ref, client_id, stage) "
                               "SELECT 20 + i, 'j' || (5 - i), 1, 'Collected' FROM n");
    twins_look(&t, AT_ONCE, true);
    assert_answer(t.together,
                  "SELECT count(*), min(row_id), max(row_id) FROM entity WHERE kind = 3",
                  "10 11 23");
    twins_close(&t);
}

static void a_row_deleted_within_its_batch_was_never_there(void **state)
{
    struct twins t = twins_open();

    shop_ilze(t.together);
    shop_ilze(t.apart);
    twins_sql(&t, NUMBERS("10") "INSERT INTO appointment (ref, client_id, starts) "
                                "SELECT 'a' || i, 1, '2026-12-08T15:00' FROM n");
    twins_sql(&t, "DELETE FROM appointment WHERE id %% 3 = 0");
    twins_look(&t, AT_ONCE, true);
    assert_answer(t.together, "SELECT group_concat(row_id) FROM entity WHERE kind = 4",
                  "1,2,4,5,7,8,10");
    assert_answer(t.together,
                  "SELECT group_concat(id) FROM message WHERE subject_id NOT IN "
                  "(SELECT id FROM entity WHERE kind = 4)",
                  "-");
    twins_close(&t);
}

/* A row without a ref is called by its number, and another program may choose that very name. */
static void a_row_without_ref_and_a_ref_of_its_number_do_not_get_in_each_others_way(void **state)
{
    static const char *const refs[] = {
        "iif(i = 3, '#7', NULL)",
        "iif(i = 7, '#3', NULL)",
        "iif(i % 2, '#' || (i + 1), NULL)",
        "iif(i % 2, NULL, '#' || (i - 1))",
        "'#' || i",
        "'#' || (21 - i)",
    };

    for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++)
        for (size_t max = 5; max < 100; max += 30) {
            struct twins t = twins_open();
            char *sql =
                mem_printf("INSERT INTO client (ref, name) SELECT %s, 'Client' FROM n", refs[i]);
            shop_sql(t.together, NUMBERS("20") "%s", sql);
            shop_sql(t.apart, NUMBERS("20") "%s", sql);
            free(sql);
            twins_look(&t, max, true);
            assert_int_equal(
                shop_count(t.together, "SELECT count(*) FROM entity WHERE kind = 1"),
                shop_count(t.together,
                           "SELECT count(DISTINCT coalesce(ref, '#' || id)) FROM client"));
            twins_close(&t);
        }
}

/* Whatever order they come in: visits before their clients, answers before what they are about. */
static void a_client_and_all_that_is_hers_may_come_in_one_batch(void **state)
{
    static const char *const rows[] = {
        NUMBERS("5") "INSERT INTO client (ref, name, email) "
                     "SELECT 'c' || i, 'Client', 'c' || i || '@example.com' FROM n",
        NUMBERS("15") "INSERT INTO job (ref, client_id, stage) "
                      "SELECT 'j' || i, 1 + i %% 5, 'Ready' FROM n",
        NUMBERS(
            "15") "INSERT INTO appointment (ref, client_id, job_id, starts) "
                  "SELECT 'a' || i, 1 + i %% 5, iif(i %% 2, i, NULL), '2026-12-08T15:00' FROM n",
        NUMBERS("15") "INSERT INTO answer (client_id, job_id, appointment_id, at) "
                      "SELECT 1 + i %% 5, iif(i %% 3, i, NULL), iif(i %% 2, NULL, i), "
                      "'2026-12-01T08:00:00Z' FROM n",
    };

    for (size_t first = 0; first < 24; first++) {
        struct twins t = twins_open();
        size_t left[] = {0, 1, 2, 3}, pick = first;
        twins_sql(&t, "PRAGMA foreign_keys = OFF");
        for (size_t n = 4; n > 0; pick /= n--) {
            size_t at = pick % n;
            shop_sql(t.together, rows[left[at]]);
            shop_sql(t.apart, rows[left[at]]);
            left[at] = left[n - 1];
        }
        twins_look(&t, first % 2 ? 25 : AT_ONCE, true);
        assert_int_equal(shop_count(t.together, "SELECT count(*) FROM entity WHERE kind <> 6"), 50);
        twins_close(&t);
    }
}

/* --- random histories --- */

static int upto(int n)
{
    return (int)rng_below((uint64_t)n);
}

static const char *const tables[] = {"client", "job", "appointment", "answer", "staff"};
static const int kinds[] = {ENTITY_CLIENT, ENTITY_JOB, ENTITY_APPOINTMENT, ENTITY_ANSWER,
                            ENTITY_STAFF};

/* What a key is like, of row n.k: the writer's own, none, one that looks like somebody's number. */
static const char *const keys[] = {
    "'k' || n.k",
    "NULL",
    "'k' || (n.k * 7 % 61)",
    "CASE n.k % 3 WHEN 0 THEN NULL WHEN 1 THEN '#' || (n.k + 1) ELSE 'k' || n.k END",
    "'#' || n.k",
};

/* Up to a hundred rows one behind the other, some of which there may have been. */
static void put_rows(struct twins *t)
{
    static const char *const columns[] = {
        "name, email) SELECT %s, %s, 'Client ' || n.k, iif(n.k %% 5, 'c@example.com', NULL)",
        "client_id, stage, due) SELECT %s, %s, 1 + n.k * 3 %% 40, CASE n.k %% 4 WHEN 0 THEN "
        "'Ready' WHEN 1 THEN 'Received' WHEN 2 THEN ' In repair ' ELSE 'In repare' END, "
        "iif(n.k %% 5, NULL, '2026-12-09')",
        "client_id, starts, status, job_id) SELECT %s, %s, 1 + n.k * 5 %% 40, "
        "'2026-12-' || (10 + n.k %% 20) || 'T15:00', CASE n.k %% 7 WHEN 0 THEN 'confirmed' "
        "WHEN 1 THEN 'missed' ELSE 'booked' END, iif(n.k %% 6, NULL, n.k)",
        "client_id, job_id, appointment_id, at) SELECT %s, %s, 1 + n.k %% 40, "
        "iif(n.k %% 2, n.k, NULL), iif(n.k %% 3, NULL, n.k), '2026-12-01T08:00:00Z'",
        "name, manager_id) SELECT %s, %s, 'Staff ' || n.k, iif(n.k %% 2, n.k + 1, NULL)",
    };
    int table = upto(16), first = 1 + upto(80), count = 1 + (upto(2) ? upto(100) : upto(6));
    table = table < 15 ? table % 4 : 4;
    if (table >= 3)
        count = 1 + count % 5;
    char *values = mem_printf(columns[table], upto(3) ? "n.k" : "NULL", keys[upto(5)]);

    twins_sql(t,
              "WITH RECURSIVE n (k) AS (SELECT %d UNION ALL SELECT k + 1 FROM n WHERE k < %d) "
              "INSERT OR %s INTO %s (id, ref, %s FROM n",
              first, first + count - 1, upto(3) ? "REPLACE" : "IGNORE", tables[table], values);
    free(values);
}

static void change_rows(struct twins *t)
{
    int from = upto(100), to = from + upto(upto(3) ? 4 : 60);

    switch (upto(10)) {
    case 0:
        twins_sql(t, "DELETE FROM %s WHERE id BETWEEN %d AND %d", tables[upto(5)], from, to);
        break;
    case 1:
        twins_sql(t, "UPDATE OR IGNORE %s SET ref = %s WHERE id BETWEEN %d AND %d", tables[upto(4)],
                  upto(2) ? "NULL" : "'#' || (id + 2)", from, to);
        break;
    case 2:
        twins_sql(t, "UPDATE OR IGNORE %s SET id = id + %d WHERE id BETWEEN %d AND %d",
                  tables[upto(4)], 1 + upto(120), from, to);
        break;
    case 3:
        twins_sql(t, "UPDATE client SET email = 'n%d@example.com' WHERE id BETWEEN %d AND %d",
                  upto(3), from, to);
        break;
    case 4:
        twins_sql(t, "UPDATE %s SET client_id = %d WHERE id BETWEEN %d AND %d", tables[1 + upto(3)],
                  1 + upto(40), from, to);
        break;
    case 5:
    case 6:
        twins_sql(t, "UPDATE appointment SET status = '%s' WHERE id BETWEEN %d AND %d",
                  upto(2) ? "cancelled" : "booked", from, to);
        break;
    default:
        twins_sql(t, "UPDATE job SET stage = '%s' WHERE id BETWEEN %d AND %d",
                  upto(2)   ? "Ready"
                  : upto(2) ? "Collected"
                            : "In repare",
                  from, to);
        break;
    }
}

static void twins_reconcile(struct twins *t)
{
    bool repaired;

    assert_int_equal(shop_reconcile(t->together, &repaired), shop_reconcile(t->apart, &repaired));
    know_the_same(t);
}

static void live(uint64_t seed, int steps)
{
    static const size_t batches[] = {AT_ONCE, 500, 100, 65, 10, 3, 1};
    struct twins t = twins_open();

    print_message("BETIMES_SEED=%llu\n", (unsigned long long)seed);
    rng_seed(seed);
    twins_sql(&t, "PRAGMA foreign_keys = OFF; PRAGMA recursive_triggers = %d", upto(2));
    for (int i = 0; i < steps; i++) {
        for (int k = upto(6); k >= 0; k--)
            if (upto(2))
                put_rows(&t);
            else
                change_rows(&t);
        if (upto(8) == 0) { /* as if there had been no trigger */
            int table = upto(5);
            twins_sql(&t, "DELETE FROM change_log WHERE kind = %d AND row_id %% %d = 0",
                      kinds[table], 1 + upto(4));
        }
        twins_look(&t, batches[upto(7)], upto(4) != 0);
        if (upto(5) == 0)
            twins_reconcile(&t);
        shop_now_ms += upto(3) * INT64_C(3600000);
    }
    twins_close(&t);
}

static void random_histories_come_out_the_same(void **state)
{
    live_seeds(live, SEEDS, STEPS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_import_comes_out_as_its_rows_one_after_another),
        cmocka_unit_test(rows_that_are_known_among_new_ones_stay_who_they_are),
        cmocka_unit_test(a_row_logged_twice_in_a_batch_is_one_record),
        cmocka_unit_test(a_story_goes_on_across_the_end_of_a_full_batch),
        cmocka_unit_test(a_row_replaced_within_a_batch_is_one_record),
        cmocka_unit_test(a_row_deleted_within_its_batch_was_never_there),
        cmocka_unit_test(a_row_without_ref_and_a_ref_of_its_number_do_not_get_in_each_others_way),
        cmocka_unit_test(a_client_and_all_that_is_hers_may_come_in_one_batch),
        cmocka_unit_test(random_histories_come_out_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
