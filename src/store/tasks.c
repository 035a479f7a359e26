/*
 * Tasks for people. See store/tasks.h.
 *
 * Only open tasks are looked for by their message, and there are few of them at any time: their
 * index holds nothing else, so that messages without a task cost nothing.
 */
#include "store/tasks.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/internal.h"

int store_task_raise(struct store *s, const struct task *t, int64_t now_ms)
{
    sqlite3_stmt *st = store_prepare(
        s, "INSERT INTO task (key, message_id, staff_id, client_id, job_id, appointment_id, text, "
           "created_ms) VALUES (?1, nullif(?2, 0), nullif(?3, 0), nullif(?4, 0), nullif(?5, 0), "
           "nullif(?6, 0), ?7, ?8) ON CONFLICT (key) DO UPDATE SET text = excluded.text, "
           "created_ms = excluded.created_ms, done_ms = NULL, done_by = NULL, done_note = NULL "
           "WHERE done_ms IS NOT NULL AND (NOT ?9 OR done_by IS NULL)");

    if (st != NULL) {
        bind_text(st, 1, t->key);
        bind_int(st, 2, t->message_id);
        bind_int(st, 3, t->staff_id);
        bind_int(st, 4, t->client_id);
        bind_int(st, 5, t->job_id);
        bind_int(st, 6, t->appointment_id);
        bind_text(st, 7, t->text);
        bind_int(st, 8, now_ms);
        bind_int(st, 9, t->once);
    }
    return store_finish(s, st);
}

int store_task_retell(struct store *s, const struct task *t)
{
    sqlite3_stmt *st =
        store_prepare(s, "UPDATE task SET text = ?2, client_id = nullif(?3, 0), job_id = "
                         "nullif(?4, 0), appointment_id = nullif(?5, 0) "
                         "WHERE key = ?1 AND done_ms IS NULL");

    if (st != NULL) {
        bind_text(st, 1, t->key);
        bind_text(st, 2, t->text);
        bind_int(st, 3, t->client_id);
        bind_int(st, 4, t->job_id);
        bind_int(st, 5, t->appointment_id);
    }
    return store_finish(s, st);
}

int store_task_is_open(struct store *s, const char *key, bool *open)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT 1 FROM task WHERE key = ?1 AND done_ms IS NULL");

    if (st != NULL)
        bind_text(st, 1, key);
    int rc = store_step(s, st);
    *open = rc == 1;
    return rc == 1 ? store_finish(s, st) : rc;
}

int store_tasks_settle(struct store *s, int64_t message_id, const char *why, int64_t now_ms)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE task SET done_ms = ?3, done_note = ?2 "
                                        "WHERE message_id = ?1 AND done_ms IS NULL");

    if (st != NULL) {
        bind_int(st, 1, message_id);
        bind_text(st, 2, why);
        bind_int(st, 3, now_ms);
    }
    return store_finish(s, st);
}

int store_task_was_done(struct store *s, int64_t message_id, bool *done)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT EXISTS (SELECT 1 FROM task WHERE message_id = ?1 "
                                        "AND done_by IS NOT NULL)");

    *done = false;
    if (st != NULL)
        bind_int(st, 1, message_id);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc;
    *done = column_int(st, 0) != 0;
    return store_finish(s, st);
}

int store_task_end(struct store *s, const char *key, const char *why, int64_t now_ms)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE task SET done_ms = ?3, done_note = ?2 "
                                        "WHERE key = ?1 AND done_ms IS NULL");

    if (st != NULL) {
        bind_text(st, 1, key);
        bind_text(st, 2, why);
        bind_int(st, 3, now_ms);
    }
    return store_finish(s, st);
}

/* --- reading --- */

void task_rows_free(struct task_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(rows[i].key);
        free(rows[i].rule);
        free(rows[i].staff_name);
        free(rows[i].client_name);
        free(rows[i].subject);
        free(rows[i].text);
        free(rows[i].done_by);
        free(rows[i].done_note);
    }
    free(rows);
}

#define ROWS                                                                                       \
    "SELECT t.id, coalesce(t.message_id, 0), coalesce(t.staff_id, 0), coalesce(t.client_id, 0), "  \
    "coalesce(t.job_id, 0), coalesce(t.appointment_id, 0), r.name, s.name, c.name, "               \
    "CASE WHEN t.appointment_id IS NOT NULL THEN coalesce(a.ref, '#' || t.appointment_id) "        \
    "WHEN t.job_id IS NOT NULL THEN coalesce(j.ref, '#' || t.job_id) END, t.text, t.created_ms, "  \
    "coalesce(t.done_ms, 0), t.done_by, t.done_note, t.key "                                       \
    "FROM task t LEFT JOIN message m ON m.id = t.message_id LEFT JOIN rule r ON r.id = m.rule_id " \
    "LEFT JOIN staff s ON s.id = t.staff_id LEFT JOIN client c ON c.id = t.client_id "             \
    "LEFT JOIN appointment a ON a.id = t.appointment_id LEFT JOIN job j ON j.id = t.job_id "

