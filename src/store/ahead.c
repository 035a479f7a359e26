/* Records of a time that has not come. See store/ahead.h. */
#include "store/ahead.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/internal.h"

#define CURSOR_NAME "bringing_back" /* in meta, while it goes on */
#define CURSOR_TEXT_MAX 96
#define CURSOR_PARTS 4

int store_latest(struct store *s, int64_t *latest_ms)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT max(coalesce((SELECT at_ms FROM attempt ORDER BY id DESC LIMIT 1), 0), "
           "coalesce((SELECT state_ms FROM message ORDER BY id DESC LIMIT 1), 0), "
           "coalesce((SELECT max(since_ms) FROM rule), 0))");
    int rc = store_step(s, st);

    *latest_ms = 0;
    if (rc == 1) {
        *latest_ms = column_int(st, 0);
        store_reset(st);
        rc = 0;
    }
    return rc;
}

/* (now, latest] becomes (now - a minute, now], in the same order. */
#define BACK(column)                                                                               \
#column " = CASE WHEN " #column " > ?1 THEN ?1 - (?2 - min(" #column                           \
            ", ?2)) * 60000 / (?2 - ?1) ELSE " #column " END"

/* What a person wrote was due when they wrote it, and no plan will say so anew. */
#define BY_HAND "subject_id = recipient_id AND due_ms > ?1"

/* A pending message that waits beyond its due time waits for a pause to end: it is looked at now,
 * and whoever made it wait decides again. */
static const char messages_back[] =
    "UPDATE message SET " BACK(state_ms) ", next_ms = CASE WHEN state > 2 THEN next_ms "
                                         "WHEN " BY_HAND " THEN ?1 "
                                         "WHEN next_ms <= due_ms THEN next_ms "
                                         "WHEN attempts > 0 THEN ?1 ELSE max(due_ms, ?1) END, "
                                         "expires_ms = expires_ms - iif(" BY_HAND
                                         ", due_ms - ?1, 0), "
                                         "due_ms = iif(" BY_HAND ", ?1, due_ms) "
                                         "WHERE id > ?3 AND id <= ?4 AND state_ms > ?1";
static const char events_back[] =
    "UPDATE event SET " BACK(at_ms) " WHERE entity_id > ?3 AND entity_id <= ?4 AND at_ms > ?1";
static const char past_back[] = /* of several in one millisecond the last one stays */
    "UPDATE OR REPLACE past SET " BACK(at_ms) " WHERE entity_id > ?3 AND entity_id <= ?4 "
                                              "AND at_ms > ?1";
static const char entities_back[] =
    "UPDATE entity SET " BACK(told_ms) " WHERE id > ?3 AND id <= ?4 AND told_ms > ?1";
static const char attempts_back[] =
    "UPDATE attempt SET " BACK(at_ms) " WHERE id > ?3 AND id <= ?4 AND at_ms > ?1";
static const char rules_back[] = "UPDATE rule SET " BACK(since_ms) ", " BACK(paused_ms);
static const char tasks_back[] =
    "UPDATE task SET " BACK(created_ms) ", " BACK(done_ms) " WHERE created_ms > ?1 OR done_ms > ?1";
static const char sessions_back[] = /* they last no longer than they would have */
    "UPDATE session SET " BACK(created_ms) ", " BACK(changed_ms) ", " BACK(seen_ms);
static const char creation_back[] = "UPDATE meta SET " BACK(value) " WHERE name = 'created_ms'";

static const struct {
    const char *update;
    const char *last; /* the largest key; NULL: a small table, taken at once */
} tables[] = {
    {messages_back, "SELECT max(id) FROM message"},
    {events_back, "SELECT max(entity_id) FROM event"},
    {past_back, "SELECT max(entity_id) FROM past"},
    {entities_back, "SELECT max(id) FROM entity"},
    {attempts_back, "SELECT max(id) FROM attempt"},
    {rules_back, NULL},
    {tasks_back, NULL},
    {sessions_back, NULL},
    {creation_back, NULL},
};
#define TABLES (int)(sizeof(tables) / sizeof(tables[0]))

static int last_row(struct store *s, const char *sql, int64_t *last)
{
    sqlite3_stmt *st = store_prepare(s, sql);
    int rc = store_step(s, st);

    *last = 0;
    if (rc == 1) {
        *last = column_int(st, 0);
        store_reset(st);
        rc = 0;
    }
    return rc;
}

/* --- how far it has come --- */

static int note_cursor(struct store *s, const struct ahead_cursor *c)
{
    char text[CURSOR_TEXT_MAX];

    if (c->table == TABLES)
        return store_exec(s, "DELETE FROM meta WHERE name = '" CURSOR_NAME "'");
    snprintf(text, sizeof(text), "%" PRId64 " %" PRId64 " %d %" PRId64, c->now_ms, c->latest_ms,
             c->table, c->after);
    return store_meta_set_text(s, CURSOR_NAME, text);
}

int store_bring_back_left(struct store *s, struct ahead_cursor *c, bool *left)
{
    char *text = NULL;
    int rc = store_meta_text(s, CURSOR_NAME, &text);

    *c = (struct ahead_cursor){0};
    *left = rc == 0 && text != NULL &&
            sscanf(text, "%" SCNd64 " %" SCNd64 " %d %" SCNd64, &c->now_ms, &c->latest_ms,
                   &c->table, &c->after) == CURSOR_PARTS &&
            c->latest_ms > c->now_ms && c->table >= 0 && c->table < TABLES;
    free(text);
    return rc;
}

/* --- */

int store_bring_back(struct store *s, struct ahead_cursor *c, int64_t max, bool *done)
{
    int64_t last = 0;
    int rc = 0;

    if (tables[c->table].last != NULL)
        rc = last_row(s, tables[c->table].last, &last);
    if (rc != 0)
        return rc;
    sqlite3_stmt *st = store_prepare(s, tables[c->table].update);
    if (st != NULL) {
        bind_int(st, 1, c->now_ms);
        bind_int(st, 2, c->latest_ms);
        bind_int(st, 3, c->after);
        bind_int(st, 4, c->after + max);
    }
    rc = store_finish(s, st);
    if (rc != 0)
        return rc;
    c->after += max;
    if (c->after >= last) {
        c->after = 0;
        c->table++;
    }
    *done = c->table == TABLES;
    return note_cursor(s, c);
}
