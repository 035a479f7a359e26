/*
 * A draft: a connection that reads the records of a database and keeps what we write to ourselves.
 *
 * Each of our own tables that planning writes gets a temporary twin of the same name, with the same
 * indexes and rows. An unqualified name means the twin, so every statement of this room works on a
 * draft as it is, while clients, jobs and appointments are read where they stand. The twins live in
 * SQLite's own temporary file, which has no name from the moment it is opened: however the process
 * ends, nothing stays behind. Should a statement ever mean a real table after all, the authorizer
 * refuses it.
 *
 * Reading at one moment (a transaction) keeps the log of the database from being reset, so a
 * transaction on a draft must not wait for a person.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/internal.h"
#include "store/schema.h"

#define DRAFT_CACHE_KB (64 * 1024)
#define INDEXES_MAX 16 /* of one table */

/* Tables that other programs write, or that no planning, deciding and settling touches: read where
 * they stand. */
static const char *const shared[] = {"client", "staff",     "job",  "appointment",
                                     "answer", "consent",   "user", "session",
                                     "audit",  "published", "note"};

/* Twins that start empty: what these tables hold is large and of no concern (but for departures,
 * below). */
static const char *const bare[] = {"payload", "attempt", "decision", "past"};

/* In a draft of the past the records that it brings back are twins, too; these start empty, for
 * past.c to fill. */
static const char *const brought_back[] = {"job", "appointment", "consent", "event", "message"};
static const char *const begun_anew[] = {"task",  "stray",      "volume",        "change_log",
                                         "alert", "invitation", "message_tally", "attempt_tally"};

/* In a draft around some clients, these have what concerns them (?1: each of them), in this order,
 * as the later ones go by the earlier; these have all of their rows, being small; the others are
 * empty. What two clients share is met twice. */
static const struct {
    const char *table, *rows;
} around[] = {
    {"consent", "SELECT * FROM main.consent WHERE client_id = ?1"},
    {"job", "SELECT * FROM main.job WHERE client_id = ?1"},
    {"appointment", "SELECT * FROM main.appointment WHERE client_id = ?1"},
    {"entity", "SELECT * FROM main.entity WHERE client_row = ?1 AND " IS_SUBJECT " UNION ALL "
               "SELECT * FROM main.entity WHERE kind = 1 AND row_id = ?1 UNION ALL "
               "SELECT * FROM main.entity WHERE kind IN (2, 5, 6)"},
    {"event", "SELECT v.* FROM temp.entity e JOIN main.event v ON v.entity_id = e.id "
              "WHERE e.client_row = ?1"},
    {"message", "SELECT * FROM main.message WHERE id IN (SELECT m.id FROM temp.entity e JOIN "
                "main.message m ON m.subject_id = e.id WHERE e.client_row = ?1 UNION SELECT m.id "
                "FROM temp.entity e JOIN main.message m ON m.recipient_id = e.id "
                "WHERE e.kind = 1 AND m.state BETWEEN 3 AND 7)"},
    {"task", "SELECT t.* FROM temp.message m JOIN main.task t ON t.message_id = m.id"},
    {"stray", "SELECT t.* FROM temp.entity e JOIN main.stray t ON t.entity_id = e.id"},
    {"invitation", "SELECT i.* FROM temp.entity e JOIN main.invitation i ON i.subject_id = e.id"},
};
static const char *const small[] = {"rule", "meta", "zone", "volume"};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* What a draft is of. */
enum scope { OF_ALL, OF_PAST, OF_CLIENTS };

/* OF_CLIENTS: these. */
struct whose {
    const int64_t *client_ids;
    size_t count;
};

static bool is_among(const char *const *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], name) == 0)
            return true;
    return false;
}

/* Another program may keep tables of its own in the same file. */
static bool is_ours(const char *name)
{
    char *begin = mem_printf("CREATE TABLE %s (", name);
    bool found = false;

    for (int v = 1; v <= schema_version() && !found; v++)
        found = strstr(schema_migration(v), begin) != NULL;
    free(begin);
    return found;
}

static int authorize(void *arg, int action, const char *first, const char *second,
                     const char *database, const char *view)
{
    (void)arg;
    (void)first;
    (void)second;
    (void)view;
    bool writes = action == SQLITE_INSERT || action == SQLITE_UPDATE || action == SQLITE_DELETE;

    return writes && database != NULL && strcmp(database, "main") == 0 ? SQLITE_DENY : SQLITE_OK;
}

/* "CREATE TABLE x ..." becomes "CREATE TABLE temp.x ..."; the same for indexes. */
static int make_twin(sqlite3 *db, const char *sql, const char *name)
{
    const char *at = strstr(sql, name);

    if (at == NULL)
        return SQLITE_ERROR;
    char *own = mem_printf("%.*stemp.%s", (int)(at - sql), sql, at);
    int result = sqlite3_exec(db, own, NULL, NULL, NULL);
    free(own);
    return result;
}

int draft_twins(sqlite3 *db, const char *table, const char *type)
{
    char *sql[INDEXES_MAX], *names[INDEXES_MAX];
    sqlite3_stmt *st = NULL;
    size_t count = 0;
    int result = sqlite3_prepare_v2(db,
                                    "SELECT sql, name FROM main.sqlite_schema WHERE type = ?2 "
                                    "AND tbl_name = ?1 AND sql IS NOT NULL LIMIT 16",
                                    -1, &st, NULL);

    if (result == SQLITE_OK) {
        bind_text(st, 1, table);
        bind_text(st, 2, type);
        for (; sqlite3_step(st) == SQLITE_ROW; count++) {
            sql[count] = column_text(st, 0);
            names[count] = column_text(st, 1);
        }
        result = sqlite3_finalize(st);
    }
    for (size_t i = 0; i < count; i++) {
        if (result == SQLITE_OK)
            result = make_twin(db, sql[i], names[i]);
        free(sql[i]);
        free(names[i]);
    }
    return result;
}

