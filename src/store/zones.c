/* What zones showed when they were planned with. See store/zones.h. */
#include "store/zones.h"

#include <stdlib.h>
#include <string.h>

#include "store/internal.h"

#define EPOCH "plans_epoch"
#define BUSINESS "timezone"

int store_zones(struct store *s, struct str_list *names)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT name FROM zone ORDER BY name");
    int rc;

    while ((rc = store_step(s, st)) == 1) {
        char *name = column_text(st, 0);
        str_list_add(names, name, strlen(name));
        free(name);
    }
    return rc;
}

int store_zone_note(struct store *s, const char *name, uint64_t fingerprint, bool *moved)
{
    int64_t now = (int64_t)fingerprint;
    sqlite3_stmt *st = store_prepare(s, "SELECT fingerprint FROM zone WHERE name = ?1");

    *moved = false;
    if (st != NULL)
        bind_text(st, 1, name);
    int rc = store_step(s, st);
    if (rc < 0)
        return rc;
    if (rc == 1) {
        int64_t before = column_int(st, 0);
        store_reset(st);
        if (before == now || now == 0)
            return 0;
        *moved = true;
    }
    st = store_prepare(s, "INSERT OR REPLACE INTO zone (name, fingerprint) VALUES (?1, ?2)");
    if (st != NULL) {
        bind_text(st, 1, name);
        bind_int(st, 2, now);
    }
    return store_finish(s, st);
}

int store_zone_business(struct store *s, char **name)
{
    return store_meta_text(s, BUSINESS, name);
}

int store_zone_note_business(struct store *s, const char *name)
{
    char *before;
    int rc = store_meta_text(s, BUSINESS, &before);

    if (rc == 0 && !str_eq(before, name))
        rc = store_meta_set_text(s, BUSINESS, name);
    free(before);
    return rc;
}

int store_plans_epoch(struct store *s, int64_t *epoch)
{
    return store_meta_int(s, EPOCH, 0, epoch);
}

int store_plans_outdated(struct store *s)
{
    int64_t epoch;
    int rc = store_plans_epoch(s, &epoch);

    return rc == 0 ? store_meta_set_int(s, EPOCH, epoch + 1) : rc;
}
