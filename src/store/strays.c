/* Jobs in stages that no workflow has. See store/strays.h. */
#include "store/strays.h"

#include <stdlib.h>
#include <string.h>

#include "store/internal.h"

int store_stray_add(struct store *s, int64_t entity_id, const char *stage, bool *news)
{
    sqlite3_stmt *st = store_prepare(s, "INSERT INTO stray (entity_id, stage) VALUES (?1, ?2) "
                                        "ON CONFLICT DO UPDATE SET stage = excluded.stage "
                                        "WHERE stage <> excluded.stage");

    if (st != NULL) {
        bind_int(st, 1, entity_id);
        bind_text(st, 2, stage);
    }
    int rc = store_finish(s, st);
    *news = rc == 0 && sqlite3_changes(s->db) > 0;
    return rc;
}

int store_stray_drop(struct store *s, int64_t entity_id, char **was)
{
    sqlite3_stmt *st = store_prepare(s, "DELETE FROM stray WHERE entity_id = ?1 RETURNING stage");

    *was = NULL;
    if (st != NULL)
        bind_int(st, 1, entity_id);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc;
    *was = column_text(st, 0);
    return store_finish(s, st);
}

int store_strays_drop(struct store *s, const char *stage)
{
    sqlite3_stmt *st = store_prepare(s, "DELETE FROM stray WHERE stage = ?1");

    if (st != NULL)
        bind_text(st, 1, stage);
    return store_finish(s, st);
}

int store_stray_stages(struct store *s, struct str_list *out)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT DISTINCT stage FROM stray ORDER BY stage");
    int rc;

    while ((rc = store_step(s, st)) == 1) {
        const char *stage = (const char *)sqlite3_column_text(st, 0);
        str_list_add(out, stage, strlen(stage));
    }
    return rc;
}

int store_strays_in(struct store *s, const char *stage, size_t max, struct str_list *names,
                    int64_t *job_id)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT CASE WHEN trim(coalesce(j.title, '')) = '' THEN ltrim(e.key, '#') ELSE "
           "ltrim(e.key, '#') || ' (' || trim(j.title) || ')' END, e.row_id FROM stray y "
           "JOIN entity e ON e.id = y.entity_id LEFT JOIN job j ON j.id = e.row_id "
           "WHERE y.stage = ?1 ORDER BY y.entity_id LIMIT ?2");
    size_t before = names->count;
    int rc;

    *job_id = 0;
    if (st != NULL) {
        bind_text(st, 1, stage);
        bind_int(st, 2, (int64_t)max);
    }
    while ((rc = store_step(s, st)) == 1) {
        const char *name = (const char *)sqlite3_column_text(st, 0);
        if (names->count == before)
            *job_id = column_int(st, 1);
        str_list_add(names, name, strlen(name));
    }
    return rc;
}
