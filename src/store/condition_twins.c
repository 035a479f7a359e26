/*
 * Conditions on jobs and appointments that are not, or not yet, as the tables have them: those of a
 * time that has passed (store/past.h), and one that somebody is about to change.
 *
 * The sandbox means a temporary table or view where there is one of the name. For the past those
 * are tables, empty until past.c fills them. For a change it is a view: the table without the row,
 * and the row as it will be.
 */
#include <stdio.h>

#include "condition_inner.h"
#include "store/condition.h"
#include "store/internal.h"
#include "store/row_change.h"

static int ended(struct conditions *c, int result, struct err *err)
{
    if (result != SQLITE_OK)
        err_set(err, "make the tables for conditions: %s", sqlite3_errmsg(conditions_own(c)));
    conditions_own_end(c);
    if (result == SQLITE_OK)
        conditions_twins_made(c);
    return result == SQLITE_OK ? 0 : ERR_IO;
}

/* They may be many, so they go into SQLite's own temporary file. */
int conditions_twin(struct conditions *c, struct err *err)
{
    static const char *const tables[] = {"job", "appointment"};
    sqlite3 *db = conditions_own(c);
    int rc = sqlite3_exec(db, "PRAGMA query_only = 0; PRAGMA temp_store = 1", NULL, NULL, NULL);

    for (size_t i = 0; rc == SQLITE_OK && i < sizeof(tables) / sizeof(tables[0]); i++) {
        rc = draft_twins(db, tables[i], "table");
        if (rc == SQLITE_OK)
            rc = draft_twins(db, tables[i], "index");
    }
    return ended(c, rc, err);
}

/* The row as it is goes into a table of its own, which has the name for as long as it is changed.
 */
int conditions_instead(struct conditions *c, const struct row_change *change, struct err *err)
{
    const char *table = change->kind == ENTITY_JOB ? "job" : "appointment";
    long long id = (long long)change->id;
    sqlite3 *db = conditions_own(c);
    char sql[600];

    snprintf(
        sql, sizeof(sql),
        "PRAGMA query_only = 0; CREATE TEMP TABLE %s AS SELECT * FROM main.%s WHERE id = %lld;",
        table, table, id);
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = row_change_put(db, change);
    snprintf(sql, sizeof(sql),
             "ALTER TABLE temp.%s RENAME TO \"" CONDITION_CHANGED_ROW
             "\"; CREATE TEMP VIEW %s AS SELECT * FROM "
             "main.%s WHERE id <> %lld UNION ALL SELECT * FROM temp.\"" CONDITION_CHANGED_ROW "\";",
             table, table, table, id);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return ended(c, rc, err);
}
