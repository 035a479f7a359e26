/*
 * A small business for the tests of planning and sending: a folder with a configuration, a playbook
 * and templates, a database, a second connection that stands for the program which writes the rows,
 * and a clock that only the test moves. No loop and no gateway: what is claimed is answered by the
 * test itself (shop_send).
 *
 *     struct shop *s = shop_open("[rule ready]\non = job enters Ready\n", "2026-12-01T09:00");
 *     shop_sql(s, "INSERT INTO job ...");
 *     shop_look(s);
 *     assert_rows(s, "ready", "planned email 2026-12-01T09:00 c1");
 *     shop_close(s);
 *
 * Times are UTC; the business lives in Europe/Riga, two hours ahead in winter. It has neither quiet
 * hours nor caps unless a test asks for them (shop_open_with).
 */
#ifndef TESTS_SUPPORT_SHOP_H
#define TESTS_SUPPORT_SHOP_H

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
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "playbook/playbook.h"
#include "playbook/settings.h"
#include "send/claim.h"
#include "send/compose.h"
#include "send/settle.h"
#include "store/horizon.h"
#include "store/internal.h"
#include "store/messages.h"
#include "time/moment.h"
#include "watch/absorb.h"
#include "watch/replan.h"
#include "watch/subject.h"

#define SHOP_PLAIN "quiet = none\ncap = none\n"
#define SHOP_TURNS_MAX 10000 /* a test that needs more goes round in a circle */

struct shop {
    char dir[64];
    struct settings *settings;
    struct playbook *playbook;
    struct store *store;
    sqlite3 *other; /* the program that writes the rows */
    struct world world;
    struct template_set *templates;
    struct conditions *conditions;
    struct outlets outlets;
    struct brake *brake; /* NULL: there is none */
    int sent;            /* results given so far */
    /* What a gateway answers; NULL: everything is sent. */
    void (*answer)(struct shop *s, const struct claim *c, struct gateway_result *out);
    char last_text[2000], last_to[300], last_subject[500];
    enum channel last_channel;
};

/* --- the clock --- */

static int64_t shop_now_ms, shop_mono_us = 1000000;

static inline int64_t shop_wall(void *arg)
{
    return shop_now_ms;
}

static inline int64_t shop_mono(void *arg)
{
    return shop_mono_us;
}

static const struct clock_ops shop_clock = {shop_wall, shop_mono, shop_mono, NULL};

/* "2026-12-01T09:00", in UTC. */
static inline int64_t utc(const char *text)
{
    struct moment m;
    struct err err = {""};

    if (moment_parse(text, &m, &err) != 0)
        fail_msg("%s: %s", text, err.text);
    return moment_instant(&m, zone_utc());
}

static inline void shop_at(const char *text)
{
    int64_t then_ms = shop_now_ms;

    shop_now_ms = utc(text);
    if (shop_now_ms > then_ms)
        shop_mono_us += (shop_now_ms - then_ms) * 1000;
}

/* --- files --- */

static inline void shop_file(struct shop *s, const char *name, const char *text)
{
    char *path = fs_join(s->dir, name);
    char *folder = mem_strdup(path);
    struct err err = {""};

    *strrchr(folder, '/') = '\0';
    if (fs_mkdirs(folder, 0755, &err) != 0 ||
        fs_write_atomic(path, text, strlen(text), 0644, &err) != 0)
        fail_msg("%s", err.text);
    free(folder);
    free(path);
}

static inline void shop_problems(struct problems *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (!p->items[i].warning)
            fail_msg("%s:%d: %s", p->items[i].file, p->items[i].line, p->items[i].text);
    problems_close(p);
}

/* --- the database, as the other program sees it --- */

