/* What clients say, and what reached them. See store/answers.h. */
#include "store/answers.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/internal.h"
#include "store/records.h"

#define SENT_MS LEFT_MS("attempt")
#define REACHED "m.state BETWEEN 4 AND 6" /* unknown, sent, delivered */

int store_answer_add(struct store *s, struct answer *a)
{
    sqlite3_stmt *st = store_prepare(
        s, "INSERT INTO answer (ref, client_id, job_id, appointment_id, channel, text, score) "
           "VALUES (?1, ?2, nullif(?3, 0), nullif(?4, 0), ?5, ?6, CAST(?7 AS INTEGER))");

    if (st != NULL) {
        bind_text(st, 1, a->ref);
        bind_int(st, 2, a->client_id);
        bind_int(st, 3, a->job_id);
        bind_int(st, 4, a->appointment_id);
        bind_text(st, 5, a->channel);
        bind_text(st, 6, a->text);
        bind_text(st, 7, a->score);
    }
    int rc = store_finish(s, st);
    if (rc == 0)
        a->id = sqlite3_last_insert_rowid(s->db);
    return rc;
}

/* The number of a statement that gives one row. */
static int one_number(struct store *s, sqlite3_stmt *st, int64_t *out)
{
    int rc = store_step(s, st);

    if (rc != 1)
        return rc;
    *out = column_int(st, 0);
    return store_finish(s, st);
}

/* "JOB\x1fAPPOINTMENT", each "" where none is named. */
#define JOB_KEY(id) "(SELECT coalesce(ref, '#' || id) FROM job WHERE id = " id ")"
#define VISIT_KEY(id) "(SELECT coalesce(ref, '#' || id) FROM appointment WHERE id = " id ")"
#define KNOWN_KEY(kind, id)                                                                        \
    "(SELECT key FROM entity WHERE kind = " kind " AND row_id = " id                               \
    " ORDER BY present DESC LIMIT 1)"
#define ABOUT_JOB "substr(e.state, 1, instr(e.state, char(31)) - 1)"
#define ABOUT_VISIT "substr(e.state, instr(e.state, char(31)) + 1)"

/* A record that was replaced since has another row: what we knew of the old one tells its key. */
int store_answer_about(struct store *s, int64_t row_id, char **about)
{
    sqlite3_stmt *st = store_prepare(
        s,
        "SELECT coalesce(" JOB_KEY("r.job_id") ", " KNOWN_KEY(
            "3", "r.job_id") ", '') || "
                             "char(31) || coalesce(" VISIT_KEY("r.appointment_id") ", " KNOWN_KEY(
                                 "4", "r.appointment_id") ", '') FROM answer r WHERE r.id = ?1");

    *about = NULL;
    if (st != NULL)
        bind_int(st, 1, row_id);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc;
    *about = column_text(st, 0);
    return store_finish(s, st);
}

/* Whether answer r, known as e, can be about job ?2 or appointment ?3 (0: none). */
#define IS_ABOUT                                                                                   \
    "CASE WHEN ?3 <> 0 AND r.appointment_id IS NOT NULL THEN " ABOUT_VISIT                         \
    " = " VISIT_KEY("?3") " WHEN r.job_id IS NOT NULL THEN " ABOUT_JOB " = " JOB_KEY(              \
        "?2") " WHEN r.appointment_id IS NOT NULL THEN ?2 = (SELECT a.job_id FROM entity k "       \
              "JOIN appointment a ON a.id = k.row_id WHERE k.kind = 4 AND k.key = " ABOUT_VISIT    \
              ") "                                                                                 \
              "ELSE 1 END"

/* From the client's answers on, in this order: left to itself, SQLite goes through everybody's. */
#define FROM_ANSWERS                                                                               \
    " FROM answer r CROSS JOIN entity e CROSS JOIN event v WHERE r.client_id = ?1 AND e.kind = 7 " \
    "AND e.row_id = r.id AND v.entity_id = e.id AND " IS_ABOUT

int store_answered(struct store *s, int64_t client_row, int64_t job_id, int64_t appointment_id,
                   int64_t *at_ms)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT coalesce(max(v.at_ms), 0)" FROM_ANSWERS);

    *at_ms = 0;
    if (st != NULL) {
        bind_int(st, 1, client_row);
        bind_int(st, 2, job_id);
        bind_int(st, 3, appointment_id);
    }
    return one_number(s, st, at_ms);
}

int store_answer_until(struct store *s, int64_t client_row, int64_t job_id, int64_t appointment_id,
                       int64_t until_ms, int64_t *id, int64_t *at_ms)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT r.id, v.at_ms" FROM_ANSWERS
                                        " AND v.at_ms <= ?4 ORDER BY v.at_ms DESC, r.id DESC "
                                        "LIMIT 1");

    *id = *at_ms = 0;
    if (st != NULL) {
        bind_int(st, 1, client_row);
        bind_int(st, 2, job_id);
        bind_int(st, 3, appointment_id);
        bind_int(st, 4, until_ms);
    }
    int rc = store_step(s, st);
    if (rc != 1)
        return rc == 0 ? ERR_NOTFOUND : rc;
    *id = column_int(st, 0);
    *at_ms = column_int(st, 1);
    return store_finish(s, st);
}

