/* A job or an appointment as somebody wants it to be. See store/row_change.h. */
#include "store/row_change.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "store/internal.h"
#include "time/moment.h"

void row_change_close(struct row_change *c)
{
    job_close(&c->job);
    appointment_close(&c->appointment);
    *c = (struct row_change){0};
}

/* ?1 is the id; the last value is the time of the change. */
#define UPDATE_JOB                                                                                 \
    "UPDATE job SET client_id = ?2, workflow = ?3, stage = ?4, title = ?5, staff_id = "            \
    "nullif(?6, 0), due = ?7, amount = CAST(?8 AS NUMERIC), currency = ?9, updated_at = ?10 "      \
    "WHERE id = ?1"
#define INSERT_JOB                                                                                 \
    "INSERT INTO job (id, client_id, workflow, stage, title, staff_id, due, amount, currency, "    \
    "created_at, updated_at) VALUES (nullif(?1, 0), ?2, ?3, ?4, ?5, nullif(?6, 0), ?7, "           \
    "CAST(?8 AS NUMERIC), ?9, ?10, ?10)"
#define UPDATE_APPOINTMENT                                                                         \
    "UPDATE appointment SET client_id = ?2, job_id = nullif(?3, 0), staff_id = nullif(?4, 0), "    \
    "title = ?5, location = ?6, starts = ?7, ends = ?8, timezone = ?9, status = ?10, "             \
    "updated_at = ?11 WHERE id = ?1"
#define INSERT_APPOINTMENT                                                                         \
    "INSERT INTO appointment (id, client_id, job_id, staff_id, title, location, starts, ends, "    \
    "timezone, status, created_at, updated_at) VALUES (nullif(?1, 0), ?2, nullif(?3, 0), "         \
    "nullif(?4, 0), ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)"

static void bind_job(sqlite3_stmt *st, const struct job *j, int64_t id, const char *now)
{
    const char *const texts[] = {j->due, j->amount, j->currency, now};

    bind_int(st, 1, id);
    bind_int(st, 2, j->client_id);
    bind_text(st, 3, j->workflow);
    bind_text(st, 4, j->stage);
    bind_text(st, 5, j->title);
    bind_int(st, 6, j->staff_id);
    for (int i = 0; i < 4; i++)
        bind_text(st, 7 + i, texts[i]);
}

static void bind_appointment(sqlite3_stmt *st, const struct appointment *a, int64_t id,
                             const char *now)
{
    const char *const texts[] = {a->title,    a->location, a->starts, a->ends,
                                 a->timezone, a->status,   now};

    bind_int(st, 1, id);
    bind_int(st, 2, a->client_id);
    bind_int(st, 3, a->job_id);
    bind_int(st, 4, a->staff_id);
    for (int i = 0; i < 7; i++)
        bind_text(st, 5 + i, texts[i]);
}

static void bind_row(sqlite3_stmt *st, const struct row_change *c, const char *now)
{
    if (c->kind == ENTITY_JOB)
        bind_job(st, &c->job, c->id, now);
    else
        bind_appointment(st, &c->appointment, c->id, now);
}

static void now_text(int64_t now_ms, char out[MOMENT_TEXT_MAX])
{
    moment_format_utc(now_ms, out);
}

static sqlite3_stmt *insertion(struct store *s, enum entity_kind kind)
{
    return kind == ENTITY_JOB ? store_prepare(s, INSERT_JOB) : store_prepare(s, INSERT_APPOINTMENT);
}

static sqlite3_stmt *update(struct store *s, enum entity_kind kind)
{
    return kind == ENTITY_JOB ? store_prepare(s, UPDATE_JOB) : store_prepare(s, UPDATE_APPOINTMENT);
}

/* A constraint's name is a sentence; everything else keeps its own code. */
static int judge(struct store *s, int rc)
{
    return rc != 0 && (sqlite3_errcode(s->db) & 0xff) == SQLITE_CONSTRAINT ? ERR_INVALID : rc;
}

static int put(struct store *s, struct row_change *c, sqlite3_stmt *st, int64_t now_ms)
{
    char now[MOMENT_TEXT_MAX];

    now_text(now_ms, now);
    if (st != NULL)
        bind_row(st, c, now);
    return judge(s, store_finish(s, st));
}

int store_row_change(struct store *s, struct row_change *c, int64_t now_ms)
{
    bool is_new = c->id == 0;
    int rc = put(s, c, is_new ? insertion(s, c->kind) : update(s, c->kind), now_ms);

    if (rc == 0 && !is_new && sqlite3_changes(s->db) == 0)
        return ERR_NOTFOUND;
    if (rc == 0 && is_new)
        c->id = sqlite3_last_insert_rowid(s->db);
    return rc;
}

/* --- fingerprint --- */

int store_row_digest(struct store *s, enum entity_kind kind, int64_t id, char out[ROW_DIGEST_TEXT])
{
    sqlite3_stmt *st = kind == ENTITY_JOB
                           ? store_prepare(s, "SELECT * FROM job WHERE id = ?1")
                           : store_prepare(s, "SELECT * FROM appointment WHERE id = ?1");
    uint64_t digest = 0;

    if (st != NULL)
        bind_int(st, 1, id);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc == 0 ? ERR_NOTFOUND : rc;
    for (int i = 0; i < sqlite3_column_count(st); i++) {
        const char *text = (const char *)sqlite3_column_text(st, i);
        if (strcmp(sqlite3_column_name(st, i), "updated_at") == 0)
            continue;
        digest = str_hash(&i, sizeof(i), digest);
        if (text != NULL)
            digest = str_hash(text, strlen(text) + 1, digest);
    }
    store_reset(st);
    snprintf(out, ROW_DIGEST_TEXT, "%016" PRIx64, digest);
    return 0;
}

/* --- drafts --- */

int store_draft_row(struct store *s, struct row_change *c, int64_t now_ms)
{
    if (c->id != 0)
        return put(s, c, update(s, c->kind), now_ms);
    sqlite3_stmt *st =
        store_prepare(s, "SELECT coalesce(max(seq), 0) + 1 FROM main.sqlite_sequence "
                         "WHERE name = ?1");
    if (st != NULL)
        bind_text(st, 1, c->kind == ENTITY_JOB ? "job" : "appointment");
    int rc = store_step(s, st);
    if (rc != 1)
        return rc;
    c->id = column_int(st, 0);
    store_reset(st);
    return put(s, c, insertion(s, c->kind), now_ms);
}

int row_change_put(sqlite3 *db, const struct row_change *c)
{
    static const char *const updates[] = {UPDATE_JOB, UPDATE_APPOINTMENT};
    static const char *const insertions[] = {INSERT_JOB, INSERT_APPOINTMENT};
    bool job = c->kind == ENTITY_JOB;
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, updates[!job], -1, &st, NULL);

    for (int i = 0; rc == SQLITE_OK && i < 2; i++) {
        bind_row(st, c, NULL);
        sqlite3_step(st);
        rc = sqlite3_finalize(st);
        st = NULL;
        if (rc != SQLITE_OK || sqlite3_changes(db) > 0)
            break;
        rc = sqlite3_prepare_v2(db, insertions[!job], -1, &st, NULL);
    }
    return rc;
}