__attribute__((format(printf, 2, 3))) static inline void shop_sql(struct shop *s, const char *fmt,
                                                                  ...)
{
    char *message = NULL;
    struct buf sql;
    va_list ap;

    buf_init(&sql);
    va_start(ap, fmt);
    buf_vprintf(&sql, fmt, ap);
    va_end(ap);
    if (sqlite3_exec(s->other, sql.data, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql.data, message);
    buf_close(&sql);
}

static inline int shop_add_row(void *arg, int columns, char **values, char **names)
{
    struct buf *b = arg;

    if (b->len > 0)
        buf_puts(b, "; ");
    for (int i = 0; i < columns; i++)
        buf_printf(b, "%s%s", i > 0 ? " " : "", values[i] != NULL ? values[i] : "-");
    return 0;
}

/* The result's rows joined by "; ", their columns by spaces; free() it. */
__attribute__((format(printf, 2, 3))) static inline char *shop_ask(struct shop *s, const char *fmt,
                                                                   ...)
{
    char *message = NULL;
    struct buf sql, out;
    va_list ap;

    buf_init(&sql);
    buf_init(&out);
    va_start(ap, fmt);
    buf_vprintf(&sql, fmt, ap);
    va_end(ap);
    if (sqlite3_exec(s->other, sql.data, shop_add_row, &out, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql.data, message);
    buf_close(&sql);
    return buf_steal(&out);
}

static inline int64_t shop_count(struct shop *s, const char *sql)
{
    char *text = shop_ask(s, "%s", sql);
    int64_t n = strtoll(text, NULL, 10);

    free(text);
    return n;
}

#define SHOP_STATE                                                                                 \
    "CASE m.state WHEN 0 THEN 'planned' WHEN 1 THEN 'held' WHEN 2 THEN 'retry' WHEN 3 THEN "       \
    "'sending' WHEN 4 THEN 'unknown' WHEN 5 THEN 'sent' WHEN 6 THEN 'delivered' WHEN 7 THEN "      \
    "'bounced' WHEN 8 THEN 'failed' WHEN 9 THEN 'cancelled' WHEN 10 THEN 'skipped' WHEN 11 THEN "  \
    "'expired' END"
#define SHOP_CHANNEL "CASE m.channel WHEN 0 THEN 'email' WHEN 1 THEN 'sms' ELSE 'task' END"
#define SHOP_DUE "strftime('%%Y-%%m-%%dT%%H:%%M', m.due_ms / 1000, 'unixepoch')"
#define SHOP_FROM                                                                                  \
    " FROM message m JOIN rule r ON r.id = m.rule_id JOIN entity e ON e.id = m.recipient_id "

/* Every row of the rule, oldest first: "STATE CHANNEL DUE RECIPIENT; ...". */
static inline void assert_rows_at(struct shop *s, const char *rule, const char *expected,
                                  const char *file, int line)
{
    char *text = shop_ask(s,
                          "SELECT " SHOP_STATE ", " SHOP_CHANNEL ", " SHOP_DUE ", e.key" SHOP_FROM
                          "WHERE r.name = '%s' ORDER BY m.id",
                          rule);

    if (strcmp(text, expected) != 0) {
        char *why = shop_ask(
            s, "SELECT m.id, m.reason" SHOP_FROM "WHERE r.name = '%s' ORDER BY m.id", rule);
        print_error("%s has: %s\nexpected: %s\nreasons: %s\n", rule, text, expected, why);
        _fail(file, line);
    }
    free(text);
}
#define assert_rows(s, rule, expected) assert_rows_at(s, rule, expected, __FILE__, __LINE__)

/* The reason of the rule's newest row has these words in it. */
static inline void assert_reason_at(struct shop *s, const char *rule, const char *words,
                                    const char *file, int line)
{
    char *text = shop_ask(
        s, "SELECT m.reason" SHOP_FROM "WHERE r.name = '%s' ORDER BY m.id DESC LIMIT 1", rule);

    if (strstr(text, words) == NULL) {
        print_error("the reason is: %s\nexpected in it: %s\n", text, words);
        _fail(file, line);
    }
    free(text);
}
#define assert_reason(s, rule, words) assert_reason_at(s, rule, words, __FILE__, __LINE__)

static inline void assert_answer_at(struct shop *s, const char *sql, const char *expected,
                                    const char *file, int line)
{
    char *text = shop_ask(s, "%s", sql);

    if (strcmp(text, expected) != 0) {
        print_error("%s\ngives: %s\nexpected: %s\n", sql, text, expected);
        _fail(file, line);
    }
    free(text);
}
#define assert_answer(s, sql, expected) assert_answer_at(s, sql, expected, __FILE__, __LINE__)

/* --- planning --- */

static inline void shop_ok(struct shop *s, int rc, const char *doing)
{
    if (rc != 0)
        fail_msg("%s: %s (%s)", doing, err_name(rc), store_error(s->store));
}

static inline struct replan_counts shop_plan(struct shop *s, struct subjects *list)
{
    struct replan_counts counts = {0};

    subjects_sort(list);
    for (size_t i = 0, done; i < list->count; i += done)
        shop_ok(
            s,
            replan_subjects(&s->world, &list->ids[i], list->count - i, shop_now_ms, &counts, &done),
            "plan");
    subjects_close(list);
    return counts;
}

/* Look at the change log and plan what it concerns. */
static inline struct replan_counts shop_look(struct shop *s)
{
    struct subjects list = {0};
    size_t taken;

    shop_ok(s, store_begin(s->store), "begin");
    shop_ok(s, absorb_changes(&s->world, shop_now_ms, 100000, &list, &taken), "absorb");
    struct replan_counts counts = shop_plan(s, &list);
    shop_ok(s, store_commit(s->store), "commit");
    return counts;
}

static inline void shop_differs(void *arg, enum entity_kind kind, int64_t row_id)
{
    subjects_add(arg, kind);
    subjects_add(arg, row_id);
}

/* The full comparison of rows with what we know, and planning. Returns how many rows differed. */
static inline size_t shop_reconcile(struct shop *s, bool *repaired)
{
    struct reconcile_cursor cursor = {0};
    struct subjects list = {0}, pairs = {0};
    bool done = false;

    shop_ok(s, store_begin(s->store), "begin");
    shop_ok(s, store_repair(s->store, repaired), "repair");
    for (int i = 0; !done && i < SHOP_TURNS_MAX; i++)
        shop_ok(s, store_reconcile(s->store, &cursor, 2, shop_differs, &pairs, &done), "compare");
    assert_true(done);
    for (size_t i = 0; i < pairs.count; i += 2)
        shop_ok(s,
                absorb_row(&s->world, (enum entity_kind)pairs.ids[i], pairs.ids[i + 1], shop_now_ms,
                           &list),
                "absorb a row");
    shop_plan(s, &list);
    shop_ok(s, store_commit(s->store), "commit");
    size_t n = pairs.count / 2;
    subjects_close(&pairs);
    return n;
}

/* Plan everything whose plan is older than the playbook, as at a start or after an edit. Returns
 * how many subjects. */
static inline size_t shop_sweep(struct shop *s)
{
    struct subjects list = {0};
    int64_t after = 0;
    bool done = false;

    shop_ok(s, store_begin(s->store), "begin");
    while (!done)
        shop_ok(s,
                store_entities_unplanned(s->store, s->world.generation, &after, 3, subjects_add,
                                         &list, &done),
                "sweep");
    size_t count = list.count;
    shop_plan(s, &list);
    shop_ok(s, store_commit(s->store), "commit");
    return count;
}

/* Anew, as at a start or a reload; new and changed rules stay on trial. */
static inline void shop_load_world_on_trial(struct shop *s)
{
    world_close(&s->world);
    shop_ok(s, store_begin(s->store), "begin");
    shop_ok(s, world_load(&s->world, s->store, s->settings, s->playbook, shop_now_ms, true),
            "load the world");
    shop_ok(s, store_commit(s->store), "commit");
}

/* The same, and no trial: most tests are about something else. */
static inline void shop_load_world(struct shop *s)
{
    shop_load_world_on_trial(s);
    shop_ok(s, store_exec(s->store, "UPDATE rule SET trial = 0"), "end the trials");
    shop_ok(s, store_rules_paused(s->store, s->world.rules, s->playbook->rule_count), "read");
}

static inline struct playbook *shop_read_playbook(struct shop *s)
{
    struct problems problems = {0};
    char *path = fs_join(s->dir, "playbook.conf");
    struct playbook *p = playbook_read(path, &problems);

    free(path);
    shop_problems(&problems);
    assert_non_null(p);
    return p;
}

static inline void shop_forget_templates(struct shop *s)
{
    template_set_free(s->templates);
    s->templates = NULL;
}

/* The owner saves another playbook; nothing is planned by it yet. */
static inline void shop_save(struct shop *s, const char *playbook)
{
    struct playbook *before = s->playbook;
    struct world old = s->world;

    s->world = (struct world){0};
    shop_file(s, "playbook.conf", playbook);
    s->playbook = shop_read_playbook(s);
    shop_load_world(s);
    world_inherit(&s->world, &old);
    world_close(&old);
    playbook_free(before);
    conditions_forget(s->conditions);
    shop_forget_templates(s);
}

/* The same, and it is planned. */
static inline void shop_edit(struct shop *s, const char *playbook)
{
    shop_save(s, playbook);
    shop_sweep(s);
}

/* --- opening and closing --- */

#define SHOP_WORKFLOW                                                                              \
    "[workflow repair]\nstages = Received, Quote sent, In repair, Ready, Collected, Declined\n"    \
    "done = Collected\nlost = Declined\nwaiting = Quote sent\n"

static inline struct shop *shop_open_with(const char *business, const char *playbook,
                                          const char *now)
{
    struct shop *s = mem_zalloc(sizeof(*s));
    struct problems problems = {0};
    struct err err = {""};
    char *path;

    log_set_level(LOG_LEVEL_ERROR);
    clock_replace(&shop_clock);
    shop_at(now);
    strcpy(s->dir, "/tmp/betimes-shop-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    char *conf = mem_printf("[business]\nname = Riverside Garage\ntimezone = Europe/Riga\n"
                            "language = en\ncountry = LV\nemail = hello@example.com\n%s\n"
                            "[gateway drawer]\ntype = file\npath = drawer\n",
                            business);
    shop_file(s, "betimes.conf", conf);
    shop_file(s, "playbook.conf", playbook);
    free(conf);
    s->settings = settings_read(s->dir, &problems);
    shop_problems(&problems);
    assert_non_null(s->settings);
    s->playbook = shop_read_playbook(s);
    path = s->settings->database;
    if (store_open(path, STORE_CREATE, &s->store, &err) != 0)
        fail_msg("%s", err.text);
    shop_ok(s, store_exec(s->store, "PRAGMA synchronous = OFF"), "no need to wait for the disk");
    shop_ok(s, store_meta_set_int(s->store, "created_ms", shop_now_ms), "created");
    assert_int_equal(sqlite3_open(path, &s->other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(s->other, "PRAGMA synchronous = OFF", NULL, NULL, NULL),
                     SQLITE_OK);
    s->conditions = conditions_open(path, &err);
    if (s->conditions == NULL)
        fail_msg("%s", err.text);
    shop_load_world(s);
    return s;
}

static inline struct shop *shop_open(const char *playbook, const char *now)
{
    return shop_open_with(SHOP_PLAIN, playbook, now);
}

static inline void shop_close(struct shop *s)
{
    char *command = mem_printf("rm -rf '%s'", s->dir);

    shop_forget_templates(s);
    free(s->outlets.items);
    conditions_close(s->conditions);
    world_close(&s->world);
    playbook_free(s->playbook);
    settings_free(s->settings);
    assert_int_equal(sqlite3_close(s->other), SQLITE_OK);
    store_close(s->store);
    assert_int_equal(system(command), 0);
    free(command);
    free(s);
    clock_replace(NULL);
}

/* The client Ilze, with an address and a number, in row 1. */
static inline void shop_ilze(struct shop *s)
{
    shop_sql(s, "INSERT INTO client (id, ref, name, email, phone) VALUES "
                "(1, 'c1', 'Ilze', 'ilze@example.com', '+37120000001')");
}

#include "shop_sending.h"

#endif
