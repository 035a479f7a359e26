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
static const char *const shared[] = {"client",  "staff", "job",     "appointment",
                                     "consent", "user",  "session", "audit"};

/* Twins that start empty: what these tables hold is large and of no concern. */
static const char *const bare[] = {"payload", "attempt", "decision"};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

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
static int make_twin(struct store *s, const char *sql, const char *name)
{
    const char *at = strstr(sql, name);

    if (at == NULL)
        return ERR_INVALID;
    char *own = mem_printf("%.*stemp.%s", (int)(at - sql), sql, at);
    int rc = store_exec(s, own);
    free(own);
    return rc;
}

/* The statements that made the table (`type` "table") or its indexes. */
static int make_twins(struct store *s, const char *table, const char *type)
{
    char *sql[INDEXES_MAX], *names[INDEXES_MAX];
    sqlite3_stmt *st = store_prepare(s, "SELECT sql, name FROM main.sqlite_schema WHERE type = ?2 "
                                        "AND tbl_name = ?1 AND sql IS NOT NULL LIMIT 16");
    size_t count = 0;
    int rc;

    if (st != NULL) {
        bind_text(st, 1, table);
        bind_text(st, 2, type);
    }
    for (; (rc = store_step(s, st)) == 1; count++) {
        sql[count] = column_text(st, 0);
        names[count] = column_text(st, 1);
    }
    for (size_t i = 0; i < count; i++) {
        if (rc == 0)
            rc = make_twin(s, sql[i], names[i]);
        free(sql[i]);
        free(names[i]);
    }
    return rc;
}

static int copy_rows(struct store *s, const char *table)
{
    char *sql = mem_printf("INSERT INTO temp.%s SELECT * FROM main.%s", table, table);
    int rc = store_exec(s, sql);

    free(sql);
    return rc;
}

/* The tables that get a twin. */
static int list_tables(struct store *s, struct str_list *out)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT name FROM main.sqlite_schema WHERE type = 'table'");
    int rc;

    while ((rc = store_step(s, st)) == 1) {
        char *name = column_text(st, 0);
        if (is_ours(name) && !is_among(shared, COUNT(shared), name))
            str_list_add(out, name, strlen(name));
        free(name);
    }
    return rc;
}

static int make_all(struct store *s, const struct str_list *tables)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < tables->count; i++) {
        const char *name = tables->items[i];
        rc = make_twins(s, name, "table");
        if (rc == 0 && !is_among(bare, COUNT(bare), name))
            rc = copy_rows(s, name);
        if (rc == 0)
            rc = make_twins(s, name, "index");
    }
    return rc;
}

static int fill(struct store *s)
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
        rc = list_tables(s, &tables);
    if (rc == 0)
        rc = make_all(s, &tables);
    str_list_close(&tables);
    return rc == 0 ? store_commit(s) : rc;
}

int store_draft(const char *path, struct store **out, struct err *err)
{
    int rc = store_open(path, STORE_READ, out, err);

    if (rc != 0)
        return rc;
    (*out)->draft = true;
    /* It forbids to do without a journal, and nobody rolls a draft back to go on with it. */
    sqlite3_db_config((*out)->db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
    sqlite3_set_authorizer((*out)->db, authorize, *out);
    rc = fill(*out);
    if (rc != 0) {
        err_set(err, "%s: %s", path, store_error(*out));
        store_close(*out);
        *out = NULL;
    }
    return rc;
}
