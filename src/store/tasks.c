/* Tasks for people. See store/tasks.h. */
#include "store/tasks.h"

#include "store/internal.h"

int store_task_raise(struct store *s, const struct task *t, int64_t now_ms)
{
    sqlite3_stmt *st = store_prepare(
        s, "INSERT INTO task (key, message_id, staff_id, client_id, job_id, appointment_id, text, "
           "created_ms) VALUES (?1, nullif(?2, 0), nullif(?3, 0), nullif(?4, 0), nullif(?5, 0), "
           "nullif(?6, 0), ?7, ?8) ON CONFLICT (key) DO UPDATE SET text = excluded.text, "
           "created_ms = excluded.created_ms, done_ms = NULL WHERE done_ms IS NOT NULL");

    if (st != NULL) {
        bind_text(st, 1, t->key);
        bind_int(st, 2, t->message_id);
        bind_int(st, 3, t->staff_id);
        bind_int(st, 4, t->client_id);
        bind_int(st, 5, t->job_id);
        bind_int(st, 6, t->appointment_id);
        bind_text(st, 7, t->text);
        bind_int(st, 8, now_ms);
    }
    return store_finish(s, st);
}

int store_task_done(struct store *s, const char *key, int64_t now_ms)
{
    sqlite3_stmt *st =
        store_prepare(s, "UPDATE task SET done_ms = ?2 WHERE key = ?1 AND done_ms IS NULL");

    if (st != NULL) {
        bind_text(st, 1, key);
        bind_int(st, 2, now_ms);
    }
    return store_finish(s, st);
}