int store_asked(struct store *s, int64_t subject_id, asked_each each, void *arg)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT m.rule_id, m.occurrence, max(" SENT_MS ") FROM message m JOIN entity p ON "
           "p.id = m.recipient_id AND p.kind = 1 WHERE m.subject_id = ?1 AND " REACHED
           " GROUP BY m.rule_id, m.occurrence");
    int rc;

    if (st != NULL)
        bind_int(st, 1, subject_id);
    while ((rc = store_step(s, st)) == 1)
        each(arg, column_int(st, 0), column_int(st, 1), column_int(st, 2));
    return rc;
}

static bool among(int64_t id, const int64_t *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == id)
            return true;
    return false;
}

/* A message never left later than it came to its state: so from the latest state on back there is
 * an end to the looking. */
int store_contact(struct store *s, int64_t recipient_id, const int64_t *but, size_t but_count,
                  int64_t *at_ms)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT m.rule_id, m.state_ms, " SENT_MS " FROM message m INDEXED BY message_heard "
           "WHERE m.recipient_id = ?1 AND m.state BETWEEN 3 AND 7 AND " REACHED
           " ORDER BY m.state_ms DESC");
    int rc;

    *at_ms = 0;
    if (st != NULL)
        bind_int(st, 1, recipient_id);
    while ((rc = store_step(s, st)) == 1 && column_int(st, 1) > *at_ms)
        if (column_int(st, 2) > *at_ms && !among(column_int(st, 0), but, but_count))
            *at_ms = column_int(st, 2);
    if (rc == 1)
        store_reset(st);
    return rc < 0 ? rc : 0;
}

int store_stages_of_client(struct store *s, int64_t client_row, job_each each, void *arg)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT id, state FROM entity WHERE client_row = ?1 AND " IS_SUBJECT
                         " AND kind = 3 AND present AND state IS NOT NULL");
    int rc;

    if (st != NULL)
        bind_int(st, 1, client_row);
    while ((rc = store_step(s, st)) == 1)
        each(arg, column_int(st, 0), (const char *)sqlite3_column_text(st, 1));
    return rc;
}

int store_scores_lacking(struct store *s, bool *lacking)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT EXISTS (SELECT 1 FROM client) AND NOT EXISTS (SELECT 1 FROM answer "
           "WHERE score IS NOT NULL)");

    *lacking = false;
    int rc = store_step(s, st);
    if (rc != 1)
        return rc;
    *lacking = column_int(st, 0) != 0;
    return store_finish(s, st);
}

int store_told(struct store *s, int64_t client_row, int64_t since_ms, size_t max, struct told **out,
               size_t *count)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT t.id, c.name, CASE WHEN a.id IS NOT NULL THEN 'appointment ' || coalesce(a.ref, "
           "'#' || a.id) || coalesce(', ' || a.title, '') WHEN j.id IS NOT NULL THEN 'job ' || "
           "coalesce(j.ref, '#' || j.id) || coalesce(', ' || j.title, '') END, t.at_ms FROM ("
           "SELECT id, client_id, job_id, appointment_id, "
           "CAST(round((julianday(at) - 2440587.5) * 86400000) AS INTEGER) AS at_ms "
           "FROM answer WHERE (?1 = 0 OR client_id = ?1) AND at_ms >= ?2 "
           "ORDER BY at_ms DESC, id DESC LIMIT ?3) t LEFT JOIN client c ON c.id = t.client_id "
           "LEFT JOIN appointment a ON a.id = t.appointment_id LEFT JOIN job j ON j.id = t.job_id "
           "ORDER BY t.at_ms DESC, t.id DESC");
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    if (st != NULL) {
        bind_int(st, 1, client_row);
        bind_int(st, 2, since_ms != 0 ? since_ms : INT64_MIN);
        bind_int(st, 3, max != 0 ? (int64_t)max : -1);
    }
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        (*out)[(*count)++] = (struct told){
            .answer = {.id = column_int(st, 0)},
            .client_name = column_text(st, 1),
            .about = column_text(st, 2),
            .at_ms = column_int(st, 3),
        };
    }
    for (size_t i = 0; rc == 0 && i < *count; i++)
        rc = store_answer(s, (*out)[i].answer.id, &(*out)[i].answer);
    for (size_t i = 0; i < *count / 2; i++) {
        struct told other = (*out)[i];
        (*out)[i] = (*out)[*count - 1 - i];
        (*out)[*count - 1 - i] = other;
    }
    return rc;
}

void told_free(struct told *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        answer_close(&list[i].answer);
        free(list[i].client_name);
        free(list[i].about);
    }
    free(list);
}