static int make_twins(struct store *s, const char *table, const char *type)
{
    return draft_twins(s->db, table, type) == SQLITE_OK ? 0 : store_failed(s);
}

static int copy_rows(struct store *s, const char *table)
{
    char *sql = mem_printf("INSERT INTO temp.%s SELECT * FROM main.%s", table, table);
    int rc = store_exec(s, sql);

    free(sql);
    return rc;
}

static const char *rows_around(const char *table)
{
    for (size_t i = 0; i < COUNT(around); i++)
        if (strcmp(around[i].table, table) == 0)
            return around[i].rows;
    return NULL;
}

static bool has_twin(const char *name, enum scope scope)
{
    return !is_among(shared, COUNT(shared), name) ||
           (scope == OF_PAST && is_among(brought_back, COUNT(brought_back), name)) ||
           (scope == OF_CLIENTS && rows_around(name) != NULL);
}

static bool starts_empty(const char *name, enum scope scope)
{
    if (scope == OF_CLIENTS)
        return !is_among(small, COUNT(small), name);
    return is_among(bare, COUNT(bare), name) ||
           (scope == OF_PAST && (is_among(brought_back, COUNT(brought_back), name) ||
                                 is_among(begun_anew, COUNT(begun_anew), name)));
}

/* The tables that get a twin. */
static int list_tables(struct store *s, enum scope scope, struct str_list *out)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT name FROM main.sqlite_schema WHERE type = 'table'");
    int rc;

    while ((rc = store_step(s, st)) == 1) {
        char *name = column_text(st, 0);
        if (is_ours(name) && has_twin(name, scope))
            str_list_add(out, name, strlen(name));
        free(name);
    }
    return rc;
}

static int make_all(struct store *s, enum scope scope, const struct str_list *tables)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < tables->count; i++) {
        const char *name = tables->items[i];
        rc = make_twins(s, name, "table");
        if (rc == 0 && !starts_empty(name, scope))
            rc = copy_rows(s, name);
        if (rc == 0)
            rc = make_twins(s, name, "index");
    }
    return rc;
}

/* Of the attempts only those are needed by which messages left at another time than their state
 * says (a report came later): what counts from there is to count as it does in the service. */
static int copy_departures(struct store *s)
{
    return store_exec(
        s, "INSERT OR IGNORE INTO temp.attempt SELECT a.* FROM temp.message m JOIN main.attempt a "
           "ON a.message_id = coalesce(m.leader_id, m.id) AND a.outcome IN ('sent', 'unknown') "
           "WHERE m.state BETWEEN 4 AND 6 AND " LEFT_MS("main.attempt") " <> m.state_ms");
}

static int copy_around(struct store *s, const struct whose *w)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < COUNT(around); i++) {
        char *sql = mem_printf("INSERT OR IGNORE INTO temp.%s %s", around[i].table, around[i].rows);
        sqlite3_stmt *st = NULL;
        int result = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
        for (size_t k = 0; result == SQLITE_OK && k < w->count; k++) {
            bind_int(st, 1, w->client_ids[k]);
            sqlite3_step(st);
            result = sqlite3_reset(st);
        }
        sqlite3_finalize(st);
        if (result != SQLITE_OK)
            rc = store_failed(s);
        free(sql);
    }
    return rc;
}

static int fill(struct store *s, enum scope scope, const struct whose *w)
{
    struct str_list tables = {0};
    char sql[160];
    int rc = store_exec(s, "PRAGMA query_only = OFF; PRAGMA temp_store = FILE;");

    snprintf(sql, sizeof(sql), "PRAGMA temp.journal_mode = OFF; PRAGMA temp.cache_size = -%d;",
             DRAFT_CACHE_KB);
    if (rc == 0)
        rc = store_exec(s, sql);
    if (rc == 0)
        rc = store_begin(s);
    if (rc == 0)
        rc = list_tables(s, scope, &tables);
    if (rc == 0)
        rc = make_all(s, scope, &tables);
    if (rc == 0 && scope == OF_CLIENTS)
        rc = copy_around(s, w);
    if (rc == 0 && scope != OF_PAST)
        rc = copy_departures(s);
    str_list_close(&tables);
    return rc == 0 ? store_commit(s) : rc;
}

static int open_draft(const char *path, enum scope scope, const struct whose *w, struct store **out,
                      struct err *err)
{
    int rc = store_open(path, STORE_READ, out, err);

    if (rc != 0)
        return rc;
    (*out)->draft = true;
    /* It forbids to do without a journal, and nobody rolls a draft back to go on with it. */
    sqlite3_db_config((*out)->db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
    sqlite3_set_authorizer((*out)->db, authorize, *out);
    rc = fill(*out, scope, w);
    if (rc != 0) {
        err_set(err, "%s: %s", path, store_error(*out));
        store_close(*out);
        *out = NULL;
    }
    return rc;
}

int store_draft(const char *path, struct store **out, struct err *err)
{
    return open_draft(path, OF_ALL, NULL, out, err);
}

int store_draft_past(const char *path, struct store **out, struct err *err)
{
    return open_draft(path, OF_PAST, NULL, out, err);
}

int store_draft_around(const char *path, const int64_t *client_ids, size_t count,
                       struct store **out, struct err *err)
{
    const struct whose w = {client_ids, count};

    return open_draft(path, OF_CLIENTS, &w, out, err);
}