static int read_rows(struct store *s, sqlite3_stmt *st, struct task_row **out, size_t *count)
{
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        (*out)[(*count)++] = (struct task_row){
            .id = column_int(st, 0),
            .message_id = column_int(st, 1),
            .staff_id = column_int(st, 2),
            .client_id = column_int(st, 3),
            .job_id = column_int(st, 4),
            .appointment_id = column_int(st, 5),
            .rule = column_text(st, 6),
            .staff_name = column_text(st, 7),
            .client_name = column_text(st, 8),
            .subject = column_text(st, 9),
            .text = column_text(st, 10),
            .created_ms = column_int(st, 11),
            .done_ms = column_int(st, 12),
            .done_by = column_text(st, 13),
            .done_note = column_text(st, 14),
            .key = column_text(st, 15),
        };
    }
    return rc;
}

static int count_all(struct store *s, const struct task_filter *f, int64_t *total)
{
    sqlite3_stmt *st = f->done
                           ? store_prepare(s, "SELECT count(*) FROM task WHERE ?1 IN (0, staff_id)")
                           : store_prepare(s, "SELECT count(*) FROM task WHERE done_ms IS NULL "
                                              "AND ?1 IN (0, staff_id)");

    if (st != NULL)
        bind_int(st, 1, f->staff_row);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc;
    *total = column_int(st, 0);
    return store_finish(s, st);
}

int store_tasks(struct store *s, const struct task_filter *f, struct task_row **out, size_t *count,
                int64_t *total)
{
    sqlite3_stmt *st =
        f->done ? store_prepare(s, ROWS "WHERE ?1 IN (0, t.staff_id) "
                                        "ORDER BY t.created_ms, t.id LIMIT ?2")
                : store_prepare(s, ROWS "WHERE t.done_ms IS NULL AND ?1 IN (0, t.staff_id) "
                                        "ORDER BY t.created_ms, t.id LIMIT ?2");

    if (st != NULL) {
        bind_int(st, 1, f->staff_row);
        bind_int(st, 2, f->limit > 0 ? (int64_t)f->limit : -1);
    }
    int rc = read_rows(s, st, out, count);
    return rc == 0 && total != NULL ? count_all(s, f, total) : rc;
}

int store_task(struct store *s, int64_t id, struct task_row **out)
{
    sqlite3_stmt *st = store_prepare(s, ROWS "WHERE t.id = ?1");
    size_t count;

    if (st != NULL)
        bind_int(st, 1, id);
    int rc = read_rows(s, st, out, &count);
    return rc == 0 && count == 0 ? ERR_NOTFOUND : rc;
}

int store_tasks_about(struct store *s, int64_t job_id, int64_t appointment_id, size_t max,
                      struct task_row **out, size_t *count)
{
    sqlite3_stmt *st =
        job_id != 0 ? store_prepare(s, ROWS "WHERE t.id IN (SELECT id FROM task WHERE job_id = ?1 "
                                            "ORDER BY id DESC LIMIT ?2) ORDER BY t.id")
                    : store_prepare(s, ROWS "WHERE t.id IN (SELECT id FROM task WHERE "
                                            "appointment_id = ?1 ORDER BY id DESC LIMIT ?2) "
                                            "ORDER BY t.id");

    if (st != NULL) {
        bind_int(st, 1, job_id != 0 ? job_id : appointment_id);
        bind_int(st, 2, (int64_t)max);
    }
    return read_rows(s, st, out, count);
}

int store_tasks_of_client(struct store *s, int64_t client_id, int64_t since_ms, size_t max,
                          struct task_row **out, size_t *count)
{
    sqlite3_stmt *st =
        store_prepare(s, ROWS "WHERE t.client_id = ?1 AND coalesce(t.done_ms, t.created_ms) >= ?2 "
                              "ORDER BY coalesce(t.done_ms, t.created_ms) DESC, t.id DESC "
                              "LIMIT ?3");

    if (st != NULL) {
        bind_int(st, 1, client_id);
        bind_int(st, 2, since_ms);
        bind_int(st, 3, (int64_t)max);
    }
    return read_rows(s, st, out, count);
}

int store_tasks_done(struct store *s, int64_t since_ms, size_t max, struct task_row **out,
                     size_t *count)
{
    sqlite3_stmt *st = store_prepare(s, ROWS "WHERE t.done_ms >= ?1 AND t.done_by IS NOT NULL "
                                             "ORDER BY t.done_ms DESC, t.id DESC LIMIT ?2");

    if (st != NULL) {
        bind_int(st, 1, since_ms);
        bind_int(st, 2, (int64_t)max);
    }
    return read_rows(s, st, out, count);
}

/* --- by a person --- */

int store_task_done(struct store *s, int64_t id, const char *by, const char *note, int64_t now_ms)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE task SET done_ms = ?2, done_by = coalesce(?3, ''), "
                                        "done_note = ?4 WHERE id = ?1 AND done_ms IS NULL");

    if (st != NULL) {
        bind_int(st, 1, id);
        bind_int(st, 2, now_ms);
        bind_text(st, 3, by);
        bind_text(st, 4, note);
    }
    return store_finish(s, st);
}

int store_task_undo(struct store *s, int64_t id)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE task SET done_ms = NULL, done_by = NULL, "
                                        "done_note = NULL WHERE id = ?1");

    if (st != NULL)
        bind_int(st, 1, id);
    return store_finish(s, st);
}
