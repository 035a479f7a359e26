/* For the tests of store/condition: a garage's database, a writer beside us, and conditions told in
 * one line. */
#ifndef TESTS_STORE_CONDITION_COMMON_H
#define TESTS_STORE_CONDITION_COMMON_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "store/condition.h"
#include "store/memory.h"
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

static inline void run(struct world *w, const char *sql)
{
    char *message = NULL;

    if (sqlite3_exec(w->writer, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
}

static inline int set_up(void **state)
{
    struct world *w = mem_zalloc(sizeof(*w));
    struct err err = {0};

    strcpy(w->folder, "/tmp/condition-test-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    w->path = mem_printf("%s/betimes.db", w->folder);
    store_memory_init(); /* before the first use of SQLite, which is this one */
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

static inline int tear_down(void **state)
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

static inline bool eval(struct world *w, const char *expression, const struct condition_ids *ids)
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
static inline void refused(struct world *w, const char *expression, const char *sentence)
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

#endif
