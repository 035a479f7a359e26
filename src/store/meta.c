/* Small values by their names. See store/store.h. */
#include "store/internal.h"

int store_meta_int(struct store *s, const char *name, int64_t fallback, int64_t *out)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT value FROM meta WHERE name = ?1");
    int rc;

    *out = fallback;
    if (st != NULL)
        bind_text(st, 1, name);
    rc = store_step(s, st);
    if (rc == 1) {
        *out = column_int(st, 0);
        store_reset(st);
        rc = 0;
    }
    return rc;
}

int store_meta_set_int(struct store *s, const char *name, int64_t value)
{
    sqlite3_stmt *st = store_prepare(s, "INSERT INTO meta (name, value) VALUES (?1, ?2) "
                                        "ON CONFLICT (name) DO UPDATE SET value = excluded.value");
    if (st != NULL) {
        bind_text(st, 1, name);
        bind_int(st, 2, value);
    }
    return store_finish(s, st);
}

int store_meta_text(struct store *s, const char *name, char **out)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT value FROM meta WHERE name = ?1");
    int rc;

    *out = NULL;
    if (st != NULL)
        bind_text(st, 1, name);
    rc = store_step(s, st);
    if (rc == 1) {
        *out = column_text(st, 0);
        store_reset(st);
        rc = 0;
    }
    return rc;
}

int store_meta_set_text(struct store *s, const char *name, const char *value)
{
    sqlite3_stmt *st =
        store_prepare(s, "INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)");
    if (st != NULL) {
        bind_text(st, 1, name);
        bind_text(st, 2, value);
    }
    return store_finish(s, st);
}
