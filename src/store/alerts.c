/* Alerts. See store/alerts.h. */
#include "store/alerts.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/internal.h"

void alert_rows_free(struct alert_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(rows[i].key);
        free(rows[i].text);
    }
    free(rows);
}

int store_alert_raise(struct store *s, const char *key, const char *text, bool once, int64_t now_ms)
{
    sqlite3_stmt *st = store_prepare(
        s, "INSERT INTO alert (key, text, since_ms, once) VALUES (?1, ?2, ?3, ?4) "
           "ON CONFLICT (key) DO UPDATE SET text = excluded.text, over_ms = NULL, once = ?4, "
           "since_ms = iif(over_ms IS NULL, since_ms, excluded.since_ms) "
           "WHERE over_ms IS NOT NULL OR text <> excluded.text");

    if (st != NULL) {
        bind_text(st, 1, key);
        bind_text(st, 2, text);
        bind_int(st, 3, now_ms);
        bind_int(st, 4, once);
    }
    return store_finish(s, st);
}

int store_alert_clear(struct store *s, const char *key, int64_t now_ms)
{
    sqlite3_stmt *st = store_prepare(
        s, "UPDATE alert SET over_ms = ?2 WHERE key = ?1 AND over_ms IS NULL AND NOT once");

    if (st != NULL) {
        bind_text(st, 1, key);
        bind_int(st, 2, now_ms);
    }
    return store_finish(s, st);
}

/* Was it told within a day? A time in the future is that of a clock which was set back since. */
#define FRESH "(told_ms > 0 AND told_ms <= ?1 AND told_ms > ?1 - 86400000)"

int store_alerts(struct store *s, int64_t now_ms, struct alert_row **out, size_t *count)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT key, text, since_ms, over_ms IS NOT NULL, over_ms IS NOT NULL OR NOT " FRESH
           " FROM alert WHERE over_ms IS NULL OR told_ms >= since_ms ORDER BY since_ms, key");
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    if (st != NULL)
        bind_int(st, 1, now_ms);
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        (*out)[(*count)++] = (struct alert_row){
            .key = column_text(st, 0),
            .text = column_text(st, 1),
            .since_ms = column_int(st, 2),
            .over = column_int(st, 3) != 0,
            .news = column_int(st, 4) != 0,
        };
    }
    return rc;
}

int store_alerts_told(struct store *s, int64_t now_ms)
{
    /* What was told to be over stays for a day, so that the same again is no news: as one that
     * nobody was told of since it began, but of late. */
    sqlite3_stmt *st =
        store_prepare(s, "UPDATE alert SET told_ms = iif(over_ms IS NULL, ?1, told_ms), "
                         "over_ms = iif(once, ?1, over_ms), "
                         "since_ms = iif(once OR over_ms IS NOT NULL, ?1 + 1, since_ms)");

    if (st != NULL)
        bind_int(st, 1, now_ms);
    int rc = store_finish(s, st);
    if (rc != 0)
        return rc;
    st = store_prepare(s, "DELETE FROM alert WHERE over_ms IS NOT NULL AND NOT " FRESH);
    if (st != NULL)
        bind_int(st, 1, now_ms);
    return store_finish(s, st);
}

/* What is held has a task, and of tasks there are few. */
int store_alert_counts(struct store *s, int64_t since_ms, struct alert_counts *out)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT (SELECT count(*) FROM task t JOIN message m ON m.id = t.message_id WHERE "
           "t.done_ms IS NULL AND m.state = 1), (SELECT count(*) FROM task WHERE done_ms IS NULL), "
           "total(state = 8), total(state = 4) FROM message INDEXED BY message_apart WHERE "
           "(state = 1 OR state = 4 OR state >= 7) AND state_ms > ?1");

    *out = (struct alert_counts){0};
    if (st != NULL)
        bind_int(st, 1, since_ms);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc;
    *out = (struct alert_counts){
        .held = column_int(st, 0),
        .tasks = column_int(st, 1),
        .failed = column_int(st, 2),
        .unknown = column_int(st, 3),
    };
    return store_finish(s, st);
}

int store_alert_rules(struct store *s,
                      void (*each)(void *arg, const char *rule, bool asks, const char *reason),
                      void *arg)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT r.name, r.paused_ms IS NOT NULL AND r.paused_by > 0 AND r.present AS asks, "
           "r.pause_reason FROM rule r LEFT JOIN alert a ON a.key = 'rule:' || r.name "
           "WHERE asks OR (a.key IS NOT NULL AND a.over_ms IS NULL)");
    int rc;

    while ((rc = store_step(s, st)) == 1)
        each(arg, (const char *)sqlite3_column_text(st, 0), column_int(st, 1) != 0,
             (const char *)sqlite3_column_text(st, 2));
    return rc;
}
